package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/record"
)

// before is what is read for a trial: GitHub as it is now, and what is remembered, without what the task that is thought
// through once more, and those after it, have left there. Without that a label would not be proposed because it has been set,
// and nothing be said because it has been said. What others did since stays.
type before struct {
	handler.GitHub
	past
	self hls.Account

	at       time.Time     // when the task began to leave something; zero where there is no task
	left     []hls.Entry   // what it and those after it did on its subject, the newest first
	replaced *atomic.Int64 // memories that later work replaced
}

// asOf finds out what is left out for a task.
func (p *Pipeline) asOf(ctx context.Context, github handler.GitHub, task hls.Task, self hls.Account) (*before, error) {
	b := &before{GitHub: github, past: past{p.store, task}, self: self, replaced: &atomic.Int64{}}
	if task.ID == 0 {
		return b, nil
	}
	b.at = task.QueuedAt
	analysis, err := p.store.Analysis(ctx, task.ID)
	switch {
	case err == nil:
		b.at = analysis.At
	case !errors.Is(err, hls.ErrNotFound):
		return nil, fmt.Errorf("read analysis: %w", err)
	}
	list, err := p.store.List(ctx, record.Query{Subject: task.Subject.Key(), Limit: looked})
	if err != nil {
		return nil, fmt.Errorf("list tasks of %s: %w", task.Subject, err)
	}
	for _, s := range list {
		if s.Task.ID < task.ID {
			break
		}
		entries, err := p.store.Effects(ctx, s.Task.ID)
		if err != nil {
			return nil, fmt.Errorf("read effects of task %d: %w", s.Task.ID, err)
		}
		for _, e := range slices.Backward(entries) {
			if e.State == hls.EffectDone && e.Effect.Subject.Key() == task.Subject.Key() {
				b.left = append(b.left, e)
			}
		}
	}
	return b, nil
}

// notes tell what could not be as it was.
func (b *before) notes() (notes []string) {
	if n := b.replaced.Load(); n > 0 {
		notes = append(notes, fmt.Sprintf("%d memories were written by this work or later work and are left out: what they said before is not known", n))
	}
	return notes
}

// Issue is the issue as it is now, with the labels that it would have.
func (b *before) Issue(ctx context.Context, s hls.Subject) (hls.Issue, error) {
	issue, err := b.GitHub.Issue(ctx, s)
	if err == nil && b.own(s) {
		issue.Labels = b.relabeled(issue.Labels)
	}
	return issue, err
}

// PullRequest is the pull request as it is now, with the labels that it would have.
func (b *before) PullRequest(ctx context.Context, s hls.Subject) (hls.PullRequest, error) {
	pull, err := b.GitHub.PullRequest(ctx, s)
	if err == nil && b.own(s) {
		pull.Labels = b.relabeled(pull.Labels)
	}
	return pull, err
}

// own tells whether a subject is the task's own. Only the number is known of those that gathering makes up itself.
func (b *before) own(s hls.Subject) bool {
	return b.task.Subject.Kind != hls.KindOther && s.Number == b.task.Subject.Number
}

// relabeled takes back what was done to the labels, the newest first.
func (b *before) relabeled(labels []hls.Label) []hls.Label {
	labels = slices.Clone(labels)
	for _, e := range b.left {
		among := func(l hls.Label) bool {
			return slices.ContainsFunc(e.Effect.Labels, func(o hls.Label) bool { return hls.Fold(o.Name) == hls.Fold(l.Name) })
		}
		switch e.Effect.Kind {
		case hls.AddLabels:
			labels = slices.DeleteFunc(labels, among)
		case hls.RemoveLabels:
			labels = append(slices.DeleteFunc(labels, among), e.Effect.Labels...)
		}
	}
	return labels
}

// since tells whether something happened once the task left something. GitHub tells times to the second.
func (b *before) since(at time.Time) bool {
	return !b.at.IsZero() && !at.Before(b.at.Truncate(time.Second))
}

// History is who did what to labels, but for HLS since then.
func (b *before) History(ctx context.Context, s hls.Subject) ([]hls.LabelEvent, error) {
	events, err := b.GitHub.History(ctx, s)
	return slices.DeleteFunc(slices.Clone(events), func(e hls.LabelEvent) bool { return b.self.Same(e.Actor) && b.since(e.At) }), err
}

// Comments are those of the conversation, but for those of HLS since then.
func (b *before) Comments(ctx context.Context, s hls.Subject) ([]hls.Comment, error) {
	comments, err := b.GitHub.Comments(ctx, s)
	return slices.DeleteFunc(slices.Clone(comments), func(c hls.Comment) bool {
		return b.since(c.CreatedAt) && slices.ContainsFunc(b.left, func(e hls.Entry) bool { return e.Effect.Kind == hls.UpsertComment && e.RemoteID == c.ID })
	}), err
}

// Search finds issues that there were: one that was opened later cannot have been reported before.
func (b *before) Search(ctx context.Context, repo, query string, limit int) ([]hls.Issue, error) {
	found, err := b.GitHub.Search(ctx, repo, query, limit)
	return slices.DeleteFunc(slices.Clone(found), func(i hls.Issue) bool { return b.since(i.CreatedAt) && i.Number > b.task.Subject.Number }), err
}

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

// Recall returns the memories that are as they were.
func (b *before) Recall(ctx context.Context, r hls.Recall) ([]hls.Memory, error) {
	memories, err := b.past.Recall(ctx, r)
	if err != nil || b.at.IsZero() {
		return memories, err
	}
	return slices.DeleteFunc(memories, func(m hls.Memory) bool {
		newer := !m.At.Before(b.at) && m.Kind != hls.LabelGone
		if newer {
			b.replaced.Add(1)
		}
		return newer
	}), nil
}
