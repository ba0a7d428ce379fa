package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
)

// everyRepo is under which the sums of all repositories are kept.
const everyRepo = -1

// Reserve sets money aside for one call.
func (s *Store) Reserve(ctx context.Context, r hls.Reservation) (id int64, err error) {
	const q = `INSERT INTO spend (task_id, subject_key, repo_id, actor, state, micro_usd, at) VALUES ($1, $2, $3, $4, 'open', $5, $6) RETURNING id`
	repo := r.Task.Subject.RepoID
	err = s.writeAside(ctx, r.Task, func(t *tx) error {
		spent, err := t.spent(r)
		if err != nil {
			return err
		}
		if err := spent.Check(r, t.now); err != nil {
			return err
		}
		t.last.Queue(q, r.Task.ID, r.CountedKey(), repo, r.Task.Actor, r.MicroUSD, t.now).QueryRow(func(row pgx.Row) error {
			return row.Scan(&id)
		})
		t.pay(repo, t.now, r.MicroUSD)
		return nil
	})
	if err != nil {
		return 0, named("reserve money for task", r.Task.ID, err)
	}
	return id, nil
}

// writeAside is writeFor, or write for what is no task's.
func (s *Store) writeAside(ctx context.Context, task hls.Task, do func(*tx) error) error {
	if task.ID == 0 {
		return s.write(ctx, do)
	}
	return s.writeFor(ctx, task, do)
}

// spent reads what the caps that are set are measured against. The caps of more than one subject are measured behind a
// lock, so that all instances together keep them; that of one subject is kept by the task's lease, unless tasks of several
// subjects count under one. Reservations that were never settled count in full.
func (t *tx) spent(r hls.Reservation) (s record.Spent, err error) {
	var b queries
	if r.Counted != nil || r.Budget.Capped() {
		b.Queue(`SELECT pg_advisory_xact_lock($1, 0)`, lockSpend)
	}
	day, month, repo := record.Day(t.now), record.Month(t.now), r.Task.Subject.RepoID
	t.sum(&b, &s.Day, r.Budget.DailyUSD, everyRepo, day)
	t.sum(&b, &s.Month, r.Budget.MonthlyUSD, everyRepo, month)
	t.sum(&b, &s.RepoDay, r.Budget.PerRepoDailyUSD, repo, day)
	t.sum(&b, &s.RepoMonth, r.Budget.PerRepoMonthlyUSD, repo, month)
	t.byActor(&b, &s.ActorDay, r, day)
	if r.Budget.PerActorDailyTasks > 0 {
		const q = `SELECT count(DISTINCT task_id) FROM spend WHERE actor = $1 AND at >= $2 AND task_id <> $3 AND state <> 'void'`
		b.Queue(q, r.Task.Actor, day, r.Task.ID).QueryRow(func(row pgx.Row) error { return row.Scan(&s.ActorTasks) })
	}
	if r.SubjectDaily > 0 {
		t.onSubject(&b, r, &s)
	}
	return s, t.send(&b)
}

// sum queues the reading of what was spent since the start of a day, unless its cap is not set.
func (t *tx) sum(b *queries, m *record.Money, limit float64, repo int64, since time.Time) {
	const q = `SELECT coalesce((SELECT sum(micro_usd) FROM money WHERE day = ANY ($2::date[]) AND repo_id = $1), 0)::bigint,
		coalesce((SELECT sum(micro_usd) FROM spend WHERE state = 'open' AND at > $3 AND at >= $4 AND (repo_id = $1 OR $1 = $5)), 0)::bigint`
	if limit <= 0 {
		return
	}
	var days []time.Time
	for day := since; !day.After(t.now); day = day.AddDate(0, 0, 1) {
		days = append(days, day)
	}
	b.Queue(q, repo, days, t.now.Add(-record.OpenWindow), since, everyRepo).QueryRow(func(row pgx.Row) error {
		return row.Scan(&m.All, &m.Open)
	})
}

// byActor queues the reading of what the task's actor has spent since the start of a day, unless its cap is not set. It adds
// up the calls of that one day: an instance of the release before keeps no sum of them.
func (t *tx) byActor(b *queries, m *record.Money, r hls.Reservation, day time.Time) {
	const q = `SELECT coalesce(sum(micro_usd), 0)::bigint, coalesce(sum(micro_usd) FILTER (WHERE state = 'open' AND at > $3), 0)::bigint
		FROM spend WHERE actor = $1 AND at >= $2 AND state <> 'void'`
	if r.Budget.PerActorDailyUSD <= 0 {
		return
	}
	b.Queue(q, r.Task.Actor, day, t.now.Add(-record.OpenWindow)).QueryRow(func(row pgx.Row) error { return row.Scan(&m.All, &m.Open) })
}

// onSubject queues the reading of the analyses of the subject in the window, as many as the cap, the newest first.
func (t *tx) onSubject(b *queries, r hls.Reservation, s *record.Spent) {
	const q = `SELECT count(*), coalesce(min(at), $2) FROM (SELECT at FROM spend WHERE subject_key = $1 AND at > $2 AND state <> 'void'
		ORDER BY at DESC LIMIT $3) AS newest`
	b.Queue(q, r.CountedKey(), t.now.Add(-record.SubjectWindow), r.SubjectDaily).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&s.Subject, &s.SubjectFrees)
		s.SubjectFrees = s.SubjectFrees.Add(record.SubjectWindow)
		return err
	})
}

// pay adds to the sums of the day of a time, as the transaction commits.
func (t *tx) pay(repo int64, at time.Time, micro int64) {
	const q = `INSERT INTO money (repo_id, day, slot, micro_usd) VALUES ($1, $3::date, $4, $5), ($2, $3::date, $4, $5)
		ON CONFLICT (day, repo_id, slot) DO UPDATE SET micro_usd = money.micro_usd + excluded.micro_usd`
	const slots = 16
	t.last.Queue(q, everyRepo, repo, record.Day(at), int16(t.conn.PgConn().PID()%slots), micro)
}

// Settle replaces a reservation by what the call cost.
func (s *Store) Settle(ctx context.Context, reservation int64, model string, u hls.Usage) error {
	err := s.write(ctx, func(t *tx) error { return t.settleSpend(reservation, model, u) })
	if err != nil {
		return fmt.Errorf("settle reservation %d: %w", reservation, err)
	}
	return nil
}

func (t *tx) settleSpend(reservation int64, model string, u hls.Usage) error {
	const q = `UPDATE spend s SET state = $2, micro_usd = $3, model = $4, usage = $5
		FROM (SELECT id, task_id, repo_id, micro_usd, at FROM spend WHERE id = $1 AND state = 'open' FOR UPDATE) o
			LEFT JOIN tasks t ON t.id = o.task_id
		WHERE s.id = o.id RETURNING o.repo_id, o.micro_usd, o.at, coalesce(t.event, ''), coalesce(t.purpose, ''), coalesce(t.repo, '')`
	usage, err := json.Marshal(u)
	if err != nil {
		return err
	}
	state := "settled"
	if u == (hls.Usage{}) {
		state = "void"
	}
	var repo, reserved int64
	var at time.Time
	call := record.Call{Model: model, Usage: u}
	err = t.row(q, []any{reservation, state, u.CostMicroUSD, model, usage}, &repo, &reserved, &at, &call.Event, &call.Purpose, &call.Repo)
	if none(err) {
		return found(t.row(`SELECT FROM spend WHERE id = $1`, []any{reservation}))
	}
	if err != nil {
		return err
	}
	t.pay(repo, at, u.CostMicroUSD-reserved)
	if state == "settled" {
		t.counts.Settled(call)
	}
	return nil
}
