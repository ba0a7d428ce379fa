package github

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"hls/internal/hls"
)

// tokenSlack is how long before its end an installation token is renewed; it lasts an hour.
const tokenSlack = 5 * time.Minute

// app signs in as a GitHub App: a JSON Web Token for the App itself, a token for each of its installations.
type app struct {
	id     int64
	key    *rsa.PrivateKey
	client *Client

	mu            sync.Mutex
	installations map[string]int64             // by repository
	tokens        map[grant]*installationToken // by installation and what they are good for
}

func newApp(cfg App, c *Client) (*app, error) {
	if c.token != "" {
		return nil, errors.New("github.token and github.app are both set")
	}
	if cfg.ID <= 0 {
		return nil, errors.New("github.app.id is not set")
	}
	text := []byte(strings.ReplaceAll(cfg.PrivateKey.Reveal(), `\n`, "\n"))
	switch {
	case cfg.PrivateKey != "" && cfg.PrivateKeyFile != "":
		return nil, errors.New("github.app.private_key and private_key_file are both set")
	case cfg.PrivateKey == "" && cfg.PrivateKeyFile == "":
		return nil, errors.New("github.app.private_key is not set")
	case cfg.PrivateKeyFile != "":
		var err error
		if text, err = os.ReadFile(cfg.PrivateKeyFile); err != nil {
			return nil, fmt.Errorf("read github.app.private_key_file: %w", err)
		}
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, err
	}
	return &app{id: cfg.ID, key: key, client: c, installations: map[string]int64{}, tokens: map[grant]*installationToken{}}, nil
}

// parseKey reads an RSA key in PEM, as GitHub gives it (PKCS #1) or as PKCS #8. Its errors hold nothing of it.
func parseKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("github.app's private key is not PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("github.app's private key cannot be read")
	}
	key, ok := any.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("github.app's private key is not an RSA key")
	}
	return key, nil
}

// sign makes the App's own token ("Generating a JSON Web Token for a GitHub App"): RS256, at most ten minutes,
// started a minute ago in case the clocks differ.
func (a *app) sign(now time.Time) (string, error) {
	claims, err := json.Marshal(map[string]any{
		"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(8 * time.Minute).Unix(), "iss": fmt.Sprint(a.id),
	})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign app token: %w", err)
	}
	return text + "." + encode(signature), nil
}

// own is the door of the App itself, which leads to little more than its installations.
func (a *app) own() *door {
	return a.client.openDoor(fmt.Sprintf("app %d", a.id), func(d *door) {
		d.authorize = func(context.Context, call) (string, error) {
			token, err := a.sign(time.Now())
			return "Bearer " + token, err
		}
	})
}

// door is that of the installation that covers a repository.
func (a *app) door(ctx context.Context, repo string) (*door, error) {
	a.mu.Lock()
	id := a.installations[repo]
	a.mu.Unlock()
	if id == 0 {
		var installation struct {
			ID int64 `json:"id"`
		}
		path := fmt.Sprintf("repos/%s/installation", repo)
		_, err := a.own().do(ctx, call{method: http.MethodGet, path: path, into: &installation})
		if errors.Is(err, hls.ErrNotFound) {
			return nil, &hls.Permanent{Err: fmt.Errorf("the App is not installed on %s", repo), Reason: reasonNotInstalled}
		}
		if err != nil {
			return nil, fmt.Errorf("read installation of %s: %w", repo, err)
		}
		id = installation.ID
		a.mu.Lock()
		a.installations[repo] = id
		a.mu.Unlock()
	}
	return a.installed(id), nil
}

// installed is the door of an installation. Its limits are those of the installation as a whole, and each call is signed
// with a token that is good for its own repository alone.
func (a *app) installed(id int64) *door {
	return a.client.openDoor(fmt.Sprintf("installation %d", id), func(d *door) {
		d.authorize = func(ctx context.Context, c call) (string, error) {
			return a.token(grant{installation: id, repo: c.scope()}).authorize(ctx)
		}
		d.revoke = func() { a.revoke(id) }
	})
}

// grant is what a token of an installation is good for.
type grant struct {
	installation int64
	repo         string // a repository's number or name; "" is all that the App is installed on
}

// scope is the repository that a call is about: by its number where it is known, for names are given away and taken anew.
// Calls about none, such as those about an organization's webhooks, have none.
func (c call) scope() string {
	if c.repoID > 0 && c.repo != "" {
		return strconv.FormatInt(c.repoID, 10)
	}
	return strings.ToLower(c.repo)
}

// body asks for a token that is good for no more than the grant.
func (g grant) body() any {
	if id, err := strconv.ParseInt(g.repo, 10, 64); err == nil {
		return map[string]any{"repository_ids": []int64{id}}
	}
	if _, name, ok := strings.Cut(g.repo, "/"); ok {
		return map[string]any{"repositories": []string{name}}
	}
	return nil
}

// mostTokens is how many tokens are kept. They are quickly made again.
const mostTokens = 10_000

func (a *app) token(g grant) *installationToken {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.tokens[g]
	if t == nil {
		if len(a.tokens) >= mostTokens {
			clear(a.tokens)
		}
		t = &installationToken{app: a, grant: g}
		a.tokens[g] = t
	}
	return t
}

// revoke drops the tokens of an installation, which GitHub no longer takes, and what is known of it.
func (a *app) revoke(id int64) {
	a.mu.Lock()
	for g := range a.tokens {
		if g.installation == id {
			delete(a.tokens, g)
		}
	}
	a.mu.Unlock()
	a.forget(id)
}

// forget drops what is known of an installation, which may have been removed and made anew.
func (a *app) forget(id int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for repo, known := range a.installations {
		if known == id {
			delete(a.installations, repo)
		}
	}
}

// forgetAll drops what is known of all installations, and their tokens.
func (a *app) forgetAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.installations)
	clear(a.tokens)
}

// installationToken is a token of an installation, made when needed. It is safe for concurrent use.
type installationToken struct {
	app   *app
	grant grant

	mu    sync.Mutex
	token hls.Secret
	until time.Time
}

func (t *installationToken) authorize(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token != "" && time.Until(t.until) > tokenSlack {
		return "Bearer " + t.token.Reveal(), nil
	}
	var made struct {
		Token     hls.Secret `json:"token"`
		ExpiresAt time.Time  `json:"expires_at"`
	}
	// A token made twice does no harm, so this counts as reading: its failure leaves nothing in doubt.
	_, err := t.app.own().do(ctx, call{
		method: http.MethodPost, path: fmt.Sprintf("app/installations/%d/access_tokens", t.grant.installation), body: t.grant.body(), into: &made,
	})
	if errors.Is(err, hls.ErrNotFound) || unprocessable(err) { // The installation is gone, or no longer has the repository.
		t.app.forget(t.grant.installation)
		err = &hls.RetryAfter{Err: err}
	}
	if err == nil && made.Token == "" {
		err = &hls.RetryAfter{Err: errors.New("the answer has no token")}
	}
	if err != nil {
		return "", fmt.Errorf("create token of installation %d: %w", t.grant.installation, err)
	}
	t.token, t.until = made.Token, made.ExpiresAt
	return "Bearer " + t.token.Reveal(), nil
}

// unprocessable tells whether GitHub understood a request and cannot do it.
func unprocessable(err error) bool {
	var final *hls.Permanent
	return errors.As(err, &final) && final.Reason == reasonInvalid
}
