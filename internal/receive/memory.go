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
// delivery out. Where memory is short, a body that lags behind gives way to one that comes, and who came last is
// served first: a true delivery is new and soon over, while those that are there to be in the way wait for each other.
type memory struct {
	mu    sync.Mutex
	small part
	large part
}

type part struct {
	patience time.Duration // what a body may take besides
	rate     int64         // bytes a second
	free     int64
	coming   []*hold // whose bodies have not come yet
	waiting  []*wait // the newest request last
}

// wait is a place in a part's queue. Its room has a message when there may be memory, or when it became the newest.
type wait struct {
	began time.Time // the request
	need  int64
	room  chan struct{}
}

// hold is the memory of one request.
type hold struct {
	memory *memory
	began  time.Time
	come   func() int64 // bytes of the body
	stop   func()       // ends the reading of the body; must not wait

	// Guarded by the memory's lock.
	part  *part
	bytes int64
	given time.Time
	wait  *wait
	cut   bool // it has given way
}

func newMemory(bytes int64) *memory {
	small := bytes / smallPart
	return &memory{
		small: part{patience: time.Second / 4, rate: 1 << 20, free: small},
		large: part{patience: time.Second, rate: 2 << 20, free: bytes - small},
	}
}

func (m *memory) of(n int64) *part {
	if n <= smallBody {
		return &m.small
	}
	return &m.large
}

// grow makes it n bytes in all, and waits for them until ctx ends. It fails also when h has given way to others.
func (h *hold) grow(ctx context.Context, n int64) bool {
	defer h.memory.quit(h, n)
	for ctx.Err() == nil {
		done, left := h.memory.take(h, n)
		if done {
			return !h.gone()
		}
		timer := time.NewTimer(left)
		select {
		case <-h.wait.room:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return false
}

// take is done when h has its n bytes, or has given way itself. Otherwise it may be tried again after the time left.
func (m *memory) take(h *hold, n int64) (done bool, left time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p, need := m.of(n), n
	if p == h.part {
		need -= h.bytes
	}
	if h.wait == nil && p.free < need {
		h.wait = &wait{h.began, need, make(chan struct{}, 1)}
		p.queue(h.wait)
	}
	if h.wait != nil && !p.newest(h.wait) && !h.cut {
		return false, time.Minute
	}
	for p.free < need && !h.cut {
		slowest, lags := p.slowest(h)
		if left = time.Until(lags); left > 0 {
			return false, left
		}
		m.leave(slowest)
		slowest.cut = true
		slowest.stop()
	}
	if h.cut || need == 0 {
		return true, 0
	}
	p.free -= need
	if p != h.part {
		m.leave(h)
		h.part, p.coming = p, append(p.coming, h)
	}
	h.bytes, h.given = n, time.Now()
	return true, 0
}

func (p *part) queue(w *wait) {
	i, _ := slices.BinarySearchFunc(p.waiting, w, func(a, b *wait) int { return a.began.Compare(b.began) })
	p.waiting = slices.Insert(p.waiting, i, w)
}

func (p *part) newest(w *wait) bool { return p.waiting[len(p.waiting)-1] == w }

// slowest is the body other than h that lags behind first, and when. Without any it is not soon.
func (p *part) slowest(h *hold) (slowest *hold, lags time.Time) {
	lags = time.Now().Add(time.Minute)
	for _, other := range p.coming {
		fair := time.Duration(float64(other.come()) / float64(p.rate) * float64(time.Second))
		if at := other.given.Add(p.patience + fair); other != h && at.Before(lags) {
			slowest, lags = other, at
		}
	}
	return slowest, lags
}

// leave gives back what h holds.
func (m *memory) leave(h *hold) {
	p := h.part
	if p == nil {
		return
	}
	p.free += h.bytes
	p.coming = slices.DeleteFunc(p.coming, func(other *hold) bool { return other == h })
	h.part, h.bytes = nil, 0
	h.wait.wake()
	p.wake()
}

// wake tells those for whom there is memory, the newest first, and the newest in any case.
func (p *part) wake() {
	left := p.free
	for i, w := range slices.Backward(p.waiting) {
		if left -= w.need; left < 0 && i < len(p.waiting)-1 {
			return
		}
		w.wake()
	}
}

func (w *wait) wake() {
	if w == nil {
		return
	}
	select {
	case w.room <- struct{}{}:
	default:
	}
}

// quit ends the wait of h for n bytes.
func (m *memory) quit(h *hold, n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h.wait == nil {
		return
	}
	p := m.of(n)
	p.waiting = slices.DeleteFunc(p.waiting, func(w *wait) bool { return w == h.wait })
	h.wait = nil
	p.wake()
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
