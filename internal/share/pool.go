package share

import (
	"context"
	"sync"
	"time"
)

const (
	// lookEvery is how old what is known of pauses may be.
	lookEvery = time.Second
	// patience is how long a word to the store may take that nobody waits for.
	patience = 5 * time.Second
)

// Pool is a door's way to what instances share. A nil Pool shares nothing: the door is alone. It is safe for concurrent
// use.
type Pool struct {
	store Store

	mu     sync.Mutex
	looked time.Time
	until  map[string]time.Time
}

// New makes a pool on a store, nil when there is none.
func New(store Store) *Pool {
	if store == nil {
		return nil
	}
	return &Pool{store: store}
}

// Draw is the store's.
func (p *Pool) Draw(ctx context.Context, d Draw) (Drawn, error) {
	if p == nil {
		return Drawn{}, nil
	}
	return p.store.Draw(ctx, d)
}

// Give ends what a ticket stands for. When the store cannot be told, the use counts for as long as it may have lasted.
func (p *Pool) Give(ctx context.Context, u Use) {
	if p == nil || (u.Ticket == "" && len(u.Told) == 0) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_ = p.store.Give(ctx, u)
}

// Pause holds all instances back. Those that cannot be told so are told by the server, as this one was.
func (p *Pool) Pause(ctx context.Context, name string, lasts time.Duration) {
	if p == nil || lasts <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_ = p.store.Pause(ctx, name, lasts)
}

// Left is how much remains of the longest of some pauses, as far as was known a second ago.
func (p *Pool) Left(ctx context.Context, names ...string) (left time.Duration) {
	if p == nil {
		return 0
	}
	p.look(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, name := range names {
		left = max(left, time.Until(p.until[name]))
	}
	return left
}

// look asks the store for the pauses in force, unless that was done a moment ago. What was known stays when the store
// cannot be asked.
func (p *Pool) look(ctx context.Context) {
	p.mu.Lock()
	known := time.Since(p.looked) < lookEvery
	if !known {
		p.looked = time.Now()
	}
	p.mu.Unlock()
	if known {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lasting, err := p.store.Pauses(ctx)
	if err != nil {
		return
	}
	until := map[string]time.Time{}
	for name, lasts := range lasting {
		until[name] = time.Now().Add(lasts)
	}
	p.mu.Lock()
	p.until = until
	p.mu.Unlock()
}
