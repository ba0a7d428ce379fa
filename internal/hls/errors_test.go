package hls

import (
	"errors"
	"testing"
	"time"
)

func TestRetryAfterNamesATimeOnlyWhereThereIsOne(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]string{
		0:                       "x (try again)",
		10 * time.Millisecond:   "x (try again in 1s)",
		1400 * time.Millisecond: "x (try again in 1s)",
		time.Minute:             "x (try again in 1m0s)",
	} {
		err := &RetryAfter{Err: errors.New("x"), After: after}
		if got := err.Error(); got != want {
			t.Errorf("after %s: %q, want %q", after, got, want)
		}
	}
}
