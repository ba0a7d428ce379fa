package sqlite

import (
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"hls/internal/record"
)

// checkpointPages is how long the log grows before it is moved into the file.
const checkpointPages = 1000

// checkpoint moves a long log into the file. SQLite would do so within a commit, with callers waiting, and keep a
// failure to itself.
//
// After a failed sync no later one can be trusted: the system takes what it could not write for written. SQLite writes
// such pages again unless it moved them earlier while somebody was reading, which it does without a sync. So from then
// on nothing is accepted, and the log, which has everything, is left as it is: the next start moves all of it again.
func (w *writer) checkpoint() {
	if w.sunk != nil {
		return
	}
	log, moved, err := w.moveLog("NOOP")
	if err == nil && log-moved >= checkpointPages {
		_, _, err = w.moveLog("PASSIVE")
	}
	var e *driver.Error
	if errors.As(err, &e) && (e.Code() == codes.SQLITE_IOERR_FSYNC || e.Code() == codes.SQLITE_IOERR_DIR_FSYNC) {
		w.sunk = fmt.Errorf("%w: the disk could not sync the file, and only a restart can tell what it has: %w", record.ErrUnavailable, err)
	}
}

// moveLog runs a checkpoint and returns how many pages the log has, and how many of them are in the file.
func (w *writer) moveLog(mode string) (log, moved int, err error) {
	var busy int
	s, err := w.prepare("PRAGMA wal_checkpoint = " + mode)
	if err == nil {
		err = s.QueryRow().Scan(&busy, &log, &moved)
	}
	return log, moved, err
}
