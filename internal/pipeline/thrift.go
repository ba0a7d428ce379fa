package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hls/internal/hls"
)

// labelsOnly is why nothing is said where the budget leaves labels only.
const labelsOnly = "budget_labels_only"

// plan is what follows from an analysis. One that was made while the budget left labels only says nothing: of what it would
// have said the plan keeps that it was dropped.
func (q question) plan(a hls.Analysis) hls.Plan {
	whole := q.knows.Plan(q.event, q.facts, a, q.rule)
	if a.Step < hls.LabelsOnly {
		return whole
	}
	quiet := q.rule
	quiet.Comments.Post = hls.PostNever
	plan := q.knows.Plan(q.event, q.facts, a, quiet)
	plan.Silent = whole.Silent
	plan.Effects = slices.DeleteFunc(slices.Clone(plan.Effects), speaks)
	for _, e := range whole.Effects {
		if speaks(e) {
			plan.Silent = labelsOnly
			plan.Dropped = append(plan.Dropped, hls.Drop{What: string(e.Kind), Why: labelsOnly})
		}
	}
	return plan
}

// speaks tells whether an effect is more than labels.
func speaks(e hls.Effect) bool { return e.Kind != hls.AddLabels && e.Kind != hls.RemoveLabels }

// stepOf is the step of the ladder that an earlier run of a task came to, as its plan tells: what was paid for is said,
// unless it was decided not to.
func (p *Pipeline) stepOf(ctx context.Context, task hls.Task) (hls.Step, error) {
	plan, err := p.store.Plan(ctx, task.ID)
	switch {
	case errors.Is(err, hls.ErrNotFound):
		return hls.AsAsked, nil
	case err != nil:
		return hls.AsAsked, fmt.Errorf("read plan: %w", err)
	}
	if slices.ContainsFunc(plan.Dropped, func(d hls.Drop) bool { return d.Why == labelsOnly }) {
		return hls.LabelsOnly, nil
	}
	return hls.AsAsked, nil
}
