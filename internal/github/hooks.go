package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/google/go-github/v92/github"

	"hls/internal/hls"
)

// HookPlace is whose webhooks are meant: a repository's, an organization's, or, with neither, the App's.
type HookPlace struct {
	Repo string // owner/name
	Org  string
}

// String is the place as commands name it.
func (p HookPlace) String() string { return cmp.Or(p.Repo, p.Org, "app") }

// Hook is a webhook. The App has exactly one, whose ID is 0 and whose Events GitHub does not tell.
type Hook struct {
	ID          int64
	Active      bool
	URL         string
	ContentType string // "json" or "form"
	Insecure    bool   // the receiver's certificate is not verified
	Secret      bool   // one is set; GitHub does not show it
	Events      []string
}

// HookSpec is a webhook as it is to be. It sends JSON and verifies the receiver's certificate.
type HookSpec struct {
	URL    string
	Secret hls.Secret
	Events []string
}

var organization = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// Bounds of lists: GitHub allows 20 hooks for each event.
const maxHooks = 1000

// Hooks reads the webhooks of a place.
func (c *Client) Hooks(ctx context.Context, at HookPlace) ([]Hook, error) {
	if at == (HookPlace{}) {
		var config github.HookConfig
		if _, err := c.doAt(ctx, at, call{method: http.MethodGet, path: "app/hook/config", into: &config}); err != nil {
			return nil, err
		}
		return []Hook{configured(&github.Hook{Active: new(config.GetURL() != ""), Config: &config})}, nil
	}
	var hooks []Hook
	for page := 1; len(hooks) < maxHooks; page++ {
		var part []*github.Hook
		resp, err := c.doAt(ctx, at, call{method: http.MethodGet, path: fmt.Sprintf("%s/hooks?per_page=%d&page=%d", at.root(), perPage, page), into: &part})
		if err != nil {
			return nil, err
		}
		for _, h := range part {
			hooks = append(hooks, configured(h))
		}
		if len(part) == 0 || resp.NextPage == 0 && len(part) < perPage {
			break
		}
	}
	return hooks, nil
}

func configured(h *github.Hook) Hook {
	return Hook{
		ID: h.GetID(), Active: h.GetActive(), Events: h.Events, URL: h.GetConfig().GetURL(), ContentType: h.GetConfig().GetContentType(),
		Insecure: h.GetConfig().GetInsecureSSL() == "1", Secret: h.GetConfig().GetSecret() != "",
	}
}

// root is the path below which a place's webhooks are.
func (p HookPlace) root() string {
	if p.Repo != "" {
		return "repos/" + p.Repo
	}
	return "orgs/" + p.Org
}

// CreateHook adds a webhook to a repository. GitHub pings it.
func (c *Client) CreateHook(ctx context.Context, repo string, spec HookSpec) (Hook, error) {
	return c.putHook(ctx, repo, spec, call{method: http.MethodPost, path: fmt.Sprintf("repos/%s/hooks", repo)})
}

// EditHook makes a repository's webhook what it is to be, its secret included: one that is left out is removed.
func (c *Client) EditHook(ctx context.Context, repo string, id int64, spec HookSpec) (Hook, error) {
	return c.putHook(ctx, repo, spec, call{method: http.MethodPatch, path: fmt.Sprintf("repos/%s/hooks/%d", repo, id)})
}

// putHook counts as a write that does no harm twice: GitHub takes no second hook with the same address.
func (c *Client) putHook(ctx context.Context, repo string, spec HookSpec, q call) (Hook, error) {
	if spec.Secret == "" {
		return Hook{}, &hls.Permanent{Err: errors.New("a webhook without a secret proves nothing"), Reason: reasonInvalid}
	}
	q.does, q.body = writes, map[string]any{
		"name": "web", "active": true, "events": spec.Events,
		"config": map[string]string{"url": spec.URL, "content_type": "json", "insecure_ssl": "0", "secret": spec.Secret.Reveal()},
	}
	made := &github.Hook{}
	q.into = made
	if _, err := c.do(ctx, repo, q); err != nil {
		return Hook{}, err
	}
	if made.GetID() == 0 {
		return Hook{}, asking(fmt.Errorf("%w: %w", hls.ErrAmbiguous, errNoID))
	}
	return configured(made), nil
}

// RepositoryByID reads a repository by the number that deliveries name it by, through the App's installation where
// that is how HLS signs in.
func (c *Client) RepositoryByID(ctx context.Context, id, installation int64) (repo hls.Repository, err error) {
	d := c.tokenDoor(c.token)
	if c.token == "" && c.app != nil {
		d = c.app.installed(installation)
	}
	_, err = d.do(ctx, call{method: http.MethodGet, path: fmt.Sprintf("repositories/%d", id), into: &repo})
	return repo, asking(err)
}

// doAt makes one call for a place, with the credential that is meant for it.
func (c *Client) doAt(ctx context.Context, at HookPlace, q call) (*github.Response, error) {
	if at.Repo != "" {
		return c.do(ctx, at.Repo, q)
	}
	d, err := c.hookDoor(ctx, at)
	if err != nil {
		return nil, asking(err)
	}
	resp, err := d.do(ctx, q)
	return resp, asking(err)
}

func (c *Client) hookDoor(ctx context.Context, at HookPlace) (*door, error) {
	switch {
	case at.Org == "" && c.app == nil:
		return nil, &hls.Permanent{Err: errors.New("no App is configured (github.app)"), Reason: reasonInvalid}
	case at.Org == "":
		return c.app.own(), nil
	case !organization.MatchString(at.Org):
		return nil, &hls.Permanent{Err: fmt.Errorf("%q is no name of an organization", at.Org), Reason: reasonInvalid}
	case c.token == "" && c.app != nil:
		return c.app.orgDoor(ctx, at.Org)
	}
	return c.tokenDoor(c.token), nil
}

// orgDoor is that of the installation in an organization.
func (a *app) orgDoor(ctx context.Context, org string) (*door, error) {
	var installation struct {
		ID int64 `json:"id"`
	}
	_, err := a.own().do(ctx, call{method: http.MethodGet, path: fmt.Sprintf("orgs/%s/installation", org), into: &installation})
	if err != nil {
		return nil, fmt.Errorf("read installation of %s: %w", org, err)
	}
	return a.installed(installation.ID), nil
}
