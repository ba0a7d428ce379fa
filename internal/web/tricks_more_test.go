package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestS2_MethodOverridesAreIgnored(t *testing.T) {
	t.Parallel()
	s, replays := counting(t, nil)
	m := s.signedIn(token)
	for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method"} {
		for _, path := range []string{"/ui/deliveries/x/replay", "/api/v1/deliveries/x/replay", "/ui/logout"} {
			if got := s.fetch("GET", path+"?_method=POST", m.asks, with(name, "POST")); got.code != http.StatusNotFound {
				t.Errorf("%s: %s: %d", name, path, got.code)
			}
		}
		if got := s.fetch("POST", "/ui/deliveries/x/replay", views, form("_method", "GET"), with(name, "GET")); got.code != http.StatusForbidden {
			t.Errorf("%s: a viewer: %d", name, got.code)
		}
	}
	if replays.Load() != 0 {
		t.Errorf("%d replays", replays.Load())
	}
}

// No GET changes anything, and no method that the page of URLs does not have is answered.
func TestS2_OnlyAPostChangesSomething(t *testing.T) {
	t.Parallel()
	s, replays := counting(t, nil)
	m := s.signedIn(token)
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND"} {
		for _, path := range []string{
			"/ui/deliveries/x/replay", "/ui/logout", "/api/v1/deliveries/x/replay", "/api/v1/recovery", "/api/v1/sweep", "/api/v1/undo",
			"/api/v1/ask", "/api/v1/analyze",
		} {
			if got := s.fetch(method, path, m.asks, form("csrf", m.csrf)); got.code != http.StatusNotFound {
				t.Errorf("%s %s: %d", method, path, got.code)
			}
		}
	}
	if got := s.fetch("GET", "/stats", m.asks); got.code != http.StatusOK || replays.Load() != 0 {
		t.Errorf("afterwards: %d, %d replays", got.code, replays.Load())
	}
}

// Whatever way a path is written, it leads to a page that is guarded, to none, or to the way that it is written.
func TestS2_PathTricksReachNothing(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, path := range []string{
		"//ui/../ui", "//ui//deliveries", "/ui/../stats", "/ui/./deliveries", "/./stats", "/stats/", "/stats/.", "/STATS", "/Ui/deliveries",
		"/ui/login/../deliveries", "/livez/../stats", "/health/../api/v1/deliveries", "/ui/static/../deliveries", "/ui/deliveries;x=/ui/login",
		"/stats?/livez", "/stats#/livez", "/ui/login/", "/ui/login/x", "//evil.example/..//ui", "/webhook/../stats", "/ui/static/", "/ui/static/../../routes.go",
		"/ui\\deliveries", "/debug/pprof/", "/debug/pprof/heap",
	} {
		code, location := s.raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		ok := code == http.StatusUnauthorized || code == http.StatusNotFound || code == http.StatusBadRequest
		if led := code >= 300 && code < 400; led && strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "//") {
			ok = true
		}
		if !ok {
			t.Errorf("%s: %d to %q", path, code, location)
		}
	}
	for _, line := range []string{"GET http://localhost/stats HTTP/1.1", "GET http://evil.example/stats HTTP/1.1", "CONNECT localhost:80 HTTP/1.1"} {
		if code, _ := s.raw(line + "\r\nHost: localhost\r\nConnection: close\r\n\r\n"); code == http.StatusOK {
			t.Errorf("%s was let in", line)
		}
	}
}

func TestS2_EncodedSlashesAreNoPath(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, path := range []string{
		"/ui%2fdeliveries", "/%75i/deliveries", "/ui/login%2f..%2fdeliveries", "/livez%2f..%2fstats", "/%2e%2e/stats", "/ui/static/%2e%2e%2fui.go",
		"/ui/static/..%2f..%2froutes.go", "/ui/static/hls.css%00.html", "/api%2fv1/deliveries", "/stats%00", "/stats%20", "/api/v1/deliveries/..%2f..%2f..%2fstats",
	} {
		code, location := s.raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		if code == http.StatusOK || strings.HasPrefix(location, "//") {
			t.Errorf("%s: %d to %q", path, code, location)
		}
	}
	if got := s.fetch("GET", "/api/v1/deliveries/..%2f..%2f..%2fstats", admin); got.code != http.StatusNotFound {
		t.Errorf("with the token it is an id that is not there: %d %s", got.code, got.text)
	}
}

func TestS2_LargeBodiesAreRefused(t *testing.T) {
	t.Parallel()
	s, replays := counting(t, nil)
	m := s.signedIn(token)
	large := strings.Repeat("x", mostBody+1)
	unsaid := func(r *http.Request) { r.ContentLength = -1 } // in chunks, with no length beforehand
	for _, path := range []string{"/ui/login", "/ui/logout", "/ui/deliveries/x/replay", "/api/v1/recovery", "/api/v1/sweep", "/api/v1/analyze"} {
		kind, text := "application/x-www-form-urlencoded", "csrf="+m.csrf+"&token="+large
		credential := m.asks
		if strings.HasPrefix(path, "/api/") {
			kind, text, credential = "application/json", `{"target":"`+large+`","repositories":["`+large+`"],"subject":"`+large+`"}`, admin
		}
		for how, change := range map[string]func(*http.Request){"in chunks": unsaid, "with its length": func(*http.Request) {}} {
			if got := s.fetch("POST", path, credential, body(kind, text), change); got.code != http.StatusRequestEntityTooLarge {
				t.Errorf("%s %s: %d", path, how, got.code)
			}
		}
	}
	if replays.Load() != 0 {
		t.Errorf("%d replays", replays.Load())
	}
}

// A token is not to be found by trying: not at the sign-in page, from one address or from many, and not at the API.
func TestS2_TokensCannotBeGuessed(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := open(t, func(cfg *Config, _ *Deps) { cfg.Proxies = proxies("127.0.0.0/8") }, func(s *Server) { s.now = func() time.Time { return now } })
	from := func(address string) func(*http.Request) { return with("X-Forwarded-For", address) }
	try := func(given, address string) int {
		return s.fetch("POST", "/ui/login", form("token", given), from(address)).code
	}
	for i := range 12 {
		want := http.StatusUnauthorized
		if i >= triesEach {
			want = http.StatusTooManyRequests
		}
		if code := try(fmt.Sprint("guess-", i), fmt.Sprintf("2001:db8::%d", i+1)); code != want { // of one network
			t.Errorf("try %d: %d, want %d", i, code, want)
		}
	}
	if code := try(token, "2001:db8::99"); code != http.StatusTooManyRequests {
		t.Errorf("the right one among too many: %d", code)
	}
	if code := try(token, "203.0.113.5"); code != http.StatusSeeOther {
		t.Errorf("from another address: %d", code)
	}
	codes := map[int]int{}
	for i := range 2 * triesAll {
		codes[try("guess", fmt.Sprintf("198.51.100.%d", i))]++
	}
	if codes[http.StatusUnauthorized] != triesAll-triesEach {
		t.Errorf("from many addresses: %v", codes)
	}
	now = now.Add(time.Minute)
	if code := try(token, "2001:db8::1"); code != http.StatusSeeOther {
		t.Errorf("a minute later: %d", code)
	}
	log := s.log.String()
	if !strings.Contains(log, `"msg":"sign-in failed","address":"2001:db8::/64"`) || strings.Contains(log, "guess-1") {
		t.Errorf("the log: %.400s", log)
	}
	metrics := s.fetch("GET", "/metrics", admin, from("192.0.2.1")).text
	for _, want := range []string{`outcome="wrong_token"} 60`, `outcome="signed_in"} 2`, `outcome="too_many"} 73`} {
		if !strings.Contains(metrics, "hls_sign_ins_total{"+want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	for range guesses {
		s.fetch("GET", "/stats", with("Authorization", "Bearer guess"), from("192.0.2.9"))
	}
	if got := s.fetch("GET", "/stats", admin, from("192.0.2.9")); got.code != http.StatusTooManyRequests || got.header.Get("Retry-After") == "" {
		t.Errorf("the API after %d guesses: %d", guesses, got.code)
	}
}

// Who names other addresses in a header that no trusted proxy wrote is one and the same.
func TestS2_AHeaderBringsNoMoreTries(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for i := range 2 * triesEach {
		got := s.fetch("POST", "/ui/login", form("token", "guess"), with("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i)), with("X-Real-Ip", fmt.Sprintf("203.0.113.%d", i)))
		if refused := got.code == http.StatusTooManyRequests; refused != (i >= triesEach) {
			t.Errorf("try %d: %d", i, got.code)
		}
	}
}

func TestS2_RequestsAreLimited(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := open(t, func(cfg *Config, _ *Deps) { cfg.Proxies = proxies("127.0.0.0/8") }, func(s *Server) {
		s.now, s.requests = func() time.Time { return now }, newQuota(3, 0)
	})
	for i := range 6 {
		got := s.fetch("GET", "/api/v1/deliveries", admin, with("X-Forwarded-For", "203.0.113.5"))
		if refused := got.code == http.StatusTooManyRequests; refused != (i >= 3) {
			t.Errorf("request %d: %d", i, got.code)
		}
	}
	if got := s.fetch("GET", "/api/v1/deliveries", admin, with("X-Forwarded-For", "203.0.113.6")); got.code != http.StatusOK {
		t.Errorf("from another address: %d", got.code)
	}
}

func TestS2_PreflightsGetNothing(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	m := s.signedIn(token)
	for _, g := range append(guarded, []struct{ method, path string }{{"GET", "/health"}, {"POST", "/webhook"}, {"GET", "/ui/login"}}...) {
		for _, method := range []string{"OPTIONS", g.method} {
			got := s.fetch(method, g.path, m.asks, with("Origin", "https://evil.example"), with("Access-Control-Request-Method", "POST"),
				with("Access-Control-Request-Headers", "authorization"))
			for name := range got.header {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("%s %s: %s", method, g.path, name)
				}
			}
			if method == "OPTIONS" && g.path != "/webhook" && got.code != http.StatusNotFound {
				t.Errorf("%s %s: %d", method, g.path, got.code)
			}
		}
	}
}

// A form can be sent from anywhere, and JSON cannot: the API takes no forms, whatever they hold.
func TestS2_TheAPITakesNoForms(t *testing.T) {
	t.Parallel()
	s, replays := counting(t, nil)
	m := s.signedIn(token)
	local, more := counting(t, func(cfg *Config) { cfg.AdminToken, cfg.ViewerToken = "", "" })
	for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "text/plain; application/json", "nonsense"} {
		for _, path := range []string{"/api/v1/recovery", "/api/v1/sweep", "/api/v1/ask", "/api/v1/analyze", "/api/v1/deliveries/x/replay"} {
			if got := s.fetch("POST", path, m.asks, with("X-CSRF-Token", m.csrf), body(kind, `{}`)); got.code != http.StatusUnsupportedMediaType {
				t.Errorf("%s as %s: %d", path, kind, got.code)
			}
			if got := local.fetch("POST", path, body(kind, `{}`)); got.code != http.StatusUnsupportedMediaType {
				t.Errorf("%s as %s where no token is set: %d", path, kind, got.code)
			}
		}
	}
	if n := replays.Load() + more.Load(); n != 0 {
		t.Errorf("%d replays", n)
	}
	if got := s.fetch("POST", "/api/v1/sweep", m.asks, with("X-CSRF-Token", m.csrf), body("application/json; charset=utf-8", `{}`)); got.code != http.StatusOK {
		t.Errorf("JSON: %d %s", got.code, got.text)
	}
}

// A script of a page of ours can use the API with the session; nothing else of a browser can.
func TestS2_ASessionWritesToTheAPIWithAHeader(t *testing.T) {
	t.Parallel()
	s, replays := counting(t, nil)
	m, other := s.signedIn(token), s.signedIn(token)
	for _, given := range []string{"", "x", other.csrf} {
		if got := s.fetch("POST", "/api/v1/deliveries/x/replay", m.asks, with("X-CSRF-Token", given)); got.code != http.StatusForbidden {
			t.Errorf("%q: %d", given, got.code)
		}
	}
	if got := s.fetch("POST", "/api/v1/deliveries/x/replay", m.asks, with("X-CSRF-Token", m.csrf)); got.code != http.StatusAccepted || replays.Load() != 1 {
		t.Errorf("%d, %d replays", got.code, replays.Load())
	}
}

func TestS2_ProfilesAreForThisMachineAlone(t *testing.T) {
	t.Parallel()
	paths := []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline", "/debug/pprof/profile?seconds=1", "/debug/pprof/trace?seconds=1", "/debug/pprof/symbol"}
	off := open(t, nil)
	on := open(t, func(cfg *Config, _ *Deps) { cfg.Profiles = true })
	behind := open(t, func(cfg *Config, _ *Deps) { cfg.Profiles, cfg.Proxies = true, proxies("10.0.0.0/8") })
	for _, path := range paths {
		for how, got := range map[string]page{
			"not asked for": off.fetch("GET", path, admin), "behind a proxy": behind.fetch("GET", path, admin),
			"forwarded": on.fetch("GET", path, admin, with("X-Forwarded-For", "127.0.0.1")), "under another name": on.fetch("GET", path, admin, host("hls.example")),
		} {
			if got.code != http.StatusNotFound {
				t.Errorf("%s, %s: %d", path, how, got.code)
			}
		}
		if got := on.fetch("GET", path); got.code != http.StatusUnauthorized {
			t.Errorf("%s without a token: %d", path, got.code)
		}
		if got := on.fetch("GET", path, views); got.code != http.StatusForbidden {
			t.Errorf("%s as a viewer: %d", path, got.code)
		}
	}
	outside, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/debug/pprof/heap", nil)
	admin(outside)
	for _, peer := range []string{"203.0.113.5:1", "10.0.0.1:1", "[2001:db8::1]:1", "nonsense"} {
		outside.RemoteAddr = peer
		answer := &recorded{header: http.Header{}}
		on.routes().ServeHTTP(answer, outside)
		if answer.code != http.StatusNotFound {
			t.Errorf("from %s: %d", peer, answer.code)
		}
	}
	if got := on.fetch("GET", "/debug/pprof/heap", admin); got.code != http.StatusOK || len(got.text) == 0 {
		t.Errorf("from this machine: %d", got.code)
	}
}

type recorded struct {
	header http.Header
	code   int
}

func (r *recorded) Header() http.Header         { return r.header }
func (r *recorded) WriteHeader(code int)        { r.code = code }
func (r *recorded) Write(b []byte) (int, error) { return len(b), nil }
