package web

import (
	"maps"
	"net/netip"
	"sync"
	"time"
)

// mostPeers is how many addresses a quota is kept for. Those with all of theirs left are forgotten first, and then all:
// memory is bounded rather than fair.
const mostPeers = 10000

// quota lets each address do something so many times a minute, and all together so many. It is safe for concurrent use.
type quota struct {
	each, all float64 // all is 0 for no limit on all together

	mu    sync.Mutex
	total bucket
	of    map[netip.Prefix]*bucket
}

// bucket is what is left, and since when it fills up.
type bucket struct {
	left float64
	at   time.Time
}

func newQuota(each, all float64) *quota {
	return &quota{each: each, all: all, total: bucket{left: all}, of: map[netip.Prefix]*bucket{}}
}

// take takes one off, if there is one left.
func (q *quota) take(who netip.Prefix, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.total.fill(q.all, now)
	if q.all > 0 && q.total.left < 1 {
		return false
	}
	b := q.of[who]
	if b == nil {
		q.forget(now)
		b = &bucket{q.each, now}
		q.of[who] = b
	}
	b.fill(q.each, now)
	if b.left < 1 {
		return false
	}
	b.left--
	q.total.left--
	return true
}

// give gives back what was taken for nothing.
func (q *quota) give(who netip.Prefix) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.total.left = min(q.total.left+1, q.all)
	if b := q.of[who]; b != nil {
		b.left = min(b.left+1, q.each)
	}
}

func (q *quota) forget(now time.Time) {
	if len(q.of) < mostPeers {
		return
	}
	maps.DeleteFunc(q.of, func(_ netip.Prefix, b *bucket) bool {
		b.fill(q.each, now)
		return b.left >= q.each
	})
	if len(q.of) >= mostPeers {
		clear(q.of)
	}
}

// fill adds what has come since, a minute's worth at the most.
func (b *bucket) fill(most float64, now time.Time) {
	if passed := now.Sub(b.at); passed > 0 {
		b.left = min(b.left+passed.Minutes()*most, most)
		b.at = now
	}
}
