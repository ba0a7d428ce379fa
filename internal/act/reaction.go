package act

import (
	"context"
	"fmt"

	"hls/internal/hls"
)

// reaction puts an emoji on a comment of the subject. GitHub keeps one of a kind by each account.
type reaction struct {
	run    *run
	effect hls.Effect
}

func (d *reaction) repeatable() bool { return true }

// look makes sure that the comment is there, and the subject's own. Whether it has the reaction need not be known.
func (d *reaction) look(ctx context.Context) (result, error) {
	var err error
	there := true
	if d.effect.Inline {
		var c hls.ReviewComment
		c, err = d.run.actor.gh.ReviewComment(ctx, d.effect.Subject, d.effect.Comment)
		there = c.On(d.effect.Subject)
	} else {
		_, err = d.run.actor.gh.Comment(ctx, d.effect.Subject, d.effect.Comment)
	}
	switch {
	case unseen(err), err == nil && !there:
		return result{state: hls.EffectStale, note: "the comment is not there"}, nil
	case err != nil:
		return result{}, fmt.Errorf("read comment %d: %w", d.effect.Comment, err)
	}
	return result{}, nil
}

func (d *reaction) send(ctx context.Context) (result, error) {
	e := d.effect
	if err := d.run.actor.gh.AddReaction(ctx, e.Subject, e.Comment, e.Inline, e.Reaction); err != nil {
		return result{}, fmt.Errorf("add reaction: %w", err)
	}
	return done(0, "", ""), nil
}
