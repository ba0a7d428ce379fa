package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Replay has a stored delivery worked on again, by the settings in force. When its newest task is parked, that task is
// resumed: an analysis that it has is not paid for twice, and what it has done it does not do again. A delivery whose
// newest task ended otherwise gets a new task, and so does one that has an effect which nothing can be learned about: its
// task would be parked for it again. The error is hls.ErrNotFound when the delivery is not stored, and an *hls.Permanent
// that says what to do about it when it cannot be replayed.
func (p *Pipeline) Replay(ctx context.Context, deliveryID string) (hls.Replay, error) {
	task, err := p.store.TaskOf(ctx, deliveryID)
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return hls.Replay{}, err
	}
	if task.State == hls.Queued || task.State == hls.Running {
		return hls.Replay{}, unfinished(task)
	}
	event, err := p.stored(ctx, deliveryID, task)
	if err != nil {
		return hls.Replay{}, err
	}
	_, _, verdict := p.route(event)
	if !verdict.Do {
		return hls.Replay{}, refuse(verdict.Reason, "no rule lets %s of %s through now (%s): change the settings first", event, event.Repo.FullName, verdict.Reason)
	}
	switch can, err := p.resumable(ctx, task); {
	case err != nil:
		return hls.Replay{}, err
	case can:
		return p.resume(ctx, task)
	}
	id, err := p.store.Enqueue(ctx, deliveryID, record.NewTask{
		Subject: event.Subject, Purpose: verdict.Purpose, Event: event.Name, Action: event.Action, Actor: event.Sender.Person(),
		Origin: hls.FromReplay, OccurredAt: event.OccurredAt, Title: p.title(event),
	})
	return hls.Replay{TaskID: id, State: hls.Queued}, err
}

// stored is the event of a stored delivery, of which task is the newest task, or the zero one.
func (p *Pipeline) stored(ctx context.Context, deliveryID string, task hls.Task) (hls.Event, error) {
	delivery, err := p.store.Delivery(ctx, deliveryID)
	switch {
	case err != nil:
		return hls.Event{}, err
	case len(delivery.Body) == 0 && task.ID == 0:
		return hls.Event{}, refuse("no_payload", "it was ignored, and no payload is kept of what is ignored: "+
			"once the settings let it through, redeliver it on GitHub (Recent Deliveries of the webhook)")
	case len(delivery.Body) == 0:
		return hls.Event{}, refuse("no_payload", "its payload is no longer kept (storage.retention.payloads): "+
			"the next event of %s is worked on anew", task.Subject)
	}
	event, err := hls.DecodeEvent(delivery)
	if err != nil {
		return event, &hls.Permanent{Err: err, Reason: "undecodable"}
	}
	return event, nil
}

// resumable tells whether a task is parked and may come further when it runs once more.
func (p *Pipeline) resumable(ctx context.Context, task hls.Task) (bool, error) {
	if task.State != hls.Parked {
		return false, nil
	}
	entries, err := p.store.Effects(ctx, task.ID)
	undecided := slices.ContainsFunc(entries, func(e hls.Entry) bool { return e.State == hls.EffectUnknown })
	return !undecided, err
}

// resume queues a parked task again, unless somebody else was faster.
func (p *Pipeline) resume(ctx context.Context, task hls.Task) (hls.Replay, error) {
	err := p.store.Resume(ctx, task.ID)
	if err != nil && !errors.Is(err, record.ErrNotParked) {
		return hls.Replay{}, err
	}
	now, lost := p.store.Task(ctx, task.ID)
	switch {
	case lost != nil:
		return hls.Replay{}, lost
	case err != nil:
		return hls.Replay{}, unfinished(now)
	case now.State == hls.Superseded:
		return hls.Replay{TaskID: task.ID, Resumed: true, State: hls.Superseded}, nil
	}
	return hls.Replay{TaskID: task.ID, Resumed: true, State: hls.Queued}, nil
}

// unfinished refuses to replay a task that will run by itself, or runs.
func unfinished(task hls.Task) error {
	when := ""
	if task.State == hls.Queued {
		when = ", to run at " + task.RunAt.UTC().Format(time.RFC3339)
	}
	if task.Reason != "" {
		when += " (" + task.Reason + ")"
	}
	return refuse("unfinished", "its task %d is %s%s: replay it once it has ended", task.ID, task.State, when)
}

func refuse(reason, format string, args ...any) error {
	return &hls.Permanent{Err: fmt.Errorf(format, args...), Reason: reason}
}
