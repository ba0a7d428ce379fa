package simulate_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/act"
	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/simulate"
)

var first = hls.Subject{RepoID: 77, Repo: shop, Kind: hls.KindIssue, Number: 1}

// taking is a kind of effect, and how GitHub has it taken back.
type taking struct {
	effects func(s *stage) []hls.Effect
	route   string            // of the write
	deed    simulate.DeedKind // that HLS then has done once
}

func one(e hls.Effect) func(*stage) []hls.Effect {
	return func(*stage) []hls.Effect { return []hls.Effect{e} }
}

func takings() map[string]taking {
	label := hls.Effect{Kind: hls.AddLabels, Subject: first, Revision: "r1", Labels: []hls.Label{{Name: "bug"}}}
	unlabel := hls.Effect{Kind: hls.RemoveLabels, Subject: first, Revision: "r2", Labels: label.Labels}
	comment := hls.Effect{Kind: hls.UpsertComment, Subject: first, Revision: "r1", Body: "Which version is it?"}
	edit := hls.Effect{Kind: hls.UpsertComment, Subject: first, Revision: "r2", Body: "Which version is it, and where?"}
	return map[string]taking{
		"labels":         {one(label), "DELETE /repos/*/*/issues/*/labels/*", simulate.Unlabeled},
		"labels removed": {func(*stage) []hls.Effect { return []hls.Effect{label, unlabel} }, "POST /repos/*/*/issues/*/labels", simulate.Labeled},
		"comment":        {one(comment), "DELETE /repos/*/*/issues/comments/*", simulate.CommentDeleted},
		"comment edited": {func(*stage) []hls.Effect { return []hls.Effect{comment, edit} }, "PATCH /repos/*/*/issues/comments/*", simulate.CommentEdited},
		"review": {func(s *stage) []hls.Effect {
			return []hls.Effect{{
				Kind: hls.CreateReview, Subject: second, Revision: "r1", Body: "One thing.", Head: s.github.PullRequest(shop, 2).Head.SHA,
				Remarks: []hls.Remark{{Path: "cart/save.go", Line: 11, EndLine: 11, Side: "RIGHT", Body: "A panic."}},
			}}
		}, "POST /graphql", simulate.Hidden},
		"closing": {one(hls.Effect{Kind: hls.CloseIssue, Subject: first, Revision: "r1"}), "PATCH /repos/*/*/issues/*", simulate.Reopened},
		"issue": {one(hls.Effect{Kind: hls.CreateIssue, Subject: first.Cause("0123abcd"), Revision: "r1", Title: "Main is broken", Body: "Since then."}),
			"PATCH /repos/*/*/issues/*", simulate.Closed},
		"reaction": {func(s *stage) []hls.Effect {
			c := s.github.CommentAs(shop, 1, "mona", "/hls triage")
			return []hls.Effect{{Kind: hls.AddReaction, Subject: first, Revision: "r1", Comment: c.ID, Reaction: hls.Eyes}}
		}, "DELETE /repos/*/*/issues/comments/*/reactions/*", simulate.Unreacted},
	}
}

// Whatever the network makes of a write and of its answer, what was done is taken back, and once.
func TestE5_EveryKindIsTakenBackOnceOverTheWire(t *testing.T) {
	t.Parallel()
	for name, taking := range takings() {
		for _, fault := range []simulate.Fault{
			{}, {Kind: simulate.FailBefore, Status: 502}, {Kind: simulate.FailAfter, Status: 502}, {Kind: simulate.ResetAfter}, {Kind: simulate.Truncated},
		} {
			t.Run(fmt.Sprint(name, " ", fault.Kind), func(t *testing.T) {
				t.Parallel()
				s, fault := newStage(t), fault
				s.github.AddIssue(shop, simulate.IssueSeed{Number: 1, Title: "It breaks", Body: "On start.", Author: "paul"})
				row := s.did(taking.effects(s))
				s.deeds = nil
				if fault.Kind != "" {
					fault.Method, fault.PathGlob, _ = strings.Cut(taking.route, " ")
					s.github.Fail(fault)
				}
				s.takenBack(row)
				want := 1
				if name == "review" {
					want = 2 // with its remark
				}
				n := 0
				for _, d := range s.deeds {
					if d == string(taking.deed) {
						n++
					}
				}
				if n != want || len(s.deeds) != want {
					t.Errorf("HLS did %v", s.deeds)
				}
				if after, err := s.store.Ledger(t.Context(), record.LedgerQuery{Key: row.Effect.Key()}); err != nil || after[0].State != hls.EffectUndone {
					t.Errorf("the row is %s, %v", after[0].State, err)
				}
			})
		}
	}
}

// did has effects done, and returns the row of the last.
func (s *stage) did(effects []hls.Effect) hls.Entry {
	s.Helper()
	of := effects[0].Subject
	if of.Kind == hls.KindOther {
		of = first
	}
	for i := range effects {
		effects[i].Purpose = "ci"
	}
	task := s.task(of)
	for _, e := range effects {
		must(s.T, s.carried(task, hls.Plan{Effects: []hls.Effect{e}}))
	}
	must(s.T, s.store.Finish(s.Context(), task, hls.Outcome{State: hls.Done}))
	rows, err := s.store.Effects(s.Context(), task.ID)
	must(s.T, err)
	last := rows[len(rows)-1]
	if last.State != hls.EffectDone {
		s.Fatalf("it was not done: %+v", last)
	}
	return last
}

// takenBack runs a task that takes a row back, as often as it takes.
func (s *stage) takenBack(row hls.Entry) {
	s.Helper()
	earlier, err := s.store.Ledger(s.Context(), record.LedgerQuery{Delivery: "delivery-1", Before: row.ID})
	must(s.T, err)
	e, why := act.Inverse(row, earlier)
	if why != "" {
		s.Fatal(why)
	}
	tasks, err := s.store.Undo(s.Context(), []record.Undoing{{Row: row.ID, Effect: e}}, "mona")
	must(s.T, err)
	task, err := s.store.Claim(s.Context(), "test", time.Hour)
	must(s.T, err)
	if task.ID != tasks[0] {
		s.Fatalf("task %d is to be run, want %d", task.ID, tasks[0])
	}
	for {
		rows, err := s.store.Effects(s.Context(), task.ID)
		must(s.T, err)
		_, err = s.actor.Carry(s.Context(), task, act.Stored{Entries: rows}, hls.Rule{})
		var retry *hls.RetryAfter
		if !errors.As(err, &retry) {
			must(s.T, err)
			return
		}
		<-time.After(min(retry.After, time.Second))
	}
}

// A node that there is not, and what the stand-in does not know, is answered as GitHub does: with status 200.
func TestTheStandInHidesReviews(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	row := s.did(takings()["review"].effects(s))
	s.takenBack(row)
	reviews := s.github.Reviews(shop, 2)
	i := slices.IndexFunc(reviews, func(v simulate.Review) bool { return v.ID == row.RemoteID })
	if i < 0 || !reviews[i].Hidden || !s.github.Remarks(shop, 2)[0].Hidden {
		t.Errorf("reviews %+v, remarks %+v", reviews, s.github.Remarks(shop, 2))
	}
}
