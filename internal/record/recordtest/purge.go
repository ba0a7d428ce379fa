package recordtest

import (
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func purgeTests() map[string]func(*house) {
	return map[string]func(*house){
		"PurgeTakesTextsOfEndedTasks": purgeEnded,
		"PurgeSparesOpenTasks":        purgeOpen,
		"I3_PurgedIsStillADuplicate":  purgedDuplicate,
	}
}

// ended is a task that is done, with its analysis.
func (h *house) ended() hls.Task {
	h.Helper()
	h.accept(h.work(issue(1, 1)))
	task := h.claim()
	h.must(h.store.SaveAnalysis(h.ctx, task, 0, h.analysis(task, "r1")))
	h.must(h.store.Finish(h.ctx, task, hls.Outcome{State: hls.Done}))
	return task
}

func (h *house) kept(task hls.Task) bool {
	h.Helper()
	d, err := h.store.Delivery(h.ctx, task.DeliveryID)
	h.must(err)
	return len(d.Body) > 0
}

func (h *house) purge() {
	h.Helper()
	more, err := h.store.Purge(h.ctx, record.Cutoff{Payloads: h.now().Add(-time.Hour), Analyses: h.now().Add(-time.Hour)})
	h.must(err)
	same(h, "more", more, false)
}

func purgeEnded(h *house) {
	task := h.ended()
	h.purge()
	same(h, "payload is kept", h.kept(task), true)
	h.pass(2 * time.Hour)
	h.purge()
	same(h, "payload is kept", h.kept(task), false)
	a, err := h.store.Analysis(h.ctx, task.ID)
	h.must(err)
	same(h, "revision", a.Revision, "r1")
	same(h, "texts", len(a.Answer)+len(a.Prompt.System)+len(a.Prompt.User)+len(a.Prompt.Schema), 0)
}

func purgeOpen(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	h.pass(2 * time.Hour)
	h.purge()
	task := h.claims(id)
	same(h, "payload is kept", h.kept(task), true)
	h.must(h.store.Finish(h.ctx, task, hls.Outcome{State: hls.Parked, Reason: "schema"}))
	h.purge()
	same(h, "payload is kept", h.kept(task), true)
}

func purgedDuplicate(h *house) {
	w := h.work(issue(1, 1))
	d := h.delivery(w.Subject)
	h.add(record.Intake{Delivery: d, Work: &w})
	task := h.claim()
	h.must(h.store.Finish(h.ctx, task, hls.Outcome{State: hls.Done}))
	h.pass(2 * time.Hour)
	h.purge()
	other := d
	other.ID = "another-id"
	same(h, "class by body", h.add(record.Intake{Delivery: other, Work: &w}).Class, hls.Duplicate)
	same(h, "class by id", h.add(record.Intake{Delivery: d, Work: &w}).Class, hls.Duplicate)
}
