package handler

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hls/internal/hls"
)

// leave is why replies to a remark are passed over, or "". It learns what the remark has said.
func (o *objection) leave(ctx context.Context, read Reader, c hls.ReviewComment, e hls.Event, r hls.Rule) (string, error) {
	if !r.Self.Same(c.User) {
		return "not_own_remark", nil
	}
	review, err := read.Review(ctx, e.Subject, c.ReviewID)
	if optional(err) != nil {
		return "", fmt.Errorf("read review: %w", err)
	}
	if !strings.Contains(review.Body, hls.Marked) {
		return "not_own_remark", nil
	}
	before, err := o.recall(ctx, read, e)
	if err != nil || before != "" {
		return before, err
	}
	o.Remark = statement{Key: "remark", By: c.User.Login, Path: oneLine(c.Path), Line: placed(c), full: visibleText(c.Body)}
	o.Remark.Text = shorten(o.Remark.full)
	findings, err := recallFindings(ctx, read, e.Subject)
	if err != nil {
		return "", err
	}
	if at := slices.IndexFunc(findings, func(f raisedFinding) bool { return f.saidBy(c) }); at >= 0 {
		o.finding = &findings[at]
	}
	if o.finding != nil && (o.finding.State == ignored || o.finding.State == resolved) {
		return "finding_not_open", nil
	}
	return "", nil
}

// recall tells whether objections to the remark were weighed. What this very delivery has weighed is taken up again.
func (o *objection) recall(ctx context.Context, read Memory, e hls.Event) (string, error) {
	key := strconv.FormatInt(o.id, 10)
	before, ok, err := recallOne[weighed](ctx, read, hls.Recall{Subject: e.Subject, Kind: kindObjection, Key: key})
	if err != nil || !ok || before.Delivery == e.DeliveryID {
		return "", err
	}
	return "weighed_before", nil
}

// saidBy tells whether a remark is the one that told of a finding: it names the finding, or stands in its file and tells
// the same problem.
func (f raisedFinding) saidBy(c hls.ReviewComment) bool {
	if id := namedIn(c.Body); id != "" {
		return id == f.ID
	}
	problem := strings.TrimRight(plain(sentence(f.Problem, 200)), " .…")
	return f.Path == c.Path && problem != "" && strings.Contains(plain(c.Body), problem)
}

// hear keeps the replies of those who have a say: the author of the pull request, and people with write access.
func (o *objection) hear(ctx context.Context, read Reader, comments []hls.ReviewComment, h hearing) error {
	may := map[int64]bool{}
	for _, c := range comments {
		text := visibleText(c.Body)
		if c.InReplyTo != o.id || !isPerson(c.User, h.rule) || text == "" {
			continue
		}
		if _, asked := may[c.User.ID]; !asked && len(may) < mostReviewers {
			say, err := h.heard(ctx, read, c.User)
			if err != nil {
				return err
			}
			may[c.User.ID] = say
		}
		if may[c.User.ID] {
			key := fmt.Sprintf("comment-%d", c.ID)
			o.Replies = append(o.Replies, statement{Key: key, By: c.User.Login, Author: h.author.Same(c.User), Text: shorten(text), full: text})
		}
	}
	o.Replies = o.Replies[max(0, len(o.Replies)-mostHeard):]
	return nil
}

const mostHeard = 10

// hearing is who has a say.
type hearing struct {
	subject hls.Subject
	author  hls.Account
	rule    hls.Rule
}

func (h hearing) heard(ctx context.Context, read Reader, who hls.Account) (bool, error) {
	if h.author.Same(who) {
		return true, nil
	}
	may, err := mayWrite(ctx, read, h.subject, who)
	if errors.Is(err, errHidden) {
		return false, nil
	}
	return may, err
}

// surround reads the code that the remark stands in.
func (o *objection) surround(ctx context.Context, read Reader, e hls.Event, f *hls.Facts) error {
	files, err := read.Files(ctx, e.Subject)
	if optional(err) != nil {
		return fmt.Errorf("read files: %w", err)
	}
	f.Files = slices.DeleteFunc(slices.Clone(files), func(file hls.File) bool { return oneLine(file.Filename) != o.Remark.Path })
	f.Diff, f.Omitted = pack(f.Files, nil, objectionBudget)
	f.Values = map[string]any{"objection": *o}
	sum := sha256.New()
	fmt.Fprintln(sum, f.PullRequest.Revision(), o.Remark.full)
	for _, reply := range o.Replies {
		fmt.Fprintf(sum, "%s %q\n", reply.Key, reply.full)
	}
	f.Revision = hex.EncodeToString(sum.Sum(nil)[:8])
	return nil
}
