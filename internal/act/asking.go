package act

import (
	"context"
	"errors"
	"fmt"

	"hls/internal/hls"
)

// asking tells whether the run writes the comment that asks people for a decision. The settings have it asked, so that the
// mode of comments does not hold it back.
func (b bounds) asking() bool { return b.task.Origin == hls.FromProposal }

// confineAsking: that comment is all that such a task writes, on its own subject, and no other task writes it.
func (b bounds) confineAsking(e hls.Effect) error {
	switch {
	case !b.asking():
		return errors.New("passes for the comment about proposals")
	case !b.rule.Asks():
		return errors.New("is of a kind that the settings do not switch on")
	case e.Kind != hls.UpsertComment || e.Purpose != hls.ProposalPurpose:
		return errors.New("is not the comment about proposals")
	case !same(e.Subject, b.task.Subject):
		return fmt.Errorf("is not about the task's subject %s", b.task.Subject)
	case e.Subject.Kind != hls.KindIssue && e.Subject.Kind != hls.KindPullRequest || e.Subject.Number <= 0:
		return errors.New("has a subject that nobody can be asked on")
	}
	return confineBody(e.Body)
}

// Says tells whether a comment says, to the letter, what an effect had it say. People with write access may edit comments
// of others.
func (a *Actor) Says(ctx context.Context, c hls.Comment, e hls.Effect) (bool, error) {
	key, err := a.ledger.Secret(ctx, "marker")
	if err != nil {
		return false, fmt.Errorf("read marker key: %w", err)
	}
	r := &run{actor: a, key: key}
	d := &comment{run: r, effect: e}
	return sameText(c.Body, d.body()), nil
}
