package pipeline

import (
	"context"
	"errors"

	"hls/internal/handler"
	"hls/internal/hls"
)

// acknowledge shows whoever asked for this work that it is being done, before it is: Claude may take a minute. It is the
// one thing that is done on GitHub ahead of the plan, and what it does follows from the facts alone. A reaction that
// GitHub refuses holds nothing up; its row says so.
func (p *Pipeline) acknowledge(ctx context.Context, j *journey, e hls.Event, facts hls.Facts, rule hls.Rule) error {
	plan := apart(j.task, facts, handler.Acknowledgment(e, facts, rule))
	if len(plan.Effects) == 0 && len(plan.Remember) == 0 {
		return nil
	}
	if err := within(plan, handler.May(e)); err != nil {
		return err
	}
	if err := p.store.SavePlan(ctx, j.task, plan); err != nil {
		return err
	}
	j.enter(hls.StageAct)
	entries, err := p.rooms().Actor.Act(ctx, j.task, plan, rule)
	j.acted(entries)
	var refused *hls.Permanent
	if errors.As(err, &refused) {
		return nil
	}
	return err
}
