package sqlite

import (
	"context"
	"fmt"
	"time"

	"hls/internal/record"
)

const (
	purgeRows = 200                   // looked at in one step of a purge
	purgeTime = 10 * time.Millisecond // for which a step holds up the writer, before its commit
	freePages = 4096                  // that the file may have to spare, and a quarter of it
)

// purge is how far the purges of a process have come. What has to stay is not looked at again before a sweep has come
// to the end of what is old.
type purge struct {
	payloads, analyses texts
	records            records
}

func newPurge() *purge {
	return &purge{
		payloads: texts{
			what: "payloads",
			look: `SELECT received_at, rowid, EXISTS (SELECT 1 FROM tasks t WHERE t.delivery_id = d.id AND t.state IN ('queued', 'running', 'parked'))
				FROM deliveries d WHERE payload IS NOT NULL AND (received_at, rowid) > (?, ?) AND received_at < ? ORDER BY received_at, rowid LIMIT ?`,
			clear: `UPDATE deliveries SET payload = NULL WHERE rowid = ?`,
			also:  `UPDATE tasks SET title = '' WHERE delivery_id = (SELECT id FROM deliveries WHERE rowid = ?) AND title <> ''`,
		},
		analyses: texts{
			what: "analyses",
			look: `SELECT at, task_id, EXISTS (SELECT 1 FROM tasks t WHERE t.id = a.task_id AND t.state IN ('queued', 'running', 'parked'))
				FROM analyses a WHERE length(user) > 0 AND (at, task_id) > (?, ?) AND at < ? ORDER BY at, task_id LIMIT ?`,
			clear: `UPDATE analyses SET answer = x'', system = x'', user = x'', schema = x'' WHERE task_id = ?`,
		},
	}
}

// Purge clears what retention no longer keeps, for some milliseconds at a time.
func (s *Store) Purge(ctx context.Context, c record.Cutoff) (more bool, err error) {
	err = s.write(ctx, func(t *tx) (err error) {
		more, err = s.purge.step(t, c, time.Now().Add(purgeTime))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("purge what is old: %w", err)
	}
	return more, nil
}

func (p *purge) step(t *tx, c record.Cutoff, end time.Time) (more bool, err error) {
	late := func() bool { return time.Now().After(end) }
	for _, sweep := range []func() (bool, error){
		func() (bool, error) { return p.payloads.sweep(t, t.before(c.Payloads), late) },
		func() (bool, error) { return p.analyses.sweep(t, t.before(c.Analyses), late) },
		func() (bool, error) { return p.records.sweep(t, t.before(c.Records), late) },
		func() (bool, error) { return t.cutAudit(t.before(c.Audit)) },
		func() (bool, error) { return t.shrink(late) },
	} {
		left, err := sweep()
		if err != nil {
			return false, err
		}
		more = more || left
	}
	t.audits.Purged(t.purged)
	return more, nil
}

// took notes that something was removed.
func (t *tx) took(what string) {
	if t.purged == nil {
		t.purged = map[string]int64{}
	}
	t.purged[what]++
}

// before is when what is old was made, by a clock that is not believed when it leaps. The zero time stays.
func (t *tx) before(cutoff time.Time) time.Time {
	if cutoff.IsZero() {
		return cutoff
	}
	return cutoff.Add(-t.w.clock.doubt)
}

// texts is a sweep through texts, by time.
type texts struct {
	what        string
	look, clear string
	also        string // cleared as well; "" for nothing
	at, row     int64  // what was looked at last
}

func (s *texts) sweep(t *tx, before time.Time, late func() bool) (more bool, err error) {
	if before.IsZero() {
		return false, nil
	}
	found, err := t.triples(s.look, s.at, s.row, stamp(before), purgeRows)
	if err != nil {
		return false, err
	}
	for i, f := range found {
		if open := f[2] != 0; !open {
			if err := s.empty(t, f[1]); err != nil {
				return false, err
			}
		}
		s.at, s.row = f[0], f[1]
		if i < len(found)-1 && late() {
			return true, nil
		}
	}
	if len(found) < purgeRows {
		s.at, s.row = 0, 0
	}
	return len(found) == purgeRows, nil
}

func (s *texts) empty(t *tx, row int64) error {
	err := t.exec(s.clear, row)
	if err == nil && s.also != "" {
		err = t.exec(s.also, row)
	}
	if err == nil {
		t.took(s.what)
	}
	return err
}

// shrink gives pages back to the file system when there are many to spare. Those that there are otherwise serve what
// comes next, so that the file stays as large as what is kept at any time.
func (t *tx) shrink(late func() bool) (more bool, err error) {
	const q = `SELECT freelist_count, page_count FROM pragma_freelist_count, pragma_page_count`
	for {
		var free, pages int64
		if err := t.row(q, nil, &free, &pages); err != nil || free <= max(freePages, pages/4) {
			return false, err
		}
		if err := t.exec(`PRAGMA incremental_vacuum(100)`); err != nil || late() {
			return true, err
		}
	}
}
