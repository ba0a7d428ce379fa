package record_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
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

// TestS3_LadderAndReserve: ordinary work goes down the ladder by shares of what the reserve for commands leaves, waits there,
// and what a person asked for may spend the whole.
func TestS3_LadderAndReserve(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC)
	midnight := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	b := hls.Budget{DailyUSD: 10, Ladder: hls.Ladder{CheaperAt: 0.5, LabelsOnlyAt: 0.75, CommandReserve: 0.2}} // of 8 dollars
	const all, low, labels, ask = hls.AsAsked, hls.Cheaper, hls.LabelsOnly, hls.Step(-1)
	for _, c := range []struct {
		spent record.Money
		fits  []hls.Step
		until time.Time // of the first step that does not fit
	}{
		{record.Money{All: 3_999_999}, []hls.Step{all, low, labels, ask}, time.Time{}},
		{record.Money{All: 4_000_000}, []hls.Step{low, labels, ask}, midnight},
		{record.Money{All: 4_000_000, Open: 4_000_000}, []hls.Step{low, labels, ask}, midnight},
		{record.Money{All: 5_999_999}, []hls.Step{low, labels, ask}, midnight},
		{record.Money{All: 6_000_000}, []hls.Step{labels, ask}, midnight},
		{record.Money{All: 7_000_000, Open: 1_000_001}, []hls.Step{low, labels, ask}, midnight}, // It may come back.
		{record.Money{All: 7_000_000, Open: 1_000_000}, []hls.Step{labels, ask}, midnight},
		{record.Money{All: 7_000_001}, []hls.Step{ask}, midnight},
		{record.Money{All: 7_000_001, Open: 1}, []hls.Step{ask}, now.Add(30 * time.Second)},
		{record.Money{All: 9_000_000}, []hls.Step{ask}, midnight},
		{record.Money{All: 9_000_001}, nil, midnight},
	} {
		var fits []hls.Step
		for _, step := range []hls.Step{all, low, labels, ask} {
			r := hls.Reservation{MicroUSD: 1_000_000, Budget: b, Step: step}
			if step == ask {
				r.Step, r.Asked = all, true
			}
			err := record.Spent{Day: c.spent}.Check(r, now)
			var capped *hls.Capped
			switch {
			case err == nil:
				fits = append(fits, step)
			case !errors.As(err, &capped) || !capped.Money || capped.Cap != "claude.budget.daily_usd":
				t.Errorf("%+v: %+v", c.spent, err)
			case step == all && !capped.Until.Equal(c.until):
				t.Errorf("%+v: until %v, want %v", c.spent, capped.Until, c.until)
			}
		}
		if !slices.Equal(fits, c.fits) {
			t.Errorf("%+v: steps %v fit, want %v", c.spent, fits, c.fits)
		}
	}
}

// Every cap has the ladder, the one that is used the most decides, and a share of 0 is no step.
func TestS3_EveryCapHasTheLadder(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC)
	used := record.Money{All: 900_000}
	for name, c := range map[string]struct {
		spent record.Spent
		caps  hls.Budget
	}{
		"claude.budget.daily_usd":                  {record.Spent{Day: used}, hls.Budget{DailyUSD: 1, MonthlyUSD: 9}},
		"claude.budget.monthly_usd":                {record.Spent{Day: used, Month: used}, hls.Budget{DailyUSD: 5, MonthlyUSD: 1}},
		"claude.budget.per_repository_daily_usd":   {record.Spent{RepoDay: used}, hls.Budget{DailyUSD: 5, PerRepoDailyUSD: 1}},
		"claude.budget.per_repository_monthly_usd": {record.Spent{RepoMonth: used}, hls.Budget{PerRepoMonthlyUSD: 1}},
		"claude.budget.per_actor_daily_usd":        {record.Spent{ActorDay: used}, hls.Budget{PerActorDailyUSD: 1}},
	} {
		r := hls.Reservation{MicroUSD: 1, Budget: c.caps}
		if err := c.spent.Check(r, now); err != nil {
			t.Errorf("%s without a ladder: %v", name, err)
		}
		r.Budget.Ladder = hls.Ladder{CheaperAt: 0.8, LabelsOnlyAt: 0.9}
		var capped *hls.Capped
		if err := c.spent.Check(r, now); !errors.As(err, &capped) || capped.Cap != name {
			t.Errorf("%s: %v", name, err)
		}
		r.Step = hls.Cheaper
		r.Budget.LabelsOnlyAt = 0
		if err := c.spent.Check(r, now); err != nil {
			t.Errorf("%s at the step that it is on: %v", name, err)
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
