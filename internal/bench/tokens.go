package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"hls/internal/simulate"
)

// asked is what Claude was shown about the events of one kind.
type asked struct {
	system, user []int // bytes
	same, marked float64
	read, input  int
	last         string
}

// tokens sends the deliveries of the demonstration, twice over where one of a kind comes but once, and looks at the prompts.
func tokens(ctx context.Context, o options) (err error) {
	s, err := newStage(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	gh := simulate.NewGitHub(simulate.GitHubConfig{Limit: 1 << 30})
	cl := simulate.NewClaude(simulate.ClaudeConfig{Requests: 1 << 30, InputTokens: 1 << 40, OutputTokens: 1 << 40})
	scenario := simulate.NewScenario(gh)
	hub, model := httptest.NewServer(gh), httptest.NewServer(cl)
	s.ends = append(s.ends, func() error { hub.Close(); model.Close(); return nil })
	s.world.github, s.world.claude, s.world.events = hub.URL, model.URL, scenario.Events
	p, err := s.serve(s.sqlite(), atOnce)
	if err != nil {
		return err
	}
	for _, step := range scenario.Deliveries() {
		if _, _, err := simulate.Send(ctx, p.url+webhookPath, webhookSecret, step.Prepare()); err != nil {
			return err
		}
		if err := p.idle(ctx); err != nil {
			return err
		}
	}
	kinds := map[string]*asked{}
	for _, call := range cl.Calls() {
		if call.Status != 200 || call.Schema == nil {
			continue
		}
		kind := eventOf(call.User)
		if kinds[kind] == nil {
			kinds[kind] = &asked{same: 1, marked: 1}
		}
		kinds[kind].add(call)
	}
	show(kinds)
	return nil
}

// idle waits until there is no work.
func (p *process) idle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if open, err := p.queue(ctx); err != nil || open == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// eventOf is the event that a prompt is about, which its first line names.
func eventOf(user string) string {
	_, text, _ := strings.Cut(user, "Event: ")
	kind, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	kind, _, _ = strings.Cut(kind, " ")
	return cmp.Or(kind, "(a command)")
}

func (a *asked) add(call simulate.ClaudeCall) {
	a.system, a.user = append(a.system, len(call.System)), append(a.user, len(call.User))
	a.marked = min(a.marked, float64(call.Marked)/float64(len(call.System)))
	if a.last != "" {
		a.same = min(a.same, float64(alike(a.last, call.System))/float64(max(len(a.last), len(call.System))))
	}
	a.last = call.System
	a.read += call.Usage.CacheRead
	a.input += call.Usage.Input + call.Usage.CacheWrite + call.Usage.CacheRead
}

// alike is how many bytes two texts begin with alike.
func alike(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

func show(kinds map[string]*asked) {
	t := table{}
	t.row("event", "calls", "stable part", "event's part", "of it the same", "of it marked for the cache", "of all served by the cache")
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		a := kinds[kind]
		t.row(kind, len(a.system), thirds(a.system), thirds(a.user), share(a.same), share(a.marked), share(float64(a.read)/float64(max(a.input, 1))))
	}
	t.print()
	fmt.Println("\nTokens are bytes divided by three, middle of the calls. The stable part is the instructions; the event's part is data.\n" +
		"The cache takes prefixes from a size on that hangs on the model (here as the stand-in has it); shorter ones are marked in vain.")
}

func thirds(bytes []int) string {
	sorted := slices.Sorted(slices.Values(bytes))
	return fmt.Sprint(sorted[len(sorted)/2] / 3)
}

func share(part float64) string { return fmt.Sprintf("%.0f %%", 100*part) }
