package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/sqlite"
)

const (
	token   = "admin-token-of-the-tests"
	viewing = "viewer-token-of-the-tests"
)

// site is a server on loopback over a real store that can be made to fail.
type site struct {
	*Server
	t     *testing.T
	addr  string
	store *faulty
	log   *lines
}

// faulty is a store that fails, or hangs, while it is told to.
type faulty struct {
	record.Store
	broken atomic.Pointer[error]
	hang   atomic.Pointer[chan struct{}]
	looks  atomic.Int64

	failures atomic.Int64
}

func (f *faulty) fault(ctx context.Context) error {
	if hang := f.hang.Load(); hang != nil {
		select {
		case <-*hang:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if err := f.broken.Load(); err != nil {
		f.failures.Add(1)
		return *err
	}
	return nil
}

func (f *faulty) breaks(text string) {
	err := errors.New(text)
	f.broken.Store(&err)
}

func (f *faulty) Healthy(ctx context.Context) error {
	f.looks.Add(1)
	return errors.Join(f.fault(ctx), f.Store.Healthy(ctx))
}

func (f *faulty) Stats(ctx context.Context) (record.Stats, error) {
	if err := f.fault(ctx); err != nil {
		return record.Stats{}, err
	}
	return f.Store.Stats(ctx)
}

func (f *faulty) List(ctx context.Context, q record.Query) ([]record.Summary, error) {
	if err := f.fault(ctx); err != nil {
		return nil, err
	}
	return f.Store.List(ctx, q)
}

func (f *faulty) Audited(ctx context.Context, q record.AuditQuery) ([]hls.AuditEntry, error) {
	if err := f.fault(ctx); err != nil {
		return nil, err
	}
	return f.Store.Audited(ctx, q)
}

func (f *faulty) AuditHead(ctx context.Context) (hls.AuditEntry, error) {
	if err := f.fault(ctx); err != nil {
		return hls.AuditEntry{}, err
	}
	return f.Store.AuditHead(ctx)
}

type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// reading is a door that reads a delivery and says so.
var reading = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusAccepted)
})

// open starts a site; changes come before it is made, and may set it up after.
func open(t *testing.T, change func(*Config, *Deps), after ...func(*Server)) *site {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "hls.db")})
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, store: &faulty{Store: store}, log: &lines{}}
	cfg := Config{
		WebhookPath: "/webhook", AdminToken: token, ViewerToken: viewing, SessionKey: []byte("a session key of the tests, 32 B.."),
		WebRoot: "https://github.example", Version: "test",
	}
	deps := Deps{
		Webhook: reading, Store: s.store, Metrics: NewMetrics(), Redactor: hls.NewRedactor("a-secret-of-the-tests"),
		Log:    slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		GitHub: func(record.Stats) any { return nil }, Claude: func() any { return nil }, Repositories: func() []string { return nil },
		Hosts:  func() []string { return []string{"hls.example"} },
		Replay: func(context.Context, string) (hls.Replay, error) { return hls.Replay{}, hls.ErrNotFound },
	}
	if change != nil {
		change(&cfg, &deps)
	}
	if s.Server, err = New(cfg, deps); err != nil {
		t.Fatal(err)
	}
	for _, f := range after {
		f(s.Server)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		_ = s.Shutdown(ctx) // Some tests leave connections open.
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

type page struct {
	code   int
	header http.Header
	text   string
	json   map[string]any
}

// fetch asks for a page over a connection of its own.
func (s *site) fetch(method, path string, changes ...func(*http.Request)) page {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.addr+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, change := range changes {
		change(r)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	p := page{code: response.StatusCode, header: response.Header, text: string(text)}
	_ = json.Unmarshal(text, &p.json) // Some pages are not JSON.
	return p
}

func admin(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }

func views(r *http.Request) { r.Header.Set("Authorization", "Bearer "+viewing) }

// form makes a request one of a form, as a page of this server sends it.
func form(fields ...string) func(*http.Request) {
	values := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		values.Set(fields[i], fields[i+1])
	}
	return body("application/x-www-form-urlencoded", values.Encode())
}

func body(kind, text string) func(*http.Request) {
	return func(r *http.Request) {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		r.Header.Set("Content-Type", kind)
	}
}

func with(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func proxies(networks ...string) (all []netip.Prefix) {
	for _, n := range networks {
		all = append(all, netip.MustParsePrefix(n))
	}
	return all
}

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

// member is a browser that has signed in.
type member struct {
	cookie string
	csrf   string
}

// signedIn signs in with a token.
func (s *site) signedIn(token string) member {
	s.t.Helper()
	got := s.fetch("POST", "/ui/login", form("token", token))
	if got.code != http.StatusSeeOther {
		s.t.Fatalf("signing in: %d %s", got.code, got.text)
	}
	name, _, _ := strings.Cut(got.header.Get("Set-Cookie"), ";")
	m := member{cookie: name}
	_, after, _ := strings.Cut(s.fetch("GET", "/ui/deliveries", m.asks).text, `name="csrf" value="`)
	if m.csrf, _, _ = strings.Cut(after, `"`); m.csrf == "" {
		s.t.Fatal("the page has no form")
	}
	return m
}

func (m member) asks(r *http.Request) { r.Header.Set("Cookie", m.cookie) }

// within is for what has to become true soon.
func within(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(10 * time.Second); !ok(); {
		select {
		case <-deadline:
			t.Fatal("waited in vain")
		case <-tick.C:
		}
	}
}
