// Package recordtest says what every record.Store does: one suite, run over each database.
package recordtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Backend makes an empty database for one test, and returns what opens it: called again after the store was closed,
// it opens the same data, as a restart does. The store takes its time from now alone, and Redactor() to
// take secrets out of the audit log.
type Backend func(t *testing.T, now func() time.Time) (open func() record.Store)

// Exercise runs the suite. Tests are named after the promise they hold.
func Exercise(t *testing.T, backend Backend) {
	for _, group := range []map[string]func(*house){
		intakeTests(), burstTests(), claimTests(), leaseTests(), retryTests(),
		ledgerTests(), proposalTests(), analysisTests(), spendTests(), lookTests(), crowdTests(), purgeTests(), noteTests(), textTests(), recordsTests(), memoryTests(),
		auditTests(), touchTests(), undoTests(), searchTests(),
	} {
		for name, test := range group {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(newHouse(t, backend))
			})
		}
	}
}

// house is one store under test, with a clock that the test moves.
type house struct {
	*testing.T
	ctx   context.Context
	store record.Store
	open  func() record.Store

	mu   sync.Mutex
	time time.Time
	made int
}

func newHouse(t *testing.T, backend Backend) *house {
	t.Helper()
	h := &house{T: t, ctx: t.Context(), time: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)}
	h.open = backend(t, h.now)
	h.store = h.open()
	t.Cleanup(func() { _ = h.store.Close() })
	return h
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.time
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.time = h.time.Add(d)
}

// restart closes the store and opens it again.
func (h *house) restart() {
	h.Helper()
	h.must(h.store.Close())
	h.store = h.open()
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) wants(err, target error) {
	h.Helper()
	if !errors.Is(err, target) {
		h.Fatalf("error %v, want %v", err, target)
	}
}

// same fails the test unless got is want.
func same[T comparable](h *house, what string, got, want T) {
	h.Helper()
	if got != want {
		h.Fatalf("%s is %v, want %v", what, got, want)
	}
}

// issue is a subject in repository r.
func issue(r int64, number int) hls.Subject {
	return hls.Subject{RepoID: r, Repo: fmt.Sprintf("acme/repo-%d", r), Kind: hls.KindIssue, Number: number}
}

// work is work on a subject by an event that occurred now.
func (h *house) work(s hls.Subject) record.NewTask {
	return record.NewTask{Subject: s, Purpose: "triage", Event: "issues", Action: "opened", Actor: "ann", Origin: hls.FromDelivery, OccurredAt: h.now()}
}

// delivery is a delivery like no other.
func (h *house) delivery(s hls.Subject) hls.Delivery {
	h.mu.Lock()
	h.made++
	n := h.made
	h.mu.Unlock()
	d := hls.Delivery{
		ID: fmt.Sprintf("guid-%d", n), RequestID: fmt.Sprintf("req-%d", n), HookID: "hook-1", Event: "issues", Action: "opened",
		Repo: s.Repo, RepoID: s.RepoID, Sender: "ann", ReceivedAt: h.now(),
	}
	return withBody(d, fmt.Sprintf(`{"delivery": %d}`, n))
}

func withBody(d hls.Delivery, body string) hls.Delivery {
	d.Body, d.Hash = []byte(body), sha256.Sum256([]byte(body))
	return d
}

func (h *house) add(in record.Intake) hls.Receipt {
	h.Helper()
	r, err := h.store.Add(h.ctx, in)
	h.must(err)
	return r
}

// accept stores a new delivery with the work and returns its task.
func (h *house) accept(w record.NewTask) int64 {
	h.Helper()
	r := h.add(record.Intake{Delivery: h.delivery(w.Subject), Work: &w})
	same(h, "class", r.Class, hls.Accepted)
	return r.TaskID
}

const lease = time.Minute

func (h *house) claim() hls.Task {
	h.Helper()
	task, err := h.store.Claim(h.ctx, "me", lease)
	h.must(err)
	return task
}

func (h *house) claims(id int64) hls.Task {
	h.Helper()
	task := h.claim()
	same(h, "claimed task", task.ID, id)
	return task
}

func (h *house) idle() {
	h.Helper()
	task, err := h.store.Claim(h.ctx, "me", lease)
	if !errors.Is(err, record.ErrNone) {
		h.Fatalf("claimed task %d (%v), want none", task.ID, err)
	}
}

func (h *house) finish(task hls.Task, o hls.Outcome) {
	h.Helper()
	h.must(h.store.Finish(h.ctx, task, o))
}

func (h *house) done(task hls.Task) { h.Helper(); h.finish(task, hls.Outcome{State: hls.Done}) }

func (h *house) task(id int64) hls.Task {
	h.Helper()
	task, err := h.store.Task(h.ctx, id)
	h.must(err)
	return task
}

func (h *house) is(id int64, state hls.State, reason string) {
	h.Helper()
	task := h.task(id)
	same(h, fmt.Sprintf("state of task %d", id), task.State, state)
	same(h, fmt.Sprintf("reason of task %d", id), task.Reason, reason)
}

func (h *house) stats() record.Stats {
	h.Helper()
	s, err := h.store.Stats(h.ctx)
	h.must(err)
	return s
}
