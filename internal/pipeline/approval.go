package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hls/internal/act"
	"hls/internal/hls"
	"hls/internal/record"
)

// carry carries out what a person approved of an earlier task's plan, or wants taken back. Nothing is asked and nothing
// planned anew: what was stored is what is done, unless it is outdated, or the settings have it written no more. What is to
// be taken back is so whatever the settings say by now.
func (p *Pipeline) carry(ctx context.Context, j *journey) error {
	j.enter(hls.StageRoute)
	rule, verdict := p.rooms().Router.Standing(j.task.Subject.Repo)
	if !verdict.Do && j.task.Origin != hls.FromUndo {
		return skip(verdict.Reason)
	}
	rule.Self = p.cfg.Self(j.task.Subject.Repo)
	if err := p.settle(ctx, j, rule); err != nil {
		return err
	}
	if j.task.Attempt > p.cfg.MaxAttempts {
		return errSpent
	}

	if j.task.Origin == hls.FromProposal {
		return p.propose(ctx, j, rule)
	}
	j.enter(hls.StageRecord)
	what, err := p.decided(ctx, j.task)
	if err != nil {
		return err
	}

	j.enter(hls.StageAct)
	entries, err := p.rooms().Actor.Carry(ctx, j.task, what, rule)
	j.acted(entries)
	return p.asking(ctx, j.task, entries, rule, err)
}

// decided reads what a task is to carry out.
func (p *Pipeline) decided(ctx context.Context, task hls.Task) (what act.Stored, err error) {
	entries, err := p.store.Effects(ctx, task.ID)
	if err != nil {
		return what, err
	}
	what.Entries = slices.DeleteFunc(entries, func(e hls.Entry) bool { return e.Carrier != task.ID })
	switch {
	case len(what.Entries) == 0:
		return what, skip("nothing_to_carry_out")
	case task.Origin == hls.FromUndo: // What was done last is taken back first.
		lastFirst(what.Entries)
		return what, nil
	}
	planner, err := p.store.Task(ctx, what.Entries[0].TaskID)
	if err != nil {
		return what, fmt.Errorf("read the task that planned it: %w", err)
	}
	plan, err := p.store.Plan(ctx, planner.ID)
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return what, err
	}
	what.Target = plan.Target
	what.Newer, err = p.replaced(ctx, planner)
	return what, err
}

// replaced tells whether newer work of a task's subject and purpose takes the place of its plan. Work that found nothing to
// do, as because the subject is still the same, does not.
func (p *Pipeline) replaced(ctx context.Context, planner hls.Task) (bool, error) {
	list, err := p.store.List(ctx, record.Query{Subject: planner.Subject.Key(), Purpose: planner.Purpose})
	if err != nil {
		return false, fmt.Errorf("look for newer work: %w", err)
	}
	return slices.ContainsFunc(list, func(s record.Summary) bool {
		return s.Task.ID > planner.ID && s.Task.State != hls.Skipped && s.Task.State != hls.Superseded
	}), nil
}
