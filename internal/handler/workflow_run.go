package handler

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"hls/internal/hls"
)

// workflowRuns handles the ends of runs of GitHub Actions: it says on the pull request why one failed, and that it is
// green again.
type workflowRuns struct{ ci }

// runEnded is GitHub's state of a run, a job or a check that has ended.
const runEnded = "completed"

// Route: a failure is worked on, and a success as well, for a failure may have been told of before it.
func (workflowRuns) Route(e hls.Event, _ hls.Rule) hls.Verdict {
	switch {
	case e.Action != runEnded:
		return hls.Pass("action_not_handled")
	case e.Run == nil:
		return hls.Pass("no_run")
	}
	return ciVerdict(e.Run.Conclusion)
}

// Gather: the run as it is now decides. One that runs again will end again.
func (workflowRuns) Gather(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	run, err := read.Run(ctx, e.Subject, e.Run.ID)
	var final *hls.Permanent
	switch {
	case errors.As(err, &final): // The token may not read Actions: what the event says of the run is all there is.
		run = *e.Run
	case errors.Is(err, hls.ErrGone):
		return hls.Facts{Skip: "deleted"}, nil
	case err != nil:
		return hls.Facts{}, fmt.Errorf("read run: %w", err)
	case run.Status != runEnded, run.RunAttempt > e.Run.RunAttempt:
		return hls.Facts{Skip: "run_again"}, nil
	}
	return gatherer{read: read, e: e, r: r}.facts(ctx, ofRun(run, e.Repo), jobsOf)
}

// ownEvents are those that start runs and that only people with write access bring about, or GitHub itself ("Events that
// trigger workflows"). A run for a comment, an issue, a fork or another run is on the default branch as well, and its log may
// have the words of anybody.
var ownEvents = map[string]bool{
	"push": true, "pull_request": true, "schedule": true, "workflow_dispatch": true, "release": true, "merge_group": true,
	"create": true, "delete": true, "deployment": true, "deployment_status": true, "dynamic": true,
}

// ofRun is a run of GitHub Actions as the family sees one.
func ofRun(run hls.WorkflowRun, repo hls.Repository) ciRun {
	c := ciRun{
		Key: "workflow/" + strconv.FormatInt(run.WorkflowID, 10), Name: run.Name, ID: run.ID, Number: run.RunNumber,
		Attempt: run.RunAttempt, Conclusion: run.Conclusion, HeadSHA: run.HeadSHA, Branch: run.HeadBranch, Event: run.Event,
		URL: run.HTMLURL, Foreign: true, workflow: run.WorkflowID, actions: run.ID,
	}
	if run.HeadRepository != nil {
		c.owner, c.Foreign = run.HeadRepository.Owner.Login, run.HeadRepository.ID != repo.ID || !ownEvents[run.Event]
	}
	for _, p := range run.PullRequests {
		c.numbers = append(c.numbers, p.Number)
	}
	return c
}
