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

	Permissions map[string]string
	Events      []string
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
	permissions, events := g.cfg.App.Permissions, g.cfg.App.Events
	if permissions == nil {
		permissions = map[string]string{}
	}
	return reply{status: http.StatusOK, body: object{
		"id": theInstallation, "app_id": g.cfg.App.ID, "permissions": permissions, "events": append([]string{}, events...),
	}}
}

func (g *GitHub) installations(x *exchange) reply {
	return x.list([]object{{"id": theInstallation, "app_id": g.cfg.App.ID}})
}

// accessToken makes a token of the installation, for all repositories or for those that are asked for.
func (g *GitHub) accessToken(x *exchange) reply {
	var in struct {
		Repositories []string `json:"repositories"`
		IDs          []int64  `json:"repository_ids"`
	}
	if len(x.body) > 0 {
		if out, ok := x.decode(&in); !ok {
			return out
		}
	}
	var only []int64
	for _, name := range in.Repositories {
		found := g.repoNamed(name)
		if found == nil {
			return notInstalled()
		}
		only = append(only, found.ID)
	}
	for _, id := range in.IDs {
		if g.repoByID(id) == nil {
			return notInstalled()
		}
		only = append(only, id)
	}
	token := installationToken
	if len(only) > 0 {
		token = fmt.Sprintf("%s_%v", installationToken, only)
		token = strings.NewReplacer("[", "", "]", "", " ", "_").Replace(token)
		g.narrow[token] = only
	}
	return reply{status: http.StatusCreated, body: object{
		"token": token, "expires_at": time.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	}}
}

func notInstalled() reply {
	return failure(http.StatusUnprocessableEntity, "There is at least one repository that does not exist or is not accessible to the parent installation.")
}

// repoNamed finds a repository of any owner: the one installation is on everything.
func (g *GitHub) repoNamed(name string) *repository {
	for _, r := range g.repos {
		if strings.EqualFold(r.Name, name) {
			return r
		}
	}
	return nil
}

// installed tells whether a token is the installation's, and lets it ask, for no more than the token is good for.
func (g *GitHub) installed(x *exchange, token string) bool {
	if g.cfg.App == nil {
		return false
	}
	only, narrow := g.narrow[token]
	if !narrow && token != installationToken {
		return false
	}
	x.only, x.actor = only, g.appSelf
	return true
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
