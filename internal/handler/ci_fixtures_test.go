package handler

import (
	"context"
	"iter"
	"slices"
	"strings"

	"hls/internal/hls"
)

// runs is what a test puts into the reader about continuous integration.
type runs struct {
	run     hls.WorkflowRun
	check   hls.CheckRun
	jobs    []hls.WorkflowJob
	logs    map[int64]string
	notes   map[int64][]hls.Annotation
	pulls   map[string][]hls.PullRequest // by head
	commits []hls.Commit
	good    hls.WorkflowRun
	asked   []string // the heads that were looked for
}

func (g *github) Run(context.Context, hls.Subject, int64) (hls.WorkflowRun, error) {
	return g.ci.run, g.errs["Run"]
}

func (g *github) CheckRun(context.Context, hls.Subject, int64) (hls.CheckRun, error) {
	return g.ci.check, g.errs["CheckRun"]
}

func (g *github) OpenPulls(_ context.Context, _ hls.Subject, head string) ([]hls.PullRequest, error) {
	g.ci.asked = append(g.ci.asked, head)
	return g.ci.pulls[head], g.errs["OpenPulls"]
}

func (g *github) Jobs(context.Context, hls.Subject, int64, int) ([]hls.WorkflowJob, error) {
	return slices.Clone(g.ci.jobs), g.errs["Jobs"]
}

func (g *github) JobLog(_ context.Context, _ hls.Subject, job int64) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		log, ok := g.ci.logs[job]
		if err := g.errs["JobLog"]; err != nil || !ok {
			if err == nil {
				err = hls.ErrNotFound
			}
			yield("", err)
			return
		}
		for line := range strings.Lines(log) {
			if !yield(strings.TrimSuffix(line, "\n"), nil) {
				return
			}
		}
	}
}

func (g *github) Annotations(_ context.Context, _ hls.Subject, check int64) ([]hls.Annotation, error) {
	return g.ci.notes[check], g.errs["Annotations"]
}

func (g *github) PullCommits(context.Context, hls.Subject) ([]hls.Commit, error) {
	return g.ci.commits, g.errs["PullCommits"]
}

func (g *github) LastSuccess(context.Context, hls.Subject, int64, string) (hls.WorkflowRun, error) {
	return g.ci.good, g.errs["LastSuccess"]
}
