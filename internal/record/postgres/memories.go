package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

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
			t.last.Queue(`DELETE FROM memories WHERE subject_key = $1 AND kind = $2 AND key = $3`, s.Key(), m.Kind, m.Key)
			continue
		}
		t.keep(&t.last, p)
	}
	return nil
}

// keep queues a memory, in place of the one before.
func (t *tx) keep(b *queries, p record.PackedMemory) {
	const q = `INSERT INTO memories (subject_key, kind, key, repo_id, scope, subject, value, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (subject_key, kind, key) DO UPDATE SET subject = excluded.subject, value = excluded.value, at = excluded.at`
	s := p.Memory.Subject
	b.Queue(q, s.Key(), p.Kind, p.Key, s.RepoID, s.Scope, string(p.Subject), p.Value, t.now)
}

const (
	recalled   = `SELECT kind, key, subject, value, at FROM memories `
	recallOwn  = recalled + `WHERE subject_key = $1 AND kind = $2 AND ($3 = '' OR key = $3) ORDER BY at DESC, key LIMIT $4`
	recallKey  = recalled + `WHERE repo_id = $1 AND scope = $2 AND kind = $3 AND key = $4 ORDER BY at DESC, subject_key LIMIT $5`
	recallKind = recalled + `WHERE repo_id = $1 AND scope = $2 AND kind = $3 ORDER BY at DESC, subject_key, key LIMIT $4`
)

// Recall reads memories.
func (s *Store) Recall(ctx context.Context, r hls.Recall) ([]hls.Memory, error) {
	query, args := recallOwn, []any{r.Subject.Key(), r.Kind, r.Key, record.RecallLimit(r)}
	switch {
	case r.Wide && r.Key != "":
		query, args = recallKey, []any{r.Subject.RepoID, r.Subject.Scope, r.Kind, r.Key, record.RecallLimit(r)}
	case r.Wide:
		query, args = recallKind, []any{r.Subject.RepoID, r.Subject.Scope, r.Kind, record.RecallLimit(r)}
	}
	found, err := many(ctx, s, func(row pgx.CollectableRow) (hls.Memory, error) {
		var p record.PackedMemory
		if err := row.Scan(&p.Kind, &p.Key, &p.Subject, &p.Value, &p.At); err != nil {
			return hls.Memory{}, err
		}
		return p.Unpack()
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("recall %s of %s: %w", r.Kind, r.Subject, err)
	}
	return found, nil
}
