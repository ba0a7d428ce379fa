package web

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Nothing can be framed, and no page runs or loads what the binary did not bring along.
func TestS2_PagesAreNotFramed(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	m := s.signedIn(token)
	const strict = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	for path, policy := range map[string]string{
		"/ui/login": strict, "/ui/deliveries": strict, "/ui/deliveries/x": strict, "/ui/deliveries?state=nonsense": strict,
		"/ui/": "frame-ancestors 'none'", "/ui/static/hls.css": "frame-ancestors 'none'", "/stats": "frame-ancestors 'none'", "/nowhere": "frame-ancestors 'none'",
	} {
		got := s.fetch("GET", path, m.asks)
		csp := got.header.Get("Content-Security-Policy")
		if !strings.Contains(csp, policy) || strings.Contains(csp, "unsafe") || got.header.Get("X-Frame-Options") != "DENY" ||
			got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("Cross-Origin-Resource-Policy") != "same-origin" ||
			got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, got.header)
		}
		if policy == strict && inline.MatchString(got.text) {
			t.Errorf("%s has something inline: %s", path, inline.FindString(got.text))
		}
	}
}

// inline is what the policy forbids pages of ours: styles and scripts of their own, and handlers of events.
var inline = regexp.MustCompile(`(?i)<style|<script>|<script [^>]*>[^<]|\sstyle=|\son[a-z]+=|javascript:|https?://`)

func TestS2_SigningInLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for _, next := range []string{
		"https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "/ui/../../evil", "/ui//evil.example", "/ui/..//evil.example",
		"javascript:alert(1)", "/stats", "ui/", "/ui/%2f%2fevil.example", "/ui/\r\nSet-Cookie: a=b", "/ui/@evil.example", "/uievil.example", " /ui/",
		"https:/ui/", "/ui/deliveries#https://evil.example", "/ui/\u2044evil",
	} {
		got := s.fetch("POST", "/ui/login", form("token", token, "next", next))
		if got.code != http.StatusSeeOther || got.header.Get("Location") != "/ui/" || len(got.header.Values("Set-Cookie")) != 1 {
			t.Errorf("%q: %d to %q", next, got.code, got.header.Get("Location"))
		}
		if page := s.fetch("GET", "/ui/login?"+url.Values{"next": {next}}.Encode()); !strings.Contains(page.text, `name="next" value="/ui/"`) {
			t.Errorf("%q: the page leads elsewhere: %s", next, page.text)
		}
	}
	const fine = "/ui/deliveries?repo=o%2Fr&state=done"
	led := s.fetch("GET", fine).header.Get("Location")
	if !strings.HasPrefix(led, "/ui/login?next=") {
		t.Errorf("without a session: to %q", led)
	}
	if got := s.fetch("POST", "/ui/login", form("token", " "+token+"\n", "next", fine)); got.header.Get("Location") != fine {
		t.Errorf("back to %q", got.header.Get("Location"))
	}
}

// The session's cookie is out of reach of scripts and of other sites, and over HTTPS of other hosts and of plain HTTP.
func TestS2_CookiesAreStrict(t *testing.T) {
	t.Parallel()
	plain := open(t, nil).fetch("POST", "/ui/login", form("token", token)).header.Get("Set-Cookie")
	if !regexp.MustCompile(`^hls_session=[^;]+; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict$`).MatchString(plain) {
		t.Errorf("over HTTP: %q", plain)
	}
	s := open(t, func(cfg *Config, _ *Deps) { cfg.Proxies = proxies("127.0.0.0/8") })
	https := with("X-Forwarded-Proto", "https")
	secure := s.fetch("POST", "/ui/login", form("token", token), https, with("X-Forwarded-For", "203.0.113.5")).header.Get("Set-Cookie")
	if !regexp.MustCompile(`^__Host-hls_session=[^;]+; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict$`).MatchString(secure) {
		t.Errorf("over HTTPS: %q", secure)
	}
	name, value, _ := strings.Cut(strings.TrimSuffix(secure, secure[strings.Index(secure, ";"):]), "=")
	if got := s.fetch("GET", "/stats", https, with("Cookie", name+"="+value)); got.code != http.StatusOK {
		t.Errorf("the session over HTTPS: %d", got.code)
	}
	if got := s.fetch("GET", "/stats", https, with("Cookie", plainCookie+"="+value)); got.code != http.StatusUnauthorized {
		t.Errorf("under the name that anybody can set: %d", got.code)
	}
	untrusted := open(t, nil).fetch("POST", "/ui/login", form("token", token), https).header.Get("Set-Cookie")
	if strings.Contains(untrusted, "Secure") {
		t.Errorf("who is no proxy says HTTPS: %q", untrusted)
	}
	m := s.signedIn(token)
	gone := s.fetch("POST", "/ui/logout", m.asks, form("csrf", m.csrf)).header.Get("Set-Cookie")
	if !strings.HasPrefix(gone, plainCookie+"=; Path=/; Max-Age=0;") {
		t.Errorf("signing out: %q", gone)
	}
}

// docs/doors.md lists the tricks, at least twenty, each by the name of its test.
func TestTricksAreListed(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/doors.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, name := range regexp.MustCompile("(?m)^\\| [^|]+ \\| `(TestS2_\\w+)` \\|$").FindAllStringSubmatch(string(page), -1) {
		listed[name[1]] = true
	}
	if len(listed) < 20 {
		t.Errorf("only %d tricks are listed", len(listed))
	}
	for _, file := range []string{"tricks_test.go", "tricks_more_test.go", "tricks_pages_test.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`(?m)^func (TestS2_\w+)`).FindAllStringSubmatch(string(source), -1) {
			if !listed[name[1]] {
				t.Errorf("docs/doors.md does not list %s", name[1])
			}
			delete(listed, name[1])
		}
	}
	for name := range listed {
		t.Errorf("docs/doors.md lists %s, which is not there", name)
	}
}
