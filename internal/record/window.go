package record

import "time"

// HashWindow is how long the same body is a duplicate under any delivery id.
const HashWindow = 30 * 24 * time.Hour

// burstLimit is how many debounces a burst can put off its start.
const burstLimit = 10

// RunAt is when work queued now is due. Burst is when the first task of its burst was queued, now when it is the first.
func RunAt(now, burst time.Time, debounce time.Duration) time.Time {
	at, latest := now.Add(debounce), burst.Add(burstLimit*debounce)
	if latest.Before(at) {
		at = latest
	}
	if at.Before(now) {
		return now
	}
	return at
}

// Rows is how many rows a query asks for: 50 unless told, at most 200.
func (q Query) Rows() int {
	switch {
	case q.Limit <= 0:
		return 50
	case q.Limit > 200:
		return 200
	}
	return q.Limit
}
