package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"hls/internal/hls"
)

// Touch remembers what happened to labels. What others learn of the same subject meanwhile waits for it.
func (s *Store) Touch(ctx context.Context, touches []hls.Touch) error {
	locks := column(touches, labelsLock)
	err := s.transact(ctx, func(b *queries) { b.lock(locks) }, func(t *tx) error {
		return t.touchAll(touches)
	})
	if err != nil {
		return fmt.Errorf("remember labels: %w", err)
	}
	return nil
}

func labelsLock(t hls.Touch) int64 { return lockOf("labels of " + t.Subject.Key()) }

func (t *tx) touch(one hls.Touch) error {
	var stored []byte
	err := t.row(`SELECT value FROM memories WHERE subject_key = $1 AND kind = $2 AND key = $3`,
		[]any{one.Subject.Key(), hls.Touched, hls.Fold(one.Label)}, &stored)
	if err != nil && !none(err) {
		return err
	}
	r, err := t.counts.Touched(stored, one)
	if err != nil || r.Memory == nil {
		return err
	}
	var b queries
	for _, d := range r.Used {
		t.use(&t.last, d)
	}
	t.keep(&b, *r.Memory)
	return t.send(&b)
}

// applied remembers labels that a move of the ledger has set.
func (t *tx) applied(touches []hls.Touch) error {
	if len(touches) == 0 {
		return nil
	}
	var b queries
	b.lock(column(touches, labelsLock))
	if err := t.send(&b); err != nil {
		return err
	}
	return t.touchAll(touches)
}

// touchAll remembers what happened to labels, in an order that all keep: others count the same labels of other subjects.
func (t *tx) touchAll(touches []hls.Touch) error {
	touches = slices.Clone(touches)
	slices.SortStableFunc(touches, func(a, b hls.Touch) int { return cmp.Compare(hls.Fold(a.Label), hls.Fold(b.Label)) })
	for _, one := range touches {
		if err := t.touch(one); err != nil {
			return err
		}
	}
	return nil
}
