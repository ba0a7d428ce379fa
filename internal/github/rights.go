package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"hls/internal/hls"
)

// Rights are what a credential may do in a repository, as far as GitHub tells. It tells all of an App, the scopes of a
// classic token, and of a fine-grained token no more than what its owner may do.
type Rights struct {
	Private     bool
	Role        string            // of the token's owner in the repository: admin, maintain, push, triage or pull; "" for an App
	Scopes      []string          // of a classic token
	Classic     bool              // the token has scopes, be they none
	Permissions map[string]string // of an App's installation: as issues: write; nil for tokens
	Events      []string          // that the App's webhook is sent
}

// Rights reads what HLS may do in a repository.
func (c *Client) Rights(ctx context.Context, repo string) (Rights, error) {
	if by := c.credential(repo); by.app != nil {
		return by.app.rights(ctx, repo)
	}
	var about struct {
		Private     bool            `json:"private"`
		Permissions map[string]bool `json:"permissions"`
	}
	resp, err := c.do(ctx, repo, call{method: http.MethodGet, path: "repos/" + repo, into: &about})
	if err != nil {
		return Rights{}, err
	}
	rights := Rights{Private: about.Private}
	for _, role := range []string{"admin", "maintain", "push", "triage", "pull"} {
		if about.Permissions[role] {
			rights.Role = role
			break
		}
	}
	if scopes, classic := resp.Header["X-Oauth-Scopes"]; classic {
		rights.Classic = true
		for scope := range strings.SplitSeq(strings.Join(scopes, ","), ",") {
			if scope = strings.TrimSpace(scope); scope != "" {
				rights.Scopes = append(rights.Scopes, scope)
			}
		}
	}
	return rights, nil
}

func (a *app) rights(ctx context.Context, repo string) (Rights, error) {
	if !repository.MatchString(repo) {
		return Rights{}, &hls.Permanent{Err: fmt.Errorf("%q is not owner/name", repo), Reason: reasonInvalid}
	}
	var about struct {
		Permissions map[string]string `json:"permissions"`
		Events      []string          `json:"events"`
	}
	_, err := a.own().do(ctx, call{method: http.MethodGet, path: fmt.Sprintf("repos/%s/installation", repo), into: &about})
	if errors.Is(err, hls.ErrNotFound) {
		err = &hls.Permanent{Err: fmt.Errorf("the App is not installed on %s", repo), Reason: reasonNotInstalled}
	}
	if err != nil {
		return Rights{}, asking(err)
	}
	if about.Permissions == nil {
		about.Permissions = map[string]string{}
	}
	return Rights{Permissions: about.Permissions, Events: about.Events}, nil
}
