package github

import (
	"context"
	"fmt"
	"net/http"
	"regexp"

	"hls/internal/hls"
)

// login is a name that GitHub gives to accounts of people, those of an enterprise among them.
var login = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)

// Access reads what an account may do in the subject's repository; one that is not known is not found. It takes the
// permission Metadata (read).
func (c *Client) Access(ctx context.Context, s hls.Subject, name string) (access hls.Access, err error) {
	if !login.MatchString(name) {
		return access, fmt.Errorf("read access of an account: %w: it has no name of a person", hls.ErrNotFound)
	}
	_, err = c.do(ctx, s.Repo, call{
		method: http.MethodGet, path: fmt.Sprintf("repos/%s/collaborators/%s/permission", s.Repo, name),
		into: &access, repoID: s.RepoID,
	})
	return access, err
}
