package act

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"hls/internal/hls"
)

// single tells whether there may be one of a kind for a subject and purpose, whichever tasks are at work: tasks of
// several subjects may write a comment on one pull request, or open an issue about one cause, at the same time.
func single(k hls.EffectKind) bool { return k == hls.UpsertComment || k == hls.CreateIssue }

// rivals are the other undecided rows of the same subject, purpose and kind, where there may be one of them.
func (r *run) rivals(ctx context.Context, e *hls.Entry) ([]hls.Entry, error) {
	if !single(e.Effect.Kind) {
		return nil, nil
	}
	rows, err := r.actor.ledger.Undecided(ctx, e.Effect.Subject)
	if err != nil {
		return nil, fmt.Errorf("read undecided effects: %w", err)
	}
	var rivals []hls.Entry
	for _, other := range rows {
		same := other.Effect.Kind == e.Effect.Kind && other.Effect.Purpose == e.Effect.Purpose &&
			other.Effect.Subject.Key() == e.Effect.Subject.Key()
		if same && other.ID != e.ID {
			other.Live = other.Live && other.TaskID != r.task.ID
			rivals = append(rivals, other)
		}
	}
	return rivals, nil
}

// posted is the newest done row of the same subject, purpose and kind, where there may be one of them; 0 for none.
func (r *run) posted(ctx context.Context, e hls.Effect) (int64, error) {
	if !single(e.Kind) {
		return 0, nil
	}
	entry, err := r.actor.ledger.Posted(ctx, e.Subject, e.Purpose, e.Kind)
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return 0, fmt.Errorf("look up what was posted: %w", err)
	}
	return entry.ID, nil
}

// alone makes sure that nobody else is making, or has made since it was looked for, what a row in sending is about to
// make. Whoever comes to sending later sees the one that came first: of two that see each other both go back, and try
// again at different times.
func (r *run) alone(ctx context.Context, e *hls.Entry, last int64) error {
	rows, err := r.rivals(ctx, e)
	if err != nil {
		return err
	}
	now, err := r.posted(ctx, e.Effect)
	if err != nil {
		return err
	}
	busy := now != last
	for _, other := range rows {
		busy = busy || other.State == hls.Sending
	}
	if !busy {
		return nil
	}
	wait := waitForOther()
	if err := r.move(ctx, e, hls.Intent, result{note: wait.Error()}); err != nil {
		return err
	}
	return wait
}

// waitForOther comes back when another task may be done with what both make.
func waitForOther() error {
	after := 2*time.Second + rand.N(3*time.Second)
	return &hls.RetryAfter{Err: errors.New("another task is writing the same"), After: after, Free: true}
}

// clear decides about the other rows that may have made the very thing which a row is about to make: those of tasks
// that have ended, which nobody else would come back to. It returns the newest of those that stay undecided, if any.
func (r *run) clear(ctx context.Context, e *hls.Entry) (doubt *hls.Entry, err error) {
	rows, err := r.rivals(ctx, e)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		other := &rows[i]
		switch {
		case other.State == hls.Sending && other.Live:
			return nil, waitForOther()
		case other.State == hls.Sending:
			err = r.resolve(ctx, other)
		}
		if other.State == hls.Sending {
			return nil, err
		}
		if other.State == hls.EffectUnknown && (doubt == nil || doubt.At.Before(other.At)) {
			doubt = other
		}
	}
	return doubt, nil
}

// doubtful tells why a comment may not be created though none is seen: another row may have made it.
func (r *run) doubtful(doubt *hls.Entry, d deed) error {
	switch {
	case doubt == nil, d.repeatable():
		return nil
	case r.self.ID == 0:
		return r.unknown(errNoSelf)
	case r.young(doubt):
		return r.early(doubt, true)
	}
	return nil
}
