package act

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hls/internal/hls"
)

// Settle decides about what the task's subject and purpose has in sending, for a task that ends without acting: one
// that was superseded or skipped after an earlier run of it wrote. It reads GitHub and writes nothing there. A row
// ends as done when the effect is to be seen, and at intent when it is not; what reading cannot decide ends as
// unknown. What another task is at work on is that one's. The rows are returned as they stand at the end.
// *hls.RetryAfter says that it is too early to tell about one of them. The task's lease has to be in force.
func (a *Actor) Settle(ctx context.Context, task hls.Task, rule hls.Rule) ([]hls.Entry, error) {
	all, err := a.ledger.Undecided(ctx, task.Subject)
	if err != nil {
		return nil, fmt.Errorf("read undecided effects: %w", err)
	}
	var rows []hls.Entry
	for _, e := range all {
		if e.State == hls.Sending && (e.TaskID == task.ID || e.Carrier == task.ID || e.Effect.Purpose == task.Purpose && !e.Live) {
			rows = append(rows, e)
		}
	}
	if len(rows) == 0 {
		return nil, nil
	}
	r, err := a.start(ctx, bounds{task: task, rule: rule}, rows)
	if err != nil {
		return rows, err
	}
	return rows, r.resolveAll(ctx)
}

// resolveAll goes on after a row that it is too early for, and tells the longest wait.
func (r *run) resolveAll(ctx context.Context) error {
	var longest *hls.RetryAfter
	for i := range r.entries {
		e := &r.entries[i]
		err := r.resolve(ctx, e)
		var wait *hls.RetryAfter
		switch {
		case err == nil, e.State != hls.Sending:
		case errors.As(err, &wait):
			if longest == nil || wait.After > longest.After {
				longest = wait
			}
		default:
			return fmt.Errorf("read back %s on %s: %w", e.Effect.Kind, e.Effect.Subject, err)
		}
	}
	if longest != nil {
		return longest
	}
	return nil
}

// resolve decides about a row in sending that this run does not send. It may have been another task's.
func (r *run) resolve(ctx context.Context, e *hls.Entry) error {
	d := r.deed(*e)
	found, err := d.look(ctx)
	switch {
	case err != nil:
		return r.unread(ctx, e, err)
	case found.state != "":
		return r.move(ctx, e, found.state, found)
	case d.repeatable():
	case r.self.ID == 0:
		return r.give(ctx, e, errNoSelf)
	case r.young(e):
		return r.early(e, true)
	}
	return r.move(ctx, e, hls.Intent, result{note: notFound})
}

// notFound is the note of a row that was read back, and whose effect was not there.
const notFound = "not found when read back"

var errNoSelf = errors.New("the own account is not known, so that reading back cannot tell")

// young tells whether GitHub may not yet show what a row's write made.
func (r *run) young(e *hls.Entry) bool { return time.Since(e.At) < r.actor.cfg.Settle }

// early waits until a row is no longer young. free spares the task an attempt.
func (r *run) early(e *hls.Entry, free bool) error {
	wait := r.actor.cfg.Settle - max(time.Since(e.At), 0) + time.Second
	return &hls.RetryAfter{Err: fmt.Errorf("%w: it is not to be seen yet", hls.ErrAmbiguous), After: wait, Free: free}
}
