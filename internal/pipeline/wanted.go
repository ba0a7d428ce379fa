package pipeline

import (
	"context"
	"fmt"

	"hls/internal/handler"
	"hls/internal/hls"
)

// wanted ends the journey when people want nothing of HLS on the subject: it bears the label that opts out, the settings
// pass over the target, or the subject is paused and nobody asked for this work.
func (p *Pipeline) wanted(ctx context.Context, task hls.Task, e hls.Event, facts hls.Facts) error {
	if reason := p.passedOver(p.rooms(), e, facts); reason != "" {
		return skip(reason)
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

// passedOver is why the subject, or the target that gathering found, is left alone, or "".
func (p *Pipeline) passedOver(rooms *Rooms, e hls.Event, facts hls.Facts) string {
	if facts.OptedOut() {
		return "opted_out"
	}
	if facts.Target == nil {
		return ""
	}
	// The event did not show it, so that the rules are asked about it only now.
	e.Issue, e.PullRequest = facts.Issue, facts.PullRequest
	_, verdict := rooms.Router.Match(e, p.cfg.Self(e.Repo.FullName))
	return verdict.Reason
}

// pin makes sure that the repository's name still stands for the repository that the event is about. A signature
// proves a name at most: a number may be made up by whoever has the secret, and a name may be given away.
func pin(ctx context.Context, read handler.GitHub, e hls.Event) error {
	if e.Repo.FullName == "" {
		return nil
	}
	repo, err := read.Repository(ctx, e.Subject)
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
