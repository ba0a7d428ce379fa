package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// notes keeps the names of Note apart from the others in the table.
const notes = "note/"

// Note keeps a value under a name.
func (s *Store) Note(ctx context.Context, name string, value []byte) error {
	const q = `INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2`
	err := s.write(ctx, func(t *tx) error { return t.exec(q, notes+name, append([]byte{}, value...)) })
	if err != nil {
		return fmt.Errorf("write note %s: %w", name, err)
	}
	return nil
}

// Noted reads what Note kept.
func (s *Store) Noted(ctx context.Context, name string) (value []byte, err error) {
	err = s.readers.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = ?`, notes+name).Scan(&value)
	if err != nil {
		return nil, fmt.Errorf("read note %s: %w", name, found(err))
	}
	return value, nil
}

// asked is how many ids one statement looks for; SQLite takes 32,766 values.
const asked = 500

// Known looks for deliveries by their ids.
func (s *Store) Known(ctx context.Context, ids []string) (map[string]bool, error) {
	known := make(map[string]bool, len(ids))
	for part := range slices.Chunk(ids, asked) {
		if err := s.known(ctx, part, known); err != nil {
			return nil, fmt.Errorf("look for deliveries: %w", unavailable(err))
		}
	}
	return known, nil
}

func (s *Store) known(ctx context.Context, ids []string, known map[string]bool) (err error) {
	args := make([]any, 0, len(ids))
	for _, id := range ids {
		args = append(args, id)
	}
	rows, err := s.readers.DB.QueryContext(ctx, `SELECT id FROM deliveries WHERE id IN (?`+strings.Repeat(", ?", len(ids)-1)+`)`, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		known[id] = true
	}
	return rows.Err()
}
