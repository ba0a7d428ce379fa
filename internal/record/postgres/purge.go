package postgres

import (
	"context"
	"fmt"
	"time"

	"hls/internal/record"
)

// purged is how many rows one step of a purge clears.
const purged = 200

const (
	purgePayloads = `UPDATE deliveries SET payload = NULL WHERE id IN (SELECT d.id FROM deliveries d WHERE d.payload IS NOT NULL
		AND d.received_at < $1 AND NOT EXISTS (
			SELECT 1 FROM tasks t WHERE t.delivery_id = d.id AND t.state IN ('queued', 'running', 'parked'))
		ORDER BY d.received_at LIMIT $2 FOR UPDATE SKIP LOCKED)`
	purgeAnalyses = `UPDATE analyses SET answer = '', system = '', "user" = '', schema = '' WHERE task_id IN (SELECT a.task_id FROM analyses a
		WHERE length(a.user) > 0 AND a.at < $1 AND NOT EXISTS (
			SELECT 1 FROM tasks t WHERE t.id = a.task_id AND t.state IN ('queued', 'running', 'parked'))
		ORDER BY a.at LIMIT $2 FOR UPDATE SKIP LOCKED)`
)

// Purge clears what retention no longer keeps. Instances that do so at the same time take different rows.
func (s *Store) Purge(ctx context.Context, c record.Cutoff) (more bool, err error) {
	for _, step := range []struct {
		query  string
		before time.Time
	}{{purgePayloads, c.Payloads}, {purgeAnalyses, c.Analyses}} {
		if step.before.IsZero() {
			continue
		}
		var n int64
		err := s.write(ctx, func(t *tx) error {
			tag, err := t.conn.Exec(t.ctx, step.query, step.before, purged)
			n = tag.RowsAffected()
			return unavailable(t.conn, err)
		})
		if err != nil {
			return false, fmt.Errorf("purge what is old: %w", err)
		}
		more = more || n == purged
	}
	return more, nil
}
