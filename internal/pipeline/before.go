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
	past // of the task
	self hls.Account

	at   time.Time   // when the task began to leave something; zero where there is no task
	left []hls.Entry // what it and those after it did on its subject, the newest first
	was  []hls.Entry // what those before it did there, the newest first

	touched map[string]bool       // memories that they wrote, by memoryKey
	former  map[string]hls.Memory // what those before it had remembered, by memoryKey

	lost *atomic.Int64 // memories of other subjects that the task or later work wrote, of which nobody knows what they said
}

func memoryKey(m hls.Memory) string { return m.Subject.Key() + "\x00" + m.Kind + "\x00" + m.Key }

// asOf finds out what was there before a task, from what the tasks of its subject have left.
func (p *Pipeline) asOf(ctx context.Context, github handler.GitHub, task hls.Task, self hls.Account) (*before, error) {
	b := &before{
		GitHub: github, past: past{p.store, task}, self: self, touched: map[string]bool{}, former: map[string]hls.Memory{}, lost: &atomic.Int64{},
	}
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
		if err := b.look(ctx, s.Task); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// look takes in what a task of the subject has left.
func (b *before) look(ctx context.Context, task hls.Task) error {
	entries, err := b.store.Effects(ctx, task.ID)
	if err != nil {
		return fmt.Errorf("read effects of task %d: %w", task.ID, err)
	}
	into := &b.was
	if task.ID >= b.task.ID {
		into = &b.left
	}
	for _, e := range slices.Backward(entries) {
		if e.State == hls.EffectDone {
			*into = append(*into, e)
		}
	}
	plan, err := b.store.Plan(ctx, task.ID)
	if errors.Is(err, hls.ErrNotFound) {
		return nil
	}
	for _, m := range plan.Remember {
		key := memoryKey(m)
		if task.ID >= b.task.ID {
			b.touched[key] = true
		} else if _, known := b.former[key]; !known {
			m.At = task.QueuedAt
			b.former[key] = m
		}
	}
	return err
}

// notes tell what could not be as it was.
func (b *before) notes() (notes []string) {
	if n := b.lost.Load(); n > 0 {
		notes = append(notes, fmt.Sprintf("%d memories about other subjects, as causes of failures, were written by this work or later: what they said before, if anything, is not known", n))
	}
	return notes
}

// Issue is the issue as it is now, with the labels that it would have.
func (b *before) Issue(ctx context.Context, s hls.Subject) (hls.Issue, error) {
	issue, err := b.GitHub.Issue(ctx, s)
	if err == nil {
		issue.Labels = b.relabeled(s, issue.Labels)
	}
	return issue, err
}

// PullRequest is the pull request as it is now, with the labels that it would have.
func (b *before) PullRequest(ctx context.Context, s hls.Subject) (hls.PullRequest, error) {
	pull, err := b.GitHub.PullRequest(ctx, s)
	if err == nil {
		pull.Labels = b.relabeled(s, pull.Labels)
	}
	return pull, err
}

// relabeled takes back what was done to the labels of a subject, the newest first.
func (b *before) relabeled(s hls.Subject, labels []hls.Label) []hls.Label {
	labels = slices.Clone(labels)
	for _, e := range b.left {
		if e.Effect.Subject.Number != s.Number {
			continue
		}
		among := func(l hls.Label) bool { return bears(e, l.Name) }
		switch e.Effect.Kind {
		case hls.AddLabels:
			labels = slices.DeleteFunc(labels, among)
		case hls.RemoveLabels:
			labels = append(slices.DeleteFunc(labels, among), e.Effect.Labels...)
		}
	}
	return labels
}

func bears(e hls.Entry, label string) bool {
	return slices.ContainsFunc(e.Effect.Labels, func(l hls.Label) bool { return hls.Fold(l.Name) == hls.Fold(label) })
}

// since tells whether something happened once the task left something. GitHub tells times to the second.
func (b *before) since(at time.Time) bool {
	return !b.at.IsZero() && !at.Before(b.at.Truncate(time.Second))
}

// History is who did what to labels, but for what HLS did since then: for each of its deeds, the newest such event.
func (b *before) History(ctx context.Context, s hls.Subject) ([]hls.LabelEvent, error) {
	events, err := b.GitHub.History(ctx, s)
	events = slices.Clone(events)
	for _, e := range b.left {
		added := e.Effect.Kind == hls.AddLabels
		if !added && e.Effect.Kind != hls.RemoveLabels || e.Effect.Subject.Number != s.Number {
			continue
		}
		for _, l := range e.Effect.Labels {
			for i, h := range slices.Backward(events) {
				if h.Added == added && hls.Fold(h.Label) == hls.Fold(l.Name) && b.self.Same(h.Actor) && b.since(h.At) {
					events = slices.Delete(events, i, i+1)
					break
				}
			}
		}
	}
	return events, err
}

// Comments are those of the conversation. One of HLS that was written since then is left out, and one that was edited says
// what it said.
func (b *before) Comments(ctx context.Context, s hls.Subject) ([]hls.Comment, error) {
	comments, err := b.GitHub.Comments(ctx, s)
	var kept []hls.Comment
	for _, c := range comments {
		wrote := func(e hls.Entry) bool { return e.Effect.Kind == hls.UpsertComment && e.RemoteID == c.ID }
		if slices.ContainsFunc(b.left, wrote) {
			at := slices.IndexFunc(b.was, wrote)
			if at < 0 && b.since(c.CreatedAt) {
				continue
			}
			if at >= 0 {
				c.Body = b.was[at].Effect.Body
			}
		}
		kept = append(kept, c)
	}
	return kept, err
}

// Search finds issues that there were: one that was opened later cannot have been reported before.
func (b *before) Search(ctx context.Context, repo, query string, limit int) ([]hls.Issue, error) {
	found, err := b.GitHub.Search(ctx, repo, query, limit)
	return slices.DeleteFunc(slices.Clone(found), func(i hls.Issue) bool {
		opened := func(e hls.Entry) bool { return e.Effect.Kind == hls.CreateIssue && e.RemoteID == int64(i.Number) }
		own := b.task.Subject.Number
		return slices.ContainsFunc(b.left, opened) || !b.at.IsZero() && i.CreatedAt.After(b.at) || own > 0 && b.since(i.CreatedAt) && i.Number > own
	}), err
}
