package postgres_test

import (
	"testing"
	"time"

	"hls/internal/record"
	"hls/internal/record/postgres"
	"hls/internal/record/recordtest"
	"hls/internal/record/recordtest/pgtest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	recordtest.Exercise(t, func(t *testing.T, now func() time.Time) func() record.Store {
		url := pgtest.Database(t)
		return func() record.Store { return open(t, postgres.Config{URL: url, Now: now}) }
	})
}

func open(t testing.TB, cfg postgres.Config) *postgres.Store {
	t.Helper()
	cfg.Warn = func(doubt string) { t.Error(doubt) }
	s, err := postgres.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
