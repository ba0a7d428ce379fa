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
func (p *Pipeline) acknowledge(ctx context.Context, j *journey, q question) error {
	plan := apart(j.task, q.facts, handler.Acknowledgment(q.event, q.facts, q.rule))
	if len(plan.Effects) == 0 && len(plan.Remember) == 0 {
		return nil
	}
	err := p.carryOut(ctx, j, q, plan)
	var refused *hls.Permanent
	if errors.As(err, &refused) {
		return nil
	}
	return err
}
