package github

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// bomb answers valid JSON of so many bytes, compressed to almost nothing.
func bomb(bytes int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = zip.Write([]byte(`{"number":7}`))
		_, _ = zip.Write([]byte(strings.Repeat(" ", bytes)))
		_ = zip.Close()
	}
}

// The bound holds after decompression, and a cut answer is an error though what was read of it is valid JSON.
func TestI6_AnswersAreBoundedAfterDecompression(t *testing.T) {
	t.Parallel()
	const most = 1 << 20
	s := serve(t, routes{
		"GET /repos/acme/widget/issues/7":           bomb(most),
		"POST /repos/acme/widget/issues/7/comments": bomb(most),
		"GET /repos/acme/widget/issues/8":           bomb(most / 2),
	})
	c := dial(t, s)
	door := c.gh.Client().Transport.(*transport)
	if door.most != maxResponseBytes {
		t.Errorf("the bound is %d", door.most)
	}
	door.most = most
	_, err := c.Issue(t.Context(), widget)
	wantReason(t, err, reasonTooLarge)
	if _, err := c.CreateComment(t.Context(), widget, "hello"); kindOf(err) != "ambiguous" {
		t.Errorf("a write: %v", err)
	}
	other := widget
	other.Number = 8
	if _, err := c.Issue(t.Context(), other); err != nil {
		t.Errorf("a large one within the bound: %v", err)
	}
}

// What did not change is not sent again, and does not count against the rate limit.
func TestE9_ConditionalRequests(t *testing.T) {
	t.Parallel()
	title, etag, full := "first", `"1"`, 0
	s := serve(t, routes{"GET /repos/acme/widget/issues/7": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", etag)
		w.Header().Set("X-RateLimit-Limit", "5000")
		w.Header().Set("X-RateLimit-Remaining", "4000")
		if r.Header.Get("If-None-Match") == etag {
			w.Header().Set("X-RateLimit-Remaining", "3999")
			w.WriteHeader(http.StatusNotModified)
			return
		}
		full++
		_, _ = fmt.Fprintf(w, `{"number":7,"title":%q}`, title)
	}})
	c := dial(t, s)
	read := func(want string) {
		t.Helper()
		if issue, err := c.Issue(t.Context(), widget); err != nil || issue.Title != want {
			t.Fatalf("got %q, %v", issue.Title, err)
		}
	}
	read("first")
	read("first")
	if full != 1 {
		t.Errorf("sent in full %d times", full)
	}
	if got := c.Snapshot(); got.Remaining != 3999 || got.Requests != 2 {
		t.Errorf("snapshot %+v", got)
	}
	title, etag = "second", `"2"`
	read("second")
	read("second")
	if full != 2 {
		t.Errorf("sent in full %d times", full)
	}
}

// An answer kept for one credential is not given to another.
func TestS1_TheCacheIsKeptByCredential(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"GET /repos/acme/widget/issues/7": func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" && r.Header.Get("Authorization") != "Bearer one" {
			t.Error("another credential's ETag was sent")
		}
		w.Header().Set("ETag", `"1"`)
		_, _ = w.Write([]byte(`{"number":7}`))
	}})
	c := dial(t, s)
	for _, token := range []string{"one", "one", "two"} {
		c.tokens = secret(token)
		if _, err := c.Issue(t.Context(), widget); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCacheStaysWithinItsBound(t *testing.T) {
	t.Parallel()
	c := newCache(10_000)
	for i := range 100 {
		c.store(fmt.Sprint(i), entry{etag: "x", body: make([]byte, 900)})
		c.find("0")
	}
	if c.size > 10_000 || len(c.entries) != c.order.Len() {
		t.Errorf("%d bytes, %d entries, %d in order", c.size, len(c.entries), c.order.Len())
	}
	if _, ok := c.find("0"); !ok {
		t.Error("the one that is used is gone")
	}
	if _, ok := c.find("1"); ok {
		t.Error("the one that is not used is still there")
	}
	c.store("0", entry{etag: "y", body: make([]byte, 20_000)})
	if c.size != 0 {
		t.Errorf("%d bytes after one that is too large", c.size)
	}
}

// Entries too large to keep pass through whole.
func TestLargeAnswersPassTheCache(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxCachedEntry+100)
	s := serve(t, routes{"GET /repos/acme/widget/issues/7": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"1"`)
		_, _ = fmt.Fprintf(w, `{"number":7,"title":%q}`, long[:100])
		_, _ = w.Write([]byte(strings.Repeat(" ", maxCachedEntry)))
	}})
	c := dial(t, s)
	for range 2 {
		if issue, err := c.Issue(t.Context(), widget); err != nil || issue.Title != long[:100] {
			t.Fatalf("got %v", err)
		}
	}
	if got := s.seen()[1].Header.Get("If-None-Match"); got != "" {
		t.Errorf("asked with %s", got)
	}
}

func TestConfigIsRefused(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]Config{
		"scheme":   {BaseURL: "ftp://example.com"},
		"no host":  {BaseURL: "api.github.com"},
		"password": {BaseURL: "https://u:p@example.com"},
		"query":    {BaseURL: "https://example.com/?a=b"},
		"negative": {Limits: Limits{Concurrency: new(-1)}},
		"timeout":  {Timeout: -1},
		"both":     {Token: "t", App: App{ID: 1, PrivateKey: "k"}},
		"no id":    {App: App{PrivateKey: "k"}},
		"no key":   {App: App{ID: 1}},
		"bad key":  {App: App{ID: 1, PrivateKey: "-----BEGIN nothing"}},
		"no file":  {App: App{ID: 1, PrivateKeyFile: "testdata/missing.pem"}},
	} {
		if _, err := New(cfg, nil); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
	c, err := New(Config{}, nil)
	if err != nil || c.settings.writes != 60 || c.settings.content != 500 || c.settings.base.String() != "https://api.github.com/" {
		t.Errorf("defaults %+v, %v", c.settings, err)
	}
}
