package github

import (
	"context"
	"sync"
	"time"

	"hls/internal/fault"
	"hls/internal/hls"
)

// longestWait is how long a worker is held up by a limit; work that would wait longer goes back to the queue.
const longestWait = 2 * time.Minute

// window counts what was sent in the last span. A request counts from its start until span after its end, so that
// the server, whenever it looked at the request, never sees more than limit in any span.
type window struct {
	limit  int // 0 means none
	span   time.Duration
	flying int
	queued int
	ended  []time.Time // in order
}

// left is how long until one more may start when ahead others start first; known is false when that hangs on a
// request under way.
func (w *window) left(now time.Time, ahead int) (wait time.Duration, known bool) {
	if w.limit == 0 {
		return 0, true
	}
	old := 0
	for old < len(w.ended) && now.Sub(w.ended[old]) >= w.span {
		old++
	}
	w.ended = w.ended[old:]
	excess := w.flying + len(w.ended) + ahead + 1 - w.limit
	switch {
	case excess <= 0:
		return 0, true
	case excess > len(w.ended):
		return w.span, false
	}
	return w.ended[excess-1].Add(w.span).Sub(now), true
}

// pace holds back requests of one kind, first come first served. Its methods are safe for concurrent use.
type pace struct {
	longest time.Duration
	common  *common       // nil where there are no other instances
	turn    chan struct{} // held by the one that is next

	mu      sync.Mutex
	changed chan struct{} // closed when a request ends
	writes  window
	content window
}

func newPace(writesPerMinute, contentPerHour int) *pace {
	return &pace{
		longest: longestWait,
		turn:    make(chan struct{}, 1),
		changed: make(chan struct{}),
		writes:  window{limit: writesPerMinute, span: fault.Paced(time.Minute)},
		content: window{limit: contentPerHour, span: fault.Paced(time.Hour)},
	}
}

// acquire waits until a request may start, and returns it, to be ended or forgone. A wait that would be longer than the
// longest is a *hls.RetryAfter instead.
func (p *pace) acquire(ctx context.Context, create bool) (*slot, error) {
	s := &slot{pace: p, windows: p.windows(create), create: create}
	if err := p.enqueue(s.windows); err != nil {
		return nil, err
	}
	defer p.dequeue(s.windows)
	tooLong := time.NewTimer(p.longest)
	defer tooLong.Stop()
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-tooLong.C:
		return nil, paced(time.Second)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for {
		wait, changed, err := p.start(ctx, s)
		if err != nil {
			return nil, err
		}
		if changed == nil {
			return s, nil
		}
		free := time.NewTimer(wait)
		select {
		case <-free.C:
		case <-changed:
		case <-tooLong.C:
			err = paced(wait)
		case <-ctx.Done():
			err = ctx.Err()
		}
		free.Stop()
		if err != nil {
			return nil, err
		}
	}
}

// start is take, and then the same with the other instances.
func (p *pace) start(ctx context.Context, s *slot) (wait time.Duration, changed <-chan struct{}, err error) {
	wait, changed = p.take(s.windows)
	if changed != nil || p.common == nil {
		return wait, changed, nil
	}
	if wait, err = s.share(ctx, p.common); wait == 0 && err == nil {
		return 0, nil, nil
	}
	return min(wait, lookAgain), p.release(s.windows, true), err
}

func (p *pace) windows(create bool) []*window {
	if create {
		return []*window{&p.writes, &p.content}
	}
	return []*window{&p.writes}
}

func (p *pace) enqueue(windows []*window) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, w := range windows {
		if wait, known := w.left(now, w.queued); known && wait > p.longest {
			return paced(wait)
		}
	}
	for _, w := range windows {
		w.queued++
	}
	return nil
}

func (p *pace) dequeue(windows []*window) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range windows {
		w.queued--
	}
}

// take starts a write when every window has room; otherwise it returns how long to wait and a channel that is
// closed when that may have become shorter.
func (p *pace) take(windows []*window) (time.Duration, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	var wait time.Duration
	for _, w := range windows {
		left, _ := w.left(now, 0)
		wait = max(wait, left)
	}
	if wait > 0 {
		return wait, p.changed
	}
	for _, w := range windows {
		w.flying++
	}
	return 0, nil
}

// release ends a request, or one that was never made, and returns what is closed at the next end.
func (p *pace) release(windows []*window, void bool) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, w := range windows {
		w.flying--
		if w.limit > 0 && !void {
			w.ended = append(w.ended, now)
		}
	}
	p.tell()
	return p.changed
}

// tell wakes those who wait. The lock is held.
func (p *pace) tell() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func paced(wait time.Duration) error {
	return &hls.RetryAfter{Err: errPaced, After: wait, Free: true}
}
