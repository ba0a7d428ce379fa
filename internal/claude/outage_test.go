package claude

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/breaker"
	"hls/internal/hls"
)

// quick is a breaker that opens as always, and not for long.
func quick(cfg *Config) {
	cfg.Breaker = breaker.Config{First: 200 * time.Millisecond, Longest: time.Second, Draw: time.Millisecond}
}

func about(model string) hls.Request {
	r := question()
	r.Model = model
	return r
}

// byModel answers one model with a status that the test changes, and all others well.
func byModel(t *testing.T, failing string, status int) (*server, *atomic.Int32) {
	t.Helper()
	var now atomic.Int32
	now.Store(int32(status))
	var s *server
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen := s.seen()
		if code := int(now.Load()); strings.Contains(seen[len(seen)-1].Body, failing) && code != 200 {
			answer(code, problem("overloaded_error", "Overloaded"))(w, r)
			return
		}
		answer(200, message(text, `"end_turn"`))(w, r)
	})
	return s, &now
}

func waitUntil(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("it did not come true within half a minute")
		}
		<-time.After(5 * time.Millisecond)
	}
}

// A model that is overloaded is left alone; the others are asked, and it is asked again once it may work.
func TestE9_AnOverloadedModelIsLeftAlone(t *testing.T) {
	t.Parallel()
	s, status := byModel(t, sonnet, 529)
	c := dial(t, s.URL, quick)
	if err := c.Ready(t.Context(), sonnet); err != nil {
		t.Fatal(err)
	}
	var err error
	for range 5 {
		_, err = c.Ask(t.Context(), about(sonnet))
	}
	var retry *hls.RetryAfter
	if next := c.Snapshot().Breaker.Next; !errors.As(err, &retry) || retry.Outage || retry.Reason != reasonOverloaded ||
		retry.After < time.Until(next)-50*time.Millisecond {
		t.Errorf("the task that opened it: %+v", retry)
	}
	for range 3 {
		_, err := c.Ask(t.Context(), about(sonnet))
		if !errors.As(err, &retry) || !retry.Free || retry.Outage || retry.Reason != reasonOverloaded || c.Ready(t.Context(), sonnet) == nil {
			t.Errorf("while it is open: %v", err)
		}
	}
	if _, err := c.Ask(t.Context(), about(opus)); err != nil || c.Ready(t.Context(), opus) != nil {
		t.Errorf("another model: %v", err)
	}
	if got := c.Snapshot().Breaker; got.State != breaker.Shut || fmt.Sprint(got.Parts) != "["+sonnet+"]" || len(s.seen()) != 6 {
		t.Errorf("%d calls, %+v", len(s.seen()), got)
	}
	status.Store(200)
	waitUntil(t, func() bool { return c.Snapshot().Breaker.State == breaker.Probing })
	if err := c.Ready(t.Context(), sonnet); err != nil {
		t.Errorf("a probe is not let through: %v", err)
	}
	if _, err := c.Ask(t.Context(), about(sonnet)); err != nil || c.Snapshot().Breaker.State != breaker.Closed {
		t.Errorf("after it: %v, %+v", err, c.Snapshot().Breaker)
	}
}

// Two models that fail are the whole.
func TestE9_AClaudeThatIsDownIsLeftAlone(t *testing.T) {
	t.Parallel()
	c := dial(t, serve(t, answer(503, ``)).URL)
	for _, model := range []string{sonnet, sonnet, opus, opus, opus} {
		_, _ = c.Ask(t.Context(), about(model))
	}
	if got := c.Snapshot().Breaker; got.State != breaker.Shut || got.Parts != nil || c.Ready(t.Context(), "claude-haiku-4-5") == nil {
		t.Errorf("%+v", got)
	}
}

// A server that refuses, limits or answers what cannot be used is up.
func TestWhatIsAnsweredOpensNothing(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]http.HandlerFunc{
		"401": answer(401, problem("authentication_error", "x")), "400": answer(400, problem("invalid_request_error", "x")),
		"429": answer(429, problem("rate_limit_error", "x"), "Retry-After", "0.01"), "spend stop": answer(402, problem("billing_error", "x")),
		"html": answer(200, `<html>`, "Content-Type", "text/html"), "refusal": answer(200, message(text, `"refusal"`)),
		"empty": answer(200, message(`[]`, `"end_turn"`)), "moved": answer(307, ``, "Location", "https://example.com/"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, serve(t, reply).URL)
			for range 8 {
				_, _ = c.Ask(t.Context(), question())
				c.brake.stop = nil
				c.limiter.mu.Lock()
				clear(c.limiter.parts)
				c.limiter.mu.Unlock()
			}
			if got := c.Snapshot().Breaker; got.State != breaker.Closed {
				t.Errorf("%+v", got)
			}
		})
	}
}

// A call that broke off may have been paid for: its task is put off for longer each time, and not only until the probe.
func TestS3_WhatMayHaveBeenPaidIsNotAskedAgainSoon(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.Close()
	})
	c := dial(t, s.URL)
	for i := range 5 {
		_, err := c.Ask(t.Context(), question())
		var retry *hls.RetryAfter
		if !errors.As(err, &retry) || !retry.Outage || !errors.Is(err, hls.ErrAmbiguous) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	if c.Snapshot().Breaker.State != breaker.Shut {
		t.Errorf("%+v", c.Snapshot().Breaker)
	}
}

// Those who wait for the probe are told of the spend stop that it meets.
func TestS3_ASpendStopOvertakesTheProbe(t *testing.T) {
	t.Parallel()
	var stopped atomic.Bool
	proceed := make(chan struct{})
	goOn := sync.OnceFunc(func() { close(proceed) })
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !stopped.Load() {
			answer(529, problem("overloaded_error", "x"))(w, r)
			return
		}
		<-proceed
		answer(402, problem("billing_error", "pay"))(w, r)
	})
	c := dial(t, s.URL, quick, func(cfg *Config) { cfg.Limits.Concurrency = 6 })
	for range 5 {
		_, _ = c.Ask(t.Context(), question())
	}
	t.Cleanup(goOn)
	stopped.Store(true)
	waitUntil(t, func() bool { return c.Snapshot().Breaker.State == breaker.Probing })
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if _, err := c.Ask(t.Context(), question()); kindOf(err) != "stop" {
				t.Errorf("got %v", err)
			}
		})
	}
	waitUntil(t, func() bool { return len(s.seen()) == 6 && len(c.limiter.places) == 6 })
	goOn()
	all.Wait()
	if n := len(s.seen()); n != 6 {
		t.Errorf("asked %d times", n)
	}
}

// A wait that the API asks for has a name, under which it ends some day; one that the settings ask for has none.
func TestWaitsForTheAPIHaveAReason(t *testing.T) {
	t.Parallel()
	s := serve(t, answer(200, message(text, `"end_turn"`)))
	theirs := dial(t, s.URL)
	theirs.limiter.pause(theirs.model, 10*time.Minute, false)
	ours := dial(t, s.URL, func(cfg *Config) { cfg.Limits.RequestsPerMinute = 1 })
	ours.limiter.longest = time.Second
	if _, err := ours.Ask(t.Context(), question()); err != nil {
		t.Fatal(err)
	}
	for c, want := range map[*Client]string{theirs: reasonLimited, ours: ""} {
		_, err := c.Ask(t.Context(), question())
		var retry *hls.RetryAfter
		if !errors.As(err, &retry) || !retry.Free || retry.Outage || retry.Reason != want {
			t.Errorf("want %q: %+v", want, err)
		}
	}
}

// A model that says when to come back is not asked before, and keeps nobody waiting: neither those who ask it, for another
// model may have room, nor those who ask another.
func TestE9_AnOverloadedModelHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	var s *server
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if seen := s.seen(); strings.Contains(seen[len(seen)-1].Body, sonnet) {
			answer(529, problem("overloaded_error", "Overloaded"), "Retry-After", "30")(w, r)
			return
		}
		answer(200, message(text, `"end_turn"`))(w, r)
	})
	c := dial(t, s.URL, func(cfg *Config) { cfg.Limits.Concurrency = 1 })
	start := time.Now()
	for range 3 {
		_, err := c.Ask(t.Context(), about(sonnet))
		var retry *hls.RetryAfter
		if !errors.Is(err, hls.ErrOverloaded) || errors.Is(err, hls.ErrAmbiguous) || !errors.As(err, &retry) ||
			retry.After < 29*time.Second || retry.Reason != reasonOverloaded || !retry.Free {
			t.Errorf("%v", err)
		}
	}
	if _, err := c.Ask(t.Context(), about(haiku)); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 10*time.Second || len(s.seen()) != 2 {
		t.Errorf("%d calls, %s", len(s.seen()), took)
	}
}

// While a limit holds one model back, others are asked.
func TestLimitsAreOfOneModelEach(t *testing.T) {
	t.Parallel()
	c := dial(t, serve(t, answer(200, message(text, `"end_turn"`))).URL, func(cfg *Config) { cfg.Limits.Concurrency = 1 })
	c.limiter.pause(sonnet, time.Minute, false)
	ctx, cancel := context.WithCancel(t.Context())
	waits := make(chan error)
	go func() {
		_, err := c.Ask(ctx, about(sonnet))
		waits <- err
	}()
	waitUntil(t, func() bool { return len(c.limiter.of(sonnet).turn) == 1 })
	if _, err := c.Ask(t.Context(), about(haiku)); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-waits; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
