package sqlite

import (
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

const (
	// recordsKept is the least that records are kept, whatever is configured: the window in which a body is a
	// duplicate, with a day to spare. GitHub sends a delivery again for 3 days, GitHub Enterprise Server for 7.
	recordsKept = record.HashWindow + 24*time.Hour
	sweepEvery  = time.Hour // through records that stayed the last time
)

// records is a sweep through deliveries with all that came of them, in the order in which they were stored.
//
// What goes is what nothing can refer to any more. A delivery goes whole: its row, its hashes, its tasks with their
// analyses and plans, and their rows of the ledger. It goes when
//
//   - it, its hashes, its tasks and the last moves of its ledger rows are all older than the cutoff: no redelivery and no
//     replay within the promised window can meet them;
//   - none of its tasks is queued or running. One that is parked has waited for a person for as long as records are kept;
//   - no ledger row is undecided. Those are read back, or shown, until they are decided;
//   - no ledger row speaks for its subject still. While there are newer events, or newer rows, of the same subject and
//     purpose, the last comment, section and created issue are those to edit (and the sign that a person removed or
//     closed them), and the remarks of all reviews are those not to be repeated. Labels have their history at GitHub.
//
// Once a subject has been quiet for as long as records are kept, its ledger goes with it. Should it come back to life,
// its comment and its reviews are found by their signed markers before anything is written: an effect is not doubled,
// only what a person did away with back then may come anew, as a comment or an issue.
type records struct {
	row   int64     // what was looked at last
	again time.Time // not before this
}

// spent tells whether a delivery can go.
const spent = `SELECT NOT EXISTS (SELECT 1 FROM deliveries WHERE id = ?1 AND accepted_at >= ?2)
	AND NOT EXISTS (SELECT 1 FROM bodies WHERE delivery_id = ?1 AND accepted_at >= ?2)
	AND NOT EXISTS (SELECT 1 FROM tasks WHERE delivery_id = ?1 AND (state IN ('queued', 'running') OR queued_at >= ?2))
	AND NOT EXISTS (SELECT 1 FROM tasks t JOIN effects e ON e.task_id = t.id WHERE t.delivery_id = ?1
		AND (e.at >= ?2 OR e.state IN ('intent', 'sending', 'unknown')
			OR e.state = 'done' AND e.kind IN ('upsert_comment', 'create_review', 'create_issue', 'set_section')
				AND (EXISTS (SELECT 1 FROM tasks n WHERE n.subject_key = e.subject_key AND n.purpose = e.purpose AND n.occurred_at >= ?2)
					OR EXISTS (SELECT 1 FROM effects n WHERE n.key >= e.subject_key || '|' || e.purpose || '|'
						AND n.key < e.subject_key || '|' || e.purpose || '}' AND n.at >= ?2)) -- keys begin so: see hls.Effect.Key
				AND (e.kind = 'create_review' OR NOT EXISTS (SELECT 1 FROM effects n
					WHERE n.subject_key = e.subject_key AND n.purpose = e.purpose AND n.kind = e.kind AND n.state = 'done' AND n.id > e.id))))`

func (r *records) sweep(t *tx, before time.Time, late func() bool) (more bool, err error) {
	oldest := t.aged().Add(-recordsKept)
	if before.IsZero() {
		return false, nil
	}
	if before.After(oldest) {
		before = oldest
	}
	if more, err := t.purgeSums(before); more || err != nil {
		return more, err
	}
	if wait := r.again.Sub(t.now); wait > 0 && wait <= sweepEvery {
		return false, nil
	}
	return r.deliveries(t, before, late)
}

func (r *records) deliveries(t *tx, before time.Time, late func() bool) (more bool, err error) {
	found, err := t.remnants(r.row)
	if err != nil {
		return false, err
	}
	old := 0
	for i, f := range found {
		if f.receivedAt < stamp(before) {
			old++
			if err := t.forget(f, stamp(before)); err != nil {
				return false, err
			}
		}
		r.row = f.row
		if i < len(found)-1 && late() {
			return true, nil
		}
	}
	if old > 0 && len(found) == purgeRows {
		return true, nil
	}
	r.row, r.again = 0, t.now.Add(sweepEvery)
	return false, nil
}

// remnant is a delivery that may be one to go.
type remnant struct {
	row, receivedAt int64
	id              string
	worked          bool
}

func (t *tx) remnants(after int64) (found []remnant, err error) {
	const q = `SELECT rowid, received_at, id, EXISTS (SELECT 1 FROM tasks t WHERE t.delivery_id = d.id)
		FROM deliveries d WHERE rowid > ? ORDER BY rowid LIMIT ?`
	err = t.each(q, []any{after, purgeRows}, func(scan func(...any) error) error {
		var r remnant
		err := scan(&r.row, &r.receivedAt, &r.id, &r.worked)
		found = append(found, r)
		return err
	})
	return found, err
}

// forget removes a delivery with all that came of it, if it can go.
func (t *tx) forget(r remnant, before int64) error {
	var gone bool
	if err := t.row(spent, []any{r.id, before}, &gone); err != nil || !gone {
		return err
	}
	if r.worked {
		err := t.exec(`DELETE FROM effects WHERE task_id IN (SELECT id FROM tasks WHERE delivery_id = ?)`, r.id)
		if err == nil {
			err = t.exec(`DELETE FROM tasks WHERE delivery_id = ?`, r.id)
		}
		if err != nil {
			return err
		}
	}
	t.took("deliveries")
	return t.exec(`DELETE FROM deliveries WHERE rowid = ?`, r.row)
}

// purgeSums removes what money and requests were counted by. The totals stay, and what the budgets of this month are
// measured by is not old yet.
func (t *tx) purgeSums(before time.Time) (more bool, err error) {
	const calls = `DELETE FROM spend WHERE id IN (SELECT id FROM spend WHERE at < ? ORDER BY at LIMIT ?)`
	const days = `DELETE FROM money WHERE (owner, day) IN (SELECT owner, day FROM money WHERE day < ? ORDER BY day LIMIT ?)`
	const hours = `DELETE FROM counters WHERE (hour, kind, name) IN (SELECT hour, kind, name FROM counters WHERE hour > 0 AND hour < ? LIMIT ?)`
	const memories = `DELETE FROM memories WHERE (subject_key, kind, key) IN
		(SELECT subject_key, kind, key FROM memories WHERE at < ? AND kind <> '` + hls.LabelGone + `' ORDER BY at LIMIT ?)`
	for _, old := range []struct {
		query string
		at    int64
	}{{calls, stamp(before)}, {days, dayNumber(before)}, {hours, before.Unix()}, {memories, stamp(before)}} {
		n, err := t.change(old.query, old.at, purgeRows)
		if err != nil {
			return false, err
		}
		more = more || n == purgeRows
	}
	return more, nil
}
