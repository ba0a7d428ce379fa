package claude

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/hls"
)

func told(kind string, limit, remaining int, reset time.Duration) http.Header {
	h := http.Header{}
	h.Set("anthropic-ratelimit-"+kind+"-limit", fmt.Sprint(limit))
	h.Set("anthropic-ratelimit-"+kind+"-remaining", fmt.Sprint(remaining))
	h.Set("anthropic-ratelimit-"+kind+"-reset", time.Now().Add(reset).UTC().Format(time.RFC3339))
	return h
}

func TestE9_CallsKeepWithinTheConfiguredLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newLimiter(Limits{RequestsPerMinute: 6, InputTokensPerMinute: 60_000})
		m.longest = time.Hour
		start := time.Now()
		var all sync.WaitGroup
		for range 18 {
			all.Go(func() {
				g, err := m.acquire(t.Context(), sonnet, estimate{requests: 1, inputTokens: 1000})
				if err != nil {
					t.Error(err)
					return
				}
				g.settle(hls.Usage{InputTokens: 1000})
			})
		}
		all.Wait()
		if took := time.Since(start); took < 2*time.Minute || took > 2*time.Minute+time.Second {
			t.Errorf("18 calls at 6 a minute took %s", took)
		}
	})
}

// What was used beyond the estimate is paid back by waiting; what came from the cache does not count.
func TestE9_UsageIsChargedAfterwards(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newLimiter(Limits{InputTokensPerMinute: 600, OutputTokensPerMinute: 600})
		ask := func(u hls.Usage) time.Duration {
			start := time.Now()
			g, err := m.acquire(t.Context(), sonnet, estimate{requests: 1, inputTokens: 1, outputTokens: 1})
			if err != nil {
				t.Fatal(err)
			}
			g.settle(u)
			return time.Since(start).Round(time.Second)
		}
		if took := ask(hls.Usage{InputTokens: 10, CacheReadTokens: 100_000, OutputTokens: 1200}); took != 0 {
			t.Errorf("the first waited %s", took)
		}
		if took := ask(hls.Usage{InputTokens: 600}); took != time.Minute {
			t.Errorf("the second waited %s", took)
		}
		if took := ask(hls.Usage{}); took != 0 {
			t.Errorf("the third waited %s", took)
		}
	})
}

// An exhausted limit of the API is waited for; it fills up steadily until its reset.
func TestE9_CallsKeepWithinTheLimitsTold(t *testing.T) {
	t.Parallel()
	for _, kind := range headerNames {
		synctest.Test(t, func(t *testing.T) {
			m := newLimiter(Limits{})
			m.learn(sonnet, told(kind, 100, 0, time.Minute))
			start := time.Now()
			if _, err := m.acquire(t.Context(), sonnet, estimate{50, 50, 50}); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start).Round(time.Second); took != 30*time.Second {
				t.Errorf("%s: waited %s", kind, took)
			}
			if _, err := m.acquire(t.Context(), sonnet, estimate{500, 500, 500}); err != nil {
				t.Errorf("%s: a call larger than the limit: %v", kind, err)
			}
			m.learn(sonnet, told(kind, 100, 0, -time.Minute))
			start = time.Now()
			if _, err := m.acquire(t.Context(), sonnet, estimate{50, 50, 50}); err != nil || time.Since(start) != 0 {
				t.Errorf("%s: after the reset: %v", kind, err)
			}
		})
	}
}

func TestE9_ALongWaitGoesBackToTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newLimiter(Limits{Concurrency: 1})
		m.pause(sonnet, 10*time.Minute, false)
		for range 2 { // the place and the turn are given back
			_, err := m.acquire(t.Context(), sonnet, estimate{requests: 1})
			var retry *hls.RetryAfter
			if !errors.As(err, &retry) || !retry.Free || retry.After != 10*time.Minute {
				t.Fatalf("got %v", err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		time.Sleep(9 * time.Minute)
		if _, err := m.acquire(ctx, sonnet, estimate{requests: 1}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestE9_Concurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newLimiter(Limits{Concurrency: 2})
		start := time.Now()
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				g, err := m.acquire(t.Context(), sonnet, estimate{})
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(time.Second)
				g.settle(hls.Usage{})
			})
		}
		all.Wait()
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

// After a Retry-After nobody asks until it is over.
func TestE9_NothingIsAskedDuringARetryAfter(t *testing.T) {
	t.Parallel()
	first := true
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			answer(429, problem("rate_limit_error", "x"), "Retry-After", "1")(w, r)
			return
		}
		answer(200, message(text, `"end_turn"`), "anthropic-ratelimit-requests-limit", "50",
			"anthropic-ratelimit-requests-remaining", "49", "anthropic-ratelimit-requests-reset", "2026-01-01T00:00:00Z")(w, r)
	})
	c := dial(t, s.URL)
	if _, err := c.Ask(t.Context(), question()); kindOf(err) != "free 1s claude_rate_limited" {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := c.Ask(t.Context(), question()); err != nil || time.Since(start) < 900*time.Millisecond {
		t.Errorf("asked after %s, %v", time.Since(start), err)
	}
	got := c.Snapshot()
	if got.Requests.Remaining != 49 || got.LastSuccess.IsZero() {
		t.Errorf("snapshot %+v", got)
	}
}
