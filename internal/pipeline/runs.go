package pipeline

import (
	"context"
	"errors"
	"fmt"

	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/record"
)

// looked is how many tasks of a subject are looked through for those that are told of.
const looked = 100

// Runs are the newest tasks of the subject that say something about it.
func (p past) Runs(ctx context.Context, limit int) ([]handler.Run, error) {
	list, err := p.store.List(ctx, record.Query{Subject: p.task.Subject.Key(), Before: p.task.ID, Limit: looked})
	if err != nil {
		return nil, fmt.Errorf("list tasks of %s: %w", p.task.Subject, err)
	}
	var runs []handler.Run
	for _, s := range list {
		if len(runs) == limit {
			break
		}
		run, telling, err := p.run(ctx, s.Task)
		if err != nil {
			return nil, err
		}
		if telling {
			runs = append(runs, run)
		}
	}
	return runs, nil
}

// run is what is known of one task. One that ended early has no analysis and no plan. telling is false for what was
// superseded, for the asking about proposals, and for commands that asked for no ordinary work, or were not heard.
func (p past) run(ctx context.Context, task hls.Task) (run handler.Run, telling bool, err error) {
	command := handler.IsCommandPurpose(task.Purpose)
	if task.State == hls.Superseded || task.Origin == hls.FromProposal || command && task.State == hls.Skipped {
		return run, false, nil
	}
	run.Task = task
	analysis, err := p.store.Analysis(ctx, task.ID)
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return run, false, err
	}
	if command && err == nil && analysis.Purpose == task.Purpose {
		return run, false, nil
	}
	run.Model, run.CostMicroUSD = analysis.Model, analysis.Usage.CostMicroUSD
	plan, err := p.store.Plan(ctx, task.ID)
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return run, false, err
	}
	run.Dropped, run.Silent = plan.Dropped, plan.Silent
	run.Effects, err = p.store.Effects(ctx, task.ID)
	return run, true, err
}
