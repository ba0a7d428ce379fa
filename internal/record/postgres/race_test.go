package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// two are stores on one database whose time the test sets.
func two(t *testing.T) (a, b *Store, pass func(time.Duration)) {
	t.Helper()
	address := database(t)
	clock, pass := settable()
	return open(t, Config{URL: address, Now: clock}), open(t, Config{URL: address, Now: clock}), pass
}

// settable is a clock that goes on when the test says so. Stores read it at any time, for they keep house beside the test.
func settable() (clock func() time.Time, pass func(time.Duration)) {
	var mu sync.Mutex
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	return func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		}, func(d time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(d)
		}
}

// waits waits until some connection waits for a lock, or the channel has an answer.
func (s *Store) waits(t *testing.T, answer <-chan error) {
	t.Helper()
	eventually(t, func() error {
		var n int
		must(t, s.pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n))
		if n == 0 && len(answer) == 0 {
			return errors.New("nobody waits")
		}
		return nil
	})
}

// TestE5_HolderIsNotOvertaken: a write that found its lease in force is committed before another run can take the task.
func TestE5_HolderIsNotOvertaken(t *testing.T) {
	t.Parallel()
	a, b, pass := two(t)
	_, err := a.Add(t.Context(), intake("a", 1, 1))
	must(t, err)
	task, err := a.Claim(t.Context(), "a", time.Minute)
	must(t, err)
	inside, goOn, first := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	enter := sync.OnceFunc(func() { close(inside) })
	go func() {
		first <- a.writeFor(context.Background(), task, func(t *tx) error {
			enter()
			<-goOn
			return t.exec(`INSERT INTO meta (name, value) VALUES ('written', '')`)
		})
	}()
	<-inside
	pass(2 * time.Minute)
	second := make(chan error, 1)
	written := 0
	go func() {
		_, err := b.Claim(context.Background(), "b", time.Minute)
		if err == nil {
			err = b.pool.QueryRow(context.Background(), `SELECT count(*) FROM meta WHERE name = 'written'`).Scan(&written)
		}
		second <- err
	}()
	b.waits(t, second)
	close(goOn)
	must(t, <-first)
	must(t, <-second)
	if written != 1 {
		t.Error("the task was taken while its holder wrote")
	}
	if err := a.Renew(t.Context(), task, time.Minute); !errors.Is(err, hls.ErrLost) {
		t.Errorf("afterwards: %v", err)
	}
}

// TestDeadlocksAreTriedAgain: of two writes that wait for each other none fails.
func TestDeadlocksAreTriedAgain(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	s.sql(t, `INSERT INTO meta (name, value) VALUES ('x', ''), ('y', '')`)
	var both, all sync.WaitGroup
	both.Add(2)
	runs := make(chan int, 100)
	for i, order := range [][]string{{"x", "y"}, {"y", "x"}} {
		met := sync.OnceFunc(func() {
			both.Done()
			both.Wait()
		})
		all.Go(func() {
			err := s.write(context.Background(), func(t *tx) error {
				runs <- i
				for _, name := range order {
					if err := t.exec(`UPDATE meta SET value = value || 'z' WHERE name = $1`, name); err != nil {
						return err
					}
					met()
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	var value string
	must(t, s.pool.QueryRow(t.Context(), `SELECT string_agg(convert_from(value, 'UTF8'), ' ') FROM meta WHERE name IN ('x', 'y')`).Scan(&value))
	if value != "zz zz" || len(runs) < 3 {
		t.Errorf("wrote %q in %d runs", value, len(runs))
	}
}

// TestCountsAreAddedUpOnce: however many add counts up while they are being added to, each counts once at any moment.
func TestCountsAreAddedUpOnce(t *testing.T) {
	t.Parallel()
	a, b, _ := two(t)
	const each = 150
	var counting, sweeping sync.WaitGroup
	done := make(chan struct{})
	for _, s := range []*Store{a, b} {
		counting.Go(func() {
			for range each {
				if err := s.Count(context.Background(), hls.Pong, "x"); err != nil {
					t.Error(err)
				}
			}
		})
		sweeping.Go(func() {
			for last := int64(0); ; {
				if _, err := s.sweep(context.Background()); err != nil && !errors.Is(err, errElsewhere) {
					t.Error(err)
				}
				stats, err := s.Stats(context.Background())
				if got := stats.Requests["pong"]; err != nil || got < last || got > 2*each {
					t.Errorf("%d after %d: %v", got, last, err)
				} else {
					last = got
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	counting.Wait()
	close(done)
	sweeping.Wait()
	stats, err := a.Stats(t.Context())
	must(t, err)
	if stats.Requests["pong"] != 2*each || stats.Reasons["pong/x"] != 2*each {
		t.Errorf("counted %v, %v", stats.Requests, stats.Reasons)
	}
}

// TestPurgeMeetsReplays: a delivery that is replayed, or whose task is resumed, while it ages out is either gone before or
// stays.
func TestPurgeMeetsReplays(t *testing.T) {
	t.Parallel()
	a, b, pass := two(t)
	const n = 60
	var tasks []hls.Task
	for i := range n {
		_, err := a.Add(t.Context(), intake(fmt.Sprint("d", i), 1, i))
		must(t, err)
		task, err := a.Claim(t.Context(), "a", time.Minute)
		must(t, err)
		must(t, a.Finish(t.Context(), task, hls.Outcome{State: hls.Parked}))
		tasks = append(tasks, task)
	}
	a.sql(t, `UPDATE deliveries SET received_at = '2026-03-14'`)
	pass(50 * 24 * time.Hour)
	var all sync.WaitGroup
	all.Go(func() {
		for range 50 {
			b.purge.again = time.Time{}
			if _, err := b.Purge(context.Background(), record.Cutoff{Records: b.now()}); err != nil {
				t.Error(err)
			}
		}
	})
	kept := make([]bool, n)
	for i, task := range tasks {
		all.Go(func() {
			var err error
			if i%2 == 0 {
				err = a.Resume(context.Background(), task.ID)
			} else {
				_, err = a.Enqueue(context.Background(), task.DeliveryID, *intake("x", 1, i).Work)
			}
			if kept[i] = err == nil; err != nil && !errors.Is(err, hls.ErrNotFound) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i, task := range tasks {
		if _, err := a.Delivery(t.Context(), task.DeliveryID); kept[i] != (err == nil) {
			t.Errorf("delivery %d: kept is %v, reads as %v", i, kept[i], err)
		}
	}
	var orphans int
	must(t, a.pool.QueryRow(t.Context(), `SELECT count(*) FROM tasks t WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.id = t.delivery_id)`).Scan(&orphans))
	if orphans > 0 {
		t.Errorf("%d tasks have no delivery", orphans)
	}
	must(t, a.consistent(t))
}
