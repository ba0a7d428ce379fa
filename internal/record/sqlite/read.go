package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"hls/internal/hls"
)

const selectTask = `SELECT t.id, t.delivery_id, t.request_id, t.origin, t.scope, t.repo_id, t.repo, t.kind, t.number, t.ref, t.purpose,
	t.event, t.action, t.actor, t.state, t.reason, t.attempt, t.occurred_at, t.run_at, t.queued_at, t.failing_at, t.owner, t.epoch, t.until FROM tasks t`

// targets are where the columns of selectTask go.
func targets(t *hls.Task) []any {
	return []any{&t.ID, &t.DeliveryID, &t.RequestID, &t.Origin, &t.Subject.Scope, &t.Subject.RepoID, &t.Subject.Repo, &t.Subject.Kind,
		&t.Subject.Number, &t.Subject.Ref, &t.Purpose, &t.Event, &t.Action, &t.Actor, &t.State, &t.Reason, &t.Attempt,
		at{&t.OccurredAt}, at{&t.RunAt}, at{&t.QueuedAt}, at{&t.FailingAt}, &t.Lease.Owner, &t.Lease.Epoch, at{&t.Lease.Until}}
}

// at scans a stamp into a time.
type at struct{ t *time.Time }

// Scan implements sql.Scanner.
func (a at) Scan(v any) error {
	us, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T", v)
	}
	*a.t = moment(us)
	return nil
}

// Task reads a task.
func (s *Store) Task(ctx context.Context, id int64) (task hls.Task, err error) {
	err = s.readers.QueryRowContext(ctx, selectTask+` WHERE t.id = ?`, id).Scan(targets(&task)...)
	if err != nil {
		return hls.Task{}, fmt.Errorf("read task %d: %w", id, found(err))
	}
	return task, nil
}

// TaskOf reads the newest task of a delivery.
func (s *Store) TaskOf(ctx context.Context, deliveryID string) (task hls.Task, err error) {
	err = s.readers.QueryRowContext(ctx, selectTask+` WHERE t.delivery_id = ? ORDER BY t.id DESC LIMIT 1`, deliveryID).Scan(targets(&task)...)
	if err != nil {
		return hls.Task{}, fmt.Errorf("read task of delivery %s: %w", deliveryID, found(err))
	}
	return task, nil
}

// Superseded looks for newer work than a task.
func (s *Store) Superseded(ctx context.Context, task hls.Task) (newer bool, err error) {
	const q = `SELECT EXISTS (SELECT 1 FROM tasks WHERE subject_key = ? AND purpose = ? AND occurred_at >= ? AND id > ?)`
	err = s.readers.QueryRowContext(ctx, q, task.Subject.Key(), task.Purpose, stamp(task.OccurredAt), task.ID).Scan(&newer)
	return newer, named("look for newer work than task", task.ID, unavailable(err))
}

const nextDue = `SELECT min(a) FROM (SELECT min(due_at) AS a FROM lanes WHERE busy = 0
	UNION ALL SELECT min(until) FROM tasks WHERE state = 'running')`

// Next reads when there is something to claim.
func (s *Store) Next(ctx context.Context) (time.Time, bool, error) {
	var next sql.NullInt64
	if err := s.readers.QueryRowContext(ctx, nextDue).Scan(&next); err != nil {
		return time.Time{}, false, fmt.Errorf("read next task: %w", unavailable(err))
	}
	return moment(next.Int64), next.Valid, nil
}
