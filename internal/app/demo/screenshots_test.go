package demo_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"hls/internal/app/demo"
	"hls/internal/web/webtest"
)

// pictures is where make screenshots wants them; without it none are made.
var pictures = flag.String("screenshots", "", "folder to write pictures of the dashboard to")

// TestScreenshots shows the demo's deliveries to Chromium, and writes what it sees.
func TestScreenshots(t *testing.T) {
	if *pictures == "" {
		t.Skip("make screenshots asks for them")
	}
	d, err := demo.Start(t.Context(), demo.Config{Version: "demo", Tell: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	results, err := d.Deliver(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	chromium := webtest.Chromium(t)
	desk, phone := webtest.NewTab(chromium, t, 1100), webtest.NewTab(chromium, t, 390)
	for _, p := range []struct {
		name, path, scheme string
		tab                *webtest.Tab
	}{
		{"now", "/ui/", "light", desk}, {"deliveries", "/ui/deliveries", "light", desk}, {"delivery", "", "light", desk},
		{"trends", "/ui/trends", "dark", desk}, {"phone", "/ui/deliveries", "dark", phone},
	} {
		if p.path == "" { // The first that came in, off the list.
			p.path = p.tab.Text(`document.querySelector("#rows tbody tr:last-child a").pathname`)
		}
		p.tab.Scheme(p.scheme)
		p.tab.Leads(p.path, chromedp.Navigate(d.URL()+p.path))
		png, err := chromedp.Run(p.tab.Context, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(*pictures, p.name+".png"), png, 0o644); err != nil {
			t.Fatal(err)
		}
		t.Logf("%s.png: %d KB", p.name, len(png)>>10)
	}
	if len(results) == 0 {
		t.Error("the demo delivered nothing")
	}
}
