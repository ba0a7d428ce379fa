package recordtest

import (
	"time"

	"hls/internal/hls"
)

func leaseTests() map[string]func(*house) {
	return map[string]func(*house){
		"E5_LostLeaseWritesNothing": lostLease,
		"RenewKeepsTheLease":        renewKeeps,
		"ExpiredLeaseIsTakenOver":   expired,
	}
}

// lostLease: every write for a task fails once another run has it, and changes nothing.
func lostLease(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	lost := h.claim()
	effect := hls.Effect{Kind: hls.UpsertComment, Subject: lost.Subject, Purpose: lost.Purpose}
	entries, err := h.store.Intend(h.ctx, lost, []hls.Effect{effect})
	h.must(err)
	h.pass(2 * lease)
	task := h.claims(id)
	for what, write := range map[string]func() error{
		"Renew":        func() error { return h.store.Renew(h.ctx, lost, lease) },
		"Finish":       func() error { return h.store.Finish(h.ctx, lost, hls.Outcome{State: hls.Done}) },
		"Release":      func() error { return h.store.Release(h.ctx, lost) },
		"SaveAnalysis": func() error { return h.store.SaveAnalysis(h.ctx, lost, 0, hls.Analysis{Answer: []byte(`{}`)}) },
		"SavePlan":     func() error { return h.store.SavePlan(h.ctx, lost, hls.Plan{}) },
		"Intend": func() error {
			effect.Nonce = "x"
			_, err := h.store.Intend(h.ctx, lost, []hls.Effect{effect})
			return err
		},
		"Move": func() error {
			return h.store.Move(h.ctx, lost, entries[0].ID, hls.Move{From: hls.Intent, To: hls.Sending})
		},
		"Reserve": func() error {
			_, err := h.store.Reserve(h.ctx, hls.Reservation{Task: lost})
			return err
		},
	} {
		h.Log(what)
		h.wants(write(), hls.ErrLost)
	}
	_, err = h.store.Analysis(h.ctx, id)
	h.wants(err, hls.ErrNotFound)
	_, err = h.store.Plan(h.ctx, id)
	h.wants(err, hls.ErrNotFound)
	rows, err := h.store.Effects(h.ctx, id)
	h.must(err)
	same(h, "effects", len(rows), 1)
	same(h, "state", rows[0].State, hls.Intent)
	same(h, "state", h.task(id).State, hls.Running)
	same(h, "epoch", h.task(id).Lease.Epoch, task.Lease.Epoch)
	h.done(task)
	h.wants(h.store.Finish(h.ctx, task, hls.Outcome{State: hls.Done}), hls.ErrLost)
}

func renewKeeps(h *house) {
	h.accept(h.work(issue(1, 1)))
	task := h.claim()
	for range 5 {
		h.pass(lease - time.Second)
		h.idle()
		h.must(h.store.Renew(h.ctx, task, lease))
	}
	h.done(task)
}

// expired: newer work that came in meanwhile takes the place of a task whose run went silent.
func expired(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	h.claim()
	h.pass(lease)
	same(h, "attempt", h.claims(id).Attempt, 2)
	newer := h.accept(h.work(issue(1, 1)))
	h.pass(lease)
	h.claims(newer)
	same(h, "state", h.task(id).State, hls.Superseded)
}
