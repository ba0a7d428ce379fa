package sqlite

import (
	"context"
	"errors"
	"fmt"

	"hls/internal/hls"
	"hls/internal/record"
)

// remember stores memories of a task, or forgets those without a value.
func (t *tx) remember(task hls.Task, memories []hls.Memory) error {
	for _, m := range memories {
		p, err := record.PackMemory(task, m)
		if err != nil {
			return err
		}
		s := m.Subject
		if len(m.Value) == 0 {
			err = t.exec(`DELETE FROM memories WHERE subject_key = ? AND kind = ? AND key = ?`, s.Key(), m.Kind, m.Key)
		} else {
			err = t.keep(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keep stores a memory, in place of the one before.
func (t *tx) keep(p record.PackedMemory) error {
	const q = `INSERT INTO memories (subject_key, kind, key, repo_id, scope, subject, value, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
		ON CONFLICT (subject_key, kind, key) DO UPDATE SET subject = ?6, value = ?7, at = ?8`
	s := p.Memory.Subject
	return t.exec(q, s.Key(), p.Kind, p.Key, s.RepoID, s.Scope, string(p.Subject), p.Value, stamp(t.now))
}

const (
	recallOwn  = `SELECT kind, key, subject, value, at FROM memories WHERE subject_key = ?1 AND kind = ?2 AND (?3 = '' OR key = ?3) ORDER BY at DESC, key LIMIT ?4`
	recallKey  = `SELECT kind, key, subject, value, at FROM memories WHERE repo_id = ?1 AND scope = ?2 AND kind = ?3 AND key = ?4 ORDER BY at DESC, subject_key LIMIT ?5`
	recallKind = `SELECT kind, key, subject, value, at FROM memories WHERE repo_id = ?1 AND scope = ?2 AND kind = ?3 ORDER BY at DESC, subject_key, key LIMIT ?4`
)

// Recall reads memories.
func (s *Store) Recall(ctx context.Context, r hls.Recall) (found []hls.Memory, err error) {
	query, args := recallOwn, []any{r.Subject.Key(), r.Kind, r.Key, record.RecallLimit(r)}
	switch {
	case r.Wide && r.Key != "":
		query, args = recallKey, []any{r.Subject.RepoID, r.Subject.Scope, r.Kind, r.Key, record.RecallLimit(r)}
	case r.Wide:
		query, args = recallKind, []any{r.Subject.RepoID, r.Subject.Scope, r.Kind, record.RecallLimit(r)}
	}
	rows, err := s.readers.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("recall %s of %s: %w", r.Kind, r.Subject, unavailable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var p record.PackedMemory
		if err := rows.Scan(&p.Kind, &p.Key, &p.Subject, &p.Value, at{&p.At}); err != nil {
			return nil, fmt.Errorf("recall %s of %s: %w", r.Kind, r.Subject, err)
		}
		m, err := p.Unpack()
		if err != nil {
			return nil, fmt.Errorf("recall %s of %s: %w", r.Kind, r.Subject, err)
		}
		found = append(found, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("recall %s of %s: %w", r.Kind, r.Subject, unavailable(err))
	}
	return found, nil
}
