package recordtest

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func spendTests() map[string]func(*house) {
	return map[string]func(*house){
		"S3_EveryCap":                   everyCap,
		"S3_CapsOfOneAreItsOwn":         capsOfOne,
		"S3_NeverExceededTogether":      together,
		"S3_UnsettledStaysSpent":        unsettled,
		"S3_UnsettledCountsOnTheLadder": unsettledLadder,
		"S3_SixtyFourForTheLastDollar":  lastDollar,
		"S3_ReserveIsForCommands":       commandReserve,
		"S3_SumsFollowTheCalls":         sumsFollow,
		"SpendIsCountedByWhatItWasFor":  countedFor,
		"S3_SettledGivesBack":           givesBack,
		"S3_MoreThanTheCapNeverLifts":   neverLifts,
		"E7_SubjectCap":                 subjectCap,
		"E7_CountedTogether":            countedTogether,
		"E7_UnansweredCallsDoNotCount":  unanswered,
		"E7_ActorCapCountsTasks":        actorCap,
		"SettledTwiceTheFirstStands":    settledTwice,
		"SettleOfNothingIsNotFound":     settleNothing,
		"S3_DaysAndMonthsBeginAtUTC":    windows,
		"S3_OpenCallsAreWaitedForBrief": waitsBriefly,
		"S3_AsideNeedsNoTask":           aside,
	}
}

func usd(micro int64) hls.Usage { return hls.Usage{InputTokens: 1, CostMicroUSD: micro} }

// running claims a task of a new delivery.
func (h *house) running(w record.NewTask) hls.Task {
	h.Helper()
	return h.claims(h.accept(w))
}

// spend reserves and settles what a call costs.
func (h *house) spend(task hls.Task, micro int64) {
	h.Helper()
	id, err := h.store.Reserve(h.ctx, hls.Reservation{Task: task, MicroUSD: micro})
	h.must(err)
	h.must(h.store.Settle(h.ctx, id, "m", usd(micro)))
}

func (h *house) capped(r hls.Reservation, name string, until time.Time) {
	h.Helper()
	_, err := h.store.Reserve(h.ctx, r)
	var c *hls.Capped
	if !errors.As(err, &c) {
		h.Fatalf("reserve returned %v, want %s", err, name)
	}
	same(h, "cap", c.Cap, name)
	if !c.Until.Equal(until) {
		h.Fatalf("%s lifts at %v, want %v", name, c.Until, until)
	}
}

func (h *house) fits(r hls.Reservation) int64 {
	h.Helper()
	id, err := h.store.Reserve(h.ctx, r)
	h.must(err)
	return id
}

func everyCap(h *house) {
	one, other := h.running(h.work(issue(1, 1))), h.running(h.work(issue(2, 1)))
	h.spend(one, 600_000)
	day := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	month := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	ask := func(task hls.Task, b hls.Budget) hls.Reservation {
		return hls.Reservation{Task: task, MicroUSD: 400_001, Budget: b}
	}
	h.capped(ask(other, hls.Budget{DailyUSD: 1}), "claude.budget.daily_usd", day)
	h.capped(ask(other, hls.Budget{MonthlyUSD: 1}), "claude.budget.monthly_usd", month)
	h.capped(ask(one, hls.Budget{PerRepoDailyUSD: 1}), "claude.budget.per_repository_daily_usd", day)
	h.fits(ask(other, hls.Budget{PerRepoDailyUSD: 1}))
	h.fits(hls.Reservation{Task: one, MicroUSD: 400_000, Budget: hls.Budget{PerRepoDailyUSD: 1}})
	h.fits(ask(one, hls.Budget{}))
}

// capsOfOne: the caps of a repository's month and of a person's day are measured by what they alone have spent.
func capsOfOne(h *house) {
	one, other := h.running(h.work(issue(1, 1))), h.running(h.work(issue(2, 1)))
	w := h.work(issue(1, 2))
	w.Actor = "bob"
	bobs := h.running(w)
	h.spend(one, 600_000)
	day := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	month := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	ask := func(task hls.Task, b hls.Budget) hls.Reservation {
		return hls.Reservation{Task: task, MicroUSD: 400_001, Budget: b}
	}
	monthly, actors := hls.Budget{PerRepoMonthlyUSD: 1}, hls.Budget{PerActorDailyUSD: 1}
	h.capped(ask(bobs, monthly), "claude.budget.per_repository_monthly_usd", month)
	h.capped(ask(other, actors), "claude.budget.per_actor_daily_usd", day)
	h.must(h.store.Settle(h.ctx, h.fits(ask(other, monthly)), "m", usd(0)))
	h.must(h.store.Settle(h.ctx, h.fits(ask(bobs, actors)), "m", usd(0)))
	h.must(h.store.Renew(h.ctx, other, 48*time.Hour))
	h.must(h.store.Renew(h.ctx, bobs, 48*time.Hour))
	h.pass(day.Sub(h.now()))
	h.fits(ask(other, actors))
	h.capped(ask(bobs, monthly), "claude.budget.per_repository_monthly_usd", month)
}

// together: however many reserve at once, what they set aside stays within the cap.
func together(h *house) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var got int64
	for i := range 40 {
		task := h.running(h.work(issue(int64(i%3), i)))
		all.Go(func() {
			for range 5 {
				_, err := h.store.Reserve(h.ctx, hls.Reservation{Task: task, MicroUSD: 30_000, Budget: hls.Budget{DailyUSD: 1}})
				var c *hls.Capped
				switch {
				case err == nil:
					mu.Lock()
					got += 30_000
					mu.Unlock()
				case !errors.As(err, &c):
					h.Error(err)
				}
			}
		})
	}
	all.Wait()
	same(h, "set aside", got, 990_000)
}

func unsettled(h *house) {
	task := h.running(h.work(issue(1, 1)))
	h.fits(hls.Reservation{Task: task, MicroUSD: 900_000})
	h.restart()
	h.pass(time.Hour)
	task = h.claim()
	day := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	h.capped(hls.Reservation{Task: task, MicroUSD: 200_000, Budget: hls.Budget{DailyUSD: 1}}, "claude.budget.daily_usd", day)
}

func givesBack(h *house) {
	task := h.running(h.work(issue(1, 1)))
	r := hls.Reservation{Task: task, MicroUSD: 900_000, Budget: hls.Budget{DailyUSD: 1}}
	for range 5 {
		h.must(h.store.Settle(h.ctx, h.fits(r), "m", usd(10_000)))
	}
	same(h, "spent", h.stats().Spend.CostMicroUSD, 50_000)
	same(h, "calls", h.stats().Calls, 5)
}

func neverLifts(h *house) {
	task := h.running(h.work(issue(1, 1)))
	h.capped(hls.Reservation{Task: task, MicroUSD: 1_000_001, Budget: hls.Budget{DailyUSD: 1}}, "claude.budget.daily_usd", time.Time{})
}

func subjectCap(h *house) {
	task := h.running(h.work(issue(1, 1)))
	start := h.now()
	for range 3 {
		h.fits(hls.Reservation{Task: task, SubjectDaily: 3})
		h.pass(time.Second)
	}
	h.must(h.store.Renew(h.ctx, task, 48*time.Hour))
	name := "processing.analyses_per_subject_per_day"
	h.capped(hls.Reservation{Task: task, SubjectDaily: 3}, name, start.Add(24*time.Hour))
	h.fits(hls.Reservation{Task: h.running(h.work(issue(1, 2))), SubjectDaily: 3})
	h.pass(start.Add(24*time.Hour - time.Second).Sub(h.now()))
	h.capped(hls.Reservation{Task: task, SubjectDaily: 3}, name, start.Add(24*time.Hour))
	h.pass(time.Second)
	h.fits(hls.Reservation{Task: task, SubjectDaily: 3})
	h.capped(hls.Reservation{Task: task, SubjectDaily: 3}, name, start.Add(24*time.Hour+time.Second))
}

// Tasks of several subjects that count under one have its cap together, and leave their own subjects' alone.
func countedTogether(h *house) {
	together := hls.Subject{RepoID: 1, Repo: "acme/widgets", Kind: hls.KindOther, Ref: "ci/pull/1"}
	first, second := h.running(h.work(issue(1, 1))), h.running(h.work(issue(1, 2)))
	start := h.now()
	h.fits(hls.Reservation{Task: first, SubjectDaily: 2, Counted: &together})
	h.fits(hls.Reservation{Task: second, SubjectDaily: 2, Counted: &together})
	h.capped(hls.Reservation{Task: first, SubjectDaily: 2, Counted: &together}, "processing.analyses_per_subject_per_day", start.Add(24*time.Hour))
	h.fits(hls.Reservation{Task: first, SubjectDaily: 1})

	crowd := hls.Subject{RepoID: 1, Repo: "acme/widgets", Kind: hls.KindOther, Ref: "ci/pull/2"}
	var all sync.WaitGroup
	var fit atomic.Int64
	for i := range 20 {
		task := h.running(h.work(issue(1, 10+i)))
		all.Go(func() {
			if _, err := h.store.Reserve(h.ctx, hls.Reservation{Task: task, SubjectDaily: 3, Counted: &crowd}); err == nil {
				fit.Add(1)
			}
		})
	}
	all.Wait()
	same(h, "fit at once", fit.Load(), 3)
}

func unanswered(h *house) {
	task := h.running(h.work(issue(1, 1)))
	r := hls.Reservation{Task: task, MicroUSD: 900_000, SubjectDaily: 1, Budget: hls.Budget{DailyUSD: 1, PerActorDailyTasks: 1}}
	for range 5 {
		h.must(h.store.Settle(h.ctx, h.fits(r), "m", hls.Usage{}))
	}
	same(h, "calls", h.stats().Calls, 0)
	h.must(h.store.Settle(h.ctx, h.fits(r), "m", usd(0)))
	r.Task = h.running(h.work(issue(1, 2)))
	h.capped(r, "claude.budget.per_actor_daily_events", time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC))
}

func actorCap(h *house) {
	b := hls.Budget{PerActorDailyTasks: 2}
	first := h.running(h.work(issue(1, 1)))
	for range 3 {
		h.fits(hls.Reservation{Task: first, Budget: b})
	}
	h.fits(hls.Reservation{Task: h.running(h.work(issue(1, 2))), Budget: b})
	h.fits(hls.Reservation{Task: first, Budget: b})
	third := h.running(h.work(issue(1, 3)))
	midnight := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	h.capped(hls.Reservation{Task: third, Budget: b}, "claude.budget.per_actor_daily_events", midnight)
	w := h.work(issue(1, 4))
	w.Actor = "bob"
	h.fits(hls.Reservation{Task: h.running(w), Budget: b})
	h.must(h.store.Renew(h.ctx, third, 48*time.Hour))
	h.pass(midnight.Sub(h.now()))
	h.fits(hls.Reservation{Task: third, Budget: b})
}

func settledTwice(h *house) {
	task := h.running(h.work(issue(1, 1)))
	id := h.fits(hls.Reservation{Task: task, MicroUSD: 900})
	h.must(h.store.Settle(h.ctx, id, "m", usd(100)))
	h.must(h.store.Settle(h.ctx, id, "m", usd(200)))
	same(h, "spent", h.stats().Spend.CostMicroUSD, 100)
}

func settleNothing(h *house) {
	h.wants(h.store.Settle(h.ctx, 77, "m", usd(1)), hls.ErrNotFound)
}

func windows(h *house) {
	h.pass(11*time.Hour + 59*time.Minute)
	task := h.running(h.work(issue(1, 1)))
	h.must(h.store.Renew(h.ctx, task, 60*24*time.Hour))
	h.spend(task, 900_000)
	r := hls.Reservation{Task: task, MicroUSD: 200_000, Budget: hls.Budget{DailyUSD: 1, PerRepoDailyUSD: 1}}
	h.capped(r, "claude.budget.daily_usd", h.now().Add(time.Minute))
	h.pass(time.Minute)
	h.must(h.store.Settle(h.ctx, h.fits(r), "m", usd(200_000)))
	r.Budget = hls.Budget{MonthlyUSD: 1.2}
	april := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	h.capped(r, "claude.budget.monthly_usd", april)
	h.pass(april.Sub(h.now()))
	h.fits(r)
}

// waitsBriefly: calls under way set aside more than they will cost, so a cap that they alone fill lifts soon.
func waitsBriefly(h *house) {
	one, other := h.running(h.work(issue(1, 1))), h.running(h.work(issue(1, 2)))
	r := hls.Reservation{Task: one, MicroUSD: 600_000, Budget: hls.Budget{DailyUSD: 1}}
	id := h.fits(r)
	r.Task = other
	h.capped(r, "claude.budget.daily_usd", h.now().Add(30*time.Second))
	h.must(h.store.Settle(h.ctx, id, "m", usd(10_000)))
	h.fits(r)
}

// aside: what is no task's needs no lease. The caps on money hold, and it counts for nobody.
func aside(h *house) {
	work := h.work(issue(1, 1))
	task := h.running(work)
	of := hls.Task{Subject: task.Subject}
	kept := hls.Subject{RepoID: task.Subject.RepoID, Repo: task.Subject.Repo, Kind: hls.KindOther, Ref: "dry_replay"}
	r := hls.Reservation{Task: of, MicroUSD: 600_000, Budget: hls.Budget{DailyUSD: 1, PerRepoDailyUSD: 1}, Counted: &kept}
	id := h.fits(r)
	h.capped(r, "claude.budget.daily_usd", h.now().Add(30*time.Second))
	h.must(h.store.Settle(h.ctx, id, "m", usd(500_000)))
	same(h, "spent", h.stats().Spend.CostMicroUSD, 500_000)
	r.Budget = hls.Budget{PerRepoDailyUSD: 1}
	h.capped(r, "claude.budget.per_repository_daily_usd", time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC))
	h.fits(hls.Reservation{Task: task, SubjectDaily: 1, Budget: hls.Budget{PerActorDailyTasks: 1}})
	task.Lease.Epoch++
	_, err := h.store.Reserve(h.ctx, hls.Reservation{Task: task})
	h.wants(err, hls.ErrLost)
}
