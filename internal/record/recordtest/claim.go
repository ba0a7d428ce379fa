package recordtest

import (
	"errors"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func claimTests() map[string]func(*house) {
	return map[string]func(*house){
		"OldestFirst":                oldestFirst,
		"E6_OneTaskOfASubject":       oneOfASubject,
		"O1_BusyRepositoryYields":    busyYields,
		"O1_OldestOfAllRepositories": oldestOfAll,
		"NextTellsTheTime":           nextTells,
		"WakeTellsOfNewWork":         wakes,
		"O1_WorkSurvivesRestart":     survivesRestart,
		"O1_PoisonedUsesItsAttempts": poisoned,
		"E6_OneTaskIsTaken":          oneIsTaken,
	}
}

func oldestFirst(h *house) {
	h.idle()
	var ids []int64
	for i := range 5 {
		ids = append(ids, h.accept(h.work(issue(1, i))))
		h.pass(time.Second)
	}
	for _, id := range ids {
		task := h.claims(id)
		same(h, "attempt", task.Attempt, 1)
		same(h, "state", task.State, hls.Running)
		same(h, "owner", task.Lease.Owner, "me")
		same(h, "lease", task.Lease.Until, h.now().Add(lease))
	}
	h.idle()
}

func oneOfASubject(h *house) {
	triage := h.work(issue(1, 1))
	review := triage
	review.Purpose = "review"
	renamed := triage
	renamed.Purpose, renamed.Subject.Repo = "generic", "acme/renamed"
	a, b, c := h.accept(triage), h.accept(review), h.accept(renamed)
	for _, id := range []int64{a, b, c} {
		task := h.claims(id)
		h.pass(time.Second)
		other := h.accept(h.work(issue(1, 2)))
		h.done(h.claims(other))
		h.idle()
		h.done(task)
	}
	h.idle()
}

// oneIsTaken: a process may work on one task alone, while nothing else of its subject runs, and once it is due.
func oneIsTaken(h *house) {
	older := h.accept(h.work(issue(1, 1)))
	h.pass(time.Second)
	mine := h.work(issue(1, 2))
	first := h.accept(mine)
	review := mine
	review.Purpose = "review"
	second := h.accept(review)
	task, err := h.store.Take(h.ctx, first, "me", lease)
	h.must(err)
	same(h, "task", task.ID, first)
	same(h, "attempt", task.Attempt, 1)
	same(h, "lease", task.Lease.Until, h.now().Add(lease))
	none := func(id int64) {
		h.Helper()
		if _, err := h.store.Take(h.ctx, id, "me", lease); !errors.Is(err, record.ErrNone) {
			h.Errorf("task %d: %v", id, err)
		}
	}
	none(first)
	none(second) // of the same subject
	none(first + 1000)
	h.done(task)
	none(first)
	task, err = h.store.Take(h.ctx, second, "me", lease)
	h.must(err)
	h.done(task)
	later := h.work(issue(1, 3))
	later.Debounce = time.Minute
	id := h.accept(later)
	none(id)
	h.pass(time.Minute)
	task, err = h.store.Take(h.ctx, id, "me", lease)
	h.must(err)
	h.pass(2 * lease) // It is lost, and taken up again.
	again, err := h.store.Take(h.ctx, id, "you", lease)
	h.must(err)
	same(h, "attempt after a lost lease", again.Attempt, 2)
	if err := h.store.Finish(h.ctx, task, hls.Outcome{State: hls.Done}); !errors.Is(err, hls.ErrLost) {
		h.Errorf("whoever lost the lease ends the task: %v", err)
	}
	h.done(again)
	h.done(h.claims(older))
	h.idle()
}

// busyYields: a repository with a long queue has every other task at most, once another one has work.
func busyYields(h *house) {
	for i := range 30 {
		h.accept(h.work(issue(1, i)))
		h.pass(time.Second)
	}
	busy := []hls.Task{h.claim(), h.claim(), h.claim()}
	late := h.accept(h.work(issue(2, 1)))
	later := h.accept(h.work(issue(3, 1)))
	h.claims(late)
	h.done(busy[0])
	h.claims(later)
	same(h, "then the busy one", h.claim().Subject.RepoID, 1)
}

// oldestOfAll: where repositories have as much running, the oldest work of them all comes first, though one of them has
// had older work before.
func oldestOfAll(h *house) {
	var want []int64
	for i, repo := range []int64{1, 2, 1, 3, 1, 2} {
		want = append(want, h.accept(h.work(issue(repo, i))))
		h.pass(time.Second)
	}
	for _, id := range want {
		h.done(h.claims(id))
	}
	h.idle()
}

func nextTells(h *house) {
	next := func() (time.Time, bool) {
		h.Helper()
		at, ok, err := h.store.Next(h.ctx)
		h.must(err)
		return at, ok
	}
	if _, ok := next(); ok {
		h.Fatal("something is due in an empty store")
	}
	w := h.work(issue(1, 1))
	w.Debounce = time.Minute
	h.accept(w)
	at, _ := next()
	same(h, "due", at, h.now().Add(time.Minute))
	h.pass(time.Minute)
	task := h.claim()
	h.accept(h.work(issue(1, 1)))
	at, _ = next()
	same(h, "due while the subject is busy: the end of the lease", at, h.now().Add(lease))
	h.finish(task, hls.Outcome{State: hls.Done})
	at, _ = next()
	same(h, "due", at, h.now())
}

func wakes(h *house) {
	woken := func(what string) {
		h.Helper()
		select {
		case <-h.store.Wake():
		case <-time.After(10 * time.Second):
			h.Fatalf("nobody was woken by %s", what)
		}
	}
	h.accept(h.work(issue(1, 1)))
	woken("a delivery")
	task := h.claim()
	h.accept(h.work(issue(1, 1)))
	woken("a delivery")
	h.done(task)
	woken("the end of a task of the subject")
	task = h.claim()
	h.must(h.store.Release(h.ctx, task))
	woken("a task handed back")
	task = h.claim()
	h.finish(task, hls.Outcome{State: hls.Parked, Reason: "refusal"})
	woken("the end of a task")
	h.must(h.store.Resume(h.ctx, task.ID))
	woken("a task resumed")
}

func survivesRestart(h *house) {
	waiting := h.work(issue(1, 1))
	waiting.Debounce = time.Hour
	later := h.accept(waiting)
	ended := h.accept(h.work(issue(1, 2)))
	h.done(h.claims(ended))
	cut := h.accept(h.work(issue(1, 3)))
	task := h.claims(cut)
	h.restart()
	h.pass(2 * lease)
	again := h.claims(cut)
	same(h, "attempt", again.Attempt, 2)
	if again.Lease.Epoch <= task.Lease.Epoch {
		h.Fatalf("epoch %d after %d", again.Lease.Epoch, task.Lease.Epoch)
	}
	h.wants(h.store.Finish(h.ctx, task, hls.Outcome{State: hls.Done}), hls.ErrLost)
	h.done(again)
	h.is(ended, hls.Done, "")
	h.idle()
	h.pass(time.Hour)
	h.claims(later)
}

// poisoned: every run of a task kills the process. Its attempts add up all the same.
func poisoned(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	for attempt := 1; attempt <= 4; attempt++ {
		same(h, "attempt", h.claims(id).Attempt, attempt)
		h.restart()
		h.pass(2 * lease)
	}
	h.finish(h.claim(), hls.Outcome{State: hls.Parked, Reason: "max_attempts"})
	h.idle()
	same(h, "parked", h.stats().Why["parked/max_attempts"], 1)
}
