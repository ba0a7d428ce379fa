package recordtest

import (
	"context"
	"errors"
	"sync"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// unsettledLadder: what a crash left set aside stays spent on every cap, and holds work on the ladder.
func unsettledLadder(h *house) {
	task := h.running(h.work(issue(1, 1)))
	h.fits(hls.Reservation{Task: task, MicroUSD: 850_000})
	h.restart()
	h.pass(record.OpenWindow)
	task = h.claim()
	ladder := hls.Ladder{CheaperAt: 0.5, LabelsOnlyAt: 0.85}
	for name, b := range map[string]hls.Budget{
		"claude.budget.daily_usd":                  {DailyUSD: 1, Ladder: ladder},
		"claude.budget.monthly_usd":                {MonthlyUSD: 1, Ladder: ladder},
		"claude.budget.per_repository_daily_usd":   {PerRepoDailyUSD: 1, Ladder: ladder},
		"claude.budget.per_repository_monthly_usd": {PerRepoMonthlyUSD: 1, Ladder: ladder},
		"claude.budget.per_actor_daily_usd":        {PerActorDailyUSD: 1, Ladder: ladder},
	} {
		for _, step := range []hls.Step{hls.AsAsked, hls.Cheaper} {
			_, err := h.store.Reserve(h.ctx, hls.Reservation{Task: task, MicroUSD: 1, Budget: b, Step: step})
			var c *hls.Capped
			if !errors.As(err, &c) || c.Cap != name {
				h.Errorf("step %d of %s: %v", step, name, err)
			}
		}
		_, err := h.store.Reserve(h.ctx, hls.Reservation{Task: task, MicroUSD: 150_001, Budget: b, Step: hls.LabelsOnly})
		var c *hls.Capped
		if !errors.As(err, &c) || c.Cap != name {
			h.Errorf("more than what is left of %s: %v", name, err)
		}
	}
	h.fits(hls.Reservation{Task: task, MicroUSD: 150_000, Budget: hls.Budget{DailyUSD: 1, Ladder: ladder}, Step: hls.LabelsOnly})
}

// racer is one of many who want money at the same time: it asks as the service does, from the best step of the ladder down.
type racer struct {
	task  hls.Task
	asked bool
}

// races reserves and settles until there is no more money to be had, or spend, which is told what stays spent, has enough.
// Of three reservations one is never settled, one costs half of it, and one nothing.
func (r racer) races(ctx context.Context, store record.Store, spend func(micro int64) (more bool)) error {
	for n, more := 0, true; more; n++ {
		id, micro, err := r.reserves(ctx, store)
		var c *hls.Capped
		switch {
		case errors.As(err, &c):
			return nil
		case err != nil:
			return err
		case n%3 == 0:
			more = spend(micro)
		case n%3 == 1:
			more = spend(micro / 2)
			err = store.Settle(ctx, id, "m", usd(micro/2))
		default:
			err = store.Settle(ctx, id, "m", hls.Usage{})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reserves sets money aside on the first step that there is room for.
func (r racer) reserves(ctx context.Context, store record.Store) (id, micro int64, err error) {
	want := hls.Reservation{Task: r.task, Budget: lastDollarBudget(), Asked: r.asked}
	for _, want.Step = range []hls.Step{hls.AsAsked, hls.Cheaper, hls.LabelsOnly} {
		want.MicroUSD = 40_000 >> (2 * want.Step)
		if id, err = store.Reserve(ctx, want); err == nil {
			break
		}
	}
	return id, want.MicroUSD, err
}

// lastDollarBudget has the ladder, and a tenth for commands.
func lastDollarBudget() hls.Budget {
	return hls.Budget{
		DailyUSD: 1, MonthlyUSD: 5, PerRepoMonthlyUSD: 3, PerActorDailyUSD: 4,
		Ladder: hls.Ladder{CheaperAt: 0.5, LabelsOnlyAt: 0.8, CommandReserve: 0.1},
	}
}

// lastDollar: 64 at once, of whom some crash before they settle, spend what there is and never more. What nobody asked for
// leaves the reserve alone, and commands use it.
func lastDollar(h *house) {
	var racers []racer
	for i := range 64 {
		racers = append(racers, racer{h.running(h.work(issue(int64(i%3), i))), false})
	}
	h.race(racers, func(int) record.Store { return h.store }, 900_000)
	for i := range racers {
		racers[i].asked = i%2 == 0
	}
	h.race(racers, func(int) record.Store { return h.store }, 1_000_000)
}

// race lets all run, and sees that what is spent comes to a sum and is never more.
func (h *house) race(racers []racer, of func(int) record.Store, want int64) {
	h.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	spent := h.stats().Today.All
	for i, r := range racers {
		all.Go(func() {
			err := r.races(h.ctx, of(i), func(micro int64) bool {
				mu.Lock()
				defer mu.Unlock()
				spent += micro
				return spent <= want
			})
			if err != nil {
				h.Error(err)
			}
		})
	}
	all.Wait()
	if got := h.stats().Today.All; got != spent || got > want || got < want-40_000 {
		h.Errorf("%d micro-dollars are set aside or spent, the record has %d, there were %d", spent, got, want)
	}
}

// commandReserve: what is kept for commands is theirs alone, and no more than the cap is theirs.
func commandReserve(h *house) {
	task := h.running(h.work(issue(1, 1)))
	b := hls.Budget{DailyUSD: 1, Ladder: hls.Ladder{CheaperAt: 0.1, LabelsOnlyAt: 0.2, CommandReserve: 0.25}}
	day := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	h.spend(task, 700_000)
	h.capped(hls.Reservation{Task: task, MicroUSD: 50_001, Budget: b, Step: hls.LabelsOnly}, "claude.budget.daily_usd", day)
	h.capped(hls.Reservation{Task: task, MicroUSD: 300_001, Budget: b, Asked: true}, "claude.budget.daily_usd", day)
	h.fits(hls.Reservation{Task: task, MicroUSD: 300_000, Budget: b, Asked: true})
}

// sumsFollow: the sums that caps are measured by are those of the calls, whatever became of each.
func sumsFollow(h *house) {
	task := h.running(h.work(issue(1, 1)))
	h.must(h.store.Renew(h.ctx, task, 90*24*time.Hour))
	for _, micro := range []int64{100, 200, 300} {
		h.spend(task, micro)
		h.pass(24 * time.Hour)
	}
	h.must(h.store.Settle(h.ctx, h.fits(hls.Reservation{Task: task, MicroUSD: 7000}), "m", hls.Usage{}))
	h.fits(hls.Reservation{Task: task, MicroUSD: 40})
	s := h.stats()
	same(h, "today", s.Today, record.Money{All: 40, Open: 40})
	same(h, "this month", s.Month, record.Money{All: 640, Open: 40})
	same(h, "days", len(s.Days), 4)
	first := time.Date(2026, 3, 17, 0, 0, 0, 0, time.UTC)
	for i, want := range []int64{40, 300, 200, 100} {
		same(h, "day", s.Days[i].Day.UTC(), first.AddDate(0, 0, -i))
		same(h, "spent on it", s.Days[i].MicroUSD, want)
	}
	h.pass(record.OpenWindow)
	same(h, "set aside by nobody who lives", h.stats().Today, record.Money{All: 40})
	h.pass(40 * 24 * time.Hour)
	same(h, "another month", h.stats().Month, record.Money{})
}

// countedFor: what was spent is told by model, by what it was for and by repository; what cost nothing is not told.
func countedFor(h *house) {
	w := h.work(issue(2, 3))
	w.Purpose, w.Event = "objection-12", "pull_request_review_comment"
	one, other := h.running(h.work(issue(1, 1))), h.running(w)
	pay := func(task hls.Task, model string, micro int64) {
		h.must(h.store.Settle(h.ctx, h.fits(hls.Reservation{Task: task, MicroUSD: 900}), model, usd(micro)))
	}
	pay(one, "small", 10)
	pay(one, "large/er", 300)
	pay(other, "small", 5)
	h.must(h.store.Settle(h.ctx, h.fits(hls.Reservation{Task: one, MicroUSD: 900}), "none", hls.Usage{}))
	h.must(h.store.SaveAnalysis(h.ctx, one, h.fits(hls.Reservation{Task: one, MicroUSD: 900}), hls.Analysis{Model: "small", Answer: []byte(`{}`), Usage: usd(1)}))
	s := h.stats()
	same(h, "models", len(s.Models), 2)
	same(h, "small", s.Models["small"], record.Bill{Calls: 3, MicroUSD: 16})
	same(h, "large", s.Models["large/er"], record.Bill{Calls: 1, MicroUSD: 300})
	same(h, "kinds of work", len(s.Work), 2)
	same(h, "triage", s.Work["issues/triage"], record.Bill{Calls: 3, MicroUSD: 311})
	same(h, "objections", s.Work["pull_request_review_comment/objection"], record.Bill{Calls: 1, MicroUSD: 5})
	same(h, "repositories", len(s.RepoSpend), 2)
	same(h, "one", s.RepoSpend["acme/repo-1"], 311)
	same(h, "other", s.RepoSpend["acme/repo-2"], 5)
}
