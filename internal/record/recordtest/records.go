package recordtest

import (
	"errors"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func recordsTests() map[string]func(*house) {
	return map[string]func(*house){
		"PurgeTakesRecordsWhole":       recordsGoWhole,
		"I3_RecordsOutliveEveryWindow": recordsOutlive,
		"E5_RecordsThatMatterStay":     recordsStay,
		"S3_MonthIsKept":               monthKept,
	}
}

const day = 24 * time.Hour

// purgeAll purges as if everything were old.
func (h *house) purgeAll() {
	h.Helper()
	for more := true; more; {
		var err error
		more, err = h.store.Purge(h.ctx, record.Cutoff{Payloads: h.now(), Analyses: h.now(), Records: h.now()})
		h.must(err)
	}
}

// life works a new delivery on an issue off, with effects that are done, and returns its task.
func (h *house) life(number int, end hls.State, kinds ...hls.EffectKind) hls.Task {
	h.Helper()
	id := h.accept(h.work(issue(1, number)))
	task, err := h.store.Claim(h.ctx, "me", 1000*day)
	h.must(err)
	same(h, "claimed task", task.ID, id)
	h.spend(task, 10)
	h.must(h.store.SaveAnalysis(h.ctx, task, 0, h.analysis(task, "r1")))
	h.must(h.store.SavePlan(h.ctx, task, hls.Plan{Silent: "so"}))
	for _, kind := range kinds {
		h.reach(task, kind, hls.EffectDone)
	}
	if end != hls.Running {
		h.finish(task, hls.Outcome{State: end, RetryAt: h.now().Add(1000 * day)})
	}
	return task
}

// reach takes a new row of a task to a state.
func (h *house) reach(task hls.Task, kind hls.EffectKind, state hls.EffectState) {
	h.Helper()
	e := comment(task, task.DeliveryID)
	e.Kind = kind
	entry := h.intend(task, e)[0]
	for _, next := range []hls.EffectState{hls.Sending, state} {
		if entry.State != state && entry.State != next {
			h.move(task, entry.ID, entry.State, next)
			entry.State = next
		}
	}
}

// gone tells whether a delivery is gone, and whether all that came of it is gone with it.
func (h *house) gone(task hls.Task) bool {
	h.Helper()
	_, err := h.store.Delivery(h.ctx, task.DeliveryID)
	gone := errors.Is(err, hls.ErrNotFound)
	_, err1 := h.store.Task(h.ctx, task.ID)
	_, err2 := h.store.Analysis(h.ctx, task.ID)
	_, err3 := h.store.Plan(h.ctx, task.ID)
	for _, err := range []error{err1, err2, err3} {
		same(h, "there is a part of what came of the delivery", errors.Is(err, hls.ErrNotFound), gone)
	}
	if gone {
		rows, err := h.store.Effects(h.ctx, task.ID)
		h.must(err)
		same(h, "rows of the ledger", len(rows), 0)
	}
	return gone
}

func recordsGoWhole(h *house) {
	var tasks []hls.Task
	for i, end := range []hls.State{hls.Done, hls.Skipped, hls.Parked} {
		tasks = append(tasks, h.life(i, end, hls.AddLabels, hls.UpsertComment, hls.CreateReview))
	}
	ignored := h.delivery(issue(1, 9))
	h.add(record.Intake{Delivery: ignored, Ignored: "disabled"})
	h.pass(30 * day)
	h.purgeAll()
	for _, task := range tasks {
		same(h, "gone within 31 days", h.gone(task), false)
	}
	h.pass(2 * day)
	h.purgeAll()
	for _, task := range tasks {
		same(h, "gone after 32 days", h.gone(task), true)
	}
	_, err := h.store.Delivery(h.ctx, ignored.ID)
	h.wants(err, hls.ErrNotFound)
	s := h.stats()
	same(h, "accepted", s.Requests["accepted"], 3)
	same(h, "done", s.Outcomes["done"], 1)
	same(h, "labels", s.Effects["add_labels/done"], 3)
}

// recordsOutlive: however short records are to be kept, a delivery that GitHub sends again within a week, and a body
// that anybody sends again within 30 days, is a duplicate.
func recordsOutlive(h *house) {
	w := h.work(issue(1, 1))
	first := h.delivery(w.Subject)
	alias := withBody(first, `{"from": "another hook"}`)
	alias.HookID = "hook-2"
	h.add(record.Intake{Delivery: first, Work: &w})
	h.done(h.claim())
	again := func(d hls.Delivery, id, want string) {
		h.Helper()
		d.ID = id
		same(h, "receipt", h.add(record.Intake{Delivery: d, Work: &w}), hls.Receipt{Class: hls.Duplicate, Reason: want})
	}
	days := func(n int) {
		for range n {
			h.pass(day)
			h.purgeAll()
		}
	}
	days(29)
	again(first, first.ID, "delivery_id")
	again(alias, first.ID, "alias")
	again(first, "other", "body")
	days(29)
	again(alias, "other", "body")
	days(3)
	_, err := h.store.Delivery(h.ctx, first.ID)
	h.wants(err, hls.ErrNotFound)
}

// recordsStay: what is under way, undecided or speaks for an object that is active does not age out.
func recordsStay(h *house) {
	stays, goes := map[string]hls.Task{}, map[string]hls.Task{}
	number := 0
	next := func() int { number++; return number }
	stays["queued"] = h.life(next(), hls.Queued)
	stays["running"] = h.life(next(), hls.Running)
	for _, state := range []hls.EffectState{hls.Intent, hls.Sending, hls.EffectUnknown} {
		task := h.life(next(), hls.Running)
		h.reach(task, hls.CloseIssue, state)
		h.finish(task, hls.Outcome{State: hls.Parked})
		stays[string(state)] = task
	}
	active := next()
	for _, c := range []struct {
		where map[string]hls.Task
		what  string
		kinds []hls.EffectKind
	}{
		{goes, "first comment", []hls.EffectKind{hls.UpsertComment}},
		{stays, "last comment", []hls.EffectKind{hls.UpsertComment}},
		{stays, "review", []hls.EffectKind{hls.CreateReview}},
		{stays, "later review", []hls.EffectKind{hls.CreateReview}},
		{goes, "labels", []hls.EffectKind{hls.AddLabels, hls.RemoveLabels, hls.CloseIssue, hls.SetBody}},
	} {
		c.where[c.what] = h.life(active, hls.Done, c.kinds...)
		h.pass(time.Minute)
	}
	goes["quiet"] = h.life(next(), hls.Done, hls.UpsertComment, hls.CreateReview)
	stays["replayed"] = h.life(next(), hls.Done)

	h.pass(40 * day)
	stays["new"] = h.life(next(), hls.Done)
	h.accept(h.work(issue(1, active)))
	replay := h.work(issue(1, next()))
	replay.Origin = hls.FromReplay
	_, err := h.store.Enqueue(h.ctx, stays["replayed"].DeliveryID, replay)
	h.must(err)
	for task, err := h.store.Claim(h.ctx, "me", lease); err == nil; task, err = h.store.Claim(h.ctx, "me", lease) {
		h.done(task)
	}
	h.purgeAll()
	for what, task := range stays {
		same(h, what+" is gone", h.gone(task), false)
	}
	for what, task := range goes {
		same(h, what+" is gone", h.gone(task), true)
	}
	_, err = h.store.Posted(h.ctx, issue(1, active), "triage", hls.UpsertComment)
	h.must(err)
}

// monthKept: what the budget of a month is measured by does not age out before the month is over.
func monthKept(h *house) {
	h.pass(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC).Sub(h.now()))
	task := h.life(1, hls.Running)
	r := hls.Reservation{Task: task, MicroUSD: 900_000, Budget: hls.Budget{MonthlyUSD: 1}}
	h.fits(r)
	h.pass(31*day - time.Hour)
	h.purgeAll()
	r.MicroUSD = 200_000
	_, err := h.store.Reserve(h.ctx, r)
	var c *hls.Capped
	same(h, "capped", errors.As(err, &c), true)
}
