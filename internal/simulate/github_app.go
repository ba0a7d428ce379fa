package simulate

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hls/internal/hls"
)

// AppSeed is the GitHub App that the stand-in knows. It has one installation, on everything, which acts as Self.
type AppSeed struct {
	ID   int64
	Slug string
	Key  *rsa.PublicKey // checks the App's tokens
}

const (
	theInstallation = 4711
	// installationToken is the token of the one installation; it is worth something on the stand-in alone.
	installationToken = "ghs_simulated"
)

// isApp tells whether a token is one that the App signed ("Generating a JSON Web Token for a GitHub App").
func (g *GitHub) isApp(token string) error {
	parts := strings.Split(token, ".")
	if g.cfg.App == nil || len(parts) != 3 {
		return errors.New("not a JSON Web Token")
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(g.cfg.App.Key, crypto.SHA256, sum[:], signature); err != nil {
		return err
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	var claims struct {
		Expires int64  `json:"exp"`
		Issuer  string `json:"iss"`
	}
	if err := json.Unmarshal(text, &claims); err != nil {
		return err
	}
	// The wall clock, and not Now: clients sign by it.
	if claims.Issuer != fmt.Sprint(g.cfg.App.ID) || claims.Expires < time.Now().Unix() {
		return errors.New("of another App, or expired")
	}
	return nil
}

// ofApp lets only the App itself in.
func (g *GitHub) ofApp(run endpoint) endpoint {
	return func(x *exchange) reply {
		if !x.app {
			return failure(http.StatusUnauthorized, "A JSON web token could not be decoded")
		}
		return run(x)
	}
}

func (g *GitHub) appRoutes() map[string]endpoint {
	return map[string]endpoint{
		"GET /app":               g.ofApp(g.about),
		"GET /app/installations": g.ofApp(g.installations),
		"POST /app/installations/{installation}/access_tokens": g.ofApp(g.accessToken),
		"GET /repos/{owner}/{repo}/installation":               g.ofApp(g.installation),
		"GET /orgs/{org}/installation":                         g.ofApp(g.installation),
		"GET /users/{user}":                                    g.user,

		"GET /app/hook/config":                          g.ofApp(g.appHookConfig),
		"GET /app/hook/deliveries":                      g.ofApp(g.deliveries),
		"GET /app/hook/deliveries/{delivery}":           g.ofApp(g.delivery),
		"POST /app/hook/deliveries/{delivery}/attempts": g.ofApp(g.redeliver),
	}
}

func (g *GitHub) about(*exchange) reply {
	return reply{status: http.StatusOK, body: object{"id": g.cfg.App.ID, "slug": g.cfg.App.Slug, "name": g.cfg.App.Slug}}
}

func (g *GitHub) installation(*exchange) reply {
	return reply{status: http.StatusOK, body: object{"id": theInstallation, "app_id": g.cfg.App.ID}}
}

func (g *GitHub) installations(x *exchange) reply {
	return x.list([]object{{"id": theInstallation, "app_id": g.cfg.App.ID}})
}

func (g *GitHub) accessToken(*exchange) reply {
	return reply{status: http.StatusCreated, body: object{
		"token": installationToken, "expires_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	}}
}

func (g *GitHub) user(x *exchange) reply {
	a, known := g.accounts[strings.ToLower(x.vars["user"])]
	if !known {
		return notFound()
	}
	return reply{status: http.StatusOK, body: x.as.user(a)}
}

func (g *GitHub) appHookConfig(*exchange) reply {
	h := g.appHook
	if h == nil {
		h = &hook{media: "form"}
	}
	return reply{status: http.StatusOK, body: h.config()}
}

// bot is the account that an App's installations act as.
func (a *AppSeed) bot() hls.Account {
	return hls.Account{ID: 9002, Login: a.Slug + "[bot]", Type: "Bot"}
}
