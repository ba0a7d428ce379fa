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
	"maps"
	"net/http"
	"os"
	"slices"
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
	tokens        map[int64]*installationToken // by installation
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
	return &app{id: cfg.ID, key: key, client: c, installations: map[string]int64{}, tokens: map[int64]*installationToken{}}, nil
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
		d.authorize = func(context.Context) (string, error) {
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

func (a *app) installed(id int64) *door {
	a.mu.Lock()
	t := a.tokens[id]
	if t == nil {
		t = &installationToken{app: a, id: id}
		a.tokens[id] = t
	}
	a.mu.Unlock()
	return a.client.openDoor(fmt.Sprintf("installation %d", id), func(d *door) {
		d.authorize, d.revoke = t.authorize, t.forget
	})
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
	clear(a.installations)
	tokens := slices.Collect(maps.Values(a.tokens))
	a.mu.Unlock()
	for _, t := range tokens {
		t.forget()
	}
}

// installationToken is the token of one installation, made when needed. It is safe for concurrent use.
type installationToken struct {
	app *app
	id  int64

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
		method: http.MethodPost, path: fmt.Sprintf("app/installations/%d/access_tokens", t.id), into: &made,
	})
	if errors.Is(err, hls.ErrNotFound) {
		t.app.forget(t.id)
		err = &hls.RetryAfter{Err: err}
	}
	if err == nil && made.Token == "" {
		err = &hls.RetryAfter{Err: errors.New("the answer has no token")}
	}
	if err != nil {
		return "", fmt.Errorf("create token of installation %d: %w", t.id, err)
	}
	t.token, t.until = made.Token, made.ExpiresAt
	return "Bearer " + t.token.Reveal(), nil
}

func (t *installationToken) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.token = ""
	t.app.forget(t.id)
}
