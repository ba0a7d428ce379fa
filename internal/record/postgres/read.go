package postgres

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
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

// ofState are conditions without a parameter: each state has an index of its own.
var ofState = map[hls.State]string{
	hls.Queued: "t.state = 'queued'", hls.Running: "t.state = 'running'", hls.Done: "t.state = 'done'",
	hls.Skipped: "t.state = 'skipped'", hls.Superseded: "t.state = 'superseded'", hls.Parked: "t.state = 'parked'",
}

// List reads tasks, newest first.
func (s *Store) List(ctx context.Context, q record.Query) ([]record.Summary, error) {
	where, args := []string{"true"}, []any{}
	add := func(column string, arg any, set bool) {
		if set {
			args = append(args, arg)
			where = append(where, fmt.Sprintf("t.%s $%d", column, len(args)))
		}
	}
	add("delivery_id =", q.Delivery, q.Delivery != "")
	add("repo =", q.Repo, q.Repo != "")
	add("event =", q.Event, q.Event != "")
	if q.State != "" {
		where = append(where, cmp.Or(ofState[q.State], "false"))
	}
	add("reason =", q.Reason, q.Reason != "")
	add("subject_key =", q.Subject, q.Subject != "")
	add("number =", q.Number, q.Number > 0)
	add("ref =", q.Ref, q.Ref != "")
	add("purpose =", q.Purpose, q.Purpose != "")
	add("id <", q.Before, q.Before > 0)
	if q.Newest {
		where = append(where, "NOT EXISTS (SELECT 1 FROM tasks n WHERE n.delivery_id = t.delivery_id AND n.id > t.id)")
	}
	text := `SELECT ` + taskColumns + `, t.spent, (SELECT count(*) FROM effects e WHERE e.task_id = t.id AND e.state = 'done') FROM tasks t
		WHERE ` + strings.Join(where, " AND ") + fmt.Sprintf(` ORDER BY t.id DESC LIMIT %d`, q.Rows())
	list, err := many(ctx, s, summary, text, args...)
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	return list, nil
}

func summary(row pgx.CollectableRow) (record.Summary, error) {
	sum := record.Summary{Class: hls.Accepted}
	var spent int64
	err := row.Scan(append(targets(&sum.Task), &spent, &sum.Effects)...)
	sum.Duration = time.Duration(spent) * time.Microsecond
	return sum, err
}
