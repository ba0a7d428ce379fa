package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/record"
)

// reader is what a handler reads for one task.
type reader struct {
	handler.GitHub
	past
}

// past is what is remembered of a task's subject.
type past struct {
	store record.Store
	task  hls.Task
}

// Previous reads the newest analysis of the subject and purpose by another task.
func (p past) Previous(ctx context.Context) (*hls.Analysis, error) {
	previous, err := p.store.Previous(ctx, p.task)
	switch {
	case errors.Is(err, hls.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read previous analysis: %w", err)
	}
	return &previous, nil
}

// Raised reads what earlier reviews and comments have said.
func (p past) Raised(ctx context.Context) ([]hls.Remark, error) {
	raised, err := p.store.Raised(ctx, p.task.Subject, p.task.Purpose)
	if err != nil {
		return nil, fmt.Errorf("read earlier remarks: %w", err)
	}
	return raised, nil
}

// Of is what is remembered of the subject in work of another purpose.
func (p past) Of(purpose string) handler.Memory {
	p.task.Purpose = purpose
	return p
}

// goingOn is the task as its analyses are kept: those of a command go on with those of the work that it asks for.
func goingOn(task hls.Task, facts hls.Facts) hls.Task {
	task.Purpose = cmp.Or(facts.Purpose, task.Purpose)
	return task
}

// Recall reads memories, of the task's own repository and proved by the same secret alone.
func (p past) Recall(ctx context.Context, r hls.Recall) ([]hls.Memory, error) {
	if r.Subject.Key() != p.task.Subject.Key() && !r.Subject.Beside(p.task.Subject) {
		return nil, fmt.Errorf("recall %s of %s for a task of %s: not beside it", r.Kind, r.Subject, p.task.Subject)
	}
	return p.store.Recall(ctx, r)
}
