package claude

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

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

// limiter holds calls back within the configured limits and those that the API's answers tell. It knows of this
// process alone. It is safe for concurrent use.
type limiter struct {
	longest time.Duration
	places  chan struct{} // nil means no limit
	turn    chan struct{} // held by the call that is next, so that a large one is not passed over for ever

	mu     sync.Mutex
	own    [kinds]bucket // as configured
	theirs [kinds]bucket // as last told
	told   [kinds]Limit
	paused time.Time
}

func newLimiter(l Limits) *limiter {
	m := &limiter{longest: longestWait, turn: make(chan struct{}, 1)}
	if l.Concurrency > 0 {
		m.places = make(chan struct{}, l.Concurrency)
	}
	for kind, perMinute := range [kinds]int{l.RequestsPerMinute, l.InputTokensPerMinute, l.OutputTokensPerMinute} {
		size := float64(perMinute)
		m.own[kind] = bucket{size: size, level: size, rate: size / 60, at: time.Now()}
	}
	return m
}

// estimate is what a call is thought to use before it is made.
type estimate [kinds]float64

// acquire waits until a call may be made and takes what it is thought to use. settle must be called once its
// answer has told what it really used.
func (m *limiter) acquire(ctx context.Context, e estimate) (settle func(hls.Usage), err error) {
	leave, err := m.place(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
	for {
		wait, reason := m.take(e)
		if wait == 0 {
			return func(u hls.Usage) { m.settle(e, u); leave() }, nil
		}
		if err := m.sleep(ctx, wait, reason); err != nil {
			leave()
			return nil, err
		}
	}
}

func (m *limiter) place(ctx context.Context) (leave func(), err error) {
	if m.places == nil {
		return func() {}, nil
	}
	select {
	case m.places <- struct{}{}:
		return func() { <-m.places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *limiter) sleep(ctx context.Context, wait time.Duration, reason string) error {
	if wait > m.longest {
		return &hls.RetryAfter{Err: errLimited, After: wait, Free: true, Reason: reason}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// take takes e when every bucket has it, and otherwise says how long to wait, with a reason when that is the API's doing
// rather than the settings'.
func (m *limiter) take(e estimate) (wait time.Duration, reason string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	theirs := max(m.paused.Sub(now), 0)
	for kind := range kinds {
		wait = max(wait, m.own[kind].wait(now, e[kind]))
		theirs = max(theirs, m.theirs[kind].wait(now, e[kind]))
	}
	if theirs > wait {
		return theirs, reasonLimited
	}
	if wait > 0 {
		return wait, ""
	}
	for kind := range kinds {
		m.own[kind].take(e[kind])
		m.theirs[kind].take(e[kind])
	}
	return 0, ""
}

// settle charges what was used beyond the estimate. Cache reads do not count against input limits ("Rate limits").
// The API's own buckets are set by its answer's headers instead.
func (m *limiter) settle(e estimate, u hls.Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.own[inputTokens].take(float64(u.InputTokens+u.CacheWriteTokens) - e[inputTokens])
	m.own[outputTokens].take(float64(u.OutputTokens) - e[outputTokens])
}

// pause makes every call wait.
func (m *limiter) pause(wait time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if until := time.Now().Add(wait); until.After(m.paused) {
		m.paused = until
	}
}

// learn reads the limits in an answer's headers. What is left grows steadily until it is full at the reset.
func (m *limiter) learn(header http.Header) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
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
		m.told[kind] = Limit{Limit: limit, Remaining: remaining, Reset: reset}
		b := bucket{size: float64(limit), level: float64(remaining), rate: float64(limit) / 60, at: now}
		if left := reset.Sub(now).Seconds(); left > 0 {
			b.rate = float64(limit-remaining) / left
		} else if !reset.IsZero() {
			b.level = b.size
		}
		m.theirs[kind] = b
	}
}

func (m *limiter) limits() [kinds]Limit {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.told
}
