package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"hls/internal/hls"
)

// together is how many questions are asked at a time: the limits of the door hold besides.
const together = 4

// patience is how often a question that a limit or an outage put off is put again, and the longest wait before that.
const (
	patience    = 5
	longestRest = 2 * time.Minute
)

// askAll asks about every issue. What cannot be asked any more, as because a cap is reached, ends it; what is amiss with one
// issue is told of that one.
func (t *trials) askAll(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		workers sync.WaitGroup
		mu      sync.Mutex
		asked   int
	)
	slots := make(chan struct{}, together)
	for i, posed := range t.posed {
		if posed == nil {
			continue
		}
		slots <- struct{}{}
		workers.Go(func() {
			defer func() { <-slots }()
			if ctx.Err() != nil {
				return
			}
			err := t.askOne(ctx, i)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
			case final(err):
				cancel(err)
			default:
				t.amiss(i, err)
			}
			asked++
			t.q.Tell("asking Claude", asked, t.report.Estimate.Issues)
		})
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("ask Claude about past issues (%d of %d are asked and paid for): %w", asked, t.report.Estimate.Issues, err)
	}
	return nil
}

// final tells whether an error is of all questions, and not of one.
func final(err error) bool {
	var (
		capped *hls.Capped
		stop   *hls.SpendStop
	)
	return errors.As(err, &capped) || errors.As(err, &stop) || errors.Is(err, context.Canceled)
}

func (t *trials) askOne(ctx context.Context, i int) error {
	for try := 1; ; try++ {
		analysis, err := t.ask(ctx, t.posed[i].Input)
		if err == nil {
			return t.foresee(ctx, i, analysis)
		}
		var retry *hls.RetryAfter
		if !errors.As(err, &retry) || retry.After > longestRest || errors.Is(err, hls.ErrAmbiguous) || try == patience {
			return err
		}
		rest := time.NewTimer(max(retry.After, time.Second))
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return ctx.Err()
		}
	}
}

// amiss says of a case why it has no analysis, and what that cost.
func (t *trials) amiss(i int, err error) {
	c := &t.cases[i]
	c.Error = t.redactor.Redact(err.Error())
	var unusable *hls.Unusable
	if errors.As(err, &unusable) {
		c.Usage = unusable.Usage
	}
}
