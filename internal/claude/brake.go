package claude

import (
	"context"
	"errors"
	"sync"
	"time"

	"hls/internal/hls"
)

var errStopped = errors.New("the account may spend no more, as another instance was told")

// brake keeps calls back after a spend stop, whoever makes them. The door keeps it, for the door lives as long as
// the process.
type brake struct {
	common *common

	mu   sync.Mutex
	stop *hls.SpendStop
}

// pull puts a spend stop in force on all instances, if err is one.
func (b *brake) pull(ctx context.Context, err error) {
	var stop *hls.SpendStop
	if !errors.As(err, &stop) {
		return
	}
	b.mu.Lock()
	b.stop = stop
	b.mu.Unlock()
	b.common.pool.Pause(ctx, b.common.spend(), time.Until(stop.Until))
}

// check is the spend stop in force, or nil.
func (b *brake) check(ctx context.Context) error {
	if stop := b.own(); stop != nil {
		return stop
	}
	if left := b.common.pool.Left(ctx, b.common.spend()); left > 0 {
		return stopped(left)
	}
	return nil
}

func (b *brake) own() *hls.SpendStop {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stop != nil && !time.Now().Before(b.stop.Until) {
		b.stop = nil
	}
	return b.stop
}

func stopped(left time.Duration) error {
	return &hls.SpendStop{Err: errStopped, Until: time.Now().Add(left)}
}
