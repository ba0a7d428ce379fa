package pipeline

import (
	"context"
	"errors"

	"hls/internal/handler"
	"hls/internal/hls"
)

// Trace holds a stored delivery against the rules. The error is hls.ErrNotFound when it is not stored. One is held at a time:
// a large payload takes many times as much memory once it is decoded.
func (p *Pipeline) Trace(ctx context.Context, deliveryID string) (hls.Traced, error) {
	select {
	case p.traced <- struct{}{}:
	case <-ctx.Done():
		return hls.Traced{}, ctx.Err()
	}
	defer func() { <-p.traced }()
	delivery, err := p.store.Delivery(ctx, deliveryID)
	if err != nil {
		return hls.Traced{}, err
	}
	rooms := p.rooms()
	traced := hls.Traced{Settings: rooms.Settings}
	event, err := hls.DecodeEvent(delivery)
	delivery.Body = nil
	traced.Delivery = delivery
	switch {
	case len(event.Body) == 0 && delivery.Ignored != "":
		traced.Partly = "no payload is kept of what is passed over: the rules about the subject are not told"
	case err != nil:
		traced.Partly = "its payload is not there any more: the rules about the subject are not told"
	default:
		traced.Steps = rooms.trace(event, p.cfg.Self(event.Repo.FullName))
		return traced, nil
	}
	event = hls.Event{Name: delivery.Event, Action: delivery.Action, Repo: hls.Repository{FullName: delivery.Repo, ID: delivery.RepoID}, Sender: hls.Account{Login: delivery.Sender}}
	traced.Steps = rooms.trace(event, hls.Account{})
	return traced, nil
}

// trace are the rules of the settings, and at last what the event's handler makes of it.
func (r *Rooms) trace(e hls.Event, self hls.Account) []hls.RuleStep {
	steps := r.Router.Trace(e, self)
	if steps[len(steps)-1].Stop != "" || e.Subject.Repo == "" {
		return steps
	}
	_, _, verdict := r.route(e, self)
	last := hls.RuleStep{Rule: "asks_for_work", Stop: verdict.Reason, Value: e.String()}
	if verdict.Do {
		last.Value += " asks for " + verdict.Purpose
	}
	return append(steps, last)
}

// composed is what a composer's plan rests on, read once more.
func composed(ctx context.Context, read handler.Memory, q question) (hls.Facts, error) {
	composer, ok := q.knows.(handler.Composer)
	if !ok {
		return q.facts, nil
	}
	return composer.Again(ctx, read, q.event, q.facts)
}

// spentOn is what a failed question cost, as far as that is known.
func spentOn(err error) hls.Usage {
	var unusable *hls.Unusable
	if errors.As(err, &unusable) {
		return unusable.Usage
	}
	return hls.Usage{}
}
