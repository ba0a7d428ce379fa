package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hls/internal/record/sqlite/disk"
)

// TestI1_PowerLoss: what a method answered with nil is there after the power failed at any moment, whatever the disk
// did with writes that were not synced. The control, with synchronous=NORMAL, loses some: the disk can be seen to lose.
func TestI1_PowerLoss(t *testing.T) {
	t.Parallel()
	seeds := 20
	if faults() {
		seeds = 200
	}
	for name, sync := range map[string]string{"FULL": "", "NORMAL": "PRAGMA synchronous = NORMAL"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lost, doubled []string
			failed := map[string]int{}
			runs := 0
			for ; runs < seeds && (faults() || sync == "" || len(lost) == 0); runs++ {
				l, d := powerLoss(t, uint64(runs), sync, failed)
				lost, doubled = append(lost, l...), append(doubled, d...)
			}
			switch {
			case sync != "" && len(lost) == 0:
				t.Error("the control lost nothing: this test would not see a loss")
			case sync == "" && len(lost)+len(doubled) > 0:
				t.Errorf("lost: %v\ndoubled: %v", lost, doubled)
			}
			t.Logf("the power failed with: %v", failed)
			report(t, row{Case: "power loss, " + name, Runs: runs, Losses: len(lost), Doubles: len(doubled), Control: sync != ""})
		})
	}
}

// powerLoss lets the power fail at a random moment from the making of the database on, and again at one from its
// recovery on.
func powerLoss(t *testing.T, seed uint64, pragma string, failed map[string]int) (lost, doubled []string) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	h := newHistory(t, seed)
	dir := t.TempDir()
	for round := range uint64(2) {
		here, next := filepath.Join(dir, fmt.Sprint(round)), filepath.Join(dir, fmt.Sprint(round+1))
		d := newDisk(t, here, seed<<1|round)
		d.FailWhen(cutAt(r))
		h.untilOff(here, pragma)
		select {
		case <-d.Off():
		default:
			t.Fatalf("seed %d: the traffic ended before the power failed", seed)
		}
		failed[string(d.Last().Kind)+d.Last().File]++
		must(t, d.Survivors(next))
	}
	s, err := Open(t.Context(), Config{log: 1000, URL: "sqlite:" + filepath.Join(dir, "2", "hls.db")})
	if err != nil {
		t.Fatalf("seed %d: after the power loss: %v", seed, err)
	}
	defer func() { _ = s.Close() }()
	must(t, intact(s))
	must(t, s.consistent(t))
	return h.check(s)
}

// cutAt picks when the power fails: any time, or in the middle of something rare.
func cutAt(r *rand.Rand) func(disk.Op) bool {
	any := func(disk.Op) bool { return true }
	of := func(kind disk.Kind, file string) func(disk.Op) bool {
		return func(op disk.Op) bool { return op.Kind == kind && op.File == file }
	}
	nth := func(n int, match func(disk.Op) bool) func(disk.Op) bool {
		return func(op disk.Op) bool {
			if match(op) {
				n--
			}
			return n <= 0
		}
	}
	most := 1000 // A transaction is one write to the log, or two.
	switch {
	case faults():
		most = 3000
	case raced:
		most = 300
	}
	end := nth(most, any)
	begin := nth(1+r.IntN(1500), any)
	switch r.IntN(8) {
	case 0:
		begin = nth(1+r.IntN(100), of(disk.Sync, "-wal"))
	case 1:
		begin = nth(1+r.IntN(800), of(disk.Write, ""))
	case 2:
		begin = nth(1+r.IntN(6), of(disk.Sync, ""))
	case 3:
		begin = nth(1+r.IntN(3), func(op disk.Op) bool { return op.Kind != disk.Write && op.Kind != disk.Sync })
	case 4:
		begin = nth(1+r.IntN(200), any)
	case 5:
		begin = nth(1+r.IntN(150), of(disk.Write, "-wal"))
	}
	return func(op disk.Op) bool { return begin(op) || end(op) }
}

// untilOff opens a store and works with it until writes fail.
func (h *history) untilOff(dir, pragma string) {
	ctx := h.t.Context()
	s, err := Open(ctx, Config{log: 1000, URL: "sqlite:" + filepath.Join(dir, "hls.db")})
	if err != nil {
		return
	}
	defer func() { _ = s.Close() }()
	if pragma != "" {
		if _, err := s.writer.conn.ExecContext(ctx, pragma); err != nil {
			return
		}
	}
	_ = h.traffic(ctx, s)
}

func intact(s *Store) error {
	var answer string
	if err := s.readers.QueryRowContext(context.Background(), `PRAGMA integrity_check`).Scan(&answer); err != nil {
		return fmt.Errorf("check integrity: %w", err)
	}
	if answer != "ok" {
		return fmt.Errorf("the database is not intact: %s", answer)
	}
	return nil
}

// TestI1_NamesAreSynced: before anything is accepted the folders that were made, the file and its log are synced where
// they are named.
func TestI1_NamesAreSynced(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b")
	var synced []string
	cfg := Config{URL: "sqlite:" + filepath.Join(dir, "hls.db"), sync: func(dir string) error {
		synced = append(synced, dir)
		return syncDir(dir)
	}}
	s, err := Open(t.Context(), cfg)
	must(t, err)
	must(t, s.Close())
	if want := []string{top, filepath.Join(top, "a"), dir}; !slices.Equal(synced, want) {
		t.Errorf("synced %v, want %v", synced, want)
	}
	broken := errors.New("the folder cannot be synced")
	cfg.sync = func(string) error {
		_, err := os.Stat(filepath.Join(dir, "hls.db-wal"))
		return errors.Join(broken, err)
	}
	if _, err := Open(t.Context(), cfg); !errors.Is(err, broken) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened in a folder that cannot be synced, or synced before the log was there: %v", err)
	}
}
