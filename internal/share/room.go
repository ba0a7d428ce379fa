package share

import (
	"slices"
	"time"
)

// Wait is how long until a quota has room for its need at the earliest, whenever the calls under way end.
func (q Quota) Wait(uses []Counted, now time.Time) (wait time.Duration) {
	count := counting(uses, q.Span, now)
	excess := min(q.Need, q.Limit) - q.Limit
	for _, u := range count {
		excess += u.Amount
	}
	for _, u := range count {
		if excess <= 0 {
			break
		}
		wait = u.Until.Sub(now)
		excess -= u.Amount
	}
	return wait
}

// counting are the uses that count, in the order in which they cease to at the earliest: a call that is under way may end
// now, and then counts for a span.
func counting(uses []Counted, span time.Duration, now time.Time) []Counted {
	var count []Counted
	for _, u := range uses {
		if soonest := now.Add(span); u.Flying && u.Until.After(soonest) {
			u.Until = soonest
		}
		if u.Until.After(now) {
			count = append(count, u)
		}
	}
	slices.SortFunc(count, func(a, b Counted) int { return a.Until.Compare(b.Until) })
	return count
}

// Wait is how long until a bucket that stood so a while ago holds need. More than its size waits for a full one.
func (b Bucket) Wait(need float64, ago time.Duration) time.Duration {
	missing := min(need, b.Size) - min(b.Size, b.Level+b.Rate*max(ago, 0).Seconds())
	switch {
	case missing <= 0:
		return 0
	case b.Rate <= 0:
		return time.Minute
	}
	return time.Duration(missing/b.Rate*float64(time.Second)) + time.Millisecond
}
