package postgres

import (
	"testing"
	"time"

	"hls/internal/record"
	"hls/internal/record/recordtest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	recordtest.Exercise(t, backend)
}

func TestStores(t *testing.T) {
	t.Parallel()
	recordtest.ExerciseShared(t, backend)
}

func backend(t *testing.T, now func() time.Time) func() record.Store {
	url := database(t)
	return func() record.Store { return open(t, Config{URL: url, Now: now, Redactor: recordtest.Redactor()}) }
}
