package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"hls/internal/record"
	"hls/internal/record/recordtest"
	"hls/internal/record/sqlite"
)

func TestStore(t *testing.T) {
	t.Parallel()
	recordtest.Exercise(t, func(t *testing.T, now func() time.Time) func() record.Store {
		url := "sqlite:" + filepath.Join(t.TempDir(), "data", "hls.db")
		return func() record.Store {
			s, err := sqlite.Open(t.Context(), sqlite.Config{URL: url, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}
