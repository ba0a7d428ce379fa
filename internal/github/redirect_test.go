package github

import (
	"errors"
	"net/http"
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
	thief := serve(t, routes{"GET /issues/7": answer(200, `{"number":7}`), "POST /comments": answer(201, `{"id":1}`)})
	s := serve(t, routes{
		"GET /repos/acme/widget/issues/7":           to(302, thief.URL+"/issues/7"),
		"POST /repos/acme/widget/issues/7/comments": to(307, thief.URL+"/comments"),
	})
	c := dial(t, s)
	_, err := c.Issue(t.Context(), widget)
	wantReason(t, err, reasonRedirected)
	_, err = c.CreateComment(t.Context(), widget, "hello")
	wantReason(t, err, reasonRedirected)
	if got := thief.seen(); len(got) != 0 {
		t.Errorf("the other host saw %+v", got)
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

// A moved issue is redirected to another repository, where HLS has no business.
func TestE1_ASubjectNeverBecomesAnotherRepositorys(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /repos/acme/widget/issues/7":         to(301, "/repositories/99/issues/3"),
		"GET /repositories/99/issues/3":           answer(200, `{"number":3}`),
		"POST /repos/acme/widget/issues/7/labels": to(308, "/repositories/99/issues/3/labels"),
		"POST /repositories/99/issues/3/labels":   answer(200, `[]`),
	})
	c := dial(t, s)
	if _, err := c.Issue(t.Context(), widget); !errors.Is(err, hls.ErrGone) {
		t.Errorf("read: %v", err)
	}
	if err := c.AddLabels(t.Context(), widget, []string{"bug"}); !errors.Is(err, hls.ErrGone) {
		t.Errorf("write: %v", err)
	}
	for _, r := range s.seen() {
		if r.Path != "/repos/acme/widget/issues/7" && r.Path != "/repos/acme/widget/issues/7/labels" {
			t.Errorf("sent %s %s", r.Method, r.Path)
		}
	}
}

func wantReason(t *testing.T, err error, reason string) {
	t.Helper()
	var final *hls.Permanent
	if !errors.As(err, &final) || final.Reason != reason {
		t.Errorf("got %v, want the permanent failure %s", err, reason)
	}
}
