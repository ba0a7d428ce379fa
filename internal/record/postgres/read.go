package postgres

import (
	"context"
	"fmt"
	"time"

	"hls/internal/hls"
)

const taskColumns = `t.id, t.delivery_id, t.request_id, t.origin, t.scope, t.repo_id, t.repo, t.kind, t.number, t.ref, t.purpose,
	t.event, t.action, t.actor, t.state, t.reason, t.attempt, t.occurred_at, t.run_at, t.queued_at, t.failing_at, t.owner, t.epoch, t.until`

// targets are where taskColumns go.
func targets(t *hls.Task) []any {
	return []any{&t.ID, &t.DeliveryID, &t.RequestID, &t.Origin, &t.Subject.Scope, &t.Subject.RepoID, &t.Subject.Repo, &t.Subject.Kind,
		&t.Subject.Number, &t.Subject.Ref, &t.Purpose, &t.Event, &t.Action, &t.Actor, &t.State, &t.Reason, &t.Attempt,
		&t.OccurredAt, &t.RunAt, &t.QueuedAt, &t.FailingAt, &t.Lease.Owner, &t.Lease.Epoch, &t.Lease.Until}
}

// Task reads a task.
func (s *Store) Task(ctx context.Context, id int64) (task hls.Task, err error) {
	err = s.one(ctx, `SELECT `+taskColumns+` FROM tasks t WHERE id = $1`, []any{id}, targets(&task)...)
	if err != nil {
		return hls.Task{}, named("read task", id, err)
	}
	return task, nil
}

// TaskOf reads the newest task of a delivery.
func (s *Store) TaskOf(ctx context.Context, deliveryID string) (task hls.Task, err error) {
	const q = `SELECT ` + taskColumns + ` FROM tasks t WHERE delivery_id = $1 ORDER BY id DESC LIMIT 1`
	if err := s.one(ctx, q, []any{deliveryID}, targets(&task)...); err != nil {
		return hls.Task{}, fmt.Errorf("read task of delivery %s: %w", deliveryID, found(err))
	}
	return task, nil
}

// Superseded looks for newer work than a task.
func (s *Store) Superseded(ctx context.Context, task hls.Task) (newer bool, err error) {
	const q = `SELECT EXISTS (SELECT 1 FROM tasks WHERE subject_key = $1 AND purpose = $2 AND occurred_at >= $3 AND id > $4)`
	err = s.one(ctx, q, []any{task.Subject.Key(), task.Purpose, task.OccurredAt, task.ID}, &newer)
	return newer, named("look for newer work than task", task.ID, err)
}

// nextDue looks at the first lane of every yard: there are few while nothing can be claimed.
const nextDue = `SELECT least((SELECT min(l.due_at) FROM yards y CROSS JOIN LATERAL (
		SELECT due_at FROM lanes l WHERE l.repo_id = y.repo_id AND NOT l.busy ORDER BY l.due_at LIMIT 1) l),
	(SELECT min(until) FROM tasks WHERE state = 'running')), clock_timestamp()`

// Next reads when there is something to claim, by this machine's clock: the one that its caller waits by.
func (s *Store) Next(ctx context.Context) (time.Time, bool, error) {
	var next *time.Time
	var now time.Time
	if err := s.one(ctx, nextDue, nil, &next, &now); err != nil {
		return time.Time{}, false, fmt.Errorf("read next task: %w", err)
	}
	switch {
	case next == nil:
		return time.Time{}, false, nil
	case s.now != nil:
		return *next, true, nil
	}
	return time.Now().Add(next.Sub(now)), true, nil
}
