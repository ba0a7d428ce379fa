package act_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"hls/internal/hls"
)

// Turn comes at once, unless a test has something happen while it is waited for.
func (w *world) Turn(context.Context, string, bool) (hls.Turn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	waited := w.onRead["Turn"] != nil
	if err := w.read("Turn"); err != nil {
		return hls.Turn{}, err
	}
	w.turns.Add(1)
	return hls.Turn{
		Waited: waited, Take: func(ctx context.Context) context.Context { return ctx }, End: func() { w.turns.Add(-1) },
	}, nil
}

// A write may have to wait for its turn. What happens meanwhile counts as if it had happened before, and until then the
// ledger does not say that it is being made.
func TestE6_LooksAgainAfterWaitingForATurn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name      string
		kind      hls.EffectKind
		meanwhile func(*scene)
		want      string
		writes    []string
	}{
		{"edited", hls.UpsertComment, func(s *scene) { s.world.issue.Body = "Never mind." }, "stale", nil},
		{"edited, and labels wait", hls.AddLabels, func(s *scene) { s.world.issue.Body = "Never mind." }, "stale", nil},
		{"newer work", hls.UpsertComment, func(s *scene) { s.book.newer = true }, "stale", nil},
		{"labeled by someone else", hls.AddLabels, func(s *scene) { s.world.label(person, "Bug", true) }, "done", nil},
		{"label taken off by a person", hls.AddLabels, func(s *scene) {
			s.world.label(person, "Bug", true)
			s.world.label(person, "Bug", false)
		}, "done", nil},
		{"nothing", hls.UpsertComment, func(*scene) {}, "done", []string{"CreateComment"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hls.KindIssue)
			s.world.onRead = map[string]func(){"Turn": func() {
				if got := s.book.states(); got != "intent" {
					t.Errorf("while it waits the row is %s", got)
				}
				tc.meanwhile(s)
			}}
			if err := s.act(s.effect(tc.kind)); (err != nil) != (tc.want == "stale") {
				t.Error(err)
			}
			s.must(tc.want, tc.writes...)
			if n := s.world.turns.Load(); n != 0 {
				t.Errorf("%d turns are not given back", n)
			}
		})
	}
}

// A turn that does not come leaves the effect where it was.
func TestE9_NoTurnNoSending(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.world.faults["Turn"] = []fault{{err: &hls.RetryAfter{Err: errors.New("paused"), After: time.Hour, Free: true}}}
	if err := s.act(s.effect(hls.UpsertComment)); retryAfter(err) != time.Hour {
		t.Error(err)
	}
	s.must("intent")
}
