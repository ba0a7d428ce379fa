package hls

import (
	"errors"
	"fmt"
	"time"
)

// Errors that someone decides on.
var (
	ErrGone      = errors.New("the subject no longer exists or cannot be seen")
	ErrNotFound  = errors.New("not found")
	ErrLost      = errors.New("the lease on the task was lost")
	ErrStale     = errors.New("the subject moved on")
	ErrAmbiguous = errors.New("the write may or may not have happened")
	// ErrOverloaded marks a call that the model which was to answer had no room for, and that cost nothing.
	ErrOverloaded = errors.New("the model has no room")
)

// RetryAfter is a failure that passes: try again, no sooner than After from now.
type RetryAfter struct {
	Err   error
	After time.Duration
	// Free marks one that is no fault of the task, and so does not use up an attempt: it waits for a limit, or for a door
	// that is out of order.
	Free bool
	// Outage marks a free one of which nobody knows how long it lasts, so that each try is put off for longer.
	Outage bool
	// Reason is a name in snake_case, as "github_unavailable", that the task is parked under when it does not pass in time.
	// A free one without it has no end.
	Reason string
}

func (e *RetryAfter) Error() string {
	if e.After <= 0 {
		return fmt.Sprintf("%v (try again)", e.Err)
	}
	return fmt.Sprintf("%v (try again in %s)", e.Err, max(e.After.Round(time.Second), time.Second))
}

// Unwrap gives the cause.
func (e *RetryAfter) Unwrap() error { return e.Err }

// Permanent is a failure that trying again does not mend. Reason is a name in snake_case, as "refusal".
type Permanent struct {
	Err    error
	Reason string
}

func (e *Permanent) Error() string { return fmt.Sprintf("%v (%s, final)", e.Err, e.Reason) }

// Unwrap gives the cause.
func (e *Permanent) Unwrap() error { return e.Err }

// Unusable is an answer of Claude that cannot be used: refused, cut off, or not in the schema. Asking again may
// help a little; made-up output never does. Usage is what the call cost all the same.
type Unusable struct {
	Err    error
	Reason string // "refusal", "max_tokens", "schema", "empty", …
	Usage  Usage
}

func (e *Unusable) Error() string { return fmt.Sprintf("%v (%s)", e.Err, e.Reason) }

// Unwrap gives the cause.
func (e *Unusable) Unwrap() error { return e.Err }

// SpendStop says that the account may spend no more: every call would fail, so all of them pause until Until.
type SpendStop struct {
	Err   error
	Until time.Time
}

func (e *SpendStop) Error() string { return fmt.Sprintf("%v (spending has stopped)", e.Err) }

// Unwrap gives the cause.
func (e *SpendStop) Unwrap() error { return e.Err }

// Capped says that a cap of the configuration is reached. Until is when it lifts, zero when only a person lifts it.
type Capped struct {
	Cap   string // the key, as "claude.budget.daily_usd"
	Until time.Time
	Money bool // what costs less, or says less, may fit still
}

func (e *Capped) Error() string { return "reached " + e.Cap }
