package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
)

// errLapsed says that leases have run out, and that their tasks are to be queued again before a claim.
var errLapsed = errors.New("leases have run out")

// lapsed finds tasks whose leases have run out, and their lanes, but for those that another instance has in hand. Few
// tasks are running at a time.
const (
	lapsed      = `SELECT EXISTS (SELECT 1 FROM tasks WHERE state = 'running' AND until <= $1)`
	lapsedTasks = `SELECT t.id FROM tasks t JOIN lanes l ON l.subject_key = t.subject_key WHERE t.state = 'running' AND t.until <= $1
		ORDER BY t.subject_key LIMIT 50 FOR UPDATE OF l SKIP LOCKED`
)

// Claim takes a task to run.
func (s *Store) Claim(ctx context.Context, owner string, lease time.Duration) (task hls.Task, err error) {
	task, err = s.claim(ctx, owner, lease, true)
	if errors.Is(err, errLapsed) {
		if err = s.reclaim(ctx); err == nil {
			task, err = s.claim(ctx, owner, lease, false)
		}
	}
	switch {
	case errors.Is(err, record.ErrNone):
		return hls.Task{}, record.ErrNone
	case err != nil:
		return hls.Task{}, fmt.Errorf("claim task: %w", err)
	}
	return task, nil
}

// claim takes a task. With look it fails with errLapsed when there are leases that have run out.
func (s *Store) claim(ctx context.Context, owner string, lease time.Duration, look bool) (task hls.Task, err error) {
	for range tries {
		task = hls.Task{}
		err = s.write(ctx, func(t *tx) error {
			l, err := t.pick(look)
			if err == nil {
				t.take(l, owner, lease, &task)
			}
			return err
		})
		if err != nil && !doubled(err, "tasks_running") || task.ID != 0 {
			return task, err
		}
	}
	return hls.Task{}, errors.Join(record.ErrNone, err)
}

// pick finds and locks the lane to work on.
func (t *tx) pick(look bool) (l lane, err error) {
	var b queries
	b.Queue(lapsed, t.now).QueryRow(func(row pgx.Row) error {
		var some bool
		if err := row.Scan(&some); err != nil || !some || !look {
			return err
		}
		return errLapsed
	})
	b.Queue(pick, t.now, lockYard, slots).QueryRow(l.scan)
	err = t.send(&b)
	if none(err) {
		err = record.ErrNone
	}
	return l, err
}

// take takes the task of a lane that is due first, as the transaction commits. The task stays empty when there is none
// after all.
func (t *tx) take(l lane, owner string, lease time.Duration, task *hls.Task) {
	t.last.Queue(putUnderLease+`(`+head+`) RETURNING `+taskColumns, l.key, t.now, owner, t.now.Add(lease)).QueryRow(taken(task))
	t.leave(l)
}

const putUnderLease = `UPDATE tasks t SET state = 'running', reason = '', attempt = attempt + 1, epoch = epoch + 1, owner = $3, until = $4
		WHERE id = `

func taken(task *hls.Task) func(pgx.Row) error {
	return func(row pgx.Row) error {
		err := row.Scan(targets(task)...)
		if none(err) {
			return nil
		}
		return err
	}
}

// laneOf finds and locks the lane of a task, unless something of its subject runs.
const laneOf = `SELECT subject_key, repo_id, pg_try_advisory_xact_lock($2, (repo_id % $3)::int) FROM (
		SELECT subject_key, repo_id FROM lanes l WHERE NOT busy AND subject_key = (SELECT subject_key FROM tasks WHERE id = $1) FOR UPDATE) l`

// Take takes one task to run.
func (s *Store) Take(ctx context.Context, taskID int64, owner string, lease time.Duration) (task hls.Task, err error) {
	const one = `(SELECT id FROM tasks WHERE id = $1 AND state = 'queued' AND run_at <= $2) RETURNING ` + taskColumns
	if err := s.reclaim(ctx); err != nil {
		return hls.Task{}, fmt.Errorf("take task %d: %w", taskID, err)
	}
	err = s.write(ctx, func(t *tx) error {
		task = hls.Task{}
		var l lane
		var b queries
		b.Queue(laneOf, taskID, lockYard, slots).QueryRow(l.scan)
		if err := t.send(&b); err != nil {
			if none(err) {
				return record.ErrNone
			}
			return err
		}
		t.last.Queue(putUnderLease+one, taskID, t.now, owner, t.now.Add(lease)).QueryRow(taken(&task))
		t.leave(l)
		return nil
	})
	switch {
	case errors.Is(err, record.ErrNone), doubled(err, "tasks_running"), err == nil && task.ID == 0:
		return hls.Task{}, record.ErrNone
	case err != nil:
		return hls.Task{}, fmt.Errorf("take task %d: %w", taskID, err)
	}
	return task, nil
}

// head is the task of a subject that is due first.
const head = `SELECT id FROM tasks WHERE subject_key = $1 AND state = 'queued' AND run_at <= $2 ORDER BY run_at, id LIMIT 1`

// reclaim queues tasks whose leases have run out. The attempt stays counted, so that a delivery that kills its process
// comes to the end of its attempts.
func (s *Store) reclaim(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error {
		rows, err := t.conn.Query(t.ctx, lapsedTasks, t.now)
		if err != nil {
			return unavailable(t.conn, err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(ids) == 0 {
			return unavailable(t.conn, err)
		}
		return t.requeue(requeue{ids: ids, from: hls.Running, lapsed: &t.now, reason: "interrupted", runAt: t.now})
	})
}

// writeFor is write for the holder of a task: do runs while the task's lease is the one in force, and the task's row
// is locked until the commit.
func (s *Store) writeFor(ctx context.Context, task hls.Task, do func(*tx) error) error {
	return s.transact(ctx, func(b *queries) { hold(b, task) }, do)
}

// changeFor is writeFor for what changes the state of the task: the lane is locked too.
func (s *Store) changeFor(ctx context.Context, task hls.Task, do func(*tx) error) error {
	return s.transact(ctx, func(b *queries) {
		b.Queue(lockLane, task.ID)
		hold(b, task)
	}, do)
}

func hold(b *queries, task hls.Task) {
	const q = `SELECT FROM tasks WHERE id = $1 AND epoch = $2 AND state = 'running' FOR NO KEY UPDATE`
	b.Queue(q, task.ID, task.Lease.Epoch).QueryRow(func(row pgx.Row) error {
		err := row.Scan()
		if none(err) {
			return hls.ErrLost
		}
		return err
	})
}

// Renew prolongs a lease.
func (s *Store) Renew(ctx context.Context, task hls.Task, lease time.Duration) error {
	err := s.writeFor(ctx, task, func(t *tx) error {
		t.last.Queue(`UPDATE tasks SET until = $2 WHERE id = $1`, task.ID, t.now.Add(lease))
		return nil
	})
	return named("renew lease", task.ID, err)
}

// Finish ends a run.
func (s *Store) Finish(ctx context.Context, task hls.Task, o hls.Outcome) error {
	err := s.changeFor(ctx, task, func(t *tx) error {
		switch {
		case !record.Allowed(hls.Running, o.State):
			return fmt.Errorf("a running task cannot become %q", o.State)
		case o.State == hls.Queued:
			return t.retry(task, o)
		}
		return t.end(task, o)
	})
	return named("finish task", task.ID, err)
}

func (t *tx) retry(task hls.Task, o hls.Outcome) error {
	t.counts.Retried()
	r := requeue{ids: []int64{task.ID}, from: hls.Running, reason: o.Reason, runAt: o.RetryAt, failing: &o.FailingAt, spent: o.Spent}
	if r.runAt.Before(t.now) {
		r.runAt = t.now
	}
	if o.Free {
		r.refund = 1
	}
	return t.requeue(r)
}

func (t *tx) end(task hls.Task, o hls.Outcome) error {
	const q = `UPDATE tasks SET state = $2, reason = $3, spent = spent + $4, owner = '', until = $5 WHERE id = $1 RETURNING spent`
	var spent int64
	if err := t.row(q, []any{task.ID, string(o.State), o.Reason, o.Spent.Microseconds(), time.Time{}}, &spent); err != nil {
		return err
	}
	t.counts.Ended(o.State, o.Reason)
	t.audits.Ended(task, o.State, o.Reason)
	t.counts.Processed(time.Duration(spent) * time.Microsecond)
	t.settle(place{task.Subject.Key(), task.Subject.RepoID})
	return nil
}

// Release hands a running task back.
func (s *Store) Release(ctx context.Context, task hls.Task) error {
	err := s.changeFor(ctx, task, func(t *tx) error {
		return t.requeue(requeue{ids: []int64{task.ID}, from: hls.Running, reason: "handed_back", runAt: t.now, refund: 1})
	})
	return named("release task", task.ID, err)
}

// Resume queues a parked task again.
func (s *Store) Resume(ctx context.Context, taskID int64) error {
	err := s.write(ctx, func(t *tx) error {
		if err := t.exec(makeLane, taskID); err != nil {
			return err
		}
		var task hls.Task
		if err := t.row(`SELECT `+taskColumns+` FROM tasks t WHERE id = $1 FOR UPDATE`, []any{taskID}, targets(&task)...); err != nil {
			return found(err)
		}
		if task.State != hls.Parked {
			return fmt.Errorf("%w: it is %s", record.ErrNotParked, task.State)
		}
		t.audits.Again(hls.AuditResume, taskID, task.DeliveryID, task.Subject)
		r := requeue{ids: []int64{taskID}, from: hls.Parked, reason: "resumed", runAt: t.now, refund: task.Attempt}
		r.failing = &time.Time{}
		return t.requeue(r)
	})
	return named("resume task", taskID, err)
}
