package webtest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hls/internal/web/webtest"
)

// What axe is to find on no page of ours it finds on one that has it.
func TestBarriersAreFound(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(`<!doctype html><html lang="en"><title>x</title><main><h1>x</h1><input><button></button>` +
			`<p style="color: #999; background: #aaa">faint</p><img src="x.png"></main>`))
	}))
	t.Cleanup(server.Close)
	b := webtest.NewTab(webtest.Chromium(t), t, 1280)
	b.Do(chromedp.Navigate(server.URL))
	found := strings.Join(b.Barriers(), "\n")
	for _, id := range []string{"label", "button-name", "color-contrast", "image-alt"} {
		if !strings.Contains(found, ": "+id+":") {
			t.Errorf("no %s in %s", id, found)
		}
	}
}
