package postgres

import (
	"github.com/jackc/pgx/v5"
)

// The order in which a transaction takes what others may wait for, so that no two wait for each other: ids and bodies
// of deliveries, lanes by key, a task, the lock of spending, yards by repository, money.
//
// A lane follows from the tasks of its subject, and whoever changes those holds its row. A yard only promises that no
// lane of its repository is due earlier, so that work on one repository does not queue up at one row: whoever makes a
// lane due lowers the promise where it must be, holding the yard's lock shared; whoever raises it holds the lock alone,
// and leaves it as it is when he cannot have it at once.

// lock classes: the first of the two numbers of an advisory lock.
const (
	lockYard  = 0x686c7301 // of the repositories that share a slot
	lockSpend = 0x686c7302
	lockHouse = 0x686c7303 // of the instance that tidies up
)

// slots is how many advisory locks there are for all yards.
const slots = 1024

const (
	// makeLanes locks the lanes of subjects, and makes those that are missing.
	makeLanes = `INSERT INTO lanes (subject_key, repo_id, busy, due_at)
		SELECT k, r, false, d FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) AS new (k, r, d)
		ON CONFLICT (subject_key) DO UPDATE SET repo_id = excluded.repo_id`
	// lockLane locks the lane of a task. There is one while the task is queued or running.
	lockLane = `SELECT FROM lanes WHERE subject_key = (SELECT subject_key FROM tasks WHERE id = $1) FOR UPDATE`
	// makeLane is both, for a task that is neither.
	makeLane = `INSERT INTO lanes (subject_key, repo_id, busy) SELECT subject_key, repo_id, false FROM tasks WHERE id = $1
		ON CONFLICT (subject_key) DO UPDATE SET repo_id = excluded.repo_id`
)

const (
	runs = `EXISTS (SELECT 1 FROM tasks t WHERE t.subject_key = lanes.subject_key AND t.state = 'running' OFFSET 0)`
	due  = `(SELECT min(t.run_at) FROM tasks t WHERE t.subject_key = lanes.subject_key AND t.state = 'queued')`

	endLanes = `DELETE FROM lanes WHERE subject_key = ANY ($1) AND NOT ` + runs + ` AND ` + due + ` IS NULL`
	setLanes = `UPDATE lanes SET busy = ` + runs + `, due_at = ` + due + `
		WHERE subject_key = ANY ($1) AND (busy, due_at) IS DISTINCT FROM (` + runs + `, ` + due + `)`

	// released are the lanes of subjects that are free and have something queued. The condition is written so that the
	// planner can use the index of the keys alone.
	released = `FROM lanes l WHERE l.subject_key = ANY ($1) AND CASE WHEN l.busy THEN NULL ELSE l.due_at END IS NOT NULL`

	shareYards = `SELECT pg_advisory_xact_lock_shared($2, slot) FROM (
		SELECT DISTINCT (l.repo_id % $3)::int AS slot ` + released + ` ORDER BY slot OFFSET 0) l`
	lowerYards = `INSERT INTO yards (repo_id, due_at) SELECT l.repo_id, min(l.due_at) ` + released + `
			AND coalesce((SELECT y.due_at FROM yards y WHERE y.repo_id = l.repo_id), 'infinity') > l.due_at
		GROUP BY l.repo_id ORDER BY l.repo_id
		ON CONFLICT (repo_id) DO UPDATE SET due_at = least(yards.due_at, excluded.due_at)`

	earliest   = `(SELECT min(l.due_at) FROM lanes l WHERE l.repo_id = y.repo_id AND NOT l.busy)`
	raiseYards = `UPDATE yards y SET due_at = ` + earliest + ` WHERE y.repo_id = ANY ($1) AND y.due_at < ` + earliest
	endYards   = `DELETE FROM yards y WHERE y.repo_id = ANY ($1) AND ` + earliest + ` IS NULL`
)

// place is a subject and its repository.
type place struct {
	key  string
	repo int64
}

// settle makes lanes follow from their tasks again, as the transaction commits, and tells of those that are due. Every
// change of a task's state or time ends with it. Its cost does not depend on how many tasks are queued.
func (t *tx) settle(places ...place) {
	keys := column(places, func(p place) string { return p.key })
	t.ready = true
	t.last.Queue(endLanes, keys)
	t.last.Queue(setLanes, keys)
	t.last.Queue(shareYards, keys, lockYard, slots)
	t.last.Queue(lowerYards, keys)
}

// pick finds and locks a lane to work on at a time: of the repositories with the fewest tasks running, the lane that
// has been due the longest. Yards of repositories with nothing running are looked at in the order of their promises
// until one holds it; of those with something running there are as many as tasks are running at most. It tells
// whether the yard's lock could be had alone.
const (
	free = `CROSS JOIN LATERAL (
			SELECT subject_key, repo_id FROM lanes l WHERE l.repo_id = y.repo_id AND NOT l.busy AND l.due_at <= $1
			ORDER BY l.due_at LIMIT 1 FOR UPDATE SKIP LOCKED) l LIMIT 1`
	pick = `WITH busy AS MATERIALIZED (SELECT repo_id, count(*) AS n FROM lanes WHERE busy GROUP BY repo_id)
		SELECT subject_key, repo_id, pg_try_advisory_xact_lock($2, (repo_id % $3)::int) FROM (
			(SELECT l.subject_key, l.repo_id FROM (
				SELECT y.repo_id FROM yards y WHERE y.due_at <= $1 AND NOT EXISTS (SELECT 1 FROM busy b WHERE b.repo_id = y.repo_id)
				ORDER BY y.due_at OFFSET 0) y ` + free + `)
			UNION ALL
			(SELECT l.subject_key, l.repo_id FROM (
				SELECT y.repo_id FROM busy b CROSS JOIN LATERAL (SELECT * FROM yards y WHERE y.repo_id = b.repo_id OFFSET 0) y
				WHERE y.due_at <= $1 ORDER BY b.n, y.due_at OFFSET 0) y ` + free + `)
			LIMIT 1) l`
)

// lane is what pick finds.
type lane struct {
	place
	alone bool
}

func (l *lane) scan(row pgx.Row) error { return row.Scan(&l.key, &l.repo, &l.alone) }

// leave raises the promise of the yard whose lane was taken, as the transaction commits.
func (t *tx) leave(l lane) {
	t.last.Queue(setLanes, []string{l.key})
	if l.alone {
		t.last.Queue(raiseYards, []int64{l.repo})
		t.last.Queue(endYards, []int64{l.repo})
	}
}

// stale are yards whose promise is behind, as far as their locks can be had alone.
const stale = `SELECT repo_id FROM (
		SELECT y.repo_id FROM yards y WHERE y.due_at <= $1
			AND NOT EXISTS (SELECT 1 FROM lanes l WHERE l.repo_id = y.repo_id AND NOT l.busy AND l.due_at <= $1 OFFSET 0)
		ORDER BY y.due_at LIMIT 100) y
	WHERE pg_try_advisory_xact_lock($2, (repo_id % $3)::int)`

// tidy raises the promises that are behind, so that claims need not look there.
func (t *tx) tidy() error {
	var repos []int64
	var b queries
	b.Queue(stale, t.now, lockYard, slots).Query(func(rows pgx.Rows) (err error) {
		repos, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	if err := t.send(&b); err != nil || len(repos) == 0 {
		return err
	}
	t.last.Queue(raiseYards, repos)
	t.last.Queue(endYards, repos)
	return nil
}
