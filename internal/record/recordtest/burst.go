package recordtest

import (
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func burstTests() map[string]func(*house) {
	return map[string]func(*house){
		"E6_NewerSupersedesQueued":      newerSupersedes,
		"E6_LateIsSuperseded":           lateIsSuperseded,
		"E6_ArrivalOrderBreaksTies":     ties,
		"E6_NewerSupersedesRetry":       supersedesRetry,
		"E6_RunningLearnsOfNewer":       runningLearns,
		"E6_OtherPurposeIsLeftAlone":    otherPurpose,
		"E6_OtherScopeIsLeftAlone":      otherScope,
		"E6_ReplayIsNotLate":            replayIsNotLate,
		"E6_SweepYieldsToAnyWork":       sweepYields,
		"SweepFollowsWhatFailed":        sweepFollows,
		"DebounceFoldsBursts":           debounce,
		"DebounceEndsAfterTen":          debounceEnds,
		"DebounceStartsAnewAfterAStart": debounceAnew,
		"DebounceStartsAnewAfterARetry": debounceRetry,
	}
}

func newerSupersedes(h *house) {
	old := h.accept(h.work(issue(1, 1)))
	other := h.accept(h.work(issue(1, 2)))
	h.pass(time.Second)
	newer := h.accept(h.work(issue(1, 1)))
	h.is(old, hls.Superseded, record.ReasonNewer)
	h.is(other, hls.Queued, "")
	h.is(newer, hls.Queued, "")
	same(h, "superseded", h.stats().Outcomes["superseded"], 1)
	h.claims(other)
	h.claims(newer)
	h.idle()
}

// swept is a sweep's work on what was made an hour ago.
func (h *house) swept(s hls.Subject) record.NewTask {
	w := h.work(s)
	w.Origin, w.OccurredAt = hls.FromSweep, h.now().Add(-time.Hour)
	return w
}

// sweepYields: whatever state the work of an event is in, and however old or new it is, a sweep's leaves it alone, and an
// event that comes after it takes its place.
func sweepYields(h *house) {
	for i, end := range []func(){
		func() {},
		func() { h.claim() },
		func() { h.done(h.claim()) },
		func() { h.finish(h.claim(), hls.Outcome{State: hls.Skipped, Reason: "closed"}) },
	} {
		old := h.work(issue(1, i))
		old.OccurredAt = h.now().Add(-2 * time.Hour)
		first := h.accept(old)
		end()
		state, err := h.store.Task(h.ctx, first)
		h.must(err)
		h.pass(time.Second)
		h.is(h.accept(h.swept(issue(1, i))), hls.Superseded, record.ReasonLate)
		h.is(first, state.State, state.Reason)
		if state.State == hls.Queued {
			h.done(h.claim())
		}
	}
	found := h.accept(h.swept(issue(1, 9)))
	h.is(h.accept(h.swept(issue(1, 9))), hls.Superseded, record.ReasonLate)
	h.pass(time.Second)
	event := h.work(issue(1, 9))
	event.OccurredAt = h.now().Add(-time.Minute)
	h.is(h.accept(event), hls.Queued, "")
	h.is(found, hls.Superseded, record.ReasonNewer)
}

// sweepFollows: work that failed, or that was superseded by some that failed, leaves its subject to a sweep.
func sweepFollows(h *house) {
	h.accept(h.work(issue(1, 1)))
	h.pass(time.Second)
	h.accept(h.work(issue(1, 1)))
	h.finish(h.claim(), hls.Outcome{State: hls.Parked, Reason: "refusal"})
	found := h.accept(h.swept(issue(1, 1)))
	h.is(found, hls.Queued, "")
	task := h.claim()
	same(h, "origin", task.Origin, hls.FromSweep)
	same(h, "task", task.ID, found)
}

// otherScope: whoever has the secret of one repository may claim the number of any other.
func otherScope(h *house) {
	theirs := h.accept(h.work(issue(1, 1)))
	forged := issue(1, 1)
	forged.Scope = "mallory/own"
	h.pass(time.Second)
	mine := h.accept(h.work(forged))
	h.is(theirs, hls.Queued, "")
	h.is(mine, hls.Queued, "")
	h.claims(theirs)
	h.claims(mine)
}

func lateIsSuperseded(h *house) {
	for i, end := range []func(){
		func() {},
		func() { h.claim() },
		func() { h.done(h.claim()) },
	} {
		old := h.work(issue(1, i))
		h.pass(time.Hour)
		newer := h.accept(h.work(issue(1, i)))
		end()
		late := h.accept(old)
		h.is(late, hls.Superseded, record.ReasonLate)
		if h.task(newer).State == hls.Superseded {
			h.Fatal("a late event undid a newer one")
		}
		if stale, err := h.store.Superseded(h.ctx, h.task(newer)); err != nil || stale {
			h.Fatalf("the newer task counts as superseded: %v %v", stale, err)
		}
		for h.task(newer).State == hls.Queued {
			h.done(h.claim())
		}
	}
}

func ties(h *house) {
	w := h.work(issue(1, 1))
	first, second := h.accept(w), h.accept(w)
	h.is(first, hls.Superseded, record.ReasonNewer)
	h.claims(second)
}

func supersedesRetry(h *house) {
	old := h.accept(h.work(issue(1, 1)))
	h.finish(h.claim(), hls.Outcome{State: hls.Queued, Reason: "retry", RetryAt: h.now().Add(time.Hour)})
	h.is(old, hls.Queued, "retry")
	newer := h.accept(h.work(issue(1, 1)))
	h.is(old, hls.Superseded, record.ReasonNewer)
	h.claims(newer)
}

func runningLearns(h *house) {
	h.accept(h.work(issue(1, 1)))
	task := h.claim()
	stale, err := h.store.Superseded(h.ctx, task)
	h.must(err)
	same(h, "superseded before", stale, false)
	newer := h.accept(h.work(issue(1, 1)))
	stale, err = h.store.Superseded(h.ctx, task)
	h.must(err)
	same(h, "superseded after", stale, true)
	h.is(task.ID, hls.Running, "")
	h.finish(task, hls.Outcome{State: hls.Queued, RetryAt: h.now(), Reason: "retry"})
	h.is(task.ID, hls.Superseded, record.ReasonNewer)
	h.claims(newer)
}

func otherPurpose(h *house) {
	triage := h.work(issue(1, 1))
	review := triage
	review.Purpose = "review"
	a, b := h.accept(triage), h.accept(review)
	h.is(a, hls.Queued, "")
	task := h.claims(a)
	stale, err := h.store.Superseded(h.ctx, task)
	h.must(err)
	same(h, "superseded", stale, false)
	h.done(task)
	h.claims(b)
}

// replayIsNotLate: a replay is wanted, however old its event is; it undoes no newer work that is queued.
func replayIsNotLate(h *house) {
	old := h.work(issue(1, 1))
	h.accept(old)
	first := h.claim()
	h.done(first)
	h.pass(time.Hour)
	newer := h.accept(h.work(issue(1, 1)))
	old.Origin = hls.FromReplay
	replay, err := h.store.Enqueue(h.ctx, first.DeliveryID, old)
	h.must(err)
	h.is(newer, hls.Queued, "")
	h.is(replay, hls.Queued, "")
	same(h, "request id", h.task(replay).RequestID, first.RequestID)
	h.done(h.claims(newer))
	task := h.claims(replay)
	same(h, "origin", task.Origin, hls.FromReplay)
	stale, err := h.store.Superseded(h.ctx, task)
	h.must(err)
	same(h, "superseded", stale, false)
	_, err = h.store.Enqueue(h.ctx, "unknown", old)
	h.wants(err, hls.ErrNotFound)
}

func (h *house) bounced() record.NewTask {
	w := h.work(issue(1, 1))
	w.Debounce = 10 * time.Second
	return w
}

func debounce(h *house) {
	var last int64
	for range 5 {
		last = h.accept(h.bounced())
		h.idle()
		h.pass(9 * time.Second)
	}
	next, ok, err := h.store.Next(h.ctx)
	h.must(err)
	same(h, "queued", ok, true)
	same(h, "next", next, h.now().Add(time.Second))
	h.idle()
	h.pass(time.Second)
	h.done(h.claims(last))
	h.idle()
}

func debounceEnds(h *house) {
	start := h.now()
	for h.now().Before(start.Add(100 * time.Second)) {
		h.idle()
		h.accept(h.bounced())
		h.pass(4 * time.Second)
	}
	h.claim()
}

func debounceAnew(h *house) {
	h.accept(h.bounced())
	h.pass(10 * time.Second)
	task := h.claim()
	h.pass(5 * time.Minute)
	h.must(h.store.Renew(h.ctx, task, lease))
	h.accept(h.bounced())
	h.finish(task, hls.Outcome{State: hls.Done})
	h.idle()
	h.pass(10 * time.Second)
	h.claim()
}

func debounceRetry(h *house) {
	h.accept(h.bounced())
	h.pass(10 * time.Second)
	h.finish(h.claim(), hls.Outcome{State: hls.Queued, RetryAt: h.now().Add(time.Hour)})
	h.pass(5 * time.Minute)
	h.accept(h.bounced())
	h.idle()
	h.pass(10 * time.Second)
	h.claim()
}
