package postgres

import (
	"context"
	"fmt"

	"hls/internal/hls"
)

// Touch remembers what happened to labels. What others learn of the same subject meanwhile waits for it.
func (s *Store) Touch(ctx context.Context, touches []hls.Touch) error {
	locks := column(touches, func(t hls.Touch) int64 { return lockOf("labels of " + t.Subject.Key()) })
	err := s.transact(ctx, func(b *queries) { b.lock(locks) }, func(t *tx) error {
		for _, one := range touches {
			if err := t.touch(one); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remember labels: %w", err)
	}
	return nil
}

func (t *tx) touch(one hls.Touch) error {
	var stored []byte
	err := t.row(`SELECT value FROM memories WHERE subject_key = $1 AND kind = $2 AND key = $3`,
		[]any{one.Subject.Key(), hls.Touched, hls.Fold(one.Label)}, &stored)
	if err != nil && !none(err) {
		return err
	}
	m, err := t.counts.Touched(stored, one)
	if err != nil || m == nil {
		return err
	}
	var b queries
	t.keep(&b, *m)
	return t.send(&b)
}
