// Package rounds makes passes over something again and again, at the times that the settings in force say.
package rounds

import (
	"context"
	"time"
)

const (
	glance = time.Minute // how often the switch and the time of the next pass are looked at
	soon   = time.Minute // when a pass that had more to do goes on
)

// Switch is what the settings in force say.
type Switch struct {
	On    bool
	First time.Duration // before the first pass
	Every time.Duration // between passes; 0 means that there is only the first
}

// next is when the pass after the last one is due; ok is false while none is.
func (s Switch) next(began, last time.Time, unfinished bool) (at time.Time, ok bool) {
	switch {
	case !s.On:
		return at, false
	case last.IsZero():
		return began.Add(s.First), true
	case unfinished && (s.Every <= 0 || s.Every > soon):
		return last.Add(soon), true
	}
	return last.Add(s.Every), s.Every > 0
}

// Run makes passes until ctx ends. A pass tells whether there is more to do.
func Run(ctx context.Context, now func() time.Time, settings func() Switch, pass func(context.Context) (unfinished bool)) {
	began := now()
	var last time.Time
	unfinished := false
	for ctx.Err() == nil {
		wait := glance
		if at, ok := settings().next(began, last, unfinished); ok {
			wait = min(wait, at.Sub(now()))
		}
		if wait <= 0 {
			last = now()
			unfinished = pass(ctx)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}
