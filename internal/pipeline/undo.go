package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hls/internal/act"
	"hls/internal/hls"
	"hls/internal/record"
)

// mostUndone is how many effects are taken back at once.
const mostUndone = 1000

// Undo says what is to be taken back: all that was done for a delivery, since a time, or after a prompt of certain templates.
// Several narrow each other.
type Undo struct {
	Delivery string
	Since    time.Time
	Prompt   string // hash of the templates, as an analysis has it
	Repo     string // of those, "" for all
	Apply    bool   // do it; otherwise only tell
	By       string
}

// Undone is one effect that was done, and what becomes of it.
type Undone struct {
	Entry hls.Entry
	Kept  string // why it stays, "" when it is taken back
	take  hls.Effect
	task  hls.Task
}

// UndoReport is what an Undo came to.
type UndoReport struct {
	Effects []Undone
	More    bool // than can be taken back at once
	Tasks   []int64
}

// Undo takes back what HLS did, unless people have touched it since. It looks at GitHub to tell what would stay; what is
// taken back is so later, by tasks of its own, which look once more. It fails with an *hls.Permanent when nothing is named.
func (p *Pipeline) Undo(ctx context.Context, u Undo) (report UndoReport, err error) {
	if u.Delivery == "" && u.Since.IsZero() && u.Prompt == "" {
		return report, refuse("nothing_named", "name a delivery, a time, or the hash of a prompt")
	}
	if report.Effects, report.More, err = p.undoable(ctx, u); err != nil {
		return report, err
	}
	var rows []record.Undoing
	for i := range report.Effects {
		one := &report.Effects[i]
		if one.Kept == "" {
			rows = append(rows, record.Undoing{Row: one.Entry.ID, Effect: one.take})
		}
	}
	if !u.Apply {
		return report, p.preview(ctx, report.Effects)
	}
	if len(rows) > 0 {
		report.Tasks, err = p.store.Undo(ctx, rows, u.By)
	}
	return report, err
}

// undoable are the effects that an Undo is about, the last done first, each with what takes it back.
func (p *Pipeline) undoable(ctx context.Context, u Undo) (list []Undone, more bool, err error) {
	q := record.LedgerQuery{State: hls.EffectDone, Delivery: u.Delivery, Since: u.Since, Prompt: u.Prompt, Repo: u.Repo, Limit: 200}
	chosen := map[int64]bool{}
	for {
		rows, err := p.store.Ledger(ctx, q)
		if err != nil {
			return nil, false, err
		}
		for _, e := range rows {
			if e.Effect.Undoes == 0 {
				list, chosen[e.ID] = append(list, Undone{Entry: e}), true
			}
		}
		if len(rows) < q.Rows() {
			break
		}
		if more = len(list) >= mostUndone; more {
			break
		}
		q.Before = rows[len(rows)-1].ID
	}
	for i := range list {
		if err := p.invert(ctx, &list[i], chosen); err != nil {
			return nil, false, err
		}
	}
	return list, more, nil
}

// invert finds what takes an effect back. A comment gets the text that the effect before it gave it, and stays as it is when
// one after it, which is not taken back, has written it again.
func (p *Pipeline) invert(ctx context.Context, one *Undone, chosen map[int64]bool) (err error) {
	if one.task, err = p.store.Task(ctx, one.Entry.TaskID); err != nil {
		return fmt.Errorf("read the task of effect %d: %w", one.Entry.ID, err)
	}
	e := one.Entry.Effect
	var before *hls.Entry
	if e.Kind == hls.UpsertComment {
		rows, err := p.store.Ledger(ctx, record.LedgerQuery{
			State: hls.EffectDone, Kind: e.Kind, Subject: e.Subject.Key(), Purpose: e.Purpose, Limit: 200,
		})
		if err != nil {
			return err
		}
		for i := range rows {
			switch r := &rows[i]; {
			case r.RemoteID != one.Entry.RemoteID:
			case r.ID > one.Entry.ID && !chosen[r.ID]:
				one.Kept = "written again since"
			case r.ID < one.Entry.ID && (before == nil || r.ID > before.ID):
				before = r
			}
		}
	}
	take, why := act.Inverse(one.Entry, before)
	one.take, one.Kept = take, cmp.Or(one.Kept, why)
	return nil
}

// preview tells of each effect why it would stay, as far as GitHub tells now. A text that is put back step by step is looked
// at as its last writing left it.
func (p *Pipeline) preview(ctx context.Context, list []Undone) error {
	actor := p.rooms().Actor
	if actor == nil {
		return nil
	}
	seen := map[int64]bool{} // comments
	for i := range list {
		one := &list[i]
		if one.Kept != "" || one.take.Kind == hls.RevertComment && seen[one.take.Comment] {
			continue
		}
		seen[one.take.Comment] = true
		task := one.task
		task.Origin = hls.FromUndo
		why, err := actor.Preview(ctx, task, one.take)
		var final *hls.Permanent
		switch {
		case errors.As(err, &final):
			why = final.Error()
		case err != nil:
			return err
		}
		one.Kept = why
	}
	return nil
}

// lastFirst puts what was done last first.
func lastFirst(entries []hls.Entry) {
	slices.SortFunc(entries, func(a, b hls.Entry) int { return cmp.Compare(b.Effect.Undoes, a.Effect.Undoes) })
}
