package github

import (
	"context"
	"fmt"
	"net/http"

	"hls/internal/hls"
)

// Release reads a release of the subject's repository; one that is not there is gone.
func (c *Client) Release(ctx context.Context, s hls.Subject, id int64) (release hls.Release, err error) {
	err = c.get(ctx, s, fmt.Sprintf("releases/%d", id), &release)
	return release, err
}

// SetReleaseBody replaces the notes of a release and leaves the rest of it as it is.
func (c *Client) SetReleaseBody(ctx context.Context, s hls.Subject, id int64, body string) error {
	var release hls.Release
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodPatch, path: fmt.Sprintf("repos/%s/releases/%d", s.Repo, id),
		body: map[string]string{"body": body}, into: &release, does: writes, repoID: s.RepoID,
	})
	if err == nil && release.ID != id {
		err = asking(&hls.RetryAfter{Err: fmt.Errorf("%w: %w", hls.ErrAmbiguous, errNoID)})
	}
	return err
}
