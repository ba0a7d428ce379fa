package receive

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	smallBody = 256 << 10   // what nearly every delivery stays below
	smallPart = 4           // of all memory for bodies, one part in so many is for small ones alone
	patience  = time.Second // what a body may take to come before it gives way to others
)

// memory is what all bodies together may take. Small ones have a part of their own, so that large ones keep no common
// delivery out; and where memory is short, bodies that are slow to come give way to new ones, the oldest first.
type memory struct {
	patience time.Duration

	mu    sync.Mutex
	small part
	large part
	freed chan struct{} // closed, and made anew, when memory is given back
}

type part struct {
	free   int64
	coming []*hold // whose bodies have not come yet
}

// hold is the memory of one request.
type hold struct {
	memory *memory
	began  time.Time
	stop   func() // ends the reading of the body; must not wait

	// Guarded by the memory's lock.
	part  *part
	bytes int64
	cut   bool // it has given way
}

func newMemory(bytes int64) *memory {
	small := bytes / smallPart
	return &memory{
		patience: patience, small: part{free: small}, large: part{free: bytes - small}, freed: make(chan struct{}),
	}
}

func (m *memory) of(n int64) *part {
	if n <= smallBody {
		return &m.small
	}
	return &m.large
}

// grow makes it n bytes in all, and waits for them until ctx ends. It fails also when h has given way to others.
// While the caller copies from the old buffer to the new one it holds a quarter more.
func (h *hold) grow(ctx context.Context, n int64) bool {
	for {
		w := h.memory.take(h, n)
		if w == nil {
			return !h.gone()
		}
		timer := time.NewTimer(w.atMost)
		select {
		case <-w.freed:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return false
		}
	}
}

// waiting is until memory is given back, or another body has been coming for too long.
type waiting struct {
	freed  <-chan struct{}
	atMost time.Duration
}

// take returns nil when it is decided: h has its n bytes, or it has given way itself.
func (m *memory) take(h *hold, n int64) *waiting {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, need := m.of(n), n
	if p == h.part {
		need -= h.bytes
	}
	for p.free < need && !h.cut {
		if len(p.coming) == 0 {
			return &waiting{m.freed, m.patience}
		}
		oldest := slices.MinFunc(p.coming, func(a, b *hold) int { return a.began.Compare(b.began) })
		if left := m.patience - time.Since(oldest.began); left > 0 {
			return &waiting{m.freed, left}
		}
		m.leave(oldest)
		oldest.cut = true
		oldest.stop()
	}
	if h.cut {
		return nil
	}
	p.free -= need
	if p != h.part {
		m.leave(h)
		h.part, p.coming = p, append(p.coming, h)
	}
	h.bytes = n
	return nil
}

// leave gives back what h holds.
func (m *memory) leave(h *hold) {
	if h.part == nil {
		return
	}
	h.part.free += h.bytes
	h.part.coming = slices.DeleteFunc(h.part.coming, func(other *hold) bool { return other == h })
	h.part, h.bytes = nil, 0
	close(m.freed)
	m.freed = make(chan struct{})
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
