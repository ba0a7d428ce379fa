package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"hls/internal/hls"
)

// Bounds of what is read about a run.
const (
	maxJobs        = 1000 // a matrix has at most 256, and a run some of them
	maxAnnotations = 50   // GitHub shows no more of a step
	maxCommits     = 250  // "List commits on a pull request" gives no more
	maxHeads       = 100
)

// Jobs reads the jobs of one attempt of a workflow run. A list that may not be read is hls.ErrNotFound.
func (c *Client) Jobs(ctx context.Context, s hls.Subject, run int64, attempt int) ([]hls.WorkflowJob, error) {
	var all []hls.WorkflowJob
	for page := 1; len(all) < maxJobs; page++ {
		var part struct {
			Jobs []hls.WorkflowJob `json:"jobs"`
		}
		path := fmt.Sprintf("repos/%s/actions/runs/%d/attempts/%d/jobs?per_page=%d&page=%d", s.Repo, run, attempt, perPage, page)
		if _, err := c.do(ctx, s.Repo, call{method: http.MethodGet, path: path, into: &part, repoID: s.RepoID}); err != nil {
			return nil, notOffered(err)
		}
		if all = append(all, part.Jobs...); len(part.Jobs) < perPage {
			break
		}
	}
	return all, nil
}

// CheckRun reads a check run; one that is not there is gone.
func (c *Client) CheckRun(ctx context.Context, s hls.Subject, id int64) (check hls.CheckRun, err error) {
	if err = c.get(ctx, s, fmt.Sprintf("check-runs/%d", id), &check); err == nil {
		mask := hls.NewMasker(c.redactor)
		check.Output.Title, check.Output.Summary, check.Output.Text =
			mask.Line(check.Output.Title), mask.Text(check.Output.Summary), mask.Text(check.Output.Text)
	}
	return check, err
}

// Annotations reads what a check run says about lines, without secrets; a job's check run has the job's number. Those that
// may not be read are hls.ErrNotFound.
func (c *Client) Annotations(ctx context.Context, s hls.Subject, check int64) ([]hls.Annotation, error) {
	l := listing{repo: s.Repo, repoID: s.RepoID, path: fmt.Sprintf("check-runs/%d/annotations", check), most: maxAnnotations, cut: true}
	all, err := whole[hls.Annotation](ctx, c, l)
	mask := hls.NewMasker(c.redactor)
	for i := range all {
		all[i].Title, all[i].Message = mask.Line(all[i].Title), mask.Text(all[i].Message)
	}
	return all, notOffered(err)
}

// OpenPulls reads the open pull requests whose head is a branch ("owner:branch"), of whatever fork; with "" those that
// were changed last ("List pull requests"). GitHub tells of a fork's runs in no other way which pull request they are for.
func (c *Client) OpenPulls(ctx context.Context, s hls.Subject, head string) ([]hls.PullRequest, error) {
	query := url.Values{"state": {"open"}, "sort": {"updated"}, "direction": {"desc"}}
	if head != "" {
		query.Set("head", head)
	}
	l := listing{repo: s.Repo, repoID: s.RepoID, path: "pulls", query: query.Encode(), most: maxHeads, cut: true}
	return whole[hls.PullRequest](ctx, c, l)
}

// PullCommits reads the commits of a pull request, the oldest first.
func (c *Client) PullCommits(ctx context.Context, s hls.Subject) ([]hls.Commit, error) {
	l := ofSubject(s, "pulls/%d/commits", maxCommits)
	l.cut = true
	var all []hls.Commit
	for one, err := range each[listedCommit](ctx, c, l) {
		if err != nil {
			return nil, notOffered(err)
		}
		all = append(all, one.commit())
	}
	return all, nil
}

// LastSuccess reads the newest run of a workflow on a branch that succeeded; hls.ErrNotFound when there is none.
func (c *Client) LastSuccess(ctx context.Context, s hls.Subject, workflow int64, branch string) (hls.WorkflowRun, error) {
	var runs struct {
		Runs []hls.WorkflowRun `json:"workflow_runs"`
	}
	query := url.Values{"branch": {branch}, "status": {"success"}, "per_page": {"1"}}
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodGet, path: fmt.Sprintf("repos/%s/actions/workflows/%d/runs?%s", s.Repo, workflow, query.Encode()),
		into: &runs, repoID: s.RepoID,
	})
	if err == nil && len(runs.Runs) == 0 {
		err = asking(hls.ErrNotFound)
	}
	if err != nil {
		return hls.WorkflowRun{}, notOffered(err)
	}
	return runs.Runs[0], nil
}
