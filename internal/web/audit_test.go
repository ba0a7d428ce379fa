package web

import (
	"net/http"
	"strings"
	"testing"

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
