package act_test

import (
	"errors"
	"testing"

	"hls/internal/hls"
)

func TestE6_WhatMovedOnHasNoEffect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind   hls.Kind
		change func(*scene)
	}{
		"issue closed":    {hls.KindIssue, func(s *scene) { s.world.issue.State = "closed" }},
		"issue locked":    {hls.KindIssue, func(s *scene) { s.world.issue.Locked = true }},
		"title edited":    {hls.KindIssue, func(s *scene) { s.world.issue.Title = "It works" }},
		"body edited":     {hls.KindIssue, func(s *scene) { s.world.issue.Body = "Never mind." }},
		"issue deleted":   {hls.KindIssue, func(s *scene) { s.world.faults["Issue"] = []fault{{err: hls.ErrGone}, {err: hls.ErrGone}} }},
		"newer event":     {hls.KindIssue, func(s *scene) { s.book.newer = true }},
		"new head":        {hls.KindPullRequest, func(s *scene) { s.world.pull.Head.SHA = "def456" }},
		"new base":        {hls.KindPullRequest, func(s *scene) { s.world.pull.Base.Ref = "next" }},
		"request closed":  {hls.KindPullRequest, func(s *scene) { s.world.pull.State = "closed" }},
		"request merged":  {hls.KindPullRequest, func(s *scene) { s.world.pull.Merged = true }},
		"request locked":  {hls.KindPullRequest, func(s *scene) { s.world.pull.Locked = true }},
		"request deleted": {hls.KindPullRequest, func(s *scene) { s.world.faults["PullRequest"] = []fault{{err: hls.ErrGone}, {err: hls.ErrGone}} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, c.kind)
			plan := []hls.Effect{s.effect(hls.UpsertComment), s.effect(hls.AddLabels)}
			c.change(s)
			if name == "issue deleted" || name == "request deleted" {
				plan = plan[:1]
			}
			err := s.act(plan...)
			if !errors.Is(err, hls.ErrStale) {
				t.Errorf("err %v", err)
			}
			if len(s.world.writes) > 0 || s.book.rows[0].State != hls.EffectStale || s.book.rows[0].Error == "" {
				t.Errorf("writes %v, rows %+v", s.world.writes, s.book.rows)
			}
			if err := s.act(plan...); err != nil {
				t.Errorf("stale rows are passed: %v", err)
			}
		})
	}
}

func TestE6_LinesEndAsTheyLike(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.world.issue.Body = "one\ntwo"
	e := s.effect(hls.UpsertComment)
	s.world.issue.Body = "one\r\ntwo"
	if err := s.act(e); err != nil {
		t.Error(err)
	}
}

// The subject may move on between two writes of one plan.
func TestE6_LooksAgainRightBeforeSpeaking(t *testing.T) {
	t.Parallel()
	for _, kind := range []hls.EffectKind{hls.UpsertComment, hls.CreateReview} {
		s := newScene(t, hls.KindPullRequest)
		plan := []hls.Effect{s.effect(hls.AddLabels), s.effect(kind)}
		s.world.onWrite = func(string) { s.world.pull.Head.SHA = "def456" }
		if err := s.act(plan...); !errors.Is(err, hls.ErrStale) {
			t.Errorf("err %v", err)
		}
		s.must("done stale", "AddLabels Bug")
	}
}

func TestE6_ReviewWithoutRevisionStillNeedsItsHead(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindPullRequest)
	e := s.effect(hls.CreateReview)
	e.Expect = ""
	s.world.pull.Head.SHA = "def456"
	if err := s.act(e); !errors.Is(err, hls.ErrStale) {
		t.Errorf("err %v", err)
	}
	s.must("stale")
}

// An effect that answers to no revision, as one for a closed issue, does not ask for the present state.
func TestE6_NoRevisionNoCheck(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	e := s.effect(hls.AddLabels)
	e.Expect = ""
	s.world.issue.State = "closed"
	if err := s.act(e); err != nil {
		t.Error(err)
	}
	s.must("done", "AddLabels Bug")
}

// What a plan itself does to its subject does not make the rest of it stale, in the same run or the next.
func TestE6_OwnChangesAreNotNews(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	body := s.effect(hls.SetBody)
	body.Body = "A clearer text."
	plan := []hls.Effect{body, s.effect(hls.CloseIssue), s.effect(hls.UpsertComment)}
	s.world.faults["CreateComment"] = []fault{{err: &hls.RetryAfter{Err: errors.New("limit")}}}
	if err := s.act(plan...); err == nil {
		t.Fatal("the limit was not told")
	}
	if err := s.act(plan...); err != nil {
		t.Fatal(err)
	}
	s.must("done done done", "SetBody", "CloseIssue not_planned", "CreateComment", "CreateComment")
}

// A row found in sending is read back first: what is done is done, though the subject moved on.
func TestE6_ReadBackComesBeforeFreshness(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	e := s.effect(hls.CloseIssue)
	s.book.crash = 2
	if err := s.act(e); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	s.book.newer = true
	if err := s.act(e); err != nil {
		t.Error(err)
	}
	s.must("done", "CloseIssue not_planned")
}

// What was found out about a state of the subject is not lost with the task that was outdated: the task that outdated
// it may be about the very same state, and goes on with its rows.
func TestE6_ANewerTaskTakesOverWhatWasStale(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	plan := []hls.Effect{s.effect(hls.AddLabels), s.effect(hls.UpsertComment)}
	s.book.newer = true
	if err := s.act(plan...); !errors.Is(err, hls.ErrStale) {
		t.Fatal(err)
	}
	s.must("stale stale")
	if err := s.act(plan...); err != nil {
		t.Errorf("the same task again: %v", err)
	}
	s.must("stale stale")
	s.book.newer = false
	s.task.ID++
	if err := s.act(plan...); err != nil {
		t.Error(err)
	}
	s.must("done done", "AddLabels Bug", "CreateComment")
}
