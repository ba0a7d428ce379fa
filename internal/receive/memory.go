package receive

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	smallBody = 256 << 10 // what nearly every delivery stays below
	smallPart = 4         // of all memory for bodies, one part in so many is for small ones alone
)

// memory is what all bodies together may take. Small ones have a part of their own, so that large ones keep no common
// delivery out; and where memory is short, bodies that lag behind give way to those that come, the slowest first.
type memory struct {
	mu    sync.Mutex
	small part
	large part
}

type part struct {
	free    int64
	coming  []*hold // whose bodies have not come yet
	waiting []*wait // in their order
}

// wait ends when room is closed: there may be as much memory as is needed.
type wait struct {
	need int64
	room chan struct{}
}

// hold is the memory of one request.
type hold struct {
	memory *memory
	lags   func() time.Time // when the body lags behind unless more of it comes
	stop   func()           // ends the reading of the body; must not wait

	// Guarded by the memory's lock.
	part  *part
	bytes int64
	wait  *wait
	cut   bool // it has given way
}

func newMemory(bytes int64) *memory {
	small := bytes / smallPart
	return &memory{small: part{free: small}, large: part{free: bytes - small}}
}

func (m *memory) of(n int64) *part {
	if n <= smallBody {
		return &m.small
	}
	return &m.large
}

// grow makes it n bytes in all, and waits for them until ctx ends. It fails also when h has given way to others.
func (h *hold) grow(ctx context.Context, n int64) bool {
	for ctx.Err() == nil {
		w, atMost := h.memory.take(h, n)
		if w == nil {
			return !h.gone()
		}
		timer := time.NewTimer(atMost)
		select {
		case <-w.room:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		h.memory.quit(h, n)
	}
	return false
}

// take returns no wait when it is decided: h has its n bytes, or it has given way itself.
func (m *memory) take(h *hold, n int64) (w *wait, atMost time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, need := m.of(n), n
	if p == h.part {
		need -= h.bytes
	}
	for p.free < need && !h.cut {
		slowest, lags := p.slowest(h)
		if left := time.Until(lags); slowest == nil || left > 0 {
			h.wait = &wait{need, make(chan struct{})}
			p.waiting = append(p.waiting, h.wait)
			return h.wait, left
		}
		m.leave(slowest)
		slowest.cut = true
		slowest.stop()
	}
	if h.cut {
		return nil, 0
	}
	p.free -= need
	if p != h.part {
		m.leave(h)
		h.part, p.coming = p, append(p.coming, h)
	}
	h.bytes = n
	return nil, 0
}

// quit ends the wait of h for n bytes.
func (m *memory) quit(h *hold, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.of(n)
	p.waiting = slices.DeleteFunc(p.waiting, func(w *wait) bool { return w == h.wait })
	h.wait = nil
}

// slowest is the body other than h that lags behind first, and when. Without any it is not soon.
func (p *part) slowest(h *hold) (slowest *hold, lags time.Time) {
	lags = time.Now().Add(time.Minute)
	for _, other := range p.coming {
		if at := other.lags(); other != h && at.Before(lags) {
			slowest, lags = other, at
		}
	}
	return slowest, lags
}

// leave gives back what h holds and wakes whoever it is enough for, in their order.
func (m *memory) leave(h *hold) {
	p := h.part
	if p == nil {
		return
	}
	p.free += h.bytes
	p.coming = slices.DeleteFunc(p.coming, func(other *hold) bool { return other == h })
	h.part, h.bytes = nil, 0
	left := p.free
	for len(p.waiting) > 0 && p.waiting[0].need <= left {
		left -= p.waiting[0].need
		close(p.waiting[0].room)
		p.waiting = p.waiting[1:]
	}
}

// gone tells whether h has given way to others.
func (h *hold) gone() bool {
	h.memory.mu.Lock()
	defer h.memory.mu.Unlock()
	return h.cut
}

// settle says that the body has come: from now on it gives way to none.
func (h *hold) settle() {
	h.memory.mu.Lock()
	defer h.memory.mu.Unlock()
	if p := h.part; p != nil {
		p.coming = slices.DeleteFunc(p.coming, func(other *hold) bool { return other == h })
	}
}

func (h *hold) release() {
	h.memory.mu.Lock()
	defer h.memory.mu.Unlock()
	h.memory.leave(h)
}
