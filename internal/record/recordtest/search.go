package recordtest

import (
	"fmt"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func searchTests() map[string]func(*house) {
	return map[string]func(*house){
		"ListIsSearched":            searches,
		"ListReachesAsFarAsIsAsked": reaches,
		"TitlesGoWithThePayload":    titles,
		"LedgerByState":             ledgerByState,
		"HoursAreCounted":           hours,
	}
}

// found are the numbers of the subjects that a query lists.
func (h *house) found(q record.Query) string {
	h.Helper()
	list, err := h.store.List(h.ctx, q)
	h.must(err)
	numbers := []int{}
	for _, s := range list {
		numbers = append(numbers, s.Task.Subject.Number)
	}
	return fmt.Sprint(numbers)
}

func searches(h *house) {
	for i, title := range []string{"The 50% discount is lost", "Panics on an empty order", "back\\slash and under_score", ""} {
		w := h.work(issue(int64(1+i%2), i+1))
		w.Title, w.Actor = title, fmt.Sprintf("person-%d", i%3)
		h.accept(w)
	}
	h.finish(h.claim(), hls.Outcome{State: hls.Parked, Reason: "refusal"})
	for _, c := range []struct {
		q    record.Query
		want string
	}{
		{record.Query{Text: "PANICS"}, "[2]"}, {record.Query{Text: "50%"}, "[1]"}, {record.Query{Text: "5%d"}, "[]"},
		{record.Query{Text: "k\\s"}, "[3]"}, {record.Query{Text: "r_s"}, "[3]"}, {record.Query{Text: "n_s"}, "[]"},
		{record.Query{Text: "acme/repo-2#4"}, "[4]"}, {record.Query{Text: "person-1"}, "[2]"}, {record.Query{Text: "refus"}, "[1]"},
		{record.Query{Text: "issues.opened"}, "[4 3 2 1]"}, {record.Query{Text: "guid-3"}, "[3]"}, {record.Query{Text: "nowhere"}, "[]"},
		{record.Query{Actor: "person-0"}, "[4 1]"}, {record.Query{Actor: "person-0", Text: "discount"}, "[1]"}, {record.Query{Actor: "person"}, "[]"},
		{record.Query{Actor: "person-0", Repo: "acme/repo-2"}, "[4]"}, {record.Query{Repo: "acme/repo-1", Number: 3}, "[3]"},
		{record.Query{Number: 3}, "[3]"}, {record.Query{Actor: "person-0", State: hls.Queued}, "[4]"}, {record.Query{State: hls.Parked, Actor: "person-0"}, "[1]"},
		{record.Query{Reason: "refusal", Event: "issues"}, "[1]"}, {record.Query{Reason: "refusal", Event: "push"}, "[]"},
		{record.Query{Repo: "acme/repo-1", Event: "issues", State: hls.Done}, "[]"}, {record.Query{Event: "issues", Purpose: "triage", Newest: true}, "[4 3 2 1]"},
	} {
		same(h, fmt.Sprintf("found by %+v", c.q), h.found(c.q), c.want)
	}
	list, err := h.store.List(h.ctx, record.Query{Number: 2})
	h.must(err)
	same(h, "title", list[0].Title, "Panics on an empty order")
}

func reaches(h *house) {
	var ids []int64
	for i := range 9 {
		ids = append(ids, h.accept(h.work(issue(int64(1+i%2), i+1))))
	}
	for _, c := range []struct {
		q    record.Query
		n    int
		want int64
	}{
		{record.Query{}, 3, ids[6]}, {record.Query{}, 9, ids[0]}, {record.Query{}, 10, 0}, {record.Query{Text: "x"}, 3, ids[6]},
		{record.Query{Repo: "acme/repo-1"}, 2, ids[6]}, {record.Query{Repo: "acme/repo-1", Text: "x"}, 5, ids[0]}, {record.Query{Repo: "acme/repo-1"}, 6, 0},
		{record.Query{Repo: "acme/repo-1", Before: ids[6]}, 2, ids[2]}, {record.Query{Repo: "acme/none"}, 1, 0},
		{record.Query{State: hls.Queued}, 1, ids[8]}, {record.Query{Reason: "none"}, 1, 0}, {record.Query{Repo: "acme/repo-1", Number: 3}, 1, ids[2]},
	} {
		got, err := h.store.Reach(h.ctx, c.q, c.n)
		h.must(err)
		same(h, fmt.Sprintf("reach %d of %+v", c.n, c.q), got, c.want)
	}
	same(h, "after", h.found(record.Query{After: ids[5], Event: "issues"}), "[9 8 7]")
}

// What a delivery is about is shown for as long as its payload is kept, whatever made the task.
func titles(h *house) {
	w := h.work(issue(1, 1))
	w.Title = "Panics on an empty order"
	h.done(h.claims(h.accept(w)))
	task := h.task(1)
	again := h.work(issue(1, 1))
	again.Origin = hls.FromReplay
	id, err := h.store.Enqueue(h.ctx, task.DeliveryID, again)
	h.must(err)
	h.done(h.claims(id))
	shown := func() (all []string) {
		list, err := h.store.List(h.ctx, record.Query{})
		h.must(err)
		for _, s := range list {
			all = append(all, s.Title)
		}
		return all
	}
	same(h, "titles", fmt.Sprint(shown()), "[Panics on an empty order Panics on an empty order]")
	h.pass(2 * time.Hour)
	h.purge()
	same(h, "payload is kept", h.kept(task), false)
	same(h, "titles", fmt.Sprint(shown()), "[ ]")
}

func ledgerByState(h *house) {
	h.accept(h.work(issue(1, 1)))
	task := h.claim()
	states := []hls.EffectState{hls.EffectShadow, hls.EffectProposed, hls.EffectStale, hls.EffectFailed}
	for i, state := range states {
		entry := h.intend(task, comment(task, fmt.Sprint("r", i)))[0].ID
		h.move(task, entry, hls.Intent, state)
	}
	for _, state := range states {
		rows, err := h.store.Ledger(h.ctx, record.LedgerQuery{State: state})
		h.must(err)
		same(h, fmt.Sprintf("rows that are %s", state), len(rows), 1)
		same(h, "state", rows[0].State, state)
	}
	rows, err := h.store.Ledger(h.ctx, record.LedgerQuery{})
	h.must(err)
	same(h, "rows", len(rows), len(states))
}

func hours(h *house) {
	start := h.now()
	h.accept(h.work(issue(1, 1)))
	h.finish(h.claim(), hls.Outcome{State: hls.Done, Spent: 3 * time.Second})
	h.pass(2 * time.Hour)
	h.must(h.store.Count(h.ctx, hls.Rejected, "signature"))
	h.spend(h.running(h.work(issue(1, 2))), 500)
	list, err := h.store.Hours(h.ctx, start.Add(-24*time.Hour))
	h.must(err)
	same(h, "hours", len(list), 2)
	same(h, "first hour", list[0].At, start.Truncate(time.Hour))
	same(h, "second hour", list[1].At, start.Truncate(time.Hour).Add(2*time.Hour))
	same(h, "accepted at first", list[0].Requests[string(hls.Accepted)], 1)
	same(h, "done at first", list[0].Outcomes[string(hls.Done)], 1)
	same(h, "seconds at first", list[0].Processing.Sum, 3)
	same(h, "rejected then", list[1].Requests[string(hls.Rejected)], 1)
	same(h, "calls then", list[1].Calls, 1)
	same(h, "micro-dollars then", list[1].Spend.CostMicroUSD, 500)
	list, err = h.store.Hours(h.ctx, start.Add(time.Hour))
	h.must(err)
	same(h, "hours of late", len(list), 1)
	list, err = h.store.Hours(h.ctx, h.now().Add(time.Hour))
	h.must(err)
	same(h, "hours to come", len(list), 0)
}
