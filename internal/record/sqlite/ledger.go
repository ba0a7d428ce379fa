package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"hls/internal/hls"
	"hls/internal/record"
)

// Intend writes planned effects to the ledger.
func (s *Store) Intend(ctx context.Context, task hls.Task, effects []hls.Effect) (entries []hls.Entry, err error) {
	packed := make([][]byte, len(effects))
	for i, e := range effects {
		text, err := json.Marshal(e)
		if err != nil {
			return nil, named("intend effects of task", task.ID, err)
		}
		packed[i] = record.Pack(text)
	}
	err = s.write(ctx, func(t *tx) error {
		if err := t.hold(task); err != nil {
			return err
		}
		entries = make([]hls.Entry, len(effects))
		for i, e := range effects {
			if entries[i], err = t.intend(task, e, packed[i]); err != nil {
				return fmt.Errorf("effect %s: %w", e.Kind, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, named("intend effects of task", task.ID, err)
	}
	return entries, nil
}

// intend returns the row of an effect's key, made now unless there was one.
func (t *tx) intend(task hls.Task, e hls.Effect, packed []byte) (hls.Entry, error) {
	const q = `INSERT INTO effects (key, task_id, subject_key, purpose, kind, state, effect, at)
		VALUES (?, ?, ?, ?, ?, 'intent', ?, ?) ON CONFLICT (key) DO NOTHING`
	if e.Subject.Key() != task.Subject.Key() && !e.Subject.Beside(task.Subject) {
		return hls.Entry{}, fmt.Errorf("it is on %s, and the task on %s", e.Subject, task.Subject)
	}
	n, err := t.change(q, e.Key(), task.ID, e.Subject.Key(), e.Purpose, e.Kind, packed, stamp(t.now))
	if err != nil {
		return hls.Entry{}, err
	}
	if n > 0 {
		t.counts.Effect(e.Kind, hls.Intent)
	}
	var row entryRow
	if err := t.row(selectEntry+` WHERE key = ?`, []any{e.Key()}, row.targets()...); err != nil {
		return hls.Entry{}, err
	}
	return row.entry()
}

// Move takes a row of the ledger from one state to another.
func (s *Store) Move(ctx context.Context, task hls.Task, entry int64, m hls.Move) error {
	const q = `UPDATE effects SET state = ?1, remote_id = CASE WHEN ?2 <> 0 THEN ?2 ELSE remote_id END,
		url = CASE WHEN ?3 <> '' THEN ?3 ELSE url END, error = ?4, at = ?5 WHERE id = ?6 AND state = ?7 RETURNING kind, undoes, effect`
	err := s.write(ctx, func(t *tx) error {
		if err := t.hold(task); err != nil {
			return err
		}
		var kind hls.EffectKind
		var undoes int64
		var effect []byte
		err := t.row(q, []any{m.To, m.RemoteID, m.URL, m.Error, stamp(t.now), entry, m.From}, &kind, &undoes, &effect)
		if none(err) {
			return fmt.Errorf("it is not %s: %w", m.From, hls.ErrLost)
		}
		if err != nil {
			return err
		}
		t.counts.Effect(kind, m.To)
		if err := t.audits.Moved(task, entry, m, effect); err != nil {
			return err
		}
		touches, err := record.Applied(m, effect, t.now)
		if err != nil {
			return err
		}
		if err := t.touchAll(touches); err != nil {
			return err
		}
		switch {
		case m.To == hls.EffectProposed:
			return t.outdate(entry)
		case m.To == hls.EffectDone && undoes != 0:
			return t.undone(undoes)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("move effect %d of task %d to %s: %w", entry, task.ID, m.To, err)
	}
	return nil
}

// Effects reads the rows of a task.
func (s *Store) Effects(ctx context.Context, taskID int64) ([]hls.Entry, error) {
	entries, err := s.entries(ctx, selectEntry+` WHERE task_id = ?1 OR carrier_id = ?1 AND carrier_id <> 0 ORDER BY id`, taskID)
	return entries, named("read effects of task", taskID, err)
}

// Posted reads the newest done row of a kind.
func (s *Store) Posted(ctx context.Context, subject hls.Subject, purpose string, kind hls.EffectKind) (hls.Entry, error) {
	const q = selectEntry + ` WHERE subject_key = ? AND purpose = ? AND kind = ? AND state = 'done' ORDER BY id DESC LIMIT 1`
	var row entryRow
	err := s.readers.QueryRowContext(ctx, q, subject.Key(), purpose, kind).Scan(row.targets()...)
	if err != nil {
		return hls.Entry{}, fmt.Errorf("read posted %s of %s: %w", kind, subject, found(err))
	}
	return row.entry()
}

const selectEntry = `SELECT id, task_id, state, effect, remote_id, url, error, at, carrier_id, decided_by FROM effects`

type entryRow struct {
	hls.Entry
	packed []byte
}

func (r *entryRow) targets() []any {
	return []any{&r.ID, &r.TaskID, &r.State, &r.packed, &r.RemoteID, &r.URL, &r.Error, at{&r.At}, &r.Carrier, &r.DecidedBy}
}

func (r *entryRow) entry() (hls.Entry, error) {
	if err := decode(r.packed, &r.Effect); err != nil {
		return hls.Entry{}, fmt.Errorf("decode effect %d: %w", r.ID, err)
	}
	return r.Entry, nil
}
