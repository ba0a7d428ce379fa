package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"hls/internal/hls"
	"hls/internal/record"
)

// backlog is how many writes wait; more make their callers wait.
const backlog = 1024

// writer is the one goroutine that writes. It commits whatever has gathered in one transaction, and answers each
// caller after the commit: while one commit waits for the disk, the next batch gathers.
type writer struct {
	line
	mover   *mover
	longLog int // pages
	last    int // writes in the last batch
	stmts   map[string]*sql.Stmt
	clock   *clock
	secrets *hls.Redactor // kept out of the audit log
	ops     chan *op
	stopped chan struct{}
	broken  error // what ended the transaction under way
	path    string
	place   place // known from the first commit on
	sunk    error // why nothing may be written any more

	mu     sync.RWMutex // held for reading while sending to ops
	closed bool
}

func newWriter(ctx context.Context, path string, c *clock, log int) (_ *writer, err error) {
	w := &writer{path: path, longLog: log, stmts: map[string]*sql.Stmt{}, clock: c, ops: make(chan *op, backlog), stopped: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.disconnect())
		}
	}()
	if err := w.connect(ctx, path); err != nil {
		return nil, err
	}
	if w.mover, err = newMover(ctx, path); err != nil {
		return nil, err
	}
	go w.run()
	return w, nil
}

// disconnect closes what newWriter opened.
func (w *writer) disconnect() error {
	var errs []error
	if w.mover != nil {
		errs = append(errs, w.mover.close())
	}
	return errors.Join(append(errs, w.line.close())...)
}

// write has the writer run do and returns after its commit. When ctx ends first, either do has not run and never
// will, or write waits for it. An error of do undoes what do wrote, and nothing else.
func (s *Store) write(ctx context.Context, do func(*tx) error) error {
	return s.await(ctx, &op{do: do})
}

func (s *Store) await(ctx context.Context, o *op) error {
	o.done = make(chan struct{})
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
	if w.mover.busy {
		w.moved(<-w.mover.done)
	}
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	if w.sunk != nil { // The last connection to close would move the log and remove it.
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, w.disconnect())...)
}

func (w *writer) run() {
	defer close(w.stopped)
	for first := range w.ops {
		w.moveRest()
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
			w.frames.Forget()
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
	return errors.Join(t.flush(), t.seal(), t.saveClock(w.clock))
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

// apply runs one write, under a savepoint unless the whole transaction is to be undone with it. It returns an error when
// the whole transaction is lost.
func (w *writer) apply(t *tx, o *op) error {
	if !o.whole {
		if err := t.exec("SAVEPOINT op"); err != nil {
			return err
		}
	}
	o.tx = &tx{w: w, now: t.now, counts: record.Counts{}}
	o.err = unavailable(o.do(o.tx))
	if o.err == nil {
		t.audits = append(t.audits, o.tx.audits...)
		t.counts.Merge(o.tx.counts)
		if o.whole {
			return nil
		}
		return t.exec("RELEASE op")
	}
	if o.whole || errors.Is(o.err, record.ErrUnavailable) {
		return o.err
	}
	return errors.Join(t.exec("ROLLBACK TO op"), t.exec("RELEASE op"))
}
