package act_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/act"
	"hls/internal/hls"
)

// deed is something that HLS did, and how GitHub shows that it was taken back.
type deed struct {
	kind  hls.EffectKind
	do    func(*scene)
	taken func(*world) bool
	write string // that takes it back
}

func did(kind hls.EffectKind) func(*scene) {
	return func(s *scene) {
		if err := s.act(s.effect(kind)); err != nil {
			s.Fatal(err)
		}
	}
}

func deeds() map[string]deed {
	return map[string]deed{
		"labels": {hls.AddLabels, did(hls.AddLabels), func(w *world) bool { return len(w.issue.Labels) == 0 }, "RemoveLabel Bug"},
		"labels removed": {hls.RemoveLabels, func(s *scene) {
			s.world.label(self, "Bug", true)
			did(hls.RemoveLabels)(s)
		}, func(w *world) bool { return len(w.issue.Labels) == 1 && w.issue.Labels[0].Name == "Bug" }, "AddLabels Bug"},
		"comment": {hls.UpsertComment, did(hls.UpsertComment), func(w *world) bool { return len(w.comments) == 0 }, "DeleteComment 101"},
		"comment edited": {hls.UpsertComment, func(s *scene) {
			s.upsert("triage", "One.")
			s.upsert("triage", "Two.")
		}, func(w *world) bool {
			return strings.HasPrefix(w.comments[0].Body, "One.\n\n<!-- hls:v1 purpose=triage sig=")
		}, "EditComment"},
		"review": {hls.CreateReview, func(s *scene) {
			did(hls.CreateReview)(s)
			s.world.reviews[0].NodeID = "V"
			s.world.inline = append(s.world.inline, hls.ReviewComment{ID: 7, NodeID: "M", ReviewID: s.world.reviews[0].ID, User: self})
		}, func(w *world) bool { return slices.Contains(w.hidden, "V") && slices.Contains(w.hidden, "M") }, "Minimize V"},
		"closing":  {hls.CloseIssue, did(hls.CloseIssue), func(w *world) bool { return w.issue.State == "open" }, "ReopenIssue"},
		"issue":    {hls.CreateIssue, did(hls.CreateIssue), func(w *world) bool { return w.opened[0].State == "closed" }, "CloseIssue not_planned"},
		"reaction": {hls.AddReaction, did(hls.AddReaction), func(w *world) bool { return len(w.emojis) == 0 }, "RemoveReaction 101 false"},
	}
}

// after is a scene in which something was done.
func (d deed) after(t *testing.T) *scene {
	t.Helper()
	on := hls.KindIssue
	if d.kind == hls.CreateReview {
		on = hls.KindPullRequest
	}
	s := newScene(t, on)
	d.do(s)
	if s.book.states() != "done" && s.book.states() != "done done" || d.taken(s.world) {
		t.Fatalf("it was not done: rows %+v", s.book.rows)
	}
	s.world.writes = nil
	return s
}

// inverse is what takes the last row back.
func (s *scene) inverse() (hls.Effect, string) {
	earlier := slices.Clone(s.book.rows)
	slices.Reverse(earlier)
	return act.Inverse(earlier[0], earlier[1:])
}

// takeBack runs a task that takes the last row back, by settings that let nothing be written.
func (s *scene) takeBack() (hls.Entry, error) {
	s.Helper()
	e, why := s.inverse()
	if why != "" {
		s.Fatalf("nothing takes it back: %s", why)
	}
	return s.carry(e)
}

func (s *scene) carry(e hls.Effect) (hls.Entry, error) {
	s.Helper()
	task := s.task
	task.ID, task.Origin, task.Purpose = 2, hls.FromUndo, "undo-1"
	rows, err := s.book.Intend(s.Context(), task, []hls.Effect{e})
	if err != nil {
		s.Fatal(err)
	}
	rows, err = s.actor.Carry(s.Context(), task, act.Stored{Entries: rows}, hls.Rule{DryRun: true})
	return rows[0], err
}

func TestE8_WhatNobodyTouchedIsTakenBack(t *testing.T) {
	t.Parallel()
	for name, d := range deeds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := d.after(t)
			e, _ := s.inverse()
			if why, err := s.actor.Preview(t.Context(), hls.Task{Subject: s.task.Subject, Origin: hls.FromUndo}, e); why != (act.Outlook{}) || err != nil {
				t.Errorf("it would stay: %+v %v", why, err)
			}
			if len(s.world.writes) != 0 {
				t.Errorf("looking wrote %v", s.world.writes)
			}
			row, err := s.carry(e)
			if err != nil || row.State != hls.EffectDone || !d.taken(s.world) || s.world.writes[0] != d.write {
				t.Errorf("%v, row %+v, writes %v", err, row, s.world.writes)
			}
			n := len(s.world.writes)
			s.restart()
			if row, err := s.carry(e); err != nil || row.State != hls.EffectDone || len(s.world.writes) != n {
				t.Errorf("carried once more: %v, row %+v, writes %v", err, row, s.world.writes)
			}
		})
	}
}

// The process ends at any step, or GitHub's answer is lost: it is taken back, and what stands once is not written twice.
func TestE5_CrashAtEveryStepOfTakingBack(t *testing.T) {
	t.Parallel()
	for name, d := range deeds() {
		for step := range 2 {
			for _, commit := range []bool{false, true} {
				t.Run(fmt.Sprint(name, step+1, commit), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						s := d.after(t)
						e, _ := s.inverse()
						s.book.crash, s.book.commit = s.book.steps+step+1, commit
						if _, err := s.carry(e); !errors.Is(err, errCrash) {
							t.Fatalf("the crash was not seen: %v", err)
						}
						s.ends(e, d)
					})
				})
			}
		}
		for _, done := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " answer lost ", done), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := d.after(t)
					e, _ := s.inverse()
					method, _, _ := strings.Cut(d.write, " ")
					s.world.faults[method] = []fault{{err: errAmbiguous, done: done}}
					s.ends(e, d)
				})
			})
		}
	}
}

// ends carries on until it is taken back.
func (s *scene) ends(e hls.Effect, d deed) {
	s.Helper()
	var row hls.Entry
	var err error
	for range 4 {
		s.restart()
		s.task.Attempt++
		if row, err = s.carry(e); err == nil {
			break
		}
		time.Sleep(max(retryAfter(err), time.Second))
	}
	if err != nil || row.State != hls.EffectDone || !d.taken(s.world) {
		s.Errorf("%v, row %+v, writes %v", err, row, s.world.writes)
	}
}

func TestE8_WhatPeopleTouchedStays(t *testing.T) {
	t.Parallel()
	relabel := func(s *scene) {
		s.world.label(person, "Bug", !slices.ContainsFunc(s.world.issue.Labels, func(l hls.Label) bool { return l.Name == "Bug" }))
	}
	twice := func(s *scene) { relabel(s); relabel(s) }
	for _, c := range []struct {
		deed, how string
		touch     func(*scene)
		state     hls.EffectState
		note      string
	}{
		{"labels", "set by a person", twice, hls.EffectStale, "Bug: added_by_person"},
		{"labels", "taken off by a person", relabel, hls.EffectDone, ""},
		{"labels", "account unknown", func(s *scene) { s.world.self = hls.Account{} }, hls.EffectStale, "Bug: added_by_person"},
		{"labels removed", "taken off by a person", twice, hls.EffectStale, "bug: not_removed_by_hls"},
		{"labels removed", "set by a person", relabel, hls.EffectDone, ""},
		{"comment", "edited", func(s *scene) { s.world.comments[0].Body = "By hand." }, hls.EffectStale, "edited_since"},
		{"comment", "added to", func(s *scene) { s.world.comments[0].Body += "\nEdit: no." }, hls.EffectStale, "edited_since"},
		{"comment", "of another", func(s *scene) { s.world.comments[0].User = person }, hls.EffectStale, "written_by_another"},
		{"comment", "deleted", func(s *scene) { s.world.comments = nil }, hls.EffectDone, "gone"},
		{"comment edited", "edited", func(s *scene) { s.world.comments[0].Body = "By hand." }, hls.EffectStale, "edited_since"},
		{"comment edited", "put back", func(s *scene) {
			s.world.comments[0].Body = "One.\n\n" + s.world.comments[0].Body[strings.Index(s.world.comments[0].Body, "<!--"):]
		}, hls.EffectDone, "unchanged"},
		{"review", "edited", func(s *scene) { s.world.reviews[0].Body = "No." + s.world.reviews[0].Body }, hls.EffectStale, "edited_since"},
		{"review", "of another", func(s *scene) { s.world.reviews[0].User = person }, hls.EffectStale, "written_by_another"},
		{"review", "without its marker", func(s *scene) { s.world.reviews[0].Body = "Two things." }, hls.EffectStale, "written_by_another"},
		{"review", "deleted", func(s *scene) { s.world.reviews = nil }, hls.EffectDone, "gone"},
		{"closing", "opened", func(s *scene) { s.world.issue.State = "open" }, hls.EffectDone, "open already"},
		{"closing", "closed by a person", func(s *scene) { s.world.close(42, person) }, hls.EffectStale, "closed_by_person"},
		{"issue", "answered", func(s *scene) { s.world.post(person, "Me too.", 0) }, hls.EffectStale, "answered_by_person"},
		{"issue", "edited", func(s *scene) { s.world.opened[0].Body = "Since Monday." }, hls.EffectStale, "edited_since"},
		{"issue", "closed", func(s *scene) { s.world.opened[0].State = "closed" }, hls.EffectDone, "closed already"},
	} {
		t.Run(c.deed+" "+c.how, func(t *testing.T) {
			t.Parallel()
			s := deeds()[c.deed].after(t)
			c.touch(s)
			row, err := s.takeBack()
			if err != nil || row.State != c.state || row.Error != c.note || len(s.world.writes) != 0 {
				t.Errorf("%v, row %s %q, writes %v", err, row.State, row.Error, s.world.writes)
			}
			want := c.note
			if want == "" {
				want = "nothing_left"
			}
			if why, err := s.actor.Preview(t.Context(), hls.Task{Subject: s.task.Subject, Origin: hls.FromUndo}, row.Effect); why.Stays != want || err != nil {
				t.Errorf("beforehand it says %+v %v, want %q", why, err, want)
			}
		})
	}
}

// Of several labels, and of a review's remarks, what people touched stays, and the rest is taken back.
func TestE8_ThePartThatPeopleTouchedStays(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	e := s.effect(hls.AddLabels)
	e.Labels = named("bug", "docs")
	if err := s.act(e); err != nil {
		t.Fatal(err)
	}
	s.world.label(person, "docs", false)
	s.world.label(person, "docs", true)
	e, _ = s.inverse()
	if why, err := s.actor.Preview(t.Context(), hls.Task{Subject: s.task.Subject, Origin: hls.FromUndo}, e); why != (act.Outlook{Partly: "docs: added_by_person"}) || err != nil {
		t.Errorf("beforehand: %+v %v", why, err)
	}
	row, err := s.takeBack()
	if err != nil || row.State != hls.EffectDone || row.Error != "docs: added_by_person" {
		t.Errorf("%v, row %+v", err, row)
	}
	s.must("done done", "AddLabels Bug,docs", "RemoveLabel Bug")

	s = deeds()["review"].after(t)
	s.world.inline = append(s.world.inline, hls.ReviewComment{ID: 8, ReviewID: 1, InReplyTo: 7, User: person})
	row, err = s.takeBack()
	if err != nil || row.State != hls.EffectDone || row.Error != "remarks: answered_by_person" {
		t.Errorf("%v, row %+v", err, row)
	}
	s.must("done done", "Minimize V")
}

// What an operator had taken back is not set again, unless somebody asks for it. That is remembered before it is taken off.
func TestE8_ALabelTakenBackIsNotSetAgain(t *testing.T) {
	t.Parallel()
	s := deeds()["labels"].after(t)
	s.world.onWrite = func(string) {
		if len(s.book.touched) != 1 || s.book.touched[0].Fate != hls.LabelTakenBack || s.book.touched[0].Label != "Bug" {
			t.Errorf("remembered before it is taken off: %+v", s.book.touched)
		}
	}
	if _, err := s.takeBack(); err != nil {
		t.Fatal(err)
	}
	s.world.onWrite, s.world.writes = nil, nil
	s.remember("Bug", hls.Touch{Fate: hls.LabelAdded, By: self}, hls.Touch{Fate: hls.LabelTakenBack, By: self})
	e := s.effect(hls.AddLabels)
	e.Revision, e.Expect = "later", ""
	if err := s.act(e); err != nil {
		t.Fatal(err)
	}
	if row := s.book.rows[2]; row.State != hls.EffectDone || row.Error != "bug: removed_by_person" {
		t.Errorf("row %+v", row)
	}
	e.Nonce = "replay-9"
	if err := s.act(e); err != nil {
		t.Fatal(err)
	}
	s.must("done done done done", "AddLabels Bug")
}

// What a row did not bring about is not taken back with it.
func TestE8_OnlyWhatARowChangedIsTakenBack(t *testing.T) {
	t.Parallel()
	row := func(kind hls.EffectKind, note string, labels ...string) hls.Entry {
		return hls.Entry{Effect: hls.Effect{Kind: kind, Labels: named(labels...), Body: "Two."}, RemoteID: 5, Error: note}
	}
	said := func(id int64, body string) hls.Entry {
		return hls.Entry{Effect: hls.Effect{Kind: hls.UpsertComment, Body: body}, RemoteID: id}
	}
	for name, c := range map[string]struct {
		row     hls.Entry
		earlier []hls.Entry
		want    string
	}{
		"set":                   {row(hls.AddLabels, "", "bug", "docs"), nil, "remove_labels [bug docs]"},
		"set before":            {row(hls.AddLabels, "", "bug", "docs"), []hls.Entry{row(hls.AddLabels, "", "BUG")}, "remove_labels [docs]"},
		"set, removed, set":     {row(hls.AddLabels, "", "bug"), []hls.Entry{row(hls.RemoveLabels, "", "bug"), row(hls.AddLabels, "", "bug")}, "remove_labels [bug]"},
		"left out":              {row(hls.AddLabels, "bug: removed_by_person; ui: not_in_repository", "bug", "docs", "ui"), nil, "remove_labels [docs]"},
		"left out before":       {row(hls.AddLabels, "", "bug"), []hls.Entry{row(hls.AddLabels, "bug: not_in_repository", "bug")}, "remove_labels [bug]"},
		"nothing left":          {row(hls.AddLabels, "", "bug"), []hls.Entry{row(hls.AddLabels, "", "bug")}, "changed_nothing"},
		"removed":               {row(hls.RemoveLabels, "", "bug"), []hls.Entry{row(hls.AddLabels, "", "bug")}, "add_labels [bug]"},
		"removed before":        {row(hls.RemoveLabels, "", "bug"), []hls.Entry{row(hls.RemoveLabels, "", "bug")}, "changed_nothing"},
		"comment":               {row(hls.UpsertComment, ""), []hls.Entry{said(4, "Zero.")}, "revert_comment to "},
		"comment edited":        {row(hls.UpsertComment, ""), []hls.Entry{said(4, "Zero."), said(5, "One."), said(5, "None.")}, "revert_comment to One."},
		"comment as it was":     {row(hls.UpsertComment, "unchanged"), nil, "changed_nothing"},
		"comment said the same": {row(hls.UpsertComment, ""), []hls.Entry{said(5, "Two.")}, "changed_nothing"},
		"issue of another row":  {row(hls.CreateIssue, "open already"), nil, "changed_nothing"},
		"closed before":         {row(hls.CloseIssue, "closed already"), nil, "changed_nothing"},
		"text":                  {row(hls.SetBody, ""), nil, "cannot_be_taken_back"},
		"nothing written":       {hls.Entry{Effect: hls.Effect{Kind: hls.CreateReview}}, nil, "nothing_written"},
	} {
		e, why := act.Inverse(c.row, c.earlier)
		got := why
		switch {
		case why != "":
		case len(e.Labels) > 0:
			got = string(e.Kind) + " ["
			for i, l := range e.Labels {
				got += strings.Repeat(" ", min(i, 1)) + l.Name
			}
			got += "]"
		default:
			got = string(e.Kind) + " to " + e.Body
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// What takes something back names the row, and is about the task's subject or beside it; nothing else is done for an undo.
func TestE1_TakingBackIsConfined(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(*hls.Effect){
		"takes nothing back": func(e *hls.Effect) { e.Undoes = 0 },
		"another repository": func(e *hls.Effect) { e.Subject.RepoID, e.Subject.Repo = 6, "octo/cat" },
		"another name":       func(e *hls.Effect) { e.Subject.Repo = "octo/cat" },
		"no issue":           func(e *hls.Effect) { e.Subject.Kind, e.Subject.Ref = hls.KindOther, "release/8" },
		"a purpose":          func(e *hls.Effect) { e.Purpose = "x --> y" },
		"no labels":          func(e *hls.Effect) { e.Labels = nil },
		"a text":             func(e *hls.Effect) { e.Kind, e.Body = hls.SetBody, "x" },
		"a comment":          func(e *hls.Effect) { e.Kind, e.Body = hls.UpsertComment, "x" },
		"no comment":         func(e *hls.Effect) { e.Kind = hls.RevertComment },
		"another emoji":      func(e *hls.Effect) { e.Kind, e.Comment, e.Reaction = hls.RemoveReaction, 1, "heart&x=y" },
	} {
		s := deeds()["labels"].after(t)
		e, _ := s.inverse()
		bend(&e)
		if _, err := s.actor.Preview(t.Context(), hls.Task{Subject: s.task.Subject, Origin: hls.FromUndo}, e); reason(err) != "outside_closed_set" {
			t.Errorf("%s: beforehand: %v", name, err)
		}
		if row, err := s.carry(e); reason(err) != "outside_closed_set" || row.State != hls.EffectFailed || len(s.world.writes) != 0 {
			t.Errorf("%s: %v, row %+v, writes %v", name, err, row, s.world.writes)
		}
	}
	s := newScene(t, hls.KindIssue)
	for _, kind := range hls.UndoKinds() {
		e := s.effect(hls.AddLabels)
		e.Kind, e.Undoes, e.Comment = kind, 1, 5
		if err := s.act(e); reason(err) != "outside_closed_set" {
			t.Errorf("%s was planned: %v", kind, err)
		}
	}
}
