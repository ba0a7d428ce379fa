package handler

import (
	"context"
	stdjson "encoding/json"
	"errors"
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
		if e.Review != nil && e.Action != "dismissed" && isOrder(strings.TrimSpace(e.Review.Body)) {
			return hls.Pass("command")
		}
		return hls.Go(asking)
	}
	return hls.Pass("action_not_handled")
}

// Gather: the reviews as they are now decide, whatever the action was.
func (reviews) Gather(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	f, err := readPull(ctx, read, e, r)
	if err != nil || f.Skip != "" {
		return f, err
	}
	if f.Labels, err = read.Labels(ctx, e.Subject.Repo); optional(err) != nil {
		return f, fmt.Errorf("read labels: %w", err)
	}
	if f.History, err = read.History(ctx, e.Subject); optional(err) != nil {
		return f, fmt.Errorf("read history: %w", err)
	}
	if err := gatherReviews(ctx, read, e, &f, r); err != nil {
		return f, err
	}
	v, _ := reviewedIn(f)
	f.Revision = v.revision
	return f, nil
}

// readPull reads the pull request of an event about a review, unless it is to be left alone.
func readPull(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	if e.Subject.Kind != hls.KindPullRequest {
		return hls.Facts{Skip: "not_a_pull_request"}, nil
	}
	pr, err := read.PullRequest(ctx, e.Subject)
	if errors.Is(err, hls.ErrGone) {
		return hls.Facts{Skip: "deleted"}, nil
	}
	if err != nil {
		return hls.Facts{}, fmt.Errorf("read pull request: %w", err)
	}
	return hls.Facts{PullRequest: &pr, Revision: pr.Revision(), Skip: leavePullRequest(pr, e, r)}, nil
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
