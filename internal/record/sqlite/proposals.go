package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hls/internal/hls"
	"hls/internal/record"
)

// Ledger reads rows of the ledger.
func (s *Store) Ledger(ctx context.Context, q record.LedgerQuery) ([]hls.Entry, error) {
	where, args := []string{"1"}, []any{}
	add := func(cond string, arg any, set bool) {
		if set {
			where, args = append(where, cond), append(args, arg)
		}
	}
	add("e.id < ?", q.Before, q.Before > 0)
	add("e.id > ?", q.After, q.After > 0)
	add("e.state = ?", q.State, q.State != "")
	add("e.kind = ?", q.Kind, q.Kind != "")
	add("e.key = ?", q.Key, q.Key != "")
	add("e.subject_key = ?", q.Subject, q.Subject != "")
	add("e.purpose = ?", q.Purpose, q.Purpose != "")
	add("e.at >= ?", stamp(q.Since), !q.Since.IsZero())
	add("e.task_id IN (SELECT task_id FROM analyses WHERE prompt_hash LIKE ?)", q.Prompt+"%", q.Prompt != "")
	add("e.task_id IN (SELECT id FROM tasks WHERE delivery_id = ?)", q.Delivery, q.Delivery != "")
	add("e.task_id IN (SELECT id FROM tasks WHERE repo = ?)", q.Repo, q.Repo != "")
	if q.State != "" && q.State != hls.EffectDone {
		where = append(where, "e.state <> 'done'") // as effects_state has it
	}
	order := "DESC"
	if q.Oldest {
		order = "ASC"
	}
	text := strings.Replace(selectEntry, "FROM effects", "FROM effects e", 1) + ` WHERE ` + strings.Join(where, " AND ") + ` ORDER BY e.id ` + order + ` LIMIT ?`
	entries, err := s.entries(ctx, text, append(args, q.Rows())...)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	return entries, nil
}

func (s *Store) entries(ctx context.Context, q string, args ...any) (entries []hls.Entry, err error) {
	rows, err := s.readers.QueryContext(ctx, q, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var row entryRow
		if err := rows.Scan(row.targets()...); err != nil {
			return nil, err
		}
		e, err := row.entry()
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, unavailable(rows.Err())
}

// Approve queues tasks that carry out proposals.
func (s *Store) Approve(ctx context.Context, ids []int64, by string) (tasks []int64, err error) {
	err = s.write(ctx, func(t *tx) error {
		carriers := map[int64]int64{}
		decided := record.Decisions{Kind: hls.AuditApproval, By: by}
		tasks = nil
		for _, id := range ids {
			planner, err := t.planned(id, hls.EffectProposed)
			if err != nil {
				return err
			}
			if carriers[planner.ID] == 0 {
				from := origin{deliveryID: planner.DeliveryID, requestID: planner.RequestID}
				if carriers[planner.ID], err = t.enqueue(from, record.Approval(planner, id, by)); err != nil {
					return err
				}
				tasks = append(tasks, carriers[planner.ID])
			}
			if err := t.conclude(id, hls.Intent, carriers[planner.ID], by); err != nil {
				return err
			}
			planner.ID = carriers[planner.ID]
			decided.Add(planner, id)
		}
		t.audits.Decided(decided)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("approve effects: %w", err)
	}
	return tasks, nil
}

// Reject ends proposals.
func (s *Store) Reject(ctx context.Context, ids []int64, by string) error {
	err := s.write(ctx, func(t *tx) error {
		decided := record.Decisions{Kind: hls.AuditRejection, By: by}
		for _, id := range ids {
			planner, err := t.planned(id, hls.EffectProposed)
			if err != nil {
				return err
			}
			if err := t.conclude(id, hls.EffectRejected, 0, by); err != nil {
				return err
			}
			decided.Add(planner, id)
		}
		t.audits.Decided(decided)
		return nil
	})
	if err != nil {
		return fmt.Errorf("reject effects: %w", err)
	}
	return nil
}

// planned is the task that planned a row, which has to be in a state.
func (t *tx) planned(id int64, want hls.EffectState) (hls.Task, error) {
	var taskID int64
	var state hls.EffectState
	if err := t.row(`SELECT task_id, state FROM effects WHERE id = ?`, []any{id}, &taskID, &state); err != nil {
		return hls.Task{}, fmt.Errorf("effect %d: %w", id, found(err))
	}
	switch {
	case state == want:
	case want == hls.EffectProposed:
		return hls.Task{}, &record.NotProposed{ID: id, State: state}
	default:
		return hls.Task{}, &record.NotDone{ID: id, State: state}
	}
	var planner hls.Task
	if err := t.row(selectTask+` WHERE t.id = ?`, []any{taskID}, targets(&planner)...); err != nil {
		return planner, fmt.Errorf("task %d of effect %d: %w", taskID, id, found(err))
	}
	return planner, nil
}

func (t *tx) conclude(id int64, to hls.EffectState, carrier int64, by string) error {
	const q = `UPDATE effects SET state = ?, carrier_id = ?, decided_by = ?, at = ? WHERE id = ? RETURNING kind`
	var kind hls.EffectKind
	if err := t.row(q, []any{to, carrier, by, stamp(t.now), id}, &kind); err != nil {
		return fmt.Errorf("effect %d: %w", id, err)
	}
	t.counts.Effect(kind, to)
	return nil
}

// outdate ends the proposals that another takes the place of: those of the same kind for its subject and purpose, out of
// earlier plans.
func (t *tx) outdate(entry int64) error {
	const q = `UPDATE effects SET state = 'stale', error = ?, at = ? WHERE state = 'proposed' AND id < ?3
		AND (subject_key, purpose, kind) = (SELECT subject_key, purpose, kind FROM effects WHERE id = ?3)
		AND task_id <> (SELECT task_id FROM effects WHERE id = ?3)`
	return t.exec(q, record.NewerProposal, stamp(t.now), entry)
}
