package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"hls/internal/hls"
)

// Compare reads how head differs from base, both a commit, a branch or a tag of the subject's repository. It is an extra:
// whatever cannot be had (a commit that is gone, a comparison that is too large) is hls.ErrNotFound. The files stand on
// the first page alone, and one commit is all that is asked for besides them ("Compare two commits").
func (c *Client) Compare(ctx context.Context, s hls.Subject, base, head string) (hls.Comparison, error) {
	var found hls.Comparison
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodGet, into: &found, repoID: s.RepoID,
		path: fmt.Sprintf("repos/%s/compare/%s...%s?per_page=1", s.Repo, url.PathEscape(base), url.PathEscape(head)),
	})
	if err != nil && offered(err) == nil {
		err = fmt.Errorf("%w: %w", hls.ErrNotFound, err)
	}
	if err != nil {
		return hls.Comparison{}, err
	}
	return found, nil
}
