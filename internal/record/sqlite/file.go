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
	"strings"
	"syscall"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"hls/internal/record"
)

// parse returns the path of sqlite:PATH.
func parse(address string) (string, error) {
	path, ok := strings.CutPrefix(address, "sqlite:")
	switch {
	case !ok:
		return "", errors.New(`storage.url: want sqlite:PATH, as "sqlite:data/hls.db"`)
	case path == "":
		return "", errors.New("storage.url: the path after sqlite: is missing")
	case strings.Contains(path, ":memory:"):
		return "", errors.New("storage.url: a database in memory would lose what was accepted; name a file")
	case strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///"):
		return "", errors.New("storage.url: write sqlite:PATH without slashes before the path, or sqlite:///PATH")
	}
	return filepath.Clean(path), nil
}

// create makes the file and its folder when they are not there, for the owner alone, and returns the file's real
// path: two names of one file must meet at one lock.
func (s *Store) create() error {
	if err := s.folder(filepath.Dir(s.path)); err != nil {
		return err
	}
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	path, err := filepath.Abs(s.path)
	if err != nil {
		return err
	}
	s.path, err = filepath.EvalSymlinks(path)
	return err
}

// folder makes a folder, and those above it, and has a power loss not take their names away again.
func (s *Store) folder(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	above := filepath.Dir(dir)
	if above != dir {
		if err := s.folder(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return s.sync(above)
}

// syncDir makes the names in a folder last. A file system that cannot sync folders need not.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// lock takes the lock file, which the system frees when the process ends in whatever way.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("%w (it holds %s): stop that one first", record.ErrInUse, path)
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// unlock frees the lock before the file is closed: a copy of it in a child being started would hold it longer.
func unlock(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}

// role is what a connection may do.
type role int

const (
	writing role = iota
	reading
	copying // as reading, and may write to another file
)

// settings of every connection, by pragma: the value to set, and how SQLite reads it back. See "Pragma statements
// supported by SQLite". Those that are kept in the file are set by writing connections alone, for setting them
// takes the lock for writing.
var settings = []struct {
	name, value, readBack string
	kept                  bool
}{
	{"busy_timeout", "5000", "5000", false},
	{"foreign_keys", "1", "1", false},
	{"journal_mode", "WAL", "wal", true},
	{"synchronous", "FULL", "2", false},
	{"journal_size_limit", "67108864", "67108864", false},
	{"wal_autocheckpoint", "0", "0", false}, // See checkpoint.go.
	{"temp_store", "MEMORY", "2", false},    // A savepoint would write what it might undo to a file.
	{"cache_size", "-8192", "-8192", false}, // KiB
}

// connect opens connections with the settings and reads them back.
func connect(ctx context.Context, path string, r role) (*sql.DB, error) {
	return connectBy(ctx, "", path, r)
}

// connectBy is connect by a way to files other than SQLite's own.
func connectBy(ctx context.Context, vfs, path string, r role) (*sql.DB, error) {
	q := url.Values{"_error_rc": {"1"}, "_dqs": {"0"}}
	for _, s := range settings {
		if r == writing || !s.kept {
			q.Add("_pragma", s.name+"("+s.value+")")
		}
	}
	if vfs != "" {
		q.Set("vfs", vfs)
	}
	switch r {
	case writing:
		q.Set("_auto_vacuum", "INCREMENTAL")
	case reading:
		q.Set("_query_only", "1")
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if r == reading {
		db.SetMaxOpenConns(4)
		db.SetMaxIdleConns(4)
	}
	if err := verify(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// verify reads the settings back: a file system or a build that does not grant them is found out here and not
// after a power loss.
func verify(ctx context.Context, db *sql.DB) error {
	for _, s := range settings {
		var got string
		if err := db.QueryRowContext(ctx, "PRAGMA "+s.name).Scan(&got); err != nil {
			return fmt.Errorf("read back PRAGMA %s: %w", s.name, err)
		}
		if got != s.readBack {
			return fmt.Errorf("PRAGMA %s is %q and must be %q: accepted deliveries would not be safe", s.name, got, s.readBack)
		}
	}
	return nil
}
