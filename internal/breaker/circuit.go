package breaker

import (
	"math/rand/v2"
	"time"
)

// State is where a circuit stands.
type State string

// The states. A circuit that has been open for its time is half open until its probe has told.
const (
	Closed  State = "closed"
	Shut    State = "open"
	Probing State = "half_open"
)

// circuit counts the failures of a server, or of a part of one. The breaker's lock guards it.
type circuit struct {
	state  State
	epoch  int64     // another one with every change of state
	row    int       // failures since something last went well
	failed time.Time // when the last of them was
	cause  error     // what it was
	rounds int       // how often it opened since it was last wholly well
	since  time.Time // when it did so first
	next   time.Time // when its probe may go

	prospects  int       // that were let begin lately
	prospected time.Time // when the first of them was

	flying  int       // calls under way
	width   int       // the most at a time while it returns; 0 is no limit
	good    int       // that went well at this width
	widened time.Time // when this width began
}

// refuses tells a call that comes too soon.
func (c *circuit) refuses(now time.Time) *Open {
	if c.state == Shut && now.Before(c.next) {
		return &Open{Next: c.next, Cause: c.cause}
	}
	return nil
}

// prospects are those let begin at a time who may be the probe. More than one are, for the same reason for which the
// probe is drawn; a few at a time, for what they prepare is lost when the probe fails. They may come to nothing.
const prospects = 3

func (c *circuit) prospect(cfg Config, now time.Time) bool {
	switch c.state {
	case Closed:
		return true
	case Probing:
		return false
	}
	if now.Sub(c.prospected) >= cfg.First {
		c.prospects, c.prospected = 0, now
	}
	c.prospects++
	return c.prospects <= prospects
}

// full tells whether a call has to wait: for the probe, or for its place in the return.
func (c *circuit) full() bool {
	return c.state == Probing || c.state == Closed && c.width > 0 && c.flying >= c.width
}

// idle tells whether nothing is worth remembering of it.
func (c *circuit) idle(now time.Time) bool {
	return c.state == Closed && c.flying == 0 && (c.row == 0 || now.Sub(c.failed) > forgotten) &&
		(c.width == 0 || now.Sub(c.widened) > forgotten)
}

// open keeps everybody out for a while, twice as long with every round. Chance keeps processes that failed together
// from coming back together.
func (c *circuit) open(cfg Config, now time.Time) {
	wait := cfg.First
	for range c.rounds {
		wait = min(2*wait, cfg.Longest)
	}
	if c.rounds == 0 {
		c.since = now
	}
	c.rounds++
	c.next = now.Add(wait*3/4 + rand.N(wait/2+1))
	c.row, c.width = 0, 0
}

// widen counts a call that went well while the circuit returns.
func (c *circuit) widen(cfg Config, now time.Time) {
	c.good++
	if c.good < c.width || now.Sub(c.widened) < cfg.Step {
		return
	}
	c.width, c.good, c.widened = 2*c.width, 0, now
	if c.width >= cfg.Wide {
		c.width, c.rounds = 0, 0
	}
}

func (c *circuit) snapshot(now time.Time) Snapshot {
	s := Snapshot{State: c.state, Width: c.width}
	if c.state == Closed {
		return s
	}
	if c.state == Shut && !now.Before(c.next) {
		s.State = Probing
	}
	s.Since, s.Next = c.since, c.next
	if c.cause != nil {
		s.Error = c.cause.Error()
	}
	return s
}
