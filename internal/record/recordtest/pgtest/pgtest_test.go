package pgtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// What a database kept before a crash or a stop is there after it, and each test has a database of its own.
func TestServerStopsAndStarts(t *testing.T) {
	t.Parallel()
	s := Start(t)
	url := s.Database(t)
	if other := s.Database(t); other == url {
		t.Errorf("two databases at %s", url)
	}
	if n := count(t, url, `CREATE TABLE kept AS SELECT 7 AS n`, `SELECT n FROM kept`); n != 7 {
		t.Errorf("kept %d", n)
	}
	for name, end := range map[string]func(testing.TB){"stop": s.Stop, "crash": s.Crash} {
		end(t)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if conn, err := pgx.Connect(ctx, url); err == nil {
			t.Errorf("it answers after a %s: %v", name, conn.Close(ctx))
		}
		cancel()
		s.Again(t)
		if n := count(t, url, `SELECT 1`, `SELECT n FROM kept`); n != 7 {
			t.Errorf("kept %d over a %s", n, name)
		}
	}
	if n := count(t, url, `SELECT 1`, `SELECT count(*) FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes') AND setting = 'on'`); n != 3 {
		t.Errorf("%d of 3 settings are safe", n)
	}
}

func count(t *testing.T, url, first, query string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	_, err1 := conn.Exec(t.Context(), first)
	err2 := conn.QueryRow(t.Context(), query).Scan(&n)
	if err := errors.Join(err1, err2, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	return n
}
