package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"hls/internal/hls"
)

// summed tells whether the sums of money are those of the calls.
func (s *Store) summed(t testing.TB) error {
	t.Helper()
	const of = `WITH made (owner, day, micro_usd) AS (
			SELECT '', at / 86400000000, micro_usd FROM spend UNION ALL SELECT 'repo/' || repo_id, at / 86400000000, micro_usd FROM spend
			UNION ALL SELECT 'actor/' || actor, at / 86400000000, micro_usd FROM spend),
		sums AS (SELECT owner, day, sum(micro_usd) AS micro_usd FROM made GROUP BY owner, day)
		SELECT ifnull(group_concat(owner || ' ' || day || ' ' || micro_usd, '; '), '') FROM (
			SELECT * FROM (SELECT * FROM sums WHERE micro_usd <> 0 EXCEPT SELECT * FROM money)
			UNION ALL SELECT * FROM (SELECT * FROM money WHERE micro_usd <> 0 EXCEPT SELECT * FROM sums))`
	return s.write(t.Context(), func(t *tx) error {
		var wrong string
		if err := t.row(of, nil, &wrong); err != nil || wrong == "" {
			return err
		}
		return fmt.Errorf("these sums of money are not those of the calls: %s", wrong)
	})
}

// TestS3_SumsOfBefore: the sums are made from what an older version spent, in every state, and follow from there.
func TestS3_SumsOfBefore(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "hls.db")
	before(t, path, func(exec func(query string, args ...any)) {
		for i, c := range []struct {
			repo  int
			actor string
			state string
			micro int
			days  int // ago
		}{
			{1, "ann", "settled", 300_000, 0}, {1, "ann", "open", 50_000, 0}, {1, "bob", "void", 0, 0}, {2, "bob", "settled", 200_000, 0},
			{1, "ann", "settled", 70_000, 5}, {1, "ann", "settled", 900_000, 20},
		} {
			exec(`INSERT INTO spend (task_id, subject_key, repo_id, actor, state, micro_usd, at) VALUES (?, 'k', ?, ?, ?, ?, ?)`,
				i, c.repo, c.actor, c.state, c.micro, stamp(now.AddDate(0, 0, -c.days)))
		}
	})
	s, err := Open(t.Context(), Config{URL: "sqlite:" + path, Now: func() time.Time { return now }})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	must(t, s.summed(t))
	in := intake("a", 1, 1)
	in.Work.Actor = "ann"
	_, err = s.Add(t.Context(), in)
	must(t, err)
	task, err := s.Claim(t.Context(), "me", time.Hour)
	must(t, err)
	for name, b := range map[string]hls.Budget{
		"claude.budget.daily_usd": {DailyUSD: 1}, "claude.budget.monthly_usd": {MonthlyUSD: 1.07},
		"claude.budget.per_repository_daily_usd": {PerRepoDailyUSD: 0.8}, "claude.budget.per_repository_monthly_usd": {PerRepoMonthlyUSD: 0.87},
		"claude.budget.per_actor_daily_usd": {PerActorDailyUSD: 0.8},
	} {
		_, err := s.Reserve(t.Context(), hls.Reservation{Task: task, MicroUSD: 450_001, Budget: b})
		var capped *hls.Capped
		if !errors.As(err, &capped) || capped.Cap != name {
			t.Errorf("%s: %v", name, err)
		}
		id, err := s.Reserve(t.Context(), hls.Reservation{Task: task, MicroUSD: 450_000, Budget: b})
		must(t, err)
		must(t, s.Settle(t.Context(), id, "m", hls.Usage{}))
	}
	must(t, s.Settle(t.Context(), 2, "m", hls.Usage{CostMicroUSD: 10}))
	must(t, s.summed(t))
}

// before makes a database of the version that kept no sums, and fills it.
func before(t *testing.T, path string, fill func(exec func(query string, args ...any))) {
	t.Helper()
	db, err := connect(t.Context(), path, writing)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	steps, err := fs.Sub(migrations, "migrations")
	must(t, err)
	g, err := goose.NewProvider(goose.DialectSQLite3, db, steps, goose.WithDisableGlobalRegistry(true))
	must(t, err)
	_, err = g.UpTo(t.Context(), 6)
	must(t, err)
	fill(func(query string, args ...any) {
		_, err := db.ExecContext(t.Context(), query, args...)
		must(t, err)
	})
}

// A reservation reads a row for each day, and the calls under way, however many calls there were.
func TestReservationsReadSums(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	for what, o := range map[string]owner{"all": everyone(), "a repository": ofRepo(1), "a person": ofActor("ann")} {
		for query, want := range map[string]string{
			sumOfDays: "SEARCH money USING PRIMARY KEY", sumUnderWay + o.open: "SEARCH spend USING COVERING INDEX spend_open",
		} {
			if plan := s.explained(t, query); !strings.Contains(plan, want) {
				t.Errorf("%s of %s: %s, want %s", query, what, plan, want)
			}
		}
	}
}

// explained is how SQLite reads a query.
func (s *Store) explained(t *testing.T, query string) string {
	t.Helper()
	args := make([]any, strings.Count(query, "?"))
	rows, err := s.readers.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+query, args...)
	must(t, err)
	defer func() { must(t, rows.Close()) }()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		must(t, rows.Scan(&id, &parent, &unused, &detail))
		plan.WriteString(detail + "\n")
	}
	must(t, rows.Err())
	return plan.String()
}
