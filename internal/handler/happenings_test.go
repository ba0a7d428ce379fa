package handler

import (
	"context"
	"time"

	"hls/internal/hls"
)

// happened is what the double of GitHub has of releases, deployments and commits.
type happened struct {
	release    hls.Release
	releases   []hls.Release
	spans      map[string]hls.Comparison // by "base...head"
	merged     []hls.MergedPull
	milestones []hls.Milestone
	blockers   []hls.Issue
	statuses   []hls.DeploymentStatus
}

func (g *github) Release(context.Context, hls.Subject, int64) (hls.Release, error) {
	return g.release, g.errs["Release"]
}

func (g *github) Releases(context.Context, hls.Subject) ([]hls.Release, error) {
	return g.releases, g.errs["Releases"]
}

func (g *github) Compare(_ context.Context, _ hls.Subject, base, head string, most int) (hls.Comparison, error) {
	g.reads = append(g.reads, base+"..."+head)
	span, ok := g.spans[base+"..."+head]
	if g.spans == nil && g.compared.Status != "" {
		span, ok = g.compared, true
	}
	if !ok && g.errs["Compare"] == nil {
		return span, hls.ErrNotFound
	}
	span.Commits = span.Commits[:min(len(span.Commits), most)]
	return span, g.errs["Compare"]
}

func (g *github) MergedPulls(_ context.Context, _ hls.Subject, since time.Time) (found []hls.MergedPull, err error) {
	for _, p := range g.merged {
		if !p.UpdatedAt.Before(since) {
			found = append(found, p)
		}
	}
	return found, g.errs["MergedPulls"]
}

func (g *github) Milestones(context.Context, hls.Subject) ([]hls.Milestone, error) {
	return g.milestones, g.errs["Milestones"]
}

func (g *github) MilestoneIssues(context.Context, hls.Subject, int) ([]hls.Issue, error) {
	return g.blockers, g.errs["MilestoneIssues"]
}

func (g *github) DeploymentStatuses(context.Context, hls.Subject, int64) ([]hls.DeploymentStatus, error) {
	return g.statuses, g.errs["DeploymentStatuses"]
}
