package recordtest

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func lookTests() map[string]func(*house) {
	return map[string]func(*house){
		"ListSelectsAndPages":   lists,
		"ListKnowsTheNewest":    newestTasks,
		"StatsOfTheQueue":       queueStats,
		"TalliesAreKept":        tallies,
		"SecretIsMadeOnce":      secret,
		"HealthyWrites":         healthy,
		"I2_ClosedIsNotWritten": closed,
	}
}

func lists(h *house) {
	for i := range 60 {
		w := h.work(issue(int64(1+i%2), i))
		if i%3 == 0 {
			w.Event = "pull_request"
		}
		h.accept(w)
	}
	first := h.claim()
	h.intend(first, comment(first, "r1"))
	entry := h.intend(first, comment(first, "r2"))[0].ID
	h.move(first, entry, hls.Intent, hls.Sending)
	h.move(first, entry, hls.Sending, hls.EffectDone)
	h.done(first)
	h.finish(h.claim(), hls.Outcome{State: hls.Parked, Reason: "refusal"})
	for _, c := range []struct {
		q    record.Query
		want int
	}{
		{record.Query{}, 50}, {record.Query{Limit: 1000}, 60}, {record.Query{Limit: 7}, 7},
		{record.Query{Repo: "acme/repo-1"}, 30}, {record.Query{Event: "pull_request"}, 20},
		{record.Query{State: hls.Done}, 1}, {record.Query{Subject: first.Subject.Key()}, 1}, {record.Query{Repo: "acme/none"}, 0},
		{record.Query{Repo: "acme/repo-1", Event: "pull_request", State: hls.Queued}, 9},
		{record.Query{Purpose: first.Purpose, Limit: 200}, 60}, {record.Query{Purpose: "another"}, 0},
		{record.Query{State: hls.Parked, Reason: "refusal"}, 1}, {record.Query{Reason: "no_such_reason"}, 0},
		{record.Query{Repo: "acme/repo-1", Number: 8}, 1}, {record.Query{Repo: "acme/repo-1", Number: 9}, 0}, {record.Query{Ref: "release/1"}, 0},
		{record.Query{Delivery: first.DeliveryID}, 1}, {record.Query{Delivery: "nobody's"}, 0}, {record.Query{Newest: true}, 50},
	} {
		list, err := h.store.List(h.ctx, c.q)
		h.must(err)
		same(h, fmt.Sprintf("rows of %+v", c.q), len(list), c.want)
	}
	list, err := h.store.List(h.ctx, record.Query{State: hls.Done})
	h.must(err)
	same(h, "effects done", list[0].Effects, 1)
	h.pages()
}

// Of a delivery that was replayed the newest task can be told from those before it.
func newestTasks(h *house) {
	w := h.work(hls.Subject{RepoID: 1, Repo: "acme/repo-1", Kind: hls.KindOther, Ref: "release/1"})
	old := h.accept(w)
	h.done(h.claims(old))
	other := h.accept(h.work(issue(1, 1)))
	w.Origin = hls.FromReplay
	replay, err := h.store.Enqueue(h.ctx, h.task(old).DeliveryID, w)
	h.must(err)
	for _, c := range []struct {
		q    record.Query
		want []int64
	}{
		{record.Query{Newest: true}, []int64{replay, other}},
		{record.Query{Newest: true, State: hls.Done}, nil},
		{record.Query{Ref: "release/1"}, []int64{replay, old}},
		{record.Query{Delivery: h.task(old).DeliveryID}, []int64{replay, old}},
	} {
		list, err := h.store.List(h.ctx, c.q)
		h.must(err)
		var got []int64
		for _, s := range list {
			got = append(got, s.Task.ID)
		}
		same(h, fmt.Sprintf("tasks of %+v", c.q), fmt.Sprint(got), fmt.Sprint(c.want))
	}
}

func (h *house) pages() {
	h.Helper()
	seen, before := map[int64]bool{}, int64(0)
	for {
		list, err := h.store.List(h.ctx, record.Query{Limit: 13, Before: before})
		h.must(err)
		for _, s := range list {
			if seen[s.Task.ID] || (before > 0 && s.Task.ID >= before) {
				h.Fatalf("task %d came twice or out of order", s.Task.ID)
			}
			seen[s.Task.ID], before = true, s.Task.ID
		}
		if len(list) == 0 {
			break
		}
	}
	same(h, "tasks on all pages", len(seen), 60)
}

func tallies(h *house) {
	h.must(h.store.Tally(h.ctx, "github_calls", 3))
	h.must(h.store.Tally(h.ctx, "github_calls", 4))
	h.restart()
	same(h, "calls", h.stats().Tallies["github_calls"], 7)
}

func queueStats(h *house) {
	h.accept(h.work(issue(1, 1)))
	h.pass(30 * time.Second)
	w := h.work(issue(1, 2))
	w.Debounce = time.Hour
	h.accept(w)
	s := h.stats()
	same(h, "pending", s.Pending, 2)
	same(h, "running", s.Running, 0)
	same(h, "oldest", s.Oldest, 30*time.Second)
	h.claim()
	s = h.stats()
	same(h, "pending", s.Pending, 1)
	same(h, "running", s.Running, 1)
	same(h, "oldest", s.Oldest, 0)
}

func secret(h *house) {
	var all sync.WaitGroup
	got := make([][]byte, 20)
	for i := range got {
		all.Go(func() {
			var err error
			if got[i], err = h.store.Secret(h.ctx, "marker"); err != nil {
				h.Error(err)
			}
		})
	}
	all.Wait()
	h.restart()
	again, err := h.store.Secret(h.ctx, "marker")
	h.must(err)
	other, err := h.store.Secret(h.ctx, "session")
	h.must(err)
	same(h, "length", len(again), 32)
	same(h, "another name has the same secret", bytes.Equal(other, again), false)
	for _, s := range got {
		same(h, "equal", bytes.Equal(s, again), true)
	}
}

func healthy(h *house) { h.must(h.store.Healthy(h.ctx)) }

func closed(h *house) {
	h.must(h.store.Close())
	h.must(h.store.Close())
	w := h.work(issue(1, 1))
	_, err := h.store.Add(h.ctx, record.Intake{Delivery: h.delivery(w.Subject), Work: &w})
	h.wants(err, record.ErrUnavailable)
	h.wants(h.store.Healthy(h.ctx), record.ErrUnavailable)
	h.store = h.open()
	h.idle()
}
