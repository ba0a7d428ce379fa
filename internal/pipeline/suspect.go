package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hls/internal/fault"
	"hls/internal/hls"
)

const (
	// suspectAttempt is from which attempt on a task is suspected of being what ends the process again and again.
	suspectAttempt = 3
	// suspectPause is how long a suspect waits while another one is tried.
	suspectPause = 15 * time.Second
)

var errSuspect = errors.New("another task that did not come to an end before is tried first")

// errSpent is about a task whose runs ended without an outcome, as often as a task may run.
var errSpent error = &hls.Permanent{Err: errors.New("earlier attempts ended without an outcome"), Reason: "max_attempts"}

// admit lets one suspect run at a time and hands the others back, so that they keep their attempts whatever the one
// does to the process. release has to be called at the end of the run.
func (p *Pipeline) admit(ctx context.Context, task hls.Task) (release func(), err error) {
	if task.Attempt > p.cfg.MaxAttempts {
		if err := p.spent(ctx, task); err != nil {
			return nil, err
		}
	}
	if task.Attempt < min(suspectAttempt, p.cfg.MaxAttempts) {
		return func() {}, nil
	}
	select {
	case p.suspect <- struct{}{}:
		return func() { <-p.suspect }, nil
	default:
		return nil, &hls.RetryAfter{Err: errSuspect, After: max(fault.Scaled(suspectPause), time.Second), Free: true}
	}
}

// spent ends a task that has no attempts left, unless it was cut short while it was sending: then it runs once more,
// just far enough to read back what became of that.
func (p *Pipeline) spent(ctx context.Context, task hls.Task) error {
	if task.Attempt > p.cfg.MaxAttempts+1 {
		return errSpent
	}
	entries, err := p.store.Effects(ctx, task.ID)
	if err != nil {
		return fmt.Errorf("read effects: %w", err)
	}
	if !slices.ContainsFunc(entries, func(e hls.Entry) bool { return e.State == hls.Sending }) {
		return errSpent
	}
	return nil
}
