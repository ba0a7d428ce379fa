package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
)

// job is work to be queued on a stored delivery.
type job struct {
	deliveryID, requestID string
	timeless              bool // the event tells no time of its own: it is as new as it came in
	work                  record.NewTask

	occurred time.Time // as it is stored, as are the rest
	id       int64     // of its task, as are the rest
	state    hls.State
	reason   string
	began    time.Time // when the first task of its burst was queued
	runAt    time.Time
	settled  place
}

// stream is a subject and purpose.
type stream struct{ key, purpose string }

func (j *job) stream() stream { return stream{j.settled.key, j.work.Purpose} }

// burst is what is known of a stream while work is added to it.
type burst struct {
	newest *time.Time // GitHub's time of its newest event
	met    bool       // some of its work neither failed nor was superseded
	queued []*waiting
}

// waiting is a queued task.
type waiting struct {
	id       int64
	occurred time.Time
	began    time.Time
	fresh    bool // it has not run yet
	job      *job // nil when the task is stored already
}

// enqueue queues jobs in their order. Each is queued, with what it supersedes, or superseded itself when it came late.
func (t *tx) enqueue(jobs []*job) error {
	for _, j := range jobs {
		sub := j.work.Subject
		j.settled = place{sub.Key(), sub.RepoID}
	}
	places := slices.SortedFunc(slices.Values(column(jobs, func(j *job) place { return j.settled })),
		func(a, b place) int { return cmp.Compare(a.key, b.key) })
	places = slices.CompactFunc(places, func(a, b place) bool { return a.key == b.key })
	bursts, err := t.bursts(jobs, places)
	if err != nil {
		return err
	}
	var older []int64
	for _, j := range jobs {
		older = append(older, t.decide(j, bursts[j.stream()])...)
	}
	if len(older) > 0 {
		t.last.Queue(`UPDATE tasks SET state = 'superseded', reason = $2 WHERE id = ANY ($1)`, older, record.ReasonNewer)
	}
	t.insertTasks(jobs)
	t.settle(places...)
	return nil
}

const (
	newestOf = `SELECT k, p, (SELECT max(occurred_at) FROM tasks WHERE subject_key = k AND purpose = p),
			w AND EXISTS (SELECT 1 FROM tasks WHERE subject_key = k AND purpose = p AND state NOT IN ('parked', 'superseded'))
		FROM unnest($1::text[], $2::text[], $3::boolean[]) AS s (k, p, w)`
	waitingOf = `SELECT k, p, id, occurred_at, burst_at, epoch = 0 FROM unnest($1::text[], $2::text[]) AS s (k, p)
		CROSS JOIN LATERAL (SELECT * FROM tasks WHERE subject_key = k AND purpose = p AND state = 'queued' OFFSET 0) t`
)

// bursts locks the lanes, gives the jobs their ids, and reads what the jobs' streams have.
func (t *tx) bursts(jobs []*job, places []place) (map[stream]*burst, error) {
	var due []time.Time
	bursts := map[stream]*burst{}
	for _, p := range places {
		first := slices.IndexFunc(jobs, func(j *job) bool { return j.settled.key == p.key })
		due = append(due, record.RunAt(t.now, t.now, jobs[first].work.Debounce))
	}
	var keys, purposes []string
	var swept []bool
	for _, j := range jobs {
		if s := j.stream(); bursts[s] == nil {
			bursts[s] = &burst{}
			keys, purposes = append(keys, s.key), append(purposes, s.purpose)
			swept = append(swept, slices.ContainsFunc(jobs, func(o *job) bool { return o.work.Origin.Swept() && o.stream() == s }))
		}
	}
	var b queries
	b.Queue(makeLanes, column(places, func(p place) string { return p.key }), column(places, func(p place) int64 { return p.repo }), due)
	b.Queue(`SELECT nextval('tasks_id_seq') FROM generate_series(1, $1)`, len(jobs)).Query(func(rows pgx.Rows) error {
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		slices.Sort(ids)
		for i, id := range ids {
			jobs[i].id = id
		}
		return err
	})
	b.Queue(newestOf, keys, purposes, swept).Query(func(rows pgx.Rows) error {
		var s stream
		var read burst
		_, err := pgx.ForEachRow(rows, []any{&s.key, &s.purpose, &read.newest, &read.met}, func() error {
			bursts[s].newest, bursts[s].met = read.newest, read.met
			return nil
		})
		return err
	})
	b.Queue(waitingOf, keys, purposes).Query(func(rows pgx.Rows) error {
		var s stream
		var w waiting
		_, err := pgx.ForEachRow(rows, []any{&s.key, &s.purpose, &w.id, &w.occurred, &w.began, &w.fresh}, func() error {
			queued := w
			bursts[s].queued = append(bursts[s].queued, &queued)
			return nil
		})
		return err
	})
	return bursts, t.send(&b)
}

// decide says what becomes of a job, and returns the stored tasks that it supersedes.
func (t *tx) decide(j *job, b *burst) (older []int64) {
	j.state, j.reason, j.began = hls.Queued, "", t.now
	j.occurred = j.work.OccurredAt.Truncate(time.Microsecond)
	replay, late := j.work.Origin.Again(), b.newest != nil && b.newest.After(j.occurred)
	if j.work.Origin.Swept() {
		late = b.met
	} else if late && !replay && (j.timeless || b.newest.After(t.now)) { // A time yet to come was told by a clock that was wrong.
		j.occurred, late = *b.newest, false
	}
	if late && !replay {
		j.state, j.reason = hls.Superseded, record.ReasonLate
		t.counts.Ended(j.state, j.reason)
		t.audits.Superseded(j.deliveryID, j.work, j.reason, j.id)
	} else {
		older, b.met = t.supersede(j, b), true
		b.queued = append(b.queued, &waiting{id: j.id, occurred: j.occurred, began: j.began, fresh: true, job: j})
	}
	if b.newest == nil || b.newest.Before(j.occurred) {
		b.newest = &j.occurred
	}
	j.runAt = record.RunAt(t.now, j.began, j.work.Debounce)
	return older
}

// supersede ends the queued tasks that are no newer than the job, which goes on with the burst of those of them that
// have not run yet. It returns the stored ones.
func (t *tx) supersede(j *job, b *burst) (older []int64) {
	var gone []int64
	b.queued = slices.DeleteFunc(b.queued, func(w *waiting) bool {
		if w.occurred.After(j.occurred) {
			return false
		}
		if w.fresh && w.began.Before(j.began) {
			j.began = w.began
		}
		if w.job != nil {
			w.job.state, w.job.reason = hls.Superseded, record.ReasonNewer
		} else {
			older = append(older, w.id)
		}
		gone = append(gone, w.id)
		t.counts.Ended(hls.Superseded, record.ReasonNewer)
		return true
	})
	t.audits.Superseded(j.deliveryID, j.work, record.ReasonNewer, gone...)
	return older
}

const insertTasks = `INSERT INTO tasks (id, delivery_id, request_id, origin, subject_key, scope, repo_id, repo, kind, number, ref, purpose,
		event, action, actor, state, reason, occurred_at, queued_at, burst_at, run_at, title)
	SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, $21, s, t, u
	FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[],
		$10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[],
		$18::timestamptz[], $19::timestamptz[], $20::timestamptz[], $22::text[]) AS new (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u)`

// insertUntitled is insertTasks for a schema from before tasks had titles.
var insertUntitled = sync.OnceValue(func() string {
	return strings.NewReplacer("run_at, title", "run_at", "s, t, u", "s, t", ", $22::text[]", "").Replace(insertTasks)
})

func (t *tx) insertTasks(jobs []*job) {
	text := func(field func(*job) string) []string { return column(jobs, field) }
	args := []any{
		column(jobs, func(j *job) int64 { return j.id }),
		text(func(j *job) string { return j.deliveryID }),
		text(func(j *job) string { return j.requestID }),
		text(func(j *job) string { return string(j.work.Origin) }),
		text(func(j *job) string { return j.settled.key }),
		text(func(j *job) string { return j.work.Subject.Scope }),
		column(jobs, func(j *job) int64 { return j.work.Subject.RepoID }),
		text(func(j *job) string { return j.work.Subject.Repo }),
		text(func(j *job) string { return string(j.work.Subject.Kind) }),
		column(jobs, func(j *job) int64 { return int64(j.work.Subject.Number) }),
		text(func(j *job) string { return j.work.Subject.Ref }),
		text(func(j *job) string { return j.work.Purpose }),
		text(func(j *job) string { return j.work.Event }),
		text(func(j *job) string { return j.work.Action }),
		text(func(j *job) string { return j.work.Actor }),
		text(func(j *job) string { return string(j.state) }),
		text(func(j *job) string { return j.reason }),
		column(jobs, func(j *job) time.Time { return j.occurred }),
		column(jobs, func(j *job) time.Time { return j.began }),
		column(jobs, func(j *job) time.Time { return j.runAt }),
		t.now,
	}
	if t.untitled {
		t.last.Queue(insertUntitled(), args...)
		return
	}
	t.last.Queue(insertTasks, append(args, text(func(j *job) string { return j.work.Title }))...)
}

// Enqueue queues a new task of a stored delivery.
func (s *Store) Enqueue(ctx context.Context, deliveryID string, work record.NewTask) (id int64, err error) {
	err = s.write(ctx, func(t *tx) error {
		j := &job{deliveryID: deliveryID, work: work}
		if err := t.row(`SELECT request_id FROM deliveries WHERE id = $1 FOR SHARE`, []any{deliveryID}, &j.requestID); err != nil {
			return found(err)
		}
		err := t.enqueue([]*job{j})
		id = j.id
		t.audits.Enqueued(id, deliveryID, work)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("enqueue delivery %s: %w", deliveryID, err)
	}
	return id, nil
}

// requeue is how tasks that ran, or were parked, go back into the queue: superseded where newer work is queued.
type requeue struct {
	ids     []int64
	from    hls.State
	lapsed  *time.Time // only those whose leases ran out by then
	reason  string
	runAt   time.Time
	failing *time.Time // since when a door has put them off; nil leaves it as it is
	refund  int        // attempts given back
	spent   time.Duration
}

func (t *tx) requeue(r requeue) error {
	const q = `UPDATE tasks t SET state = CASE WHEN newer THEN 'superseded' ELSE 'queued' END, reason = CASE WHEN newer THEN $6 ELSE $5 END,
			run_at = $4, attempt = greatest(attempt - $7, 0), spent = spent + $8, failing_at = coalesce($9, failing_at),
			owner = '', until = $10
		FROM (SELECT o.id, EXISTS (SELECT 1 FROM tasks q WHERE q.subject_key = o.subject_key AND q.purpose = o.purpose AND q.state = 'queued'
			AND q.occurred_at >= o.occurred_at AND q.id > o.id) AS newer FROM tasks o WHERE o.id = ANY ($1)) o
		WHERE t.id = o.id AND t.state = $2 AND ($3::timestamptz IS NULL OR t.until <= $3) RETURNING t.subject_key, ` + taskColumns
	args := []any{r.ids, string(r.from), r.lapsed, r.runAt, r.reason, record.ReasonNewer, r.refund, r.spent.Microseconds(), r.failing, time.Time{}}
	rows, err := t.conn.Query(t.ctx, q, texts(args)...)
	if err != nil {
		return unavailable(t.conn, err)
	}
	var task hls.Task
	var key string
	var places []place
	_, err = pgx.ForEachRow(rows, append([]any{&key}, targets(&task)...), func() error {
		if task.State == hls.Superseded {
			t.counts.Ended(task.State, record.ReasonNewer)
			t.audits.Ended(task, task.State, record.ReasonNewer)
		}
		places = append(places, place{key, task.Subject.RepoID})
		return nil
	})
	if err != nil || len(places) == 0 {
		return unavailable(t.conn, err)
	}
	t.settle(places...)
	return nil
}
