package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
)

const (
	// recordsKept is the least that records are kept, whatever is configured: the window in which a body is a
	// duplicate, with a day to spare. GitHub sends a delivery again for 3 days, GitHub Enterprise Server for 7.
	recordsKept = record.HashWindow + 24*time.Hour
	sweepEvery  = time.Hour // through records that stayed the last time
)

// A delivery goes whole, once nothing can refer to it any more: its row, its hashes, its tasks with their analyses and
// plans, and their rows of the ledger. It goes when
//
//   - it, its hashes, its tasks and the last moves of its ledger rows are all older than the cutoff: no redelivery and no
//     replay within the promised window can meet them;
//   - none of its tasks is queued or running. One that is parked has waited for a person for as long as records are kept;
//   - no ledger row is undecided. Those are read back, or shown, until they are decided;
//   - no ledger row speaks for its subject still. While there are newer events, or newer rows, of the same subject and
//     purpose, the last comment, section and created issue are those to edit (and the sign that a person removed or
//     closed them), and the remarks of all reviews are those not to be repeated. Labels have their history at GitHub.
const spent = `SELECT d.id FROM deliveries d WHERE d.id = ANY ($1) AND d.received_at < $2
	AND NOT EXISTS (SELECT 1 FROM bodies b WHERE b.delivery_id = d.id AND b.accepted_at >= $2 OFFSET 0)
	AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.delivery_id = d.id AND (t.state IN ('queued', 'running') OR t.queued_at >= $2) OFFSET 0)
	AND NOT EXISTS (SELECT 1 FROM tasks t CROSS JOIN LATERAL (SELECT * FROM effects WHERE task_id = t.id OFFSET 0) e WHERE t.delivery_id = d.id
		AND (e.at >= $2 OR e.state IN ('intent', 'sending', 'unknown')
			OR e.state = 'done' AND e.kind IN ('upsert_comment', 'create_review', 'create_issue', 'set_section')
				AND (EXISTS (SELECT 1 FROM tasks n WHERE n.subject_key = e.subject_key AND n.purpose = e.purpose AND n.occurred_at >= $2 OFFSET 0)
					OR EXISTS (SELECT 1 FROM effects n WHERE n.key >= e.subject_key || '|' || e.purpose || '|'
						AND n.key < e.subject_key || '|' || e.purpose || '}' AND n.at >= $2 OFFSET 0)) -- keys begin so: see hls.Effect.Key
				AND (e.kind = 'create_review' OR NOT EXISTS (SELECT 1 FROM effects n
					WHERE n.subject_key = e.subject_key AND n.purpose = e.purpose AND n.kind = e.kind AND n.state = 'done' AND n.id > e.id OFFSET 0)))
		OFFSET 0)`

// purgeRecords goes on from where it was to deliveries that are older than a time.
func (s *Store) purgeRecords(ctx context.Context, before time.Time) (more bool, err error) {
	m, again := s.purge.records, s.purge.again
	err = s.purging(ctx, func(t *tx) error {
		m, again = s.purge.records, s.purge.again
		if oldest := t.now.Add(-recordsKept); before.After(oldest) {
			before = oldest
		}
		left, err := t.purgeSums(before)
		if wait := again.Sub(t.now); err != nil || left || wait > 0 && wait <= sweepEvery {
			more = left
			return err
		}
		if more, err = t.purgeDeliveries(&m, before); !more {
			m, again = mark[string]{}, t.now.Add(sweepEvery)
		}
		return err
	})
	if err != nil {
		return false, err
	}
	s.purge.records, s.purge.again = m, again
	return more, nil
}

func (t *tx) purgeDeliveries(m *mark[string], before time.Time) (more bool, err error) {
	const q = `SELECT received_at, id FROM deliveries WHERE (received_at, id) > ($1, $2) AND received_at < $3 ORDER BY received_at, id LIMIT $4`
	rows, err := t.conn.Query(t.ctx, q, m.at, m.key, before, purgeRows)
	if err != nil {
		return false, unavailable(t.conn, err)
	}
	var ids []string
	_, err = pgx.ForEachRow(rows, []any{&m.at, &m.key}, func() error {
		ids = append(ids, m.key)
		return nil
	})
	if err != nil || len(ids) == 0 {
		return false, unavailable(t.conn, err)
	}
	more = len(ids) == purgeRows
	return more, t.forget(ids, before)
}

// forget removes deliveries with all that came of them, as far as they can go. While they are decided on, nobody takes
// them in again, replays them or resumes their tasks.
func (t *tx) forget(ids []string, before time.Time) error {
	var b queries
	var gone []string
	var tasks []int64
	b.lock(column(ids, lockOf))
	b.Queue(`SELECT FROM deliveries WHERE id = ANY ($1) ORDER BY id FOR UPDATE`, ids)
	b.Queue(`SELECT FROM tasks WHERE delivery_id = ANY ($1) ORDER BY id FOR UPDATE`, ids)
	b.Queue(spent, ids, before).Query(func(rows pgx.Rows) (err error) {
		gone, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err := t.send(&b); err != nil || len(gone) == 0 {
		return err
	}
	rows, err := t.conn.Query(t.ctx, `SELECT id FROM tasks WHERE delivery_id = ANY ($1)`, gone)
	if err == nil {
		tasks, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	}
	if err != nil {
		return unavailable(t.conn, err)
	}
	for _, table := range []string{"effects", "plans", "analyses"} {
		t.last.Queue(`DELETE FROM `+table+` WHERE task_id = ANY ($1)`, tasks)
	}
	t.last.Queue(`DELETE FROM tasks WHERE id = ANY ($1)`, tasks)
	t.last.Queue(`DELETE FROM bodies WHERE delivery_id = ANY ($1)`, gone)
	t.last.Queue(`DELETE FROM deliveries WHERE id = ANY ($1)`, gone)
	t.audits.Purged(map[string]int64{"deliveries": int64(len(gone))})
	return nil
}

// purgeSums removes what money and requests were counted by. The totals stay, and what the budgets of this month are
// measured by is not old yet.
func (t *tx) purgeSums(before time.Time) (more bool, err error) {
	for _, q := range []string{
		`DELETE FROM spend WHERE id = ANY (ARRAY (SELECT id FROM (SELECT id, at FROM spend ORDER BY id LIMIT $2) o WHERE at < $1))`,
		`DELETE FROM money WHERE ctid = ANY (ARRAY (SELECT ctid FROM money WHERE day < $1::timestamptz::date ORDER BY day LIMIT $2))`,
		`DELETE FROM memories WHERE ctid = ANY (ARRAY (SELECT ctid FROM memories WHERE at < $1 AND kind <> '` + hls.LabelGone + `' ORDER BY at LIMIT $2))`,
		`DELETE FROM hours WHERE ctid = ANY (ARRAY (SELECT ctid FROM hours WHERE hour < $1 ORDER BY hour LIMIT $2))`,
	} {
		tag, err := t.conn.Exec(t.ctx, q, before, purgeRows)
		if err != nil {
			return false, unavailable(t.conn, err)
		}
		more = more || tag.RowsAffected() == purgeRows
	}
	return more, nil
}
