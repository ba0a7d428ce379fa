package recordtest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func proposalTests() map[string]func(*house) {
	return map[string]func(*house){
		"ProposalsWaitForAPerson":        proposalsWait,
		"E1_ApprovedIsWhatWasStored":     approvedIsStored,
		"ApprovedOnce":                   approvedOnce,
		"RejectedStaysSo":                rejected,
		"NewerProposalTakesThePlace":     newerProposal,
		"E5_ApprovedIsUndecidedOfItsOwn": approvedUndecided,
		"LedgerSelectsAndPages":          ledgerPages,
	}
}

// proposes has a task of an issue plan a comment and labels that wait for approval.
func (h *house) proposes(number int, revision string) (hls.Task, []hls.Entry) {
	h.Helper()
	h.accept(h.work(issue(1, number)))
	task := h.claim()
	labels := hls.Effect{Kind: hls.AddLabels, Subject: task.Subject, Purpose: task.Purpose, Revision: revision, Labels: []hls.Label{{Name: "bug"}}}
	entries := h.intend(task, labels, comment(task, revision))
	for _, e := range entries {
		h.move(task, e.ID, hls.Intent, hls.EffectProposed)
	}
	h.done(task)
	return task, entries
}

func (h *house) ledger(q record.LedgerQuery) []hls.Entry {
	h.Helper()
	rows, err := h.store.Ledger(h.ctx, q)
	h.must(err)
	return rows
}

func (h *house) states(task hls.Task) string {
	h.Helper()
	rows, err := h.store.Effects(h.ctx, task.ID)
	h.must(err)
	var out []hls.EffectState
	for _, e := range rows {
		out = append(out, e.State)
	}
	return fmt.Sprint(out)
}

func proposalsWait(h *house) {
	task, _ := h.proposes(1, "r1")
	h.idle()
	h.restart()
	h.idle()
	same(h, "states", h.states(task), "[proposed proposed]")
	undecided, err := h.store.Undecided(h.ctx, task.Subject)
	h.must(err)
	same(h, "undecided", len(undecided), 0)
}

func approvedIsStored(h *house) {
	task, entries := h.proposes(1, "r1")
	tasks, err := h.store.Approve(h.ctx, []int64{entries[1].ID, entries[0].ID}, "mona")
	h.must(err)
	same(h, "tasks", len(tasks), 1)
	carrier := h.claims(tasks[0])
	same(h, "origin", carrier.Origin, hls.FromApproval)
	same(h, "subject", carrier.Subject, task.Subject)
	same(h, "delivery", carrier.DeliveryID, task.DeliveryID)
	same(h, "actor", carrier.Actor, "mona")
	rows, err := h.store.Effects(h.ctx, carrier.ID)
	h.must(err)
	same(h, "rows", len(rows), 2)
	for i, e := range rows {
		same(h, "state", e.State, hls.Intent)
		same(h, "planner", e.TaskID, task.ID)
		same(h, "carrier", e.Carrier, carrier.ID)
		same(h, "decided by", e.DecidedBy, "mona")
		same(h, "effect", fmt.Sprint(e.Effect), fmt.Sprint(entries[i].Effect))
		h.move(carrier, e.ID, hls.Intent, hls.Sending)
		h.move(carrier, e.ID, hls.Sending, hls.EffectDone)
	}
	h.done(carrier)
	same(h, "states", h.states(task), "[done done]")
}

func approvedOnce(h *house) {
	_, entries := h.proposes(1, "r1")
	_, others := h.proposes(2, "r1")
	for _, ids := range [][]int64{{entries[0].ID, 999}, {999}} {
		_, err := h.store.Approve(h.ctx, ids, "mona")
		h.wants(err, hls.ErrNotFound)
	}
	h.idle() // all or none
	tasks, err := h.store.Approve(h.ctx, []int64{entries[0].ID, others[0].ID, others[1].ID}, "mona")
	h.must(err)
	same(h, "tasks", len(tasks), 2)
	var decided *record.NotProposed
	if _, err := h.store.Approve(h.ctx, []int64{entries[1].ID, entries[0].ID}, "paul"); !errors.As(err, &decided) || decided.ID != entries[0].ID || decided.State != hls.Intent {
		h.Fatalf("approved twice: %v", err)
	}
	if err := h.store.Reject(h.ctx, []int64{entries[0].ID}, "paul"); !errors.As(err, &decided) {
		h.Fatalf("rejected what was approved: %v", err)
	}
	// What is approved later of the same plan takes nothing from what was approved before.
	later, err := h.store.Approve(h.ctx, []int64{entries[1].ID}, "paul")
	h.must(err)
	h.is(tasks[0], hls.Queued, "")
	h.is(later[0], hls.Queued, "")
	first := h.claims(tasks[0])
	rows, err := h.store.Effects(h.ctx, first.ID)
	h.must(err)
	same(h, "rows of the first", len(rows), 1)
}

func rejected(h *house) {
	task, entries := h.proposes(1, "r1")
	h.must(h.store.Reject(h.ctx, []int64{entries[0].ID}, "mona"))
	same(h, "states", h.states(task), "[rejected proposed]")
	h.idle()
	same(h, "decided by", h.ledger(record.LedgerQuery{State: hls.EffectRejected})[0].DecidedBy, "mona")
	again := h.running(h.work(issue(1, 1)))
	same(h, "the same once more", h.intend(again, entries[0].Effect)[0].State, hls.EffectRejected)
}

func newerProposal(h *house) {
	first, _ := h.proposes(1, "r1")
	other, _ := h.proposes(2, "r1")
	second, entries := h.proposes(1, "r2")
	same(h, "states of the first", h.states(first), "[stale stale]")
	same(h, "states of another subject", h.states(other), "[proposed proposed]")
	same(h, "states of the second", h.states(second), "[proposed proposed]")
	h.must(h.store.Reject(h.ctx, []int64{entries[0].ID}, "mona"))
	h.proposes(1, "r3")
	same(h, "what was decided stays", h.states(second), "[rejected stale]")
}

// approvedUndecided: what an approval was sending is its own while it runs, and anybody's to settle afterwards.
func approvedUndecided(h *house) {
	task, entries := h.proposes(1, "r1")
	tasks, err := h.store.Approve(h.ctx, []int64{entries[1].ID}, "mona")
	h.must(err)
	carrier := h.claims(tasks[0])
	h.move(carrier, entries[1].ID, hls.Intent, hls.Sending)
	live := func() bool {
		h.Helper()
		rows, err := h.store.Undecided(h.ctx, task.Subject)
		h.must(err)
		same(h, "undecided", len(rows), 1)
		same(h, "carrier", rows[0].Carrier, carrier.ID)
		return rows[0].Live
	}
	same(h, "live while it runs", live(), true)
	h.finish(carrier, hls.Outcome{State: hls.Parked, Reason: "x"})
	same(h, "live afterwards", live(), false)
}

func ledgerPages(h *house) {
	var ids []int64
	for n := range 3 {
		task, entries := h.proposes(n+1, "r1")
		ids = append(ids, entries[0].ID, entries[1].ID)
		same(h, "of a delivery", len(h.ledger(record.LedgerQuery{Delivery: task.DeliveryID})), 2)
	}
	_, err := h.store.Approve(h.ctx, ids[:1], "mona")
	h.must(err)
	for _, test := range []struct {
		q    record.LedgerQuery
		want []int64
	}{
		{record.LedgerQuery{}, []int64{ids[5], ids[4], ids[3], ids[2], ids[1], ids[0]}},
		{record.LedgerQuery{State: hls.EffectProposed}, []int64{ids[5], ids[4], ids[3], ids[2], ids[1]}},
		{record.LedgerQuery{State: hls.EffectProposed, Kind: hls.AddLabels}, []int64{ids[4], ids[2]}},
		{record.LedgerQuery{Before: ids[4], Limit: 2}, []int64{ids[3], ids[2]}},
		{record.LedgerQuery{State: hls.EffectProposed, Oldest: true, Limit: 2}, []int64{ids[1], ids[2]}},
		{record.LedgerQuery{State: hls.EffectProposed, Oldest: true, After: ids[2], Limit: 2}, []int64{ids[3], ids[4]}},
		{record.LedgerQuery{State: hls.EffectProposed, Oldest: true, Since: h.now().Add(time.Minute)}, nil},
		{record.LedgerQuery{Repo: issue(1, 1).Repo, Limit: 1}, []int64{ids[5]}},
		{record.LedgerQuery{Repo: "nobody/nothing"}, nil},
	} {
		var got []int64
		for _, e := range h.ledger(test.q) {
			got = append(got, e.ID)
		}
		if !slices.Equal(got, test.want) {
			h.Errorf("%+v: rows %v, want %v", test.q, got, test.want)
		}
	}
}
