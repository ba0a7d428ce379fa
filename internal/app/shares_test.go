package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/claude"
	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/record/postgres"
	"hls/internal/record/recordtest/pgtest"
)

// instance is as much of one as has limits: its doors, on a record that others have open too.
type instance struct {
	store  *postgres.Store
	github *github.Client
	claude *claude.Client
}

// counted is a server that answers all calls, and counts them.
type counted struct {
	*httptest.Server
	calls  atomic.Int32
	answer atomic.Pointer[http.HandlerFunc]
}

func countCalls(t *testing.T, answer http.HandlerFunc) *counted {
	t.Helper()
	s := &counted{}
	s.answer.Store(&answer)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		(*s.answer.Load())(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// says is an answer with headers, as name, value, name, value.
func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const (
	claudeSays = `{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":[{"type":"text","text":"{}"}],
		"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":100,"output_tokens":10}}`
	claudeFails = `{"type":"error","error":{"type":"rate_limit_error","message":"simulated"}}`
)

// pair are two instances on one database.
func pair(t *testing.T, s *counted, hub github.Limits, model claude.Limits) (a, b *instance) {
	t.Helper()
	url := pgtest.Database(t)
	open := func() *instance {
		store, err := postgres.Open(t.Context(), postgres.Config{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		i := &instance{store: store}
		i.github, err = github.New(github.Config{BaseURL: s.URL, Token: "ghp_0123456789abcdefghij", Limits: hub, Shares: store}, nil)
		if err == nil {
			i.claude, err = claude.New(claude.Config{BaseURL: s.URL, APIKey: "sk-ant-0123456789abcdefghij", Limits: model, Shares: store})
		}
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	return open(), open()
}

var theWidget = hls.Subject{RepoID: 77, Repo: "acme/widget", Kind: hls.KindIssue, Number: 7}

// write and ask try for a moment: a limit of a minute holds them back for longer.
func (i *instance) write(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	return i.github.AddLabels(ctx, theWidget, []string{"bug"})
}

func (i *instance) ask(t *testing.T) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := i.claude.Ask(ctx, hls.Request{Prompt: hls.Prompt{System: "stable", User: "fenced"}})
	return err
}

func (s *counted) saw(t *testing.T, what string, n int32) {
	t.Helper()
	if got := s.calls.Load(); got != n {
		t.Errorf("%s: the server saw %d calls, want %d", what, got, n)
	}
}

func TestO2_WritesOfAllInstancesArePaced(t *testing.T) {
	t.Parallel()
	s := countCalls(t, says(200, `[]`))
	a, b := pair(t, s, github.Limits{WritesPerMinute: new(3)}, claude.Limits{})
	for n, i := range []*instance{a, b, a, b, a} {
		if err := i.write(t); (err == nil) != (n < 3) || n >= 3 && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("write %d: %v", n+1, err)
		}
	}
	s.saw(t, "writes", 3)
}

// A turn that nothing was written in is anybody's.
func TestO2_AnUnusedTurnIsAnotherInstances(t *testing.T) {
	t.Parallel()
	s := countCalls(t, says(200, `[]`))
	a, b := pair(t, s, github.Limits{WritesPerMinute: new(1)}, claude.Limits{})
	turn, err := a.github.Turn(t.Context(), theWidget.Repo, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.write(t); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while the turn is another's: %v", err)
	}
	turn.End()
	if err := b.write(t); err != nil {
		t.Errorf("once it was given back: %v", err)
	}
}

// What GitHub asks of one instance holds the others back, for reading and for writing.
func TestO2_ARetryAfterHoldsAllInstancesBack(t *testing.T) {
	t.Parallel()
	s := countCalls(t, says(429, `{}`, "Retry-After", "600"))
	a, b := pair(t, s, github.Limits{WritesPerMinute: new(0)}, claude.Limits{})
	if err := a.write(t); err == nil {
		t.Fatal("want a pause")
	}
	_, read := b.github.Issue(t.Context(), theWidget)
	for what, err := range map[string]error{"write": b.write(t), "read": read} {
		var retry *hls.RetryAfter
		if !errors.As(err, &retry) || !retry.Free || retry.After < 590*time.Second || retry.Reason != "github_rate_limited" {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.saw(t, "during the pause", 1)
}

// Without the record nobody knows what others write and ask: nothing is written, and Claude is not asked. Reading goes on.
func TestO2_NothingIsWrittenWithoutTheRecord(t *testing.T) {
	t.Parallel()
	s := countCalls(t, says(200, `{"number":7}`))
	a, _ := pair(t, s, github.Limits{}, claude.Limits{})
	if err := a.store.Close(); err != nil {
		t.Fatal(err)
	}
	for reason, err := range map[string]error{"github_limits_unknown": a.write(t), "claude_limits_unknown": a.ask(t)} {
		var retry *hls.RetryAfter
		if !errors.As(err, &retry) || !retry.Free || retry.Reason != reason || errors.Is(err, hls.ErrAmbiguous) {
			t.Errorf("%s: %v", reason, err)
		}
	}
	s.saw(t, "without the record", 0)
	if _, err := a.github.Issue(t.Context(), theWidget); err != nil {
		t.Errorf("read: %v", err)
	}
}

func TestO2_QuestionsOfAllInstancesArePaced(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]claude.Limits{
		"requests":      {RequestsPerMinute: 2},
		"input tokens":  {InputTokensPerMinute: 200},
		"output tokens": {OutputTokensPerMinute: 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := countCalls(t, says(200, claudeSays))
			a, b := pair(t, s, github.Limits{}, limits)
			for n, i := range []*instance{a, b, a, b} {
				if err := i.ask(t); (err == nil) != (n < 2) {
					t.Errorf("question %d: %v", n+1, err)
				}
			}
			s.saw(t, "questions", 2)
		})
	}
}

// What Claude tells one instance of its limits, of an overload and of the end of the money holds for the others.
func TestO2_WhatClaudeTellsOneHoldsForAll(t *testing.T) {
	t.Parallel()
	isStop := func(err error) bool {
		var stop *hls.SpendStop
		return errors.As(err, &stop) && time.Until(stop.Until) > 50*time.Minute
	}
	isFree := func(err error) bool {
		var retry *hls.RetryAfter
		return errors.As(err, &retry) && retry.Free && retry.After > 9*time.Minute
	}
	spent := []string{
		"anthropic-ratelimit-requests-limit", "50", "anthropic-ratelimit-requests-remaining", "0",
		"anthropic-ratelimit-requests-reset", time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	}
	for name, c := range map[string]struct {
		told http.HandlerFunc
		then func(error) bool
	}{
		"rate limit":      {says(429, claudeFails, "Retry-After", "600"), isFree},
		"overload":        {says(529, claudeFails, "Retry-After", "600"), func(err error) bool { return isFree(err) && errors.Is(err, hls.ErrOverloaded) }},
		"spend stop":      {says(429, claudeFails), isStop},
		"nothing is left": {says(200, claudeSays, spent...), func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := countCalls(t, c.told)
			a, b := pair(t, s, github.Limits{}, claude.Limits{})
			first := a.ask(t)
			good := says(200, claudeSays)
			s.answer.Store(&good)
			if err := b.ask(t); !c.then(err) {
				t.Errorf("after %v the other was told %v", first, err)
			}
			s.saw(t, fmt.Sprint("after ", name), 1)
		})
	}
}
