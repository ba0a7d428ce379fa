package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Backup writes a consistent copy to a new file, readable by the owner alone. The file appears under its name only
// when it is whole and on disk.
func (s *Store) Backup(ctx context.Context, path string) error { return backup(ctx, s.path, path) }

// Copy is Backup for who does not have the database open, whether or not another process does. It needs no lock: SQLite
// shows a reader one state of the file, and lets the writer go on. The schema stays as it is.
func Copy(ctx context.Context, address, path string) error {
	from, err := parse(address)
	if err != nil {
		return err
	}
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("back up database: %w", err)
	}
	return backup(ctx, from, path)
}

func backup(ctx context.Context, from, path string) error {
	if err := vacuum(ctx, from, path); err != nil {
		return fmt.Errorf("back up database to %s: %w", path, unavailable(err))
	}
	return nil
}

func vacuum(ctx context.Context, from, path string) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fs.ErrExist, err)
	}
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_RDWR|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(part))
		}
	}()
	db, err := connect(ctx, from, copying)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Rename(part, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
