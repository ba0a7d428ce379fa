package github

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hls/internal/hls"
)

func TestWhatTakesBackIsSpelledAsGitHubHasIt(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /user": answer(200, `{"id":9,"login":"hls-bot"}`),
		"DELETE /repos/acme/widget/issues/comments/5": answer(204, ``),
		"PATCH /repos/acme/widget/issues/7":           answer(200, `{"state":"open"}`),
		"GET /repos/acme/widget/issues/comments/5/reactions": answer(200,
			`[{"id":1,"content":"eyes","user":{"id":8}},{"id":2,"content":"heart","user":{"id":9}},{"id":3,"content":"eyes","user":{"id":9}}]`),
		"DELETE /repos/acme/widget/issues/comments/5/reactions/3": answer(204, ``),
		"GET /repos/acme/widget/pulls/comments/6/reactions":       answer(200, `[{"id":4,"content":"eyes","user":{"id":9}}]`),
		"DELETE /repos/acme/widget/pulls/comments/6/reactions/4":  answer(404, `{"message":"Not Found"}`),
		"POST /graphql": answer(200, `{"data":{"minimizeComment":{"minimizedComment":{"isMinimized":true}}}}`),
	})
	c := dial(t, s)
	ctx := t.Context()
	for what, err := range map[string]error{
		"comment":        c.DeleteComment(ctx, widget, 5),
		"comment gone":   c.DeleteComment(ctx, widget, 404),
		"issue":          c.ReopenIssue(ctx, widget),
		"reaction":       c.RemoveReaction(ctx, widget, 5, false, hls.Eyes),
		"reaction gone":  c.RemoveReaction(ctx, widget, 404, false, hls.Eyes),
		"reaction taken": c.RemoveReaction(ctx, widget, 6, true, hls.Eyes),
		"review":         c.Minimize(ctx, widget, `PRR_"x`),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	sent := map[string]string{}
	for _, r := range s.seen() {
		sent[r.Method+" "+r.Path] = r.Body
	}
	if got := sent["PATCH /repos/acme/widget/issues/7"]; strings.TrimSpace(got) != `{"state":"open"}` {
		t.Errorf("reopened by %s", got)
	}
	if got := sent["POST /graphql"]; !strings.Contains(got, `minimizeComment(input: {subjectId: $id, classifier: OUTDATED})`) || !strings.Contains(got, `"variables":{"id":"PRR_\"x"}`) {
		t.Errorf("hidden by %s", got)
	}
	for _, never := range []string{"/reactions/1", "/reactions/2"} { // another account's, and another emoji
		if _, was := sent["DELETE /repos/acme/widget/issues/comments/5"+never]; was {
			t.Errorf("%s was removed", never)
		}
	}
}

// GraphQL answers 200 whatever happens: only what says that it is hidden is.
func TestE5_HiddenIsWhatGitHubSaysIsHidden(t *testing.T) {
	t.Parallel()
	const mistake = `{"data":{"minimizeComment":null},"errors":[{"type":"%","message":"x"}]}`
	var retry *hls.RetryAfter
	var final *hls.Permanent
	for body, want := range map[string]func(error) bool{
		`{"data":{"minimizeComment":{"minimizedComment":{"isMinimized":true}}}}`:  func(err error) bool { return err == nil },
		`{"data":{"minimizeComment":{"minimizedComment":{"isMinimized":false}}}}`: func(err error) bool { return errors.As(err, &retry) },
		`{}`: func(err error) bool { return errors.As(err, &retry) },
		strings.Replace(mistake, "%", "NOT_FOUND", 1):    func(err error) bool { return err == nil },
		strings.Replace(mistake, "%", "FORBIDDEN", 1):    func(err error) bool { return errors.As(err, &final) },
		strings.Replace(mistake, "%", "RATE_LIMITED", 1): func(err error) bool { return errors.As(err, &retry) && retry.After > 0 },
	} {
		s := serve(t, routes{"POST /graphql": answer(200, body)})
		if err := dial(t, s).Minimize(t.Context(), widget, "PRR_1"); !want(err) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// Enterprise Server has GraphQL beside its REST API.
func TestGraphQLOfEnterpriseServer(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"POST /api/graphql": answer(200, `{"data":{"minimizeComment":{"minimizedComment":{"isMinimized":true}}}}`)})
	c := dial(t, s, func(cfg *Config) { cfg.BaseURL += "/api/v3" })
	if err := c.Minimize(t.Context(), widget, "PRR_1"); err != nil {
		t.Error(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/other", nil)
	if err != nil {
		t.Fatal(err)
	}
	home, err := url.Parse(s.URL + "/api/v3/")
	if err != nil {
		t.Fatal(err)
	}
	if besideHome(home, r) {
		t.Error("another path beside the API is let through")
	}
}
