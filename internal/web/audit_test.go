package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// Who signs in, and who tries to, is in the audit log, and nothing of the token is.
func TestS5_SignInsAreAudited(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for given, want := range map[string]int{"a-wrong-guess-at-it": http.StatusUnauthorized, viewing: http.StatusSeeOther, token: http.StatusSeeOther} {
		if got := s.fetch("POST", "/ui/login", form("token", given)); got.code != want {
			t.Errorf("signing in: %d, want %d", got.code, want)
		}
	}
	entries, err := s.store.Audited(t.Context(), record.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	for _, e := range entries {
		if e.Kind == hls.AuditSignIn {
			told[e.By+" "+string(e.Data)]++
		}
		for _, secret := range []string{"wrong-guess", viewing, token} {
			if strings.Contains(string(e.Data), secret) {
				t.Errorf("the log tells a token: %s", e.Data)
			}
		}
	}
	for _, want := range []string{
		` {"address":"127.0.0.1/32","outcome":"wrong_token","role":""}`,
		`viewer {"address":"127.0.0.1/32","outcome":"signed_in","role":"viewer"}`,
		`operator {"address":"127.0.0.1/32","outcome":"signed_in","role":"operator"}`,
	} {
		if told[want] != 1 {
			t.Errorf("no %q in %v", want, told)
		}
	}
}

// A stranger who goes on trying leaves the audit log short: an entry for each network and hour, up to a number of them, and
// how many more there were with the next.
func TestS5_StrangersDoNotFillTheLog(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s := open(t, func(cfg *Config, _ *Deps) { cfg.Proxies = proxies("127.0.0.0/8") }, func(s *Server) { s.now = func() time.Time { return now } })
	try := func(given, address string) int {
		return s.fetch("POST", "/ui/login", form("token", given), with("X-Forwarded-For", address)).code
	}
	wrong := func(address string) {
		t.Helper()
		if code := try("guess", address); code != http.StatusUnauthorized {
			t.Fatalf("a wrong token of %s: %d", address, code)
		}
	}
	told := func() (list []string) {
		t.Helper()
		entries, err := s.store.Audited(t.Context(), record.AuditQuery{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			list = append(list, e.By+" "+string(e.Data))
		}
		return list
	}
	for minute := range 10 {
		for n := range triesEach - 1 {
			wrong(fmt.Sprintf("2001:db8::%d:%d", minute, n))
		}
		wrong("203.0.113.5")
		now = now.Add(time.Minute)
	}
	if code := try(token, "192.0.2.1"); code != http.StatusSeeOther {
		t.Errorf("signing in: %d", code)
	}
	now = now.Add(time.Minute)
	wrong("203.0.113.5")
	now = now.Add(time.Hour)
	wrong("203.0.113.5")
	want := []string{
		` {"address":"2001:db8::/64","outcome":"wrong_token","role":""}`,
		` {"address":"203.0.113.5/32","outcome":"wrong_token","role":""}`,
		`operator {"address":"192.0.2.1/32","more_wrong_tokens":{"2001:db8::/64":39,"203.0.113.5/32":9},"outcome":"signed_in","role":"operator"}`,
		` {"address":"203.0.113.5/32","more_wrong_tokens":{"203.0.113.5/32":1},"outcome":"wrong_token","role":""}`,
	}
	if got := told(); !slices.Equal(got, want) {
		t.Errorf("told\n%s", strings.Join(got, "\n"))
	}
	for n := range 150 { // of as many networks
		if n%50 == 0 {
			now = now.Add(time.Minute)
		}
		wrong(fmt.Sprintf("198.51.100.%d", n))
	}
	if got := len(told()) - len(want); got != mostTold {
		t.Errorf("told %d times of 150 networks", got)
	}
	if n := strings.Count(s.log.String(), "sign-in failed"); n != 202 {
		t.Errorf("%d lines of the log", n)
	}
}

// What the audit log could not be told is told later.
func TestS5_UntoldFailuresAreKept(t *testing.T) {
	t.Parallel()
	var f failures
	at, a := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), netip.MustParsePrefix("203.0.113.5/32")
	for range 3 {
		f.add(a, at)
	}
	lost := f.rest()
	if lost[a.String()] != 2 || len(f.rest()) > 0 {
		t.Fatalf("counted %v", lost)
	}
	f.untold(lost)
	if tell, before := f.add(a, at.Add(foldedFor)); !tell || before[a.String()] != 2 {
		t.Errorf("tell %t, %v", tell, before)
	}
	for n := range 3 * mostTold {
		f.untold(map[string]int{fmt.Sprint(n): 1})
	}
	if counts := f.rest(); len(counts) > mostTold+1 || counts[elsewhere] == 0 {
		t.Errorf("kept %v", counts)
	}
}

// The past of a label is forgotten by operators alone.
func TestS2_AViewerForgetsNoLabel(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	ask := func(token, text string) page {
		return s.fetch("POST", "/api/v1/overrides/reset", with("Authorization", "Bearer "+token), body("application/json", text))
	}
	if got := ask(viewing, `{"repository":"a/b","label":"bug"}`); got.code != http.StatusForbidden {
		t.Errorf("a viewer: %d %s", got.code, got.text)
	}
	for text, want := range map[string]int{
		`{"repository":"a/b","label":"bug"}`: http.StatusNotFound, `{"repository":"a/b"}`: http.StatusBadRequest,
		`{"repository":"a/b","label":"bug","by":"mona"}`: http.StatusBadRequest, `[]`: http.StatusBadRequest,
	} {
		if got := ask(token, text); got.code != want {
			t.Errorf("%s: %d, want %d: %s", text, got.code, want, got.text)
		}
	}
	read := func(query string) page {
		return s.fetch("GET", "/api/v1/overrides"+query, with("Authorization", "Bearer "+viewing))
	}
	for query, want := range map[string]int{
		"": http.StatusBadRequest, "?repository=": http.StatusBadRequest, "?repository=a/b&limit=3": http.StatusBadRequest,
		"?repository=a/b&repository=c/d": http.StatusBadRequest, "?repository=a/b": http.StatusOK,
	} {
		if got := read(query); got.code != want {
			t.Errorf("%q: %d, want %d: %s", query, got.code, want, got.text)
		}
	}
}
