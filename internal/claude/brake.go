package claude

import (
	"errors"
	"sync"
	"time"

	"hls/internal/hls"
)

// brake keeps calls back after a spend stop, whoever makes them. The door keeps it, for the door lives as long as
// the process. The zero brake is off.
type brake struct {
	mu   sync.Mutex
	stop *hls.SpendStop
}

// pull puts a spend stop in force, if err is one.
func (b *brake) pull(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var stop *hls.SpendStop
	if errors.As(err, &stop) {
		b.stop = stop
	}
}

// check is the spend stop in force, or nil.
func (b *brake) check() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stop == nil || !time.Now().Before(b.stop.Until) {
		b.stop = nil
		return nil
	}
	return b.stop
}
