package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Reserve sets money aside for one call.
func (s *Store) Reserve(ctx context.Context, r hls.Reservation) (id int64, err error) {
	// A clock that was set back opens no budget again.
	const q = `INSERT INTO spend (task_id, subject_key, repo_id, actor, state, micro_usd, at)
		VALUES (?, ?, ?, ?, 'open', ?, max(?, ifnull((SELECT max(at) FROM spend), 0)))`
	err = s.write(ctx, func(t *tx) error {
		if r.Task.ID != 0 {
			if err := t.hold(r.Task); err != nil {
				return err
			}
		}
		spent, err := t.spent(r)
		if err != nil {
			return err
		}
		if err := spent.Check(r, t.now); err != nil {
			return err
		}
		id, err = t.insert(q, r.Task.ID, r.CountedKey(), r.Task.Subject.RepoID, r.Task.Actor, r.MicroUSD, stamp(t.now))
		return err
	})
	if err != nil {
		return 0, named("reserve money for task", r.Task.ID, err)
	}
	return id, nil
}

// spent reads what the caps that are set are measured against. Reservations that were never settled count in full.
func (t *tx) spent(r hls.Reservation) (s record.Spent, err error) {
	const sums = `SELECT ifnull(sum(micro_usd), 0), ifnull(sum(CASE WHEN state = 'open' AND at > ?1 THEN micro_usd END), 0) FROM spend WHERE at >= ?2`
	open, day, month := stamp(t.now.Add(-record.OpenWindow)), stamp(record.Day(t.now)), stamp(record.Month(t.now))
	read := func(m *record.Money, cap float64, q string, args ...any) {
		if err == nil && cap > 0 {
			err = t.row(q, args, &m.All, &m.Open)
		}
	}
	read(&s.Day, r.Budget.DailyUSD, sums, open, day)
	read(&s.Month, r.Budget.MonthlyUSD, sums, open, month)
	read(&s.RepoDay, r.Budget.PerRepoDailyUSD, sums+` AND repo_id = ?3`, open, day, r.Task.Subject.RepoID)
	if err == nil && r.Budget.PerActorDailyTasks > 0 {
		const q = `SELECT count(DISTINCT task_id) FROM spend WHERE actor = ? AND at >= ? AND task_id <> ? AND state <> 'void'`
		err = t.row(q, []any{r.Task.Actor, day, r.Task.ID}, &s.ActorDay)
	}
	if err == nil && r.SubjectDaily > 0 {
		err = t.spentOnSubject(r, &s)
	}
	return s, err
}

func (t *tx) spentOnSubject(r hls.Reservation, s *record.Spent) error {
	key, since := r.CountedKey(), stamp(t.now.Add(-record.SubjectWindow))
	const count = `SELECT count(*) FROM spend WHERE subject_key = ? AND at > ? AND state <> 'void'`
	if err := t.row(count, []any{key, since}, &s.Subject); err != nil || s.Subject < r.SubjectDaily {
		return err
	}
	const frees = `SELECT at FROM spend WHERE subject_key = ? AND at > ? AND state <> 'void' ORDER BY at DESC LIMIT 1 OFFSET ?`
	var oldest time.Time
	err := t.row(frees, []any{key, since, r.SubjectDaily - 1}, at{&oldest})
	s.SubjectFrees = oldest.Add(record.SubjectWindow)
	return err
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
	const q = `UPDATE spend SET state = ?, micro_usd = ?, model = ?, usage = ? WHERE id = ? AND state = 'open'`
	usage, err := json.Marshal(u)
	if err != nil {
		return err
	}
	state := "settled"
	if u == (hls.Usage{}) {
		state = "void"
	}
	n, err := t.change(q, state, u.CostMicroUSD, model, string(usage), reservation)
	if err != nil {
		return err
	}
	if n == 0 {
		var one int
		return found(t.row(`SELECT 1 FROM spend WHERE id = ?`, []any{reservation}, &one))
	}
	if state == "settled" {
		t.counts.Settled(u)
	}
	return nil
}
