package github

import (
	"testing"

	"hls/internal/hls"
)

func TestSelf(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"GET /user": answer(200, `{"id":42,"login":"hls-bot","type":"User"}`)})
	c := dial(t, s)
	for range 3 {
		if a, err := c.Self(t.Context()); err != nil || a.ID != 42 {
			t.Errorf("got %+v, %v", a, err)
		}
	}
	if n := len(s.seen()); n != 1 {
		t.Errorf("asked %d times", n)
	}
	for _, status := range []int{403, 404} {
		s := serve(t, routes{"GET /user": answer(status, `{}`)})
		c := dial(t, s)
		for range 3 {
			if a, err := c.Self(t.Context()); err != nil || a != (hls.Account{}) {
				t.Errorf("%d: got %+v, %v", status, a, err)
			}
		}
		if n := len(s.seen()); n != 1 {
			t.Errorf("%d: asked %d times", status, n)
		}
	}
	for status, kind := range map[int]string{401: "retry github_unauthorized", 500: "outage"} {
		down := serve(t, routes{"GET /user": answer(status, `{}`)})
		c := dial(t, down)
		for range 2 {
			if _, err := c.Self(t.Context()); kindOf(err) != kind {
				t.Errorf("%d: got %v", status, err)
			}
		}
		if n := len(down.seen()); n != 2 {
			t.Errorf("%d: asked %d times", status, n)
		}
	}
	down := serve(t, routes{"GET /user": answer(500, `{}`)})
	anonymous := dial(t, down, func(cfg *Config) { cfg.Token = "" })
	if a, err := anonymous.Self(t.Context()); err != nil || a != (hls.Account{}) {
		t.Errorf("got %+v, %v", a, err)
	}
	if a, err := c.SelfFor(t.Context(), "acme/widget"); err != nil || a.ID != 42 {
		t.Errorf("got %+v, %v", a, err)
	}
}

// Where GitHub does not tell whose a token is, what it creates does.
func TestE7_TheOwnAccountIsLearnedFromWhatItCreates(t *testing.T) {
	t.Parallel()
	const author = `"user":{"id":42,"login":"github-actions[bot]","type":"Bot"}}`
	for name, write := range map[string]func(*Client) error{
		"comment": func(c *Client) error { _, err := c.CreateComment(t.Context(), widget, "hello"); return err },
		"review":  func(c *Client) error { _, err := c.CreateReview(t.Context(), widget, "abc", "hello", nil); return err },
	} {
		s := serve(t, routes{
			"GET /user": answer(403, `{"message":"Resource not accessible by integration"}`),
			"POST /repos/acme/widget/issues/7/comments": answer(201, `{"id":5,`+author),
			"POST /repos/acme/widget/pulls/7/reviews":   answer(200, `{"id":6,`+author),
		})
		cfg := Config{BaseURL: s.URL, Token: testToken, Limits: unlimited()}
		c, err := New(cfg, func(repo string) hls.Secret {
			if repo == "acme/other" {
				return "another-token"
			}
			return ""
		})
		if err != nil {
			t.Fatal(err)
		}
		if a, err := c.SelfFor(t.Context(), "acme/widget"); err != nil || a.ID != 0 || c.KnownSelf("") != a {
			t.Errorf("%s: before: %+v, %v", name, a, err)
		}
		if err := write(c); err != nil {
			t.Fatal(err)
		}
		if a, err := c.SelfFor(t.Context(), "acme/gadget"); err != nil || a.ID != 42 || c.KnownSelf("") != a {
			t.Errorf("%s: after: %+v, %v", name, a, err)
		}
		if a := c.KnownSelf("acme/other"); a.ID != 0 {
			t.Errorf("%s: under another token: %+v", name, a)
		}
	}
}
