package web

import (
	"context"
	"errors"
	"html"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

// of cuts what a pattern captures out of a page.
func (p page) of(pattern string) string {
	found := regexp.MustCompile(pattern).FindStringSubmatch(p.text)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

func TestDashboardListsAsTheAPIDoes(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	m := s.signedIn(viewing)
	s.fill("a", numbered(1), hls.Outcome{State: hls.Parked, Reason: "refusal"})
	s.fill("b", numbered(2), hls.Outcome{State: hls.Done})
	s.fill("c", numbered(3), hls.Outcome{State: hls.Done})
	ids := func(p page) (all string) {
		for _, found := range regexp.MustCompile(`<a href="/ui/deliveries/([a-z]+)" id="task-`).FindAllStringSubmatch(p.text, -1) {
			all += found[1]
		}
		return all
	}
	for query, want := range map[string]string{
		"": "cba", "?state=parked": "a", "?repo=&event=&state=done&reason=&subject=": "cb", "?subject=o/r%232": "b", "?reason=none": "",
	} {
		if got := s.fetch("GET", "/ui/deliveries"+query, m.asks); got.code != http.StatusOK || ids(got) != want {
			t.Errorf("%s: %d %q, want %q", query, got.code, ids(got), want)
		}
	}
	first := s.fetch("GET", "/ui/deliveries?limit=2&state=&newest=true", m.asks)
	older := first.of(`<a href="([^"]+)" rel="next"`)
	if ids(first) != "cb" || older != "/ui/deliveries?before=2&limit=2&newest=true" {
		t.Errorf("the first page has %q and leads to %q", ids(first), older)
	}
	second := s.fetch("GET", older, m.asks)
	if ids(second) != "a" || second.of(`<a href="([^"]+)">Newest`) != "/ui/deliveries?limit=2&newest=true" || strings.Contains(second.text, `rel="next"`) {
		t.Errorf("the second page: %s", second.text)
	}
	wrong := s.fetch("GET", "/ui/deliveries?state=nonsense&repo=o/r", m.asks)
	if wrong.code != http.StatusBadRequest || !strings.Contains(wrong.text, "want one of queued") || !strings.Contains(wrong.text, `name="repo" value="o/r"`) {
		t.Errorf("what does not exist: %d %s", wrong.code, wrong.text)
	}
}

func TestDashboardSaysWhatCannotBeShown(t *testing.T) {
	t.Parallel()
	var failure error
	s := open(t, func(_ *Config, deps *Deps) {
		deps.Replay = func(context.Context, string) (hls.Replay, error) { return hls.Replay{}, failure }
	})
	m := s.signedIn(token)
	if got := s.fetch("GET", "/ui/deliveries/nothing", m.asks); got.code != http.StatusNotFound || !strings.Contains(got.text, "no delivery with this id") {
		t.Errorf("a delivery that is not there: %d", got.code)
	}
	for code, err := range map[int]error{
		http.StatusNotFound:           hls.ErrNotFound,
		http.StatusConflict:           &hls.Permanent{Err: errors.New("a-secret-of-the-tests: change the settings"), Reason: "event_not_enabled"},
		http.StatusServiceUnavailable: errors.New("disk full at /var/x"),
	} {
		failure = err
		got := s.fetch("POST", "/ui/deliveries/x/replay", m.asks, form("csrf", m.csrf))
		if got.code != code || strings.Contains(got.text, "a-secret") || strings.Contains(got.text, "/var/x") || !strings.Contains(got.text, "<h1>"+http.StatusText(code)) {
			t.Errorf("a replay that fails: %d, want %d: %s", got.code, code, got.text)
		}
	}
	s.store.breaks("disk full at /var/x")
	for _, path := range []string{"/ui/deliveries", "/ui/deliveries/x"} {
		got := s.fetch("GET", path, m.asks)
		if got.code != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || strings.Contains(got.text, "/var/x") {
			t.Errorf("%s: %d %s", path, got.code, got.text)
		}
		if !strings.Contains(s.log.String(), `"path":"`+path+`"`) {
			t.Errorf("%s is not in the log", path)
		}
	}
}

// Where no token is set, this machine itself operates, and has nothing to sign in or out with.
func TestDashboardOfThisMachine(t *testing.T) {
	t.Parallel()
	s, replays := counting(t, func(cfg *Config) { cfg.AdminToken, cfg.ViewerToken = "", "" })
	s.fill("a", numbered(1), hls.Outcome{State: hls.Done})
	got := s.fetch("GET", "/ui/deliveries/a")
	csrf := got.of(`name="csrf" value="([^"]+)"`)
	if got.code != http.StatusOK || csrf == "" || strings.Contains(got.text, "/ui/logout") {
		t.Fatalf("%d %s", got.code, got.text)
	}
	if got := s.fetch("POST", "/ui/deliveries/a/replay", form("csrf", csrf)); got.code != http.StatusSeeOther || replays.Load() != 1 {
		t.Errorf("%d, %d replays", got.code, replays.Load())
	}
	if got := s.fetch("GET", "/ui/login"); got.code != http.StatusOK || strings.Contains(got.text, "<form") {
		t.Errorf("the sign-in page: %d %s", got.code, got.text)
	}
	if got := s.fetch("POST", "/ui/login", form("token", "")); got.code != http.StatusForbidden || got.header.Get("Set-Cookie") != "" {
		t.Errorf("signing in: %d", got.code)
	}
}

// What the pages show comes with nothing that is configured as a secret.
func TestS1_PagesHoldNoSecret(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	m := s.signedIn(token)
	s.fill("a", numbered(1), hls.Outcome{State: hls.Parked, Reason: "for a-secret-of-the-tests"})
	for _, path := range []string{"/ui/deliveries", "/ui/deliveries/a", "/ui/deliveries?reason=for+a-secret"} {
		if got := s.fetch("GET", path, m.asks); strings.Contains(got.text, "a-secret-of") || strings.Contains(got.text, token) {
			t.Errorf("%s: %s", path, got.text)
		}
	}
	if got := s.fetch("POST", "/ui/login", form("token", "a-guess-of-the-tests", "next", "/ui/deliveries")); strings.Contains(got.text, "a-guess") {
		t.Errorf("the sign-in page repeats what was tried: %s", got.text)
	}
}

func TestQuotasFillUp(t *testing.T) {
	t.Parallel()
	q := newQuota(2, 3)
	now := q.total.at.AddDate(2000, 0, 0)
	a, b := proxies("10.0.0.1/32")[0], proxies("10.0.0.2/32")[0]
	takes := func(who netip.Prefix) (n int) {
		for q.take(who, now) {
			n++
		}
		return n
	}
	if n := takes(a); n != 2 {
		t.Errorf("%d for one", n)
	}
	if n := takes(b); n != 1 {
		t.Errorf("%d for another, of three for all", n)
	}
	q.give(b)
	if n := takes(b); n != 1 {
		t.Errorf("%d of what was given back", n)
	}
	now = now.Add(30 * time.Second)
	if n := takes(a); n != 1 {
		t.Errorf("%d in half a minute", n)
	}
	q.all = 0
	for i := range 2 * mostPeers {
		q.take(oneOfMany(i), now)
	}
	if len(q.of) > mostPeers {
		t.Errorf("%d addresses are kept", len(q.of))
	}
}

func oneOfMany(n int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{11, byte(n >> 16), byte(n >> 8), byte(n)}), 32)
}
