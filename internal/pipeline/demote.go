package pipeline

import (
	"context"
	"fmt"
	"slices"

	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/record"
)

// trusted is a plan as far as its labels are trusted: one that people keep taking off waits for approval. This is the one
// place where that is seen to, for the plans of all handlers. Who asked for the work by a command has approved of its labels.
func (p *Pipeline) trusted(ctx context.Context, task hls.Task, q question, plan hls.Plan) (hls.Plan, error) {
	labeled := slices.ContainsFunc(plan.Effects, func(e hls.Effect) bool { return e.Kind != hls.RemoveLabels && len(e.Labels) > 0 })
	if !labeled || q.facts.Asked != 0 || q.rule.Labels.Demote.AtLeast == 0 {
		return plan, nil
	}
	tallies, err := record.Tallied(ctx, p.store, task.Subject, p.cfg.Now())
	if err != nil {
		return plan, err
	}
	return distrust{policy: q.rule.Labels, tallies: tallies, groups: map[string]string{}}.hold(plan), nil
}

// distrust is what speaks against labels.
type distrust struct {
	policy  hls.LabelPolicy
	tallies map[string]hls.LabelTally // by folded name
	groups  map[string]string         // exclusive ones that a label which is held would take over, and why it is held
}

// why tells why a label is held, or "".
func (d distrust) why(label hls.Label) string {
	if tally := d.tallies[hls.Fold(label.Name)]; d.policy.Demote.Demotes(tally) {
		return tally.Demoted()
	}
	return ""
}

// hold takes labels that are not trusted out of a plan, and plans each by itself, to be held. A label that one of them would
// take the place of stays as long. An issue that is opened does without.
func (d distrust) hold(plan hls.Plan) hls.Plan {
	effects := plan.Effects
	plan.Effects, plan.Dropped = nil, slices.Clone(plan.Dropped)
	for _, e := range effects {
		for _, l := range e.Labels {
			if why := d.why(l); e.Kind == hls.AddLabels && why != "" && handler.Group(d.policy, l.Name) != "" {
				d.groups[handler.Group(d.policy, l.Name)] = fmt.Sprintf("gives way to %s, which is %s", l.Name, why)
			}
		}
	}
	for _, e := range effects {
		switch e.Kind {
		case hls.AddLabels:
			plan.Effects = append(plan.Effects, apartBy(e, d.why)...)
		case hls.RemoveLabels:
			plan.Effects = append(plan.Effects, apartBy(e, func(l hls.Label) string { return d.groups[handler.Group(d.policy, l.Name)] })...)
		case hls.CreateIssue:
			e.Labels = slices.DeleteFunc(slices.Clone(e.Labels), func(l hls.Label) bool {
				why := d.why(l)
				if why != "" {
					plan.Dropped = append(plan.Dropped, hls.Drop{What: fmt.Sprintf("label %q", l.Name), Why: why})
				}
				return why != ""
			})
			plan.Effects = append(plan.Effects, e)
		default:
			plan.Effects = append(plan.Effects, e)
		}
	}
	return plan
}

// apartBy sets labels of an effect that are to be held apart from the others.
func apartBy(e hls.Effect, why func(hls.Label) string) (effects []hls.Effect) {
	rest := e
	rest.Labels = nil
	for _, l := range e.Labels {
		held := e
		if held.Hold = why(l); held.Hold == "" {
			rest.Labels = append(rest.Labels, l)
			continue
		}
		held.Labels = []hls.Label{l}
		effects = append(effects, held)
	}
	if len(effects) == 0 {
		return []hls.Effect{e}
	}
	if len(rest.Labels) > 0 {
		effects = append([]hls.Effect{rest}, effects...)
	}
	return effects
}
