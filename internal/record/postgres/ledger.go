package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hls/internal/hls"
	"hls/internal/record"
)

// Intend writes planned effects to the ledger.
func (s *Store) Intend(ctx context.Context, task hls.Task, effects []hls.Effect) (entries []hls.Entry, err error) {
	packed := make([][]byte, len(effects))
	for i, e := range effects {
		if packed[i], err = record.PackJSON(e); err != nil {
			return nil, named("intend effects of task", task.ID, err)
		}
		if e.Subject.Key() != task.Subject.Key() && !e.Subject.Beside(task.Subject) {
			return nil, named("intend effects of task", task.ID, fmt.Errorf("effect %s is on %s, and the task on %s", e.Kind, e.Subject, task.Subject))
		}
	}
	err = s.writeFor(ctx, task, func(t *tx) error {
		entries = make([]hls.Entry, len(effects))
		var b queries
		for i, e := range effects {
			t.intend(&b, task, e, packed[i])
			b.Queue(selectEntry+` WHERE key = $1`, e.Key()).QueryRow(func(row pgx.Row) (err error) {
				entries[i], err = scanEntry(row)
				return err
			})
		}
		return t.send(&b)
	})
	if err != nil {
		return nil, named("intend effects of task", task.ID, err)
	}
	return entries, nil
}

// intend queues the row of an effect, unless its key has one.
func (t *tx) intend(b *queries, task hls.Task, e hls.Effect, packed []byte) {
	const q = `INSERT INTO effects (key, task_id, subject_key, purpose, kind, state, effect, at)
		VALUES ($1, $2, $3, $4, $5, 'intent', $6, $7) ON CONFLICT (key) DO NOTHING`
	b.Queue(q, e.Key(), task.ID, e.Subject.Key(), e.Purpose, string(e.Kind), packed, t.now).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() > 0 {
			t.counts.Effect(e.Kind, hls.Intent)
		}
		return nil
	})
}

// Move takes a row of the ledger from one state to another.
func (s *Store) Move(ctx context.Context, task hls.Task, entry int64, m hls.Move) error {
	const q = `UPDATE effects SET state = $1, remote_id = CASE WHEN $2::bigint <> 0 THEN $2 ELSE remote_id END,
		url = CASE WHEN $3::text <> '' THEN $3 ELSE url END, error = $4, at = $5 WHERE id = $6 AND state = $7 RETURNING kind, undoes, effect`
	err := s.writeFor(ctx, task, func(t *tx) error {
		var kind hls.EffectKind
		var undoes int64
		var effect []byte
		err := t.row(q, []any{string(m.To), m.RemoteID, m.URL, m.Error, t.now, entry, string(m.From)}, &kind, &undoes, &effect)
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
		if err := t.applied(touches); err != nil {
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

const selectEntry = `SELECT id, task_id, state, effect, remote_id, url, error, at, carrier_id, decided_by FROM effects`

// scanEntry reads a row, and the columns that a query has besides into more.
func scanEntry(row pgx.Row, more ...any) (e hls.Entry, err error) {
	var packed []byte
	into := []any{&e.ID, &e.TaskID, &e.State, &packed, &e.RemoteID, &e.URL, &e.Error, &e.At, &e.Carrier, &e.DecidedBy}
	if err := row.Scan(append(into, more...)...); err != nil {
		return e, err
	}
	if err := record.UnpackJSON(packed, &e.Effect); err != nil {
		return e, fmt.Errorf("decode effect %d: %w", e.ID, err)
	}
	return e, nil
}

func entry(row pgx.CollectableRow) (hls.Entry, error) { return scanEntry(row) }

// effectsOf are the rows that a task planned, and those that it carries out, each read off an index of its own.
const effectsOf = `SELECT * FROM (` + selectEntry + ` WHERE task_id = $1 UNION ALL ` +
	selectEntry + ` WHERE carrier_id = $1 AND carrier_id <> 0 AND task_id <> $1) e ORDER BY id`

// Effects reads the rows of a task.
func (s *Store) Effects(ctx context.Context, taskID int64) ([]hls.Entry, error) {
	entries, err := many(ctx, s, entry, effectsOf, taskID)
	return entries, named("read effects of task", taskID, err)
}

// Posted reads the newest done row of a kind.
func (s *Store) Posted(ctx context.Context, subject hls.Subject, purpose string, kind hls.EffectKind) (hls.Entry, error) {
	const q = selectEntry + ` WHERE subject_key = $1 AND purpose = $2 AND kind = $3 AND state = 'done' ORDER BY at DESC, id DESC LIMIT 1`
	entries, err := many(ctx, s, entry, q, subject.Key(), purpose, string(kind))
	if err == nil && len(entries) == 0 {
		err = hls.ErrNotFound
	}
	if err != nil {
		return hls.Entry{}, fmt.Errorf("read posted %s of %s: %w", kind, subject, err)
	}
	return entries[0], nil
}

const selectUndecided = `SELECT e.id, e.task_id, e.state, e.effect, e.remote_id, e.url, e.error, e.at, e.carrier_id, e.decided_by, t.state = 'running'
	FROM effects e CROSS JOIN LATERAL (SELECT state, subject_key FROM tasks WHERE id = coalesce(nullif(e.carrier_id, 0), e.task_id) OFFSET 0) t
	WHERE e.state IN ('sending', 'unknown') AND (e.subject_key = $1 OR t.subject_key = $1) ORDER BY e.id`

// Undecided reads the rows whose write may or may not have happened: those about a subject, and those of its tasks. Few
// rows are undecided at a time.
func (s *Store) Undecided(ctx context.Context, subject hls.Subject) ([]hls.Entry, error) {
	entries, err := many(ctx, s, func(row pgx.CollectableRow) (hls.Entry, error) {
		var live bool
		e, err := scanEntry(row, &live)
		e.Live = live
		return e, err
	}, selectUndecided, subject.Key())
	if err != nil {
		return nil, fmt.Errorf("read undecided effects of %s: %w", subject, err)
	}
	return entries, nil
}

// Raised reads what all done reviews and comments of a subject and purpose have said.
func (s *Store) Raised(ctx context.Context, subject hls.Subject, purpose string) ([]hls.Remark, error) {
	const q = selectEntry + ` WHERE subject_key = $1 AND purpose = $2 AND kind IN ('create_review', 'upsert_comment') AND state = 'done' ORDER BY id`
	entries, err := many(ctx, s, entry, q, subject.Key(), purpose)
	if err != nil {
		return nil, fmt.Errorf("read remarks on %s: %w", subject, err)
	}
	return record.Said(entries), nil
}
