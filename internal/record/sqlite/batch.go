package sqlite

import (
	"sync/atomic"
	"time"
)

const (
	batchOps   = 128      // writes in one transaction
	batchBytes = 16 << 20 // of payload in one transaction
	linger     = time.Millisecond
)

// op is one write. Its caller may give it up until the writer has taken it, and must wait for its end from then on.
type op struct {
	do    func(*tx) error
	bytes int
	whole bool        // an error of it is rare, and may undo the transaction
	taken atomic.Bool // by the writer or, to give it up, by the caller
	tx    *tx
	err   error
	done  chan struct{}
}

// batch is the writes of one transaction.
type batch struct {
	ops   []*op
	bytes int
	late  <-chan time.Time // when it waits for no more
}

func (b *batch) take(o *op) {
	if o.taken.CompareAndSwap(false, true) {
		b.ops = append(b.ops, o)
		b.bytes += o.bytes
	}
}

func (b *batch) full() bool { return len(b.ops) >= batchOps || b.bytes >= batchBytes }

// gather takes what waits, up to the size of a batch.
func (w *writer) gather(first *op) []*op {
	b := &batch{}
	b.take(first)
	for !b.full() {
		o := w.next(b)
		if o == nil {
			break
		}
		b.take(o)
	}
	w.last = len(b.ops)
	return b.ops
}

// next is another write for a batch, nil when it has enough, or the writer is closed. A commit waits for the disk about as
// long with one write as with many, so while many come the batch waits a moment for half as many as the last one had.
func (w *writer) next(b *batch) *op {
	select {
	case o := <-w.ops:
		return o
	default:
	}
	if len(b.ops) >= w.last/2 {
		return nil
	}
	if b.late == nil {
		b.late = time.After(linger)
	}
	select {
	case o := <-w.ops:
		return o
	case <-b.late:
		return nil
	}
}
