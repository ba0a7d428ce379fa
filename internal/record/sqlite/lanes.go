package sqlite

import (
	"database/sql"
	"errors"
)

// settle makes the lane of a subject and the yard of its repository follow from the tasks again. Every write that
// changes a task's state or time ends with it. Its cost does not depend on how many tasks are queued.
func (t *tx) settle(subjectKey string, repoID int64) error {
	t.ready = true
	var idle bool
	err := t.row(lane, []any{subjectKey, repoID}, &idle)
	if err == nil && idle {
		err = t.exec(`DELETE FROM lanes WHERE subject_key = ?`, subjectKey)
	}
	if err != nil {
		return err
	}
	err = t.row(yard, []any{repoID}, &idle)
	if err == nil && idle {
		err = t.exec(`DELETE FROM yards WHERE repo_id = ?`, repoID)
	}
	return err
}

// join is settle for a task that was queued while no other of its subject changed.
func (t *tx) join(subjectKey string, repoID, runAt int64) error {
	const lane = `INSERT INTO lanes (subject_key, repo_id, busy, due_at) VALUES (?1, ?2, 0, ?3)
		ON CONFLICT (subject_key) DO UPDATE SET due_at = ?3 WHERE due_at IS NULL OR due_at > ?3
		RETURNING busy`
	const yard = `INSERT INTO yards (repo_id, running, due_at) VALUES (?1, 0, ?2)
		ON CONFLICT (repo_id) DO UPDATE SET due_at = ?2 WHERE due_at IS NULL OR due_at > ?2`
	t.ready = true
	var busy bool
	err := t.row(lane, []any{subjectKey, repoID, runAt}, &busy)
	if none(err) || err == nil && busy {
		return nil // What is due first in the lane, or in the yard, has not changed.
	}
	if err != nil {
		return err
	}
	return t.exec(yard, repoID, runAt)
}

const (
	lane = `INSERT INTO lanes (subject_key, repo_id, busy, due_at) VALUES (?1, ?2,
			EXISTS (SELECT 1 FROM tasks WHERE subject_key = ?1 AND state = 'running'),
			(SELECT min(run_at) FROM tasks WHERE subject_key = ?1 AND state = 'queued'))
		ON CONFLICT (subject_key) DO UPDATE SET busy = excluded.busy, due_at = excluded.due_at
		RETURNING busy = 0 AND due_at IS NULL`
	yard = `INSERT INTO yards (repo_id, running, due_at) VALUES (?1,
			(SELECT count(*) FROM lanes WHERE repo_id = ?1 AND busy = 1),
			(SELECT min(due_at) FROM lanes WHERE repo_id = ?1 AND busy = 0))
		ON CONFLICT (repo_id) DO UPDATE SET running = excluded.running, due_at = excluded.due_at
		RETURNING running = 0 AND due_at IS NULL`
)

// pick finds the subject to work on at now: of the repositories with the fewest tasks running, the lane that has
// been due the longest. Each step is one look into an index; there are as many as different numbers of running tasks.
const pick = `WITH RECURSIVE load (n) AS (
		SELECT min(running) FROM yards
		UNION ALL
		SELECT (SELECT min(running) FROM yards WHERE running > n) FROM load WHERE n IS NOT NULL
	), yard (n, repo_id) AS (
		SELECT n, (SELECT repo_id FROM yards WHERE running = n AND due_at <= ?1 ORDER BY due_at LIMIT 1) FROM load WHERE n IS NOT NULL
	)
	SELECT (SELECT subject_key FROM lanes l WHERE l.repo_id = y.repo_id AND busy = 0 AND due_at <= ?1 ORDER BY due_at LIMIT 1)
	FROM yard y WHERE repo_id IS NOT NULL ORDER BY n
	LIMIT 1`

// head is the task of a subject that is due first.
const head = `SELECT id FROM tasks WHERE subject_key = ?1 AND state = 'queued' ORDER BY run_at, id LIMIT 1`

// next finds the id of the task to run, or returns sql.ErrNoRows.
func (t *tx) next(now int64) (id int64, err error) {
	var subjectKey string
	if err := t.row(pick, []any{now}, &subjectKey); err != nil {
		return 0, err
	}
	err = t.row(head, []any{subjectKey}, &id)
	return id, err
}

// rebuild makes all lanes and yards anew from the tasks.
func (t *tx) rebuild() error {
	return errors.Join(
		t.exec(`DELETE FROM lanes`),
		t.exec(`DELETE FROM yards`),
		t.exec(`INSERT INTO lanes (subject_key, repo_id, busy, due_at)
			SELECT subject_key, max(repo_id), max(state = 'running'), min(CASE state WHEN 'queued' THEN run_at END)
			FROM tasks WHERE state IN ('queued', 'running') GROUP BY subject_key`),
		t.exec(`INSERT INTO yards (repo_id, running, due_at)
			SELECT repo_id, sum(busy), min(CASE busy WHEN 0 THEN due_at END) FROM lanes GROUP BY repo_id`),
	)
}

func none(err error) bool { return errors.Is(err, sql.ErrNoRows) }
