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

// Spent is what a reservation is measured against. Fields whose cap is not set need not be filled.
type Spent struct {
	Day, Month, RepoDay Money
	ActorDay            int       // other tasks of the actor that asked Claude today
	Subject             int       // analyses of the subject in SubjectWindow
	SubjectFrees        time.Time // when enough of them are older than SubjectWindow
}

// Check returns *hls.Capped when the reservation would exceed a cap, and nil when it fits all.
func (s Spent) Check(r hls.Reservation, now time.Time) error {
	day := Day(now).AddDate(0, 0, 1)
	switch {
	case r.SubjectDaily > 0 && s.Subject >= r.SubjectDaily:
		return &hls.Capped{Cap: hls.SubjectCap, Until: s.SubjectFrees}
	case r.Budget.PerActorDailyTasks > 0 && s.ActorDay >= r.Budget.PerActorDailyTasks:
		return &hls.Capped{Cap: "claude.budget.per_actor_daily_events", Until: day}
	}
	for _, c := range []struct {
		name  string
		usd   float64
		spent Money
		lifts time.Time
	}{
		{"claude.budget.daily_usd", r.Budget.DailyUSD, s.Day, day},
		{"claude.budget.monthly_usd", r.Budget.MonthlyUSD, s.Month, Month(now).AddDate(0, 1, 0)},
		{"claude.budget.per_repository_daily_usd", r.Budget.PerRepoDailyUSD, s.RepoDay, day},
	} {
		limit := microUSD(c.usd)
		if limit == 0 || c.spent.All+r.MicroUSD <= limit {
			continue
		}
		return &hls.Capped{Cap: c.name, Until: lifts(c.spent, r.MicroUSD, limit, c.lifts, now)}
	}
	return nil
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
