package sqlite

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// all purges with everything old that was made before now.
func (c *clocked) all() {
	c.t.Helper()
	for more := true; more; {
		var err error
		more, err = c.Purge(c.t.Context(), record.Cutoff{Payloads: c.wall(), Analyses: c.wall(), Records: c.wall()})
		must(c.t, err)
	}
}

// run works a new delivery on an issue off, with effects, and returns its task.
func (c *clocked) run(number int, end hls.State, effects ...hls.Effect) hls.Task {
	c.t.Helper()
	id := c.accept(c.event(number, true))
	task := c.claim(1000 * day)
	if task.ID != id {
		c.t.Fatalf("claimed task %d, want %d", task.ID, id)
	}
	_, err := c.Reserve(c.t.Context(), hls.Reservation{Task: task, MicroUSD: 10})
	must(c.t, err)
	must(c.t, c.SaveAnalysis(c.t.Context(), task, 0, hls.Analysis{Answer: []byte(`{}`)}))
	must(c.t, c.SavePlan(c.t.Context(), task, hls.Plan{Effects: effects}))
	for _, e := range effects {
		e.Subject, e.Purpose, e.Revision = task.Subject, task.Purpose, task.DeliveryID
		c.move(task, e, hls.EffectDone)
	}
	if end != hls.Running {
		must(c.t, c.Finish(c.t.Context(), task, hls.Outcome{State: end, RetryAt: c.wall().Add(1000 * day)}))
	}
	return task
}

// move takes a new row of a task to a state.
func (c *clocked) move(task hls.Task, e hls.Effect, state hls.EffectState) {
	c.t.Helper()
	entries, err := c.Intend(c.t.Context(), task, []hls.Effect{e})
	must(c.t, err)
	must(c.t, c.Move(c.t.Context(), task, entries[0].ID, hls.Move{From: hls.Intent, To: hls.Sending}))
	must(c.t, c.Move(c.t.Context(), task, entries[0].ID, hls.Move{From: hls.Sending, To: state, RemoteID: 1}))
}

func (c *clocked) gone(task hls.Task) bool {
	c.t.Helper()
	_, err1 := c.Delivery(c.t.Context(), task.DeliveryID)
	_, err2 := c.Task(c.t.Context(), task.ID)
	if errors.Is(err1, hls.ErrNotFound) != errors.Is(err2, hls.ErrNotFound) {
		c.t.Errorf("of task %d there is one half: %v, %v", task.ID, err1, err2)
	}
	return errors.Is(err1, hls.ErrNotFound)
}

func of(kind hls.EffectKind) hls.Effect { return hls.Effect{Kind: kind} }

// TestPurgeTakesRecordsWhole: what aged out leaves no row behind, but for the totals.
func TestPurgeTakesRecordsWhole(t *testing.T) {
	t.Parallel()
	c := newClocked(t)
	rows := func() (all string) {
		const q = `SELECT concat_ws(' ', (SELECT count(*) FROM deliveries), (SELECT count(*) FROM bodies), (SELECT count(*) FROM tasks),
			(SELECT count(*) FROM analyses), (SELECT count(*) FROM plans), (SELECT count(*) FROM effects), (SELECT count(*) FROM spend),
			(SELECT count(*) > 0 FROM counters WHERE hour > 0))`
		must(t, c.readers.QueryRow(q).Scan(&all))
		return all
	}
	for i, end := range []hls.State{hls.Done, hls.Skipped, hls.Parked} {
		c.run(i, end, of(hls.AddLabels), of(hls.UpsertComment), of(hls.CreateReview))
	}
	in := c.event(9, true)
	in.Work, in.Ignored = nil, "disabled"
	_, err := c.Add(t.Context(), in)
	must(t, err)
	before := rows()
	c.pass(30 * day)
	c.all()
	if after := rows(); after != before {
		t.Errorf("within 31 days: %s, before %s", after, before)
	}
	c.pass(2 * day)
	c.all()
	if after := rows(); after != "0 0 0 0 0 0 0 0" {
		t.Errorf("rows left: %s, before %s", after, before)
	}
	stats, err := c.Stats(t.Context())
	if err != nil || stats.Requests["accepted"] != 3 || stats.Outcomes["done"] != 1 || stats.Effects["add_labels/done"] != 3 {
		t.Errorf("the totals are %+v: %v", stats, err)
	}
}

// TestE5_RecordsOfBesideStay: what was done beside a task's own subject, as an issue about a cause of failures that many
// runs have, speaks for as long as newer events or newer rows of it come in.
func TestE5_RecordsOfBesideStay(t *testing.T) {
	t.Parallel()
	c := newClocked(t)
	about := func(number int, cause string, kinds ...hls.EffectKind) hls.Task {
		task := c.run(number, hls.Running)
		s := task.Subject.Cause(strings.Repeat(cause, 8))
		for _, kind := range kinds {
			c.move(task, hls.Effect{Kind: kind, Subject: s, Purpose: task.Purpose, Revision: task.DeliveryID}, hls.EffectDone)
		}
		must(t, c.Finish(t.Context(), task, hls.Outcome{State: hls.Done}))
		return task
	}
	goes := []hls.Task{
		about(1, "a", hls.CreateIssue), // There is a later one.
		about(2, "b", hls.CreateIssue), // It did not come back.
		about(3, "a", hls.AddReaction),
		c.run(4, hls.Done, of(hls.CreateIssue), of(hls.SetSection)),
	}
	stays := []hls.Task{about(5, "a", hls.CreateIssue), about(6, "a", hls.SetSection), c.run(7, hls.Done, of(hls.CreateIssue))}
	c.pass(40 * day)
	again := c.run(8, hls.Running)
	e := hls.Effect{Kind: hls.CreateIssue, Subject: again.Subject.Cause("aaaaaaaa"), Purpose: again.Purpose, Revision: "again"}
	c.move(again, e, hls.EffectStale)
	c.run(7, hls.Done)
	c.all()
	for i, task := range goes {
		if !c.gone(task) {
			t.Errorf("%d is still there", i)
		}
	}
	for i, task := range stays {
		if c.gone(task) {
			t.Errorf("%d is gone", i)
		}
	}
}

// TestI3_ClockSetPurgesNothing: what is old by a clock that has leapt is not old before that clock is believed.
func TestI3_ClockSetPurgesNothing(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{40 * day, 400 * day} {
		c := newClocked(t)
		task := c.run(1, hls.Done)
		purge := func() {
			_, err := c.Purge(t.Context(), record.Cutoff{Payloads: c.wall().Add(-30 * day), Records: c.wall()})
			must(t, err)
		}
		c.pass(day)
		c.set(jump)
		for range 20 {
			c.pass(time.Hour)
			purge()
		}
		if d, err := c.Delivery(t.Context(), task.DeliveryID); err != nil || len(d.Body) == 0 {
			t.Errorf("the delivery of the day before has %d bytes: %v", len(d.Body), err)
		}
		c.pass(10 * time.Hour)
		purge()
		if !c.gone(task) {
			t.Error("the clock is not believed after a day")
		}
	}
}

// TestPurgeGoesInSteps: a step ends when its time is over, and the next goes on where it was.
func TestPurgeGoesInSteps(t *testing.T) {
	t.Parallel()
	c := newClocked(t)
	for i := range 5 {
		c.run(i, []hls.State{hls.Done, hls.Parked}[i%2])
	}
	c.pass(40 * day)
	cut := record.Cutoff{Payloads: c.wall(), Analyses: c.wall()}
	for i, want := range []string{"4 true", "4 true", "3 true", "3 true", "2 false"} {
		var more bool
		must(t, c.write(t.Context(), func(t *tx) (err error) {
			more, err = c.purge.step(t, cut, time.Now())
			return err
		}))
		var left int
		must(t, c.readers.QueryRow(`SELECT count(*) FROM deliveries WHERE payload IS NOT NULL`).Scan(&left))
		if got := fmt.Sprint(left, more); got != want {
			t.Errorf("step %d: payloads and more are %s, want %s", i, got, want)
		}
	}
}

// TestPurgeGivesSpaceBack: after a flood the file becomes small again.
func TestPurgeGivesSpaceBack(t *testing.T) {
	t.Parallel()
	y := newYears(t, 0)
	for i := range 40 {
		in := y.event(i, true)
		in.Delivery.Body = make([]byte, 1<<20)
		_, _ = rand.Read(in.Delivery.Body)
		y.accept(in)
		must(t, y.Finish(t.Context(), y.claim(time.Hour), hls.Outcome{State: hls.Done}))
	}
	must(t, y.write(t.Context(), func(*tx) error { return nil }))
	full := y.size()
	y.pass(40 * day)
	y.all()
	checkpoint(t, y.Store, "TRUNCATE")
	if small := y.size(); small > full/2 {
		t.Errorf("%d KB have become %d KB", full>>10, small>>10)
	}
	must(t, intact(y.Store))
}

// TestPurgeScansNoTable: what a step costs does not depend on how much is kept.
func TestPurgeScansNoTable(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	for query, args := range map[string][]any{
		s.purge.payloads.look: {1, 2, 3, 4}, s.purge.analyses.look: {1, 2, 3, 4}, spent: {1, 2},
		`DELETE FROM deliveries WHERE rowid = ?`: {1}, `DELETE FROM tasks WHERE delivery_id = ?`: {1},
	} {
		plan := explain(t, s, query, args...)
		for line := range strings.Lines(plan) {
			if strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "CONSTANT ROW") {
				t.Errorf("a scan in\n%s%s", plan, query)
			}
		}
	}
}
