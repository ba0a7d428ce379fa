package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

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
	if oldest.Valid {
		stats.Oldest = max(s.now().Sub(moment(oldest.Int64)), 0)
	}
	return stats, nil
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
