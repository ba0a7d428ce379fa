package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"hls/internal/hls"
	"hls/internal/record"
)

// Undo queues tasks that take back what was done.
func (s *Store) Undo(ctx context.Context, rows []record.Undoing, by string) (tasks []int64, err error) {
	err = s.write(ctx, func(t *tx) error {
		carriers := map[string]hls.Task{}
		decided := record.Decisions{Kind: hls.AuditUndo, By: by}
		tasks = nil
		for _, r := range rows {
			planner, err := t.planned(r.Row, hls.EffectDone)
			if err != nil {
				return err
			}
			if err := errors.Join(r.Of(planner), t.unbusy(r)); err != nil {
				return err
			}
			carrier, known := carriers[r.Effect.Subject.Key()]
			if !known {
				work := record.Undo(planner, r, by)
				carrier = planner
				carrier.Subject = work.Subject
				from := origin{deliveryID: planner.DeliveryID, requestID: planner.RequestID}
				if carrier.ID, err = t.enqueue(from, work); err != nil {
					return err
				}
				carriers[work.Subject.Key()] = carrier
				tasks = append(tasks, carrier.ID)
			}
			if err := t.undo(carrier, r, by); err != nil {
				return fmt.Errorf("effect %d: %w", r.Row, err)
			}
			decided.Add(carrier, r.Row)
		}
		t.audits.Decided(decided)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("undo effects: %w", err)
	}
	return tasks, nil
}

// unbusy tells that no task is taking a row back, or is to.
func (t *tx) unbusy(r record.Undoing) error {
	const q = `SELECT t.id FROM effects e JOIN tasks t ON t.id = e.carrier_id WHERE e.key = ? AND t.state IN ('queued', 'running')`
	var busy int64
	err := t.row(q, []any{r.Effect.Key()}, &busy)
	switch {
	case none(err):
		return nil
	case err != nil:
		return err
	}
	return &record.BeingUndone{ID: r.Row, TaskID: busy}
}

// undo writes the intent of taking a row back. One that an earlier try left is carried by the new task.
func (t *tx) undo(carrier hls.Task, r record.Undoing, by string) error {
	text, err := json.Marshal(r.Effect)
	if err != nil {
		return err
	}
	packed := record.Pack(text)
	entry, err := t.intend(carrier, r.Effect, packed)
	if err != nil {
		return err
	}
	const q = `UPDATE effects SET carrier_id = ?, decided_by = ?, undoes = ?,
		effect = CASE WHEN state IN ('intent', 'stale', 'failed') THEN ? ELSE effect END WHERE id = ?`
	return t.exec(q, carrier.ID, by, r.Row, packed, entry.ID)
}

// undone marks a row that was taken back.
func (t *tx) undone(row int64) error {
	const q = `UPDATE effects SET state = 'undone' WHERE state = 'done' AND id = ? RETURNING kind`
	var kind hls.EffectKind
	err := t.row(q, []any{row}, &kind)
	if none(err) {
		return nil
	}
	if err == nil {
		t.counts.Effect(kind, hls.EffectUndone)
	}
	return err
}
