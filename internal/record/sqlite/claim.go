package sqlite

import (
	"context"
	"fmt"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Claim takes a task to run.
func (s *Store) Claim(ctx context.Context, owner string, lease time.Duration) (task hls.Task, err error) {
	err = s.write(ctx, func(t *tx) (err error) {
		task, err = t.claim(owner, lease)
		return err
	})
	if err != nil {
		return hls.Task{}, fmt.Errorf("claim task: %w", err)
	}
	if task.ID == 0 {
		return hls.Task{}, record.ErrNone
	}
	return task, nil
}

// Take takes one task to run.
func (s *Store) Take(ctx context.Context, taskID int64, owner string, lease time.Duration) (task hls.Task, err error) {
	const free = `SELECT id FROM tasks t WHERE id = ?1 AND state = 'queued' AND run_at <= ?2
		AND NOT EXISTS (SELECT 1 FROM tasks o WHERE o.subject_key = t.subject_key AND o.state = 'running')`
	err = s.write(ctx, func(t *tx) error {
		now := stamp(t.now)
		if err := t.reclaim(expired, now); err != nil {
			return err
		}
		var id int64
		err := t.row(free, []any{taskID, now}, &id)
		if none(err) {
			return nil
		}
		if err == nil {
			task, err = t.run(id, owner, lease)
		}
		return err
	})
	if err != nil {
		return hls.Task{}, named("take task", taskID, err)
	}
	if task.ID == 0 {
		return hls.Task{}, record.ErrNone
	}
	return task, nil
}

const expired = `SELECT id FROM tasks WHERE state = 'running' AND until <= ?`

// claim returns the zero task when there is none: an error would undo what reclaim did.
func (t *tx) claim(owner string, lease time.Duration) (task hls.Task, err error) {
	defer func() { t.ready = false }() // Whoever claims looks again by himself.
	now := stamp(t.now)
	if err := t.reclaim(expired, now); err != nil {
		return task, err
	}
	id, err := t.next(now)
	if none(err) {
		return task, nil
	}
	if err != nil {
		return task, err
	}
	return t.run(id, owner, lease)
}

// run puts a task under a lease.
func (t *tx) run(id int64, owner string, lease time.Duration) (task hls.Task, err error) {
	const q = `UPDATE tasks SET state = 'running', reason = '', attempt = attempt + 1, epoch = epoch + 1, owner = ?, until = ? WHERE id = ?`
	if err := t.exec(q, owner, stamp(t.now.Add(lease)), id); err != nil {
		return task, err
	}
	if err := t.row(selectTask+` WHERE t.id = ?`, []any{id}, targets(&task)...); err != nil {
		return task, err
	}
	return task, t.settle(task.Subject.Key(), task.Subject.RepoID)
}

// Renew prolongs a lease.
func (s *Store) Renew(ctx context.Context, task hls.Task, lease time.Duration) error {
	err := s.write(ctx, func(t *tx) error {
		if err := t.hold(task); err != nil {
			return err
		}
		return t.exec(`UPDATE tasks SET until = ? WHERE id = ?`, stamp(t.now.Add(lease)), task.ID)
	})
	return named("renew lease", task.ID, err)
}

// Finish ends a run.
func (s *Store) Finish(ctx context.Context, task hls.Task, o hls.Outcome) error {
	err := s.write(ctx, func(t *tx) error {
		if !record.Allowed(hls.Running, o.State) {
			return fmt.Errorf("a running task cannot become %q", o.State)
		}
		if err := t.hold(task); err != nil {
			return err
		}
		if err := t.exec(`UPDATE tasks SET spent = spent + ? WHERE id = ?`, o.Spent.Microseconds(), task.ID); err != nil {
			return err
		}
		if o.State == hls.Queued {
			return t.retry(task, o)
		}
		return t.end(task, o)
	})
	return named("finish task", task.ID, err)
}

func (t *tx) retry(task hls.Task, o hls.Outcome) error {
	t.counts.Retried()
	if err := t.exec(`UPDATE tasks SET failing_at = ? WHERE id = ?`, stamp(o.FailingAt), task.ID); err != nil {
		return err
	}
	r := requeue{id: task.ID, reason: o.Reason, runAt: max(stamp(o.RetryAt), stamp(t.now))}
	if o.Free {
		r.refund = 1
	}
	return t.requeue(r)
}

func (t *tx) end(task hls.Task, o hls.Outcome) error {
	const q = `UPDATE tasks SET state = ?, reason = ?, owner = '', until = 0 WHERE id = ? RETURNING spent`
	var spent int64
	if err := t.row(q, []any{o.State, o.Reason, task.ID}, &spent); err != nil {
		return err
	}
	t.counts.Ended(o.State, o.Reason)
	t.audits.Ended(task, o.State, o.Reason)
	t.counts.Processed(time.Duration(spent) * time.Microsecond)
	return t.settle(task.Subject.Key(), task.Subject.RepoID)
}

// Release hands a running task back.
func (s *Store) Release(ctx context.Context, task hls.Task) error {
	err := s.write(ctx, func(t *tx) error {
		if err := t.hold(task); err != nil {
			return err
		}
		return t.requeue(requeue{id: task.ID, reason: "handed_back", runAt: stamp(t.now), refund: 1})
	})
	return named("release task", task.ID, err)
}

// Resume queues a parked task again.
func (s *Store) Resume(ctx context.Context, taskID int64) error {
	err := s.write(ctx, func(t *tx) error {
		var task hls.Task
		if err := t.row(selectTask+` WHERE t.id = ?`, []any{taskID}, targets(&task)...); err != nil {
			return found(err)
		}
		if task.State != hls.Parked {
			return fmt.Errorf("%w: it is %s", record.ErrNotParked, task.State)
		}
		if err := t.exec(`UPDATE tasks SET failing_at = 0 WHERE id = ?`, taskID); err != nil {
			return err
		}
		t.audits.Again(hls.AuditResume, taskID, task.DeliveryID, task.Subject)
		return t.requeue(requeue{id: taskID, reason: "resumed", runAt: stamp(t.now), refund: task.Attempt})
	})
	return named("resume task", taskID, err)
}

// named says what could not be done to which task.
func named(what string, taskID int64, err error) error {
	if err == nil {
		return nil
	}
	if none(err) {
		err = hls.ErrNotFound
	}
	return fmt.Errorf("%s %d: %w", what, taskID, err)
}
