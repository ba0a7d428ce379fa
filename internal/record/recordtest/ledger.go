package recordtest

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"hls/internal/hls"
)

func ledgerTests() map[string]func(*house) {
	return map[string]func(*house){
		"E5_OneRowForAKey":          oneRow,
		"E5_MovesFromWhereItStands": movesFrom,
		"E1_ClosedSet":              closedSet,
		"E1_EveryKindIsKept":        everyKind,
		"E1_OnlyItsOwnSubject":      ownSubject,
		"PostedIsTheNewestDone":     posted,
		"E5_UndecidedOutliveATask":  undecided,
		"E5_UndecidedBeside":        undecidedBeside,
		"RaisedIsAllThatWasSaid":    raised,
	}
}

func comment(task hls.Task, revision string) hls.Effect {
	return hls.Effect{
		Kind: hls.UpsertComment, Subject: task.Subject, Purpose: task.Purpose, Revision: revision, Body: "Hello <b>",
		Remarks: []hls.Remark{{Path: "a.go", Line: 3, EndLine: 4, Side: "RIGHT", Body: "x"}}, Why: map[string]string{"bug": "it says so"},
	}
}

func (h *house) intend(task hls.Task, effects ...hls.Effect) []hls.Entry {
	h.Helper()
	entries, err := h.store.Intend(h.ctx, task, effects)
	h.must(err)
	same(h, "entries", len(entries), len(effects))
	return entries
}

func (h *house) move(task hls.Task, entry int64, from, to hls.EffectState) {
	h.Helper()
	h.must(h.store.Move(h.ctx, task, entry, hls.Move{From: from, To: to}))
}

func oneRow(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	task := h.claim()
	labels := hls.Effect{Kind: hls.AddLabels, Subject: task.Subject, Purpose: "triage", Revision: "r1", Labels: []hls.Label{{Name: "bug"}}}
	first := h.intend(task, labels, comment(task, "r1"))
	for i, e := range []hls.Effect{labels, comment(task, "r1")} {
		want := hls.Entry{ID: first[i].ID, TaskID: id, Effect: e, State: hls.Intent, At: h.now()}
		if !reflect.DeepEqual(first[i], want) {
			h.Fatalf("entry is\n%+v, want\n%+v", first[i], want)
		}
	}
	h.move(task, first[1].ID, hls.Intent, hls.Sending)
	h.restart()
	h.pass(2 * lease)
	task = h.claims(id)
	changed := comment(task, "r1")
	changed.Body = "another text"
	again := h.intend(task, changed, labels, comment(task, "r2"))
	same(h, "row", again[0].ID, first[1].ID)
	same(h, "state", again[0].State, hls.Sending)
	same(h, "body", again[0].Effect.Body, "Hello <b>")
	same(h, "row", again[1].ID, first[0].ID)
	same(h, "task of a new row", again[2].TaskID, id)
	rows, err := h.store.Effects(h.ctx, id)
	h.must(err)
	same(h, "rows", len(rows), 3)
}

func movesFrom(h *house) {
	h.accept(h.work(issue(1, 1)))
	task := h.claim()
	entry := h.intend(task, comment(task, "r1"))[0].ID
	h.move(task, entry, hls.Intent, hls.Sending)
	h.wants(h.store.Move(h.ctx, task, entry, hls.Move{From: hls.Intent, To: hls.Sending}), hls.ErrLost)
	h.pass(time.Second)
	h.must(h.store.Move(h.ctx, task, entry, hls.Move{From: hls.Sending, To: hls.EffectDone, RemoteID: 42, URL: "https://x/42"}))
	h.wants(h.store.Move(h.ctx, task, 999, hls.Move{From: hls.Intent, To: hls.Sending}), hls.ErrLost)
	rows, err := h.store.Effects(h.ctx, task.ID)
	h.must(err)
	got := rows[0]
	same(h, "state", got.State, hls.EffectDone)
	same(h, "remote id", got.RemoteID, 42)
	same(h, "url", got.URL, "https://x/42")
	same(h, "time", got.At, h.now())
	s := h.stats()
	for _, state := range []string{"intent", "sending", "done"} {
		same(h, state, s.Effects["upsert_comment/"+state], 1)
	}
}

func closedSet(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	task := h.claim()
	evil := comment(task, "r1")
	evil.Kind = "delete_repository"
	if _, err := h.store.Intend(h.ctx, task, []hls.Effect{comment(task, "r1"), evil}); err == nil {
		h.Fatal("an effect outside the closed set was stored")
	}
	rows, err := h.store.Effects(h.ctx, id)
	h.must(err)
	same(h, "rows", len(rows), 0)
	entry := h.intend(task, comment(task, "r1"))[0].ID
	if err := h.store.Move(h.ctx, task, entry, hls.Move{From: hls.Intent, To: "sent"}); err == nil {
		h.Fatal("an effect came to a state outside the closed set")
	}
}

func everyKind(h *house) {
	h.accept(h.work(issue(1, 1)))
	task := h.claim()
	for _, kind := range hls.EffectKinds() {
		e := comment(task, "r1")
		e.Kind = kind
		same(h, "kind", h.intend(task, e)[0].Effect.Kind, kind)
	}
}

// An effect is on the task's subject, or on one of the same repository that the same secret proves.
func ownSubject(h *house) {
	h.accept(h.work(issue(1, 1)))
	task := h.claim()
	beside := comment(task, "r1")
	beside.Subject.Number = 2
	same(h, "subject", h.intend(task, beside)[0].Effect.Subject, beside.Subject)
	for _, bend := range []func(*hls.Subject){
		func(s *hls.Subject) { s.RepoID++ }, func(s *hls.Subject) { s.Scope = "acme/other" }, func(s *hls.Subject) { s.RepoID = 0 },
	} {
		other := comment(task, "r1")
		bend(&other.Subject)
		if _, err := h.store.Intend(h.ctx, task, []hls.Effect{other}); err == nil {
			h.Errorf("an effect on %+v was stored", other.Subject)
		}
	}
}

func posted(h *house) {
	s := issue(1, 1)
	_, err := h.store.Posted(h.ctx, s, "triage", hls.UpsertComment)
	h.wants(err, hls.ErrNotFound)
	for i, revision := range []string{"r1", "r2", "r3"} {
		h.accept(h.work(s))
		task := h.claim()
		entry := h.intend(task, comment(task, revision))[0].ID
		h.move(task, entry, hls.Intent, hls.Sending)
		if revision == "r3" {
			h.move(task, entry, hls.Sending, hls.EffectFailed)
		} else {
			h.must(h.store.Move(h.ctx, task, entry, hls.Move{From: hls.Sending, To: hls.EffectDone, RemoteID: int64(10 + i)}))
		}
		h.done(task)
		h.pass(time.Second)
	}
	got, err := h.store.Posted(h.ctx, s, "triage", hls.UpsertComment)
	h.must(err)
	same(h, "remote id", got.RemoteID, 11)
	for _, miss := range []struct {
		s       hls.Subject
		purpose string
		kind    hls.EffectKind
	}{{issue(1, 2), "triage", hls.UpsertComment}, {s, "review", hls.UpsertComment}, {s, "triage", hls.CreateReview}} {
		_, err := h.store.Posted(h.ctx, miss.s, miss.purpose, miss.kind)
		h.wants(err, hls.ErrNotFound)
	}
}

// What a task leaves in sending or unknown is found by the tasks of the subject that follow, and by no others.
func undecided(h *house) {
	s := issue(1, 1)
	var want []int64
	for i, state := range []hls.EffectState{hls.Sending, hls.EffectUnknown, hls.EffectDone, hls.EffectFailed} {
		h.accept(h.work(s))
		task := h.claim()
		revision := string(state)
		entry := h.intend(task, comment(task, revision), comment(task, "waits after "+revision))[0].ID
		h.move(task, entry, hls.Intent, hls.Sending)
		if state != hls.Sending {
			h.move(task, entry, hls.Sending, state)
		}
		if i < 2 {
			want = append(want, entry)
		}
		h.done(task)
		h.pass(time.Second)
	}
	rows, err := h.store.Undecided(h.ctx, s)
	h.must(err)
	same(h, "rows", len(rows), 2)
	for i, row := range rows {
		same(h, "row", row.ID, want[i])
		same(h, "revision", row.Effect.Revision, string(row.State))
	}
	rows, err = h.store.Undecided(h.ctx, issue(1, 2))
	h.must(err)
	same(h, "rows of another subject", len(rows), 0)
}

// Tasks of two subjects write about a third. Each finds what its own subject's tasks left, all are found by the third,
// and which of them are still at work is told.
func undecidedBeside(h *house) {
	third := issue(1, 3)
	var rows [2]int64
	for i := range rows {
		h.accept(h.work(issue(1, i+1)))
		task := h.claim()
		e := comment(task, fmt.Sprint("r", i))
		e.Subject = third
		rows[i] = h.intend(task, e)[0].ID
		h.move(task, rows[i], hls.Intent, hls.Sending)
		if i == 0 {
			h.done(task)
		}
	}
	for _, c := range []struct {
		of   hls.Subject
		want []int64
	}{{issue(1, 1), rows[:1]}, {issue(1, 2), rows[1:]}, {third, rows[:]}, {issue(1, 4), nil}} {
		got, err := h.store.Undecided(h.ctx, c.of)
		h.must(err)
		var ids []int64
		for _, e := range got {
			ids = append(ids, e.ID)
			same(h, fmt.Sprintf("live %d", e.ID), e.Live, e.ID == rows[1])
			same(h, "subject", e.Effect.Subject, third)
		}
		if !slices.Equal(ids, c.want) {
			h.Errorf("of %s: rows %v, want %v", c.of, ids, c.want)
		}
	}
}

// The texts and the remarks of what was posted, by whichever task, in its order; nothing of what was only planned.
func raised(h *house) {
	s := issue(1, 1)
	for i, state := range []hls.EffectState{hls.EffectDone, hls.EffectFailed, hls.EffectDone, hls.EffectUnknown} {
		h.accept(h.work(s))
		task := h.claim()
		review := comment(task, fmt.Sprint(i))
		review.Kind, review.Body, review.Head = hls.CreateReview, fmt.Sprintf("review %d", i), "abc"
		labels := hls.Effect{Kind: hls.AddLabels, Subject: s, Purpose: task.Purpose, Revision: review.Revision, Labels: []hls.Label{{Name: "bug"}}}
		entries := h.intend(task, review, comment(task, fmt.Sprint(i)), labels)
		for _, e := range entries {
			h.move(task, e.ID, hls.Intent, hls.Sending)
			h.move(task, e.ID, hls.Sending, state)
		}
		h.done(task)
		h.pass(time.Second)
	}
	got, err := h.store.Raised(h.ctx, s, "triage")
	h.must(err)
	line := hls.Remark{Path: "a.go", Line: 3, EndLine: 4, Side: "RIGHT", Body: "x"}
	want := []hls.Remark{{Body: "review 0"}, line, {Body: "Hello <b>"}, line, {Body: "review 2"}, line, {Body: "Hello <b>"}, line}
	if !slices.Equal(got, want) {
		h.Errorf("got %+v, want %+v", got, want)
	}
	for _, other := range []struct {
		s       hls.Subject
		purpose string
	}{{issue(1, 2), "triage"}, {s, "review"}} {
		got, err := h.store.Raised(h.ctx, other.s, other.purpose)
		h.must(err)
		same(h, "remarks", len(got), 0)
	}
}
