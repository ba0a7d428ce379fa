// Package breaker keeps calls back from a server that is out of order, and lets them return slowly.
//
// A breaker stands before one server. Its circuit opens after failures in a row: then nobody calls, until one probe is
// let through, and after that only as many at a time as have gone well before. Each part of the server, as a repository
// or a model, has a circuit of its own beside it. What fails for one part alone shuts that part alone; the whole is shut
// by evidence from two sides: two parts, or connections that cannot be made. So one thing that always fails keeps
// nothing else from working, and a server that is down is left alone whether it is called for one part or for many.
package breaker

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Config says when a circuit opens, and how it comes back. A field that is zero has its default.
type Config struct {
	Failures int           // in a row, before a circuit opens; 5
	First    time.Duration // how long it stays open at first, give or take a quarter by chance; 15s
	Longest  time.Duration // how long when it opened again and again, each time for twice as long; 5m
	Step     time.Duration // how long each width of its return lasts at least; 5s
	Wide     int           // calls at a time with which its return, of 1, 2, 4 and so on, is over; 16
	Patience time.Duration // the most that a call waits for a probe, or for its place in a return; 2m
	Draw     time.Duration // in which those who might be the probe gather, for one of them to be it by chance; 2s

	Tell func(Snapshot) // told when a circuit opens and when it closes, not of probes that fail; may be nil
}

func (c Config) filled() Config {
	fill := func(d *time.Duration, unset time.Duration) {
		if *d <= 0 {
			*d = unset
		}
	}
	fill(&c.First, 15*time.Second)
	fill(&c.Longest, 5*time.Minute)
	fill(&c.Step, 5*time.Second)
	fill(&c.Patience, 2*time.Minute)
	fill(&c.Draw, 2*time.Second)
	if c.Failures < 1 {
		c.Failures = 5
	}
	if c.Wide < 1 {
		c.Wide = 16
	}
	return c
}

// Scaled is the configuration with its times changed, as tests do that make hours pass in seconds.
func (c Config) Scaled(by func(time.Duration) time.Duration) Config {
	c = c.filled()
	for _, d := range []*time.Duration{&c.First, &c.Longest, &c.Step, &c.Patience, &c.Draw} {
		*d = by(*d)
	}
	return c
}

// Verdict is what a call tells of the server.
type Verdict int

// The verdicts.
const (
	Untold      Verdict = iota // nothing: the caller gave up
	Answered                   // it works, whatever its answer was
	Failed                     // it failed this call, or broke it off
	Unreachable                // there was no connection to it
)

// Open is the error of a call that was not let through.
type Open struct {
	Next  time.Time // when it is worth trying again
	Cause error     // the failure that the server had last; nil when too many wait for their place
}

func (o *Open) Error() string {
	if o.Cause == nil {
		return "not asked: too many calls wait"
	}
	return fmt.Sprintf("not asked before %s, for it failed: %v", o.Next.UTC().Format(time.TimeOnly), o.Cause)
}

// Breaker stands before one server. It is safe for concurrent use.
type Breaker struct {
	cfg Config

	mu      sync.Mutex
	changed chan struct{} // closed when a call that waits should look again
	epochs  int64
	opened  int64
	news    bool // a circuit has opened or closed
	whole   *circuit
	parts   map[string]*circuit // those that are called, or have failed
	sides   map[string]bool     // the parts whose failures stand in the whole's row
	cut     int                 // how many failures of that row are connections that were not made
	line    []*waiter           // calls that wait, the first to come first
}

// New makes a breaker whose circuits are closed.
func New(cfg Config) *Breaker {
	return &Breaker{
		cfg: cfg.filled(), changed: make(chan struct{}), whole: &circuit{state: Closed},
		parts: map[string]*circuit{}, sides: map[string]bool{},
	}
}

// Check tells, without waiting and without taking a place, whether a call for a part would be turned away: with *Open.
func (b *Breaker) Check(part string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if open := b.whole.refuses(now); open != nil {
		return open
	}
	if c := b.parts[part]; c != nil {
		if open := c.refuses(now); open != nil {
			return open
		}
	}
	return nil
}

// Prospect is for work that comes before a call, and is lost when that is turned away. While the circuit is half open, a
// few who may be its probe are let begin, and the others wait for what the probe tells. Like Enter it turns away with
// *Open, and takes no place.
func (b *Breaker) Prospect(ctx context.Context, part string) error {
	tooLong := time.NewTimer(b.cfg.Patience)
	defer tooLong.Stop()
	for {
		changed, err := b.begin(part)
		if changed == nil || err != nil {
			return err
		}
		select {
		case <-changed:
		case <-time.After(b.cfg.First): // Those who began may have come to nothing.
		case <-tooLong.C:
			return &Open{Next: time.Now().Add(b.cfg.First)}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// begin returns what to wait for, or *Open, or neither.
func (b *Breaker) begin(part string) (<-chan struct{}, error) {
	if err := b.Check(part); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for _, c := range []*circuit{b.whole, b.parts[part]} {
		if c != nil && !c.prospect(b.cfg, now) {
			return b.changed, nil
		}
	}
	return nil, nil
}

// Enter lets a call for a part through, at once or after waiting for a probe or a place, or turns it away with *Open.
// The pass must be given back.
func (b *Breaker) Enter(ctx context.Context, part string) (*Pass, error) {
	tooLong := time.NewTimer(b.cfg.Patience)
	defer tooLong.Stop()
	me := &waiter{part: part}
	defer b.step(me)
	for {
		pass, changed, err := b.admit(me)
		if pass != nil || err != nil {
			return pass, err
		}
		lot := b.lot(changed == nil)
		select {
		case <-changed:
		case <-lot:
			me.drawn = true
		case <-tooLong.C:
			return nil, &Open{Next: time.Now().Add(b.cfg.First)}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// lot is when a call that might be the probe asks again. The first to come is not always it: if that one call is what
// fails, another one is to find out that the others would not.
func (b *Breaker) lot(draws bool) <-chan time.Time {
	if !draws {
		return nil
	}
	return time.After(rand.N(b.cfg.Draw + 1))
}

// admit returns a pass, or what to wait for, or *Open. All three are nil for one that might be the probe and has not
// drawn its lot.
func (b *Breaker) admit(me *waiter) (*Pass, <-chan struct{}, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	part := b.parts[me.part]
	if part == nil {
		part = &circuit{state: Closed}
	}
	now := time.Now()
	for _, c := range []*circuit{b.whole, part} {
		if open := c.refuses(now); open != nil {
			return nil, nil, open
		}
	}
	if b.whole.full() || part.full() || b.behind(me, part) {
		b.join(me)
		return nil, b.changed, nil
	}
	if !me.drawn && (b.whole.state == Shut || part.state == Shut) {
		b.join(me)
		return nil, nil, nil
	}
	b.parts[me.part] = part
	b.line = slices.DeleteFunc(b.line, func(w *waiter) bool { return w == me })
	return &Pass{breaker: b, name: me.part, whole: b.take(b.whole), part: b.take(part)}, nil, nil
}

// take lets a call in. It is the probe when the circuit was open, for it was not turned away.
func (b *Breaker) take(c *circuit) held {
	c.flying++
	if c.state == Shut {
		b.turn(c, Probing)
	}
	return held{c, c.epoch}
}

// turn changes a circuit's state. What calls of before will tell does not count any more.
func (b *Breaker) turn(c *circuit, to State) {
	b.news = b.news || c.state == Closed || to == Closed
	b.epochs++
	c.state, c.epoch = to, b.epochs
}

// Snapshot is how a breaker stands. While the whole is closed it speaks of the parts.
type Snapshot struct {
	State State
	Since time.Time // when it opened, first of all since it was last well; zero while closed
	Next  time.Time // when the next probe may go; zero while closed
	Error string    // of the last failure; "" while closed
	Parts []string  // that alone are kept back; none when it is the whole
	Width int       // calls at a time while the whole returns; 0 is no limit
	Count int64     // how often circuits opened, since the start
}

// Snapshot changes nothing.
func (b *Breaker) Snapshot() Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	s := b.whole.snapshot(now)
	s.Count = b.opened
	if s.State != Closed {
		return s
	}
	for _, name := range slices.Sorted(maps.Keys(b.parts)) {
		part := b.parts[name].snapshot(now)
		if part.State == Closed {
			continue
		}
		if s.Parts == nil || part.Since.Before(s.Since) {
			s.State, s.Since, s.Next, s.Error = part.State, part.Since, part.Next, part.Error
		}
		s.Parts = append(s.Parts, name)
	}
	return s
}
