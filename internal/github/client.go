// Package github is the only door to GitHub: token or App sign-in, limits, paging, conditional requests.
//
// Every URL is built from the base URL of the configuration, and no request leaves its host but
// for what GitHub keeps in a storage, see storage.go. Errors are those that
// hls names; what may have happened and may not have wraps hls.ErrAmbiguous.
package github

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/google/go-github/v92/github"

	"hls/internal/breaker"
	"hls/internal/fault"
	"hls/internal/hls"
	"hls/internal/share"
)

// Client reads and writes GitHub for every repository, each with its own credential. It is safe for concurrent use.
type Client struct {
	settings settings
	gh       *github.Client
	meter    *meter
	breaker  *breaker.Breaker
	token    hls.Secret
	tokens   func(repo string) hls.Secret
	app      *app // nil without one
	storage  *storage
	redactor *hls.Redactor
	pool     *share.Pool // nil without other instances

	mu    sync.Mutex
	doors map[string]*door // by credential
	names names
	self  map[string]identity // by credential
}

// New makes the door to GitHub. tokens gives a repository's own token, or "" for the general credential; it may
// be nil. With neither token nor App, requests go out unsigned, which public repositories allow for reading.
func New(cfg Config, tokens func(repo string) hls.Secret) (*Client, error) {
	s, err := cfg.settings()
	if err != nil {
		return nil, fmt.Errorf("configure github: %w", err)
	}
	if tokens == nil {
		tokens = func(string) hls.Secret { return "" }
	}
	c := &Client{
		settings: s, meter: &meter{}, breaker: breaker.New(cfg.Breaker.Scaled(fault.Scaled)), token: cfg.Token, tokens: tokens,
		doors: map[string]*door{}, self: map[string]identity{}, storage: newStorage(s.base, cfg.Dial), redactor: cfg.Redactor,
		pool: share.New(cfg.Shares),
	}
	base := s.base.String()
	c.gh, err = github.NewClient(
		github.WithHTTPClient(&http.Client{
			Transport: &transport{
				home: s.base, next: baseTransport(cfg.Dial), cache: newCache(maxCached), meter: c.meter, most: maxResponseBytes,
			},
			CheckRedirect: followNarrowly(s.base),
		}),
		github.WithURLs(&base, nil),
		github.WithUserAgent("hls"),
		github.WithDisableRateLimitCheck(), // this door's own pauses know more
	)
	if err != nil {
		return nil, fmt.Errorf("configure github: %w", err)
	}
	if cfg.App != (App{}) {
		if c.app, err = newApp(cfg.App, c); err != nil {
			return nil, fmt.Errorf("configure github app: %w", err)
		}
	}
	return c, nil
}

// Snapshot is what the traffic so far has shown.
func (c *Client) Snapshot() Snapshot {
	s := c.meter.snapshot()
	s.Breaker = c.breaker.Snapshot()
	return s
}

var repository = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$`)

// door is the way in for a repository.
func (c *Client) door(ctx context.Context, repo string) (*door, error) {
	if !repository.MatchString(repo) {
		return nil, &hls.Permanent{Err: fmt.Errorf("%q is not owner/name", repo), Reason: reasonInvalid}
	}
	by := c.credential(repo)
	if by.app != nil {
		return by.app.door(ctx, repo)
	}
	return c.tokenDoor(by.token), nil
}

// credential is what requests are signed with.
type credential struct {
	key   string // tells credentials apart without being one
	token hls.Secret
	app   *app // nil for a token
}

// credential of a repository: its own token, else the App, else the general token. "" has none of its own.
func (c *Client) credential(repo string) credential {
	token := c.token
	if repo != "" {
		token = cmp.Or(c.tokens(repo), token)
	}
	if token == "" && c.app != nil {
		return credential{key: "app", app: c.app} // whose installations all act as one account
	}
	return credential{key: tokenKey(token), token: token}
}

func (c *Client) tokenDoor(token hls.Secret) *door {
	authorization := ""
	if token != "" {
		authorization = "Bearer " + token.Reveal()
	}
	return c.openDoor(tokenKey(token), func(d *door) {
		d.authorize = func(context.Context, call) (string, error) { return authorization, nil }
	})
}

func tokenKey(token hls.Secret) string {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return hex.EncodeToString(sum[:8])
}

// openDoor returns the door of a credential, made by fit when it is the first use.
func (c *Client) openDoor(key string, fit func(*door)) *door {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d, ok := c.doors[key]; ok {
		return d
	}
	d := &door{
		key: key, gh: c.gh, meter: c.meter, breaker: c.breaker, timeout: c.settings.timeout,
		writes: newPace(c.settings.writes, c.settings.content),
		reads:  newPace(readsPerMinute(c.settings.writes), 0),
		common: &common{
			pool: c.pool, name: "github/" + key, writes: c.settings.writes, content: c.settings.content, timeout: c.settings.timeout,
		},
		paused: map[string]time.Time{},
	}
	if c.pool != nil {
		d.writes.common = d.common
	}
	if c.settings.concurrency > 0 {
		d.concurrency = make(chan struct{}, c.settings.concurrency)
	}
	fit(d)
	c.doors[key] = d
	return d
}

// readsPerMinute is what is left for reads of the 900 points that a token has in a minute, of which a write costs
// five ("Rate limits for the REST API"). Without a limit of ours on writes there is none on reads either.
func readsPerMinute(writes int) int {
	if writes == 0 {
		return 0
	}
	return max(900-5*writes, 100)
}

// do makes one call for a repository. Its errors name the request, so that callers need not.
func (c *Client) do(ctx context.Context, repo string, q call) (*github.Response, error) {
	d, err := c.door(ctx, repo)
	if err != nil {
		return nil, asking(err)
	}
	q.repo = repo
	resp, err := d.do(ctx, q)
	return resp, asking(err)
}

func asking(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("ask GitHub: %w", err)
}
