package record_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// TestTaskStates holds docs/task-states.md against the table of moves.
func TestTaskStates(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/task-states.md")
	if err != nil {
		t.Fatal(err)
	}
	states := []hls.State{"", hls.Queued, hls.Running, hls.Done, hls.Skipped, hls.Superseded, hls.Parked}
	type move struct{ from, to hls.State }
	allowed, drawn := map[move]bool{}, map[move]bool{}
	for _, from := range states {
		ends := true
		for _, to := range states {
			if record.Allowed(from, to) {
				allowed[move{from, to}], ends = true, false
			}
		}
		if ends {
			allowed[move{from, ""}] = true
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^    (\S+) --> (\w+|\[\*\])`).FindAllStringSubmatch(string(page), -1) {
		drawn[move{state(m[1]), state(m[2])}] = true
	}
	if !maps.Equal(allowed, drawn) {
		t.Errorf("docs/task-states.md draws\n%v, the code allows\n%v", drawn, allowed)
	}
}

func state(drawn string) hls.State { return hls.State(strings.TrimPrefix(drawn, "[*]")) }

func TestRunAt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		burst    time.Duration // before now
		debounce time.Duration
		want     time.Duration // after now
	}{
		{"first", 0, 10 * time.Second, 10 * time.Second},
		{"within the burst", 89 * time.Second, 10 * time.Second, 10 * time.Second},
		{"near its end", 95 * time.Second, 10 * time.Second, 5 * time.Second},
		{"after its end", time.Hour, 10 * time.Second, 0},
		{"at once", time.Hour, 0, 0},
	} {
		if got := record.RunAt(now, now.Add(-c.burst), c.debounce).Sub(now); got != c.want {
			t.Errorf("%s: starts after %v, want %v", c.name, got, c.want)
		}
	}
}

func TestUnpack(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", strings.Repeat("payload ", 1<<16)} {
		got, err := record.Unpack(record.Pack([]byte(text)))
		if err != nil || !bytes.Equal(got, []byte(text)) {
			t.Errorf("%d bytes came back as %d (%v)", len(text), len(got), err)
		}
	}
	bomb := append(binary.AppendUvarint(nil, 1<<31), 0, 0, 0)
	for _, bad := range [][]byte{bomb, {0xff}, {5, 1, 2}} {
		if _, err := record.Unpack(bad); err == nil {
			t.Errorf("unpacked %v", bad)
		}
	}
}

// TestS3_CapsRoundDown: no sum of money above the cap fits, to the micro-dollar.
func TestS3_CapsRoundDown(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		usd         float64
		spent, want int64
		fits        bool
	}{
		{0.1, 99_999, 1, true}, {0.1, 100_000, 1, false}, {0.1, 0, 100_000, true}, {0.1, 0, 100_001, false},
		{0.29, 0, 290_000, true}, {0.0000001, 0, 1, true}, {0.0000001, 1, 1, false}, {0, 1 << 60, 1, true}, {1e300, 1 << 60, 1, true},
	} {
		spent := record.Spent{Month: record.Money{All: c.spent}}
		err := spent.Check(hls.Reservation{MicroUSD: c.want, Budget: hls.Budget{MonthlyUSD: c.usd}}, now)
		if (err == nil) != c.fits {
			t.Errorf("cap %v, spent %d, asked %d: %v", c.usd, c.spent, c.want, err)
		}
		var capped *hls.Capped
		if errors.As(err, &capped) && !capped.Until.IsZero() && !capped.Until.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("the month ends at %v", capped.Until)
		}
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int]int{-1: 50, 0: 50, 1: 1, 200: 200, 201: 200} {
		if got := (record.Query{Limit: limit}).Rows(); got != want {
			t.Errorf("limit %d gives %d rows, want %d", limit, got, want)
		}
	}
}
