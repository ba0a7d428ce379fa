package handler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

// Bounds of what the model is told of earlier rounds, in bytes or counted.
const (
	earlierBudget = 10_000 // all open findings together
	mostReplies   = 3      // to a finding, the last ones
	longReply     = 500
	longCode      = 400
)

// lookBack finds out what reviews before this one have said and seen, and what has changed since.
func lookBack(ctx context.Context, read Reader, e hls.Event, rule hls.Rule, f *hls.Facts) (round, error) {
	previous, err := read.Previous(ctx)
	if err != nil {
		return round{}, err
	}
	if f.Raised, err = read.Raised(ctx); err != nil {
		return round{}, err
	}
	remembered, err := recallFindings(ctx, read, e.Subject)
	if err != nil {
		return round{}, err
	}
	r := newRound(*f, remembered, !rule.Writes(hls.CreateReview))
	if err := r.ask(ctx, read, e.Subject, contextOfFindings{rule.Self, f.Files}); err != nil || previous == nil {
		return r, err
	}
	last, known, err := recallReviewed(ctx, read, e.Subject, headOf(previous))
	if err != nil {
		return round{}, err
	}
	if known {
		r.Changes = last.changes(*f.PullRequest)
	}
	r.Summary, r.at = summaryOf(previous), previous.At
	heard := !last.Muted || muted(e, rule.Comments) != "" // Otherwise nobody was told what it found.
	if !known || last.Partly || !heard || !continues(e, f, previous) || r.unposted(remembered, headOf(previous)) {
		return r, nil
	}
	return r, r.narrow(ctx, read, e.Subject, since{last: last, facts: f, ignored: rule.Ignore.Paths})
}

// asDraft ends the revision of a draft, where labels tell whether it is to be reviewed. No branch has a blank in its name.
const asDraft = " draft"

// headOf is the commit that an analysis was about, and baseOf the branch that it would have gone into.
func headOf(a *hls.Analysis) string { head, _, _ := strings.Cut(a.Revision, "@"); return head }
func baseOf(a *hls.Analysis) string {
	_, base, _ := strings.Cut(a.Revision, "@")
	return strings.TrimSuffix(base, asDraft)
}

// continues tells whether a review may pass over what the last one saw: the pull request goes into the same branch, and no
// person asks for a look at all of it.
func continues(e hls.Event, f *hls.Facts, previous *hls.Analysis) bool {
	return e.Name == "pull_request" && e.Action != "review_requested" && baseOf(previous) == f.PullRequest.Base.Ref && previous.Revision != f.Revision
}

// unposted tells whether findings of the last review were never posted, as in a dry run that is over.
func (r round) unposted(remembered []raisedFinding, head string) bool {
	return slices.ContainsFunc(remembered, func(m raisedFinding) bool {
		return m.State == stillOpen && m.Head == head && !slices.ContainsFunc(r.raised, func(f raisedFinding) bool { return f.ID == m.ID })
	})
}

// summaryOf is what the last review said of the whole, "" where that is no longer kept.
func summaryOf(previous *hls.Analysis) string {
	var answer reviewAnswer
	if err := json.Unmarshal(previous.Answer, &answer); err != nil {
		return ""
	}
	return sentence(answer.Summary, 600)
}

// changes are what people changed of the texts since they were reviewed.
func (v reviewedState) changes(pr hls.PullRequest) []string {
	var told []string
	if v.Title != "" && v.Title != sentence(pr.Title, 300) {
		told = append(told, fmt.Sprintf("The title was %q.", v.Title))
	}
	if v.Body != digest(pr.Body) {
		told = append(told, "The description was edited.")
	}
	return told
}

// since is what a review may be narrowed by.
type since struct {
	last    reviewedState
	facts   *hls.Facts
	ignored []string
}

// mostBetween is how many commits are looked through for a merge: one page of a comparison.
const mostBetween = 100

// narrow leaves the round with what came after the last review, where that can be told: the head reviewed last is an
// ancestor of the present one, or the diff is the same as it was then, as after a rebase.
func (r *round) narrow(ctx context.Context, read roundReader, pull hls.Subject, s since) error {
	r.unseen = s.last.Unseen
	if s.last.Digest == digestOf(s.facts.Files) {
		r.Since = s.last.Head
		return nil
	}
	compared, err := read.Compare(ctx, pull, s.last.Head, s.facts.PullRequest.Head.SHA, mostBetween)
	switch {
	case errors.Is(err, hls.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("compare with the last review: %w", err)
	case !compared.Ahead():
		return nil
	}
	known := lastSeen{unseen: s.last.Unseen}
	if compared.Merged() {
		if known.own, err = ownThen(ctx, read, pull, s); known.own == nil || err != nil {
			return err
		}
	}
	r.Since, r.delta = s.last.Head, between(s.facts.Files, compared.Files, known, s.ignored)
	return nil
}

// ownThen is the pull request's own diff as the last review saw it, nil where it cannot be told. A merge of the base branch
// may undo what the base has done meanwhile, and leave the head's own lines as they were: only their absence from that diff
// tells.
func ownThen(ctx context.Context, read roundReader, pull hls.Subject, s since) ([]hls.File, error) {
	then, err := read.Compare(ctx, pull, s.last.Base, s.last.Head, 0)
	switch {
	case errors.Is(err, hls.ErrNotFound), err == nil && !then.Whole():
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the diff of the last review: %w", err)
	}
	return append([]hls.File{}, then.Files...), nil
}

// contextOfFindings is what findings are asked about with: the own account, and the diff that they stand in now.
type contextOfFindings struct {
	self  hls.Account
	files []hls.File
}

// ask lists the findings to ask about, the newest first, with what people said to each.
func (r *round) ask(ctx context.Context, read roundReader, pull hls.Subject, with contextOfFindings) error {
	if !slices.ContainsFunc(r.raised, func(f raisedFinding) bool { return f.State == stillOpen }) {
		return nil
	}
	comments, err := read.ReviewComments(ctx, pull)
	if optional(err) != nil {
		return fmt.Errorf("read replies: %w", err)
	}
	replies, left := repliesTo(comments, with.self), earlierBudget
	for _, found := range r.raised {
		if found.State != stillOpen {
			continue
		}
		open := openFinding{ID: found.ID, Path: oneLine(found.Path), Problem: sentence(found.Problem, 600), Replies: replies[found.ID]}
		open.Line, open.Code = found.stands(with.files)
		if left -= open.size(); left < 0 {
			return nil
		}
		r.Open = append(r.Open, open)
	}
	return nil
}

// stands is where a finding's code stands in the diff, and how it reads there.
func (f raisedFinding) stands(files []hls.File) (line int, code string) {
	at := slices.IndexFunc(files, func(file hls.File) bool { return file.Filename == f.Path })
	if at < 0 {
		return 0, ""
	}
	places := rightOf(files[at]).find(f.lines())
	if len(places) == 0 {
		return 0, ""
	}
	var lines []string
	for _, h := range parsePatch(files[at].Patch) {
		for _, l := range h.lines {
			if l.new >= places[0] && l.new < places[0]+len(f.lines()) {
				lines = append(lines, l.text)
			}
		}
	}
	code, _ = hls.Cut(strings.Join(lines, "\n"), longCode)
	return places[0], code
}

func (f openFinding) size() int {
	const lines = 150 // around it
	return lines + len(hls.Visible(f.Path+f.Problem+f.Code+strings.Join(f.Replies, "\n")))
}

// cost is how many tokens the model is told of earlier rounds in.
func (r round) cost() int {
	const changes = 2000 // bytes at most
	size := 0
	if !r.at.IsZero() {
		size = len(r.Summary) + changes
	}
	for _, f := range r.Open {
		size += f.size()
	}
	return size / 3
}

// named finds the id in the last line of a remark. What stands above it the model wrote.
var named = regexp.MustCompile(`\*Finding ([0-9a-f]{8})\*\s*(?:<!--[^>]*-->\s*)?$`)

// namedIn is the id of the finding that a remark tells of, "" where it names none.
func namedIn(remark string) string {
	if m := named.FindStringSubmatch(remark); m != nil {
		return m[1]
	}
	return ""
}

// repliesTo are the last answers of others to our own findings, by the id that each names.
func repliesTo(comments []hls.ReviewComment, self hls.Account) map[string][]string {
	ids, replies := map[int64]string{}, map[string][]string{}
	for _, c := range comments {
		if id := namedIn(c.Body); id != "" && self.Same(c.User) {
			ids[c.ID] = id
		}
	}
	for _, c := range comments {
		id := ids[c.InReplyTo]
		if id == "" || self.Same(c.User) {
			continue
		}
		text, _ := hls.Cut(visibleText(c.Body), longReply)
		if text == "" {
			continue
		}
		replies[id] = append(replies[id], oneLine(cmp.Or(c.User.Login, "ghost"))+": "+text)
		if n := len(replies[id]); n > mostReplies {
			replies[id] = replies[id][n-mostReplies:]
		}
	}
	return replies
}
