package handler

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hls/internal/handler/joblog"
	"hls/internal/hls"
)

// checkRuns handles the ends of checks by Apps other than GitHub Actions, whose output stands in for a log.
type checkRuns struct{ ci }

// actionsApp is the App whose checks are jobs.
const actionsApp = "github-actions"

// Route: the checks of GitHub Actions are jobs, which have their own events.
func (checkRuns) Route(e hls.Event, _ hls.Rule) hls.Verdict {
	switch {
	case e.Action != runEnded:
		return hls.Pass("action_not_handled")
	case e.CheckRun == nil:
		return hls.Pass("no_check")
	case e.CheckRun.App.Slug == actionsApp:
		return hls.Pass("github_actions")
	}
	return ciVerdict(e.CheckRun.Conclusion)
}

// Gather: the check as it is now decides.
func (checkRuns) Gather(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	check, err := read.CheckRun(ctx, e.Subject, e.CheckRun.ID)
	switch {
	case errors.Is(err, hls.ErrGone):
		return hls.Facts{Skip: "deleted"}, nil
	case err != nil:
		return hls.Facts{}, fmt.Errorf("read check: %w", err)
	case check.Status != runEnded:
		return hls.Facts{Skip: "run_again"}, nil
	}
	run := ciRun{
		Key: "check/" + check.App.Slug + "/" + check.Name, Name: check.Name, ID: check.ID, Attempt: 1, Conclusion: check.Conclusion,
		HeadSHA: check.HeadSHA, URL: check.HTMLURL, Event: "check_run", Foreign: true, anyHead: true,
	}
	for _, p := range check.PullRequests {
		run.numbers = append(run.numbers, p.Number)
	}
	return gatherer{read: read, e: e, r: r}.facts(ctx, run, func(ctx context.Context, g gatherer, _ ciRun) ([]failedJob, []string, error) {
		job, unread, err := g.outputOf(ctx, check)
		return []failedJob{job}, unread, err
	})
}

// outputOf reads what a check says as if it were a log: its texts, and its annotations after them.
func (g gatherer) outputOf(ctx context.Context, check hls.CheckRun) (failedJob, []string, error) {
	x := joblog.New()
	for _, text := range []string{check.Output.Title, check.Output.Summary, check.Output.Text} {
		for line := range strings.SplitSeq(text, "\n") {
			x.Add(line)
		}
	}
	unread, err := g.annotate(ctx, x, check.ID)
	return failedJob{name: check.Name, url: check.HTMLURL, log: x}, unread, err
}
