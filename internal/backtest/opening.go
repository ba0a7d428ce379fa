package backtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"hls/internal/hls"
)

// withOpening is how long after its creation a label still belongs to an issue's opening: templates and forms set theirs in
// the same moment, and the event that tells of the opening shows them.
const withOpening = 5 * time.Second

// Scope sets a trial apart from all that is remembered of its subject: an issue is looked at as on its first day, although
// HLS may have worked on it since.
const Scope = "backtest"

// Delivery is the event that told of the issue's opening, as it would come to HLS.
func (h *History) Delivery(r *Record) (hls.Delivery, error) {
	issue, err := h.opening(r)
	if err != nil {
		return hls.Delivery{}, err
	}
	body, err := hls.OpenedBody("issues", h.Repository, issue)
	if err != nil {
		return hls.Delivery{}, err
	}
	id := fmt.Sprintf("%s-%d", Scope, r.issue.Number)
	return hls.Delivery{
		ID: id, RequestID: id, Event: "issues", Action: "opened", Scope: Scope, Body: body, ReceivedAt: r.issue.CreatedAt,
	}, nil
}

// opening is the issue as GitHub's API had it when it was opened.
func (h *History) opening(r *Record) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(r.Raw, &members); err != nil {
		return nil, fmt.Errorf("read issue #%d: %w", r.issue.Number, err)
	}
	created := r.issue.CreatedAt
	labels := []hls.Label{}
	for _, name := range r.openingLabels() {
		labels = append(labels, h.label(name))
	}
	for name, value := range map[string]any{
		"title": r.titleAt(created), "body": r.openingBody(), "labels": labels, "state": "open", "state_reason": nil, "closed_at": nil,
		"closed_by": nil, "updated_at": created, "comments": 0, "locked": false, "active_lock_reason": nil, "assignee": nil,
		"assignees": []any{}, "milestone": nil,
	} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("take issue #%d back: %w", r.issue.Number, err)
		}
		members[name] = text
	}
	delete(members, "reactions")
	delete(members, "pinned_comment")
	return json.Marshal(members)
}

func (h *History) label(name string) hls.Label {
	for _, l := range h.Labels {
		if hls.Fold(l.Name) == hls.Fold(name) {
			return l
		}
	}
	return hls.Label{Name: name}
}

// titleAt is the title at a time: what the first later change of it started from.
func (r *Record) titleAt(at time.Time) string {
	for _, e := range r.events() {
		if e.Event == "renamed" && e.Rename != nil && e.At.After(at) {
			return e.Rename.From
		}
	}
	return r.issue.Title
}

func (r *Record) openingBody() string {
	if r.OpeningBody != nil {
		return *r.OpeningBody
	}
	return r.issue.Body
}

// openingLabels are the labels that the issue was opened with.
func (r *Record) openingLabels() []string {
	var names []string
	for _, e := range r.events() {
		if e.Label == nil || e.At.After(r.issue.CreatedAt.Add(withOpening)) {
			continue
		}
		same := func(n string) bool { return hls.Fold(n) == hls.Fold(e.Label.Name) }
		switch e.Event {
		case "labeled":
			if !slices.ContainsFunc(names, same) {
				names = append(names, e.Label.Name)
			}
		case "unlabeled":
			names = slices.DeleteFunc(names, same)
		}
	}
	return names
}

// events are those of the timeline, oldest first.
func (r *Record) events() []Event {
	events := slices.Clone(r.Timeline)
	slices.SortStableFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	return events
}

// stateAt is whether the issue was open or closed at a time, and as what.
func (r *Record) stateAt(at time.Time) (state, reason string) {
	if r.Timeline == nil {
		if r.issue.State == "closed" && !r.issue.ClosedAt.IsZero() && !r.issue.ClosedAt.After(at) {
			return "closed", r.issue.StateReason
		}
		return "open", ""
	}
	state = "open"
	for _, e := range r.events() {
		switch {
		case e.At.After(at):
			return state, reason
		case e.Event == "closed":
			state, reason = "closed", e.StateReason
		case e.Event == "reopened":
			state, reason = "open", ""
		}
	}
	return state, reason
}
