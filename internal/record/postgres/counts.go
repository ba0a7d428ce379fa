package postgres

import (
	"context"
	"fmt"

	"hls/internal/hls"
)

// Tally adds to a total of what happens outside the record.
func (s *Store) Tally(ctx context.Context, name string, n int64) error {
	err := s.write(ctx, func(t *tx) error {
		t.counts.Tally(name, n)
		return nil
	})
	if err != nil {
		return fmt.Errorf("add to total %s: %w", name, err)
	}
	return nil
}

// Count counts a request that was not stored.
func (s *Store) Count(ctx context.Context, class hls.Class, reason string) error {
	err := s.write(ctx, func(t *tx) error {
		t.counts.Request(class, reason)
		return nil
	})
	if err != nil {
		return fmt.Errorf("count request: %w", err)
	}
	return nil
}

// folded is how many rows of counted one step adds up.
const folded = 5000

// fold adds what was counted to the totals and the hourly buckets, each row once.
const fold = `WITH taken AS (
		DELETE FROM counted WHERE ctid = ANY (ARRAY (SELECT ctid FROM counted LIMIT $1)) RETURNING kind, name, hour, n
	), total AS (
		INSERT INTO totals (kind, name, n) SELECT kind, name, sum(n) FROM taken GROUP BY kind, name
		ON CONFLICT (kind, name) DO UPDATE SET n = totals.n + excluded.n
	), hourly AS (
		INSERT INTO hours (hour, kind, name, n) SELECT hour, kind, name, sum(n) FROM taken GROUP BY hour, kind, name
		ON CONFLICT (hour, kind, name) DO UPDATE SET n = hours.n + excluded.n
	)
	SELECT count(*) FROM taken`
