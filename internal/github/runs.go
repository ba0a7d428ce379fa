package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"hls/internal/hls"
)

var errNotAgain = errors.New("the answer does not say that the run was started again")

// Run reads a workflow run of the subject's repository; one that is not there is gone.
func (c *Client) Run(ctx context.Context, s hls.Subject, id int64) (run hls.WorkflowRun, err error) {
	err = c.get(ctx, s, fmt.Sprintf("actions/runs/%d", id), &run)
	return run, err
}

// RerunFailedJobs runs the failed jobs of a workflow run again, and those that hang on them, as its next attempt.
func (c *Client) RerunFailedJobs(ctx context.Context, s hls.Subject, id int64) error {
	resp, err := c.do(ctx, s.Repo, call{
		method: http.MethodPost, path: fmt.Sprintf("repos/%s/actions/runs/%d/rerun-failed-jobs", s.Repo, id),
		does: creates, repoID: s.RepoID,
	})
	if err == nil && resp.StatusCode != http.StatusCreated {
		err = asking(fmt.Errorf("%w: %w", hls.ErrAmbiguous, errNotAgain))
	}
	return err
}
