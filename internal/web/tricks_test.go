package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/hls"
)

// What the admin surface denies; docs/doors.md lists these tricks by the names of their tests.

// guarded are the paths that tell, or change, something.
var guarded = []struct{ method, path string }{
	{"GET", "/stats"}, {"GET", "/metrics"}, {"GET", "/api/v1/deliveries"}, {"GET", "/api/v1/deliveries/x"},
	{"POST", "/api/v1/deliveries/x/replay"}, {"POST", "/api/v1/recovery"}, {"POST", "/api/v1/sweep"}, {"POST", "/api/v1/undo"},
	{"GET", "/api/v1/overrides"}, {"POST", "/api/v1/overrides/reset"}, {"POST", "/api/v1/ask"}, {"POST", "/api/v1/analyze"},
	{"GET", "/ui"}, {"GET", "/ui/"}, {"GET", "/ui/deliveries"}, {"GET", "/ui/deliveries/x"},
	{"POST", "/ui/deliveries/x/replay"}, {"POST", "/ui/logout"}, {"POST", "/ui/deliveries/x/undo"}, {"POST", "/ui/effects/decide"},
	{"GET", "/ui/effects"}, {"GET", "/ui/repositories"}, {"GET", "/ui/repositories/o/r"}, {"GET", "/ui/trends"},
}

// denied tells whether an answer lets nobody in: refused, or led to the sign-in page.
func (p page) denied() bool {
	return p.code == http.StatusUnauthorized || p.code == http.StatusSeeOther && strings.HasPrefix(p.header.Get("Location"), "/ui/login?")
}

// each asks for every guarded path and expects to be denied.
func (s *site) each(how string, changes ...func(*http.Request)) {
	s.t.Helper()
	for _, g := range guarded {
		if got := s.fetch(g.method, g.path, changes...); !got.denied() {
			s.t.Errorf("%s: %s %s: %d", how, g.method, g.path, got.code)
		}
	}
}

// counting is a site that counts what is replayed.
func counting(t *testing.T, change func(*Config)) (*site, *atomic.Int64) {
	t.Helper()
	var replays atomic.Int64
	s := open(t, func(cfg *Config, deps *Deps) {
		if change != nil {
			change(cfg)
		}
		deps.Replay = func(context.Context, string) (hls.Replay, error) {
			replays.Add(1)
			return hls.Replay{TaskID: 1, State: hls.Queued}, nil
		}
		deps.Recover = func(context.Context, Recovery) (any, error) { return nil, nil }
		deps.Sweep = func(context.Context, Sweep) (any, error) { return nil, nil }
		deps.Rule = hostileRule
		deps.Ask = func(context.Context, AskAside) (AskedAside, error) { return AskedAside{}, nil }
		deps.Analyze = func(context.Context, Analyze) (any, error) { return nil, nil }
	})
	return s, &replays
}

func TestS2_NoTokenIsNoEntry(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	s.each("without anything")
	for _, g := range guarded {
		if got := s.fetch(g.method, g.path, views); got.denied() {
			t.Errorf("%s %s is not there for a viewer: %d", g.method, g.path, got.code)
		}
	}
}

func TestS2_WrongTokensAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, given := range []string{
		"Bearer", "Bearer ", "Bearer wrong", "Bearer " + token + "x", "Bearer " + token[1:], "Bearer " + token[:8], "Bearer " + strings.ToUpper(token),
		"Token " + token, token, "Bearer " + token + "," + token, "Bearer Bearer " + token, "Bearer \"" + token + "\"",
	} {
		if got := s.fetch("GET", "/stats", with("Authorization", given)); got.code != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%q: %d", given, got.code)
		}
	}
	twice := func(r *http.Request) { r.Header["Authorization"] = []string{"Bearer wrong", "Bearer " + token} }
	if got := s.fetch("GET", "/stats", twice); got.code != http.StatusUnauthorized {
		t.Errorf("one of two: %d", got.code)
	}
	unset := open(t, func(cfg *Config, _ *Deps) { cfg.ViewerToken = "" })
	if got := unset.fetch("GET", "/stats", with("Authorization", "Bearer ")); got.code != http.StatusUnauthorized {
		t.Errorf("the viewer's token that is not set: %d", got.code)
	}
}

func TestS2_ATokenInTheAddressIsNone(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, name := range []string{"token", "access_token", "admin_token", "api_key", "auth"} {
		if got := s.fetch("GET", "/stats?"+name+"="+token); !got.denied() {
			t.Errorf("%s: %d", name, got.code)
		}
		if got := s.fetch("POST", "/ui/login?"+name+"="+token, form()); got.code != http.StatusUnauthorized {
			t.Errorf("signing in with %s: %d", name, got.code)
		}
	}
	if strings.Contains(s.log.String(), token) {
		t.Error("the log has the token")
	}
}

func TestS2_ATokenInACookieIsNone(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, name := range []string{plainCookie, secureCookie, "token", "Authorization", "session"} {
		s.each(name, with("Cookie", name+"="+token))
	}
}

func TestS2_BasicAuthIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, name := range []string{"", "admin", "hls", token} {
		s.each("as "+name, func(r *http.Request) { r.SetBasicAuth(name, token) })
	}
	if got := s.fetch("GET", "/stats"); strings.Contains(got.header.Get("WWW-Authenticate"), "Basic") {
		t.Error("a browser is asked for a password")
	}
}

// A session counts only under the key that this house signs with, and with the token that it was begun with.
func TestS2_SessionsOfAnotherKeyAreRefused(t *testing.T) {
	t.Parallel()
	theirs := open(t, func(cfg *Config, _ *Deps) { cfg.SessionKey = []byte("another key, of another house....") }).signedIn(token)
	changed := open(t, func(cfg *Config, _ *Deps) { cfg.AdminToken = "the-token-of-before" }).signedIn("the-token-of-before")
	s := open(t, nil)
	s.each("of another key", theirs.asks)
	s.each("of another token", changed.asks)
	same := open(t, nil).signedIn(token)
	if got := s.fetch("GET", "/stats", same.asks); got.code != http.StatusOK {
		t.Errorf("of another instance: %d", got.code)
	}
}

func TestS2_ExpiredSessionsAreRefused(t *testing.T) {
	t.Parallel()
	var late atomic.Int64
	s := open(t, nil, func(s *Server) { s.now = func() time.Time { return time.Now().Add(time.Duration(late.Load())) } })
	m := s.signedIn(token)
	late.Store(int64(sessionLasts - time.Minute))
	if got := s.fetch("GET", "/stats", m.asks); got.code != http.StatusOK {
		t.Errorf("within its time: %d", got.code)
	}
	late.Store(int64(sessionLasts + time.Second))
	s.each("after its time", m.asks)
}

func TestS2_TamperedSessionsAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	_, value, _ := strings.Cut(s.signedIn(viewing).cookie, "=")
	parts := strings.Split(value, ".")
	if len(parts) != 5 || parts[1] != string(viewer) {
		t.Fatalf("the session is %q", value)
	}
	change := func(at int, to string) string {
		other := slices.Clone(parts)
		other[at] = to
		return strings.Join(other, ".")
	}
	for how, value := range map[string]string{
		"another role": change(1, string(operator)), "no role": change(1, ""), "an unknown role": change(1, "root"),
		"a later end": change(2, "99999999999"), "no end": change(2, ""), "another version": change(0, "2"), "another nonce": change(3, "x"),
		"no signature": strings.Join(parts[:4], "."), "an empty signature": change(4, ""), "part of a signature": change(4, parts[4][:20]),
		"more": value + ".x", "nothing": "", "dots": "....", "another alphabet": change(4, parts[4]+"="),
	} {
		s.each(how, with("Cookie", plainCookie+"="+value))
	}
	s.each("twice", with("Cookie", plainCookie+"="+value+"; "+plainCookie+"="+value))
	if got := s.fetch("GET", "/stats", with("Cookie", plainCookie+"="+value)); got.code != http.StatusOK {
		t.Errorf("as it was: %d", got.code)
	}
}

func TestS2_AViewerWritesNothing(t *testing.T) {
	t.Parallel()
	s, replays := counting(t, nil)
	m := s.signedIn(viewing)
	writes := 0
	for _, g := range guarded {
		if g.method == "GET" || g.path == "/ui/logout" {
			continue
		}
		writes++
		for how, change := range map[string]func(*http.Request){"by token": views, "by session": m.asks} {
			got := s.fetch(g.method, g.path, form("csrf", m.csrf), change, with("X-CSRF-Token", m.csrf))
			if got.code != http.StatusForbidden || !strings.Contains(got.text, "viewer may look") {
				t.Errorf("%s: %s %s: %d %s", how, g.method, g.path, got.code, got.text)
			}
		}
	}
	if replays.Load() != 0 || writes < 4 {
		t.Errorf("%d replays, %d writes", replays.Load(), writes)
	}
	s.fill("a", numbered(1), hls.Outcome{State: hls.Done})
	if got := s.fetch("GET", "/ui/deliveries/a", m.asks); got.code != http.StatusOK || strings.Contains(got.text, "Replay") {
		t.Errorf("a viewer is shown the button: %d", got.code)
	}
	if got := s.fetch("POST", "/ui/logout", m.asks, form("csrf", m.csrf)); got.code != http.StatusSeeOther {
		t.Errorf("a viewer signs out: %d", got.code)
	}
}

func TestS2_FormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	s, replays := counting(t, nil)
	m := s.signedIn(token)
	for _, foreign := range []func(*http.Request){
		with("Sec-Fetch-Site", "cross-site"), with("Sec-Fetch-Site", "same-site"), with("Origin", "https://evil.example"),
		with("Origin", "null"), with("Origin", "http://"+s.addr+".evil.example"),
	} {
		for _, path := range []string{"/ui/deliveries/x/replay", "/ui/logout", "/api/v1/deliveries/x/replay"} {
			if got := s.fetch("POST", path, m.asks, form("csrf", m.csrf), foreign); got.code != http.StatusForbidden {
				t.Errorf("%s: %d", path, got.code)
			}
		}
		if got := s.fetch("POST", "/ui/login", form("token", token), foreign); got.code != http.StatusForbidden {
			t.Errorf("signing in: %d", got.code)
		}
	}
	if got := s.fetch("POST", "/ui/deliveries/x/replay", m.asks, form("csrf", m.csrf), with("Origin", "http://"+s.addr)); got.code != http.StatusSeeOther || replays.Load() != 1 {
		t.Errorf("of a page of ours: %d, %d replays", got.code, replays.Load())
	}
}

func TestS2_AFormWithoutItsTokenIsRefused(t *testing.T) {
	t.Parallel()
	s, replays := counting(t, nil)
	m := s.signedIn(token)
	for how, change := range map[string]func(*http.Request){
		"none": form(), "empty": form("csrf", ""), "wrong": form("csrf", "x"), "of no session": form("csrf", s.sessions.ownCSRF()),
		"the session itself": form("csrf", strings.TrimPrefix(m.cookie, plainCookie+"=")),
		"in the address":     func(r *http.Request) { form()(r); r.URL.RawQuery = "csrf=" + m.csrf },
		"as JSON":            body("application/json", `{"csrf":"`+m.csrf+`"}`), "as text": body("text/plain", "csrf="+m.csrf),
	} {
		for _, path := range []string{"/ui/deliveries/x/replay", "/ui/logout"} {
			if got := s.fetch("POST", path, m.asks, change); got.code != http.StatusForbidden {
				t.Errorf("%s: %s: %d", how, path, got.code)
			}
		}
	}
	local, more := counting(t, func(cfg *Config) { cfg.AdminToken, cfg.ViewerToken = "", "" })
	if got := local.fetch("POST", "/ui/deliveries/x/replay", form()); got.code != http.StatusForbidden {
		t.Errorf("where no token is set: %d", got.code)
	}
	if n := replays.Load() + more.Load(); n != 0 {
		t.Errorf("%d replays", n)
	}
}

func TestS2_AFormTokenOfAnotherSessionIsRefused(t *testing.T) {
	t.Parallel()
	s, replays := counting(t, nil)
	mine, theirs, looking := s.signedIn(token), s.signedIn(token), s.signedIn(viewing)
	for _, other := range []member{theirs, looking} {
		if other.csrf == mine.csrf {
			t.Fatal("two sessions share a form token")
		}
		if got := s.fetch("POST", "/ui/deliveries/x/replay", mine.asks, form("csrf", other.csrf)); got.code != http.StatusForbidden {
			t.Errorf("%d", got.code)
		}
	}
	if replays.Load() != 0 {
		t.Errorf("%d replays", replays.Load())
	}
}

// A session is of use under this server's own names alone; a bearer token, which no browser sends by itself, under any.
func TestS2_ReboundNamesAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	m := s.signedIn(token)
	for _, name := range []string{
		"evil.example", "evil.example:8000", "hls.example.evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1",
		"xhls.example", "[::2]", "2130706433", "0x7f000001", "0.0.0.0",
	} {
		for _, path := range []string{"/stats", "/api/v1/deliveries", "/ui/deliveries"} {
			if got := s.fetch("GET", path, m.asks, host(name)); got.code != http.StatusForbidden || !strings.Contains(got.text, "allowed_hosts") {
				t.Errorf("%s as %s: %d", path, name, got.code)
			}
		}
		for _, method := range []string{"GET", "POST"} {
			if got := s.fetch(method, "/ui/login", form("token", token), host(name)); got.code != http.StatusForbidden {
				t.Errorf("%s /ui/login as %s: %d", method, name, got.code)
			}
		}
		if got := s.fetch("GET", "/stats", admin, host(name)); got.code != http.StatusOK {
			t.Errorf("as %s with the token: %d", name, got.code)
		}
	}
	for _, name := range []string{"hls.example", "HLS.Example:443", "hls.example.", "localhost", "127.0.0.1:1", "[::1]:8000", s.addr} {
		if got := s.fetch("GET", "/stats", m.asks, host(name)); got.code != http.StatusOK {
			t.Errorf("as %s: %d", name, got.code)
		}
	}
}

func TestS2_ForwardedToLoopbackIsNotLocal(t *testing.T) {
	t.Parallel()
	s, replays := counting(t, func(cfg *Config) { cfg.AdminToken, cfg.ViewerToken = "", "" })
	for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via", "X-Forwarded-Host", "Cf-Connecting-Ip"} {
		for _, g := range guarded {
			if got := s.fetch(g.method, g.path, with(name, "127.0.0.1")); got.code != http.StatusUnauthorized {
				t.Errorf("%s: %s %s: %d", name, g.method, g.path, got.code)
			}
		}
	}
	if got := s.fetch("GET", "/ui/deliveries"); got.code != http.StatusOK || replays.Load() != 0 {
		t.Errorf("from this machine: %d, %d replays", got.code, replays.Load())
	}
}

func TestS2_HTTP10FromAProxyIsNotLocal(t *testing.T) {
	t.Parallel()
	s := open(t, func(cfg *Config, _ *Deps) { cfg.AdminToken, cfg.ViewerToken = "", "" })
	for _, g := range guarded {
		if code := s.ask(g.method + " " + g.path + " HTTP/1.0\r\nHost: localhost\r\n\r\n"); code != http.StatusUnauthorized {
			t.Errorf("%s %s: %d", g.method, g.path, code)
		}
	}
}
