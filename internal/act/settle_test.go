package act_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/hls"
)

// next is the work that an edit of the issue starts: another task, another revision, another text.
func (s *scene) next() hls.Effect {
	s.task.ID++
	s.task.Attempt = 1
	s.world.issue.Body = fmt.Sprint("Edited for task ", s.task.ID)
	e := s.effect(hls.UpsertComment)
	e.Body = fmt.Sprint("Another question ", s.task.ID)
	return e
}

func waitsFreely(t *testing.T, err error) time.Duration {
	t.Helper()
	var retry *hls.RetryAfter
	if !errors.As(err, &retry) || !retry.Free || retry.After <= 0 || retry.After > 61*time.Second {
		t.Fatalf("does not wait as for a limit: %v", err)
	}
	return retry.After
}

// The first task does not learn whether its comment was made, and GitHub shows it late. The next task must neither
// post a second one nor pay an attempt for waiting.
func TestE5_ALaterTaskWaitsForTheCommentOfAnEarlierOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  fault
		states string
		writes []string
	}{
		"seen late":  {fault{err: errAmbiguous, done: true, late: 45 * time.Second}, "done done done", []string{"CreateComment", "AddLabels Bug", "EditComment"}},
		"never made": {fault{err: errAmbiguous}, "intent done done", []string{"CreateComment", "AddLabels Bug", "CreateComment"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, hls.KindIssue)
				s.world.faults["CreateComment"] = []fault{c.fault}
				if err := s.act(s.effect(hls.UpsertComment)); retryAfter(err) == 0 {
					t.Fatal(err)
				}
				time.Sleep(20 * time.Second)
				comment := s.next()
				plan := []hls.Effect{s.effect(hls.AddLabels), comment}
				wait := waitsFreely(t, s.act(plan...))
				s.must("sending done intent", "CreateComment", "AddLabels Bug")
				time.Sleep(wait)
				if err := s.act(plan...); err != nil {
					t.Fatal(err)
				}
				s.must(c.states, c.writes...)
				if len(s.world.comments) != 1 || s.book.rows[2].RemoteID != s.world.comments[0].ID {
					t.Errorf("comments %+v, row %+v", s.world.comments, s.book.rows[2])
				}
			})
		})
	}
}

func TestE5_OnlyTheSameCommentIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindPullRequest)
	elsewhere := s.effect(hls.UpsertComment)
	elsewhere.Purpose = "summary"
	rows := []hls.Effect{elsewhere, s.effect(hls.CreateReview), s.effect(hls.AddLabels)}
	s.sending(rows...)
	if err := s.act(s.effect(hls.UpsertComment)); err != nil {
		t.Fatal(err)
	}
	s.must("sending sending sending done", "CreateComment")
}

// sending writes effects to the ledger as an earlier run would have left them.
func (s *scene) sending(effects ...hls.Effect) {
	s.Helper()
	if _, err := s.book.Intend(s.Context(), s.task, effects); err != nil {
		s.Fatal(err)
	}
	for i := range s.book.rows {
		s.book.rows[i].State = hls.Sending
	}
}

// A row that was given up may still show what it made: it counts until GitHub must have shown it.
func TestE5_ALaterTaskMindsAnUnknownComment(t *testing.T) {
	t.Parallel()
	for _, made := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newScene(t, hls.KindIssue)
			s.world.faults["CreateComment"] = []fault{{err: errAmbiguous, done: made, late: 45 * time.Second}}
			s.world.faults["Comments"] = []fault{{}, {err: &hls.Permanent{Err: errors.New("403"), Reason: "forbidden"}}}
			if err := s.act(s.effect(hls.UpsertComment)); reason(err) != "effect_unknown" {
				t.Fatal(err)
			}
			comment := s.next()
			time.Sleep(waitsFreely(t, s.act(comment)))
			if err := s.act(comment); err != nil {
				t.Fatal(err)
			}
			if len(s.world.comments) != 1 || s.book.states() != "unknown done" {
				t.Errorf("comments %+v, rows %+v", s.world.comments, s.book.rows)
			}
		})
	}
}

// While the own account is not known, no reading tells that an earlier comment is not there.
func TestE5_ACommentOfUnknownAccountIsNotRepeatedByLaterTasks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, hls.KindIssue)
		s.world.self = hls.Account{}
		s.world.faults["CreateComment"] = []fault{{err: errAmbiguous, done: true}}
		if err := s.act(s.effect(hls.UpsertComment)); reason(err) != "effect_unknown" {
			t.Fatal(err)
		}
		comment := s.next()
		time.Sleep(time.Hour)
		if err := s.act(comment); reason(err) != "effect_unknown" {
			t.Error(err)
		}
		s.must("unknown failed", "CreateComment")
	})
}

func TestE5_SettleReadsBackAndSendsNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []hls.EffectKind{hls.UpsertComment, hls.CreateReview, hls.AddLabels, hls.RemoveLabels, hls.SetBody} {
		for _, made := range []bool{false, true} {
			t.Run(fmt.Sprint(kind, made), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { settled(t, kind, made) })
			})
		}
	}
}

func settled(t *testing.T, kind hls.EffectKind, made bool) {
	s := newScene(t, hls.KindPullRequest)
	if kind == hls.RemoveLabels {
		s.world.label(self, "Bug", true)
	}
	e := s.effect(kind)
	if made {
		if err := s.act(e); err != nil {
			t.Fatal(err)
		}
	}
	writes := slices.Clone(s.world.writes)
	s.book.rows = nil
	s.sending(e)
	s.book.newer = true
	rows, err := s.actor.Settle(t.Context(), s.task, s.rule)
	if retryAfter(err) > 0 {
		time.Sleep(waitsFreely(t, err))
		rows, err = s.actor.Settle(t.Context(), s.task, s.rule)
	}
	if err != nil || len(rows) != 1 {
		t.Fatal(rows, err)
	}
	want := hls.Intent
	if made {
		want = hls.EffectDone
	}
	if rows[0].State != want {
		t.Errorf("row %+v, want %s", rows[0], want)
	}
	s.must(string(want), writes...)
	if rows, err := s.actor.Settle(t.Context(), s.task, s.rule); err != nil || len(rows) != 0 {
		t.Errorf("settled is settled: %v, %v", rows, err)
	}
}

// A row may be another task's, under whose key this one went on; rows of other work on the subject are left to it.
func TestE5_SettleTakesWhatIsTheTasks(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	other := s.effect(hls.SetBody)
	other.Purpose = "summary"
	s.sending(s.effect(hls.SetBody), other, s.effect(hls.CloseIssue))
	s.book.rows[2].State = hls.EffectUnknown
	s.task.ID++
	if rows, err := s.actor.Settle(t.Context(), s.task, s.rule); err != nil || len(rows) != 1 {
		t.Error(rows, err)
	}
	s.must("intent sending unknown")
}

func TestE5_SettleLeavesUnknownWhatReadingCannotDecide(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*scene){
		"own account unknown": func(s *scene) { s.world.self = hls.Account{} },
		"subject gone":        func(s *scene) { s.world.faults["Comments"] = []fault{{err: hls.ErrGone}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hls.KindIssue)
			prepare(s)
			s.sending(s.effect(hls.UpsertComment))
			if rows, err := s.actor.Settle(t.Context(), s.task, s.rule); err != nil || len(rows) != 1 {
				t.Error(rows, err)
			}
			s.must("unknown")
		})
	}
}

// What keeps one row from being read back is told, and does not keep the others.
func TestE5_SettleGoesOnAfterARowThatWaits(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.sending(s.effect(hls.UpsertComment), s.effect(hls.SetBody))
	_, err := s.actor.Settle(t.Context(), s.task, s.rule)
	waitsFreely(t, err)
	s.must("sending intent")
	s.book.lost = true
	s.book.rows[1].State = hls.Sending
	if _, err := s.actor.Settle(t.Context(), s.task, s.rule); !errors.Is(err, hls.ErrLost) {
		t.Error(err)
	}
}

// What may be sent again is read back once more before it is: by then it may be there, and nobody would plan it again.
func TestE5_AWriteThatIsMadeLateIsDone(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.world.faults["AddLabels"] = []fault{{err: &hls.RetryAfter{Err: errAmbiguous, After: time.Second}}}
	if err := s.act(s.effect(hls.AddLabels)); retryAfter(err) == 0 {
		t.Fatal(err)
	}
	s.must("sending", "AddLabels Bug")
	s.world.label(self, "Bug", true)
	if _, err := s.actor.Settle(t.Context(), s.task, s.rule); err != nil {
		t.Fatal(err)
	}
	s.must("done", "AddLabels Bug")
}
