package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"hls/internal/record"
)

// Inspect tells why Open would fail, as far as that can be told without making, changing or locking anything: an
// address that is none, a file or folder that cannot be written, a schema newer than this program's.
func Inspect(ctx context.Context, address string) error {
	path, err := parse(address)
	if err != nil {
		return err
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return makable(filepath.Dir(path))
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder; name a file in it", path)
	}
	if err := errors.Join(writable(path), writable(filepath.Dir(path))); err != nil {
		return err
	}
	return known(ctx, path)
}

// Made tells whether there is a file at an address, or something that keeps from telling: then Open says what.
func Made(address string) bool {
	path, err := parse(address)
	if err == nil {
		_, err = os.Stat(path)
	}
	return !errors.Is(err, fs.ErrNotExist)
}

// makable tells why a folder could neither be written to nor, where it is missing, be made.
func makable(dir string) error {
	info, err := os.Stat(dir)
	switch parent := filepath.Dir(dir); {
	case errors.Is(err, fs.ErrNotExist) && parent != dir:
		return makable(parent)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder", dir)
	}
	return writable(dir)
}

func writable(path string) error {
	const w = 2 // W_OK of access(2)
	if err := syscall.Access(path, w); err != nil {
		return &fs.PathError{Op: "write", Path: path, Err: err}
	}
	return nil
}

// Path is the file of an address, and whether the address is one of SQLite's.
func Path(address string) (string, bool) {
	path, err := parse(address)
	return path, err == nil
}

// known tells whether the schema of a file is one that this program knows. A file without one is.
func known(ctx context.Context, path string) error {
	have, want, err := versions(ctx, path)
	if err == nil && have > want {
		return tooNew(have, want)
	}
	return err
}

// Schema tells the number of the last migration of a database's schema, 0 without one, and of this program's. It locks
// and changes nothing.
func Schema(ctx context.Context, address string) (have, want int64, err error) {
	path, err := parse(address)
	if err != nil {
		return 0, 0, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		want, err := lastMigration()
		return 0, want, err
	}
	return versions(ctx, path)
}

func versions(ctx context.Context, path string) (have, want int64, err error) {
	if want, err = lastMigration(); err != nil {
		return 0, 0, err
	}
	q := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(5000)"}}
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		q.Set("immutable", "1") // Nobody has it open; otherwise SQLite would leave a log and an index beside it.
	}
	at := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", at.String())
	if err != nil {
		return 0, want, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables int64
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'goose_db_version'").Scan(&tables); err != nil {
		return 0, want, fmt.Errorf("read schema version of %s: %w", path, err)
	}
	if tables == 0 {
		return 0, want, nil
	}
	if err := db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version").Scan(&have); err != nil {
		return 0, want, fmt.Errorf("read schema version of %s: %w", path, err)
	}
	return have, want, nil
}

func tooNew(have, want int64) error {
	return fmt.Errorf("%w: it is at %d, this program knows up to %d; use the newer program, or a backup", record.ErrNewerSchema, have, want)
}

// lastMigration is the number of the last migration.
func lastMigration() (int64, error) {
	steps, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil || len(steps) == 0 {
		return 0, errors.Join(errors.New("no migrations"), err)
	}
	number, _, _ := strings.Cut(filepath.Base(steps[len(steps)-1]), "_")
	return strconv.ParseInt(number, 10, 64)
}
