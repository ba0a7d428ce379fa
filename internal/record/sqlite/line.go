package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"hls/internal/record/sqlite/frames"
)

// line is one connection that writes, with a way to files of its own. The zero value is not connected.
type line struct {
	db     *sql.DB
	conn   *sql.Conn
	frames *frames.VFS // of conn
}

// connect opens the line. What it opened before an error is for close.
func (l *line) connect(ctx context.Context, path string) (err error) {
	if l.frames, err = frames.New(); err != nil {
		return err
	}
	if l.db, err = connectBy(ctx, l.frames.Name, path, writing); err != nil {
		return err
	}
	l.conn, err = l.db.Conn(ctx)
	return err
}

// close closes what connect opened, all of it or a part.
func (l *line) close() error {
	var errs []error
	if l.conn != nil {
		errs = append(errs, l.conn.Close())
	}
	if l.db != nil {
		errs = append(errs, l.db.Close())
	}
	if l.frames != nil {
		errs = append(errs, l.frames.Close())
	}
	return errors.Join(errs...)
}
