package app

import (
	"context"
	"errors"
	"sync"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// githubCalls is the total under which the record keeps the calls made of GitHub, over all starts and instances.
const githubCalls = "github_calls"

// tallyEvery is how often calls are added to that total. A process that is killed loses the count of those since.
const tallyEvery = 10 * time.Second

// tally moves a count of this process into a total of the record.
type tally struct {
	name  string
	store record.Store
	count func() int64 // since the start of the process

	mu   sync.Mutex
	kept int64
}

// keep adds what has come up since the last time.
func (t *tally) keep(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.count() - t.kept
	if n == 0 {
		return nil
	}
	if err := t.store.Tally(ctx, t.name, n); err != nil {
		return err
	}
	t.kept += n
	return nil
}

// sum is the whole total when the record holds stored of it.
func (t *tally) sum(stored int64) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return stored + t.count() - t.kept
}

// count keeps the tally, and what servers told of limits, until ctx ends, and a last time then.
func (a *App) count(ctx context.Context) {
	tick := time.NewTicker(tallyEvery)
	defer tick.Stop()
	for {
		final, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		if err := errors.Join(a.calls.keep(final), a.hub.keep(final), a.model.keep(final)); err != nil {
			a.log.Error("calls cannot be counted", hls.KeyError, err.Error())
		}
		cancel()
		if ctx.Err() != nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}
