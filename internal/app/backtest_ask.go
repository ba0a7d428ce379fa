package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// askAll asks about every issue, some at a time. Once a cap has no room for one more beside those under way, the others are
// asked one by one, until one has no room by itself: then it ends, and so it does when the account may spend no more. What is
// amiss with one issue is told of that one.
func (t *trials) askAll(ctx context.Context) error {
	left, err := t.askTogether(ctx)
	for n, i := range left {
		if err == nil {
			err = t.told(t.askOne(ctx, i), i)
		}
		if err != nil {
			for _, j := range left[n:] {
				t.cases[j].Error = "it was not asked about"
			}
			return fmt.Errorf("ask Claude about past issues, %d of %d: %w", t.asked, t.report.Estimate.Issues, err)
		}
	}
	return err
}

// askTogether asks about as many as can be asked together, and returns the others.
func (t *trials) askTogether(ctx context.Context) (left []int, err error) {
	var (
		workers sync.WaitGroup
		mu      sync.Mutex
		stop    bool
	)
	slots := make(chan struct{}, together)
	for i, posed := range t.posed {
		if posed == nil {
			continue
		}
		slots <- struct{}{}
		workers.Go(func() {
			defer func() { <-slots }()
			mu.Lock()
			halted := stop
			mu.Unlock()
			var failed error = &hls.Capped{}
			if !halted {
				failed = t.askOne(ctx, i)
			}
			mu.Lock()
			defer mu.Unlock()
			var capped *hls.Capped
			if errors.As(failed, &capped) {
				stop, left = true, append(left, i)
				return
			}
			if failed = t.told(failed, i); failed != nil {
				stop, err, left = true, failed, append(left, i)
			}
		})
	}
	workers.Wait()
	slices.Sort(left)
	return left, err
}

// told counts a question that was put. It returns what is wrong with all of them, and keeps with its case what is wrong with
// one.
func (t *trials) told(err error, i int) error {
	if err != nil && final(err) {
		return err
	}
	if err != nil {
		t.amiss(i, err)
	}
	t.asked++
	t.q.Tell("asking Claude", t.asked, t.report.Estimate.Issues)
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
		analysis, err := t.ask(ctx, t.rooms.Analyzer, t.posed[i].Input)
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
