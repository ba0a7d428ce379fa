package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"hls/internal/record"
)

const (
	purgeRows = 200       // looked at in one step of a purge
	leap      = time.Hour // by which this machine's clock and the database's may differ for either to be believed
)

const (
	purgePayloads = `WITH seen AS MATERIALIZED (SELECT received_at AS at, id AS key,
			EXISTS (SELECT 1 FROM tasks t WHERE t.delivery_id = d.id AND t.state IN ('queued', 'running', 'parked') OFFSET 0) AS open
			FROM deliveries d WHERE payload IS NOT NULL AND (received_at, id) > ($1, $2) AND received_at < $3 ORDER BY received_at, id LIMIT $4
		), cleared AS (UPDATE deliveries SET payload = NULL WHERE id = ANY (ARRAY (SELECT key FROM seen WHERE NOT open))
		), untitled AS (UPDATE tasks SET title = '' WHERE delivery_id = ANY (ARRAY (SELECT key FROM seen WHERE NOT open)) AND title <> '')` + lastSeen
	purgeAnalyses = `WITH seen AS MATERIALIZED (SELECT at, task_id AS key,
			EXISTS (SELECT 1 FROM tasks t WHERE t.id = a.task_id AND t.state IN ('queued', 'running', 'parked') OFFSET 0) AS open
			FROM analyses a WHERE length("user") > 0 AND (at, task_id) > ($1, $2) AND at < $3 ORDER BY at, task_id LIMIT $4
		), cleared AS (UPDATE analyses SET answer = '', system = '', "user" = '', schema = ''
			WHERE task_id = ANY (ARRAY (SELECT key FROM seen WHERE NOT open)))` + lastSeen
	lastSeen = ` SELECT at, key, count(*) OVER (), count(*) FILTER (WHERE NOT open) OVER () FROM seen ORDER BY at DESC, key DESC LIMIT 1`
)

// purge is how far the purges of this instance have come. What has to stay is not looked at again before a sweep has
// come to the end of what is old.
type purge struct {
	mu       sync.Mutex
	payloads mark[string]
	analyses mark[int64]
	records  mark[string]
	again    time.Time // records, not before this
}

// mark is the row that was looked at last.
type mark[K any] struct {
	at  time.Time
	key K
}

// Purge clears what retention no longer keeps. One instance at a time does so; for the others there is nothing to do.
func (s *Store) Purge(ctx context.Context, c record.Cutoff) (more bool, err error) {
	s.purge.mu.Lock()
	defer s.purge.mu.Unlock()
	for _, step := range []struct {
		before time.Time
		sweep  func(context.Context, time.Time) (bool, error)
	}{
		{c.Payloads, func(ctx context.Context, before time.Time) (bool, error) {
			return sweep(ctx, s, &s.purge.payloads, aging{"payloads", purgePayloads, before})
		}},
		{c.Analyses, func(ctx context.Context, before time.Time) (bool, error) {
			return sweep(ctx, s, &s.purge.analyses, aging{"analyses", purgeAnalyses, before})
		}},
		{c.Records, s.purgeRecords},
		{c.Audit, s.cutAudit},
	} {
		if step.before.IsZero() {
			continue
		}
		left, err := step.sweep(ctx, step.before)
		if err != nil && !errors.Is(err, errElsewhere) && !errors.Is(err, errClock) {
			return false, fmt.Errorf("purge what is old: %w", err)
		}
		more = more || left
	}
	return more, nil
}

// aging is a kind of text, and what of it is old.
type aging struct {
	what, query string
	before      time.Time
}

// sweep goes on from a mark to rows that are older than a time, and clears those whose tasks have ended.
func sweep[K any](ctx context.Context, s *Store, m *mark[K], a aging) (more bool, err error) {
	var next mark[K]
	var n, cleared int64
	err = s.purging(ctx, func(t *tx) error {
		next, n, cleared = mark[K]{}, 0, 0
		err := t.row(a.query, []any{m.at, m.key, a.before, purgeRows}, &next.at, &next.key, &n, &cleared)
		if none(err) {
			return nil
		}
		t.audits.Purged(map[string]int64{a.what: cleared})
		return err
	})
	if err != nil {
		return false, err
	}
	if more = n == purgeRows; !more {
		next = mark[K]{}
	}
	*m = next
	return more, nil
}

// errClock says that there are two clocks of which one must be wrong: by the wrong one everything may be old.
var errClock = errors.New("the clocks of this machine and of the database differ")

// purging is write for the one instance that purges.
func (s *Store) purging(ctx context.Context, do func(*tx) error) error {
	return s.transact(ctx, func(b *queries) {
		b.Queue(`SELECT pg_try_advisory_xact_lock($1, 1)`, lockHouse).QueryRow(alone)
	}, func(t *tx) error {
		if s.now == nil && time.Since(t.now).Abs() > leap {
			return errClock
		}
		return do(t)
	})
}
