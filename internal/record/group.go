package record

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// Group hands what arrives together to one function, so that many writes share one commit: while a batch waits for
// the disk, the next one gathers.
type Group[T any] struct {
	limits  Limits
	do      func([]T)
	queue   chan *member[T]
	workers sync.WaitGroup

	mu     sync.RWMutex // held for reading while sending to queue
	closed bool
}

// Limits are those of a Group.
type Limits struct {
	Workers int // batches under way at a time
	Entries int // in one batch
	Bytes   int // in one batch, but for the entry that exceeds it
	Backlog int // entries that wait; more make their callers wait
}

// member is an entry that waits. Its caller may give it up until a worker has taken it, and must wait for its end
// from then on.
type member[T any] struct {
	entry T
	bytes int
	taken atomic.Bool // by a worker or, to give it up, by the caller
	done  chan struct{}
}

// NewGroup makes a group whose batches are worked on by do, which leaves in each entry what became of it.
func NewGroup[T any](limits Limits, do func([]T)) *Group[T] {
	g := &Group[T]{limits: limits, do: do, queue: make(chan *member[T], limits.Backlog)}
	for range limits.Workers {
		g.workers.Go(g.run)
	}
	return g
}

// Do returns after the batch with the entry. When ctx ends first, or the group is closed, the entry is either not
// worked on, and the error is ErrUnavailable, or Do waits for it.
func (g *Group[T]) Do(ctx context.Context, entry T, bytes int) error {
	m := &member[T]{entry: entry, bytes: bytes, done: make(chan struct{})}
	if err := g.send(ctx, m); err != nil {
		return err
	}
	select {
	case <-m.done:
	case <-ctx.Done():
		if m.taken.CompareAndSwap(false, true) {
			return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		}
		<-m.done
	}
	return nil
}

// Waiting is how many entries no worker has taken yet.
func (g *Group[T]) Waiting() int { return len(g.queue) }

// Close ends the group after the entries that wait.
func (g *Group[T]) Close() {
	g.mu.Lock()
	if !g.closed {
		g.closed = true
		close(g.queue)
	}
	g.mu.Unlock()
	g.workers.Wait()
}

func (g *Group[T]) send(ctx context.Context, m *member[T]) error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.closed {
		return fmt.Errorf("%w: it is closed", ErrUnavailable)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	select {
	case g.queue <- m:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
}

func (g *Group[T]) run() {
	for first := range g.queue {
		batch := g.gather(first)
		if len(batch) == 0 {
			continue
		}
		entries := make([]T, 0, len(batch))
		for _, m := range batch {
			entries = append(entries, m.entry)
		}
		g.do(entries)
		for _, m := range batch {
			close(m.done)
		}
	}
}

// gather takes what waits, up to the size of a batch.
func (g *Group[T]) gather(first *member[T]) []*member[T] {
	var batch []*member[T]
	bytes := 0
	take := func(m *member[T]) {
		if m.taken.CompareAndSwap(false, true) {
			batch = append(batch, m)
			bytes += m.bytes
		}
	}
	take(first)
	for len(batch) < g.limits.Entries && bytes < g.limits.Bytes {
		select {
		case m, ok := <-g.queue:
			if !ok {
				return batch
			}
			take(m)
		default:
			return batch
		}
	}
	return batch
}
