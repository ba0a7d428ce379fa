package sqlite

import (
	"context"
	"errors"
	"fmt"

	"hls/internal/hls"
)

const selectUndecided = `SELECT e.id, e.task_id, e.state, e.effect, e.remote_id, e.url, e.error, e.at, e.carrier_id, e.decided_by, t.state = 'running'
	FROM effects e JOIN tasks t ON t.id = coalesce(nullif(e.carrier_id, 0), e.task_id)
	WHERE e.state IN ('sending', 'unknown') AND (e.subject_key = ?1 OR t.subject_key = ?1) ORDER BY e.id`

// Undecided reads the rows whose write may or may not have happened: those about a subject, and those of its tasks.
func (s *Store) Undecided(ctx context.Context, subject hls.Subject) (entries []hls.Entry, err error) {
	rows, err := s.readers.QueryContext(ctx, selectUndecided, subject.Key())
	if err != nil {
		return nil, fmt.Errorf("read undecided effects of %s: %w", subject, unavailable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var row entryRow
		var live bool
		if err := rows.Scan(append(row.targets(), &live)...); err != nil {
			return nil, fmt.Errorf("read undecided effects of %s: %w", subject, err)
		}
		entry, err := row.entry()
		if err != nil {
			return nil, fmt.Errorf("read undecided effects of %s: %w", subject, err)
		}
		entry.Live = live
		entries = append(entries, entry)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read undecided effects of %s: %w", subject, unavailable(err))
	}
	return entries, nil
}
