package sqlite

import (
	"context"
	"fmt"

	"hls/internal/record"
)

// purged is how many rows one step of a purge clears: the one writer is held up for some milliseconds.
const purged = 200

const (
	purgePayloads = `UPDATE deliveries SET payload = NULL WHERE id IN (SELECT d.id FROM deliveries d WHERE d.payload IS NOT NULL
		AND d.received_at < ?1 AND NOT EXISTS (
			SELECT 1 FROM tasks t WHERE t.delivery_id = d.id AND t.state IN ('queued', 'running', 'parked'))
		ORDER BY d.received_at LIMIT ?2)`
	purgeAnalyses = `UPDATE analyses SET answer = x'', system = x'', user = x'', schema = x'' WHERE task_id IN (SELECT a.task_id FROM analyses a
		WHERE length(a.user) > 0 AND a.at < ?1 AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.id = a.task_id AND t.state IN ('queued', 'running', 'parked'))
		ORDER BY a.at LIMIT ?2)`
)

// Purge clears what retention no longer keeps.
func (s *Store) Purge(ctx context.Context, c record.Cutoff) (more bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		for _, step := range []struct {
			query  string
			before int64
		}{{purgePayloads, stamp(c.Payloads)}, {purgeAnalyses, stamp(c.Analyses)}} {
			if step.before == 0 {
				continue
			}
			n, err := t.change(step.query, step.before, purged)
			if err != nil {
				return err
			}
			more = more || n == purged
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("purge what is old: %w", err)
	}
	return more, nil
}
