package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hls/internal/record"
)

// Stats reads the totals and the state of the queue.
func (s *Store) Stats(ctx context.Context) (record.Stats, error) {
	stats, err := s.stats(ctx)
	if err != nil {
		return record.Stats{}, fmt.Errorf("read stats: %w", unavailable(err))
	}
	return stats, nil
}

func (s *Store) stats(ctx context.Context) (stats record.Stats, err error) {
	tx, err := s.readers.BeginTx(ctx, nil)
	if err != nil {
		return stats, err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	totals, err := totals(ctx, tx)
	if err != nil {
		return stats, err
	}
	stats = record.NewStats(totals)
	const queue = `SELECT (SELECT count(*) FROM tasks WHERE state = 'queued'), (SELECT count(*) FROM tasks WHERE state = 'running'),
		(SELECT min(a) FROM (SELECT min(due_at) AS a FROM lanes WHERE busy = 0 UNION ALL SELECT min(due_at) FROM lanes WHERE busy = 1))`
	var oldest sql.NullInt64
	if err := tx.QueryRowContext(ctx, queue).Scan(&stats.Pending, &stats.Running, &oldest); err != nil {
		return stats, err
	}
	now := s.now()
	if oldest.Valid {
		stats.Oldest = max(now.Sub(moment(oldest.Int64)), 0)
	}
	return stats, spentByDay(ctx, tx, &stats, now)
}

// spentByDay reads the sums of the last days, and what calls under way have set aside.
func spentByDay(ctx context.Context, tx *sql.Tx, stats *record.Stats, now time.Time) (err error) {
	rows, err := tx.QueryContext(ctx, `SELECT day, micro_usd FROM money WHERE owner = '' ORDER BY day DESC LIMIT ?`, record.MostDays)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var days []record.DaySpend
	for rows.Next() {
		var day, micro int64
		if err := rows.Scan(&day, &micro); err != nil {
			return err
		}
		days = append(days, record.DaySpend{Day: time.Unix(0, 0).UTC().AddDate(0, 0, int(day)), MicroUSD: micro})
	}
	if err := rows.Err(); err != nil {
		return err
	}
	var open int64
	const q = `SELECT ifnull(sum(micro_usd), 0) FROM spend WHERE state = 'open' AND at > ?`
	if err := tx.QueryRowContext(ctx, q, stamp(now.Add(-record.OpenWindow))).Scan(&open); err != nil {
		return err
	}
	stats.Spent(days, open, now)
	return nil
}

func totals(ctx context.Context, tx *sql.Tx) (_ record.Counts, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT kind, name, n FROM counters WHERE hour = 0`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	totals := record.Counts{}
	for rows.Next() {
		var c record.Counter
		var n int64
		if err := rows.Scan(&c.Kind, &c.Name, &n); err != nil {
			return nil, err
		}
		totals[c] = n
	}
	return totals, rows.Err()
}

// Secret reads a named secret, and makes it the first time.
func (s *Store) Secret(ctx context.Context, name string) (secret []byte, err error) {
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh) // It never fails: see crypto/rand.
	err = s.write(ctx, func(t *tx) error {
		err := t.exec(`INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, "secret/"+name, fresh)
		if err != nil {
			return err
		}
		return t.row(`SELECT value FROM meta WHERE name = ?`, []any{"secret/" + name}, &secret)
	})
	if err != nil {
		return nil, fmt.Errorf("read secret %s: %w", name, err)
	}
	return secret, nil
}
