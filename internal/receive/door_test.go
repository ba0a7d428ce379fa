package receive_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"hls/internal/hls"
	"hls/internal/receive"
)

const (
	secret  = "It's a Secret to Everybody"
	issue   = `{"action":"opened","issue":{"number":7,"title":"marker-title"},"repository":{"id":9,"full_name":"o/r"},"sender":{"id":3,"login":"mona","type":"User"}}`
	ping    = `{"zen":"Keep it logically awesome.","hook_id":1,"repository":{"id":9,"full_name":"o/r"}}`
	someone = "8f1a3c52-8e5e-11f0-9d5d-0242ac120002"
)

// door is a handler behind a real server, with what it handed on.
type door struct {
	*httptest.Server
	handler *receive.Handler

	mu       sync.Mutex
	accepted []hls.Delivery
	events   []hls.Event
	counts   map[string]int
	log      bytes.Buffer
}

// open starts a door; changes come before the handler is made.
func open(t *testing.T, cfg receive.Config, changes ...func(*receive.Deps)) *door {
	t.Helper()
	d := &door{counts: map[string]int{}}
	deps := receive.Deps{
		Secrets: receive.Secrets{Global: []hls.Secret{secret}},
		Accept: func(_ context.Context, delivery hls.Delivery, event hls.Event) (hls.Receipt, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.accepted, d.events = append(d.accepted, delivery), append(d.events, event)
			return hls.Receipt{Class: hls.Accepted, TaskID: 1}, nil
		},
		Count: func(_ context.Context, class hls.Class, reason string) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.counts[strings.TrimSuffix(string(class)+"/"+reason, "/")]++
			return nil
		},
		Log: slog.New(slog.NewJSONHandler(lockedWriter{d}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, change := range changes {
		change(&deps)
	}
	handler, err := receive.New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	d.handler = handler
	d.Server = httptest.NewServer(handler)
	t.Cleanup(d.Close)
	return d
}

type lockedWriter struct{ d *door }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.d.mu.Lock()
	defer w.d.mu.Unlock()
	return w.d.log.Write(p)
}

// ends is how many requests ended, in every class.
func (d *door) ends() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := len(d.accepted)
	for _, c := range d.counts {
		n += c
	}
	return n
}

func (d *door) stored() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.accepted)
}

func sign(key, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// delivery is a well-formed signed request; changes make it otherwise.
func (d *door) delivery(t *testing.T, event, body string, changes ...func(*http.Request)) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.URL+"/webhook", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", someone)
	r.Header.Set("X-GitHub-Hook-ID", "42")
	r.Header.Set("X-Hub-Signature-256", sign(secret, body))
	for _, change := range changes {
		change(r)
	}
	return r
}

type reply struct {
	code   int
	header http.Header
	body   map[string]any
}

func (r reply) is(code int, status, reason string) bool {
	got, _ := r.body["reason"].(string)
	return r.code == code && r.body["status"] == status && got == reason
}

func (d *door) send(t *testing.T, r *http.Request) reply {
	t.Helper()
	response, err := d.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	out := reply{code: response.StatusCode, header: response.Header}
	if err := json.NewDecoder(response.Body).Decode(&out.body); err != nil {
		t.Fatalf("answer is not JSON: %v", err)
	}
	if id := response.Header.Get("X-Request-ID"); len(id) != 36 || id[14] != '7' || out.body["request_id"] != id {
		t.Errorf("X-Request-ID %q, body has %v", id, out.body["request_id"])
	}
	return out
}

func (d *door) post(t *testing.T, event, body string, changes ...func(*http.Request)) reply {
	t.Helper()
	return d.send(t, d.delivery(t, event, body, changes...))
}

func set(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Del(name)
		if value != "" {
			r.Header.Set(name, value)
		}
	}
}

func add(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func form(body string) string { return "payload=" + url.QueryEscape(body) }

func asForm(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }

// unsized hides the length of a body, so that only reading it tells.
func unsized(r *http.Request) { r.ContentLength = -1 }

var errStore = errors.New("disk full at /var/secret-path")

func TestAcceptedDelivery(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{})
	got := d.post(t, "issues", issue, set("User-Agent", "GitHub-Hookshot/044aadd"), set("X-Unknown", "kept out"))
	if !got.is(http.StatusAccepted, "queued", "") {
		t.Fatalf("got %d %v", got.code, got.body)
	}
	for key, want := range map[string]string{"delivery_id": someone, "event_type": "issues", "repository": "o/r"} {
		if got.body[key] != want {
			t.Errorf("%s is %v, want %s", key, got.body[key], want)
		}
	}
	delivery := d.accepted[0]
	if delivery.Hash != sha256.Sum256([]byte(issue)) || string(delivery.Body) != issue {
		t.Error("body or hash differ from what was sent")
	}
	if delivery.Action != "opened" || delivery.Repo != "o/r" || delivery.RepoID != 9 || delivery.Sender != "mona" ||
		delivery.HookID != "42" || delivery.ReceivedAt.IsZero() || delivery.RequestID != got.header.Get("X-Request-ID") {
		t.Errorf("delivery %+v", delivery)
	}
	if delivery.Headers["User-Agent"] != "GitHub-Hookshot/044aadd" || delivery.Headers["X-Unknown"] != "" {
		t.Errorf("headers %v", delivery.Headers)
	}
	if e := d.events[0]; e.Issue == nil || e.Issue.Number != 7 {
		t.Errorf("event %+v", e)
	}
	if len(d.counts) != 0 {
		t.Errorf("an accepted delivery was counted here: %v", d.counts)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := receive.Deps{
		Accept: func(context.Context, hls.Delivery, hls.Event) (hls.Receipt, error) { return hls.Receipt{}, nil },
		Count:  func(context.Context, hls.Class, string) error { return nil },
		Log:    slog.New(slog.DiscardHandler),
	}
	repository := func(name string, secrets ...hls.Secret) receive.Deps {
		deps := good
		deps.Secrets.Repositories = []receive.RepositorySecrets{{Name: name, Secrets: secrets}}
		return deps
	}
	empty := good
	empty.Secrets.Global = []hls.Secret{"a", ""}
	for name, tc := range map[string]struct {
		cfg  receive.Config
		deps receive.Deps
	}{
		"path":             {receive.Config{WebhookPath: "webhook"}, good},
		"path with braces": {receive.Config{WebhookPath: "/{x}"}, good},
		"size":             {receive.Config{MaxPayloadBytes: -1}, good},
		"no accept":        {receive.Config{}, receive.Deps{Log: good.Log, Count: good.Count}},
		"empty secret":     {receive.Config{}, empty},
		"empty own secret": {receive.Config{}, repository("o/r", "")},
		"bad name":         {receive.Config{}, repository("o", "s")},
		"bad glob":         {receive.Config{}, repository("o/[", "s")},
	} {
		if _, err := receive.New(tc.cfg, tc.deps); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := receive.New(receive.Config{}, good); err != nil {
		t.Errorf("defaults: %v", err)
	}
}
