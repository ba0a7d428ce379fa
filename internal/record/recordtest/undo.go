package recordtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
	"hls/internal/record"
)

func undoTests() map[string]func(*house) {
	return map[string]func(*house){
		"E5_UndoneOnce":                 undoneOnce,
		"E5_OneUndoAtATime":             oneUndo,
		"E5_AnUndoThatEndedGoesOn":      undoGoesOn,
		"UndoIsAllOrNone":               undoAllOrNone,
		"E5_OneTaskTakesBackOnASubject": undoBySubject,
		"UndoFindsWhatAPromptLedTo":     undoByPrompt,
		"S5_EveryDecisionOfAPersonTold": decisionsAreTold,
	}
}

// labeled has a task of an issue set a label, and returns its row.
func (h *house) labeled(number int, revision string) (hls.Task, hls.Entry) {
	h.Helper()
	task := h.running(h.work(issue(1, number)))
	e := hls.Effect{Kind: hls.AddLabels, Subject: task.Subject, Purpose: task.Purpose, Revision: revision, Labels: []hls.Label{{Name: "bug"}}}
	row := h.intend(task, e)[0]
	h.move(task, row.ID, hls.Intent, hls.Sending)
	h.move(task, row.ID, hls.Sending, hls.EffectDone)
	h.done(task)
	return task, row
}

// unlabel is what takes a row of labels back.
func unlabel(row hls.Entry) record.Undoing {
	e := row.Effect
	e.Kind, e.Undoes = hls.RemoveLabels, row.ID
	return record.Undoing{Row: row.ID, Effect: e}
}

func (h *house) undo(rows ...record.Undoing) []int64 {
	h.Helper()
	tasks, err := h.store.Undo(h.ctx, rows, "mona")
	h.must(err)
	return tasks
}

// carried claims the task that takes a row back, and returns the row of that.
func (h *house) carried(id int64) (hls.Task, hls.Entry) {
	h.Helper()
	carrier := h.claims(id)
	rows, err := h.store.Effects(h.ctx, id)
	h.must(err)
	same(h, "rows to take back", len(rows), 1)
	return carrier, rows[0]
}

func undoneOnce(h *house) {
	task, row := h.labeled(1, "r1")
	tasks := h.undo(unlabel(row))
	same(h, "tasks", len(tasks), 1)
	same(h, "state before it is carried out", h.states(task), "[done]")
	h.restart()
	carrier, take := h.carried(tasks[0])
	same(h, "origin", carrier.Origin, hls.FromUndo)
	same(h, "subject", carrier.Subject, task.Subject)
	same(h, "delivery", carrier.DeliveryID, task.DeliveryID)
	same(h, "actor", carrier.Actor, "mona")
	same(h, "carrier", take.Carrier, carrier.ID)
	same(h, "decided by", take.DecidedBy, "mona")
	same(h, "effect", fmt.Sprint(take.Effect), fmt.Sprint(unlabel(row).Effect))
	h.move(carrier, take.ID, hls.Intent, hls.Sending)
	same(h, "state while it is sent", h.states(task), "[done]")
	h.move(carrier, take.ID, hls.Sending, hls.EffectDone)
	same(h, "state afterwards", h.states(task), "[undone]")
	h.done(carrier)
	same(h, "counted", h.stats().Effects["add_labels/undone"], 1)

	var done *record.NotDone
	if _, err := h.store.Undo(h.ctx, []record.Undoing{unlabel(row)}, "mona"); !errors.As(err, &done) || done.ID != row.ID || done.State != hls.EffectUndone {
		h.Fatalf("undone twice: %v", err)
	}
	again := h.running(h.work(issue(1, 1)))
	same(h, "the same effect once more", h.intend(again, row.Effect)[0].State, hls.EffectUndone)
	_, err := h.store.Posted(h.ctx, task.Subject, task.Purpose, hls.AddLabels)
	h.wants(err, hls.ErrNotFound)
}

func oneUndo(h *house) {
	_, row := h.labeled(1, "r1")
	tasks := h.undo(unlabel(row))
	refused := func() {
		h.Helper()
		var busy *record.BeingUndone
		if _, err := h.store.Undo(h.ctx, []record.Undoing{unlabel(row)}, "paul"); !errors.As(err, &busy) || busy.ID != row.ID || busy.TaskID != tasks[0] {
			h.Fatalf("undone by two: %v", err)
		}
	}
	refused()
	carrier, take := h.carried(tasks[0])
	refused()
	same(h, "decided by", take.DecidedBy, "mona")
	h.move(carrier, take.ID, hls.Intent, hls.EffectDone)
	h.done(carrier)
}

// undoGoesOn: what an earlier try has left is carried by the next, as that wants it, unless it may have been sent.
func undoGoesOn(h *house) {
	task, row := h.labeled(1, "r1")
	for _, state := range []hls.EffectState{hls.EffectStale, hls.EffectFailed, hls.Sending} {
		first, _ := h.carried(h.undo(unlabel(row))[0])
		before := h.takes(row)
		if before.State != hls.Intent {
			h.move(first, before.ID, before.State, hls.Intent)
		}
		h.move(first, before.ID, hls.Intent, state)
		h.finish(first, hls.Outcome{State: hls.Parked, Reason: "x"})
		other := unlabel(row)
		other.Effect.Labels = []hls.Label{{Name: "docs"}}
		second, take := h.carried(h.undo(other)[0])
		same(h, "row", take.ID, before.ID)
		same(h, "state", take.State, state)
		want := "docs"
		if state == hls.Sending {
			want = "bug"
		}
		same(h, "label", take.Effect.Labels[0].Name, want)
		h.finish(second, hls.Outcome{State: hls.Parked, Reason: "x"})
	}
	same(h, "states", h.states(task), "[done]")
}

// takes is the row that takes another back.
func (h *house) takes(row hls.Entry) hls.Entry {
	h.Helper()
	rows := h.ledger(record.LedgerQuery{Key: unlabel(row).Effect.Key()})
	same(h, "rows of a key", len(rows), 1)
	return rows[0]
}

func undoAllOrNone(h *house) {
	_, row := h.labeled(1, "r1")
	_, proposed := h.proposes(2, "r1")
	beside := unlabel(row)
	beside.Row, beside.Effect.Subject, beside.Effect.Revision = row.ID, issue(2, 1), "r2"
	missing := unlabel(hls.Entry{ID: 999, Effect: row.Effect})
	for _, rows := range [][]record.Undoing{
		{unlabel(row), missing}, {unlabel(row), unlabel(proposed[0])}, {unlabel(row), beside}, {unlabel(row), unlabel(row)},
	} {
		if _, err := h.store.Undo(h.ctx, rows, "mona"); err == nil {
			h.Fatalf("%+v was taken", rows[1])
		}
	}
	h.idle()
	same(h, "rows", len(h.ledger(record.LedgerQuery{})), 3)
}

// undoBySubject: one task for each subject that something was done on, in the order given, whichever tasks did it.
func undoBySubject(h *house) {
	other := h.running(h.work(issue(1, 3)))
	e := hls.Effect{Kind: hls.AddLabels, Subject: issue(1, 1), Purpose: "ci", Revision: "r1", Labels: []hls.Label{{Name: "bug"}}}
	first := h.intend(other, e)[0]
	h.move(other, first.ID, hls.Intent, hls.EffectDone)
	h.done(other)
	_, second := h.labeled(2, "r1")
	_, third := h.labeled(1, "r2")
	tasks := h.undo(unlabel(first), unlabel(second), unlabel(third))
	same(h, "tasks", len(tasks), 2)
	rows, err := h.store.Effects(h.ctx, tasks[0])
	h.must(err)
	var undone []int64
	for _, e := range rows {
		undone = append(undone, e.Effect.Undoes)
	}
	same(h, "rows of the first", fmt.Sprint(undone), fmt.Sprint([]int64{first.ID, third.ID}))
	same(h, "subject of the second", h.task(tasks[1]).Subject, second.Effect.Subject)
	same(h, "subject of the first", h.task(tasks[0]).Subject, first.Effect.Subject)
	h.claim()
	h.claim()
	h.idle()
}

func undoByPrompt(h *house) {
	task, row := h.labeled(1, "r1")
	w := h.work(issue(1, 2))
	w.OccurredAt = h.now()
	asked := h.running(w)
	a := h.analysis(asked, "r1")
	a.PromptHash = "abcdef0123456789"
	h.must(h.store.SaveAnalysis(h.ctx, asked, 0, a))
	other := h.intend(asked, hls.Effect{Kind: hls.AddLabels, Subject: asked.Subject, Purpose: "triage", Revision: "r1", Labels: row.Effect.Labels})[0]
	h.done(asked)
	for prompt, want := range map[string][]int64{
		"abcdef0123456789": {other.ID}, "abcdef01": {other.ID}, "bcdef012": nil, "abcdef01234567890": nil, "": {other.ID, row.ID},
	} {
		var got []int64
		for _, e := range h.ledger(record.LedgerQuery{Prompt: prompt}) {
			got = append(got, e.ID)
		}
		if !slices.Equal(got, want) {
			h.Errorf("prompt %q: rows %v, want %v", prompt, got, want)
		}
	}
	same(h, "by the key", h.ledger(record.LedgerQuery{Key: row.Effect.Key()})[0].TaskID, task.ID)
	same(h, "by another key", len(h.ledger(record.LedgerQuery{Key: row.Effect.Key() + "x"})), 0)
}

// decisionsAreTold: who approved, rejected and took back what, an entry for each task, and none for what was refused.
func decisionsAreTold(h *house) {
	planner, entries := h.proposes(1, "r1")
	other, more := h.proposes(2, "r1")
	_, row := h.labeled(3, "r1")
	before := len(h.log(h.store))
	approval, err := h.store.Approve(h.ctx, []int64{entries[0].ID, more[0].ID, entries[1].ID}, "mona")
	h.must(err)
	h.must(h.store.Reject(h.ctx, []int64{more[1].ID}, "paul"))
	undo := h.undo(unlabel(row))
	_, err = h.store.Approve(h.ctx, []int64{999}, "eve")
	h.wants(err, hls.ErrNotFound)
	if _, err := h.store.Undo(h.ctx, []record.Undoing{unlabel(row)}, "eve"); err == nil {
		h.Fatal("undone by two")
	}
	want := []string{
		fmt.Sprintf(`approval of %d by mona {"rows":[%d,%d]}`, approval[0], entries[0].ID, entries[1].ID),
		fmt.Sprintf(`approval of %d by mona {"rows":[%d]}`, approval[1], more[0].ID),
		fmt.Sprintf(`rejection of %d by paul {"rows":[%d]}`, other.ID, more[1].ID),
		fmt.Sprintf(`undo of %d by mona {"rows":[%d]}`, undo[0], row.ID),
	}
	var got []string
	list := h.log(h.store)[before:]
	for _, e := range list {
		got = append(got, fmt.Sprintf("%s of %d by %s %s", e.Kind, e.TaskID, e.By, e.Data))
	}
	same(h, "told", strings.Join(got, "\n"), strings.Join(want, "\n"))
	same(h, "subject", list[0].Subject, planner.Subject.String())
	same(h, "delivery", list[2].DeliveryID, other.DeliveryID)

	for _, id := range append(approval, undo...) {
		task := h.claims(id)
		if id == undo[0] {
			h.move(task, h.takes(row).ID, hls.Intent, hls.EffectDone)
		}
		h.done(task)
	}
	var moved []string
	for _, e := range h.log(h.store)[before:] {
		if strings.Contains(string(e.Data), fmt.Sprintf(`"undoes":%d`, row.ID)) {
			moved = append(moved, string(e.Kind))
		}
	}
	same(h, "moves of what takes it back", fmt.Sprint(moved), "[effect]")
}
