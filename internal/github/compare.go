package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"hls/internal/hls"
)

// Bounds of what is read for a release or a push.
const (
	maxReleases   = 100
	maxMerged     = 500 // closed pull requests that are looked through
	maxMilestones = 300
	maxBlockers   = 100
)

// reference is a name of a commit, a branch or a tag (git-check-ref-format). None has two dots in a row.
var reference = regexp.MustCompile(`^[^\x00-\x20\x7f~^:?*\[\\-][^\x00-\x20\x7f~^:?*\[\\]*$`)

// Compare reads what lies between two commits, branches or tags, of a long list of commits the first ones and at most that
// many. Those that the server does not know, or has too much to tell of, are hls.ErrNotFound.
func (c *Client) Compare(ctx context.Context, s hls.Subject, base, head string, most int) (hls.Comparison, error) {
	for _, name := range []string{base, head} {
		if !reference.MatchString(name) || strings.Contains(name, "..") {
			return hls.Comparison{}, asking(fmt.Errorf("%w: %q names no commit", hls.ErrNotFound, name))
		}
	}
	var found hls.Comparison
	ends, size := url.PathEscape(base)+"..."+url.PathEscape(head), max(1, min(most, perPage))
	for page := 1; ; page++ {
		part, err := c.comparePage(ctx, s, ends, place{page, size})
		if err != nil {
			return hls.Comparison{}, notOffered(err)
		}
		if page == 1 { // Only there are files, "up to 300 for the entire comparison".
			found.Status, found.Total, found.Files = part.Status, part.Total, part.Files
		}
		for _, one := range part.Commits[:min(len(part.Commits), most-len(found.Commits))] {
			found.Commits = append(found.Commits, one.commit())
		}
		if len(part.Commits) == 0 || len(found.Commits) >= min(part.Total, most) {
			return found, nil
		}
	}
}

type comparison struct {
	Status  string         `json:"status"`
	Total   int            `json:"total_commits"`
	Commits []listedCommit `json:"commits"`
	Files   []hls.File     `json:"files"`
}

// listedCommit is a commit as lists have it.
type listedCommit struct {
	SHA     string     `json:"sha"`
	Parents []struct{} `json:"parents"`
	Commit  struct {
		Message   string `json:"message"`
		Committer struct {
			Date time.Time `json:"date"`
		} `json:"committer"`
	} `json:"commit"`
}

func (l listedCommit) commit() hls.Commit {
	return hls.Commit{SHA: l.SHA, Message: l.Commit.Message, At: l.Commit.Committer.Date, Merge: len(l.Parents) > 1}
}

func (c *Client) comparePage(ctx context.Context, s hls.Subject, ends string, at place) (part comparison, err error) {
	_, err = c.do(ctx, s.Repo, call{
		method: http.MethodGet, path: fmt.Sprintf("repos/%s/compare/%s?per_page=%d&page=%d", s.Repo, ends, at.size, at.page),
		into: &part, repoID: s.RepoID,
	})
	return part, err
}

// Releases reads the newest releases of the subject's repository. A server that does not show them is hls.ErrNotFound.
func (c *Client) Releases(ctx context.Context, s hls.Subject) ([]hls.Release, error) {
	releases, err := whole[hls.Release](ctx, c, listing{repo: s.Repo, repoID: s.RepoID, path: "releases", most: maxReleases, cut: true})
	return releases, notOffered(err)
}

// MergedPulls reads the pull requests that were merged and have changed since a time, the last changed first and at most
// so many as a few pages have: one is changed by being merged, so that none that was merged since is missing.
func (c *Client) MergedPulls(ctx context.Context, s hls.Subject, since time.Time) ([]hls.MergedPull, error) {
	l := listing{
		repo: s.Repo, repoID: s.RepoID, path: "pulls", query: "state=closed&sort=updated&direction=desc", most: maxMerged, cut: true,
	}
	var merged []hls.MergedPull
	for pull, err := range each[hls.MergedPull](ctx, c, l) {
		if err != nil {
			return nil, notOffered(err)
		}
		if pull.UpdatedAt.Before(since) {
			break
		}
		if !pull.MergedAt.IsZero() {
			merged = append(merged, pull)
		}
	}
	return merged, nil
}

// Milestones reads the milestones of the subject's repository, closed ones among them.
func (c *Client) Milestones(ctx context.Context, s hls.Subject) ([]hls.Milestone, error) {
	milestones, err := whole[hls.Milestone](ctx, c, listing{
		repo: s.Repo, repoID: s.RepoID, path: "milestones", query: "state=all&sort=due_on&direction=desc", most: maxMilestones, cut: true,
	})
	return milestones, notOffered(err)
}

// MilestoneIssues reads the open issues and pull requests of a milestone.
func (c *Client) MilestoneIssues(ctx context.Context, s hls.Subject, milestone int) ([]hls.Issue, error) {
	issues, err := whole[hls.Issue](ctx, c, listing{
		repo: s.Repo, repoID: s.RepoID, path: "issues", query: fmt.Sprintf("state=open&milestone=%d", milestone), most: maxBlockers, cut: true,
	})
	return issues, notOffered(err)
}
