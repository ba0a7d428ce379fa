package breaker

import (
	"math"
	"slices"
)

// waiter is a call that has not entered.
type waiter struct {
	part  string
	drawn bool // its lot, as one that might be the probe
}

// join puts a call at the end of the line, unless it stands there. The caller holds the lock.
func (b *Breaker) join(me *waiter) {
	if !slices.Contains(b.line, me) {
		b.line = append(b.line, me)
	}
}

// behind tells whether those who have waited for longer will take all the places that there are. The caller holds the
// lock.
func (b *Breaker) behind(me *waiter, part *circuit) bool {
	before := b.line
	if at := slices.Index(before, me); at >= 0 {
		before = before[:at]
	}
	whole, own := 0, 0
	for _, w := range before {
		if c := b.parts[w.part]; c != nil && c.full() {
			continue // It can take none.
		}
		whole++
		if w.part == me.part {
			own++
		}
	}
	return b.whole.places() <= whole || part.places() <= own
}

// step takes a call out of the line that gives up, or is turned away: those behind it look again.
func (b *Breaker) step(me *waiter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := slices.Index(b.line, me)
	if at < 0 {
		return
	}
	b.line = slices.Delete(b.line, at, at+1)
	close(b.changed)
	b.changed = make(chan struct{})
}

// places is how many more calls may go at a time.
func (c *circuit) places() int {
	if c.width == 0 {
		return math.MaxInt
	}
	return c.width - c.flying
}
