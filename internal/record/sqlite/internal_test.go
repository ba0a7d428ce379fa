package sqlite

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func fresh(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.Context(), Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "hls.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func intake(id string, repo int64, number int) record.Intake {
	s := hls.Subject{RepoID: repo, Repo: fmt.Sprint("acme/", repo), Kind: hls.KindIssue, Number: number}
	return record.Intake{
		Delivery: hls.Delivery{ID: id, Event: "issues", Repo: s.Repo, RepoID: repo, Body: []byte(id), Hash: sha256.Sum256([]byte(id))},
		Work:     &record.NewTask{Subject: s, Purpose: "triage", Event: "issues", Origin: hls.FromDelivery, OccurredAt: time.Now()},
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// hold stops the writer until the returned function is called, so that writes gather into one batch.
func hold(t testing.TB, s *Store) (release func()) {
	t.Helper()
	held, free := make(chan struct{}), make(chan struct{})
	go func() {
		_ = s.write(context.Background(), func(*tx) error {
			close(held)
			<-free
			return nil
		})
	}()
	<-held
	return sync.OnceFunc(func() { close(free) })
}

// gathered waits until n writes wait for the writer.
func gathered(t testing.TB, s *Store, n int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); len(s.writer.ops) < n; {
		if time.Now().After(deadline) {
			t.Fatalf("%d writes wait, want %d", len(s.writer.ops), n)
		}
		<-time.After(time.Millisecond)
	}
}

// TestBatchIsOneTransaction: what has gathered is committed together, and a row that cannot be stored fails alone.
func TestBatchIsOneTransaction(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	release := hold(t, s)
	defer release()
	var ran atomic.Int64
	errs := make([]error, 41)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			errs[i] = s.write(t.Context(), func(t *tx) error {
				ran.Add(1)
				if i == 20 {
					return errors.Join(t.exec(`INSERT INTO meta (name, value) VALUES ('half', 'x')`), t.exec(`INSERT INTO plans (task_id, plan) VALUES (1, NULL)`))
				}
				return t.exec(`INSERT INTO meta (name, value) VALUES (?, 'x')`, fmt.Sprint("row ", i))
			})
			if n := ran.Load(); n != int64(len(errs)) {
				t.Errorf("write %d was answered after %d of %d had run", i, n, len(errs))
			}
		})
	}
	gathered(t, s, len(errs))
	release()
	all.Wait()
	for i, err := range errs {
		if (err != nil) != (i == 20) {
			t.Errorf("write %d: %v", i, err)
		}
	}
	var rows int
	must(t, s.readers.QueryRow(`SELECT count(*) FROM meta WHERE name LIKE 'row %'`).Scan(&rows))
	if rows != 40 {
		t.Errorf("%d rows, want 40", rows)
	}
}

// TestI1_GivenUpIsNotWritten: a caller whose context ends before its turn gets an error, and nothing is written.
func TestI1_GivenUpIsNotWritten(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	release := hold(t, s)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error)
	go func() {
		_, err := s.Add(ctx, intake("given up", 1, 1))
		answer <- err
	}()
	gathered(t, s, 1)
	cancel()
	if err := <-answer; !errors.Is(err, context.Canceled) || !errors.Is(err, record.ErrUnavailable) {
		t.Errorf("given up: %v", err)
	}
	release()
	must(t, s.Healthy(t.Context()))
	if _, err := s.Delivery(t.Context(), "given up"); !errors.Is(err, hls.ErrNotFound) {
		t.Errorf("it was written all the same: %v", err)
	}
}

// TestI1_TakenIsAnswered: a caller whose context ends while its write is under way learns what became of it.
func TestI1_TakenIsAnswered(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.write(ctx, func(t *tx) error {
		cancel()
		return t.exec(`INSERT INTO meta (name, value) VALUES ('taken', 'x')`)
	})
	must(t, err)
}

// TestI2_DiskFull: what does not fit fails as unavailable, its neighbors are written, and once there is room so is it.
func TestI2_DiskFull(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	_, err := s.Add(t.Context(), intake("first", 1, 1))
	must(t, err)
	limit := func(pages string) {
		must(t, s.write(t.Context(), func(t *tx) error {
			var n int
			return t.row(`PRAGMA max_page_count = `+pages, nil, &n)
		}))
	}
	limit("1") // SQLite takes the present size for the least.
	big := intake("big", 1, 2)
	big.Delivery.Body = make([]byte, 1<<20)
	_, _ = rand.Read(big.Delivery.Body)

	release := hold(t, s)
	defer release()
	var all sync.WaitGroup
	var add error
	small := make([]error, 10)
	for i := range small {
		all.Go(func() { small[i] = s.Count(t.Context(), hls.Pong, "") })
	}
	all.Go(func() { _, add = s.Add(t.Context(), big) })
	gathered(t, s, 11)
	release()
	all.Wait()
	if !errors.Is(add, record.ErrUnavailable) {
		t.Fatalf("on a full disk: %v", add)
	}
	must(t, errors.Join(small...))
	if _, err := s.Delivery(t.Context(), "big"); !errors.Is(err, hls.ErrNotFound) {
		t.Errorf("half of it was written: %v", err)
	}
	must(t, s.consistent(t))
	limit("1000000")
	r, err := s.Add(t.Context(), big)
	if err != nil || r.Class != hls.Accepted {
		t.Errorf("with room again: %v %v", r, err)
	}
	if stats, err := s.Stats(t.Context()); err != nil || stats.Requests["pong"] != 10 || stats.Requests["accepted"] != 2 {
		t.Errorf("counted %v: %v", stats.Requests, err)
	}
}

// TestNothingFollowsALostTransaction: once SQLite has rolled back by itself, what the write goes on to do must not be
// committed statement by statement.
func TestNothingFollowsALostTransaction(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	err := s.write(t.Context(), func(t *tx) error {
		return errors.Join(t.exec(`ROLLBACK`), t.failed(fmt.Errorf("%w: as a full disk", record.ErrUnavailable)),
			t.exec(`INSERT INTO meta (name, value) VALUES ('alone', 'x')`))
	})
	if !errors.Is(err, record.ErrUnavailable) {
		t.Errorf("the write returned %v", err)
	}
	var rows int
	must(t, s.readers.QueryRow(`SELECT count(*) FROM meta WHERE name = 'alone'`).Scan(&rows))
	if rows != 0 {
		t.Error("a statement was committed alone")
	}
	must(t, s.Healthy(t.Context()))
}

// TestI2_Locked: another program that holds the file makes writes unavailable, not lost, and those that wait learn of
// it together and not each after a wait of its own.
func TestI2_Locked(t *testing.T) {
	t.Parallel()
	proves(t, "database locked", 1)
	s := fresh(t)
	must(t, s.write(t.Context(), func(t *tx) error {
		var n int
		return t.row(`PRAGMA busy_timeout = 1000`, nil, &n)
	}))
	other, err := connect(t.Context(), s.path, copying)
	must(t, err)
	defer func() { _ = other.Close() }()
	lock := func(q string) {
		_, err := other.ExecContext(context.Background(), q)
		must(t, err)
	}
	lock(`BEGIN IMMEDIATE`)
	start := time.Now()
	var all sync.WaitGroup
	errs := make([]error, 30)
	for i := range errs {
		all.Go(func() { _, errs[i] = s.Add(t.Context(), intake(fmt.Sprint(i), 1, i)) })
	}
	all.Wait()
	for _, err := range errs {
		if !errors.Is(err, record.ErrUnavailable) {
			t.Errorf("locked: %v", err)
		}
	}
	if waited := time.Since(start); waited > 20*time.Second {
		t.Errorf("waited %v", waited)
	}
	lock(`ROLLBACK`)
	_, err = s.Add(t.Context(), intake("1", 1, 1))
	must(t, err)
}

// TestHealthyEndsWithItsContext: a write that hangs is not healthy, and whoever asks is told so in time.
func TestHealthyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	release := hold(t, s)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.Healthy(ctx); !errors.Is(err, record.ErrUnavailable) {
		t.Errorf("healthy while nothing can be written: %v", err)
	}
	release()
	must(t, s.Healthy(t.Context()))
}

// TestI1_SettingsAreReadBack: settings under which an acked delivery could be lost are found out at start.
func TestI1_SettingsAreReadBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hls.db")
	for pragma, bad := range map[string]string{"journal_mode": "delete", "synchronous": "1", "busy_timeout": "0", "foreign_keys": "0"} {
		t.Run(pragma, func(t *testing.T) {
			db, err := connect(t.Context(), path, writing)
			must(t, err)
			defer func() { _ = db.Close() }()
			_, err = db.Exec("PRAGMA " + pragma + " = " + bad)
			must(t, err)
			if err := verify(t.Context(), db); err == nil || !strings.Contains(err.Error(), pragma) {
				t.Errorf("%s = %s: %v", pragma, bad, err)
			}
		})
	}
}

func TestO4_OtherSchemas(t *testing.T) {
	t.Parallel()
	cfg := Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "hls.db"), Keep: true}
	if s, err := Open(t.Context(), cfg); !errors.Is(err, record.ErrOlderSchema) {
		t.Errorf("an empty file was opened as it is: %v %v", s, err)
	}
	cfg.Keep = false
	s, err := Open(t.Context(), cfg)
	must(t, err)
	must(t, s.Close())
	cfg.Keep = true
	s, err = Open(t.Context(), cfg)
	must(t, err)
	must(t, s.write(t.Context(), func(t *tx) error {
		return t.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	}))
	must(t, s.Close())
	for _, cfg.Keep = range []bool{true, false} {
		s, err := Open(t.Context(), cfg)
		if !errors.Is(err, record.ErrNewerSchema) || !strings.Contains(err.Error(), "99") {
			t.Errorf("a newer schema was opened: %v %v", s, err)
		}
	}
}

// consistent compares the heads of the queue with what rebuild makes of the tasks.
func (s *Store) consistent(t testing.TB) error {
	t.Helper()
	return s.write(t.Context(), func(t *tx) error {
		var before, after sql.NullString
		const all = `SELECT (SELECT group_concat(concat_ws(' ', subject_key, repo_id, busy, due_at), '; ' ORDER BY subject_key) FROM lanes)
			|| ' | ' || (SELECT group_concat(concat_ws(' ', repo_id, running, due_at), '; ' ORDER BY repo_id) FROM yards)`
		err := errors.Join(t.row(all, nil, &before), t.rebuild(), t.row(all, nil, &after))
		if err == nil && before != after {
			err = fmt.Errorf("lanes are\n%s, tasks make them\n%s", before.String, after.String)
		}
		return err
	})
}
