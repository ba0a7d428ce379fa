package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"hls/internal/hls"
	"hls/internal/record"
)

const (
	patience = 15 * time.Second // for one transaction: the server gives up sooner on whatever it waits for
	tries    = 5                // of a transaction that others undo, or whose connection is lost
)

// tx is a transaction. What is sent together costs one round trip, and what is queued in last goes with the commit.
type tx struct {
	ctx    context.Context // of this transaction, which the caller's does not end
	conn   *pgx.Conn
	id     string    // for asking whether it committed
	now    time.Time // by the clock of the database
	counts record.Counts
	audits record.Audits
	ready  bool // work may have become ready
	last   queries

	secrets   *hls.Redactor // of the store, as is what follows
	unaudited bool
	untitled  bool
}

// opening queues what is read or locked as the transaction begins. It is called for every try.
type opening func(*queries)

// write runs do in a transaction and returns after its commit. Until the transaction has begun the end of ctx ends it;
// from then on write waits for it. Where others undo the transaction, do runs again.
func (s *Store) write(ctx context.Context, do func(*tx) error) error {
	return s.transact(ctx, func(*queries) {}, do)
}

func (s *Store) transact(ctx context.Context, open opening, do func(*tx) error) (err error) {
	for try := range tries {
		if try > 0 && !pause(ctx, rand.N(time.Duration(try)*10*time.Millisecond)) {
			return err
		}
		if err = s.attempt(ctx, open, do); !repeatable(err) {
			return err
		}
		if errors.Is(err, errCut) {
			s.pool.Reset() // Whatever cut this connection may have cut the others.
		}
	}
	return err
}

func (s *Store) attempt(ctx context.Context, open opening, do func(*tx) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return unreachable(err)
	}
	defer conn.Release()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	t := &tx{ctx: ctx, conn: conn.Conn(), counts: record.Counts{}, secrets: s.secrets, unaudited: s.unaudited, untitled: s.untitled}
	err = t.begin(s, open)
	if err == nil {
		err = do(t)
	}
	if err != nil {
		t.rollback()
		return inTime(ctx, err)
	}
	if err := t.commit(); err != nil {
		return inTime(ctx, s.settled(t, err))
	}
	if t.ready {
		s.announce()
	}
	return nil
}

// inTime lets no try follow one that took all the time there is.
func inTime(ctx context.Context, err error) error {
	if errors.Is(err, errCut) && ctx.Err() != nil {
		return fmt.Errorf("%w: the database did not answer for %v", record.ErrUnavailable, patience)
	}
	return err
}

// pause waits, and tells whether it was for the whole time.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// begin starts the transaction and reads the time.
func (t *tx) begin(s *Store, open opening) error {
	var b queries
	b.Queue("begin isolation level read committed")
	b.Queue("SELECT clock_timestamp(), pg_current_xact_id()::text").QueryRow(func(row pgx.Row) error {
		return row.Scan(&t.now, &t.id)
	})
	open(&b)
	err := t.send(&b)
	if s.now != nil {
		t.now = s.now()
	}
	return err
}

func (t *tx) rollback() {
	if !t.conn.IsClosed() {
		_, _ = t.conn.Exec(t.ctx, "rollback") // A connection that is not idle then is thrown away.
	}
}

func (t *tx) commit() error {
	t.count()
	t.tell()
	t.last.Queue("commit").Exec(func(tag pgconn.CommandTag) error {
		if got := tag.String(); got != "COMMIT" {
			return fmt.Errorf("the commit ended as %s", got)
		}
		return nil
	})
	err := t.send(&t.last)
	if err != nil {
		t.rollback()
	}
	return err
}

// settled finds out what became of a commit whose answer was lost, and returns nil when it happened.
func (s *Store) settled(t *tx, lost error) error {
	if !errors.Is(lost, errCut) {
		return lost
	}
	var status *string
	for range tries {
		err := s.pool.QueryRow(t.ctx, "SELECT pg_xact_status($1::text::xid8)", t.id).Scan(&status)
		switch {
		case err != nil || status == nil:
		case *status == "committed":
			return nil
		case *status == "aborted":
			return lost
		}
		pause(t.ctx, 50*time.Millisecond)
	}
	return fmt.Errorf("%w: %w", record.ErrUnavailable, errUnknown)
}

// send runs queries in one round trip.
func (t *tx) send(b *queries) error {
	return unavailable(t.conn, t.conn.SendBatch(t.ctx, &b.Batch).Close())
}

// exec runs a statement.
func (t *tx) exec(query string, args ...any) error {
	_, err := t.conn.Exec(t.ctx, query, texts(args)...)
	return unavailable(t.conn, err)
}

// row reads one row into dest, or returns pgx.ErrNoRows.
func (t *tx) row(query string, args []any, dest ...any) error {
	return unavailable(t.conn, t.conn.QueryRow(t.ctx, query, texts(args)...).Scan(dest...))
}

// longest is the most of a counter's name that is kept: an index takes 2,700 bytes.
const longest = 500

// count queues what was counted.
func (t *tx) count() {
	if len(t.counts) == 0 {
		return
	}
	var kinds, names []string
	var ns []int64
	for c, n := range t.counts {
		kinds, names, ns = append(kinds, c.Kind), append(names, c.Name[:min(len(c.Name), longest)]), append(ns, n)
	}
	t.last.Queue(`INSERT INTO counted (kind, name, hour, n) SELECT k, m, $4, n FROM unnest($1::text[], $2::text[], $3::bigint[]) AS c (k, m, n)`,
		kinds, names, ns, t.now.Truncate(time.Hour))
}

// column is one field of many rows.
func column[R, V any](rows []R, field func(R) V) []V {
	values := make([]V, 0, len(rows))
	for _, r := range rows {
		values = append(values, field(r))
	}
	return values
}
