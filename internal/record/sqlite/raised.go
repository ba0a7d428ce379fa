package sqlite

import (
	"context"
	"errors"
	"fmt"

	"hls/internal/hls"
)

// Raised reads the remarks and the texts of all done reviews and comments of a subject and purpose.
func (s *Store) Raised(ctx context.Context, subject hls.Subject, purpose string) (remarks []hls.Remark, err error) {
	const q = selectEntry + ` WHERE subject_key = ? AND purpose = ? AND kind IN ('create_review', 'upsert_comment') AND state = 'done' ORDER BY id`
	rows, err := s.readers.QueryContext(ctx, q, subject.Key(), purpose)
	if err != nil {
		return nil, fmt.Errorf("read remarks on %s: %w", subject, unavailable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var row entryRow
		if err := rows.Scan(row.targets()...); err != nil {
			return nil, fmt.Errorf("read remarks on %s: %w", subject, err)
		}
		entry, err := row.entry()
		if err != nil {
			return nil, fmt.Errorf("read remarks on %s: %w", subject, err)
		}
		remarks = append(append(remarks, hls.Remark{Body: entry.Effect.Body}), entry.Effect.Remarks...)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read remarks on %s: %w", subject, unavailable(err))
	}
	return remarks, nil
}
