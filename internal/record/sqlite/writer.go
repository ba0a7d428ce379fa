package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"hls/internal/record"
)

const (
	batchOps   = 128      // writes in one transaction
	batchBytes = 16 << 20 // of payload in one transaction
	backlog    = 1024     // writes that wait; more make their callers wait
)

// writer is the one goroutine that writes. It commits whatever has gathered in one transaction, and answers each
// caller after the commit: while one commit waits for the disk, the next batch gathers.
type writer struct {
	db      *sql.DB
	conn    *sql.Conn
	stmts   map[string]*sql.Stmt
	clock   *clock
	ops     chan *op
	stopped chan struct{}
	broken  error // what ended the transaction under way
	path    string
	place   place // known from the first commit on
	sunk    error // why nothing may be written any more

	mu     sync.RWMutex // held for reading while sending to ops
	closed bool
}

// op is one write. Its caller may give it up until the writer has taken it, and must wait for its end from then on.
type op struct {
	do    func(*tx) error
	bytes int
	taken atomic.Bool // by the writer or, to give it up, by the caller
	tx    *tx
	err   error
	done  chan struct{}
}

func newWriter(ctx context.Context, path string, c *clock) (*writer, error) {
	db, err := connect(ctx, path, writing)
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	w := &writer{
		db: db, conn: conn, path: path, stmts: map[string]*sql.Stmt{}, clock: c,
		ops: make(chan *op, backlog), stopped: make(chan struct{}),
	}
	go w.run()
	return w, nil
}

// write has the writer run do and returns after its commit. When ctx ends first, either do has not run and never
// will, or write waits for it. An error of do undoes what do wrote, and nothing else.
func (s *Store) write(ctx context.Context, do func(*tx) error) error {
	return s.writeBytes(ctx, 0, do)
}

func (s *Store) writeBytes(ctx context.Context, bytes int, do func(*tx) error) error {
	o := &op{do: do, bytes: bytes, done: make(chan struct{})}
	if err := s.writer.send(ctx, o); err != nil {
		return err
	}
	select {
	case <-o.done:
	case <-ctx.Done():
		if o.taken.CompareAndSwap(false, true) {
			return fmt.Errorf("%w: %w", record.ErrUnavailable, ctx.Err())
		}
		<-o.done
	}
	if o.err == nil && o.tx.ready {
		s.rouse()
	}
	return o.err
}

func (w *writer) send(ctx context.Context, o *op) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return fmt.Errorf("%w: it is closed", record.ErrUnavailable)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", record.ErrUnavailable, err)
	}
	select {
	case w.ops <- o:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", record.ErrUnavailable, ctx.Err())
	}
}

// close ends the writer after the writes that wait.
func (w *writer) close() error {
	w.mu.Lock()
	w.closed = true
	close(w.ops)
	w.mu.Unlock()
	<-w.stopped
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	if w.sunk != nil { // The last connection to close would move the log and remove it.
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, w.conn.Close(), w.db.Close())...)
}

func (w *writer) run() {
	defer close(w.stopped)
	for first := range w.ops {
		batch := w.gather(first)
		if err := w.commit(batch); err != nil {
			w.failed(batch, err)
		}
		for _, o := range batch {
			close(o.done)
		}
		w.checkpoint()
	}
}

// gather takes what waits, up to the size of a batch.
func (w *writer) gather(first *op) []*op {
	var batch []*op
	bytes := 0
	take := func(o *op) {
		if o.taken.CompareAndSwap(false, true) {
			batch = append(batch, o)
			bytes += o.bytes
		}
	}
	take(first)
	for len(batch) < batchOps && bytes < batchBytes {
		select {
		case o, ok := <-w.ops:
			if !ok {
				return batch
			}
			take(o)
		default:
			return batch
		}
	}
	return batch
}

// failed repeats the writes of a batch that was not committed one by one, so that one that cannot be stored does not
// fail its neighbors. When not even the transaction could begin, that is every write's answer.
func (w *writer) failed(batch []*op, err error) {
	for _, o := range batch {
		if len(batch) > 1 && !errors.Is(err, errNotBegun) {
			err = w.commit([]*op{o})
		}
		if err != nil {
			o.err = err
		}
	}
}

var errNotBegun = errors.New("no transaction could begin")

// commit runs a batch in one transaction. An error means that nothing of it was written, or will last; the error of a
// single write is left in its op.
func (w *writer) commit(batch []*op) (err error) {
	if len(batch) == 0 {
		return nil
	}
	w.broken = nil
	t := &tx{w: w, now: w.clock.read(), counts: record.Counts{}}
	if err := w.begin(t); err != nil {
		return fmt.Errorf("%w: %w", errNotBegun, unavailable(err))
	}
	defer func() {
		if err != nil {
			w.broken = nil
			_ = t.exec("ROLLBACK") // SQLite may have rolled back already.
			err = unavailable(err)
		}
	}()
	if err := w.fill(t, batch); err != nil {
		return err
	}
	if err := t.exec("COMMIT"); err != nil {
		return err
	}
	w.clock.followed()
	if w.place == nil {
		w.place, err = newPlace(w.path)
		return err
	}
	return w.place.check()
}

// fill does what a transaction is for.
func (w *writer) fill(t *tx, batch []*op) error {
	if err := t.follow(w.clock); err != nil {
		return err
	}
	for _, o := range batch {
		if err := w.apply(t, o); err != nil {
			return err
		}
	}
	return errors.Join(t.flush(), t.saveClock(w.clock))
}

// begin starts a transaction, unless what it writes could be lost.
func (w *writer) begin(t *tx) error {
	if w.sunk != nil {
		return w.sunk
	}
	if err := w.place.check(); err != nil {
		return err
	}
	return t.exec("BEGIN IMMEDIATE")
}

// apply runs one write under a savepoint. It returns an error when the whole transaction is lost.
func (w *writer) apply(t *tx, o *op) error {
	if err := t.exec("SAVEPOINT op"); err != nil {
		return err
	}
	o.tx = &tx{w: w, now: t.now, counts: record.Counts{}}
	o.err = unavailable(o.do(o.tx))
	if o.err == nil {
		t.counts.Merge(o.tx.counts)
		return t.exec("RELEASE op")
	}
	if errors.Is(o.err, record.ErrUnavailable) {
		return o.err
	}
	return errors.Join(t.exec("ROLLBACK TO op"), t.exec("RELEASE op"))
}
