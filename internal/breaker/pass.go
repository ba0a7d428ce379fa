package breaker

import (
	"maps"
	"time"
)

// forgotten is the age at which a failure stands in no row any more.
const forgotten = time.Hour

// Pass is the right to one call.
type Pass struct {
	breaker     *Breaker
	name        string // of the part
	whole, part held
	left        bool
}

// held is a place in a circuit, and the epoch in which it was taken.
type held struct {
	*circuit
	entered int64
}

// counts tells whether what the call tells is still news to its circuit.
func (h held) counts() bool { return h.epoch == h.entered }

// Leave gives the pass back with what the call told; cause is its failure. Given back once more, it changes nothing.
func (p *Pass) Leave(v Verdict, cause error) {
	if b := p.breaker; p.leave(v, cause) && b.cfg.Tell != nil {
		b.cfg.Tell(b.Snapshot())
	}
}

// leave tells whether there is news.
func (p *Pass) leave(v Verdict, cause error) bool {
	b := p.breaker
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.left {
		return false
	}
	p.left = true
	p.whole.flying--
	p.part.flying--
	now := time.Now()
	switch v {
	case Untold:
		b.untold(p.whole)
		b.untold(p.part)
	case Answered:
		p.answered(now)
	case Failed, Unreachable:
		p.failed(now, v, cause)
	}
	maps.DeleteFunc(b.parts, func(_ string, c *circuit) bool { return c.idle(now) })
	close(b.changed)
	b.changed = make(chan struct{})
	news := b.news
	b.news = false
	return news
}

// untold leaves it to the next call to be the probe.
func (b *Breaker) untold(h held) {
	if h.state == Probing && h.counts() {
		b.turn(h.circuit, Shut)
	}
}

func (p *Pass) answered(now time.Time) {
	b := p.breaker
	if p.whole.counts() {
		b.well(p.whole.circuit, now)
		b.forget()
	}
	if p.part.counts() {
		b.well(p.part.circuit, now)
	}
}

func (b *Breaker) forget() {
	clear(b.sides)
	b.cut = 0
}

// well counts a call that went well.
func (b *Breaker) well(c *circuit, now time.Time) {
	c.row = 0
	switch {
	case c.state == Probing:
		b.turn(c, Closed)
		c.width, c.good, c.widened = 1, 0, now
	case c.width > 0:
		c.widen(b.cfg, now)
	}
}

// failed counts a failure against the whole and, while that goes on, against the part.
func (p *Pass) failed(now time.Time, v Verdict, cause error) {
	b := p.breaker
	if p.whole.counts() {
		if now.Sub(b.whole.failed) > forgotten {
			b.forget()
		}
		b.sides[p.name] = true
		if v == Unreachable {
			b.cut++
		}
		if b.fails(p.whole.circuit, now, failure{cause, len(b.sides) > 1 || b.cut > 1}) {
			b.forget()
			clear(b.parts) // They come back with the whole.
		}
	}
	if b.whole.state == Closed && p.part.counts() {
		b.fails(p.part.circuit, now, failure{cause, true})
	}
}

// failure is one of a circuit. It is enough when it is not only one of something smaller.
type failure struct {
	cause  error
	enough bool
}

// fails counts a failure, and tells whether it opened the circuit. A circuit that returns is opened by two in a row, one
// that is probed by one.
func (b *Breaker) fails(c *circuit, now time.Time, f failure) bool {
	if now.Sub(c.failed) > forgotten {
		c.row = 0
	}
	c.row++
	c.cause, c.failed = f.cause, now
	most := b.cfg.Failures
	if c.width > 0 {
		most = min(most, 2)
	}
	if c.state != Probing && (c.row < most || !f.enough) {
		return false
	}
	c.open(b.cfg, now)
	b.opened++
	b.turn(c, Shut)
	return true
}
