package sqlite

import (
	"context"
	"errors"
	"fmt"

	"hls/internal/hls"
)

// Undecided reads the rows of a subject whose write may or may not have happened.
func (s *Store) Undecided(ctx context.Context, subject hls.Subject) (entries []hls.Entry, err error) {
	const q = selectEntry + ` WHERE task_id IN (SELECT id FROM tasks WHERE subject_key = ?)
		AND state IN ('sending', 'unknown') ORDER BY id`
	rows, err := s.readers.QueryContext(ctx, q, subject.Key())
	if err != nil {
		return nil, fmt.Errorf("read undecided effects of %s: %w", subject, unavailable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var row entryRow
		if err := rows.Scan(row.targets()...); err != nil {
			return nil, fmt.Errorf("read undecided effects of %s: %w", subject, err)
		}
		entry, err := row.entry()
		if err != nil {
			return nil, fmt.Errorf("read undecided effects of %s: %w", subject, err)
		}
		entries = append(entries, entry)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read undecided effects of %s: %w", subject, unavailable(err))
	}
	return entries, nil
}
