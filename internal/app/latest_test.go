package app

import (
	"path/filepath"
	"testing"
	"time"

	"hls/internal/record/sqlite"
)

// What a server told one instance is seen from the others, the newest of all, and over a restart.
func TestO2_LimitsAreSeenFromAnyInstance(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), sqlite.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "hls.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	began := time.Now()
	var told [2]hubLimits
	var at [2]time.Time
	instance := func(i int) *latest[hubLimits] {
		return &latest[hubLimits]{name: "limits/github", store: store, own: func() (hubLimits, time.Time) { return told[i], at[i] }}
	}
	a, b := instance(0), instance(1)
	see := func(what string, remaining int) {
		t.Helper()
		for _, l := range []*latest[hubLimits]{a, b, a} {
			if err := l.keep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for name, l := range map[string]*latest[hubLimits]{"one": a, "the other": b} {
			if got := l.get().Remaining; got != remaining {
				t.Errorf("%s: %s sees %d, want %d", what, name, got, remaining)
			}
		}
	}
	see("nobody was told", 0)
	told[0], at[0] = hubLimits{5000, 4000, began.Unix()}, began
	see("one was told", 4000)
	told[1], at[1] = hubLimits{5000, 3000, began.Unix()}, began.Add(time.Minute)
	see("the other was told later", 3000)
	at[0], at[1] = time.Time{}, time.Time{}
	a, b = instance(0), instance(1)
	see("after a restart", 3000)
}
