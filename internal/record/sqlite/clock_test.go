package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// settable is a clock that can be set. Time passes on both of its hands; only one of them can be set.
type settable struct {
	mu     sync.Mutex
	now    time.Time
	passed time.Duration
}

func (c *settable) wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *settable) steady() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.passed
}

func (c *settable) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.passed = c.now.Add(d), c.passed+d
}

func (c *settable) set(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// clocked is a store whose clock can be set.
type clocked struct {
	*Store
	*settable
	t   testing.TB
	cfg Config
	ids int
}

func newClocked(t testing.TB) *clocked {
	t.Helper()
	c := &clocked{t: t, settable: &settable{now: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)}}
	c.cfg = Config{log: 1000, URL: "sqlite:" + filepath.Join(t.TempDir(), "hls.db"), Now: c.wall, steady: c.steady}
	c.open()
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (c *clocked) open() {
	c.t.Helper()
	s, err := Open(context.Background(), c.cfg)
	must(c.t, err)
	c.Store = s
}

func (c *clocked) restart() {
	c.t.Helper()
	must(c.t, c.Close())
	c.open()
}

// event is a new delivery on an issue. One that has a time of its own happened a second before it came.
func (c *clocked) event(number int, timed bool) record.Intake {
	c.ids++
	in := intake(fmt.Sprint("guid-", c.ids), 1, number)
	in.Delivery.ReceivedAt = c.wall()
	in.Work.OccurredAt = c.wall()
	if timed {
		in.Work.OccurredAt = c.wall().Add(-time.Second)
	}
	return in
}

func (c *clocked) accept(in record.Intake) int64 {
	c.t.Helper()
	r, err := c.Add(context.Background(), in)
	must(c.t, err)
	if r.Class != hls.Accepted {
		c.t.Fatalf("a new delivery is %v", r)
	}
	return r.TaskID
}

func (c *clocked) claim(lease time.Duration) hls.Task {
	c.t.Helper()
	task, err := c.Claim(context.Background(), "me", lease)
	must(c.t, err)
	return task
}

func (c *clocked) state(id int64) string {
	c.t.Helper()
	task, err := c.Task(context.Background(), id)
	must(c.t, err)
	return string(task.State) + " " + task.Reason
}

// jumps are by how much clocks are set wrong.
var jumps = []time.Duration{3 * time.Hour, -3 * time.Hour, 3 * 24 * time.Hour, -3 * 24 * time.Hour, 400 * 24 * time.Hour, -400 * 24 * time.Hour}

// TestO1_ClockSetAndSetRight: however the clock is set, and set right after a while, with a restart or without, every
// task runs once, soon after the clock is right again.
func TestO1_ClockSetAndSetRight(t *testing.T) {
	t.Parallel()
	proves(t, "clock set and set right: tasks", 2*len(jumps))
	for _, jump := range jumps {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(jump, restart), func(t *testing.T) {
				t.Parallel()
				c := newClocked(t)
				wanted := map[int64]bool{}
				number := 0
				leave := func() { // work in every state of waiting
					for i := range 3 {
						number++
						in := c.event(number, i == 2)
						in.Work.Debounce = time.Duration(i) * 10 * time.Second
						wanted[c.accept(in)] = true
					}
					retried := c.claim(time.Minute)
					must(t, c.Finish(t.Context(), retried, hls.Outcome{State: hls.Queued, RetryAt: c.wall().Add(10 * time.Minute)}))
					number++
					wanted[c.accept(c.event(number, true))] = true
					c.claim(time.Minute) // and whoever has it dies
				}
				leave()
				c.set(jump)
				leave()
				c.pass(5 * time.Second)
				leave()
				c.set(-jump)
				if restart {
					c.restart()
				}
				leave()
				ran := map[int64]int{}
				for range 12 {
					c.pass(time.Minute)
					for task, err := c.Claim(t.Context(), "me", time.Minute); err == nil; task, err = c.Claim(t.Context(), "me", time.Minute) {
						ran[task.ID]++
						must(t, c.Finish(t.Context(), task, hls.Outcome{State: hls.Done}))
					}
				}
				for id := range wanted {
					if ran[id] != 1 {
						t.Errorf("task %d ran %d times: it is %s", id, ran[id], c.state(id))
					}
				}
				if len(ran) != len(wanted) {
					t.Errorf("%d tasks ran, want %d", len(ran), len(wanted))
				}
				must(t, c.consistent(t))
			})
		}
	}
}

// TestE6_ClockSetIsNoLateness: an event that has no time of its own, or came when the clock was behind GitHub's, is not
// late because an earlier one came when the clock was ahead.
func TestE6_ClockSetIsNoLateness(t *testing.T) {
	t.Parallel()
	proves(t, "clock set and set right: order", 2*len(jumps))
	for _, jump := range jumps {
		for _, timed := range []bool{false, true} {
			t.Run(fmt.Sprint(jump, timed), func(t *testing.T) {
				t.Parallel()
				c := newClocked(t)
				c.accept(c.event(1, false))
				c.set(jump)
				c.pass(time.Minute)
				during := c.accept(c.event(1, false))
				if got := c.state(during); got != "queued " {
					t.Errorf("with the clock set by %v a new event is %s", jump, got)
				}
				c.set(-jump)
				c.pass(time.Minute)
				last := c.accept(c.event(1, timed))
				if got := c.state(last); got != "queued " {
					t.Errorf("with the clock right again a new event is %s", got)
				}
				if task := c.claim(time.Minute); task.ID != last {
					t.Errorf("claimed task %d, want the newest, %d", task.ID, last)
				}
				if _, err := c.Claim(t.Context(), "me", time.Minute); !errors.Is(err, record.ErrNone) {
					t.Errorf("older work of the subject is queued still: %v", err)
				}
			})
		}
	}
}

// TestE5_ClockSetTakesNoLease: a lease lasts as long as it was given for, whatever the clock is set to.
func TestE5_ClockSetTakesNoLease(t *testing.T) {
	t.Parallel()
	proves(t, "clock set and set right: leases", len(jumps))
	for _, jump := range jumps {
		t.Run(fmt.Sprint(jump), func(t *testing.T) {
			t.Parallel()
			c := newClocked(t)
			id := c.accept(c.event(1, true))
			task := c.claim(time.Minute)
			for range 2 {
				c.pass(20 * time.Second)
				c.set(jump)
				if other, err := c.Claim(t.Context(), "other", time.Minute); !errors.Is(err, record.ErrNone) {
					t.Fatalf("task %d was taken away: %v", other.ID, err)
				}
				jump = -jump
			}
			must(t, c.Renew(t.Context(), task, time.Minute))
			c.pass(time.Minute)
			if task := c.claim(time.Minute); task.ID != id || task.Attempt != 2 {
				t.Errorf("after the lease had run out attempt %d of task %d was claimed", task.Attempt, task.ID)
			}
		})
	}
}

// TestI3_ClockSetForgetsNoBody: a body is a duplicate for 30 days of real time: a clock that leaps is not believed
// before it has run on for a day. Then it is.
func TestI3_ClockSetForgetsNoBody(t *testing.T) {
	t.Parallel()
	proves(t, "clock set and set right: bodies", 2*len(jumps))
	for _, jump := range jumps {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(jump, restart), func(t *testing.T) {
				t.Parallel()
				c := newClocked(t)
				in := c.event(1, true)
				c.accept(in)
				again := func() hls.Class {
					c.ids++
					in.Delivery.ID = fmt.Sprint("guid-", c.ids)
					r, err := c.Add(t.Context(), in)
					must(t, err)
					return r.Class
				}
				c.pass(29 * 24 * time.Hour)
				must(t, c.Healthy(t.Context()))
				c.set(jump)
				if restart {
					c.restart()
				}
				for range 23 {
					c.pass(time.Hour)
					if got := again(); got != hls.Duplicate {
						t.Fatalf("the body came again within 30 days and is %s", got)
					}
				}
				c.set(-jump)
				if got := again(); got != hls.Duplicate {
					t.Fatalf("with the clock right again the body is %s", got)
				}
				c.pass(26 * time.Hour)
				if got := again(); got != hls.Accepted {
					t.Errorf("after 30 days the body is %s", got)
				}
			})
		}
	}
}

// TestS3_ClockSetAndSpend: money that was spent while the clock was wrong counts once it is right, and then for no longer
// than any other. So do the analyses of a subject.
func TestS3_ClockSetAndSpend(t *testing.T) {
	t.Parallel()
	proves(t, "clock set and set right: money", len(jumps))
	for _, jump := range jumps {
		t.Run(fmt.Sprint(jump), func(t *testing.T) {
			t.Parallel()
			c := newClocked(t)
			c.accept(c.event(1, true))
			task := c.claim(1000 * time.Hour)
			reserve := func(micro int64) error {
				_, err := c.Reserve(t.Context(), hls.Reservation{Task: task, MicroUSD: micro, Budget: hls.Budget{DailyUSD: 1}, SubjectDaily: 3})
				return err
			}
			fits := func(micro int64, want bool) {
				t.Helper()
				err := reserve(micro)
				var capped *hls.Capped
				if (err == nil) != want || err != nil && !errors.As(err, &capped) {
					t.Fatalf("reserving %d: %v", micro, err)
				}
				if err != nil && capped.Until.After(c.wall().Add(24*time.Hour)) {
					t.Errorf("it is to wait until %v, and it is %v", capped.Until, c.wall())
				}
			}
			fits(400_000, true)
			c.set(jump)
			fits(400_000, true)
			c.set(-jump)
			fits(400_000, false)
			fits(200_000, true)
			fits(1, false) // three analyses of the subject
			c.pass(24 * time.Hour)
			fits(900_000, true)
			must(t, c.summed(t))
		})
	}
}

// TestE6_ClockSetHidesNothingNewer: the newest comment and analysis of a subject are the last ones, whatever the clock
// said when they were made.
func TestE6_ClockSetHidesNothingNewer(t *testing.T) {
	t.Parallel()
	c := newClocked(t)
	run := func(revision string) (task hls.Task) {
		c.pass(time.Minute)
		c.accept(c.event(1, true))
		task = c.claim(time.Hour)
		must(t, c.SaveAnalysis(t.Context(), task, 0, hls.Analysis{Revision: revision, Answer: []byte(`{}`), At: c.wall()}))
		e := hls.Effect{Kind: hls.UpsertComment, Subject: task.Subject, Purpose: task.Purpose, Revision: revision}
		entries, err := c.Intend(t.Context(), task, []hls.Effect{e})
		must(t, err)
		must(t, c.Move(t.Context(), task, entries[0].ID, hls.Move{From: hls.Intent, To: hls.Sending}))
		must(t, c.Move(t.Context(), task, entries[0].ID, hls.Move{From: hls.Sending, To: hls.EffectDone, RemoteID: 1}))
		must(t, c.Finish(t.Context(), task, hls.Outcome{State: hls.Done}))
		return task
	}
	c.set(24 * time.Hour)
	run("wrong")
	c.set(-24 * time.Hour)
	task := run("right")
	if e, err := c.Posted(t.Context(), task.Subject, task.Purpose, hls.UpsertComment); err != nil || e.Effect.Revision != "right" {
		t.Errorf("the comment to edit is of %q: %v", e.Effect.Revision, err)
	}
	task.ID = 0
	if a, err := c.Previous(t.Context(), task); err != nil || a.Revision != "right" {
		t.Errorf("the last analysis is of %q: %v", a.Revision, err)
	}
}
