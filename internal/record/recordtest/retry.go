package recordtest

import (
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func retryTests() map[string]func(*house) {
	return map[string]func(*house){
		"O1_EveryEnd":               everyEnd,
		"RetryAtItsTime":            retryAtItsTime,
		"FreeRetryUsesNoAttempt":    freeRetry,
		"O3_ReleaseUsesNoAttempt":   release,
		"O1_FailingIsRemembered":    failing,
		"ResumeGivesAllAttempts":    resume,
		"ResumedYieldsToNewer":      resumedYields,
		"UnknownOutcomeIsRefused":   unknownOutcome,
		"SpentAddsUpOverAllRetries": spentAddsUp,
	}
}

func everyEnd(h *house) {
	for i, o := range []hls.Outcome{
		{State: hls.Done}, {State: hls.Skipped, Reason: "closed"}, {State: hls.Superseded, Reason: "moved_on"},
		{State: hls.Parked, Reason: "refusal"},
	} {
		id := h.accept(h.work(issue(1, i)))
		h.finish(h.claims(id), o)
		h.is(id, o.State, o.Reason)
		h.idle()
	}
	h.restart()
	h.idle()
	s := h.stats()
	for _, state := range []string{"done", "skipped", "superseded", "parked"} {
		same(h, state, s.Outcomes[state], 1)
	}
	same(h, "reasons", len(s.Why), 2)
	same(h, "skipped/closed", s.Why["skipped/closed"], 1)
	same(h, "parked/refusal", s.Why["parked/refusal"], 1)
}

func retryAtItsTime(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	h.finish(h.claim(), hls.Outcome{State: hls.Queued, Reason: "retry", RetryAt: h.now().Add(time.Minute)})
	h.is(id, hls.Queued, "retry")
	h.pass(time.Minute - time.Second)
	h.idle()
	h.restart()
	h.idle()
	h.pass(time.Second)
	same(h, "attempt", h.claims(id).Attempt, 2)
	same(h, "retries", h.stats().Retries, 1)
}

func freeRetry(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	for range 3 {
		task := h.claims(id)
		same(h, "attempt", task.Attempt, 1)
		h.finish(task, hls.Outcome{State: hls.Queued, RetryAt: h.now(), Free: true})
	}
}

// Since when a door has put a task off outlasts claims, hand-backs and restarts, and ends with what is not put off by a
// door, and with a resumption.
func failing(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	since := h.now()
	same(h, "at first", h.claims(id).FailingAt, time.Time{})
	h.restart()
	h.pass(2 * lease)
	for range 2 {
		h.finish(h.claim(), hls.Outcome{State: hls.Queued, RetryAt: h.now().Add(time.Minute), Free: true, FailingAt: since})
		h.pass(time.Minute)
		task := h.claims(id)
		same(h, "since", task.FailingAt.Equal(since), true)
		h.must(h.store.Release(h.ctx, task))
		h.restart()
	}
	h.finish(h.claim(), hls.Outcome{State: hls.Queued, RetryAt: h.now()})
	task := h.claims(id)
	same(h, "after another fault", task.FailingAt, time.Time{})
	h.finish(task, hls.Outcome{State: hls.Queued, RetryAt: h.now(), Free: true, FailingAt: since})
	h.finish(h.claims(id), hls.Outcome{State: hls.Parked, Reason: "github_unavailable"})
	h.must(h.store.Resume(h.ctx, id))
	same(h, "resumed", h.claims(id).FailingAt, time.Time{})
}

func release(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	for range 3 {
		task := h.claims(id)
		same(h, "attempt", task.Attempt, 1)
		h.must(h.store.Release(h.ctx, task))
	}
	task := h.claims(id)
	newer := h.accept(h.work(issue(1, 1)))
	h.must(h.store.Release(h.ctx, task))
	h.is(id, hls.Superseded, record.ReasonNewer)
	h.claims(newer)
}

func resume(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	h.finish(h.claim(), hls.Outcome{State: hls.Queued, RetryAt: h.now()})
	h.wants(h.store.Resume(h.ctx, id), record.ErrNotParked)
	h.finish(h.claim(), hls.Outcome{State: hls.Parked, Reason: "max_attempts"})
	h.must(h.store.Resume(h.ctx, id))
	same(h, "attempt", h.claims(id).Attempt, 1)
	h.wants(h.store.Resume(h.ctx, id), record.ErrNotParked)
	h.wants(h.store.Resume(h.ctx, 999), hls.ErrNotFound)
}

func resumedYields(h *house) {
	old := h.accept(h.work(issue(1, 1)))
	h.finish(h.claim(), hls.Outcome{State: hls.Parked, Reason: "refusal"})
	newer := h.accept(h.work(issue(1, 1)))
	h.is(old, hls.Parked, "refusal")
	h.must(h.store.Resume(h.ctx, old))
	h.is(old, hls.Superseded, record.ReasonNewer)
	h.claims(newer)
}

func unknownOutcome(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	task := h.claim()
	for _, state := range []hls.State{"", hls.Running, "finished"} {
		if err := h.store.Finish(h.ctx, task, hls.Outcome{State: state}); err == nil {
			h.Fatalf("a task ended as %q", state)
		}
	}
	h.is(id, hls.Running, "")
	h.done(task)
}

func spentAddsUp(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	h.finish(h.claim(), hls.Outcome{State: hls.Queued, RetryAt: h.now(), Spent: 1500 * time.Millisecond})
	h.finish(h.claim(), hls.Outcome{State: hls.Done, Spent: 700 * time.Millisecond})
	list, err := h.store.List(h.ctx, record.Query{})
	h.must(err)
	same(h, "task", list[0].Task.ID, id)
	same(h, "duration", list[0].Duration, 2200*time.Millisecond)
	p := h.stats().Processing
	same(h, "sum", p.Sum, 2.2)
	var at float64
	for i, n := range p.Counts {
		if n > 0 {
			at = p.Bounds[i]
		}
	}
	same(h, "bucket", at, 2.5)
}
