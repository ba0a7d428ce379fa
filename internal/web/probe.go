package web

import (
	"context"
	"sync"
	"time"

	"hls/internal/record"
)

const (
	probeFor    = time.Second     // one look at the store serves all who ask within this time
	probeWithin = 2 * time.Second // or else the store counts as out of order
)

// probe looks at the store for the open pages: however many ask, it is one write and one read a second, and a store
// that hangs holds up nobody but the first.
type probe struct {
	store record.Store
	now   func() time.Time

	mu      sync.Mutex
	looking chan struct{} // closed when the look under way has ended; nil when none is
	last    view
}

// view is what a look showed, and when things were last well.
type view struct {
	at      time.Time
	storage sight
	queue   sight
	oldest  time.Duration // how long the oldest due task had waited
}

// sight is one component of the store.
type sight struct {
	err      error // nil when the last look found it well
	well     time.Time
	failed   time.Time
	lastText string // of the last failure
}

func newProbe(store record.Store) *probe { return &probe{store: store, now: time.Now} }

// see returns a view that is no older than probeFor, or the last one there is while a look is under way.
func (p *probe) see() view {
	p.mu.Lock()
	if p.now().Sub(p.last.at) < probeFor || p.looking != nil && !p.last.at.IsZero() {
		defer p.mu.Unlock()
		return p.last
	}
	if looking := p.looking; looking != nil {
		p.mu.Unlock()
		<-looking
		return p.see()
	}
	p.looking = make(chan struct{})
	next := p.last
	p.mu.Unlock()

	p.look(&next)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = next
	close(p.looking)
	p.looking = nil
	return next
}

func (p *probe) look(v *view) {
	ctx, cancel := context.WithTimeout(context.Background(), probeWithin)
	defer cancel()
	v.storage.note(p.store.Healthy(ctx), p.now())
	stats, err := p.store.Stats(ctx)
	before := v.queue.well
	v.queue.note(err, p.now())
	if v.oldest = stats.Oldest; v.behind() {
		v.queue.well = before
	}
	v.at = p.now()
}

// behind tells whether due tasks wait for too long.
func (v *view) behind() bool { return v.oldest > oldestHealthy }

func (s *sight) note(err error, at time.Time) {
	s.err = err
	if err == nil {
		s.well = at
		return
	}
	s.failed, s.lastText = at, err.Error()
}
