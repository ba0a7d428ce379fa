package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/record"
)

// errElsewhere says that another instance keeps house at this moment.
var errElsewhere = errors.New("another instance keeps house")

// keepHouse does every second what one instance is to do: it adds up counts, tidies the heads of the queue, and chains the
// audit log. What fails is done the next time, so that nobody waits for it; a failure that will not pass is told of.
func (s *Store) keepHouse(ctx context.Context) {
	for wait := time.Second; pause(ctx, wait); {
		more, err := s.sweep(ctx)
		if err == nil || errors.Is(err, errElsewhere) {
			var rest bool
			rest, err = s.seal(ctx, false)
			more = more || rest
		}
		switch {
		case more:
			wait = 0
		case err == nil, errors.Is(err, errElsewhere), errors.Is(err, record.ErrUnavailable), ctx.Err() != nil:
			wait = time.Second
		default:
			s.warn("keep house in the database: " + err.Error())
			wait = time.Minute
		}
	}
}

// alone reads whether a lock could be had at once.
func alone(row pgx.Row) error {
	var alone bool
	if err := row.Scan(&alone); err != nil || alone {
		return err
	}
	return errElsewhere
}

// sweep does one step, and tells whether there is more to do at once.
func (s *Store) sweep(ctx context.Context) (more bool, err error) {
	err = s.transact(ctx, func(b *queries) {
		b.Queue(`SELECT pg_try_advisory_xact_lock($1, 0)`, lockHouse).QueryRow(alone)
	}, func(t *tx) error {
		var n int
		if err := t.row(fold, []any{folded}, &n); err != nil {
			return err
		}
		more = n == folded
		t.clear()
		return t.tidy()
	})
	return more && err == nil, err
}
