package act

import (
	"context"
	"fmt"

	"hls/internal/hls"
)

// rerun runs the failed jobs of a workflow run again. What it makes is the run's next attempt, whoever asked for that.
type rerun struct {
	run    *run
	effect hls.Effect
}

func (d *rerun) repeatable() bool { return false }

func (d *rerun) look(ctx context.Context) (result, error) {
	run, err := d.run.actor.gh.Run(ctx, d.effect.Subject, d.effect.Run)
	switch {
	case err != nil:
		return result{}, fmt.Errorf("read run %d: %w", d.effect.Run, err)
	case run.RunAttempt > d.effect.Attempt:
		return done(0, run.HTMLURL, fmt.Sprintf("attempt %d", run.RunAttempt)), nil
	case run.Status != completed:
		return result{state: hls.EffectStale, note: "the run has not ended"}, nil
	}
	return result{}, nil
}

// completed is GitHub's state of a run that has ended, and the reason of an issue that was closed as done.
const completed = "completed"

func (d *rerun) send(ctx context.Context) (result, error) {
	if err := d.run.actor.gh.RerunFailedJobs(ctx, d.effect.Subject, d.effect.Run); err != nil {
		return result{}, fmt.Errorf("run failed jobs again: %w", err)
	}
	return done(0, "", ""), nil
}
