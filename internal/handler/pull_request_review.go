package handler

import (
	"context"
	stdjson "encoding/json"
	"fmt"
	"strings"

	"hls/internal/hls"
)

// reviews handles the events of people's reviews: what is asked for becomes a checklist, and where the reviews stand a
// label.
type reviews struct{}

// Route: every event leads to the same work, which reads the reviews as they are then.
func (reviews) Route(e hls.Event, _ hls.Rule) hls.Verdict {
	switch e.Action {
	case "submitted", "edited", "dismissed":
		if e.Action != "dismissed" && e.Review != nil && commandAlone(*e.Review) {
			return hls.Pass("command")
		}
		return hls.Go(requestsPurpose)
	}
	return hls.Pass("action_not_handled")
}

// commandAlone tells whether a review says neither yes nor no, and nothing that is meant for the author.
func commandAlone(r hls.Review) bool {
	return hls.Fold(r.State) == "commented" && isOrder(strings.TrimSpace(r.Body))
}

// Gather: the reviews as they are now decide, whatever the action was.
func (reviews) Gather(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	f, err := presentPull(ctx, read, e, r)
	if err != nil || f.Skip != "" {
		return f, err
	}
	if err := labeled(ctx, read, e.Subject, &f); err != nil {
		return f, err
	}
	if err := gatherReviews(ctx, read, e, &f, r); err != nil {
		return f, err
	}
	v, _ := reviewedIn(f)
	f.Revision = v.revision
	return f, nil
}

// Question: Claude is asked when reviewers said something that it has not read.
func (reviews) Question(e hls.Event, f hls.Facts, r hls.Rule) hls.Question {
	q := hls.Question{Group: "reviews", Step: "requests", Schema: stdjson.RawMessage(requestsSchema), Weight: hls.Light, Beside: true}
	v, ok := reviewedIn(f)
	if ok && (!asks(e) || !v.unread() || mutedReviews(r) != "") {
		q.Known = knownRequests(v, r)
	}
	return q
}

func (reviews) Plan(e hls.Event, f hls.Facts, a hls.Analysis, r hls.Rule) hls.Plan {
	return planRequests(e, f, a, r)
}

// reviewThreads handles what people do with threads: a request whose thread is resolved is done.
type reviewThreads struct{ reviews }

// Route: each thread is work of its own, so that of two that are resolved in a burst neither is forgotten.
func (reviewThreads) Route(e hls.Event, _ hls.Rule) hls.Verdict {
	switch {
	case e.Action != "resolved" && e.Action != "unresolved":
		return hls.Pass("action_not_handled")
	case e.Thread == 0:
		return hls.Pass("thread_unnamed")
	}
	v := hls.Go(fmt.Sprintf("thread-%d", e.Thread))
	v.Unasked = true
	return v
}
