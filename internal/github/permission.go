package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"hls/internal/hls"
)

// MayWrite tells whether an account has write access to a repository now ("Get repository permissions for a user":
// maintain counts as write, and triage as read). The account is known by its number: a login that was taken anew is
// another's. What the credential may not know is hls.ErrNotFound.
func (c *Client) MayWrite(ctx context.Context, s hls.Subject, who hls.Account) (bool, error) {
	var answer struct {
		Permission string      `json:"permission"`
		User       hls.Account `json:"user"`
	}
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodGet, into: &answer, repoID: s.RepoID,
		path: fmt.Sprintf("repos/%s/collaborators/%s/permission", s.Repo, url.PathEscape(who.Login)),
	})
	var final *hls.Permanent
	switch {
	case errors.As(err, &final) && final.Reason == reasonForbidden:
		return false, fmt.Errorf("%w: %w", hls.ErrNotFound, err)
	case errors.Is(err, hls.ErrNotFound): // nobody has that login any more
		return false, nil
	case err != nil:
		return false, err
	}
	return answer.User.Same(who) && (answer.Permission == "admin" || answer.Permission == "write"), nil
}
