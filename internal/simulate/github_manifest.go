package simulate

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
)

// manifest is what an App is made from ("Registering a GitHub App from a manifest").
type manifest struct {
	Name        string            `json:"name"`
	URL         string            `json:"url"`
	Hook        manifestHook      `json:"hook_attributes"`
	Redirect    string            `json:"redirect_url"`
	Permissions map[string]string `json:"default_permissions"`
	Events      []string          `json:"default_events"`
}

type manifestHook struct {
	URL    string `json:"url"`
	Active *bool  `json:"active"`
}

func (g *GitHub) manifestRoutes() map[string]endpoint {
	return map[string]endpoint{
		"POST /settings/apps/new":                     g.newApp,
		"POST /organizations/{org}/settings/apps/new": g.newApp,
		"POST /app-manifests/{code}/conversions":      g.convertManifest,
	}
}

// open tells whether a request needs no credential of the API: that of a page in a browser that is signed in, and the
// exchange of a code, which is one.
func (x *exchange) open() bool {
	return x.r.Method == http.MethodPost && (strings.HasSuffix(x.path, "/settings/apps/new") || strings.HasPrefix(x.path, "/app-manifests/"))
}

// newApp is GitHub's page that takes a manifest, with the person at it, who agrees at once: it sends the browser back.
func (g *GitHub) newApp(x *exchange) reply {
	form, err := url.ParseQuery(string(x.body))
	m := &manifest{}
	if err != nil || json.Unmarshal([]byte(form.Get("manifest")), m) != nil {
		return failure(http.StatusUnprocessableEntity, "Invalid manifest")
	}
	back, err := url.Parse(m.Redirect)
	if err != nil || back.Host == "" || m.Name == "" || m.URL == "" || m.Hook.URL == "" {
		return failure(http.StatusUnprocessableEntity, "Invalid manifest: name, url, hook_attributes.url and redirect_url are needed")
	}
	code := random(20)
	g.manifests[code] = m
	query := url.Values{"code": {code}}
	if state := x.query.Get("state"); state != "" {
		query.Set("state", state)
	}
	back.RawQuery = query.Encode()
	return reply{status: http.StatusFound, header: http.Header{"Location": {back.String()}}, effect: true}
}

// convertManifest makes the App, installs it on everything, and tells its secrets, once.
func (g *GitHub) convertManifest(x *exchange) reply {
	m := g.manifests[x.vars["code"]]
	if m == nil {
		return notFound()
	}
	delete(g.manifests, x.vars["code"])
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return failure(http.StatusInternalServerError, err.Error())
	}
	slug := strings.ToLower(strings.ReplaceAll(m.Name, " ", "-"))
	g.cfg.App = &AppSeed{ID: g.id(), Slug: slug, Key: &key.PublicKey, Permissions: m.Permissions, Events: m.Events}
	g.appSelf = g.cfg.App.bot()
	login := strings.ToLower(g.appSelf.Login)
	g.accounts[login] = g.appSelf
	for _, r := range g.repos {
		r.permissions[login] = "write"
	}
	secret := random(20)
	g.appHook = g.newHook("App", m.Hook.URL, secret)
	block := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return reply{status: http.StatusCreated, effect: true, body: object{
		"id": g.cfg.App.ID, "slug": slug, "name": m.Name, "html_url": htmlHost + "/apps/" + slug, "pem": string(block),
		"webhook_secret": secret, "client_id": "Iv1.simulated", "client_secret": random(20),
		"permissions": m.Permissions, "events": m.Events,
	}}
}

// random is a text of so many bytes that nobody can guess.
func random(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // It never fails.
	return hex.EncodeToString(raw)
}
