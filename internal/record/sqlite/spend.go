package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
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
	day, month := record.Day(t.now), record.Month(t.now)
	repo, actor := ofRepo(r.Task.Subject.RepoID), ofActor(r.Task.Actor)
	for _, c := range []struct {
		money *record.Money
		usd   float64
		of    owner
		since time.Time
	}{
		{&s.Day, r.Budget.DailyUSD, everyone(), day},
		{&s.Month, r.Budget.MonthlyUSD, everyone(), month},
		{&s.RepoDay, r.Budget.PerRepoDailyUSD, repo, day},
		{&s.RepoMonth, r.Budget.PerRepoMonthlyUSD, repo, month},
		{&s.ActorDay, r.Budget.PerActorDailyUSD, actor, day},
	} {
		if err == nil && c.usd > 0 {
			err = t.sum(c.money, c.of, c.since)
		}
	}
	if err == nil && r.Budget.PerActorDailyTasks > 0 {
		const q = `SELECT count(DISTINCT task_id) FROM spend WHERE actor = ? AND at >= ? AND task_id <> ? AND state <> 'void'`
		err = t.row(q, []any{r.Task.Actor, stamp(day), r.Task.ID}, &s.ActorTasks)
	}
	if err == nil && r.SubjectDaily > 0 {
		err = t.spentOnSubject(r, &s)
	}
	return s, err
}

// owner is whose spending is summed up: under a name in the table money, which triggers keep, and by a condition among
// reservations.
type owner struct {
	name string
	open string
	args []any // of the condition
}

func everyone() owner { return owner{} }

func ofRepo(id int64) owner {
	return owner{fmt.Sprintf("repo/%d", id), " AND repo_id = ?", []any{id}}
}

func ofActor(login string) owner { return owner{"actor/" + login, " AND actor = ?", []any{login}} }

const (
	sumOfDays   = `SELECT ifnull(sum(micro_usd), 0) FROM money WHERE owner = ? AND day >= ?`
	sumUnderWay = `SELECT ifnull(sum(micro_usd), 0) FROM spend WHERE state = 'open' AND at > ? AND at >= ?`
)

// sum reads what an owner has spent since the start of a day. It takes as long at the end of a month as at its start. A
// clock that was set back leaves days that are still to come: they count.
func (t *tx) sum(m *record.Money, o owner, since time.Time) error {
	if err := t.row(sumOfDays, []any{o.name, dayNumber(since)}, &m.All); err != nil {
		return err
	}
	args := append([]any{stamp(t.now.Add(-record.OpenWindow)), stamp(since)}, o.args...)
	return t.row(sumUnderWay+o.open, args, &m.Open)
}

// dayNumber counts days as the table money does.
func dayNumber(t time.Time) int64 { return t.Unix() / int64((24 * time.Hour).Seconds()) }

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
	if state == "void" {
		return nil
	}
	call := record.Call{Model: model, Usage: u}
	err = t.row(`SELECT t.event, t.purpose, t.repo FROM spend s JOIN tasks t ON t.id = s.task_id WHERE s.id = ?`, []any{reservation},
		&call.Event, &call.Purpose, &call.Repo)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	t.counts.Settled(call)
	return nil
}
