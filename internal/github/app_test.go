package github

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/hls"
)

func newKey(t *testing.T) (*rsa.PrivateKey, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return key, string(pem.EncodeToMemory(block))
}

// verify fails unless the header holds a token that GitHub would take from App 12.
func verify(key *rsa.PublicKey, authorization string) error {
	token, _ := strings.CutPrefix(authorization, "Bearer ")
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return fmt.Errorf("%q is no token", authorization)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature); err != nil {
		return err
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	var claims struct {
		Iat, Exp int64
		Iss      string
	}
	if err := json.Unmarshal(text, &claims); err != nil {
		return err
	}
	now := time.Now().Unix()
	if claims.Iss != "12" || claims.Iat > now || claims.Exp < now || claims.Exp-claims.Iat > 600 {
		return fmt.Errorf("claims %s", text)
	}
	return nil
}

func TestAppSignsInByInstallation(t *testing.T) {
	t.Parallel()
	key, text := newKey(t)
	var (
		made  atomic.Int32
		lasts atomic.Int64
	)
	lasts.Store(int64(time.Hour))
	signed := func(next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := verify(&key.PublicKey, r.Header.Get("Authorization")); err != nil {
				t.Error(err)
			}
			next(w, r)
		}
	}
	s := serve(t, routes{
		"GET /repos/acme/widget/installation": signed(answer(200, `{"id":3}`)),
		"GET /repos/acme/gadget/installation": signed(answer(404, `{}`)),
		"POST /app/installations/3/access_tokens": signed(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			until := time.Now().Add(time.Duration(lasts.Load())).UTC().Format(time.RFC3339)
			_, _ = fmt.Fprintf(w, `{"token":"ghs_%d","expires_at":%q}`, made.Add(1), until)
		}),
		"GET /repos/acme/widget/issues/7": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer ghs_2" {
				w.WriteHeader(http.StatusUnauthorized)
			}
			_, _ = w.Write([]byte(`{"number":7}`))
		},
		"GET /app":               signed(answer(200, `{"slug":"hls"}`)),
		"GET /app/installations": signed(answer(200, `[{"id":3}]`)),
		"GET /users/hls[bot]":    answer(200, `{"id":99,"login":"hls[bot]","type":"Bot"}`),
	})
	c := dial(t, s, func(cfg *Config) {
		cfg.Token, cfg.App = "", App{ID: 12, PrivateKey: hls.Secret(strings.ReplaceAll(text, "\n", `\n`))}
	})
	read := func() error {
		_, err := c.Issue(t.Context(), widget)
		return err
	}
	lasts.Store(int64(tokenSlack + 2*time.Second))
	for range 2 {
		if err := read(); err != nil || made.Load() != 1 {
			t.Fatalf("%v, made %d tokens", err, made.Load())
		}
	}
	wait(t, tokenSlack, c)
	if err := read(); kindOf(err) != "retry github_unauthorized" || made.Load() != 2 {
		t.Errorf("a token that GitHub no longer takes: %v, made %d", err, made.Load())
	}
	if err := read(); err != nil || made.Load() != 3 {
		t.Errorf("after it: %v, made %d", err, made.Load())
	}
	gadget := widget
	gadget.Repo = "acme/gadget"
	_, err := c.Issue(t.Context(), gadget)
	wantReason(t, err, reasonNotInstalled)
	if a, err := c.Self(t.Context()); err != nil || a.ID != 99 || a.Type != "Bot" {
		t.Errorf("got %+v, %v", a, err)
	}
}

// wait makes the token of the installation as old as if the time had passed.
func wait(t *testing.T, d time.Duration, c *Client) {
	t.Helper()
	token := c.app.tokens[grant{installation: 3, repo: "77"}]
	if token == nil {
		t.Fatal("there is no token")
	}
	token.mu.Lock()
	defer token.mu.Unlock()
	token.until = token.until.Add(-d)
}

// A token that could not be made leaves no write in doubt: the write itself was never sent.
func TestE5_AFailedSignInIsNotAmbiguous(t *testing.T) {
	t.Parallel()
	_, text := newKey(t)
	s := serve(t, routes{
		"GET /repos/acme/widget/installation":     answer(200, `{"id":3}`),
		"POST /app/installations/3/access_tokens": answer(500, `{}`),
	})
	file := filepath.Join(t.TempDir(), "app.pem")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := dial(t, s, func(cfg *Config) { cfg.Token, cfg.App = "", App{ID: 12, PrivateKeyFile: file} })
	_, err := c.CreateComment(t.Context(), widget, "hello")
	if kindOf(err) != "outage" {
		t.Errorf("got %q, %v", kindOf(err), err)
	}
}

func TestKeysInBothForms(t *testing.T) {
	t.Parallel()
	key, _ := newKey(t)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parseKey(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil || !got.Equal(key) {
		t.Error(err)
	}
}
