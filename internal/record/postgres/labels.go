package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
)

// daysKept is for how long the tallies of a label are kept.
const daysKept = 400

// use queues what became of a label. What became of an application that was counted before is added where that was.
func (t *tx) use(b *queries, d record.LabelDay) {
	s := d.Subject
	if d.Late {
		const q = `UPDATE label_uses SET kept = kept + $5, overridden = overridden + $6
			WHERE repo_id = $1 AND scope = $2 AND label = $3 AND day = $4 AND NOT EXISTS
				(SELECT 1 FROM label_resets r WHERE r.repo_id = $1 AND r.scope = $2 AND r.label = $3 AND r.at > $7)`
		b.Queue(q, s.RepoID, s.Scope, d.Label, d.Day(), d.Kept, d.Overridden, d.At)
		return
	}
	const q = `INSERT INTO label_uses (repo_id, scope, label, day, repo, applied, kept, overridden, added) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7)
		ON CONFLICT (repo_id, scope, label, day) DO UPDATE SET repo = excluded.repo,
			applied = label_uses.applied + excluded.applied, added = label_uses.added + excluded.added`
	b.Queue(q, s.RepoID, s.Scope, d.Label, d.Day(), d.Repo(), d.Applied, d.Added)
	b.Queue(`DELETE FROM label_uses WHERE repo_id = $1 AND scope = $2 AND label = $3 AND day < $4`, s.RepoID, s.Scope, d.Label, d.Day()-daysKept)
}

const (
	sumUses = `SELECT repo_id, scope, label, sum(applied)::bigint, sum(kept)::bigint, sum(overridden)::bigint, sum(added)::bigint
		FROM label_uses WHERE `
	groupUses = ` GROUP BY repo_id, scope, label ORDER BY label, repo_id, scope`
	namedUses = `(repo_id, scope) IN (SELECT repo_id, scope FROM label_uses WHERE repo = $1)`
)

func scanUse(row pgx.CollectableRow) (u record.LabelUse, err error) {
	err = row.Scan(&u.Subject.RepoID, &u.Subject.Scope, &u.Label, &u.Applied, &u.Kept, &u.Overridden, &u.Added)
	return u, err
}

// LabelUses reads what became of labels.
func (s *Store) LabelUses(ctx context.Context, q record.LabelQuery) ([]record.LabelUse, error) {
	query, args := sumUses+`repo_id = $1 AND scope = $2 AND day >= $3`+groupUses, []any{q.Subject.RepoID, q.Subject.Scope, q.SinceDay()}
	if q.Repo != "" {
		query, args = sumUses+namedUses+` AND day >= $2`+groupUses, []any{q.RepoKey(), q.SinceDay()}
	}
	uses, err := many(ctx, s, scanUse, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read what became of labels: %w", err)
	}
	return uses, nil
}

// ForgetLabel has a label's past count no more.
func (s *Store) ForgetLabel(ctx context.Context, repo, label, by string) (uses []record.LabelUse, err error) {
	name, key := hls.Fold(label), record.LabelQuery{Repo: repo}.RepoKey()
	err = s.write(ctx, func(t *tx) error {
		var b queries
		b.Queue(sumUses+namedUses+` AND label = $2`+groupUses, key, name).Query(func(rows pgx.Rows) (err error) {
			uses, err = pgx.CollectRows(rows, scanUse)
			return err
		})
		if err := t.send(&b); err != nil {
			return err
		}
		if len(uses) == 0 {
			return hls.ErrNotFound
		}
		for _, u := range uses {
			t.forgetLabel(u.Subject, name)
		}
		t.audits.Forgotten(repo, by, uses)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("forget label %q of %s: %w", label, repo, err)
	}
	return uses, nil
}

func (t *tx) forgetLabel(s hls.Subject, label string) {
	const reset = `INSERT INTO label_resets (repo_id, scope, label, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (repo_id, scope, label) DO UPDATE SET at = excluded.at`
	t.last.Queue(reset, s.RepoID, s.Scope, label, t.now)
	t.last.Queue(`DELETE FROM label_uses WHERE repo_id = $1 AND scope = $2 AND label = $3`, s.RepoID, s.Scope, label)
}
