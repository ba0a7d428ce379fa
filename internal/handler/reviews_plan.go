package handler

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"slices"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

// requestsPurpose is of work on what reviewers ask for, and of the comment that lists it, whichever event of the pull request
// brings it up to date.
const requestsPurpose = "requests"

// mutedReviews is the rule's reason for posting no checklist, or "".
func mutedReviews(r hls.Rule) string {
	return muted(hls.Event{Name: "pull_request_review", Action: "submitted"}, r.Comments)
}

// knownRequests is the answer that memory gives: what Claude found before, when nobody has said anything since.
func knownRequests(v reviewed, r hls.Rule) stdjson.RawMessage {
	answer := requestsAnswer{Requests: v.list.Requests}
	if answer.Requests == nil || mutedReviews(r) != "" {
		answer.Requests = []request{}
	}
	known, _ := stdjson.Marshal(answer) // Texts always have a JSON form.
	return known
}

// planRequests is the labels for where the reviews stand, and the one comment that lists what is asked for.
func planRequests(e hls.Event, f hls.Facts, a hls.Analysis, r hls.Rule) hls.Plan {
	d := newDraft(e, f, a, requestsPurpose)
	var answer requestsAnswer
	if err := json.Unmarshal(a.Answer, &answer); err != nil {
		return d.silent("answer_unreadable")
	}
	v, ok := reviewedIn(f)
	if !ok {
		return d.silent("nothing_to_plan")
	}
	// A state that comes back, as when a thread is opened again, is told again.
	d.base.Revision = v.revision + "/" + e.DeliveryID
	if v.thread != nil {
		d.remember(*v.thread)
	}
	planStanding(d, f, v, r)
	if why := mutedReviews(r); why != "" {
		return d.silent(why)
	}
	all := v.prove(d, answer.Requests)
	list := v.list.postedNow(slices.ContainsFunc(all, told.open), !r.Writes(hls.UpsertComment))
	if asks(e) {
		list.Read, list.Requests = v.texts(), []request{}
		for _, t := range all {
			list.Requests = append(list.Requests, t.request)
		}
	}
	d.remember(list.remember(d.base.Subject))
	switch {
	case list.Posted && (!list.Dry || !r.Writes(hls.UpsertComment)), r.Comments.Post == hls.PostAlways && len(all) > 0:
		d.comment(checklistBody(all, *f.PullRequest))
		return d.plan
	case len(all) > 0:
		return d.silent("nothing_open")
	}
	return d.silent("nothing_asked")
}

// asks tells whether Claude may be asked what an event's reviews ask for. Others change the state of what is known.
func asks(e hls.Event) bool {
	return e.Name == "pull_request_review" || e.Name == remarkEvent
}

// followReviews reads the reviews for work on the pull request itself, where the rule follows them. What cannot be read
// is left for an event of the reviews: the work goes on without.
func followReviews(ctx context.Context, read Reader, e hls.Event, f *hls.Facts, r hls.Rule) error {
	if !r.Hears("pull_request_review") {
		return nil
	}
	err := gatherReviews(ctx, read, e, f, r)
	var final *hls.Permanent
	if errors.As(err, &final) {
		return nil
	}
	return err
}

// following adds to a plan about the pull request what its new state changes about the checklist and the labels of the
// reviews. It asks nobody: what is known is proved anew.
func following(e hls.Event, f hls.Facts, r hls.Rule, plan hls.Plan) hls.Plan {
	v, ok := reviewedIn(f)
	if !ok {
		return plan
	}
	more := planRequests(e, f, hls.Analysis{Answer: knownRequests(v, r)}, r)
	plan.Effects = append(plan.Effects, more.Effects...)
	plan.Dropped = append(plan.Dropped, more.Dropped...)
	plan.Remember = append(plan.Remember, more.Remember...)
	return plan
}
