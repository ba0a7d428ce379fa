// Package postgres keeps the record in a PostgreSQL database that any number of instances share.
//
// Every write is one transaction (tx.go); deliveries that arrive together share one (add.go). The queue is the tasks
// table with small tables of its heads beside it (lanes.go), which are what the instances lock. README.md says what the
// server must be like, and how migrations are written.
package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"hls/internal/hls"
	"hls/internal/record"
)

// Config says which database, and how to treat it.
type Config struct {
	URL  string           // postgres://USER:PASSWORD@HOST/DATABASE
	Keep bool             // do not bring an older schema up to date, but fail with record.ErrOlderSchema
	Now  func() time.Time // nil means the clock of the database
	Warn func(string)     // is told what about the server is doubtful; nil drops it

	// Redactor takes secrets out of what the audit log is told.
	Redactor *hls.Redactor
}

// Store is a record.Store in a PostgreSQL database.
type Store struct {
	now   func() time.Time // nil means the clock of the database
	warn  func(string)
	name  string // of this instance, for the others
	pool  *pgxpool.Pool
	adds  *record.Group[*addition]
	wake  chan struct{}
	news  chan struct{} // has one when the others are to be told of work
	close func() error
	purge purge

	secrets   *hls.Redactor // kept out of the audit log
	unaudited bool          // the schema is one from before the audit log
	untitled  bool          // and one from before tasks had titles

	stop    context.CancelFunc
	helpers sync.WaitGroup // the goroutines of this store
}

var _ record.Store = (*Store)(nil)

// Open connects to the database and brings its schema up to date. It fails on a server that could lose what it has
// committed.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Warn == nil {
		cfg.Warn = func(string) {}
	}
	s := &Store{now: cfg.Now, warn: cfg.Warn, secrets: cfg.Redactor, name: rand.Text(), wake: make(chan struct{}, 1), news: make(chan struct{}, 1)}
	s.close = sync.OnceValue(s.shut)
	if err := s.open(ctx, cfg); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, cfg Config) error {
	settings, err := parse(cfg.URL)
	if err != nil {
		return err
	}
	if err := migrate(ctx, settings.ConnConfig, cfg); err != nil {
		return err
	}
	return s.start(ctx, settings)
}

// start works on a schema as it is.
func (s *Store) start(ctx context.Context, settings *pgxpool.Config) (err error) {
	if s.pool, err = pgxpool.NewWithConfig(ctx, settings); err != nil {
		return err
	}
	if err := s.pool.Ping(ctx); err != nil {
		return unreachable(err)
	}
	s.adds = record.NewGroup(record.Limits{Workers: adders, Entries: batchEntries, Bytes: batchBytes, Backlog: backlog}, s.addAll)
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.helpers.Go(func() { s.listen(work, settings.ConnConfig.Copy()) })
	s.helpers.Go(func() { s.tell(work) })
	s.helpers.Go(func() { s.keepHouse(work) })
	return nil
}

// Close ends the store after the writes under way. Later writes fail with record.ErrUnavailable.
func (s *Store) Close() error { return s.close() }

func (s *Store) shut() error {
	if s.adds != nil {
		s.adds.Close()
	}
	if s.stop != nil {
		s.stop()
	}
	s.helpers.Wait()
	if s.pool != nil {
		s.pool.Close()
	}
	return nil
}

// Healthy tells whether a write commits before ctx ends.
func (s *Store) Healthy(ctx context.Context) error {
	const q = `INSERT INTO meta (name, value) VALUES ('healthy_at', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	answer := make(chan error, 1)
	go func() {
		answer <- s.write(ctx, func(t *tx) error { return t.exec(q, []byte(t.now.Format(time.RFC3339Nano))) })
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done(): // The server may hang with the write under way.
		return fmt.Errorf("%w: %w", record.ErrUnavailable, ctx.Err())
	}
}

// Backup is left to the server's own means.
func (s *Store) Backup(context.Context, string) error {
	return errors.New("back up database: a PostgreSQL database is backed up with pg_dump, or with the server's own means of point-in-time recovery")
}

// named says what could not be done to which task.
func named(what string, taskID int64, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %d: %w", what, taskID, found(err))
}

// found turns the absence of a row into hls.ErrNotFound.
func found(err error) error {
	if none(err) {
		return hls.ErrNotFound
	}
	return err
}
