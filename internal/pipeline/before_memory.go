package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/record"
)

// Of is what is remembered in work of another purpose.
func (b *before) Of(purpose string) handler.Memory {
	other := *b
	other.task.Purpose = purpose
	return &other
}

// Previous is the newest analysis before the task's.
func (b *before) Previous(ctx context.Context) (*hls.Analysis, error) {
	if b.task.ID == 0 {
		return b.past.Previous(ctx)
	}
	list, err := b.store.List(ctx, record.Query{Subject: b.task.Subject.Key(), State: hls.Done, Before: b.task.ID, Limit: looked})
	if err != nil {
		return nil, fmt.Errorf("list tasks of %s: %w", b.task.Subject, err)
	}
	for _, s := range list {
		analysis, err := b.store.Analysis(ctx, s.Task.ID)
		switch {
		case errors.Is(err, hls.ErrNotFound):
		case err != nil:
			return nil, fmt.Errorf("read previous analysis: %w", err)
		case analysis.Purpose == b.task.Purpose:
			return &analysis, nil
		}
	}
	return nil, nil
}

// Raised is what had been said before.
func (b *before) Raised(ctx context.Context) ([]hls.Remark, error) {
	raised, err := b.past.Raised(ctx)
	if err != nil {
		return nil, err
	}
	var later []hls.Entry
	for _, e := range b.left {
		if e.Effect.Purpose == b.task.Purpose && (e.Effect.Kind == hls.CreateReview || e.Effect.Kind == hls.UpsertComment) {
			later = append(later, e)
		}
	}
	for _, said := range record.Said(later) {
		for i, r := range slices.Backward(raised) {
			if r == said {
				raised = slices.Delete(raised, i, i+1)
				break
			}
		}
	}
	return raised, nil
}

// Recall returns memories as they were: those that the task and later ones wrote say what tasks before it had them say, as
// far as tasks of its subject did.
func (b *before) Recall(ctx context.Context, r hls.Recall) ([]hls.Memory, error) {
	memories, err := b.past.Recall(ctx, r)
	if err != nil || b.at.IsZero() {
		return memories, err
	}
	memories = slices.DeleteFunc(memories, func(m hls.Memory) bool {
		touched := b.touched[memoryKey(m)]
		_, known := b.former[memoryKey(m)]
		newer := !m.At.Before(b.at) && m.Kind != hls.LabelGone
		if newer && !known && m.Subject.Key() != b.task.Subject.Key() {
			b.lost.Add(1)
		}
		return newer || touched
	})
	for key := range b.touched {
		m, known := b.former[key]
		if known && len(m.Value) > 0 && m.Kind == r.Kind && (r.Key == "" || m.Key == r.Key) && b.among(m.Subject, r) {
			memories = append(memories, m)
		}
	}
	slices.SortStableFunc(memories, func(x, y hls.Memory) int { return y.At.Compare(x.At) })
	return memories[:min(len(memories), record.RecallLimit(r))], nil
}

// among tells whether a memory of a subject is asked for.
func (b *before) among(s hls.Subject, r hls.Recall) bool {
	return s.Key() == r.Subject.Key() || r.Wide && s.Beside(r.Subject)
}
