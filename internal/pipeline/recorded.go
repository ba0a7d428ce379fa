package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hls/internal/compare"
	"hls/internal/hls"
	"hls/internal/record"
)

// Recorded is what came of a stored delivery.
type Recorded struct {
	Delivery hls.Delivery
	Task     hls.Task
	Side     compare.Side
}

// Recorded reads what a trial of a delivery is compared with: what its newest task that is done came to, or, where none is,
// the newest that ended. The error is hls.ErrNotFound when the delivery is not stored, and an *hls.Permanent that says what
// to do about it when nothing can be thought through.
func (p *Pipeline) Recorded(ctx context.Context, deliveryID string) (Recorded, error) {
	delivery, err := p.store.Delivery(ctx, deliveryID)
	if err != nil {
		return Recorded{}, err
	}
	task, err := p.lastOf(ctx, deliveryID)
	if err != nil {
		return Recorded{}, err
	}
	if _, err := p.stored(ctx, deliveryID, task); err != nil {
		return Recorded{}, err
	}
	r := Recorded{Delivery: delivery, Task: task}
	if task.State != hls.Done {
		r.Side.Ended = task.Reason
	}
	r.Side.Analysis, err = p.store.Analysis(ctx, task.ID)
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return r, err
	}
	r.Side.Plan, err = p.store.Plan(ctx, task.ID)
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return r, err
	}
	return r, nil
}

// lastOf is the newest task of a delivery that is done, or else that ended; the zero Task where the delivery has none.
func (p *Pipeline) lastOf(ctx context.Context, deliveryID string) (hls.Task, error) {
	list, err := p.store.List(ctx, record.Query{Delivery: deliveryID, Limit: looked})
	if err != nil || len(list) == 0 {
		return hls.Task{}, err
	}
	for _, ends := range [][]hls.State{{hls.Done}, {hls.Skipped, hls.Parked, hls.Superseded}} {
		for _, s := range list {
			if slices.Contains(ends, s.Task.State) {
				return s.Task, nil
			}
		}
	}
	return hls.Task{}, refuse("unfinished", "its task %d is %s: there is nothing to compare with until it has ended", list[0].Task.ID, list[0].Task.State)
}

// Sides are both sides of a trial of what was recorded.
func (r Recorded) Sides(t Tried) (was, is compare.Side) {
	return r.Side, compare.Side{Ended: t.Ended, Analysis: t.Analysis, Plan: t.Plan}
}

// Notes tell in which ways the trial cannot be held against the record one to one, a sentence each.
func (r Recorded) Notes(t Tried) []string {
	notes := slices.Clone(t.Notes)
	was, is := r.Side.Analysis.Revision, ""
	if t.Gathered != nil {
		is = t.Gathered.Revision
	}
	if was != "" && is != "" && was != is {
		notes = append(notes, fmt.Sprintf("the subject has changed since: it was analyzed at %s and is at %s now", was, is))
	}
	if r.Task.State != hls.Done {
		notes = append(notes, fmt.Sprintf("task %d ended as %s (%s), so that there is little to compare with", r.Task.ID, r.Task.State, r.Task.Reason))
	}
	if r.Side.Analysis.TaskID != 0 && len(r.Side.Analysis.Answer) == 0 {
		notes = append(notes, "the old answer is no longer kept (storage.retention.analyses)")
	}
	return notes
}
