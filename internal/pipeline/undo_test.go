package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// posts takes in a delivery whose task writes a comment, or edits it.
func posts(t *testing.T, p *Pipeline, store record.Store, id, body string) {
	t.Helper()
	shelve(t, p, id, "o/r")
	task, err := store.Claim(t.Context(), "me", time.Minute)
	must(t, err)
	rows, err := store.Intend(t.Context(), task, []hls.Effect{{Kind: hls.UpsertComment, Subject: task.Subject, Purpose: task.Purpose, Revision: id, Body: body}})
	must(t, err)
	must(t, store.Move(t.Context(), task, rows[0].ID, hls.Move{From: hls.Intent, To: hls.EffectDone, RemoteID: 5}))
	must(t, store.Finish(t.Context(), task, hls.Outcome{State: hls.Done}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// undoes asks for an undo, and tells what becomes of each effect.
func undoes(t *testing.T, p *Pipeline, u Undo) (UndoReport, string) {
	t.Helper()
	u.Apply, u.By = true, "mona"
	report, err := p.Undo(t.Context(), u)
	must(t, err)
	if report.Blind == "" {
		t.Error("without a door to GitHub it does not say that it could not look")
	}
	var said []string
	for _, one := range report.Effects {
		text := one.Kept
		if text == "" {
			text = "to " + one.Take.Body
		}
		said = append(said, one.Delivery+": "+text)
	}
	return report, strings.Join(said, ", ")
}

// carries claims the task that takes back, and reads what in which order.
func carries(t *testing.T, p *Pipeline, store record.Store, want ...string) (hls.Task, []hls.Entry) {
	t.Helper()
	task, err := store.Claim(t.Context(), "me", time.Minute)
	must(t, err)
	what, err := p.decided(t.Context(), task)
	must(t, err)
	var got []string
	for _, e := range what.Entries {
		got = append(got, e.Effect.Was)
	}
	if task.Origin != hls.FromUndo || !slices.Equal(got, want) {
		t.Errorf("task %+v takes back %q, want %q", task, got, want)
	}
	return task, what.Entries
}

// A text that HLS has written again since is put back with that, or not at all; and it is step by step, the last first.
func TestE8_ATextIsPutBackStepByStep(t *testing.T) {
	t.Parallel()
	p, store := shelf(t)
	posts(t, p, store, "a", "One.")
	posts(t, p, store, "b", "Two.")
	if report, said := undoes(t, p, Undo{Delivery: "a"}); said != "a: written_again" || len(report.Tasks) != 0 {
		t.Errorf("the first alone: %s, tasks %v", said, report.Tasks)
	}
	_, err := p.Undo(t.Context(), Undo{Delivery: "b"})
	var final *hls.Permanent
	if !errors.As(err, &final) || final.Reason != "cannot_look" {
		t.Errorf("told without a door to GitHub: %v", err)
	}
	all := Undo{Since: time.Now().Add(-time.Hour)}
	if report, said := undoes(t, p, all); said != "b: to One., a: to " || len(report.Tasks) != 1 {
		t.Errorf("both: %s, tasks %v", said, report.Tasks)
	}
	if report, said := undoes(t, p, all); said != "b: being_taken_back, a: being_taken_back" || len(report.Tasks) != 0 {
		t.Errorf("both once more: %s, tasks %v", said, report.Tasks)
	}
	carrier, rows := carries(t, p, store, "Two.", "One.")
	must(t, store.Move(t.Context(), carrier, rows[0].ID, hls.Move{From: hls.Intent, To: hls.EffectUnknown}))
	must(t, store.Finish(t.Context(), carrier, hls.Outcome{State: hls.Parked, Reason: "effect_unknown"}))
	if _, said := undoes(t, p, all); said != "b: not_known, a: to " {
		t.Errorf("after nobody knows: %s", said)
	}
}

// Also when an earlier try has left a part of it.
func TestE8_WhatWasTriedBeforeKeepsItsPlace(t *testing.T) {
	t.Parallel()
	p, store := shelf(t)
	posts(t, p, store, "a", "One.")
	undoes(t, p, Undo{Delivery: "a"})
	first, rows := carries(t, p, store, "One.")
	must(t, store.Move(t.Context(), first, rows[0].ID, hls.Move{From: hls.Intent, To: hls.EffectStale, Error: "edited_since"}))
	must(t, store.Finish(t.Context(), first, hls.Outcome{State: hls.Done}))
	posts(t, p, store, "b", "Two.")
	undoes(t, p, Undo{Since: time.Now().Add(-time.Hour)})
	carries(t, p, store, "Two.", "One.")
}

// What is taken back is found page by page, and no more than at once.
func TestUndoTakesAllPages(t *testing.T) {
	t.Parallel()
	p, store := shelf(t)
	shelve(t, p, "d", "o/r")
	task, err := store.Claim(t.Context(), "me", time.Hour)
	must(t, err)
	var effects []hls.Effect
	for i := range 203 {
		effects = append(effects, hls.Effect{Kind: hls.AddReaction, Subject: task.Subject, Purpose: task.Purpose, Comment: int64(i + 1), Reaction: hls.Eyes})
	}
	rows, err := store.Intend(t.Context(), task, effects)
	must(t, err)
	for _, row := range rows {
		must(t, store.Move(t.Context(), task, row.ID, hls.Move{From: hls.Intent, To: hls.EffectDone}))
	}
	for most, want := range map[int]string{201: "201 true", 203: "203 false", 1000: "203 false"} {
		list, more, err := p.selected(t.Context(), Undo{Delivery: "d"}, hls.EffectDone, most)
		must(t, err)
		if got := fmt.Sprint(len(list), more); got != want {
			t.Errorf("at most %d: %s, want %s", most, got, want)
		}
	}
}

// Nothing is taken back that was not named, and of two who ask at once the second is told.
func TestE8_AnUndoNamesOneThing(t *testing.T) {
	t.Parallel()
	p, store := shelf(t)
	posts(t, p, store, "a", "One.")
	now := time.Now()
	for _, u := range []Undo{{}, {Repo: "o/r"}, {Delivery: "a", Since: now}, {Delivery: "a", Prompt: "0123456789ab"}, {Prompt: "%"}, {Prompt: "abc"}} {
		u.Apply = true
		var final *hls.Permanent
		if _, err := p.Undo(t.Context(), u); !errors.As(err, &final) {
			t.Errorf("%+v: %v", u, err)
		}
	}
	if _, err := p.Undo(t.Context(), Undo{Delivery: "nobody", Apply: true}); !errors.Is(err, hls.ErrNotFound) {
		t.Errorf("of no delivery: %v", err)
	}
	late, err := New(Config{Owner: "me", Concurrency: 1, MaxAttempts: 2, Timeout: time.Minute, Lease: time.Minute}, hasty{store}, Rooms{}, slog.New(slog.DiscardHandler))
	must(t, err)
	var final *hls.Permanent
	if _, err := late.Undo(t.Context(), Undo{Delivery: "a", Apply: true}); !errors.As(err, &final) || final.Reason != "decided_meanwhile" {
		t.Errorf("asked at once: %v", err)
	}
}

// hasty is a store in which somebody else asks for the same a moment earlier.
type hasty struct{ record.Store }

func (r hasty) Undo(ctx context.Context, rows []record.Undoing, by string) ([]int64, error) {
	if _, err := r.Store.Undo(ctx, rows, "paul"); err != nil {
		return nil, err
	}
	return r.Store.Undo(ctx, rows, by)
}
