package claude

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"hls/internal/fault"
	"hls/internal/hls"
)

// longestWait is how long a worker is held up by a limit; work that would wait longer goes back to the queue.
const longestWait = 2 * time.Minute

var errLimited = errors.New("held back by the limits of Claude")

// kinds of limits, as the API's headers name them ("Rate limits").
const (
	requests = iota
	inputTokens
	outputTokens
	kinds
)

var headerNames = [kinds]string{"requests", "input-tokens", "output-tokens"} //nolint:gochecknoglobals // a table

// bucket fills at a steady rate up to its size. The zero bucket holds nothing back.
type bucket struct {
	size  float64
	level float64 // may be negative: what was taken beyond the estimate
	rate  float64 // a second
	at    time.Time
}

// wait is how long until need is there; a need beyond the size waits for a full bucket.
func (b *bucket) wait(now time.Time, need float64) time.Duration {
	if b.size == 0 {
		return 0
	}
	b.level = min(b.size, b.level+b.rate*now.Sub(b.at).Seconds())
	b.at = now
	missing := min(need, b.size) - b.level
	if missing <= 0 {
		return 0
	}
	if b.rate <= 0 {
		return time.Minute
	}
	return time.Duration(missing/b.rate*float64(time.Second)) + time.Millisecond
}

func (b *bucket) take(n float64) {
	if b.size > 0 {
		b.level -= n
	}
}

// limiter holds calls back within the configured limits, which are of all models together, and those that the API's
// answers tell, which are of one model each. It knows of this process alone; common knows of the others. It is safe for concurrent use.
type limiter struct {
	longest time.Duration
	places  chan struct{} // nil means no limit
	turn    chan struct{} // held by the call that is next, so that a large one is not passed over for ever

	mu    sync.Mutex
	own   [kinds]bucket // as configured
	told  [kinds]Limit  // last, of whichever model
	heard time.Time     // when
	parts map[string]*part
}

// part is what the API says of one model ("Rate limits": they apply separately for each).
type part struct {
	turn   chan struct{} // as the limiter's, among the calls of the model
	theirs [kinds]bucket // as last told
	paused time.Time
	shed   bool // the pause is because the model is overloaded
}

func newLimiter(l Limits) *limiter {
	m := &limiter{longest: longestWait, turn: make(chan struct{}, 1), parts: map[string]*part{}}
	if l.Concurrency > 0 {
		m.places = make(chan struct{}, l.Concurrency)
	}
	for kind, perMinute := range [kinds]int{l.RequestsPerMinute, l.InputTokensPerMinute, l.OutputTokensPerMinute} {
		size := float64(perMinute)
		m.own[kind] = bucket{size: size, level: size, rate: size / fault.Paced(time.Minute).Seconds(), at: time.Now()}
	}
	return m
}

// of is the part of a model. The settings name few.
func (m *limiter) of(model string) *part {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.parts[model]
	if p == nil {
		p = &part{turn: make(chan struct{}, 1)}
		m.parts[model] = p
	}
	return p
}

// estimate is what a call is thought to use before it is made.
type estimate [kinds]float64

// grant is a call that may be made. It is settled once its answer has told what it really used, or forgone.
type grant struct {
	m     *limiter
	part  *part
	e     estimate
	leave func()
}

// acquire waits until a call of a model may be made and takes what it is thought to use. What waits for the API keeps no
// call of another model waiting.
func (m *limiter) acquire(ctx context.Context, model string, e estimate) (g *grant, err error) {
	p := m.of(model)
	end, err := hold(ctx, p.turn)
	if err != nil {
		return nil, err
	}
	defer end()
	for g == nil && err == nil {
		if err = m.api(ctx, p, e); err == nil {
			g, err = m.enter(ctx, p, e)
		}
	}
	return g, err
}

// hold takes a place in c, or fails with the context's error.
func hold(ctx context.Context, c chan struct{}) (end func(), err error) {
	select {
	case c <- struct{}{}:
		return func() { <-c }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// api waits until the API would take the call.
func (m *limiter) api(ctx context.Context, p *part, e estimate) error {
	for {
		m.mu.Lock()
		wait, shed := p.wait(time.Now(), e), p.shed
		m.mu.Unlock()
		switch {
		case wait == 0:
			return nil
		case shed: // A worker is not held up by a model that has no room: another may have some.
			return &hls.RetryAfter{Err: fmt.Errorf("%w: %w", hls.ErrOverloaded, errLimited), After: wait, Free: true, Reason: reasonOverloaded}
		}
		if err := m.sleep(ctx, wait, reasonLimited); err != nil {
			return err
		}
	}
}

// wait is how long the API asks to wait before a call.
func (p *part) wait(now time.Time, e estimate) time.Duration {
	wait := max(p.paused.Sub(now), 0)
	for kind := range kinds {
		wait = max(wait, p.theirs[kind].wait(now, e[kind]))
	}
	p.shed = p.shed && now.Before(p.paused)
	return wait
}

// enter waits for the settings' own limits and takes the estimate. It returns nil when the API asks to wait meanwhile.
func (m *limiter) enter(ctx context.Context, p *part, e estimate) (g *grant, err error) {
	leave, err := m.place(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if g == nil {
			leave()
		}
	}()
	end, err := hold(ctx, m.turn)
	if err != nil {
		return nil, err
	}
	defer end()
	for {
		wait, taken := m.take(p, e)
		switch {
		case taken:
			return &grant{m: m, part: p, e: e, leave: leave}, nil
		case wait == 0:
			return nil, nil
		}
		if err := m.sleep(ctx, wait, ""); err != nil {
			return nil, err
		}
	}
}

func (m *limiter) place(ctx context.Context) (leave func(), err error) {
	if m.places == nil {
		return func() {}, nil
	}
	return hold(ctx, m.places)
}

func (m *limiter) sleep(ctx context.Context, wait time.Duration, reason string) error {
	if wait > m.longest {
		return &hls.RetryAfter{Err: errLimited, After: wait, Free: true, Reason: reason}
	}
	return rest(ctx, wait)
}

func rest(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take takes e when every bucket has it, and otherwise says how long to wait for the settings' own; 0 when it is for the
// API alone.
func (m *limiter) take(p *part, e estimate) (wait time.Duration, taken bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	for kind := range kinds {
		wait = max(wait, m.own[kind].wait(now, e[kind]))
	}
	if wait > 0 || p.wait(now, e) > 0 {
		return wait, false
	}
	for kind := range kinds {
		m.own[kind].take(e[kind])
		p.theirs[kind].take(e[kind])
	}
	return 0, true
}

// settle charges what was used beyond the estimate. Cache reads do not count against input limits ("Rate limits").
// The API's own buckets are set by its answer's headers instead.
func (g *grant) settle(u hls.Usage) {
	defer g.leave()
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	g.m.own[inputTokens].take(float64(u.InputTokens+u.CacheWriteTokens) - g.e[inputTokens])
	g.m.own[outputTokens].take(float64(u.OutputTokens) - g.e[outputTokens])
}

// forgo gives everything back: the call was never made.
func (g *grant) forgo() {
	defer g.leave()
	g.m.mu.Lock()
	defer g.m.mu.Unlock()
	for kind := range kinds {
		g.m.own[kind].take(-g.e[kind])
		g.part.theirs[kind].take(-g.e[kind])
	}
}

// pause makes every call of a model wait, or fail while it is overloaded.
func (m *limiter) pause(model string, wait time.Duration, overloaded bool) {
	p := m.of(model)
	m.mu.Lock()
	defer m.mu.Unlock()
	if until := time.Now().Add(wait); until.After(p.paused) {
		p.paused, p.shed = until, overloaded
	}
}

// learn reads the limits of a model in its answer's headers, and returns them. What is left grows steadily until it is
// full at the reset.
func (m *limiter) learn(model string, header http.Header) map[int]bucket {
	p := m.of(model)
	m.mu.Lock()
	defer m.mu.Unlock()
	now, learned := time.Now(), map[int]bucket{}
	for kind, name := range headerNames {
		prefix := "anthropic-ratelimit-" + name + "-"
		limit, err := strconv.ParseInt(header.Get(prefix+"limit"), 10, 64)
		if err != nil || limit <= 0 {
			continue
		}
		remaining, err := strconv.ParseInt(header.Get(prefix+"remaining"), 10, 64)
		if err != nil {
			continue
		}
		reset, _ := time.Parse(time.RFC3339, header.Get(prefix+"reset"))
		m.heard, m.told[kind] = now, Limit{Limit: limit, Remaining: remaining, Reset: reset}
		b := bucket{size: float64(limit), level: float64(remaining), rate: float64(limit) / 60, at: now}
		if left := reset.Sub(now).Seconds(); left > 0 {
			b.rate = float64(limit-remaining) / left
		} else if !reset.IsZero() {
			b.level = b.size
		}
		p.theirs[kind], learned[kind] = b, b
	}
	return learned
}

func (m *limiter) limits() (told [kinds]Limit, heard time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.told, m.heard
}
