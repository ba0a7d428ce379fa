package handler

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"hls/internal/hls"
)

// roundReader is what a review reads to follow those before it.
type roundReader interface {
	// Compare is how one commit of the subject's repository differs from another, with at most so many commits of those
	// between them; hls.ErrNotFound where that cannot be told.
	Compare(ctx context.Context, s hls.Subject, base, head string, most int) (hls.Comparison, error)
	// ReviewComments are all comments on lines of a pull request, replies among them, oldest first.
	ReviewComments(context.Context, hls.Subject) ([]hls.ReviewComment, error)
}

// earlierValue is what templates see a round as.
const earlierValue = "earlier"

// round is what a review knows of those before it. Templates see the members that have a JSON name.
type round struct {
	Since   string        `json:"since"`   // the head last reviewed, where only what came after it is shown; else ""
	Summary string        `json:"summary"` // of the last review
	Open    []openFinding `json:"open"`    // findings that are not settled, as far as they fit
	Changes []string      `json:"changes"` // what people changed since the last review, a sentence each

	raised []raisedFinding // every finding that people have seen, in its present state
	untold []raisedFinding // those of raised that are settled, and of which nobody has read so
	delta  delta           // what came after Since
	unseen []string        // of the review at Since: see reviewedState
	at     time.Time       // of the last review
}

// openFinding is an earlier finding as the model is shown it.
type openFinding struct {
	ID      string   `json:"id"`
	Path    string   `json:"path"`
	Line    int      `json:"line"` // where its code stands now, 0 where that is not shown
	Code    string   `json:"code"`
	Problem string   `json:"problem"`
	Replies []string `json:"replies"` // of people, each behind its author's login
}

// roundOf is the round that gathering found. Facts without one are those of a first review.
func roundOf(f hls.Facts) round {
	if r, ok := f.Values[earlierValue].(round); ok {
		return r
	}
	return newRound(f, nil, false)
}

// newRound joins what reviews have said on lines with what is remembered of it. What was planned and never posted is not
// among it, for nobody has seen it; but in a dry run nothing is posted, and what was planned counts.
func newRound(f hls.Facts, remembered []raisedFinding, dry bool) round {
	known := map[string]raisedFinding{}
	for _, m := range remembered {
		known[m.ID] = m
	}
	var r round
	for _, said := range slices.Backward(f.Raised) { // the newest first
		if said.Path == "" || said.Quote == "" {
			continue
		}
		found := raisedFinding{ID: findingID(said.Path, said.Quote), Path: said.Path, Code: said.Quote, Problem: problemIn(said.Body), State: stillOpen}
		if m, ok := known[found.ID]; ok {
			found = m
		}
		r.take(found)
	}
	for _, m := range remembered {
		if m.State != stillOpen || dry {
			r.take(m)
		}
	}
	r.look(sidesOf(f.Files))
	return r
}

// take adds a finding once.
func (r *round) take(found raisedFinding) {
	if !slices.ContainsFunc(r.raised, func(f raisedFinding) bool { return f.ID == found.ID }) {
		r.raised = append(r.raised, found)
	}
}

// look resolves the open findings whose code is gone from the diff, and lists what is settled and was not told yet.
func (r *round) look(now sides) {
	for i, found := range r.raised {
		if found.State == stillOpen && now.lack(found) {
			found.State, found.Why = resolved, "Its code is no longer in the diff."
			r.raised[i] = found
		}
		if (found.State == resolved || found.State == justified) && !found.Told {
			r.untold = append(r.untold, found)
		}
	}
}

// problemIn is what a remark says, without the headline before it.
func problemIn(body string) string {
	text, _, _ := strings.Cut(body, "\n\n")
	if _, problem, ok := strings.Cut(text, ".** "); ok {
		return problem
	}
	return text
}

// lack tells whether the code of a finding stands nowhere in the diff, where its file is gone also under no other name. Of a
// file that GitHub does not show, or of one beyond those that it lists, nobody can tell.
func (s sides) lack(found raisedFinding) bool {
	const listed = 3000 // "List pull requests files" gives no more
	at := slices.IndexFunc(s.files, func(f hls.File) bool { return f.Filename == found.Path })
	switch {
	case at < 0:
		return len(s.files) < listed && !slices.ContainsFunc(s.files, func(f hls.File) bool { return len(s.of(f.Filename).find(found.lines())) > 0 })
	case s.files[at].Patch == "" && s.files[at].Additions+s.files[at].Deletions > 0:
		return false
	}
	return len(s.of(found.Path).find(found.lines())) == 0
}

// lines are the lines of a finding's code, which are as quotes are compared.
func (f raisedFinding) lines() []string { return strings.Split(f.Code, "\n") }

// kindReviewed is the kind of the memories of what reviews of a pull request saw, each under the head that it was about. What
// a sweep has seen in silence is not among them.
const kindReviewed = "reviewed"

// reviewedState is a state of a pull request that was reviewed.
type reviewedState struct {
	Head   string `json:"head"`
	Base   string `json:"base"`
	Title  string `json:"title"`
	Body   string `json:"body"`            // hash
	Digest string `json:"digest"`          // of the diff
	Muted  bool   `json:"muted,omitempty"` // the settings let nothing be said of it

	// Unseen are the files that the model was not shown, or not in full, each by the beginning of its name's hash. What was
	// pushed to one later is not all that is new of it. Partly is set where they are too many to tell.
	Unseen []string `json:"unseen,omitempty"`
	Partly bool     `json:"partly,omitempty"`
}

// mostUnseen is how many files are remembered as not shown.
const mostUnseen = 500

func reviewedNow(f hls.Facts, muted bool) reviewedState {
	pr := f.PullRequest
	v := reviewedState{
		Head: pr.Head.SHA, Base: pr.Base.Ref, Title: sentence(pr.Title, 300), Body: digest(pr.Body), Digest: digestOf(f.Files), Muted: muted,
	}
	if v.Unseen = roundOf(f).leaves(f.Omitted); len(v.Unseen) > mostUnseen || pr.ChangedFiles > len(f.Files) {
		v.Unseen, v.Partly = nil, true
	}
	return v
}

// leaves are the files that nobody has seen in full after this round: those that it left out, and those of earlier rounds
// that it did not show.
func (r round) leaves(omitted []hls.Omission) []string {
	var unseen []string
	for _, key := range r.unseen {
		shown := slices.ContainsFunc(r.delta.files, func(f hls.File) bool { return nameKey(f.Filename) == key })
		if r.Since != "" && !shown {
			unseen = append(unseen, key)
		}
	}
	for _, o := range omitted {
		unseen = append(unseen, nameKey(o.Filename))
	}
	slices.Sort(unseen)
	return slices.Compact(unseen)
}

// nameKey is the beginning of a name's hash.
func nameKey(name string) string { return digest(name)[:16] }

func (v reviewedState) remember(pull hls.Subject) hls.Memory {
	return memory(pull, kindReviewed, v.Head, v)
}

func recallReviewed(ctx context.Context, read Memory, pull hls.Subject, head string) (v reviewedState, ok bool, err error) {
	return recallOne[reviewedState](ctx, read, hls.Recall{Subject: pull, Kind: kindReviewed, Key: head})
}

// digestOf names a diff, with where its lines stand and what stands around them: the same line elsewhere does something else.
// An amended message leaves it as it is, and so does a rebase onto a base that is the same there.
func digestOf(files []hls.File) string {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "%q %q %s %d %d %q\n", f.Filename, f.PreviousFilename, f.Status, f.Additions, f.Deletions, f.Patch)
	}
	return digest(b.String())
}
