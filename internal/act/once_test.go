package act_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/hls"
)

var errAmbiguous = fmt.Errorf("%w: 502", hls.ErrAmbiguous)

func TestE5_EffectsAreDoneOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	plan := []hls.Effect{s.effect(hls.AddLabels), s.effect(hls.UpsertComment)}
	for range 3 {
		if err := s.act(plan...); err != nil {
			t.Fatal(err)
		}
		s.restart()
	}
	s.must("done done", "AddLabels Bug", "CreateComment")
	if row := s.book.rows[1]; row.RemoteID != 101 || row.URL != "c101" {
		t.Errorf("row %+v does not name the comment", row)
	}
}

// Each step of the ledger is the last that the process lives to see, committed or not. Afterwards it goes on.
func TestE5_CrashAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, kind := range []hls.Kind{hls.KindIssue, hls.KindPullRequest} {
		for step := 1; step <= 6; step++ {
			for _, commit := range []bool{false, true} {
				t.Run(fmt.Sprint(kind, step, commit), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { crashAt(t, kind, step, commit) })
				})
			}
		}
	}
}

func crashAt(t *testing.T, kind hls.Kind, step int, commit bool) {
	s := newScene(t, kind)
	plan := []hls.Effect{s.effect(hls.AddLabels), s.effect(hls.UpsertComment)}
	if kind == hls.KindPullRequest {
		plan = append(plan, s.effect(hls.CreateReview))
	} else {
		plan = append(plan, s.effect(hls.CloseIssue))
	}
	s.book.crash, s.book.commit = step, commit
	err := s.act(plan...)
	if !errors.Is(err, errCrash) {
		t.Fatalf("the crash was not seen: %v", err)
	}
	for range 4 {
		s.restart()
		s.task.Attempt++
		if err = s.act(plan...); err == nil {
			break
		}
		time.Sleep(max(retryAfter(err), time.Second))
	}
	if err != nil || s.book.states() != "done done done" {
		t.Fatalf("%v, rows %+v", err, s.book.rows)
	}
	if len(s.world.comments) != 1 || len(s.world.issue.Labels) != 1 || len(s.world.reviews) > 1 {
		t.Errorf("GitHub has %v, %v, %v", s.world.comments, s.world.issue.Labels, s.world.reviews)
	}
}

func TestE5_ReadsBackBeforeSendingAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault fault
		wait  bool // whether the first run can tell
		sends int
	}{
		"made and seen at once":     {fault{err: errAmbiguous, done: true}, false, 1},
		"made and seen late":        {fault{err: errAmbiguous, done: true, late: 45 * time.Second}, true, 1},
		"never made":                {fault{err: errAmbiguous}, true, 2},
		"an error of no known kind": {fault{err: errors.New("odd"), done: true, late: time.Second}, true, 1},
	} {
		for _, kind := range []hls.EffectKind{hls.UpsertComment, hls.CreateReview} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newScene(t, hls.KindPullRequest)
					method := map[hls.EffectKind]string{hls.UpsertComment: "CreateComment", hls.CreateReview: "CreateReview"}[kind]
					s.world.faults[method] = []fault{c.fault}
					err := s.act(s.effect(kind))
					if after := retryAfter(err); c.wait != (after >= time.Minute) {
						t.Fatalf("first run: %v", err)
					}
					if c.wait {
						time.Sleep(30 * time.Second)
						if err := s.act(s.effect(kind)); c.fault.late != time.Second && retryAfter(err) < 30*time.Second {
							t.Errorf("too early: %v", err)
						}
						time.Sleep(31 * time.Second)
						if err := s.act(s.effect(kind)); err != nil {
							t.Errorf("last run: %v", err)
						}
					}
					if s.book.states() != "done" || len(s.world.writes) != c.sends || len(s.world.comments)+len(s.world.reviews) != 1 {
						t.Errorf("rows %+v, writes %v", s.book.rows, s.world.writes)
					}
				})
			})
		}
	}
}

func TestE5_UndecidedIsParkedAndNotRepeated(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*scene){
		"own account unknown": func(s *scene) { s.world.self = hls.Account{} },
		"attempts used up":    func(s *scene) { s.task.Attempt = 5 },
		"may not be read": func(s *scene) {
			s.world.faults["Comments"] = []fault{{}, {err: &hls.Permanent{Err: errors.New("403"), Reason: "forbidden"}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, hls.KindIssue)
				prepare(s)
				s.world.faults["CreateComment"] = []fault{{err: errAmbiguous}}
				err := s.act(s.effect(hls.UpsertComment))
				for range 3 {
					time.Sleep(max(retryAfter(err), time.Second))
					s.restart()
					err = s.act(s.effect(hls.UpsertComment))
				}
				s.must("unknown", "CreateComment")
				if reason(err) != "effect_unknown" {
					t.Errorf("ends with %v", err)
				}
			})
		})
	}
}

func TestE5_LastAttemptWaitsFreely(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.task.Attempt = 5
	s.world.faults["CreateComment"] = []fault{{err: errAmbiguous, done: true, late: time.Hour}}
	var retry *hls.RetryAfter
	if err := s.act(s.effect(hls.UpsertComment)); !errors.As(err, &retry) || !retry.Free {
		t.Errorf("the reading back would be lost: %v", err)
	}
}

func TestE5_CopiedMarkerIsNotOurs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, hls.KindIssue)
		first := s.effect(hls.UpsertComment)
		if err := s.act(first); err != nil {
			t.Fatal(err)
		}
		copied := s.world.comments[0].Body
		s.world.comments, s.book.rows = nil, nil
		s.world.post(person, copied, 0)
		s.world.faults["CreateComment"] = []fault{{err: errAmbiguous}}
		err := s.act(first)
		time.Sleep(retryAfter(err))
		if err := s.act(first); err != nil {
			t.Fatal(err)
		}
		s.must("done", "CreateComment", "CreateComment", "CreateComment")
		if id := s.book.rows[0].RemoteID; s.world.comments[1].ID != id || !s.world.comments[1].User.Same(self) {
			t.Errorf("took comment %d for its own", id)
		}
	})
}

func TestE5_CopiedReviewIsNotOurs(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindPullRequest)
	e := s.effect(hls.CreateReview)
	if err := s.act(e); err != nil {
		t.Fatal(err)
	}
	s.world.reviews[0].User, s.book.rows = person, nil
	if err := s.act(e); err != nil {
		t.Fatal(err)
	}
	s.must("done", "CreateReview abc123 1", "CreateReview abc123 1")
}

// A marker made for another issue, purpose or key is no proof, even in an own comment.
func TestE5_ForeignMarkerDoesNotCount(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	if err := s.act(s.effect(hls.UpsertComment)); err != nil {
		t.Fatal(err)
	}
	body := s.world.comments[0].Body
	for _, forged := range []string{
		strings.Replace(body, "purpose=triage", "purpose=other", 1), body + "\nmore", strings.Replace(body, "sig=", "sig=00", 1),
		body[:len(body)-10] + "000000 -->", strings.Replace(body, "v1", "v2", 1),
	} {
		s.world.comments, s.book.rows, s.world.writes = nil, nil, nil
		s.world.post(self, forged, 0)
		if err := s.act(s.effect(hls.UpsertComment)); err != nil {
			t.Fatal(err)
		}
		s.must("done", "CreateComment")
	}
	s.world.comments, s.book.rows, s.world.writes = nil, nil, nil
	s.world.post(self, body, 0)
	s.task.Subject.Number = 43
	if err := s.act(s.effect(hls.UpsertComment)); err != nil {
		t.Fatal(err)
	}
	s.must("done", "CreateComment")
}

// A replay has a nonce: it reviews the same head again, and the first review is no proof of the second.
func TestE5_ReviewOfAReplayIsItsOwn(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindPullRequest)
	first := s.effect(hls.CreateReview)
	again := first
	again.Nonce = "replay-1"
	for _, e := range []hls.Effect{first, again} {
		if err := s.act(e); err != nil {
			t.Fatal(err)
		}
	}
	s.must("done done", "CreateReview abc123 1", "CreateReview abc123 1")
}

func TestE9_RetryAfterLeavesTheIntent(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	limit := &hls.RetryAfter{Err: errors.New("secondary limit"), After: 90 * time.Second, Free: true}
	s.world.faults["CreateComment"] = []fault{{err: limit}}
	plan := []hls.Effect{s.effect(hls.AddLabels), s.effect(hls.UpsertComment), s.effect(hls.CloseIssue)}
	if err := s.act(plan...); retryAfter(err) != 90*time.Second {
		t.Fatal(err)
	}
	s.must("done intent intent", "AddLabels Bug", "CreateComment")
	if err := s.act(plan...); err != nil {
		t.Fatal(err)
	}
	s.must("done done done", "AddLabels Bug", "CreateComment", "CreateComment", "CloseIssue not_planned")
}

func TestE5_AFailureDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.world.faults["AddLabels"] = []fault{{err: &hls.Permanent{Err: errors.New("403"), Reason: "forbidden"}}}
	plan := []hls.Effect{s.effect(hls.AddLabels), s.effect(hls.UpsertComment)}
	if err := s.act(plan...); reason(err) != "forbidden" || retryAfter(err) != 0 {
		t.Errorf("err %v", err)
	}
	s.must("failed done", "AddLabels Bug", "CreateComment")
	if err := s.act(plan...); err != nil {
		t.Errorf("once the fault is mended: %v", err)
	}
	s.must("done done", "AddLabels Bug", "CreateComment", "AddLabels Bug")
}

func TestE5_RepeatableWritesAreSentAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []hls.EffectKind{hls.AddLabels, hls.RemoveLabels, hls.CloseIssue, hls.SetBody} {
		for _, made := range []bool{false, true} {
			s := newScene(t, hls.KindIssue)
			if kind == hls.RemoveLabels {
				s.world.label(self, "Bug", true)
			}
			method := map[hls.EffectKind]string{
				hls.AddLabels: "AddLabels", hls.RemoveLabels: "RemoveLabel", hls.CloseIssue: "CloseIssue", hls.SetBody: "SetBody",
			}[kind]
			s.world.faults[method] = []fault{{err: &hls.RetryAfter{Err: errAmbiguous, After: time.Second}, done: made}}
			e := s.effect(kind)
			if err := s.act(e); made != (err == nil) {
				t.Errorf("%s, made %v: %v", kind, made, err)
			}
			if err := s.act(e); err != nil || s.book.states() != "done" {
				t.Errorf("%s, made %v: %v, %+v", kind, made, err, s.book.rows)
			}
			if sends := len(s.world.writes); made && sends != 1 || !made && sends != 2 {
				t.Errorf("%s, made %v: %v", kind, made, s.world.writes)
			}
		}
	}
}

func TestE5_LostLeaseStopsAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.book.lost = true
	if err := s.act(s.effect(hls.AddLabels), s.effect(hls.UpsertComment)); !errors.Is(err, hls.ErrLost) {
		t.Errorf("err %v", err)
	}
	s.must("intent intent")
}

func TestE5_StoppedProcessLeavesSending(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	ctx, cancel := context.WithCancel(t.Context())
	s.world.onWrite = func(string) { cancel() }
	s.world.faults["CreateComment"] = []fault{{err: context.Canceled, done: true}}
	_, err := s.actor.Act(ctx, s.task, hls.Plan{Effects: []hls.Effect{s.effect(hls.UpsertComment)}}, s.rule)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err %v", err)
	}
	s.must("sending", "CreateComment")
	if err := s.act(s.effect(hls.UpsertComment)); err != nil {
		t.Error(err)
	}
	s.must("done", "CreateComment")
}
