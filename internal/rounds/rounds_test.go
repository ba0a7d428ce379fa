package rounds

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestThePassesKeepTheTimes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		s          Switch
		unfinished bool
		wait       time.Duration
		want       int64
	}{
		"off":                          {Switch{Every: time.Minute}, false, time.Hour, 0},
		"at once, and no more":         {Switch{On: true}, false, time.Hour, 1},
		"at once, and then":            {Switch{On: true, Every: 10 * time.Minute}, false, 25 * time.Minute, 3},
		"after a while":                {Switch{On: true, First: 5 * time.Minute, Every: time.Hour}, false, 4*time.Minute + 59*time.Second, 0},
		"after a while, and then":      {Switch{On: true, First: 5 * time.Minute, Every: time.Hour}, false, 70 * time.Minute, 2},
		"there is more to do":          {Switch{On: true, Every: time.Hour}, true, 150 * time.Second, 3},
		"more to do, and little later": {Switch{On: true, Every: 20 * time.Second}, true, 50 * time.Second, 3},
	} {
		synctest.Test(t, func(t *testing.T) {
			var passes atomic.Int64
			ctx, cancel := context.WithTimeout(t.Context(), test.wait)
			defer cancel()
			Run(ctx, time.Now, func() Switch { return test.s }, func(context.Context) bool {
				passes.Add(1)
				return test.unfinished
			})
			if got := passes.Load(); got != test.want {
				t.Errorf("%s: %d passes, want %d", name, got, test.want)
			}
		})
	}
}
