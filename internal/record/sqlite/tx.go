package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"hls/internal/hls"
	"hls/internal/record"
)

// tx is one write within the transaction under way. Only the writer's goroutine uses it.
type tx struct {
	w      *writer
	now    time.Time
	counts record.Counts
	audits record.Audits
	purged map[string]int64 // what retention took away, by what it was
	ready  bool             // work may have become ready
}

// prepare returns the statement, or the error that ended the transaction: SQLite rolls back by itself on some
// errors, and a statement that followed would be committed alone.
func (t *tx) prepare(query string) (*sql.Stmt, error) {
	if t.w.broken != nil {
		return nil, t.w.broken
	}
	return t.w.prepare(query)
}

// prepare returns a statement of the writing connection, made on first use.
func (w *writer) prepare(query string) (*sql.Stmt, error) {
	if s := w.stmts[query]; s != nil {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), query)
	if err == nil {
		w.stmts[query] = s
	}
	return s, err
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.change(query, args...)
	return err
}

// change runs a statement and returns how many rows it changed.
func (t *tx) change(query string, args ...any) (int64, error) {
	s, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	r, err := s.Exec(args...)
	if err != nil {
		return 0, t.failed(err)
	}
	return r.RowsAffected()
}

// insert runs an INSERT and returns the row's id.
func (t *tx) insert(query string, args ...any) (int64, error) {
	s, err := t.prepare(query)
	if err != nil {
		return 0, err
	}
	r, err := s.Exec(args...)
	if err != nil {
		return 0, t.failed(err)
	}
	return r.LastInsertId()
}

// row reads one row into dest, or returns sql.ErrNoRows.
func (t *tx) row(query string, args []any, dest ...any) error {
	s, err := t.prepare(query)
	if err != nil {
		return err
	}
	return t.failed(s.QueryRow(args...).Scan(dest...))
}

// failed notes the errors after which the transaction is lost.
func (t *tx) failed(err error) error {
	if err = unavailable(err); errors.Is(err, record.ErrUnavailable) {
		t.w.broken = err
	}
	return err
}

// ids reads a column of numbers.
func (t *tx) ids(query string, args ...any) (ids []int64, err error) {
	err = t.each(query, args, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// triples reads three columns of numbers.
func (t *tx) triples(query string, args ...any) (found [][3]int64, err error) {
	err = t.each(query, args, func(scan func(...any) error) error {
		var f [3]int64
		err := scan(&f[0], &f[1], &f[2])
		found = append(found, f)
		return err
	})
	return found, err
}

// each reads rows.
func (t *tx) each(query string, args []any, row func(scan func(...any) error) error) (err error) {
	s, err := t.prepare(query)
	if err != nil {
		return err
	}
	rows, err := s.Query(args...)
	if err != nil {
		return t.failed(err)
	}
	defer func() { err = t.failed(errors.Join(err, rows.Close())) }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// hold returns hls.ErrLost unless the task's lease is the one in force.
func (t *tx) hold(task hls.Task) error {
	var one int
	err := t.row(`SELECT 1 FROM tasks WHERE id = ? AND epoch = ? AND state = 'running'`, []any{task.ID, task.Lease.Epoch}, &one)
	if errors.Is(err, sql.ErrNoRows) {
		return hls.ErrLost
	}
	return err
}

// flush writes the counts, to the bucket of this hour and to the totals.
func (t *tx) flush() error {
	const q = `INSERT INTO counters (hour, kind, name, n) VALUES (?1, ?3, ?4, ?5), (?2, ?3, ?4, ?5)
		ON CONFLICT (hour, kind, name) DO UPDATE SET n = n + excluded.n`
	hour := t.now.Truncate(time.Hour).Unix()
	for c, n := range t.counts {
		if err := t.exec(q, hour, 0, c.Kind, c.Name, n); err != nil {
			return fmt.Errorf("count: %w", err)
		}
	}
	return nil
}

// passing are the results of SQLite after which the same write may succeed another time.
var passing = map[int]bool{
	codes.SQLITE_FULL: true, codes.SQLITE_BUSY: true, codes.SQLITE_LOCKED: true, codes.SQLITE_IOERR: true,
	codes.SQLITE_NOMEM: true, codes.SQLITE_READONLY: true, codes.SQLITE_CANTOPEN: true, codes.SQLITE_PROTOCOL: true,
	codes.SQLITE_CORRUPT: true, codes.SQLITE_NOTADB: true, codes.SQLITE_INTERRUPT: true,
}

// unavailable wraps errors of the database as a whole, not of one row, in record.ErrUnavailable.
func unavailable(err error) error {
	var e *driver.Error
	switch {
	case err == nil || errors.Is(err, record.ErrUnavailable):
		return err
	case errors.As(err, &e) && passing[e.Code()&0xff], errors.Is(err, sql.ErrConnDone):
		return fmt.Errorf("%w: %w", record.ErrUnavailable, err)
	}
	return err
}
