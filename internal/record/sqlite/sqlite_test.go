package sqlite_test

import (
	"bufio"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/recordtest"
	"hls/internal/record/sqlite"
)

func TestStore(t *testing.T) {
	t.Parallel()
	recordtest.Exercise(t, func(t *testing.T, now func() time.Time) func() record.Store {
		url := "sqlite:" + filepath.Join(t.TempDir(), "data", "hls.db")
		return func() record.Store {
			return open(t, sqlite.Config{URL: url, Now: now, Redactor: recordtest.Redactor()})
		}
	})
}

func TestS5_TamperingIsNoticed(t *testing.T) {
	t.Parallel()
	recordtest.ExerciseTampered(t, func(t *testing.T) (func() record.Store, func(string)) {
		path := filepath.Join(t.TempDir(), "hls.db")
		return func() record.Store { return open(t, sqlite.Config{URL: "sqlite:" + path}) }, func(query string) {
			db, err := sql.Open("sqlite", path)
			if err == nil {
				_, err = db.ExecContext(t.Context(), query)
				err = errors.Join(err, db.Close())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}

func open(t *testing.T, cfg sqlite.Config) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func intake(id string, number int) record.Intake {
	s := hls.Subject{RepoID: 1, Repo: "acme/repo", Kind: hls.KindIssue, Number: number}
	return record.Intake{
		Delivery: hls.Delivery{ID: id, Event: "issues", Repo: s.Repo, RepoID: 1, Body: []byte(id), Hash: sha256.Sum256([]byte(id)), ReceivedAt: time.Now()},
		Work:     &record.NewTask{Subject: s, Purpose: "triage", Event: "issues", Origin: hls.FromDelivery, OccurredAt: time.Now()},
	}
}

const childDB = "HLS_TEST_CHILD_DB"

// TestChild is the process that TestI1_AckedSurvivesKill kills: it takes in deliveries and tells of each once Add
// has returned, as the door does with its 202.
func TestChild(t *testing.T) {
	path := os.Getenv(childDB)
	if path == "" {
		t.Skip("it is run by TestI1_AckedSurvivesKill")
	}
	s := open(t, sqlite.Config{URL: "sqlite:" + path})
	var out sync.Mutex
	var n atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				i := int(n.Add(1))
				id := fmt.Sprintf("guid-%d-%d", os.Getpid(), i)
				if _, err := s.Add(t.Context(), intake(id, os.Getpid()<<20+i)); err != nil {
					t.Error(err)
					return
				}
				out.Lock()
				fmt.Println("acked " + id)
				out.Unlock()
			}
		})
	}
	all.Wait()
}

func TestI1_AckedSurvivesKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hls.db")
	var acked []string
	for range 3 {
		acked = append(acked, killed(t, path, 150)...)
	}
	s := open(t, sqlite.Config{URL: "sqlite:" + path})
	for _, id := range acked {
		d, err := s.Delivery(t.Context(), id)
		if err != nil || string(d.Body) != id {
			t.Fatalf("acked delivery %s: %v", id, err)
		}
		if _, err := s.TaskOf(t.Context(), id); err != nil {
			t.Fatalf("task of acked delivery %s: %v", id, err)
		}
		if r, err := s.Add(t.Context(), intake(id, 1)); err != nil || r.Class != hls.Duplicate {
			t.Fatalf("acked delivery %s sent again: %v %v", id, r, err)
		}
	}
	stats, err := s.Stats(t.Context())
	if err != nil || stats.Pending < int64(len(acked)) || stats.Pending != stats.Requests["accepted"] {
		t.Fatalf("%d acked, %d counted, %d pending: %v", len(acked), stats.Requests["accepted"], stats.Pending, err)
	}
}

// killed runs the child on a database until it has told of n deliveries, kills it, and returns all it told of.
func killed(t *testing.T, path string, n int) (acked []string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childDB+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "acked "); ok {
			acked = append(acked, id)
		} else {
			t.Log(lines.Text())
		}
		if len(acked) == n {
			_ = child.Process.Kill()
		}
	}
	_ = child.Wait()
	if len(acked) < n {
		t.Fatalf("the child told of %d deliveries", len(acked))
	}
	return acked
}

const childLock = "HLS_TEST_CHILD_LOCK"

// TestLockingChild is the process that locks a database under TestI2_LockedByAnotherProcess: it holds it from a line
// on its standard input to the next.
func TestLockingChild(t *testing.T) {
	path := os.Getenv(childLock)
	if path == "" {
		t.Skip("it is run by TestI2_LockedByAnotherProcess")
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	lines := bufio.NewScanner(os.Stdin)
	for _, q := range []string{"BEGIN IMMEDIATE", "ROLLBACK"} {
		lines.Scan()
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
		fmt.Println("did " + q)
	}
}

// TestI2_LockedByAnotherProcess: while another program holds the file what comes is refused as unavailable, and is
// accepted when it comes again afterwards.
func TestI2_LockedByAnotherProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hls.db")
	s := open(t, sqlite.Config{URL: "sqlite:" + path})
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLockingChild$")
	child.Env = append(os.Environ(), childLock+"="+path)
	in, err1 := child.StdinPipe()
	out, err2 := child.StdoutPipe()
	if err := errors.Join(err1, err2, child.Start()); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	next := func() {
		t.Helper()
		if _, err := fmt.Fprintln(in); err != nil || !lines.Scan() || !strings.HasPrefix(lines.Text(), "did ") {
			t.Fatal(err, lines.Text())
		}
	}
	next()
	if r, err := s.Add(t.Context(), intake("a", 1)); !errors.Is(err, record.ErrUnavailable) {
		t.Errorf("accepted while the file was locked: %v %v", r, err)
	}
	next()
	for _, want := range []hls.Class{hls.Accepted, hls.Duplicate} {
		if r, err := s.Add(t.Context(), intake("a", 1)); err != nil || r.Class != want {
			t.Errorf("with the lock gone: %v, want %s: %v", r, want, err)
		}
	}
	if err := errors.Join(in.Close(), child.Wait()); err != nil {
		t.Error(err)
	}
}

// TestRunningIsQueuedAtStart: the process is alone on its file, so that nothing needs to wait for a lease.
func TestRunningIsQueuedAtStart(t *testing.T) {
	t.Parallel()
	cfg := sqlite.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "hls.db")}
	s := open(t, cfg)
	if _, err := s.Add(t.Context(), intake("a", 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Claim(t.Context(), "first", time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	task, err := open(t, cfg).Claim(t.Context(), "second", time.Hour)
	if err != nil || task.Attempt != 2 {
		t.Fatalf("after a restart: attempt %d, %v", task.Attempt, err)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "hls.db")
	s := open(t, sqlite.Config{URL: "sqlite:" + path})
	link := filepath.Join(dir, "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link} {
		second, err := sqlite.Open(t.Context(), sqlite.Config{URL: "sqlite:" + name})
		if err == nil {
			_ = second.Close()
			t.Fatal("opened twice")
		}
		if !strings.Contains(err.Error(), "another process") {
			t.Errorf("the error does not say why: %v", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, sqlite.Config{URL: "sqlite:" + link})
}

func TestBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, sqlite.Config{URL: "sqlite:" + filepath.Join(dir, "hls.db")})
	for i := range 20 {
		if _, err := s.Add(t.Context(), intake(fmt.Sprint("d", i), i)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "backup.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), path); !errors.Is(err, os.ErrExist) {
		t.Errorf("wrote over a backup: %v", err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "none", "b.db")); err == nil {
		t.Error("backed up into a folder that is not there")
	}
	if mode := perm(t, path); mode != 0o600 {
		t.Errorf("the backup has mode %o", mode)
	}
	stats, err := open(t, sqlite.Config{URL: "sqlite:" + path}).Stats(t.Context())
	if err != nil || stats.Pending != 20 {
		t.Errorf("the backup has %d tasks: %v", stats.Pending, err)
	}
}

func perm(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a b?c#d%41", "data")
	s := open(t, sqlite.Config{URL: "sqlite:" + filepath.Join(dir, "hls.db")})
	if err := s.Healthy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if mode := perm(t, dir); mode != 0o700 {
		t.Errorf("the folder has mode %o", mode)
	}
	for _, name := range []string{"hls.db", "hls.db-wal", "hls.db-shm", "hls.db.lock"} {
		if mode := perm(t, filepath.Join(dir, name)); mode != 0o600 {
			t.Errorf("%s has mode %o", name, mode)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "hls.db", "postgres://x", "sqlite:", "sqlite::memory:", "sqlite://data/hls.db"} {
		s, err := sqlite.Open(t.Context(), sqlite.Config{URL: url})
		if err == nil {
			_ = s.Close()
			t.Errorf("opened %q", url)
		} else if !strings.Contains(err.Error(), "storage.url") {
			t.Errorf("the error for %q does not name the key: %v", url, err)
		}
	}
}
