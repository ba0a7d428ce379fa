package postgres

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/recordtest/pgtest"
)

func fresh(t testing.TB) *Store {
	t.Helper()
	return open(t, Config{URL: database(t)})
}

func open(t testing.TB, cfg Config) *Store {
	t.Helper()
	cfg.Warn = func(doubt string) { t.Error(doubt) }
	s, err := Open(t.Context(), cfg)
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// database is one that has the schema and nothing else.
func database(t testing.TB) string {
	t.Helper()
	return pgtest.Copy(t, func(url string) error {
		s, err := Open(context.Background(), Config{URL: url})
		if err != nil {
			return err
		}
		return s.Close()
	})
}

func intake(id string, repo int64, number int) record.Intake {
	s := hls.Subject{RepoID: repo, Repo: fmt.Sprint("acme/", repo), Kind: hls.KindIssue, Number: number}
	return record.Intake{
		Delivery: hls.Delivery{ID: id, Event: "issues", Repo: s.Repo, RepoID: repo, Body: []byte(id), Hash: sha256.Sum256([]byte(id))},
		Work:     &record.NewTask{Subject: s, Purpose: "triage", Event: "issues", Origin: hls.FromDelivery, OccurredAt: time.Now()},
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sql runs a statement outside the store's ways.
func (s *Store) sql(t testing.TB, statement string, args ...any) {
	t.Helper()
	_, err := s.pool.Exec(context.Background(), statement, args...)
	must(t, err)
}

// consistent compares the heads of the queue with what the tasks make them. Yards may promise too early a time.
func (s *Store) consistent(t testing.TB) error {
	t.Helper()
	const lanes = `WITH made AS (SELECT subject_key, max(repo_id) AS repo_id, bool_or(state = 'running') AS busy, min(run_at) FILTER (WHERE state = 'queued') AS due_at
			FROM tasks WHERE state IN ('queued', 'running') GROUP BY subject_key),
		kept AS (SELECT subject_key, repo_id, busy, due_at FROM lanes)
		SELECT 'lane ' || subject_key FROM ((TABLE made EXCEPT TABLE kept) UNION ALL (TABLE kept EXCEPT TABLE made)) d
		UNION ALL
		SELECT 'yard ' || repo_id FROM (SELECT repo_id, min(due_at) AS due_at FROM lanes WHERE NOT busy GROUP BY repo_id) l LEFT JOIN yards y USING (repo_id)
			WHERE y.due_at IS NULL OR y.due_at > l.due_at`
	rows, err := s.pool.Query(context.Background(), lanes)
	must(t, err)
	wrong, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(wrong) > 0 {
		err = fmt.Errorf("the heads of the queue are wrong at %v", wrong)
	}
	return err
}
