package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"hls/internal/record"
)

// longLog is how long the log grows, in pages, before it is moved into the file: the longer, the more pages are moved
// once that were written often.
const longLog = 8000

// mover moves the log into the file beside the writer, on a connection of its own.
type mover struct {
	db   *sql.DB
	move *sql.Stmt
	busy bool // of the writer's goroutine
	done chan error
}

func newMover(ctx context.Context, path string) (*mover, error) {
	db, err := connect(ctx, path, writing)
	if err != nil {
		return nil, err
	}
	m := &mover{db: db, done: make(chan error, 1)}
	if m.move, err = db.PrepareContext(ctx, moveLog); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return m, nil
}

// start begins to move what the log has now.
func (m *mover) start() {
	m.busy = true
	go func() {
		_, _, err := pages(m.move)
		m.done <- err
	}()
}

func (m *mover) close() error { return errors.Join(m.move.Close(), m.db.Close()) }

// checkpoint moves a long log into the file. SQLite would do so within a commit, with callers waiting, and keep a
// failure to itself.
//
// The mover does most of it while writes go on. The log can begin anew only once all of it is in the file, so the
// writer moves the rest, between two transactions, when the mover has come to its end.
//
// After a failed sync no later one can be trusted: the system takes what it could not write for written. SQLite writes
// such pages again unless it moved them earlier while somebody was reading or writing, which it does without a sync. So
// from then on nothing is accepted, and the log, which has everything, is left as it is: the next start moves all of it
// again.
func (w *writer) checkpoint() {
	if w.sunk != nil || w.mover.busy {
		return
	}
	log, moved, err := w.log(lookAtLog)
	if err == nil && log-moved >= w.longLog {
		w.mover.start()
	}
	w.moved(err)
}

// moveRest ends what the mover began, if it has come to its end.
func (w *writer) moveRest() {
	if !w.mover.busy {
		return
	}
	select {
	case err := <-w.mover.done:
		w.mover.busy = false
		if w.moved(err); err == nil { // What the mover could not do, the writer could not either, and callers would wait for it.
			_, _, err = w.log(moveLog)
			w.moved(err)
		}
	default:
	}
}

// moved notes what came of a checkpoint.
func (w *writer) moved(err error) {
	var e *driver.Error
	if errors.As(err, &e) && (e.Code() == codes.SQLITE_IOERR_FSYNC || e.Code() == codes.SQLITE_IOERR_DIR_FSYNC) {
		w.sunk = fmt.Errorf("%w: the disk could not sync the file, and only a restart can tell what it has: %w", record.ErrUnavailable, err)
	}
}

// Both return whether somebody held them up, how many pages the log has, and how many of them are in the file.
const (
	lookAtLog = "PRAGMA wal_checkpoint = NOOP"
	moveLog   = "PRAGMA wal_checkpoint = PASSIVE"
)

func (w *writer) log(query string) (log, moved int, err error) {
	s, err := w.prepare(query)
	if err != nil {
		return 0, 0, err
	}
	return pages(s)
}

func pages(s *sql.Stmt) (log, moved int, err error) {
	var busy int
	err = s.QueryRow().Scan(&busy, &log, &moved)
	return log, moved, err
}
