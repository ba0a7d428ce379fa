package github

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"hls/internal/hls"
)

func to(status int, location string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(status)
	}
}

// A renamed repository answers with a redirect to its number: reading follows it, on the same host.
func TestE2_ReadsFollowARenamedRepository(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 307, 308} {
		s := serve(t, routes{
			"GET /repos/acme/widget/issues/7":  to(status, "/repositories/77/issues/7"),
			"GET /repositories/77/issues/7":    answer(200, `{"number":7,"title":"found"}`),
			"GET /repositories/78/issues/7":    answer(200, `{"number":7,"title":"another's"}`),
			"PATCH /repositories/77/issues/7":  answer(200, `{}`),
			"PATCH /repos/acme/widget/issue/7": answer(404, `{}`),
		})
		issue, err := dial(t, s).Issue(t.Context(), widget)
		if err != nil || issue.Title != "found" {
			t.Errorf("%d: got %q, %v", status, issue.Title, err)
		}
		if got := s.seen()[1].Authorization; got != "Bearer "+testToken {
			t.Errorf("%d: the second request was signed %q", status, got)
		}
	}
}

// No redirect leads to another host, and no credential goes there.
func TestE2_NoRequestLeavesTheHost(t *testing.T) {
	t.Parallel()
	thief := serve(t, routes{})
	s := serve(t, routes{
		"GET /repos/acme/widget/issues/7":           to(302, thief.URL+"/repositories/77/issues/7"),
		"GET /repos/acme/widget/pulls/7":            to(301, thief.URL+"/repositories/99/pulls/7"),
		"POST /repos/acme/widget/issues/7/comments": to(307, thief.URL+"/repositories/77/issues/7/comments"),
	})
	c := dial(t, s)
	_, err := c.Issue(t.Context(), widget)
	wantReason(t, err, reasonRedirected)
	_, err = c.PullRequest(t.Context(), widget)
	wantReason(t, err, reasonRedirected)
	_, err = c.CreateComment(t.Context(), widget, "hello")
	wantReason(t, err, reasonRedirected)
	if got := thief.seen(); len(got) != 0 {
		t.Errorf("the other host saw %+v", got)
	}
}

// The transport is the last to look: what goes elsewhere for whatever reason is not sent.
func TestE2_TheTransportStaysAtHome(t *testing.T) {
	t.Parallel()
	home, thief := serve(t, routes{}), serve(t, routes{})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, thief.URL+"/user", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := dial(t, home).gh.Client().Transport.RoundTrip(request)
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, errRedirected) || len(thief.seen()) != 0 {
		t.Errorf("got %v, the other host saw %d requests", err, len(thief.seen()))
	}
}

// Below another path of the same host, as a login page, nothing is asked either.
func TestE2_NoRequestLeavesTheBasePath(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /api/v3/repos/acme/widget/issues/7": to(302, "/login"),
		"GET /login":                             answer(200, `{"number":7}`),
	})
	c := dial(t, s, func(cfg *Config) { cfg.BaseURL += "/api/v3" })
	_, err := c.Issue(t.Context(), widget)
	wantReason(t, err, reasonRedirected)
	if got := s.seen(); len(got) != 1 {
		t.Errorf("sent %+v", got)
	}
	s = serve(t, routes{
		"GET /repos/acme/widget/issues/7": to(302, "/login"),
		"GET /login":                      answer(200, `{"number":7}`),
	})
	_, err = dial(t, s).Issue(t.Context(), widget)
	wantReason(t, err, reasonRedirected)
	if got := s.seen(); len(got) != 1 {
		t.Errorf("sent %+v", got)
	}
}

// net/http makes a GET of a write that is redirected by 301, 302 or 303: the write would be lost and taken for done.
func TestE5_AWriteIsNeverRedirectedToARead(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303} {
		s := serve(t, routes{
			"POST /repos/acme/widget/issues/7/comments": to(status, "/repositories/77/issues/7/comments"),
			"GET /repositories/77/issues/7/comments":    answer(201, `{"id":5}`),
		})
		_, err := dial(t, s).CreateComment(t.Context(), widget, "hello")
		wantReason(t, err, reasonRedirected)
		if got := s.seen(); len(got) != 1 {
			t.Errorf("%d: sent %+v", status, got)
		}
	}
}

// 307 and 308 keep the method and the body.
func TestWritesFollowARenamedRepository(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"POST /repos/acme/widget/issues/7/comments":  to(307, "/repositories/77/issues/7/comments"),
		"POST /repositories/77/issues/7/comments":    answer(201, `{"id":5}`),
		"POST /repos/acme/widget/issues/7/labels":    to(308, "/repositories/99/issues/7/labels"),
		"POST /repositories/99/issues/7/labels":      answer(200, `[]`),
		"DELETE /repos/acme/widget/issues/7/labels/": answer(200, `[]`),
	})
	c := dial(t, s)
	comment, err := c.CreateComment(t.Context(), widget, "hello")
	if err != nil || comment.ID != 5 {
		t.Fatalf("got %+v, %v", comment, err)
	}
	if got := s.seen()[1].Body; got != "{\"body\":\"hello\"}\n" {
		t.Errorf("the second request's body is %q", got)
	}
}

// A moved issue is redirected to another repository, where HLS has no business. For whoever reads it, it is gone.
func TestE1_ASubjectNeverBecomesAnother(t *testing.T) {
	t.Parallel()
	for _, target := range []string{
		"/repositories/99/issues/3",               // another repository
		"/repositories/99/issues/7",               // its issue of the same number
		"/repositories/77/issues/8",               // another issue of the same repository
		"/repositories/77/issues/7/comments",      // more
		"/repositories/77",                        // less
		"/repositories/77/issues/7?per_page=1",    // another query
		"/repositories/077x/issues/7",             // no number
		"/repositories/77/issues%2F7",             // another path that is spelled alike
		"/repos/acme/other/issues/7",              // a name proves nothing
		"/repos/acme/widget/issues/8",             // not even its own
		"/repositories/77/../99/issues/7",         // as it is written
		"/repositories/77/issues/7/../8",          //
		"/repositories/77/issues/7%2F..%2F..%2F8", //
	} {
		s := serve(t, routes{
			"GET /repos/acme/widget/issues/7":             to(301, target),
			"PATCH /repos/acme/widget/issues/7":           to(307, target),
			"POST /repos/acme/widget/issues/7/labels":     to(308, strings.Replace(target, "/7", "/7/labels", 1)),
			"PATCH /repos/acme/widget/issues/comments/12": to(307, "/repositories/77/issues/comments/13"),
		})
		c := dial(t, s)
		_, err := c.Issue(t.Context(), widget)
		if !errors.Is(err, hls.ErrGone) || kindOf(err) != "gone not_found" {
			t.Errorf("%s: read: %v", target, err)
		}
		wantReason(t, c.CloseIssue(t.Context(), widget, ""), reasonMoved)
		if strings.Contains(target, "99") || strings.Contains(target, "repos/") {
			wantReason(t, c.AddLabels(t.Context(), widget, []string{"bug"}), reasonMoved)
		}
		_, err = c.EditComment(t.Context(), widget, 12, "hello")
		wantReason(t, err, reasonMoved)
		for _, r := range s.seen() {
			if !strings.HasPrefix(r.Path, "/repos/acme/widget/issues/") || r.Path == "/repos/acme/widget/issues/8" {
				t.Errorf("%s: sent %s %s", target, r.Method, r.Path)
			}
		}
	}
}

// The query of a redirected request is the one that was asked, however its parts are ordered.
func TestReadsOfARenamedRepositoryKeepTheirQuery(t *testing.T) {
	t.Parallel()
	for target, fine := range map[string]bool{
		"/repositories/77/issues/7/comments?page=1&per_page=50": true,
		"/repositories/77/issues/7/comments":                    false,
		"/repositories/77/issues/7/comments?page=2&per_page=50": false,
	} {
		s := serve(t, routes{
			"GET /repos/acme/widget/issues/7/comments": to(301, target),
			"GET /repositories/77/issues/7/comments":   answer(200, `[{"id":1}]`),
		})
		got, err := dial(t, s).Comments(t.Context(), widget)
		if fine != (err == nil && len(got) == 1) {
			t.Errorf("%s: %+v, %v", target, got, err)
		}
	}
}

// Whoever asks without the repository's number may read what it is called now, and writes nothing there.
func TestE1_WithoutANumberARenamedRepositoryIsOnlyRead(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /repos/acme/widget/labels":  to(301, "/repositories/77/labels?per_page=100&page=1"),
		"GET /repositories/77/labels":    answer(200, `[{"name":"bug"}]`),
		"POST /repos/acme/widget/labels": to(307, "/repositories/77/labels"),
		"POST /repositories/77/labels":   answer(201, `{}`),
		"GET /repos/acme/gadget/labels":  to(301, "/repos/acme/other/labels?per_page=100&page=1"),
		"GET /repos/acme/other/labels":   answer(200, `[{"name":"another's"}]`),
		"GET /repos/acme/gizmo/labels":   to(301, "/repositories/x/labels?per_page=100&page=1"),
		"GET /repositories/x/labels":     answer(200, `[{"name":"another's"}]`),
		"GET /user":                      to(302, "/repositories/77/user"),
	})
	c := dial(t, s)
	if labels, err := c.Labels(t.Context(), "acme/widget"); err != nil || len(labels) != 1 {
		t.Errorf("got %+v, %v", labels, err)
	}
	for _, repo := range []string{"acme/gadget", "acme/gizmo"} {
		_, err := c.Labels(t.Context(), repo)
		wantReason(t, err, reasonMoved)
	}
	wantReason(t, c.CreateLabel(t.Context(), "acme/widget", hls.Label{Name: "bug"}), reasonMoved)
	_, err := c.Self(t.Context())
	wantReason(t, err, reasonRedirected)
	for _, r := range s.seen() {
		if r.Method == http.MethodPost && r.Path != "/repos/acme/widget/labels" {
			t.Errorf("sent %s %s", r.Method, r.Path)
		}
	}
}

// A repository is renamed once: a second redirect is a loop, or worse.
func TestRedirectsAreFollowedOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /repos/acme/widget/issues/7": to(301, "/repositories/77/issues/7"),
		"GET /repositories/77/issues/7":   to(301, "/repositories/77/issues/7"),
	})
	_, err := dial(t, s).Issue(t.Context(), widget)
	wantReason(t, err, reasonRedirected)
	if n := len(s.seen()); n != 2 {
		t.Errorf("%d requests", n)
	}
}

func wantReason(t *testing.T, err error, reason string) {
	t.Helper()
	var final *hls.Permanent
	if !errors.As(err, &final) || final.Reason != reason {
		t.Errorf("got %v, want the permanent failure %s", err, reason)
	}
}
