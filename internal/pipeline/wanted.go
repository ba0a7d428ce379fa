package pipeline

import (
	"context"
	"fmt"

	"hls/internal/hls"
)

// wanted ends the journey when people want nothing of HLS on the subject: it bears the label that opts out, the settings
// pass over the target, or the subject is paused and nobody asked for this work.
func (p *Pipeline) wanted(ctx context.Context, task hls.Task, e hls.Event, facts hls.Facts) error {
	if facts.OptedOut() {
		return skip("opted_out")
	}
	if facts.Target != nil { // The event did not show it, so that the rules are asked about it only now.
		e.Issue, e.PullRequest = facts.Issue, facts.PullRequest
		if _, verdict := p.rooms().Router.Match(e, p.cfg.Self(e.Repo.FullName)); !verdict.Do {
			return skip(verdict.Reason)
		}
	}
	if facts.Asked != 0 {
		return nil
	}
	paused, err := p.store.Recall(ctx, hls.Recall{Subject: facts.About(task.Subject), Kind: hls.Paused, Limit: 1})
	if err != nil {
		return fmt.Errorf("look whether the subject is paused: %w", err)
	}
	if len(paused) > 0 {
		return skip("paused")
	}
	return nil
}

// pin makes sure that the repository's name still stands for the repository that the event is about. A signature
// proves a name at most: a number may be made up by whoever has the secret, and a name may be given away.
func (p *Pipeline) pin(ctx context.Context, e hls.Event) error {
	if e.Repo.FullName == "" {
		return nil
	}
	repo, err := p.rooms().GitHub.Repository(ctx, e.Subject)
	if err != nil {
		return fmt.Errorf("look up repository: %w", err)
	}
	if repo.ID != e.Repo.ID {
		return skip("another_repository")
	}
	return nil
}

// overtaken ends the journey when newer work on the subject has come in: asking Claude would be money for nothing.
func (p *Pipeline) overtaken(ctx context.Context, task hls.Task) error {
	newer, err := p.store.Superseded(ctx, task)
	if err != nil {
		return fmt.Errorf("look for newer work: %w", err)
	}
	if newer {
		return hls.ErrStale
	}
	return nil
}
