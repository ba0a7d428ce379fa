package pipeline

import (
	"context"
	"errors"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Analyze is Accept for a delivery that an operator's command made of an issue or a pull request as it is now. The work starts
// at once, and is done although this state was analyzed before.
func (p *Pipeline) Analyze(ctx context.Context, d hls.Delivery, e hls.Event) (hls.Receipt, error) {
	return p.accept(ctx, d, e, record.NewTask{Origin: hls.FromAnalyze, OccurredAt: e.OccurredAt})
}

// usualRest is how long a process waits for a task that another one runs, or that its subject's other work holds up.
const usualRest = 200 * time.Millisecond

// RunOne works on one task, and on no other, until it ends or is put off; where another process is faster, it waits for that
// one. done is false when the task was put off, or when ctx ended.
func (p *Pipeline) RunOne(ctx context.Context, taskID int64) (result Result, done bool, err error) {
	for ctx.Err() == nil {
		task, err := p.store.Take(ctx, taskID, p.cfg.Owner, p.cfg.Lease)
		switch {
		case err == nil:
			p.work(ctx, task)
		case !errors.Is(err, record.ErrNone):
			return Result{}, false, err
		}
		now, err := p.store.Task(ctx, taskID)
		switch {
		case err != nil:
			return Result{}, false, err
		case now.State != hls.Queued && now.State != hls.Running:
			result, err := p.result(ctx, now)
			return result, err == nil, err
		case now.State == hls.Queued && now.Reason != "" && now.RunAt.After(p.cfg.Now()):
			return Result{TaskID: taskID, Outcome: now.State, Reason: now.Reason}, false, nil
		}
		rest := time.NewTimer(usualRest)
		select {
		case <-rest.C:
		case <-ctx.Done():
		}
		rest.Stop()
	}
	return Result{}, false, ctx.Err()
}
