package github

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

// kindOf names what the caller can decide on.
func kindOf(err error) string {
	var (
		retry *hls.RetryAfter
		final *hls.Permanent
		parts []string
	)
	if errors.As(err, &retry) {
		switch {
		case retry.Outage && retry.Free && retry.Reason == reasonUnavailable:
			parts = append(parts, "outage")
		case retry.Free:
			parts = append(parts, "retry free")
		default:
			parts = append(parts, "retry")
		}
		if retry.Reason != "" && !retry.Outage {
			parts = append(parts, retry.Reason)
		}
	}
	if errors.As(err, &final) {
		parts = append(parts, final.Reason)
	}
	for name, target := range map[string]error{"gone": hls.ErrGone} {
		if errors.Is(err, target) {
			parts = append(parts, name)
		}
	}
	if errors.Is(err, hls.ErrNotFound) {
		parts = append(parts, "not_found")
	}
	if errors.Is(err, hls.ErrAmbiguous) {
		parts = append(parts, "ambiguous")
	}
	return strings.Join(parts, " ")
}

func TestStatusesAreErrorsThatSomeoneDecidesOn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status                       int
		read, comment, label, create string
	}{
		{401, "retry github_unauthorized", "retry github_unauthorized", "retry github_unauthorized", "retry github_unauthorized"},
		{403, "github_forbidden", "github_forbidden", "github_forbidden", "github_forbidden"},
		{404, "gone not_found", "not_found", "github_not_found not_found", "github_not_found not_found"},
		{410, "gone not_found", "not_found", "github_not_found not_found", "github_not_found not_found"},
		{451, "gone not_found", "not_found", "github_not_found not_found", "github_not_found not_found"},
		{422, "github_invalid", "github_invalid", "github_invalid", "github_invalid"},
		{409, "github_rejected", "github_rejected", "github_rejected", "github_rejected"},
		{408, "retry", "retry", "retry ambiguous", "ambiguous"},
		{500, "outage", "outage", "outage ambiguous", "ambiguous"},
		{502, "outage", "outage", "outage ambiguous", "ambiguous"},
		{202, "retry", "retry", "retry ambiguous", "ambiguous"},
	} {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			t.Parallel()
			s := serve(t, routes{
				"GET /repos/acme/widget/issues/7":           answer(test.status, `{"message":"no"}`),
				"GET /repos/acme/widget/issues/comments/9":  answer(test.status, `{"message":"no"}`),
				"POST /repos/acme/widget/issues/7/labels":   answer(test.status, `{"message":"no"}`),
				"POST /repos/acme/widget/issues/7/comments": answer(test.status, `{"message":"no"}`),
			})
			c := dial(t, s)
			_, read := c.Issue(t.Context(), widget)
			_, comment := c.Comment(t.Context(), widget, 9)
			label := c.AddLabels(t.Context(), widget, []string{"bug"})
			_, create := c.CreateComment(t.Context(), widget, "hello")
			got := [4]string{kindOf(read), kindOf(comment), kindOf(label), kindOf(create)}
			if want := [4]string{test.read, test.comment, test.label, test.create}; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// Whatever may have reached the server may have been done.
func TestE5_WritesThatMayHaveHappenedAreAmbiguous(t *testing.T) {
	t.Parallel()
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	drop := func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.Close()
	}
	cut := with(answer(201, `{"id":5`), "Content-Length", "400")
	answers := map[string]bool{"undecodable": true, "no id": true, "empty": true, "not created": true} // from a server that works
	for name, handler := range map[string]http.HandlerFunc{
		"timeout": hang, "reset": drop, "truncated": cut, "undecodable": answer(201, `<html>`),
		"no id": answer(201, `{}`), "empty": answer(201, ``), "not created": answer(200, `{"id":5}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, routes{
				"POST /repos/acme/widget/issues/7/comments":  handler,
				"PATCH /repos/acme/widget/issues/comments/9": handler,
				"POST /repos/acme/widget/pulls/7/reviews":    handler,
			})
			c := dial(t, s, func(cfg *Config) { cfg.Timeout = 200 * time.Millisecond })
			_, err := c.CreateComment(t.Context(), widget, "hello")
			if got := kindOf(err); got != "ambiguous" {
				t.Errorf("create: %q, %v", got, err)
			}
			_, err = c.CreateReview(t.Context(), widget, "abc", "sum", nil)
			if got := kindOf(err); got != "ambiguous" && name != "not created" { // GitHub answers 200 to a review
				t.Errorf("review: %q, %v", got, err)
			}
			_, err = c.EditComment(t.Context(), widget, 9, "hello")
			want := "outage ambiguous"
			if answers[name] {
				want = "retry ambiguous"
			}
			if got := kindOf(err); got != want {
				t.Errorf("edit: %q, %v", got, err)
			}
		})
	}
}

// What never left is not in doubt.
func TestE5_AWriteThatWasNotSentIsNotAmbiguous(t *testing.T) {
	t.Parallel()
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
	_, err = c.CreateComment(t.Context(), widget, "hello")
	if got := kindOf(err); got != "outage" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAnEndedContextIsNeitherRetryNorPermanent(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"GET /repos/acme/widget/issues/7": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := dial(t, s).Issue(ctx, widget)
	if !errors.Is(err, context.DeadlineExceeded) || kindOf(err) != "" {
		t.Errorf("got %v", err)
	}
}

// S1: the token is in the header and nowhere else.
func TestS1_TheTokenIsInNoErrorAndNoSnapshot(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 401, 403, 404, 422, 429, 500} {
		s := serve(t, routes{"GET /repos/acme/widget/issues/7": answer(status, `{"message":"no"}`)})
		c := dial(t, s)
		_, err := c.Issue(t.Context(), widget)
		text := fmt.Sprintf("%v %+v %#v %+v", err, err, err, c.Snapshot())
		for i := 0; i+8 <= len(testToken); i++ {
			if strings.Contains(text, testToken[i:i+8]) {
				t.Fatalf("%d: %s", status, text)
			}
		}
	}
}
