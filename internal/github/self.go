package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"hls/internal/hls"
)

// unknownFor is how long a server that did not tell who we are is not asked again.
const unknownFor = 5 * time.Minute

// identity is who a credential acts as. A known one holds for good.
type identity struct {
	account hls.Account
	until   time.Time // of an unknown one
}

// Self is the account that HLS writes as under the general credential; the zero Account when GitHub does not tell,
// as with the token of a GitHub Actions job.
func (c *Client) Self(ctx context.Context) (hls.Account, error) {
	if c.app != nil {
		return c.identify(ctx, "app", c.app.self)
	}
	return c.selfOf(ctx, c.token)
}

// SelfFor is the account that HLS writes as in one repository, which may have a token of its own.
func (c *Client) SelfFor(ctx context.Context, repo string) (hls.Account, error) {
	if own := c.tokens(repo); own != "" {
		return c.selfOf(ctx, own)
	}
	return c.Self(ctx)
}

func (c *Client) selfOf(ctx context.Context, token hls.Secret) (hls.Account, error) {
	if token == "" {
		return hls.Account{}, nil
	}
	d := c.tokenDoor(token)
	return c.identify(ctx, d.key, func(ctx context.Context) (hls.Account, error) {
		var account hls.Account
		_, err := d.do(ctx, call{method: http.MethodGet, path: "user", into: &account})
		return account, err
	})
}

func (c *Client) identify(ctx context.Context, key string, ask func(context.Context) (hls.Account, error)) (hls.Account, error) {
	c.mu.Lock()
	known, ok := c.self[key]
	c.mu.Unlock()
	if ok && (known.account.ID != 0 || time.Now().Before(known.until)) {
		return known.account, nil
	}
	account, err := ask(ctx)
	if err != nil && !untold(err) {
		return hls.Account{}, fmt.Errorf("read own account: %w", err)
	}
	if err != nil {
		account = hls.Account{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.self[key] = identity{account: account, until: time.Now().Add(unknownFor)}
	return account, nil
}

// untold tells whether an error says that the credential may not know whose it is.
func untold(err error) bool {
	var final *hls.Permanent
	return errors.Is(err, hls.ErrNotFound) ||
		errors.As(err, &final) && (final.Reason == reasonUnauthorized || final.Reason == reasonForbidden)
}

// self is the bot account of the App, whose login is the App's slug with a suffix. Identity is its number, which
// only a look-up gives; the App's own token cannot make it, any installation's can.
func (a *app) self(ctx context.Context) (hls.Account, error) {
	var about struct {
		Slug string `json:"slug"`
	}
	if _, err := a.own().do(ctx, call{method: http.MethodGet, path: "app", into: &about}); err != nil {
		return hls.Account{}, err
	}
	var installations []struct {
		ID int64 `json:"id"`
	}
	_, err := a.own().do(ctx, call{method: http.MethodGet, path: "app/installations?per_page=1", into: &installations})
	if err != nil {
		return hls.Account{}, err
	}
	if len(installations) == 0 {
		return hls.Account{}, fmt.Errorf("%w: the App has no installation", hls.ErrNotFound)
	}
	var account hls.Account
	_, err = a.installed(installations[0].ID).do(ctx, call{
		method: http.MethodGet, path: "users/" + url.PathEscape(about.Slug+"[bot]"), into: &account,
	})
	return account, err
}
