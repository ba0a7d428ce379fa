package record

import (
	"math"
	"time"

	"hls/internal/hls"
)

// Day is the start of the UTC day of t.
func Day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// Month is the start of the UTC month of t.
func Month(t time.Time) time.Time {
	y, m, _ := t.UTC().Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
}

// SubjectWindow is the time over which the analyses of one subject are capped.
const SubjectWindow = 24 * time.Hour

// OpenWindow is how long an unsettled reservation may still be a call under way. After it, the call's process has
// died and the money stays spent.
const OpenWindow = 15 * time.Minute

// openRetry is when to ask again for money that calls under way may give back.
const openRetry = 30 * time.Second

// Money is what was spent in a window, in micro-dollars. Of All, Open is reserved by calls that may be under way.
type Money struct{ All, Open int64 }

// Step is the step of the ladder that ordinary work is on by a cap of so many dollars. What calls under way have set aside
// may come back, so that it takes nobody's words away.
func (m Money) Step(usd float64, l hls.Ladder) hls.Step {
	most := microUSD(l.Ordinary(usd))
	reached := func(used int64, share float64) bool {
		return most > 0 && share > 0 && float64(used) >= share*float64(most)
	}
	switch {
	case reached(m.All-m.Open, l.LabelsOnlyAt):
		return hls.LabelsOnly
	case reached(m.All, l.CheaperAt):
		return hls.Cheaper
	}
	return hls.AsAsked
}

// Spent is what a reservation is measured against. Fields whose cap is not set need not be filled.
type Spent struct {
	Day, Month         Money
	RepoDay, RepoMonth Money
	ActorDay           Money
	ActorTasks         int       // other tasks of the actor that asked Claude today
	Subject            int       // analyses of the subject in SubjectWindow
	SubjectFrees       time.Time // when enough of them are older than SubjectWindow
}

// Check returns *hls.Capped when the reservation would exceed a cap, or a cap is further down the ladder than the
// reservation, and nil when it fits all.
func (s Spent) Check(r hls.Reservation, now time.Time) error {
	day, month := Day(now).AddDate(0, 0, 1), Month(now).AddDate(0, 1, 0)
	switch {
	case r.SubjectDaily > 0 && s.Subject >= r.SubjectDaily:
		return &hls.Capped{Cap: hls.SubjectCap, Until: s.SubjectFrees}
	case r.Budget.PerActorDailyTasks > 0 && s.ActorTasks >= r.Budget.PerActorDailyTasks:
		return &hls.Capped{Cap: "claude.budget.per_actor_daily_events", Until: day}
	}
	for _, c := range []moneyCap{
		{"claude.budget.daily_usd", r.Budget.DailyUSD, s.Day, day},
		{"claude.budget.monthly_usd", r.Budget.MonthlyUSD, s.Month, month},
		{"claude.budget.per_repository_daily_usd", r.Budget.PerRepoDailyUSD, s.RepoDay, day},
		{"claude.budget.per_repository_monthly_usd", r.Budget.PerRepoMonthlyUSD, s.RepoMonth, month},
		{"claude.budget.per_actor_daily_usd", r.Budget.PerActorDailyUSD, s.ActorDay, day},
	} {
		if capped := c.check(r, now); capped != nil {
			return capped
		}
	}
	return nil
}

// moneyCap is a cap of money and what was spent of it. usd is 0 where it is not set.
type moneyCap struct {
	name  string
	usd   float64
	spent Money
	ends  time.Time // its window
}

func (c moneyCap) check(r hls.Reservation, now time.Time) *hls.Capped {
	limit := microUSD(c.usd)
	if !r.Asked {
		limit = microUSD(r.Budget.Ordinary(c.usd))
	}
	switch {
	case limit == 0:
		return nil
	case c.spent.All+r.MicroUSD > limit:
		return &hls.Capped{Cap: c.name, Until: lifts(c.spent, r.MicroUSD, limit, c.ends, now), Money: true}
	case !r.Asked && r.Step < c.spent.Step(c.usd, r.Budget.Ladder):
		return &hls.Capped{Cap: c.name, Until: c.ends, Money: true}
	}
	return nil
}

// MostDays is how many days a month can have.
const MostDays = 31

// Spent puts what was spent by day, the newest first, into the statistics. Open is what calls under way have set aside.
func (s *Stats) Spent(days []DaySpend, open int64, now time.Time) {
	s.Days = days
	for _, d := range days {
		if !d.Day.Before(Day(now)) {
			s.Today.All += d.MicroUSD
		}
		if !d.Day.Before(Month(now)) {
			s.Month.All += d.MicroUSD
		}
	}
	s.Today.Open, s.Month.Open = min(open, s.Today.All), min(open, s.Month.All)
}

// lifts is when to try again: at the window's end; sooner when calls under way may cost less than they set aside;
// never by itself when the call costs more than the whole cap.
func lifts(spent Money, want, limit int64, end, now time.Time) time.Time {
	switch {
	case want > limit:
		return time.Time{}
	case spent.All-spent.Open+want <= limit && now.Add(openRetry).Before(end):
		return now.Add(openRetry)
	}
	return end
}

// microUSD rounds down, so that a cap is never exceeded by rounding; a cap that is set is at least a micro-dollar.
func microUSD(usd float64) int64 {
	if usd <= 0 {
		return 0
	}
	micro := math.Floor(usd*1e6 + 1e-6)
	return int64(min(max(micro, 1), math.MaxInt64/4))
}
