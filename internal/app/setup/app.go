package setup

import (
	"context"
	"crypto/subtle"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"hls/internal/app"
	"hls/internal/github"
	"hls/internal/hls"
)

// NewApp says which GitHub App to make.
type NewApp struct {
	Name         string // unique on the server
	Organization string // that owns it; "" is the person's own
	GitHubURL    string // of the API; "" is github.com's
	PublicURL    string // where GitHub reaches HLS
}

// Registration is an App that is being made: a page on loopback hands a browser to GitHub with the manifest, and takes it
// back with the code that the App's secrets are exchanged for.
type Registration struct {
	url      string
	action   string
	manifest string
	state    hls.Secret
	github   *github.Client
	server   *http.Server
	made     chan outcome
}

type outcome struct {
	app github.MadeApp
	err error
}

var (
	appName      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]{0,33}$`)
	organization = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
)

// Register begins. Close must be called.
func Register(ctx context.Context, want NewApp) (*Registration, error) {
	switch {
	case want.PublicURL == "":
		return nil, fmt.Errorf("%w: --public-url: an App needs the address where GitHub reaches HLS, as https://hls.example.com", ErrAnswer)
	case !appName.MatchString(want.Name):
		return nil, fmt.Errorf("%w: --app-name: want up to 34 letters, digits and spaces", ErrAnswer)
	case want.Organization != "" && !organization.MatchString(want.Organization):
		return nil, fmt.Errorf("%w: --org: want the name of an organization", ErrAnswer)
	}
	state, err := Random()
	if err != nil {
		return nil, err
	}
	gh, err := github.New(github.Config{BaseURL: want.GitHubURL}, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: --github-url: %w", ErrAnswer, err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for GitHub's answer: %w", err)
	}
	r := &Registration{url: "http://" + listener.Addr().String(), state: state, github: gh, made: make(chan outcome, 1)}
	r.action = want.page(state)
	if r.manifest, err = want.manifest(r.url + "/callback"); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	r.server = &http.Server{Handler: r.routes(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute}
	go func() { _ = r.server.Serve(listener) }()
	return r, nil
}

// URL is what to open in a browser on this machine.
func (r *Registration) URL() string { return r.url + "/" }

// Wait returns the App once it is made.
func (r *Registration) Wait(ctx context.Context) (github.MadeApp, error) {
	select {
	case out := <-r.made:
		return out.app, out.err
	case <-ctx.Done():
	}
	select { // An App that is made is not lost to an end that came with it.
	case out := <-r.made:
		return out.app, out.err
	default:
		return github.MadeApp{}, fmt.Errorf("wait for GitHub's answer: %w", ctx.Err())
	}
}

// Close ends the page.
func (r *Registration) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = r.server.Shutdown(ctx)
}

// page is GitHub's, which takes the manifest ("Registering a GitHub App from a manifest").
func (n NewApp) page(state hls.Secret) string {
	path := "/settings/apps/new"
	if n.Organization != "" {
		path = "/organizations/" + n.Organization + path
	}
	return app.WebRoot(n.GitHubURL) + path + "?state=" + url.QueryEscape(state.Reveal())
}

func (n NewApp) manifest(callback string) (string, error) {
	// What the settings begin with writes nothing, and what they lead to does.
	permissions := app.Needs(hls.Rule{Events: Events(), Modes: hls.Modes{All: hls.ModeApply}})
	text, err := json.Marshal(map[string]any{
		"name": n.Name, "url": n.PublicURL, "public": false, "redirect_url": callback,
		"hook_attributes":     map[string]any{"url": strings.TrimSuffix(n.PublicURL, "/") + "/webhook", "active": true},
		"default_permissions": permissions, "default_events": Events(),
	})
	return string(text), err
}

func (r *Registration) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", r.form)
	mux.HandleFunc("GET /callback", r.callback)
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "origin") // GitHub is told where the form came from, and not the rest.
		h.Set("Cache-Control", "no-store")
		if "http://"+q.Host != r.url { // A page elsewhere whose name was made to lead here reads nothing.
			http.Error(w, "not the address of this page", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, q)
	})
}

//go:embed page.html
var page string

// form shows the page that hands the browser to GitHub.
func (r *Registration) form(w http.ResponseWriter, _ *http.Request) {
	r.show(w, http.StatusOK, map[string]string{"Action": r.action, "Manifest": r.manifest})
}

func (r *Registration) show(w http.ResponseWriter, code int, data map[string]string) {
	t, err := template.New("page").Parse(page)
	if err != nil {
		http.Error(w, "the page cannot be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_ = t.Execute(w, data)
}

// callback takes the browser back. Only who was handed over by this page knows the state.
func (r *Registration) callback(w http.ResponseWriter, q *http.Request) {
	given := q.URL.Query()
	if subtle.ConstantTimeCompare([]byte(given.Get("state")), []byte(r.state.Reveal())) != 1 {
		r.show(w, http.StatusForbidden, map[string]string{"Message": "This is no answer to a question of this page: begin anew at " + r.URL()})
		return
	}
	made, err := r.github.ConvertManifest(q.Context(), given.Get("code"))
	if err != nil {
		r.show(w, http.StatusBadGateway, map[string]string{"Message": "GitHub did not give the App's secrets. The terminal says why."})
	} else {
		r.show(w, http.StatusOK, map[string]string{"Message": "The App " + made.Slug + " is made. Go back to the terminal."})
	}
	select {
	case r.made <- outcome{made, err}:
	default: // The first answer counts.
	}
}
