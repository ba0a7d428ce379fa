package act_test

import (
	"testing"

	"hls/internal/hls"
)

// E1: the comment that asks for decisions is all that its task writes, where the settings want it; nobody else writes it, and no
// mode is evaded by its name.
func TestE1_AskingIsConfined(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*scene, *hls.Effect)
		want   bool
	}{
		"as it is meant":    {func(*scene, *hls.Effect) {}, true},
		"not switched on":   {func(s *scene, _ *hls.Effect) { s.rule.Reactions = false }, false},
		"in shadow":         {func(s *scene, _ *hls.Effect) { s.rule.DryRun = true }, false},
		"another purpose":   {func(_ *scene, e *hls.Effect) { e.Purpose = "triage" }, false},
		"another kind":      {func(_ *scene, e *hls.Effect) { e.Kind, e.Labels = hls.AddLabels, named("bug") }, false},
		"another subject":   {func(_ *scene, e *hls.Effect) { e.Subject.Number++ }, false},
		"of another origin": {func(s *scene, _ *hls.Effect) { s.task.Origin = hls.FromDelivery }, false},
		"rows elsewhere": {func(s *scene, e *hls.Effect) {
			s.task.Origin, e.Purpose = hls.FromDelivery, "triage"
		}, false},
		"without a text": {func(_ *scene, e *hls.Effect) { e.Body = "" }, false},
	} {
		s := newScene(t, hls.KindIssue)
		s.rule.Modes.All, s.rule.Reactions, s.task.Origin = hls.ModeSuggest, true, hls.FromProposal
		e := s.effect(hls.UpsertComment)
		e.Purpose, e.Rows, e.Expect = hls.ProposalPurpose, []int64{1}, ""
		c.change(s, &e)
		if err := s.act(e); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
		if wrote := len(s.world.writes) > 0; wrote != c.want {
			t.Errorf("%s: wrote %v", name, s.world.writes)
		}
	}
}

// What is held waits although its mode is apply, with the reason; once a person has approved, it is done.
func TestE8_WhatIsHeldWaits(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	held := s.effect(hls.AddLabels)
	held.Labels, held.Hold = named("docs"), "demoted: people took it off 3 of 5 times"
	free := s.effect(hls.AddLabels)
	free.Labels = named("bug")
	if err := s.act(free, held); err != nil {
		t.Fatal(err)
	}
	s.must("done proposed", "AddLabels Bug")
	if got := s.book.rows[1].Error; got != held.Hold {
		t.Errorf("note %q", got)
	}
	if got := s.book.applied; len(got) != 1 || got[0] != "Bug" {
		t.Errorf("told as applied: %v", got)
	}
}

// What a crash kept from being told as set is told when GitHub is read back, and once.
func TestE8_AppliedIsToldOnceOverCrashes(t *testing.T) {
	t.Parallel()
	for crash := range 4 {
		s := newScene(t, hls.KindIssue)
		s.book.crash = crash
		for range 2 {
			if err := s.act(s.effect(hls.AddLabels)); err != nil && crash == 0 {
				t.Fatal(err)
			}
			s.book.crash = 0
			s.restart()
		}
		if got := s.book.applied; len(got) != 1 || hls.Fold(got[0]) != "bug" {
			t.Errorf("crash at step %d: told as applied: %v", crash, got)
		}
	}
}
