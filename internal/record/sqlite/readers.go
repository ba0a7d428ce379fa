package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// mostReady is how many statements are kept prepared. The rooms have some forty, and lists one for each set of filters: those
// that come when there are so many are parsed each time.
const mostReady = 128

// readers are the connections that read. Statements stay prepared: parsing one takes longer than most take to run.
type readers struct {
	*sql.DB
	mu    sync.RWMutex
	ready map[string]*sql.Stmt
}

func newReaders(ctx context.Context, path string) (*readers, error) {
	db, err := connect(ctx, path, reading)
	if err != nil {
		return nil, err
	}
	return &readers{DB: db, ready: map[string]*sql.Stmt{}}, nil
}

// QueryContext is that of the DB.
func (r *readers) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := r.prepared(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return r.DB.QueryContext(ctx, query, args...)
}

// QueryRowContext is that of the DB.
func (r *readers) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := r.prepared(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return r.DB.QueryRowContext(ctx, query, args...)
}

// prepared is the statement for a query, or nil: then the DB itself runs it, or says why it cannot.
func (r *readers) prepared(ctx context.Context, query string) *sql.Stmt {
	r.mu.RLock()
	s, full := r.ready[query], len(r.ready) >= mostReady
	r.mu.RUnlock()
	if s != nil || full {
		return s
	}
	made, err := r.PrepareContext(ctx, query)
	if err != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.ready[query]; s != nil {
		_ = made.Close() // Another was quicker.
		return s
	}
	r.ready[query] = made
	return made
}

// Close closes the statements and the connections.
func (r *readers) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, s := range r.ready {
		errs = append(errs, s.Close())
	}
	clear(r.ready)
	return errors.Join(append(errs, r.DB.Close())...)
}
