package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/recordtest/pgtest"
)

// eventually runs a check until it succeeds.
func eventually(t testing.TB, check func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if err = check(); err == nil {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Fatal(err)
}

// TestI2_DatabaseDownAndBack: while the database is down everything fails as unavailable, and nothing hangs; once it is
// back all goes on, and instances wake one another again.
func TestI2_DatabaseDownAndBack(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	cfg := Config{URL: server.Database(t)}
	s, other := open(t, cfg), open(t, cfg)
	ctx := t.Context()
	_, err := s.Add(ctx, intake("before", 1, 1))
	must(t, err)
	task, err := s.Claim(ctx, "me", time.Minute)
	must(t, err)
	server.Stop(t)
	start := time.Now()
	for name, call := range map[string]func() error{
		"Add":     func() error { _, err := s.Add(ctx, intake("during", 1, 2)); return err },
		"Count":   func() error { return s.Count(ctx, hls.Pong, "") },
		"Claim":   func() error { _, err := s.Claim(ctx, "me", time.Minute); return err },
		"Renew":   func() error { return s.Renew(ctx, task, time.Minute) },
		"Reserve": func() error { _, err := s.Reserve(ctx, hls.Reservation{Task: task}); return err },
		"Next":    func() error { _, _, err := s.Next(ctx); return err },
		"Stats":   func() error { _, err := s.Stats(ctx); return err },
		"Task":    func() error { _, err := s.Task(ctx, task.ID); return err },
		"Healthy": func() error { return s.Healthy(ctx) },
		"Open":    func() error { _, err := Open(ctx, cfg); return err },
		"Inspect": func() error { return Inspect(ctx, cfg.URL) },
	} {
		if err := call(); !errors.Is(err, record.ErrUnavailable) {
			t.Errorf("%s while the database is down: %v", name, err)
		}
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v to learn that the database is down", took)
	}
	server.Again(t)
	eventually(t, func() error { return s.Healthy(ctx) })
	must(t, s.Finish(ctx, task, hls.Outcome{State: hls.Done}))
	eventually(t, func() error {
		r, err := s.Add(ctx, intake("during", 1, 2))
		if err == nil && r.Class != hls.Accepted && r.Class != hls.Duplicate {
			err = fmt.Errorf("%+v", r)
		}
		return err
	})
	_, err = other.Claim(ctx, "other", time.Minute)
	must(t, err)
	eventually(t, func() error { // Until it listens again.
		drain(other.Wake())
		_, err := s.Add(ctx, intake(fmt.Sprint("after ", rand.Uint64()), 1, 3))
		must(t, err)
		select {
		case <-other.Wake():
			return nil
		case <-time.After(200 * time.Millisecond):
			return errors.New("the other instance was not woken")
		}
	})
}

// TestClosedConnectionsAreReplaced: that the server has closed connections shows to nobody once it takes new ones.
func TestClosedConnectionsAreReplaced(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	_, err := s.Add(t.Context(), intake("a", 1, 1))
	must(t, err)
	var all sync.WaitGroup
	for range 20 { // at the same time, so that there are several connections
		all.Go(func() { _ = s.Count(context.Background(), hls.Pong, "") })
	}
	all.Wait()
	for name, call := range map[string]func() error{
		"Count": func() error { return s.Count(t.Context(), hls.Pong, "") },
		"Next":  func() error { _, _, err := s.Next(t.Context()); return err },
		"Stats": func() error { _, err := s.Stats(t.Context()); return err },
	} {
		must(t, s.Count(t.Context(), hls.Pong, "")) // A connection that was idle for a second is looked at by the pool itself.
		other, err := pgx.ConnectConfig(t.Context(), s.pool.Config().ConnConfig)
		must(t, err)
		_, err = other.Exec(t.Context(), `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		must(t, errors.Join(err, other.Close(t.Context())))
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func drain(c <-chan struct{}) {
	for {
		select {
		case <-c:
		default:
			return
		}
	}
}

// TestI1_AckedSurvivesCrash: what was acked before all processes of the server ended at once is there afterwards.
func TestI1_AckedSurvivesCrash(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	s := open(t, Config{URL: server.Database(t)})
	var mu sync.Mutex
	var acked []string
	var all sync.WaitGroup
	enough := make(chan struct{})
	for sender := range 8 {
		all.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d", sender, i)
				if _, err := s.Add(context.Background(), intake(id, 1, i)); err != nil {
					return
				}
				mu.Lock()
				if acked = append(acked, id); len(acked) == 200 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	server.Crash(t)
	all.Wait()
	server.Again(t)
	eventually(t, func() error { return s.Healthy(t.Context()) })
	for _, id := range acked {
		d, err := s.Delivery(t.Context(), id)
		if err != nil || string(d.Body) != id {
			t.Fatalf("acked delivery %s: %v", id, err)
		}
		if _, err := s.TaskOf(t.Context(), id); err != nil {
			t.Fatalf("task of acked delivery %s: %v", id, err)
		}
	}
	must(t, s.consistent(t))
}

// TestI1_CutConnections: connections break off at any moment, also between a commit and its answer. What a write
// returned is what happened, and it happened once.
func TestI1_CutConnections(t *testing.T) {
	t.Parallel()
	address := database(t)
	direct := open(t, Config{URL: address})
	line := newLine(t, address)
	s := open(t, Config{URL: line.url})
	stop := line.cutNowAndThen()
	tales := make([]tale, 6*60)
	var all sync.WaitGroup
	for sender := range 6 {
		all.Go(func() {
			for i := range 60 {
				tl := &tales[sender*60+i]
				tl.receipt, tl.add = s.Add(context.Background(), intake(fmt.Sprint("d", sender*60+i), 1, sender*60+i))
				tl.count = s.Count(context.Background(), hls.Pong, "")
			}
		})
	}
	all.Wait()
	stop()
	var counted, unknown, acked int64
	for i, tl := range tales {
		_, err := direct.Delivery(t.Context(), fmt.Sprint("d", i))
		switch {
		case tl.add == nil && tl.receipt.Class == hls.Accepted && err == nil:
			acked++
		case tl.add == nil:
			t.Errorf("delivery %d was answered with %+v, and reads as %v", i, tl.receipt, err)
		case !errors.Is(tl.add, record.ErrUnavailable), !errors.Is(tl.add, errUnknown) && err == nil:
			t.Errorf("delivery %d failed with %v, and reads as %v", i, tl.add, err)
		}
		switch {
		case tl.count == nil:
			counted++
		case errors.Is(tl.count, errUnknown):
			unknown++
		case !errors.Is(tl.count, record.ErrUnavailable):
			t.Error(tl.count)
		}
	}
	stats, err := direct.Stats(t.Context())
	must(t, err)
	if got := stats.Requests["pong"]; got < counted || got > counted+unknown {
		t.Errorf("counted %d, told %d and %d unknown", got, counted, unknown)
	}
	t.Logf("%d of 360 deliveries were acked, %d of 360 counts, %d unknown; %d connections were cut", acked, counted, unknown, line.cuts)
	if acked < 100 || line.cuts < 5 {
		t.Error("too little happened")
	}
	must(t, direct.consistent(t))
}

// tale is what a sender was told.
type tale struct {
	receipt    hls.Receipt
	add, count error
}

// line is a way to a server that can be cut.
type line struct {
	url string
	to  string

	mu    sync.Mutex
	conns map[net.Conn]bool
	cuts  int
}

func newLine(t *testing.T, address string) *line {
	t.Helper()
	u, err := url.Parse(address)
	must(t, err)
	dir, err := os.MkdirTemp("", "hls-line-")
	must(t, err)
	q := u.Query()
	l := &line{to: filepath.Join(q.Get("host"), ".s.PGSQL.5432"), conns: map[net.Conn]bool{}}
	q.Set("host", dir)
	u.RawQuery = q.Encode()
	l.url = u.String()
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	must(t, err)
	t.Cleanup(func() {
		_ = listener.Close()
		_ = os.RemoveAll(dir)
	})
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go l.join(client)
		}
	}()
	return l
}

func (l *line) join(client net.Conn) {
	server, err := net.Dial("unix", l.to)
	if err != nil {
		_ = client.Close()
		return
	}
	l.mu.Lock()
	l.conns[client] = true
	l.mu.Unlock()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
	_ = client.Close()
	l.mu.Lock()
	delete(l.conns, client)
	l.mu.Unlock()
}

// cutNowAndThen breaks off some connection at random times until it is stopped.
func (l *line) cutNowAndThen() (stop func()) {
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-ended:
				return
			case <-time.After(rand.N(20 * time.Millisecond)):
				l.cut()
			}
		}
	}()
	return func() {
		close(ended)
		<-stopped
	}
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Close()
		l.cuts++
		return
	}
}

// TestO2_PausedHoldsNobodyUp: an instance that is stopped in the middle of a transaction holds others up for the time
// that the server grants it, and no longer. It writes nothing afterwards.
func TestO2_PausedHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	address := database(t)
	paused := open(t, Config{URL: address + "&idle_in_transaction_session_timeout=500ms"})
	s := open(t, Config{URL: address})
	ctx := t.Context()
	_, err := s.Add(ctx, intake("first", 1, 1))
	must(t, err)
	task, err := s.Claim(ctx, "me", time.Minute)
	must(t, err)
	budget := hls.Budget{DailyUSD: 1}
	inside, goOn := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		entered := false
		ended <- paused.changeFor(context.Background(), task, func(t *tx) error {
			_, err := t.spent(hls.Reservation{Task: task, Budget: budget}) // takes the lock of spending
			if err != nil || entered {
				return errors.Join(err, errors.New("it began anew"))
			}
			entered = true
			close(inside)
			<-goOn
			return t.exec(`INSERT INTO meta (name, value) VALUES ('paused', '')`)
		})
	}()
	<-inside
	start := time.Now()
	_, err = s.Reserve(ctx, hls.Reservation{Task: task, MicroUSD: 1, Budget: budget})
	must(t, err)
	must(t, s.Finish(ctx, task, hls.Outcome{State: hls.Done}))
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("it held the others up for %v", took)
	}
	close(goOn)
	if err := <-ended; err == nil {
		t.Error("it was not told")
	}
	var rows int
	must(t, s.pool.QueryRow(ctx, `SELECT count(*) FROM meta WHERE name = 'paused'`).Scan(&rows))
	if rows != 0 {
		t.Error("it wrote after all")
	}
}

// TestLostAnswerOfACommit: what became of a commit that nobody answered is asked for.
func TestLostAnswerOfACommit(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	lost := fmt.Errorf("%w: %w", record.ErrUnavailable, errCut)
	for name, c := range map[string]struct {
		end  error
		want error
	}{"committed": {nil, nil}, "rolled back": {hls.ErrStale, errCut}} {
		var id string
		err := s.write(t.Context(), func(t *tx) error {
			id = t.id
			return errors.Join(t.exec(`INSERT INTO meta (name, value) VALUES ('x', '') ON CONFLICT DO NOTHING`), c.end)
		})
		if !errors.Is(err, c.end) {
			t.Fatal(err)
		}
		if got := s.settled(&tx{ctx: t.Context(), id: id}, lost); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if got := s.settled(&tx{ctx: t.Context(), id: "1000000000"}, lost); !errors.Is(got, record.ErrUnavailable) || repeatable(got) {
		t.Errorf("nobody knows: %v", got)
	}
}
