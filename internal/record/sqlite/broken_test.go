package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/sqlite/disk"
)

// onDisk opens a store on a disk.
func onDisk(t testing.TB, seed uint64) (*Store, *disk.Disk) {
	t.Helper()
	dir := t.TempDir()
	d := newDisk(t, dir, seed)
	s, err := Open(t.Context(), Config{log: 1000, URL: "sqlite:" + filepath.Join(dir, "hls.db")})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s, d
}

// after cuts the power and opens what the disk has left.
func after(t testing.TB, d *disk.Disk, s *Store) *Store {
	t.Helper()
	d.FailWhen(func(disk.Op) bool { return true })
	_ = s.Healthy(t.Context())
	dir := t.TempDir()
	must(t, d.Survivors(dir))
	left, err := Open(t.Context(), Config{log: 1000, URL: "sqlite:" + filepath.Join(dir, "hls.db")})
	must(t, err)
	t.Cleanup(func() { _ = left.Close() })
	must(t, intact(left))
	must(t, left.consistent(t))
	return left
}

// TestI1_BrokenDisk: on a disk that is full, fails to write and fails to sync, in turns and at random, only what lasts
// is acknowledged. What could not be written fails as unavailable, and can be written once the disk is well.
func TestI1_BrokenDisk(t *testing.T) {
	t.Parallel()
	runs := 8
	switch {
	case faults():
		runs = 100
	case raced:
		runs = 3
	}
	var lost, doubled []string
	acked, refused := 0, 0
	for seed := range runs {
		h := newHistory(t, uint64(seed))
		h.rough = true
		s, d := onDisk(t, uint64(seed))
		ctx, stop := context.WithCancel(t.Context())
		d.Break(whims(rand.New(rand.NewPCG(uint64(seed), 2)), stop))
		must(t, h.traffic(ctx, s))
		stop()
		d.Break(nil)
		acked, refused = acked+len(h.deliveries), refused+h.refused
		l, again := h.check(after(t, d, s))
		lost, doubled = append(lost, l...), append(doubled, again...)
	}
	if len(lost)+len(doubled) > 0 {
		t.Errorf("lost: %v\ndoubled: %v", lost, doubled)
	}
	t.Logf("%d deliveries acknowledged, %d writes refused", acked, refused)
	if acked == 0 || refused == 0 {
		t.Error("that shows nothing")
	}
	report(t, row{Case: "disk full, failing writes and syncs", Runs: runs, Losses: len(lost), Doubles: len(doubled)})
}

// whims fails in a way that changes from time to time, and calls stop in the end.
func whims(r *rand.Rand, stop func()) func(disk.Op) disk.Code {
	ops, next, mood, odds := 0, 0, 0, 0.0
	return func(op disk.Op) disk.Code {
		if ops++; ops > 4000 {
			stop()
		}
		if ops > next {
			next, mood, odds = ops+1+r.IntN(400), r.IntN(5), r.Float64()
		}
		code := map[disk.Kind]disk.Code{
			disk.Write: disk.BadWrite, disk.Sync: disk.BadSync, disk.Truncate: disk.BadSize, disk.Open: disk.BadOpen, disk.Delete: disk.BadDelete,
		}[op.Kind]
		switch {
		case mood == 1 && op.Grows > 0:
			return disk.Full
		case mood == 2 && op.Kind == disk.Sync && op.File == "-wal", mood == 3 && op.Kind == disk.Write, mood == 4:
			if r.Float64() < odds {
				return code
			}
		}
		return 0
	}
}

// TestI2_DiskFullAndBack: what finds no room fails as unavailable and leaves nothing; it is accepted when sent again
// once there is room.
func TestI2_DiskFullAndBack(t *testing.T) {
	t.Parallel()
	proves(t, "disk full and back", 1)
	s, d := onDisk(t, 1)
	room := int64(1 << 20)
	d.Break(func(op disk.Op) disk.Code {
		if room -= op.Grows; room < 0 {
			return disk.Full
		}
		return 0
	})
	class := map[hls.Class]int{}
	refused := 0
	add := func(i int) {
		in := intake(fmt.Sprint(i), 1, i)
		in.Delivery.Body = make([]byte, 100_000)
		_, _ = rand.NewChaCha8([32]byte{byte(i)}).Read(in.Delivery.Body)
		r, err := s.Add(t.Context(), in)
		switch {
		case errors.Is(err, record.ErrUnavailable):
			refused++
		case err != nil:
			t.Error(err)
		}
		class[r.Class]++
	}
	for i := range 30 {
		add(i)
	}
	if refused == 0 || class[hls.Accepted] == 0 {
		t.Fatalf("%d refused, %v", refused, class)
	}
	if err := s.Healthy(t.Context()); !errors.Is(err, record.ErrUnavailable) {
		t.Errorf("healthy on a full disk: %v", err)
	}
	accepted := class[hls.Accepted]
	d.Break(nil)
	for i := range 30 {
		add(i)
	}
	if class[hls.Accepted] != 30 || class[hls.Duplicate] != accepted {
		t.Errorf("with room again: %v, %d accepted before", class, accepted)
	}
	if stats, err := after(t, d, s).Stats(t.Context()); err != nil || stats.Pending != 30 || stats.Requests["accepted"] != 30 {
		t.Errorf("%d tasks of %d deliveries: %v", stats.Pending, stats.Requests["accepted"], err)
	}
}

// TestI1_FailedCommitSync: a write whose sync failed is not acknowledged, and what follows it lasts.
func TestI1_FailedCommitSync(t *testing.T) {
	t.Parallel()
	proves(t, "sync of a commit fails", 10)
	for seed := range uint64(10) {
		s, d := onDisk(t, seed)
		_, err := s.Add(t.Context(), intake("before", 1, 1))
		must(t, err)
		d.Break(func(op disk.Op) disk.Code {
			if op.Kind == disk.Sync {
				return disk.BadSync
			}
			return 0
		})
		if _, err := s.Add(t.Context(), intake("during", 1, 2)); !errors.Is(err, record.ErrUnavailable) {
			t.Fatalf("acknowledged without a sync: %v", err)
		}
		d.Break(nil)
		_, err = s.Add(t.Context(), intake("after", 1, 3))
		must(t, err)
		left := after(t, d, s)
		for _, id := range []string{"before", "after"} {
			if _, err := left.Delivery(t.Context(), id); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
	}
}

// TestI1_FailedCheckpointSync: pages that were moved into the file while somebody was reading have not been synced.
// When the sync that was to cover them fails, a later one that does not fail must not be taken to have done so.
func TestI1_FailedCheckpointSync(t *testing.T) {
	t.Parallel()
	proves(t, "sync of the file fails", 4)
	for seed := range uint64(4) {
		s, d := onDisk(t, seed)
		h := newHistory(t, seed)
		h.rough = true
		add := func(n int) {
			for range n {
				_ = h.addOne(t.Context(), s)
			}
		}
		add(100)
		moveWhileRead(t, s, func() { add(1) })
		d.Break(func(op disk.Op) disk.Code {
			if op.Kind == disk.Sync && op.File == "" {
				return disk.BadSync
			}
			return 0
		})
		add(400)
		d.Break(nil)
		add(400)
		err := s.Healthy(t.Context())
		if !errors.Is(err, record.ErrUnavailable) {
			t.Errorf("after a sync that failed: %v", err)
		}
		if lost, doubled := h.check(after(t, d, s)); len(lost)+len(doubled) > 0 {
			t.Fatalf("lost %d: %v\ndoubled: %v", len(lost), lost[:min(3, len(lost))], doubled)
		}
	}
}

// TestI1_OneFailedCheckpointSync: whichever sync of the file fails, the mover's own or one of SQLite's, nothing more is
// accepted and nothing is lost.
func TestI1_OneFailedCheckpointSync(t *testing.T) {
	t.Parallel()
	const most = 4
	proves(t, "one sync of the file fails", most)
	for which := range int64(most) {
		s, d := onDisk(t, uint64(which))
		h := newHistory(t, uint64(which))
		h.rough = true
		var syncs atomic.Int64
		d.Break(func(op disk.Op) disk.Code {
			if op.Kind == disk.Sync && op.File == "" && syncs.Add(1) == which+1 {
				return disk.BadSync
			}
			return 0
		})
		for range 600 {
			_ = h.addOne(t.Context(), s)
		}
		d.Break(nil)
		if n := syncs.Load(); n <= which {
			t.Fatalf("%d syncs, and number %d was to fail", n, which+1)
		}
		if err := s.Healthy(t.Context()); !errors.Is(err, record.ErrUnavailable) {
			t.Errorf("after sync %d failed: %v", which+1, err)
		}
		if lost, doubled := h.check(after(t, d, s)); len(lost)+len(doubled) > 0 {
			t.Fatalf("lost %d: %v\ndoubled: %v", len(lost), lost[:min(3, len(lost))], doubled)
		}
	}
}

// moveWhileRead moves a part of the log into the file: somebody reads what it was before the rest was written.
func moveWhileRead(t *testing.T, s *Store, write func()) {
	t.Helper()
	reader, err := s.readers.BeginTx(t.Context(), nil)
	must(t, err)
	var n int
	must(t, reader.QueryRowContext(t.Context(), `SELECT count(*) FROM tasks`).Scan(&n))
	write()
	must(t, s.write(t.Context(), func(*tx) error { return nil }))
	log, moved := checkpoint(t, s, "PASSIVE")
	if moved == 0 || moved >= log {
		t.Fatalf("%d of %d pages were moved, want some", moved, log)
	}
	must(t, reader.Rollback())
}

// checkpoint runs a checkpoint on a connection of its own: the writer's is its goroutine's alone.
func checkpoint(t *testing.T, s *Store, mode string) (log, moved int) {
	t.Helper()
	db, err := connect(t.Context(), s.path, writing)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	var busy int
	must(t, db.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint = "+mode).Scan(&busy, &log, &moved))
	if busy != 0 {
		t.Fatalf("the log is held up: %d of %d pages are in the file", moved, log)
	}
	return log, moved
}

// TestI2_ReadOnly: a file that cannot be written is found out at start; one that no longer can be, when it is written.
func TestI2_ReadOnly(t *testing.T) {
	t.Parallel()
	proves(t, "file read-only", 1)
	s, d := onDisk(t, 1)
	_, err := s.Add(t.Context(), intake("before", 1, 2))
	must(t, err)
	d.Break(func(op disk.Op) disk.Code {
		if op.Kind == disk.Write || op.Kind == disk.Truncate {
			return disk.BadWrite
		}
		return 0
	})
	if _, err := s.Add(t.Context(), intake("a", 1, 1)); !errors.Is(err, record.ErrUnavailable) {
		t.Errorf("on a file system that has become read-only: %v", err)
	}
	if _, err := s.Claim(t.Context(), "me", time.Minute); !errors.Is(err, record.ErrUnavailable) {
		t.Errorf("claimed on a file system that has become read-only: %v", err)
	}
	d.Break(nil)
	_, err = s.Add(t.Context(), intake("a", 1, 1))
	must(t, err)
	must(t, s.Close())
	d.Break(func(op disk.Op) disk.Code {
		if op.Kind == disk.Open {
			return disk.ReadOnly
		}
		return 0
	})
	if s, err := Open(t.Context(), Config{URL: "sqlite:" + s.path}); err == nil {
		t.Errorf("opened a file for reading alone: %v", s.Close())
	}
	d.Break(nil)
	again, err := Open(t.Context(), Config{URL: "sqlite:" + s.path})
	must(t, err)
	must(t, again.Close())
}

// TestI1_FilesTakenAway: the system lets a process write to files that were removed or replaced. Nothing is accepted
// into them, and nothing is claimed from them.
func TestI1_FilesTakenAway(t *testing.T) {
	t.Parallel()
	proves(t, "folder or files removed", 6)
	for name, take := range map[string]func(path string) error{
		"folder removed":  func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
		"file removed":    os.Remove,
		"log removed":     func(path string) error { return os.Remove(path + "-wal") },
		"lock removed":    func(path string) error { return os.Remove(path + ".lock") },
		"file moved away": func(path string) error { return os.Rename(path, path+".old") },
		"file replaced": func(path string) error {
			return errors.Join(os.WriteFile(path+".new", nil, 0o600), os.Rename(path+".new", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fresh(t)
			_, err := s.Add(t.Context(), intake("before", 1, 1))
			must(t, err)
			must(t, take(s.path))
			for range 2 {
				if _, err := s.Add(t.Context(), intake("after", 1, 2)); !errors.Is(err, record.ErrUnavailable) {
					t.Errorf("add: %v", err)
				}
				if _, err := s.Claim(t.Context(), "me", time.Minute); !errors.Is(err, record.ErrUnavailable) {
					t.Errorf("claim: %v", err)
				}
				if err := s.Healthy(t.Context()); !errors.Is(err, record.ErrUnavailable) {
					t.Errorf("healthy: %v", err)
				}
			}
		})
	}
}

// TestI1_LogTakenAwayIsKept: what was accepted before the log was removed is in the file after a stop.
func TestI1_LogTakenAwayIsKept(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	_, err := s.Add(t.Context(), intake("before", 1, 1))
	must(t, err)
	must(t, os.Remove(s.path+"-wal"))
	must(t, s.Close())
	again, err := Open(t.Context(), Config{URL: "sqlite:" + s.path})
	must(t, err)
	defer func() { _ = again.Close() }()
	_, err = again.Delivery(t.Context(), "before")
	must(t, err)
}

// TestI1_ReplacedFileIsLeftAlone: who puts another database in the place of an open one keeps it, with its log.
func TestI1_ReplacedFileIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	_, err := s.Add(t.Context(), intake("before", 1, 1))
	must(t, err)
	for _, name := range []string{s.path, s.path + "-wal"} {
		must(t, os.WriteFile(name+".new", []byte(name), 0o600))
		must(t, os.Rename(name+".new", name))
	}
	must(t, s.Close())
	for _, name := range []string{s.path, s.path + "-wal"} {
		if text, err := os.ReadFile(name); err != nil || string(text) != name {
			t.Errorf("%s has %d bytes: %v", name, len(text), err)
		}
	}
}

// TestI1_FileTakenAwayDuringCommit: what was committed while the file went away is not acknowledged.
func TestI1_FileTakenAwayDuringCommit(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	err := s.write(t.Context(), func(*tx) error { return os.Remove(s.path) })
	if !errors.Is(err, record.ErrUnavailable) {
		t.Errorf("acknowledged: %v", err)
	}
}
