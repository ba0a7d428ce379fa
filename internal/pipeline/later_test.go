package pipeline

import (
	"errors"
	"slices"
	"testing"
	"time"

	"hls/internal/hls"
)

// A blip is outlasted within half a minute; then come minutes, and then hours.
func TestRetriesGrowFromSecondsToHours(t *testing.T) {
	t.Parallel()
	for range 100 {
		if wait := Backoff(1); wait < 15*time.Second || wait > 30*time.Second {
			t.Fatalf("the first wait is %s", wait)
		}
		for attempt, least := range map[int]time.Duration{
			2: time.Minute, 3: 4 * time.Minute, 4: 16 * time.Minute, 5: 64 * time.Minute, 6: 2 * time.Hour, 7: 2 * time.Hour, 99: 2 * time.Hour,
		} {
			if wait := Backoff(attempt); wait < least || wait > least*5/4 {
				t.Fatalf("after attempt %d it waits %s, want about %s", attempt, wait, least)
			}
		}
	}
	if slices.Max([]time.Duration{Backoff(3), Backoff(3), Backoff(3), Backoff(3)}) == slices.Min([]time.Duration{Backoff(3), Backoff(3), Backoff(3), Backoff(3)}) {
		t.Error("there is no jitter")
	}
}

// days plays one task through an outage, each run ending with err, and tells how it ended, when, and after how many runs.
func days(t *testing.T, task hls.Task, now *time.Time, err error) (o hls.Outcome, runs int) {
	t.Helper()
	p := judging(now)
	p.cfg.Backoff = Backoff
	for range 10_000 {
		o = p.judge(task, err)
		runs++
		if o.State != hls.Queued {
			return o, runs
		}
		if !o.Free || o.RetryAt.Sub(*now) <= 0 {
			t.Fatalf("put off by %s: %+v", o.RetryAt.Sub(*now), o)
		}
		task.FailingAt, *now = o.FailingAt, o.RetryAt
	}
	t.Fatal("it has no end")
	return o, runs
}

// An outage is waited out for a day, uses up no attempt, and ends under the door's name.
func TestO1_AnOutageEndsAfterADay(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name        string
		err         *hls.RetryAfter
		least, most int // runs in that day
	}{
		{"nobody knows how long", &hls.RetryAfter{Free: true, Outage: true, Reason: "claude_overloaded"}, 15, 30},
		{"shut until the next probe", &hls.RetryAfter{Free: true, After: 5 * time.Minute, Reason: "github_unavailable"}, 250, 300},
		{"limited", &hls.RetryAfter{Free: true, After: time.Hour, Reason: "github_rate_limited"}, 20, 26},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			now := start
			tc.err.Err = errors.New("cause")
			// It was queued a month ago, and has waited for a budget since.
			o, runs := days(t, hls.Task{Attempt: 4, QueuedAt: start.AddDate(0, -1, 0)}, &now, tc.err)
			if o.State != hls.Parked || o.Reason != tc.err.Reason {
				t.Errorf("ended as %+v", o)
			}
			if lasted := now.Sub(start); lasted < 24*time.Hour || lasted > 27*time.Hour {
				t.Errorf("it ended after %s", lasted)
			}
			if runs < tc.least || runs > tc.most {
				t.Errorf("it ran %d times", runs)
			}
		})
	}
}

// What waits for a limit of our own has no end, and ends what a door had put off.
func TestE9_OwnLimitsAreWaitedForWithoutEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	p := judging(&now)
	o := p.judge(hls.Task{Attempt: 9, FailingAt: now.AddDate(-1, 0, 0)}, &hls.RetryAfter{Err: errors.New("cause"), After: time.Hour, Free: true})
	if o.State != hls.Queued || !o.FailingAt.IsZero() {
		t.Errorf("%+v", o)
	}
}

// Tasks that wait for one and the same moment begin in the order in which they were queued, whenever they were judged.
func TestTasksComeBackInTheirOrder(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 23, 50, 0, 0, time.UTC)
	next := start.Add(7*time.Hour + 123*time.Millisecond)
	var last time.Time
	for i := range 400 { // one a minute, the later the sooner judged
		now := next.Add(-time.Duration(i+1) * 11 * time.Millisecond)
		p := judging(&now)
		o := p.judge(hls.Task{QueuedAt: start.Add(time.Duration(i) * time.Minute)},
			&hls.RetryAfter{Err: errors.New("cause"), After: next.Sub(now), Free: true, Reason: "github_unavailable"})
		if !o.RetryAt.After(last) || o.RetryAt.Before(next) || o.RetryAt.Sub(next) > 2*time.Second {
			t.Fatalf("task %d comes back %s after the moment, the one before it %s", i, o.RetryAt.Sub(next), last.Sub(next))
		}
		last = o.RetryAt
	}
}
