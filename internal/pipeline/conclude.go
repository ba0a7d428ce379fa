package pipeline

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/record"
)

// mostRounds is how often in a row a plan is made anew because other tasks left something meanwhile.
const mostRounds = 5

var errUnsettled = errors.New("other tasks keep changing what the plan rests on")

// conclude plans and acts. What other tasks leave for a Composer between its look and its writing would be missing there,
// so it looks again afterwards: whoever writes last has seen what everyone stored before, because each stores its own
// first (with the plan) and writes then.
func (p *Pipeline) conclude(ctx context.Context, j *journey, q question, a hls.Analysis) error {
	composer, composes := q.knows.(handler.Composer)
	var done []hls.Effect
	for round := range mostRounds {
		if composes {
			j.enter(hls.StageGather)
			facts, err := composer.Again(ctx, past{p.store, j.task}, q.event, q.facts)
			if err != nil {
				return fmt.Errorf("gather once more: %w", err)
			}
			q.facts = facts
		}
		j.enter(hls.StagePlan)
		plan := aimed(apart(j.task, q.facts, hushed(j.task, q.plan(a))), q.facts)
		if round > 0 && (len(plan.Effects) == 0 || reflect.DeepEqual(plan.Effects, done)) {
			return nil
		}
		if plan.Silent == hls.SecurityReport {
			p.tellSecurity(ctx, j)
		}
		if err := p.carryOut(ctx, j, q, plan); err != nil || !composes {
			return err
		}
		done = plan.Effects
	}
	return &hls.RetryAfter{Err: errUnsettled, After: time.Second, Free: true}
}

// tellSecurity tells the maintainers of a report that is not discussed in public: once, although a plan may be made again. None
// of its text is in the log.
func (p *Pipeline) tellSecurity(ctx context.Context, j *journey) {
	if before, err := p.store.Plan(ctx, j.task.ID); err == nil && before.Silent == hls.SecurityReport {
		return
	}
	j.log.Warn("security report", hls.KeyStage, j.stage, hls.KeyReason, hls.SecurityReport)
	if err := p.store.Tally(ctx, record.TallySecurity, 1); err != nil {
		j.log.Error("security reports are not counted", hls.KeyStage, j.stage, hls.KeyError, err.Error())
	}
}

// carryOut stores a plan and does it.
func (p *Pipeline) carryOut(ctx context.Context, j *journey, q question, plan hls.Plan) error {
	if err := within(plan, handler.May(q.event)); err != nil {
		return err
	}
	plan, err := p.trusted(ctx, j.task, q, plan)
	if err != nil {
		return err
	}
	plan.Gathered = j.gathered(q, p.rooms().Settings)
	plan = j.plan(p.cfg.Redactor.RedactPlan(plan))
	if err := p.store.SavePlan(ctx, j.task, plan); err != nil {
		return err
	}
	j.enter(hls.StageAct)
	entries, err := p.rooms().Actor.Act(ctx, j.task, plan, q.rule)
	j.acted(entries)
	return p.asking(ctx, j.task, entries, q.rule, err)
}
