package sqlite

import (
	"context"
	"errors"
	"fmt"

	"hls/internal/hls"
	"hls/internal/record"
)

// daysKept is for how long the tallies of a label are kept.
const daysKept = 400

// use counts what became of a label. What became of an application that was counted before is added where that was.
func (t *tx) use(d record.LabelDay) error {
	s := d.Subject
	if d.Late {
		const q = `UPDATE label_uses SET kept = kept + ?5, overridden = overridden + ?6
			WHERE (repo_id, scope, label, day) = (?1, ?2, ?3, ?4) AND NOT EXISTS
				(SELECT 1 FROM label_resets r WHERE (r.repo_id, r.scope, r.label) = (?1, ?2, ?3) AND r.at > ?7)`
		return t.exec(q, s.RepoID, s.Scope, d.Label, d.Day(), d.Kept, d.Overridden, stamp(d.At))
	}
	const q = `INSERT INTO label_uses (repo_id, scope, label, day, repo, applied, kept, overridden, added) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, 0, ?7)
		ON CONFLICT (repo_id, scope, label, day) DO UPDATE SET repo = ?5, applied = applied + ?6, added = added + ?7`
	if err := t.exec(q, s.RepoID, s.Scope, d.Label, d.Day(), d.Repo(), d.Applied, d.Added); err != nil {
		return err
	}
	return t.exec(`DELETE FROM label_uses WHERE repo_id = ? AND scope = ? AND label = ? AND day < ?`, s.RepoID, s.Scope, d.Label, d.Day()-daysKept)
}

const (
	sumUses   = `SELECT repo_id, scope, label, sum(applied), sum(kept), sum(overridden), sum(added) FROM label_uses WHERE `
	groupUses = ` GROUP BY repo_id, scope, label ORDER BY label, repo_id, scope`
	namedUses = `(repo_id, scope) IN (SELECT repo_id, scope FROM label_uses WHERE repo = ?)`
)

// LabelUses reads what became of labels.
func (s *Store) LabelUses(ctx context.Context, q record.LabelQuery) (uses []record.LabelUse, err error) {
	query, args := sumUses+`repo_id = ? AND scope = ? AND day >= ?`+groupUses, []any{q.Subject.RepoID, q.Subject.Scope, q.SinceDay()}
	if q.Repo != "" {
		query, args = sumUses+namedUses+` AND day >= ?`+groupUses, []any{q.RepoKey(), q.SinceDay()}
	}
	rows, err := s.readers.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read what became of labels: %w", unavailable(err))
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var u record.LabelUse
		if err := rows.Scan(useTargets(&u)...); err != nil {
			return nil, fmt.Errorf("read what became of labels: %w", err)
		}
		uses = append(uses, u)
	}
	return uses, unavailable(rows.Err())
}

func useTargets(u *record.LabelUse) []any {
	return []any{&u.Subject.RepoID, &u.Subject.Scope, &u.Label, &u.Applied, &u.Kept, &u.Overridden, &u.Added}
}

// ForgetLabel has a label's past count no more.
func (s *Store) ForgetLabel(ctx context.Context, repo, label, by string) (uses []record.LabelUse, err error) {
	name, key := hls.Fold(label), record.LabelQuery{Repo: repo}.RepoKey()
	err = s.write(ctx, func(t *tx) error {
		uses = nil
		err := t.each(sumUses+namedUses+` AND label = ?`+groupUses, []any{key, name}, func(scan func(...any) error) error {
			var u record.LabelUse
			err := scan(useTargets(&u)...)
			uses = append(uses, u)
			return err
		})
		if err == nil && len(uses) == 0 {
			err = hls.ErrNotFound
		}
		for _, u := range uses {
			err = errors.Join(err, t.forgetLabel(u.Subject, name))
		}
		t.audits.Forgotten(repo, by, uses)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("forget label %q of %s: %w", label, repo, err)
	}
	return uses, nil
}

func (t *tx) forgetLabel(s hls.Subject, label string) error {
	const reset = `INSERT INTO label_resets (repo_id, scope, label, at) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (repo_id, scope, label) DO UPDATE SET at = ?4`
	if err := t.exec(reset, s.RepoID, s.Scope, label, stamp(t.now)); err != nil {
		return err
	}
	return t.exec(`DELETE FROM label_uses WHERE repo_id = ? AND scope = ? AND label = ?`, s.RepoID, s.Scope, label)
}
