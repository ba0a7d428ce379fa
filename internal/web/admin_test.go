package web_test

import (
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The page of URLs names the operator for every write, and a role for everything that is not open.
func TestS2_EveryURLNamesItsRole(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("routes.go")
	if err != nil {
		t.Fatal(err)
	}
	open := []string{"GET /livez", "GET /readyz", "GET /health", "GET /ui/login", "POST /ui/login", "GET /ui/static/{file}", "GET /debug/pprof/", "/"}
	urls := regexp.MustCompile(`(?m)^\t+mux\.Handle(?:Func)?\("([^"]*)", (.*)\)$`).FindAllStringSubmatch(string(source), -1)
	if len(urls) < 20 {
		t.Fatalf("only %d URLs", len(urls))
	}
	for _, u := range urls {
		url, handler := u[1], u[2]
		reads := strings.HasPrefix(url, "GET ") || url == "POST /ui/logout" // which ends the reader's own session
		guarded := strings.HasPrefix(handler, "s.admin(operator, ") || strings.HasPrefix(handler, "s.adminOf(operator, ") || strings.HasPrefix(handler, "s.page(operator, ") ||
			reads && (strings.HasPrefix(handler, "s.admin(viewer, ") || strings.HasPrefix(handler, "s.page(viewer, "))
		if !guarded && !slices.Contains(open, url) {
			t.Errorf("%s is open, or to too many: %s", url, handler)
		}
	}
}

// A page of another origin writes nothing, even where this machine needs no token.
func TestS2_OtherOriginsWriteNothing(t *testing.T) {
	t.Parallel()
	addr := serve(t)
	for _, tc := range []struct {
		header, value string
		refused       bool
	}{
		{"Sec-Fetch-Site", "cross-site", true},
		{"Sec-Fetch-Site", "same-site", true},
		{"Origin", "https://evil.example", true},
		{"Sec-Fetch-Site", "same-origin", false},
		{"X-Nothing", "of a program", false},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+addr+"/api/v1/recovery?since=nonsense", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(tc.header, tc.value)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := resp.StatusCode == http.StatusForbidden; got != tc.refused {
			t.Errorf("%s %s: %d", tc.header, tc.value, resp.StatusCode)
		}
	}
}
