package postgres

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"

	"hls/internal/hls"
	"hls/internal/record"
)

// ledger is the query of Ledger. Rows in a state that few are in are compared together with their ids, as listing does.
func ledger(q record.LedgerQuery) (text string, args []any) {
	where := []string{"true"}
	add := func(cond string, arg any, set bool) {
		if set {
			args = append(args, arg)
			where = append(where, strings.ReplaceAll(cond, "?", fmt.Sprintf("$%d", len(args))))
		}
	}
	order := "id"
	if q.State != "" && q.State != hls.EffectDone {
		args = append(args, string(q.State), cmp.Or(q.Before, math.MaxInt64), q.After)
		where = append(where, "(state, id) < ($1, $2)", "(state, id) > ($1, $3)", "state <> 'done'") // as effects_state has it
		order = "state DIRECTION, id"
	} else {
		add("id < ?", q.Before, q.Before > 0)
		add("id > ?", q.After, q.After > 0)
		add("state = ?", string(q.State), q.State != "")
	}
	add("kind = ?", string(q.Kind), q.Kind != "")
	add("key = ?", q.Key, q.Key != "")
	add("subject_key = ?", q.Subject, q.Subject != "")
	add("purpose = ?", q.Purpose, q.Purpose != "")
	add("at >= ?", q.Since, !q.Since.IsZero())
	add("task_id IN (SELECT task_id FROM analyses WHERE prompt_hash LIKE ?)", q.Prompt+"%", q.Prompt != "")
	add("task_id IN (SELECT id FROM tasks WHERE delivery_id = ?)", q.Delivery, q.Delivery != "")
	add("task_id IN (SELECT id FROM tasks WHERE repo = ?)", q.Repo, q.Repo != "")
	direction := "DESC"
	if q.Oldest {
		direction = "ASC"
	}
	order = strings.Replace(order, "DIRECTION", direction, 1)
	return fmt.Sprintf("%s WHERE %s ORDER BY %s %s LIMIT %d", selectEntry, strings.Join(where, " AND "), order, direction, q.Rows()), args
}

// Ledger reads rows of the ledger.
func (s *Store) Ledger(ctx context.Context, q record.LedgerQuery) ([]hls.Entry, error) {
	text, args := ledger(q)
	entries, err := many(ctx, s, entry, text, args...)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	return entries, nil
}

// Approve queues tasks that carry out proposals.
func (s *Store) Approve(ctx context.Context, ids []int64, by string) (tasks []int64, err error) {
	err = s.write(ctx, func(t *tx) error {
		jobs := map[int64]*job{}
		decided := record.Decisions{Kind: hls.AuditApproval, By: by}
		tasks = nil
		for _, id := range ids {
			planner, err := t.planned(id, hls.EffectProposed)
			if err != nil {
				return err
			}
			j := jobs[planner.ID]
			if j == nil {
				j = &job{deliveryID: planner.DeliveryID, requestID: planner.RequestID, work: record.Approval(planner, id, by)}
				if err := t.enqueue([]*job{j}); err != nil {
					return err
				}
				jobs[planner.ID] = j
				tasks = append(tasks, j.id)
			}
			if err := t.conclude(id, hls.Intent, j.id, by); err != nil {
				return err
			}
			planner.ID = j.id
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

// planned is the task that planned a row, which has to be in a state. Its row is held until the transaction ends.
func (t *tx) planned(id int64, want hls.EffectState) (planner hls.Task, err error) {
	var taskID int64
	var state hls.EffectState
	if err := t.row(`SELECT task_id, state FROM effects WHERE id = $1 FOR UPDATE`, []any{id}, &taskID, &state); err != nil {
		return planner, fmt.Errorf("effect %d: %w", id, found(err))
	}
	switch {
	case state == want:
	case want == hls.EffectProposed:
		return planner, &record.NotProposed{ID: id, State: state}
	default:
		return planner, &record.NotDone{ID: id, State: state}
	}
	if err := t.row(`SELECT `+taskColumns+` FROM tasks t WHERE id = $1`, []any{taskID}, targets(&planner)...); err != nil {
		return planner, fmt.Errorf("task %d of effect %d: %w", taskID, id, found(err))
	}
	return planner, nil
}

func (t *tx) conclude(id int64, to hls.EffectState, carrier int64, by string) error {
	const q = `UPDATE effects SET state = $2, carrier_id = $3, decided_by = $4, at = $5 WHERE id = $1 RETURNING kind`
	var kind hls.EffectKind
	if err := t.row(q, []any{id, string(to), carrier, by, t.now}, &kind); err != nil {
		return fmt.Errorf("effect %d: %w", id, err)
	}
	t.counts.Effect(kind, to)
	return nil
}

// outdate ends the proposals that another takes the place of: those of the same kind for its subject and purpose, out of
// earlier plans.
func (t *tx) outdate(entry int64) error {
	const q = `UPDATE effects e SET state = 'stale', error = $1, at = $2 FROM effects n WHERE n.id = $3 AND e.state = 'proposed' AND e.id < n.id
		AND e.subject_key = n.subject_key AND e.purpose = n.purpose AND e.kind = n.kind AND e.task_id <> n.task_id`
	return t.exec(q, record.NewerProposal, t.now, entry)
}
