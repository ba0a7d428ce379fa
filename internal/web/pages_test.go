package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, tc := range []struct {
		method, path string
		code         int
	}{
		{"GET", "/", 404}, {"GET", "/nowhere", 404}, {"GET", "/livez/x", 404}, {"POST", "/livez", 404}, {"GET", "/api/v1/nothing", 404},
		{"GET", "/livez", 200}, {"GET", "/readyz", 200}, {"GET", "/health", 200}, {"GET", "/stats", 401}, {"GET", "/metrics", 401},
		{"GET", "/api/v1/deliveries", 401}, {"GET", "/api/v1/deliveries/x", 401}, {"POST", "/api/v1/deliveries/x/replay", 401}, {"POST", "/api/v1/recovery", 401},
		{"GET", "/api/v1/audit", 401}, {"GET", "/api/v1/audit/head", 401},
		{"GET", "/api/v1/why", 401},
	} {
		got := s.fetch(tc.method, tc.path)
		if got.code != tc.code {
			t.Errorf("%s %s: %d, want %d", tc.method, tc.path, got.code, tc.code)
		}
		if tc.code == 404 && got.json["reason"] != "not found" {
			t.Errorf("%s %s: %s", tc.method, tc.path, got.text)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Content-Type": "application/json; charset=utf-8",
		} {
			if got.header.Get(name) != want {
				t.Errorf("%s %s: %s is %q", tc.method, tc.path, name, got.header.Get(name))
			}
		}
	}
}

// A store that cannot be read is a 503 that tells the caller nothing of it, and one line in the log.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	s := open(t, func(_ *Config, deps *Deps) {
		deps.Replay = func(context.Context, string) (hls.Replay, error) {
			return hls.Replay{}, errors.New("disk full at /var/x")
		}
	})
	s.store.breaks("disk full at /var/x")
	for _, tc := range []struct{ method, path string }{
		{"GET", "/stats"}, {"GET", "/api/v1/deliveries"}, {"GET", "/api/v1/audit"}, {"GET", "/api/v1/audit/head"}, {"POST", "/api/v1/deliveries/x/replay"},
	} {
		got := s.fetch(tc.method, tc.path, admin)
		if got.code != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || strings.Contains(got.text, "disk") {
			t.Errorf("%s %s: %d %s", tc.method, tc.path, got.code, got.text)
		}
		if n := strings.Count(s.log.String(), `"path":"`+tc.path+`"`); n != 1 {
			t.Errorf("%s %s: %d lines in the log: %s", tc.method, tc.path, n, s.log.String())
		}
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for method, path := range map[string]string{"GET": "/api/v1/deliveries/x", "POST": "/api/v1/deliveries/x/replay"} {
		if got := s.fetch(method, path, admin); got.code != http.StatusNotFound || got.json["status"] != "error" {
			t.Errorf("%s %s: %d %s", method, path, got.code, got.text)
		}
	}
	if got := s.fetch("GET", "/api/v1/deliveries", admin); got.code != http.StatusOK || got.json["deliveries"] == nil {
		t.Errorf("an empty list: %d %s", got.code, got.text)
	}
}

// A slip of the keyboard is told of; it does not look like an empty list.
func TestQueriesAreHeldToWhatExists(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for query, want := range map[string]string{
		"state=foo": "queued, running, done, skipped, superseded, parked", "state=Done": "done", "event=issue": "issues",
		"status=done": "repo, event, state, reason, actor, subject, text, newest, before, limit", "state=done&state=parked": "2 times",
		"before=x": "before takes", "before=-1": "before takes", "limit=0": "limit takes", "limit=1e3": "limit takes",
		"limit=99999999999999999999": "limit takes", "state=%zz": "cannot be read",
	} {
		got := s.fetch("GET", "/api/v1/deliveries?"+query, admin)
		reason, _ := got.json["reason"].(string)
		if got.code != http.StatusBadRequest || !strings.Contains(reason, want) {
			t.Errorf("?%s: %d %s", query, got.code, got.text)
		}
	}
	for _, query := range []string{"", "state=", "state=parked", "event=issues&repo=o/r", "limit=1000000000000", "before=9&limit=1"} {
		if got := s.fetch("GET", "/api/v1/deliveries?"+query, admin); got.code != http.StatusOK {
			t.Errorf("?%s: %d %s", query, got.code, got.text)
		}
	}
}

// /health says of each component when it was last well and what last went wrong; texts are for the admin alone.
func TestHealthFollowsTheStore(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	moved := now
	s := open(t, nil, func(s *Server) { s.probe.now = func() time.Time { return moved } })
	component := func(p page, name string) map[string]any {
		return p.json["components"].(map[string]any)[name].(map[string]any)
	}
	first := s.fetch("GET", "/health", admin)
	for _, name := range []string{"storage", "queue"} {
		if c := component(first, name); c["status"] != Healthy || c["last_success"] != now.Format(time.RFC3339) || c["last_error"] != nil {
			t.Errorf("%s: %v", name, c)
		}
	}
	moved = now.Add(time.Minute)
	s.store.breaks("disk full; a-secret-of-the-tests")
	broken := s.fetch("GET", "/health", admin)
	if broken.code != http.StatusServiceUnavailable || broken.json["status"] != Unhealthy {
		t.Errorf("while the store is broken: %d %s", broken.code, broken.text)
	}
	if c := component(broken, "storage"); c["status"] != Unhealthy || c["last_success"] != now.Format(time.RFC3339) ||
		c["last_error_at"] != moved.Format(time.RFC3339) || !strings.Contains(fmt.Sprint(c["last_error"]), "disk full") {
		t.Errorf("storage: %v", c)
	}
	if c := component(broken, "queue"); c["status"] != Degraded {
		t.Errorf("queue: %v", c)
	}
	if strings.Contains(broken.text, "a-secret") {
		t.Errorf("a secret: %s", broken.text)
	}
	if open := s.fetch("GET", "/health"); strings.Contains(open.text, "disk") || component(open, "storage")["last_error_at"] == nil {
		t.Errorf("to everybody: %s", open.text)
	}
	if got := s.fetch("GET", "/readyz"); got.code != http.StatusServiceUnavailable {
		t.Errorf("readyz: %d", got.code)
	}
	moved = now.Add(2 * time.Minute)
	s.store.broken.Store(nil)
	if c := component(s.fetch("GET", "/health", admin), "storage"); c["status"] != Healthy ||
		c["last_success"] != moved.Format(time.RFC3339) || c["last_error_at"] != now.Add(time.Minute).Format(time.RFC3339) {
		t.Errorf("afterwards: %v", c)
	}
}

func TestQueueIsWellWhileItKeepsUp(t *testing.T) {
	t.Parallel()
	early, late := time.Now(), time.Now().Add(time.Hour)
	v := view{queue: sight{well: early}}
	v.queue.note(nil, late)
	v.oldest = oldestHealthy
	if v.behind() || !v.queue.well.Equal(late) {
		t.Errorf("%+v", v)
	}
	v.oldest++
	if !v.behind() {
		t.Error("not behind")
	}
}

// However many ask, they make one look at the store a second, and nobody waits for a store that hangs but the first.
func TestI6_OpenPagesSpareTheStore(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := open(t, nil, func(s *Server) { s.probe.now = func() time.Time { return now } })
	for range 50 {
		s.fetch("GET", "/health")
		s.fetch("GET", "/readyz")
	}
	if n := s.store.looks.Load(); n != 1 {
		t.Errorf("%d looks", n)
	}
	now = now.Add(time.Minute)
	hang := make(chan struct{})
	s.store.hang.Store(&hang)
	first := make(chan int, 1)
	go func() { first <- s.fetch("GET", "/readyz").code }()
	within(t, func() bool { return s.store.looks.Load() == 2 })
	start := time.Now()
	for range 20 {
		s.fetch("GET", "/readyz")
		s.fetch("GET", "/health")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("they waited %s", took)
	}
	close(hang)
	<-first
}

// The door's time is measured where it lies: from a millisecond to the ten seconds that GitHub waits.
func TestDoorIsMeasured(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.fetch("POST", "/webhook")
	metrics := s.fetch("GET", "/metrics", admin).text
	for _, bound := range []string{"0.005", "0.01", "0.025", "0.05", "10"} {
		if !strings.Contains(metrics, fmt.Sprintf(`hls_stage_duration_seconds_bucket{stage="receive",le="%s"}`, bound)) {
			t.Errorf("no bucket %s in %s", bound, metrics)
		}
	}
	if !strings.Contains(metrics, `hls_stage_duration_seconds_count{stage="receive"} 1`) {
		t.Errorf("not counted: %s", metrics)
	}
}

// With no token only this machine is let in, and nothing that a proxy has touched.
func TestS2_NothingForwardedWithoutAToken(t *testing.T) {
	t.Parallel()
	s := open(t, func(cfg *Config, _ *Deps) { cfg.AdminToken = "" })
	get := func(proto string, lines ...string) int {
		host := "Host: localhost\r\n"
		if slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "Host:") }) {
			host = ""
		}
		return s.ask("GET /stats " + proto + "\r\n" + host + strings.Join(append(lines, "", ""), "\r\n"))
	}
	for _, lines := range [][]string{nil, {"Host: 127.0.0.1:8000"}, {"Host: [::1]:1"}, {"Accept: */*", "X-Request-Id: 1", "Origin: http://localhost"}} {
		if code := get("HTTP/1.1", lines...); code != http.StatusOK {
			t.Errorf("%q: %d", lines, code)
		}
	}
	for _, line := range []string{
		"X-Forwarded-For: 203.0.113.9", "X-Forwarded-For:", "x-forwarded-for: ", "X-Forwarded-Server: a", "X-Forwarded: for=1.2.3.4", "X-Forwarded-Anything: 1",
		"X-Real-IP: 127.0.0.1", "True-Client-IP: 1.2.3.4", "X-Client-IP: 1.2.3.4", "Fly-Client-IP: 1.2.3.4", "X-Cluster-Client-IP: 1.2.3.4", "CF-Connecting-IP: 1.2.3.4",
		"Via: 1.1 x", "Via:", "Forwarded: for=127.0.0.1", "Forwarded:", "CDN-Loop: x", "X-Original-Forwarded-For: 1.2.3.4", "X-Envoy-External-Address: 1.2.3.4",
		"Host: evil.example", "Host: localhost.evil.example", "Host: evil@127.0.0.1", "Host: 127.0.0.1.evil.example", "Host: 2130706433",
	} {
		if code := get("HTTP/1.1", line); code == http.StatusOK {
			t.Errorf("%q was let in", line)
		}
	}
	if code := get("HTTP/1.1", "X-Forwarded-For:", "X-Forwarded-For: 203.0.113.9"); code != http.StatusUnauthorized {
		t.Errorf("the proxy's header behind the client's: %d", code)
	}
	if code := get("HTTP/1.0"); code != http.StatusUnauthorized {
		t.Errorf("as nginx forwards: %d", code)
	}
	behind := open(t, func(cfg *Config, _ *Deps) { cfg.AdminToken, cfg.Proxies = "", proxies("10.0.0.0/8") })
	if got := behind.fetch("GET", "/stats"); got.code != http.StatusUnauthorized {
		t.Errorf("behind a known proxy: %d", got.code)
	}
	guarded := open(t, func(cfg *Config, _ *Deps) { cfg.Proxies = proxies("10.0.0.0/8") })
	forwarded := func(r *http.Request) { r.Header.Set("X-Forwarded-For", "203.0.113.9") }
	if got := guarded.fetch("GET", "/stats", admin, forwarded); got.code != http.StatusOK {
		t.Errorf("with the token: %d", got.code)
	}
	if got := guarded.fetch("GET", "/stats", forwarded); got.code != http.StatusUnauthorized {
		t.Errorf("without it: %d", got.code)
	}
}

func TestReplayAnswers(t *testing.T) {
	t.Parallel()
	s := open(t, func(_ *Config, deps *Deps) {
		deps.Replay = func(_ context.Context, id string) (hls.Replay, error) {
			if id != "known" {
				return hls.Replay{}, fmt.Errorf("replay: %w", hls.ErrNotFound)
			}
			return hls.Replay{TaskID: 7, Resumed: true, State: hls.Queued}, nil
		}
	})
	if got := s.fetch("POST", "/api/v1/deliveries/known/replay", admin); got.code != http.StatusAccepted || got.json["task_id"] != 7.0 ||
		got.json["status"] != "queued" || got.json["resumed"] != true || got.json["delivery_id"] != "known" {
		t.Errorf("known: %d %s", got.code, got.text)
	}
	if got := s.fetch("POST", "/api/v1/deliveries/unknown/replay", admin); got.code != http.StatusNotFound {
		t.Errorf("unknown: %d %s", got.code, got.text)
	}
	foreign := func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }
	if got := s.fetch("POST", "/api/v1/deliveries/known/replay", admin, foreign); got.code != http.StatusForbidden {
		t.Errorf("from a page of another origin: %d %s", got.code, got.text)
	}
}
