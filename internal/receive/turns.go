package receive

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

const (
	atOnce    = 8 << 20 // bytes of bodies that are decoded and handed on at a time; a larger one has its turn alone
	leastTurn = 4 << 10
	mostTurns = 512 // requests whose body has come and that have not ended; fewer than a server's connections
)

// turns lets requests whose body has come go on, as many at a time as there is memory to decode and store them.
type turns struct {
	most  int64
	taken atomic.Int64
	bytes *semaphore.Weighted
}

// turn is one request's. The request may go on for a while after its work, to wait for a result or to be counted.
type turn struct {
	endWork func()
	end     func()
}

// take waits for the turn of a body until ctx ends. It does not wait when too many do already.
func (t *turns) take(ctx context.Context, bytes int) (turn, bool) {
	if t.taken.Add(1) > t.most {
		t.taken.Add(-1)
		return turn{}, false
	}
	weight := min(max(int64(bytes), leastTurn), atOnce)
	if t.bytes.Acquire(ctx, weight) != nil {
		t.taken.Add(-1)
		return turn{}, false
	}
	endWork := sync.OnceFunc(func() { t.bytes.Release(weight) })
	return turn{endWork, func() { endWork(); t.taken.Add(-1) }}, true
}

// tally counts requests beside them, one after the other: a door that is overloaded makes nobody wait for the store.
type tally struct {
	open  atomic.Int64
	count func()
}

func (t *tally) add() {
	if t.open.Add(1) == 1 {
		go t.run()
	}
}

func (t *tally) run() {
	for left := int64(1); left > 0; left = t.open.Add(-1) {
		t.count()
	}
}
