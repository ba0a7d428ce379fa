package app_test

import (
	"runtime/debug"
	"testing"

	"hls/internal/app"
)

// The process keeps small by itself, and leaves the decision to an operator who has made one.
func TestI6_MemoryLimitUnlessTheEnvironmentSetsOne(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	t.Setenv("GOMEMLIMIT", "3GiB")
	if got := app.LimitMemory(); got != before {
		t.Errorf("limit %d in place of the environment's", got)
	}
	t.Setenv("GOMEMLIMIT", "")
	if got := app.LimitMemory(); got > 128<<20 {
		t.Errorf("limit %d", got)
	}
}
