package simulate_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-github/v92/github"

	"hls/internal/hls"
	"hls/internal/simulate"
)

func TestGitHubComparesCommits(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	g.AddCommit(shop, simulate.CommitSeed{Message: "First", Tag: "v1", Age: time.Hour})
	merge := g.AddCommit(shop, simulate.CommitSeed{Message: "Faster", PullRequest: 2, Files: []hls.File{{Filename: "a.go", Patch: "@@ -1 +1 @@\n-a\n+b"}}})
	g.AddCommit(shop, simulate.CommitSeed{Message: "Last", Tag: "v2"})
	g.AddCommit(shop, simulate.CommitSeed{Branch: "old", From: "v1", Message: "Mend", Tag: "api/v1.1"})
	for ends, want := range map[[2]string]string{
		{"v1", "v2"}: "ahead 2 1", {"v2", "v1"}: "behind 0 0", {"v1", "v1"}: "identical 0 0", {"v2", "api/v1.1"}: "diverged 1 0", {"main", "v2"}: "identical 0 0",
	} {
		span, _, err := c.Repositories.CompareCommits(t.Context(), owner, name, ends[0], ends[1], nil)
		must(t, err)
		if got := fmt.Sprint(span.GetStatus(), " ", len(span.Commits), " ", len(span.Files)); got != want {
			t.Errorf("%v: %s, want %s", ends, got, want)
		}
	}
	second, _, err := c.Repositories.CompareCommits(t.Context(), owner, name, "v1", "v2", &github.ListOptions{Page: 2, PerPage: 1})
	must(t, err)
	if len(second.Commits) != 1 || len(second.Files) != 0 || second.GetTotalCommits() != 2 {
		t.Errorf("the second page: %+v", second)
	}
	pulls, _, err := c.PullRequests.List(t.Context(), owner, name, &github.PullRequestListOptions{State: "closed", Sort: "updated", Direction: "desc"})
	must(t, err)
	if len(pulls) != 1 || pulls[0].GetMergeCommitSHA() != merge || pulls[0].MergedAt == nil {
		t.Errorf("pull requests %+v", pulls)
	}
}

func TestGitHubMilestonesAndDeployments(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	g.AddMilestone(shop, simulate.MilestoneSeed{Title: "2.0", Issues: []int{1}})
	g.AddDeployment(shop, simulate.DeploymentSeed{ID: 3, Ref: "main", Environment: "production"})
	g.AddDeploymentStatus(shop, 3, "in_progress", "")
	g.AddDeploymentStatus(shop, 3, "failure", "It broke")
	milestones, _, err := c.Issues.ListMilestones(t.Context(), owner, name, nil)
	must(t, err)
	open, _, err := c.Issues.ListByRepo(t.Context(), owner, name, &github.IssueListByRepoOptions{Milestone: "1"})
	must(t, err)
	statuses, _, err := c.Repositories.ListDeploymentStatuses(t.Context(), owner, name, 3, nil)
	must(t, err)
	if len(milestones) != 1 || len(open) != 1 || open[0].GetNumber() != 1 || len(statuses) != 2 || statuses[0].GetDescription() != "It broke" {
		t.Errorf("%v, %v, %v", milestones, open, statuses)
	}
}
