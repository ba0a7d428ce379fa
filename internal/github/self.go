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
	return c.selfOf(ctx, c.credential(""))
}

// SelfFor is the account that HLS writes as in one repository, which may have a token of its own.
func (c *Client) SelfFor(ctx context.Context, repo string) (hls.Account, error) {
	return c.selfOf(ctx, c.credential(repo))
}

// KnownSelf is SelfFor as far as it is known. It asks nobody.
func (c *Client) KnownSelf(repo string) hls.Account {
	key := c.credential(repo).key
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.self[key].account
}

func (c *Client) selfOf(ctx context.Context, by credential) (hls.Account, error) {
	c.mu.Lock()
	known := c.self[by.key]
	c.mu.Unlock()
	if known.account.ID != 0 || time.Now().Before(known.until) {
		return known.account, nil
	}
	account, err := c.whois(ctx, by)
	switch {
	case err != nil && !untold(err):
		return hls.Account{}, asking(err)
	case err != nil:
		account = hls.Account{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.self[by.key].account.ID == 0 {
		c.self[by.key] = identity{account: account, until: time.Now().Add(unknownFor)}
	}
	return c.self[by.key].account, nil
}

// whois asks GitHub who a credential acts as.
func (c *Client) whois(ctx context.Context, by credential) (account hls.Account, err error) {
	switch {
	case by.app != nil:
		return by.app.self(ctx)
	case by.token != "":
		_, err = c.tokenDoor(by.token).do(ctx, call{method: http.MethodGet, path: "user", into: &account})
	}
	return account, err
}

// learn takes from what a write created who its credential acts as, for where GitHub does not tell it otherwise.
func (c *Client) learn(repo string, author hls.Account) {
	if author.ID == 0 {
		return
	}
	key := c.credential(repo).key
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.self[key].account.ID == 0 {
		c.self[key] = identity{account: author}
	}
}

// untold tells whether an error says that the credential may not know whose it is.
func untold(err error) bool {
	var final *hls.Permanent
	return errors.Is(err, hls.ErrNotFound) || errors.As(err, &final) && final.Reason == reasonForbidden
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
