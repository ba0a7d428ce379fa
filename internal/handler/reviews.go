package handler

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"hls/internal/hls"
)

// reviewReader is what is read of reviews and of the people who write them.
type reviewReader interface {
	// AllReviews are the submitted reviews of a pull request, oldest first.
	AllReviews(context.Context, hls.Subject) iter.Seq2[hls.Review, error]
	// ReviewComments are the comments on lines of a pull request, replies among them, oldest first.
	ReviewComments(context.Context, hls.Subject) ([]hls.ReviewComment, error)
	Review(ctx context.Context, s hls.Subject, id int64) (hls.Review, error)
	accessReader
}

// The states of a review, as GitHub's REST API names them. A review that only comments says neither yes nor no.
const (
	stateApproved  = "APPROVED"
	stateChanges   = "CHANGES_REQUESTED"
	stateDismissed = "DISMISSED"
	statePending   = "PENDING"
)

const (
	mostShown      = 80     // statements that the model sees, the newest
	longStatement  = 2000   // bytes of one that it sees
	longStatements = 40_000 // bytes of all together
	mostReviewers  = 30     // whose permission is asked for
)

// statement is something that a person said in a review, or on a line.
type statement struct {
	Key    string `json:"key"` // "review-80", "comment-12"
	Thread string `json:"thread,omitempty"`
	By     string `json:"by"`
	Author bool   `json:"by_author"` // of the pull request: context, and no request
	Path   string `json:"path,omitempty"`
	Line   int    `json:"line,omitempty"` // where it stands now, or stood
	Text   string `json:"text"`           // as much of it as is shown

	who    int64
	review int64
	thread int64 // the first comment of its thread; 0 for a review's own text
	anchor string
	full   string
	moved  bool // the line is gone from the diff
}

// reviewed is where the reviews of a pull request stand, and what was said in them.
type reviewed struct {
	Said    []statement `json:"said"`    // what is shown
	Left    int         `json:"left"`    // statements that are not shown
	Unknown bool        `json:"unknown"` // who has write access cannot be read

	all      []statement
	latest   map[int64]hls.Review // by reviewer: the last review that says yes or no, or was dismissed
	leftOut  map[int64]bool       // reviews that ask for nothing: dismissed ones, and HLS's own
	writers  map[int64]bool
	resolved map[int64]bool // threads
	thread   *hls.Memory    // of the thread that the event is about
	list     checklist      // as it was left
	revision string
}

// reviewedIn is what gathering found of reviews; ok is false where it did not look.
func reviewedIn(f hls.Facts) (v reviewed, ok bool) {
	v, ok = f.Values["reviewed"].(reviewed)
	return v, ok && f.PullRequest != nil && f.Skip == ""
}

// isPerson tells whether an account is someone's. A deleted one has no number.
func isPerson(a hls.Account, r hls.Rule) bool {
	return a.ID != 0 && a.Type == "User" && !r.Self.Same(a)
}

// gatherReviews reads what people say of a pull request that is gathered already.
func gatherReviews(ctx context.Context, read Reader, e hls.Event, f *hls.Facts, r hls.Rule) error {
	v := reviewed{latest: map[int64]hls.Review{}, leftOut: map[int64]bool{}, writers: map[int64]bool{}}
	if err := v.readReviews(ctx, read, e.Subject, r); err != nil {
		return fmt.Errorf("read reviews: %w", err)
	}
	comments, err := read.ReviewComments(ctx, e.Subject)
	if optional(err) != nil {
		return fmt.Errorf("read review comments: %w", err)
	}
	v.takeComments(comments, r)
	v.introduce(*f.PullRequest)
	if err := v.readWriters(ctx, read, e.Subject, f.PullRequest.User); err != nil {
		return fmt.Errorf("read who may write: %w", err)
	}
	if err := v.recallThreads(ctx, read, e); err != nil {
		return err
	}
	if v.list, err = recallChecklist(ctx, read, e.Subject); err != nil {
		return err
	}
	v.show()
	v.revision = v.state(*f.PullRequest)
	if f.Values == nil {
		f.Values = map[string]any{}
	}
	f.Values["reviewed"] = v
	return nil
}

// readReviews keeps of each reviewer the last word. What a dismissed review asked for is not asked for any more.
func (v *reviewed) readReviews(ctx context.Context, read Reader, s hls.Subject, r hls.Rule) error {
	for review, err := range read.AllReviews(ctx, s) {
		if err != nil {
			return optional(err)
		}
		// While the own account is not known, the marker tells: who copies one takes nothing but his own word out.
		own := r.Self.ID == 0 && strings.Contains(review.Body, hls.Marked)
		v.leftOut[review.ID] = own || review.State == stateDismissed
		if own || !isPerson(review.User, r) || review.State == statePending {
			continue
		}
		if slices.Contains([]string{stateApproved, stateChanges, stateDismissed}, review.State) {
			v.latest[review.User.ID] = review
		}
		text := visibleText(review.Body)
		if text == "" || v.leftOut[review.ID] {
			continue
		}
		v.all = append(v.all, statement{
			Key: fmt.Sprintf("review-%d", review.ID), By: review.User.Login, who: review.User.ID, review: review.ID,
			anchor: fmt.Sprintf("#pullrequestreview-%d", review.ID), full: text,
		})
	}
	return nil
}

// takeComments leaves out the threads that HLS or a bot began: what is said there is about what they found. What a
// dismissed review began is dismissed with it.
func (v *reviewed) takeComments(comments []hls.ReviewComment, r hls.Rule) {
	begun := map[int64]bool{}
	for _, c := range comments {
		thread := c.InReplyTo
		if thread == 0 {
			thread = c.ID
			begun[c.ID] = isPerson(c.User, r) && !v.leftOut[c.ReviewID]
		}
		text := visibleText(c.Body)
		if !begun[thread] || !isPerson(c.User, r) || text == "" {
			continue
		}
		v.all = append(v.all, statement{
			Key: fmt.Sprintf("comment-%d", c.ID), Thread: fmt.Sprintf("comment-%d", thread), By: c.User.Login,
			Path: oneLine(c.Path), Line: placed(c), who: c.User.ID, review: c.ReviewID, thread: thread,
			anchor: fmt.Sprintf("#discussion_r%d", c.ID), full: text, moved: c.Line == 0 && c.OriginalLine != 0,
		})
	}
	slices.SortStableFunc(v.all, func(a, b statement) int { return cmp.Compare(a.thread, b.thread) })
}

func placed(c hls.ReviewComment) int {
	if c.Line == 0 {
		return c.OriginalLine
	}
	return c.Line
}

// visibleText is what a reader of a text sees; a command to HLS says nothing to the author.
func visibleText(body string) string {
	text := strings.TrimSpace(hiddenText.ReplaceAllString(body, " "))
	if isOrder(text) {
		return ""
	}
	return text
}

// introduce marks what the author of the pull request said.
func (v *reviewed) introduce(pr hls.PullRequest) {
	for i := range v.all {
		v.all[i].Author = pr.User.ID != 0 && v.all[i].who == pr.User.ID
	}
}

// readWriters asks who of those whose word counts has write access now: GitHub lets nobody else's block or approve
// ("About pull request reviews").
func (v *reviewed) readWriters(ctx context.Context, read Reader, s hls.Subject, author hls.Account) error {
	asked := 0
	for _, review := range v.words() {
		if review.State == stateDismissed || review.User.Same(author) {
			continue
		}
		if asked++; asked > mostReviewers { // Strangers are as many as they like to be, and cannot outvote anybody so.
			v.Unknown = true
			return nil
		}
		may, err := mayWrite(ctx, read, s, review.User)
		if errors.Is(err, errHidden) {
			v.Unknown = true
			return nil
		}
		if err != nil {
			return err
		}
		v.writers[review.User.ID] = may
	}
	return nil
}

// words are the last reviews of all reviewers, the newest first.
func (v *reviewed) words() []hls.Review {
	var all []hls.Review
	for _, review := range v.latest {
		all = append(all, review)
	}
	slices.SortFunc(all, func(a, b hls.Review) int { return cmp.Compare(b.ID, a.ID) })
	return all
}

// shorten is as much of a text as is shown.
func shorten(text string) string {
	head, left := hls.Cut(text, longStatement)
	if left > 0 {
		head += ellipsis
	}
	return head
}

// show picks what the model sees: the newest statements, each cut.
func (v *reviewed) show() {
	room := longStatements
	for _, s := range slices.Backward(v.all) {
		text := shorten(s.full)
		if len(v.Said) == mostShown || len(text) > room {
			v.Left++
			continue
		}
		room -= len(text)
		s.Text = text
		v.Said = append(v.Said, s)
	}
	slices.Reverse(v.Said)
}

// state names everything that a plan about reviews rests on.
func (v *reviewed) state(pr hls.PullRequest) string {
	sum := sha256.New()
	fmt.Fprintln(sum, pr.Revision(), pr.Draft, v.Unknown)
	for _, review := range v.words() {
		fmt.Fprintln(sum, review.ID, review.State, v.writers[review.User.ID])
	}
	for _, s := range v.all {
		text, _ := stdjson.Marshal(s.full)
		fmt.Fprintln(sum, s.Key, s.moved, s.Line, v.resolved[s.thread], string(text))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}
