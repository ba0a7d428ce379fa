package sqlite

import (
	"context"
	"errors"
	"fmt"

	"hls/internal/hls"
	"hls/internal/record"
)

// origin is the delivery that a task is made of.
type origin struct{ deliveryID, requestID string }

// Enqueue queues a new task of a stored delivery.
func (s *Store) Enqueue(ctx context.Context, deliveryID string, work record.NewTask) (id int64, err error) {
	err = s.write(ctx, func(t *tx) (err error) {
		from := origin{deliveryID: deliveryID}
		if err := t.row(`SELECT request_id FROM deliveries WHERE id = ?`, []any{deliveryID}, &from.requestID); err != nil {
			return found(err)
		}
		if id, err = t.enqueue(from, work); err == nil {
			t.audits.Enqueued(id, deliveryID, work)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("enqueue delivery %s: %w", deliveryID, err)
	}
	return id, nil
}

// met tells whether a subject and purpose has work that neither failed nor was superseded; newest is GitHub's time of the newest event of a subject and purpose; older are its queued tasks that are no newer
// than a time.
const (
	met    = `SELECT EXISTS (SELECT 1 FROM tasks WHERE subject_key = ? AND purpose = ? AND state NOT IN ('parked', 'superseded'))`
	newest = `SELECT ifnull(max(occurred_at), -1) FROM tasks WHERE subject_key = ? AND purpose = ?`
	older  = ` WHERE subject_key = ? AND purpose = ? AND state = 'queued' AND occurred_at <= ?`
)

// enqueue stores a task: queued, with what it supersedes, or superseded itself when it came late.
func (t *tx) enqueue(from origin, work record.NewTask) (int64, error) {
	key, occurred := work.Subject.Key(), stamp(work.OccurredAt)
	state, reason, burst, alone := hls.Queued, "", t.now, true
	last, late, err := t.late(key, work, &occurred)
	if err != nil {
		return 0, err
	}
	switch {
	case late:
		state, reason = hls.Superseded, record.ReasonLate
		t.counts.Ended(state, reason)
	case last >= 0:
		alone = false
		first, err := t.supersede(from, work, occurred)
		if err != nil {
			return 0, err
		}
		if first != 0 {
			burst = moment(min(first, stamp(t.now)))
		}
	}
	const q = `INSERT INTO tasks (delivery_id, request_id, origin, subject_key, scope, repo_id, repo, kind, number, ref, purpose,
			event, action, actor, state, reason, occurred_at, queued_at, burst_at, run_at, title)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	sub, runAt := work.Subject, stamp(record.RunAt(t.now, burst, work.Debounce))
	id, err := t.insert(q, from.deliveryID, from.requestID, work.Origin, key, sub.Scope, sub.RepoID, sub.Repo, sub.Kind, sub.Number, sub.Ref,
		work.Purpose, work.Event, work.Action, work.Actor, state, reason, occurred, stamp(t.now), stamp(burst), runAt, work.Title)
	switch {
	case err != nil:
		return id, err
	case state != hls.Queued:
		t.audits.Superseded(from.deliveryID, work, reason, id)
		return id, nil
	case alone:
		return id, t.join(key, sub.RepoID, runAt)
	}
	return id, t.settle(key, sub.RepoID)
}

// late tells whether work comes too late, and GitHub's time of the newest event of its subject and purpose.
func (t *tx) late(key string, work record.NewTask, occurred *int64) (last int64, late bool, err error) {
	if work.Origin.Swept() {
		return -1, late, t.row(met, []any{key, work.Purpose}, &late)
	}
	if err := t.row(newest, []any{key, work.Purpose}, &last); err != nil || work.Origin.Again() {
		return last, false, err
	}
	if last > stamp(t.now) {
		*occurred = max(*occurred, last) // A clock was wrong, and what comes counts in order.
	}
	return last, last > *occurred, nil
}

// supersede ends the queued tasks of the subject and purpose of new work that are no newer than occurred. It returns when
// the first of the burst was queued, 0 when none of them was waiting for its first run.
func (t *tx) supersede(from origin, work record.NewTask, occurred int64) (burst int64, err error) {
	args := []any{work.Subject.Key(), work.Purpose, occurred}
	if err := t.row(`SELECT ifnull(min(CASE epoch WHEN 0 THEN burst_at END), 0) FROM tasks`+older, args, &burst); err != nil {
		return 0, err
	}
	ids, err := t.ids(`UPDATE tasks SET state = 'superseded', reason = '`+record.ReasonNewer+`'`+older+` RETURNING id`, args...)
	t.audits.Superseded(from.deliveryID, work, record.ReasonNewer, ids...)
	for range ids {
		t.counts.Ended(hls.Superseded, record.ReasonNewer)
	}
	return burst, err
}

// requeue is how a task that ran, or was parked, goes back into the queue: superseded when newer work is queued.
type requeue struct {
	id     int64
	reason string
	runAt  int64
	refund int // attempts given back
}

func (t *tx) requeue(r requeue) (err error) {
	const newer = `SELECT EXISTS (SELECT 1 FROM tasks o WHERE o.subject_key = t.subject_key AND o.purpose = t.purpose
		AND o.state = 'queued' AND o.occurred_at >= t.occurred_at AND o.id > t.id), subject_key, repo_id FROM tasks t WHERE id = ?`
	const q = `UPDATE tasks SET state = ?, reason = ?, run_at = ?, attempt = max(attempt - ?, 0), owner = '', until = 0 WHERE id = ?`
	var late bool
	var key string
	var repoID int64
	if err := t.row(newer, []any{r.id}, &late, &key, &repoID); err != nil {
		return err
	}
	state := hls.Queued
	if late {
		state, r.reason = hls.Superseded, record.ReasonNewer
		t.counts.Ended(state, r.reason)
		var task hls.Task
		if err := t.row(selectTask+` WHERE t.id = ?`, []any{r.id}, targets(&task)...); err != nil {
			return err
		}
		t.audits.Ended(task, state, r.reason)
	}
	return errors.Join(t.exec(q, state, r.reason, r.runAt, r.refund, r.id), t.settle(key, repoID))
}

// recoverTasks queues what was running when the last process ended. The attempt stays counted, so that a delivery
// that kills the process comes to the end of its attempts.
func (s *Store) recoverTasks(t *tx) error {
	if err := errors.Join(t.loadClock(t.w.clock), t.follow(t.w.clock), t.rebuild()); err != nil {
		return err
	}
	return t.reclaim(`SELECT id FROM tasks WHERE state = 'running'`)
}

// reclaim queues running tasks again, now.
func (t *tx) reclaim(which string, args ...any) error {
	ids, err := t.ids(which, args...)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := t.requeue(requeue{id: id, reason: "interrupted", runAt: stamp(t.now)}); err != nil {
			return err
		}
	}
	return nil
}
