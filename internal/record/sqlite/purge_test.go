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
		c.effect(task, e.Kind, hls.EffectDone)
	}
	if end != hls.Running {
		must(c.t, c.Finish(c.t.Context(), task, hls.Outcome{State: end, RetryAt: c.wall().Add(1000 * day)}))
	}
	return task
}

// effect takes a new row of a task to a state.
func (c *clocked) effect(task hls.Task, kind hls.EffectKind, state hls.EffectState) {
	c.t.Helper()
	entries, err := c.Intend(c.t.Context(), task, []hls.Effect{{Kind: kind, Subject: task.Subject, Purpose: task.Purpose, Revision: task.DeliveryID}})
	must(c.t, err)
	for _, next := range []hls.EffectState{hls.Sending, state} {
		if at := entries[0].State; at != state && at != next {
			must(c.t, c.Move(c.t.Context(), task, entries[0].ID, hls.Move{From: at, To: next, RemoteID: 1}))
			entries[0].State = next
		}
	}
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

// TestI3_RecordsOutliveEveryWindow: however short records are to be kept, a delivery that GitHub sends again within a
// week, and a body that anybody sends again within 30 days, is a duplicate.
func TestI3_RecordsOutliveEveryWindow(t *testing.T) {
	t.Parallel()
	c := newClocked(t)
	in, alias := c.event(1, true), c.event(2, true)
	alias.Delivery.ID, alias.Delivery.HookID = in.Delivery.ID, "hook-2"
	c.accept(in)
	must(t, c.Finish(t.Context(), c.claim(time.Hour), hls.Outcome{State: hls.Done}))
	again := func(in record.Intake, id string) string {
		t.Helper()
		in.Delivery.ID = id
		r, err := c.Add(t.Context(), in)
		must(t, err)
		return string(r.Class) + " " + r.Reason
	}
	for range 29 {
		c.pass(day)
		c.all()
	}
	if got := again(in, in.Delivery.ID); got != "duplicate delivery_id" {
		t.Errorf("the same id is %s", got)
	}
	if got := again(alias, in.Delivery.ID); got != "duplicate alias" {
		t.Errorf("the same id from another hook is %s", got)
	}
	if got := again(in, "other"); got != "duplicate body" {
		t.Errorf("the same body is %s", got)
	}
	for range 29 {
		c.pass(day)
		c.all()
	}
	if got := again(alias, "other"); got != "duplicate body" {
		t.Errorf("the body that came last is %s", got)
	}
	for range 3 {
		c.pass(day)
		c.all()
	}
	if _, err := c.Delivery(t.Context(), in.Delivery.ID); !errors.Is(err, hls.ErrNotFound) {
		t.Errorf("after all windows it is still there: %v", err)
	}
}

// TestE5_RecordsThatMatterStay: what is under way, undecided or speaks for an object that is active does not age out.
func TestE5_RecordsThatMatterStay(t *testing.T) {
	t.Parallel()
	c := newClocked(t)
	stays := map[string]hls.Task{}
	goes := map[string]hls.Task{}
	number := 0
	next := func() int { number++; return number }

	stays["queued"] = c.run(next(), hls.Queued)
	stays["running"] = c.run(next(), hls.Running)
	for _, state := range []hls.EffectState{hls.Intent, hls.Sending, hls.EffectUnknown} {
		task := c.run(next(), hls.Running)
		c.effect(task, hls.CloseIssue, state)
		must(t, c.Finish(t.Context(), task, hls.Outcome{State: hls.Parked}))
		stays[string(state)] = task
	}
	active := next()
	goes["first comment"] = c.run(active, hls.Done, of(hls.UpsertComment))
	c.pass(time.Minute)
	stays["last comment"] = c.run(active, hls.Done, of(hls.UpsertComment))
	c.pass(time.Minute)
	stays["review"] = c.run(active, hls.Done, of(hls.CreateReview))
	c.pass(time.Minute)
	stays["later review"] = c.run(active, hls.Done, of(hls.CreateReview))
	c.pass(time.Minute)
	goes["labels"] = c.run(active, hls.Done, of(hls.AddLabels), of(hls.RemoveLabels), of(hls.CloseIssue), of(hls.SetBody))
	goes["quiet"] = c.run(next(), hls.Done, of(hls.UpsertComment), of(hls.CreateReview))
	stays["replayed"] = c.run(next(), hls.Done)

	c.pass(40 * day)
	stays["new"] = c.run(next(), hls.Done)
	c.accept(c.event(active, true))
	_, err := c.Enqueue(t.Context(), stays["replayed"].DeliveryID, *c.event(next(), true).Work)
	must(t, err)
	for task, err := c.Claim(t.Context(), "me", time.Hour); err == nil; task, err = c.Claim(t.Context(), "me", time.Hour) {
		must(t, c.Finish(t.Context(), task, hls.Outcome{State: hls.Done}))
	}
	c.all()
	for what, task := range stays {
		if c.gone(task) {
			t.Errorf("%s: it is gone", what)
		}
	}
	for what, task := range goes {
		if !c.gone(task) {
			t.Errorf("%s: it is still there", what)
		}
	}
	subject := stays["review"].Subject
	if _, err := c.Posted(t.Context(), subject, "triage", hls.UpsertComment); err != nil {
		t.Errorf("the comment to edit: %v", err)
	}
}

// TestS3_MonthIsKept: what the budget of a month is measured by does not age out before the month is over.
func TestS3_MonthIsKept(t *testing.T) {
	t.Parallel()
	c := newClocked(t)
	c.set(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).Sub(c.wall()))
	task := c.run(1, hls.Running)
	must(t, c.Healthy(t.Context()))
	reserve := func(micro int64) error {
		_, err := c.Reserve(t.Context(), hls.Reservation{Task: task, MicroUSD: micro, Budget: hls.Budget{MonthlyUSD: 1}})
		return err
	}
	must(t, reserve(900_000))
	c.pass(31*day - time.Hour)
	c.all()
	if err := reserve(200_000); err == nil {
		t.Error("what was spent on the first of the month was forgotten on its last day")
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
	_, _, err := y.writer.moveLog("TRUNCATE")
	must(t, err)
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
