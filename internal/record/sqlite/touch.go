package sqlite

import (
	"context"
	"fmt"

	"hls/internal/hls"
)

// Touch remembers what happened to labels.
func (s *Store) Touch(ctx context.Context, touches []hls.Touch) error {
	err := s.write(ctx, func(t *tx) error {
		return t.touchAll(touches)
	})
	if err != nil {
		return fmt.Errorf("remember labels: %w", err)
	}
	return nil
}

func (t *tx) touch(one hls.Touch) error {
	var stored []byte
	key := []any{one.Subject.Key(), hls.Touched, hls.Fold(one.Label)}
	err := t.row(`SELECT value FROM memories WHERE subject_key = ? AND kind = ? AND key = ?`, key, &stored)
	if err != nil && !none(err) {
		return err
	}
	r, err := t.counts.Touched(stored, one)
	if err != nil || r.Memory == nil {
		return err
	}
	for _, d := range r.Used {
		if err := t.use(d); err != nil {
			return err
		}
	}
	return t.keep(*r.Memory)
}

func (t *tx) touchAll(touches []hls.Touch) error {
	for _, one := range touches {
		if err := t.touch(one); err != nil {
			return err
		}
	}
	return nil
}
