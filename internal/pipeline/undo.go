package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"hls/internal/act"
	"hls/internal/hls"
	"hls/internal/record"
)

const (
	mostUndone = 1000 // effects that are taken back at once
	mostRetold = 200  // effects that are told of although they were taken back before
)

// Undo says what is to be taken back, by one of three: all that was done for a delivery, since a time, or after a prompt of
// certain templates.
type Undo struct {
	Delivery string
	Since    time.Time
	Prompt   string // the hash of the templates, as an analysis has it, or its beginning
	Repo     string // of those, "" for all
	Apply    bool   // do it; otherwise only tell
	By       string
}

// Undone is one effect that was done, and what becomes of it.
type Undone struct {
	Entry    hls.Entry
	Delivery string
	Take     hls.Effect // what takes it back
	Kept     string     // why it stays, "" when it is taken back
	Partly   string     // which part of it stays, and why
	task     hls.Task
}

// UndoReport is what an Undo came to.
type UndoReport struct {
	Effects []Undone // the last done first
	More    bool     // than can be taken back at once
	Blind   string   // why GitHub could not be looked at; people's hands are found when it is taken back
	Tasks   []int64
}

// Undo takes back what HLS did, unless people have touched it since. It looks at GitHub to tell what would stay; what is
// taken back is so later, by tasks of its own, which look once more. It fails with hls.ErrNotFound when the delivery is not
// stored, and with an *hls.Permanent when what is asked for cannot be.
func (p *Pipeline) Undo(ctx context.Context, u Undo) (report UndoReport, err error) {
	if err := u.check(); err != nil {
		return report, err
	}
	if u.Delivery != "" {
		if _, err := p.store.TaskOf(ctx, u.Delivery); err != nil {
			return report, err
		}
	}
	if report.Effects, report.More, err = p.undoable(ctx, u); err != nil {
		return report, err
	}
	var rows []record.Undoing
	for _, one := range report.Effects {
		if one.Kept == "" {
			rows = append(rows, record.Undoing{Row: one.Entry.ID, Effect: one.Take})
		}
	}
	switch err := p.preview(ctx, report.Effects); {
	case err != nil && (!u.Apply || ctx.Err() != nil):
		return report, err
	case err != nil:
		report.Blind = p.cfg.Redactor.Redact(err.Error())
	}
	if u.Apply && len(rows) > 0 {
		report.Tasks, err = p.store.Undo(ctx, rows, u.By)
	}
	return report, raced(err)
}

// raced makes a refusal of what another has decided meanwhile.
func raced(err error) error {
	var busy *record.BeingUndone
	var done *record.NotDone
	if errors.As(err, &busy) || errors.As(err, &done) {
		return refuse("decided_meanwhile", "%w: somebody else takes it back; look once more", err)
	}
	return err
}

var promptHash = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

func (u Undo) check() error {
	named := 0
	for _, given := range []bool{u.Delivery != "", !u.Since.IsZero(), u.Prompt != ""} {
		if given {
			named++
		}
	}
	switch {
	case named != 1:
		return refuse("nothing_named", "name a delivery, a time, or the hash of a prompt: one of the three")
	case u.Prompt != "" && !promptHash.MatchString(u.Prompt):
		return refuse("no_hash", "the hash of a prompt, or its beginning, has 8 to 64 hexadecimal digits, as hls why shows it")
	}
	return nil
}

// undoable are the effects that an Undo is about, each with what takes it back.
func (p *Pipeline) undoable(ctx context.Context, u Undo) (list []Undone, more bool, err error) {
	list, more, err = p.selected(ctx, u, hls.EffectDone, mostUndone)
	if err != nil {
		return nil, false, err
	}
	before, _, err := p.selected(ctx, u, hls.EffectUndone, mostRetold)
	if err != nil {
		return nil, false, err
	}
	i := inverter{Pipeline: p, chosen: map[int64]bool{}, tasks: map[int64]hls.Task{}, rows: map[string][]hls.Entry{}}
	for _, one := range list {
		i.chosen[one.Entry.ID] = true
	}
	for _, one := range before {
		one.Kept = "already_taken_back"
		list = append(list, one)
	}
	for n := range list {
		if err := i.invert(ctx, &list[n]); err != nil {
			return nil, false, err
		}
	}
	slices.SortStableFunc(list, func(a, b Undone) int { return cmp.Compare(b.Entry.ID, a.Entry.ID) })
	return list, more, nil
}

// selected are effects in a state that an Undo is about, the newest first and at most so many. What took something back is
// none of them.
func (p *Pipeline) selected(ctx context.Context, u Undo, state hls.EffectState, most int) (list []Undone, more bool, err error) {
	q := record.LedgerQuery{State: state, Delivery: u.Delivery, Since: u.Since, Prompt: u.Prompt, Repo: u.Repo, Limit: 200}
	for {
		rows, err := p.store.Ledger(ctx, q)
		if err != nil {
			return nil, false, err
		}
		for _, e := range rows {
			switch {
			case e.Effect.Undoes != 0:
			case len(list) == most:
				return list, true, nil
			default:
				list = append(list, Undone{Entry: e})
			}
		}
		if len(rows) < q.Rows() {
			return list, false, nil
		}
		q.Before = rows[len(rows)-1].ID
	}
}

// inverter finds what takes effects back.
type inverter struct {
	*Pipeline
	chosen map[int64]bool         // rows that are to be taken back
	tasks  map[int64]hls.Task     // that were read
	rows   map[string][]hls.Entry // that were done, the newest first, by subject and kind
}

func (i inverter) invert(ctx context.Context, one *Undone) (err error) {
	if one.task, err = i.taskOf(ctx, one.Entry.TaskID); err != nil {
		return fmt.Errorf("read the task of effect %d: %w", one.Entry.ID, err)
	}
	one.Delivery = one.task.DeliveryID
	earlier, later, err := i.around(ctx, one.Entry)
	if err != nil {
		return err
	}
	take, why := act.Inverse(one.Entry, earlier)
	if one.Take = take; one.Kept != "" {
		return nil
	}
	again := func(r hls.Entry) bool {
		return r.Effect.Kind == hls.UpsertComment && r.RemoteID == one.Entry.RemoteID && !i.chosen[r.ID]
	}
	switch {
	case why != "":
		one.Kept = why
	case slices.ContainsFunc(later, again): // Its comment says something else by now.
		one.Kept = "written_again"
	default:
		one.Kept, err = i.tried(ctx, take)
	}
	return err
}

func (i inverter) taskOf(ctx context.Context, id int64) (task hls.Task, err error) {
	task, known := i.tasks[id]
	if !known {
		task, err = i.store.Task(ctx, id)
		i.tasks[id] = task
	}
	return task, err
}

// tried tells what an earlier Undo has come to, when it keeps another from being made.
func (i inverter) tried(ctx context.Context, take hls.Effect) (kept string, err error) {
	rows, err := i.store.Ledger(ctx, record.LedgerQuery{Key: take.Key(), Limit: 1})
	if err != nil || len(rows) == 0 {
		return "", err
	}
	if rows[0].State == hls.EffectUnknown {
		return "not_known", nil
	}
	carrier, err := i.store.Task(ctx, rows[0].Carrier)
	if err == nil && (carrier.State == hls.Queued || carrier.State == hls.Running) {
		return "being_taken_back", nil
	}
	if errors.Is(err, hls.ErrNotFound) {
		err = nil
	}
	return "", err
}

// around are the rows that were done on the same thing before a row and after it, both the newest first.
func (i inverter) around(ctx context.Context, e hls.Entry) (earlier, later []hls.Entry, err error) {
	var kinds []hls.EffectKind
	switch e.Effect.Kind {
	case hls.AddLabels, hls.RemoveLabels:
		kinds = []hls.EffectKind{hls.AddLabels, hls.RemoveLabels}
	case hls.UpsertComment:
		kinds = []hls.EffectKind{hls.UpsertComment}
	}
	for _, kind := range kinds {
		rows, err := i.did(ctx, e.Effect.Subject, kind)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range rows {
			switch {
			case r.ID < e.ID:
				earlier = append(earlier, r)
			case r.ID > e.ID:
				later = append(later, r)
			}
		}
	}
	slices.SortFunc(earlier, func(a, b hls.Entry) int { return cmp.Compare(b.ID, a.ID) })
	return earlier, later, nil
}

// did are the newest rows of a kind that were done on a subject.
func (i inverter) did(ctx context.Context, s hls.Subject, kind hls.EffectKind) ([]hls.Entry, error) {
	key := s.Key() + "|" + string(kind)
	if rows, known := i.rows[key]; known {
		return rows, nil
	}
	rows, err := i.store.Ledger(ctx, record.LedgerQuery{State: hls.EffectDone, Kind: kind, Subject: s.Key(), Limit: 200})
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r hls.Entry) bool { return r.Effect.Undoes != 0 })
	i.rows[key] = rows
	return rows, nil
}

// lastFirst puts what was done last first.
func lastFirst(entries []hls.Entry) {
	slices.SortFunc(entries, func(a, b hls.Entry) int { return cmp.Compare(b.Effect.Undoes, a.Effect.Undoes) })
}
