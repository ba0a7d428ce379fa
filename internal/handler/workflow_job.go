package handler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hls/internal/hls"
)

// workflowJobs handles the ends of jobs of GitHub Actions, where the rule does not enable workflow_run: one job of a run
// speaks for all of it, when the run has ended.
type workflowJobs struct{ ci }

// runWait is how long a job waits before it looks again whether its run has ended, at first: each further look is put off for
// longer, for a run may have hundreds of jobs that fail at once and one that lasts for days.
const runWait = time.Minute

var errRunning = errors.New("the run has not ended")

// Route: only what workflow_run would not tell.
func (workflowJobs) Route(e hls.Event, r hls.Rule) hls.Verdict {
	switch {
	case e.Action != runEnded:
		return hls.Pass("action_not_handled")
	case e.Job == nil:
		return hls.Pass("no_job")
	case slices.Contains(r.Events, "workflow_run"), slices.Contains(r.Events, "workflow_run.completed"):
		return hls.Pass("workflow_run_speaks")
	}
	return ciVerdict(e.Job.Conclusion)
}

// Gather: of the jobs of an attempt that ended alike the one with the lowest number speaks.
func (workflowJobs) Gather(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	run, err := read.Run(ctx, e.Subject, e.Job.RunID)
	switch {
	case errors.Is(err, hls.ErrGone):
		return hls.Facts{Skip: "deleted"}, nil
	case err != nil:
		return hls.Facts{}, fmt.Errorf("read run: %w", err)
	case run.RunAttempt > e.Job.RunAttempt:
		return hls.Facts{Skip: "run_again"}, nil
	case run.Status != runEnded:
		return hls.Facts{}, &hls.RetryAfter{Err: errRunning, After: runWait, Free: true, Outage: true, Reason: "run_not_ended"}
	case ciVerdict(run.Conclusion).Unasked != (e.Job.Conclusion == succeeded):
		return hls.Facts{Skip: "another_job_speaks"}, nil
	}
	jobs, err := read.Jobs(ctx, e.Subject, run.ID, run.RunAttempt)
	if optional(err) != nil {
		return hls.Facts{}, fmt.Errorf("read jobs: %w", err)
	}
	for _, j := range jobs {
		if j.ID < e.Job.ID && j.Conclusion == e.Job.Conclusion {
			return hls.Facts{Skip: "another_job_speaks"}, nil
		}
	}
	return gatherer{read: read, e: e, r: r}.facts(ctx, ofRun(run, e.Repo), jobsOf)
}
