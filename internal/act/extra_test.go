package act_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/hls"
)

// sceneFor is a scene that an effect of a kind can be in.
func sceneFor(t *testing.T, kind hls.EffectKind) *scene {
	t.Helper()
	switch kind {
	case hls.RerunFailedJobs:
		return newScene(t, hls.KindOther).on("workflow_run/9")
	case hls.SetSection:
		return newScene(t, hls.KindOther).on("release/8")
	case hls.EditRemark:
		return newScene(t, hls.KindPullRequest)
	}
	return newScene(t, hls.KindIssue)
}

// more are the kinds of effects that the other tests of this room do not know.
var more = []hls.EffectKind{hls.CreateIssue, hls.RerunFailedJobs, hls.AddReaction, hls.EditRemark, hls.SetSection}

// changes is how much of what these kinds do stands on GitHub.
func (w *world) changes() int {
	n := len(w.opened) + w.run.RunAttempt - 1 + len(w.emojis)
	for _, c := range w.inline {
		n += strings.Count(c.Body, "Withdrawn")
	}
	return n + strings.Count(w.release.Body, "A new button")
}

func TestE5_CrashAtEveryStepOfAnyKind(t *testing.T) {
	t.Parallel()
	for _, kind := range more {
		for step := range 2 {
			for _, commit := range []bool{false, true} {
				t.Run(fmt.Sprint(kind, step+1, commit), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						s := sceneFor(t, kind)
						e := s.effect(kind)
						s.book.crash, s.book.commit = s.book.steps+step+1, commit
						err := s.act(e)
						if !errors.Is(err, errCrash) {
							t.Fatalf("the crash was not seen: %v", err)
						}
						for range 4 {
							s.restart()
							s.task.Attempt++
							if err = s.act(e); err == nil {
								break
							}
							time.Sleep(max(retryAfter(err), time.Second))
						}
						if err != nil || s.book.states() != "done" || s.world.changes() != 1 {
							t.Errorf("%v, rows %+v, writes %v", err, s.book.rows, s.world.writes)
						}
					})
				})
			}
		}
	}
}

func TestE5_SettleReadsBackAnyKind(t *testing.T) {
	t.Parallel()
	for _, kind := range more {
		for _, made := range []bool{false, true} {
			t.Run(fmt.Sprint(kind, made), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := sceneFor(t, kind)
					e := s.effect(kind)
					if made {
						if err := s.act(e); err != nil {
							t.Fatal(err)
						}
					}
					writes := len(s.world.writes)
					s.book.rows = nil
					s.sending(e)
					rows, err := s.actor.Settle(t.Context(), s.task, s.rule)
					if retryAfter(err) > 0 {
						time.Sleep(waitsFreely(t, err))
						rows, err = s.actor.Settle(t.Context(), s.task, s.rule)
					}
					want := hls.Intent
					if made && kind != hls.AddReaction { // of which nobody asks whether it is there
						want = hls.EffectDone
					}
					if err != nil || len(rows) != 1 || rows[0].State != want || len(s.world.writes) != writes {
						t.Errorf("%v, rows %+v, writes %v", err, rows, s.world.writes)
					}
				})
			})
		}
	}
}

// What another task is at work on is not this one's to settle, and what its own earlier tasks left anywhere is.
func TestE5_SettleKnowsWhoseARowIs(t *testing.T) {
	t.Parallel()
	s := aimed(t)
	s.sending(s.onTarget(hls.AddLabels))
	other := newScene(t, hls.KindPullRequest)
	other.task.ID, other.task.Purpose = 2, "ci"
	s.book.live[1] = true
	if rows, err := s.actor.Settle(t.Context(), other.task, s.rule); err != nil || len(rows) != 0 {
		t.Errorf("a row of a task at work: %+v, %v", rows, err)
	}
	s.must("sending")
	s.book.live[1] = false
	s.task.ID = 3
	if rows, err := s.actor.Settle(t.Context(), s.task, s.rule); err != nil || len(rows) != 1 {
		t.Errorf("a row of an earlier task: %+v, %v", rows, err)
	}
	s.must("intent")
}

func TestE1_DryRunOnlyPlansAnyKind(t *testing.T) {
	t.Parallel()
	for _, kind := range more {
		s := sceneFor(t, kind)
		e := s.effect(kind)
		s.rule.DryRun = true
		if err := s.act(e); err != nil {
			t.Error(err)
		}
		s.must("shadow")
	}
}

func TestE5_ARunIsStartedAgainOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault fault
		sends int
	}{
		"made and seen at once": {fault{err: errAmbiguous, done: true}, 1},
		"made and seen late":    {fault{err: errAmbiguous, done: true, late: 45 * time.Second}, 1},
		"never made":            {fault{err: errAmbiguous}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := sceneFor(t, hls.RerunFailedJobs)
				s.world.faults["RerunFailedJobs"] = []fault{c.fault}
				e := s.effect(hls.RerunFailedJobs)
				err := s.act(e)
				for range 3 {
					if err == nil {
						break
					}
					time.Sleep(max(retryAfter(err), time.Second))
					err = s.act(e)
				}
				if err != nil || s.book.states() != "done" || len(s.world.writes) != c.sends || s.world.run.RunAttempt != 2 {
					t.Errorf("%v, rows %+v, writes %v", err, s.book.rows, s.world.writes)
				}
			})
		})
	}
}

// The process ends right after a write that GitHub shows late, and starts again at once.
func TestE5_WhatIsShownLateIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	for kind, method := range map[hls.EffectKind]string{hls.CreateIssue: "CreateIssue", hls.RerunFailedJobs: "RerunFailedJobs"} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, hls.KindOther).on("workflow_run/9")
			s.world.faults[method] = []fault{{done: true, late: 45 * time.Second}}
			s.book.crash = 2
			e := s.effect(kind)
			if err := s.act(e); !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
			err := s.act(e)
			if retryAfter(err) < 45*time.Second {
				t.Errorf("too early: %v", err)
			}
			time.Sleep(max(retryAfter(err), time.Second))
			if err := s.act(e); err != nil || s.book.states() != "done" || len(s.world.writes) != 1 {
				t.Errorf("%v, rows %+v, writes %v", err, s.book.rows, s.world.writes)
			}
		})
	}
}

func TestE6_ARunThatWasStartedAgainIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*hls.WorkflowRun)
		state  string
	}{
		"by a person":   {func(r *hls.WorkflowRun) { r.RunAttempt, r.Status = 2, "completed" }, "done"},
		"not yet ended": {func(r *hls.WorkflowRun) { r.Status = "in_progress" }, "stale"},
	} {
		s := sceneFor(t, hls.RerunFailedJobs)
		c.change(&s.world.run)
		if err := s.act(s.effect(hls.RerunFailedJobs)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.must(c.state)
	}
}

func TestE6_AReactionNeedsItsComment(t *testing.T) {
	t.Parallel()
	s := sceneFor(t, hls.AddReaction)
	e := s.effect(hls.AddReaction)
	s.world.comments = nil
	if err := s.act(e); err != nil {
		t.Error(err)
	}
	s.must("stale")
	s = newScene(t, hls.KindPullRequest)
	on, elsewhere := s.effect(hls.AddReaction), s.effect(hls.AddReaction)
	s.world.inline = []hls.ReviewComment{{ID: 1, PullRequestURL: "x/pulls/42"}, {ID: 2, PullRequestURL: "x/pulls/142"}}
	on.Comment, on.Inline, elsewhere.Comment, elsewhere.Inline, elsewhere.Reaction = 1, true, 2, true, hls.Confused
	if err := s.act(on, elsewhere); err != nil {
		t.Error(err)
	}
	s.must("done stale", "AddReaction 1 true")
}

// Only a remark of a review that HLS made on this pull request is edited: not another person's, not one of the same
// account elsewhere, not a reply.
func TestE1_OnlyOwnRemarksAreEdited(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bend   func(*scene)
		reason string
		states string
	}{
		"own":               {func(*scene) {}, "", "done"},
		"of a person":       {func(s *scene) { s.world.inline[0].User = person }, "outside_closed_set", "failed"},
		"of another number": {func(s *scene) { s.world.inline[0].PullRequestURL = "x/pulls/43" }, "outside_closed_set", "failed"},
		"review by hand":    {func(s *scene) { s.world.reviews[0].Body = "By hand." }, "outside_closed_set", "failed"},
		"marker forged":     {func(s *scene) { s.world.reviews[0].Body = strings.Replace(s.world.reviews[0].Body, "sig=", "sig=0", 1) }, "outside_closed_set", "failed"},
		"review of another": {func(s *scene) { s.world.reviews[0].User = person }, "outside_closed_set", "failed"},
		"review gone":       {func(s *scene) { s.world.inline[0].ReviewID = 1 }, "outside_closed_set", "failed"},
		"account unknown":   {func(s *scene) { s.world.self = hls.Account{} }, "own_account_unknown", "failed"},
		"removed":           {func(s *scene) { s.world.inline = nil }, "", "stale"},
		"said already":      {func(s *scene) { s.world.inline[0].Body = "Withdrawn: it is checked above.\r\n" }, "", "done"},
		"nothing to say":    {func(s *scene) { s.rule.Comments.Post = hls.PostNever }, "", "shadow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hls.KindPullRequest)
			e := s.effect(hls.EditRemark)
			c.bend(s)
			if err := s.act(e); reason(err) != c.reason || (c.reason == "") != (err == nil) {
				t.Errorf("err %v", err)
			}
			if c.states == "done" && name == "own" {
				s.must("done", fmt.Sprintf("EditReviewComment %d", e.Comment))
			} else {
				s.must(c.states)
			}
		})
	}
}

// The marker of a review stands for its own pull request.
func TestE1_ARemarkOfAnotherPullRequestIsNotOurs(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindPullRequest)
	e := s.effect(hls.EditRemark)
	s.task.Subject.Number, e.Subject.Number = 43, 43
	s.world.inline[0].PullRequestURL = "x/pulls/43"
	if err := s.act(e); reason(err) != "outside_closed_set" {
		t.Errorf("err %v", err)
	}
	s.must("failed")
}

// Two findings are withdrawn in one plan.
func TestSeveralRemarksAreEdited(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindPullRequest)
	first := s.effect(hls.EditRemark)
	second := s.effect(hls.EditRemark)
	if err := s.act(first, second); err != nil {
		t.Fatal(err)
	}
	s.must("done done", fmt.Sprintf("EditReviewComment %d", first.Comment), fmt.Sprintf("EditReviewComment %d", second.Comment))
}

func TestS1_TextsOfAnyKindHoldNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	split := strings.Join(strings.Split(secret, ""), "\u200b")
	for _, kind := range more {
		s := sceneFor(t, kind)
		s.redactor = hls.NewRedactor(secret)
		s.restart()
		e := s.effect(kind)
		if e.Body == "" {
			continue
		}
		e.Body = "A new button. Withdrawn. " + split + " @octocat"
		if e.Title != "" {
			e.Title = split
		}
		if err := s.act(e); err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal([]any{s.book.rows, s.world.opened, s.world.inline, s.world.release})
		if err != nil {
			t.Fatal(err)
		}
		if text := string(out); strings.Contains(text, secret[:8]) || strings.Contains(text, "\u200b") || strings.Contains(text, " @octocat") ||
			!strings.Contains(text, "redacted") {
			t.Errorf("%s: %s", kind, text)
		}
	}
}
