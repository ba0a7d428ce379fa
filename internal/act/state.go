package act

import (
	"context"
	"fmt"

	"hls/internal/hls"
)

// closing closes an issue, for the reason that the effect gives.
type closing struct {
	run    *run
	effect hls.Effect
}

func (d *closing) repeatable() bool { return true }

func (d *closing) look(ctx context.Context) (result, error) {
	issue, err := d.run.actor.gh.Issue(ctx, d.effect.Subject)
	if err != nil {
		return result{}, fmt.Errorf("read %s: %w", d.effect.Subject, err)
	}
	if issue.State == closed {
		return done(0, issue.HTMLURL, "closed already"), nil
	}
	if d.run.undoing() {
		return d.spokenOf(ctx, issue)
	}
	return result{}, nil
}

func (d *closing) send(ctx context.Context) (result, error) {
	if err := d.run.actor.gh.CloseIssue(ctx, d.effect.Subject, closeReason(d.effect)); err != nil {
		return result{}, fmt.Errorf("close: %w", err)
	}
	return done(0, "", ""), nil
}

// closeReason is GitHub's state_reason, which is one of two.
func closeReason(e hls.Effect) string {
	if e.Why["state_reason"] == "completed" {
		return "completed"
	}
	return "not_planned"
}

// setting replaces the text of an issue or pull request.
type setting struct {
	run    *run
	effect hls.Effect
}

func (d *setting) repeatable() bool { return true }

func (d *setting) look(ctx context.Context) (result, error) {
	body, err := d.present(ctx)
	if err != nil {
		return result{}, fmt.Errorf("read %s: %w", d.effect.Subject, err)
	}
	if sameText(body, d.effect.Body) {
		return done(0, "", "unchanged"), nil
	}
	return result{}, nil
}

func (d *setting) present(ctx context.Context) (string, error) {
	if d.effect.Subject.Kind == hls.KindPullRequest {
		pull, err := d.run.actor.gh.PullRequest(ctx, d.effect.Subject)
		return pull.Body, err
	}
	issue, err := d.run.actor.gh.Issue(ctx, d.effect.Subject)
	return issue.Body, err
}

func (d *setting) send(ctx context.Context) (result, error) {
	if err := d.run.actor.gh.SetBody(ctx, d.effect.Subject, d.effect.Body); err != nil {
		return result{}, fmt.Errorf("set body: %w", err)
	}
	return done(0, "", ""), nil
}
