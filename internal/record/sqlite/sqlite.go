// Package sqlite keeps the record in one SQLite file that belongs to one process.
//
// All writes go through one goroutine, which commits whatever has gathered in one transaction (writer.go). The queue
// is the tasks table with small tables of its heads beside it (lanes.go).
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	driver "modernc.org/sqlite"

	"hls/internal/hls"
	"hls/internal/record"
)

// Config says which file, and how to treat it.
type Config struct {
	URL  string           // sqlite:PATH
	Keep bool             // do not bring an older schema up to date, but fail with record.ErrOlderSchema
	Now  func() time.Time // nil means time.Now
	// Redactor takes secrets out of what the audit log is told.
	Redactor *hls.Redactor

	sync   func(dir string) error // nil means syncDir
	log    int                    // pages in the log that are moved into the file; 0 means longLog
	steady func() time.Duration   // of Now, how much time has gone by; nil means what Now goes forward
}

// Store is a record.Store in one SQLite file.
type Store struct {
	path    string
	now     func() time.Time
	sync    func(dir string) error
	lock    *os.File
	readers *readers
	writer  *writer
	purge   *purge // of the writer
	wake    chan struct{}
	close   func() error
}

var _ record.Store = (*Store)(nil)

// Open opens the file, makes it when it is not there, brings its schema up to date, and queues again what was
// running when the last process ended. It fails while another process has the file open.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	path, err := parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	c := newClock(cfg)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.sync == nil {
		cfg.sync = syncDir
	}
	if cfg.log == 0 {
		cfg.log = longLog
	}
	s := &Store{path: path, now: cfg.Now, sync: cfg.sync, purge: newPurge(), wake: make(chan struct{}, 1)}
	s.close = sync.OnceValue(s.shut)
	if err := s.open(ctx, c, cfg); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, c *clock, cfg Config) (err error) {
	// Of a file's metadata a commit needs its size alone. Where the system has no such call, fsync stays.
	if _, err := driver.Fdatasync(true); err != nil && !errors.Is(err, driver.ErrFdatasyncUnavailable) {
		return err
	}
	if err = s.create(); err != nil {
		return err
	}
	if s.lock, err = lock(s.path + ".lock"); err != nil {
		return err
	}
	if err := migrate(ctx, s.path, cfg.Keep); err != nil {
		return err
	}
	if s.readers, err = newReaders(ctx, s.path); err != nil {
		return err
	}
	if s.writer, err = newWriter(ctx, s.path, c, cfg.log); err != nil {
		return err
	}
	s.writer.secrets = cfg.Redactor
	if err := s.write(ctx, s.recoverTasks); err != nil {
		return err
	}
	return s.sync(filepath.Dir(s.path)) // The file and its log have their names from here on, whatever happens.
}

// Close ends the store after the writes under way. Later writes fail with record.ErrUnavailable.
func (s *Store) Close() error { return s.close() }

func (s *Store) shut() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.lock != nil {
		errs = append(errs, unlock(s.lock))
	}
	return errors.Join(errs...)
}

// Healthy tells whether a write commits before ctx ends.
func (s *Store) Healthy(ctx context.Context) error {
	const q = `INSERT INTO meta (name, value) VALUES ('healthy_at', ?1) ON CONFLICT (name) DO UPDATE SET value = ?1`
	answer := make(chan error, 1)
	go func() {
		answer <- s.write(ctx, func(t *tx) error { return t.exec(q, stamp(t.now)) })
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done(): // The disk may hang with the write under way.
		return fmt.Errorf("%w: %w", record.ErrUnavailable, ctx.Err())
	}
}

// Wake receives when work may have become ready.
func (s *Store) Wake() <-chan struct{} { return s.wake }

func (s *Store) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// stamp is how a time is stored, and moment the way back. The zero time is 0.
func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// found turns the absence of a row into hls.ErrNotFound.
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return hls.ErrNotFound
	}
	return unavailable(err)
}
