package github

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/breaker"
	"hls/internal/hls"
)

func subjectIn(repo string) hls.Subject {
	s := widget
	s.Repo = repo
	return s
}

// quick is a breaker that opens as always, and not for long.
func quick(cfg *Config) {
	cfg.Breaker = breaker.Config{First: 200 * time.Millisecond, Longest: time.Second, Draw: time.Millisecond}
}

// switched is a GitHub that answers every read with a status until it is told another.
func switched(t *testing.T, status int) (*server, *atomic.Int32) {
	t.Helper()
	var now atomic.Int32
	now.Store(int32(status))
	reply := func(w http.ResponseWriter, r *http.Request) {
		body := `{"number":7}`
		if strings.HasPrefix(r.URL.Path, "/search") {
			body = `{"items":[]}`
		}
		answer(int(now.Load()), body)(w, r)
	}
	table := routes{"GET /search/issues": reply}
	for _, repo := range []string{"acme/widget", "acme/other", "acme/third"} {
		table["GET /repos/"+repo+"/issues/7"] = reply
		table["POST /repos/"+repo+"/issues/7/comments"] = reply
	}
	return serve(t, table), &now
}

// A GitHub that is down is not called: tasks go back with the time at which it is asked again, at no cost.
func TestE9_AGitHubThatIsDownIsLeftAlone(t *testing.T) {
	t.Parallel()
	s, status := switched(t, 503)
	c := dial(t, s, quick)
	var err error
	for i := range 5 {
		_, err = c.Issue(t.Context(), subjectIn([]string{"acme/widget", "acme/other"}[i%2]))
		if want := "outage"; i < 4 && kindOf(err) != want {
			t.Fatalf("call %d: %q, %v", i, kindOf(err), err)
		}
	}
	opened := time.Now()
	next := c.Snapshot().Breaker.Next
	var last *hls.RetryAfter
	if !errors.As(err, &last) || last.Outage || !last.Free || last.After < time.Until(next)-50*time.Millisecond {
		t.Errorf("the task that opened it: %+v", last)
	}
	for _, repo := range []string{"acme/widget", "acme/third"} { // one of them was never called
		for range 4 {
			_, err := c.Issue(t.Context(), subjectIn(repo))
			var retry *hls.RetryAfter
			if kindOf(err) != "retry free github_unavailable" || !errors.As(err, &retry) || retry.After > time.Until(next)+time.Second {
				t.Errorf("%s: %q, %v", repo, kindOf(err), err)
			}
		}
		if _, err := c.CreateComment(t.Context(), subjectIn(repo), "hello"); kindOf(err) != "retry free github_unavailable" {
			t.Errorf("a write that was not sent: %q, %v", kindOf(err), err)
		}
	}
	if n := len(s.seen()); n != 5 && time.Since(opened) < 100*time.Millisecond {
		t.Errorf("%d requests", n)
	}
	if got := c.Snapshot(); got.Breaker.State == breaker.Closed || len(got.Breaker.Parts) != 0 || !strings.Contains(got.Breaker.Error, "503") {
		t.Errorf("snapshot %+v", got.Breaker)
	}
	status.Store(200)
	for c.Snapshot().Breaker.State != breaker.Probing {
		<-time.After(5 * time.Millisecond)
	}
	if _, err := c.Issue(t.Context(), widget); err != nil {
		t.Errorf("after it: %v", err)
	}
	if got := c.Snapshot().Breaker; got.State != breaker.Closed || got.Width != 1 {
		t.Errorf("snapshot %+v", got)
	}
}

// One repository that GitHub cannot serve is no outage for the others.
func TestO1_OneRepositorysFailureShutsNoOther(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /repos/acme/widget/issues/7": answer(502, `{}`),
		"GET /repos/acme/other/issues/7":  answer(200, `{"number":7}`),
	})
	c := dial(t, s)
	for range 6 {
		_, _ = c.Issue(t.Context(), widget)
	}
	if n := len(s.seen()); n != 5 {
		t.Errorf("%d requests for the one that fails", n)
	}
	for range 20 {
		if _, err := c.Issue(t.Context(), subjectIn("acme/other")); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.Snapshot().Breaker; got.State != breaker.Shut || fmt.Sprint(got.Parts) != "[acme/widget]" {
		t.Errorf("snapshot %+v", got)
	}
}

// A server that refuses, limits or answers nonsense is up.
func TestWhatIsAnsweredOpensNothing(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]http.HandlerFunc{
		"401": answer(401, `{}`), "403": answer(403, `{}`), "404": answer(404, `{}`), "408": answer(408, `{}`), "422": answer(422, `{}`),
		"429": with(answer(429, `{}`), "Retry-After", "1"), "html": answer(200, `<html>`), "half": answer(200, `{"number":`),
		"moved": with(answer(301, ``), "Location", "https://example.com/"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, serve(t, routes{"GET /repos/acme/widget/issues/7": reply}))
			for range 8 {
				_, _ = c.Issue(t.Context(), widget)
				clear(c.tokenDoor(testToken).paused)
			}
			if got := c.Snapshot().Breaker; got.State != breaker.Closed {
				t.Errorf("snapshot %+v", got)
			}
		})
	}
}

// What breaks off, hangs or cannot be reached is down.
func TestWhatDoesNotAnswerOpensTheCircuit(t *testing.T) {
	t.Parallel()
	drop := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.Close()
	}
	for name, reply := range map[string]http.HandlerFunc{
		"reset": drop, "hang": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"cut": with(answer(200, `{"number":7`), "Content-Length", "400"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, serve(t, routes{"GET /repos/acme/widget/issues/7": reply}), func(cfg *Config) { cfg.Timeout = 100 * time.Millisecond })
			for range 5 {
				_, _ = c.Issue(t.Context(), widget)
			}
			if got := c.Snapshot().Breaker; got.State != breaker.Shut || fmt.Sprint(got.Parts) != "[acme/widget]" {
				t.Errorf("snapshot %+v", got)
			}
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + listener.Addr().String()
	_ = listener.Close()
	c, err := New(Config{BaseURL: base, Token: testToken}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		_, _ = c.Issue(t.Context(), widget)
	}
	if got := c.Snapshot().Breaker; got.State != breaker.Shut || len(got.Parts) != 0 {
		t.Errorf("no connection: snapshot %+v", got)
	}
}

// A search that GitHub does not serve finds nothing, and holds up nobody.
func TestASearchThatIsDownFindsNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"GET /search/issues": answer(503, `{}`), "GET /repos/acme/widget/issues/7": answer(200, `{"number":7}`)})
	c := dial(t, s)
	for i := range 8 {
		_, err := c.Search(t.Context(), "acme/widget", "crash", 5)
		if i >= 5 && !errors.Is(err, hls.ErrNotFound) {
			t.Errorf("search %d: %v", i, err)
		}
		if _, err := c.Issue(t.Context(), widget); err != nil {
			t.Errorf("after search %d: %v", i, err)
		}
	}
}

// An account that is suspended is like a token that is refused: that may be mended, and says what it is.
func TestASuspendedAccountIsARefusedCredential(t *testing.T) {
	t.Parallel()
	for _, message := range []string{"Sorry. Your account was suspended", "This installation has been suspended"} {
		s := serve(t, routes{"GET /repos/acme/widget/issues/7": answer(403, `{"message":"`+message+`"}`)})
		c := dial(t, s)
		if _, err := c.Issue(t.Context(), widget); kindOf(err) != "retry github_unauthorized" || !c.Snapshot().Refused {
			t.Errorf("%s: %q, %v", message, kindOf(err), err)
		}
	}
}

func TestPartsAreRepositories(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"repos/acme/widget": "acme/widget", "repos/acme/widget/issues/7?per_page=1": "acme/widget", "repos/acme/widget?x=/": "acme/widget",
		"user": "user", "app/installations?per_page=1": "app", "search/issues?q=repo:acme/widget": "search", "repositories/77": "repositories",
	} {
		if got := (call{path: path}).part(); got != want {
			t.Errorf("%s is about %q, want %q", path, got, want)
		}
	}
}
