package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// look runs do, which only reads, on a connection. It may run again: the first connection may be one that the server
// has closed meanwhile.
func (s *Store) look(ctx context.Context, do func(context.Context, *pgx.Conn) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for range 2 {
		if err = s.lookOnce(ctx, do); !errors.Is(err, errCut) || ctx.Err() != nil {
			return err
		}
		s.pool.Reset()
	}
	return err
}

func (s *Store) lookOnce(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return unreachable(err)
	}
	defer conn.Release()
	return unavailable(conn.Conn(), do(ctx, conn.Conn()))
}

// one reads one row into dest, or returns pgx.ErrNoRows.
func (s *Store) one(ctx context.Context, query string, args []any, dest ...any) error {
	return s.look(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, query, texts(args)...).Scan(dest...)
	})
}

// many reads all rows of a query.
func many[V any](ctx context.Context, s *Store, scan pgx.RowToFunc[V], query string, args ...any) (list []V, err error) {
	err = s.look(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, query, texts(args)...)
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, scan)
		return err
	})
	return list, err
}
