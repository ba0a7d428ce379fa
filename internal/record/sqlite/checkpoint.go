package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"hls/internal/record"
	"hls/internal/record/sqlite/frames"
)

// longLog is how long the log grows, in pages, before it is moved into the file: the longer, the more pages are moved
// once that were written often.
const longLog = 8000

// shortRest is the share of a long log that the writer moves while its callers wait.
const shortRest = 16

// mover moves the log into the file beside the writer, on a connection of its own.
type mover struct {
	line
	move *sql.Stmt
	busy bool // of the writer's goroutine, as is load
	load int  // pages that it last began to move
	done chan error
}

func newMover(ctx context.Context, path string) (_ *mover, err error) {
	m := &mover{done: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	if err := m.connect(ctx, path); err != nil {
		return nil, err
	}
	m.move, err = m.conn.PrepareContext(ctx, moveLog)
	return m, err
}

// start begins to move what the log has now, so many pages, and to put them on the disk.
func (m *mover) start(load int) {
	m.busy, m.load = true, load
	go func() {
		_, _, err := pages(m.move)
		if err == nil {
			err = m.frames.Sync()
		}
		m.done <- err
	}()
}

// close also ends a mover that is half made.
func (m *mover) close() error {
	var errs []error
	if m.move != nil {
		errs = append(errs, m.move.Close())
	}
	return errors.Join(append(errs, m.line.close())...)
}

// checkpoint moves a long log into the file. SQLite would do so within a commit, with callers waiting, and keep a
// failure to itself.
//
// The mover does most of it while writes go on, and goes again for what was written in the meantime as long as that gets
// less. The log can begin anew only once all of it is in the file and the file is synced, so in the end the writer moves a
// short rest, between two transactions. The mover syncs too, so that the writer's sync has that rest alone to wait for.
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
		w.mover.start(log - moved)
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
			w.moveOn()
		}
	default:
	}
}

// moveOn has the mover go again for a long rest, and moves a short one, or one that the mover does not keep up with.
func (w *writer) moveOn() {
	log, moved, err := w.log(lookAtLog)
	rest := log - moved
	switch {
	case err != nil:
	case rest > w.longLog/shortRest && rest <= w.mover.load/2:
		w.mover.start(rest)
	default:
		_, _, err = w.log(moveLog)
	}
	w.moved(err)
}

// moved notes what came of a checkpoint.
func (w *writer) moved(err error) {
	var e *driver.Error
	unsynced := errors.As(err, &e) && (e.Code() == codes.SQLITE_IOERR_FSYNC || e.Code() == codes.SQLITE_IOERR_DIR_FSYNC)
	if unsynced || errors.Is(err, frames.ErrSync) {
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
