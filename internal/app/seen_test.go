package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hls/internal/record"
	"hls/internal/simulate"
	"hls/internal/web/webtest"
)

// held is a Claude that answers once it is let.
func held(text string) (cl *simulate.Claude, let func()) {
	gate := make(chan struct{})
	return simulate.NewClaude(simulate.ClaudeConfig{Answer: func(simulate.Request) string { <-gate; return text }}), func() { close(gate) }
}

// An operator signs in, sees a delivery come in, follows it to its end, filters, opens it, approves its effects, takes them back, replays it
// and signs out, on a desk and on a phone. No page is loaded anew to see what has changed; nothing is asked of another origin;
// and axe finds nothing serious on any page, in light and in dark.
func TestS4_ADeliveryIsFollowedLive(t *testing.T) {
	t.Parallel()
	chromium := webtest.Chromium(t)
	for name, width := range map[string]int64{"desk": 1280, "phone": 390} {
		t.Run(name, func(t *testing.T) {
			cl, let := held(bugAnswer)
			s := start(t, withMode("suggest"), shop(), cl)
			d := s.issueOpened()
			b := webtest.NewTab(chromium, t, width)
			b.Leads("/ui/login", chromedp.Navigate(s.url+"/ui/deliveries"))
			b.Accessible("signing in")
			b.Do(chromedp.SendKeys(chromedp.ID("token"), adminToken))
			b.Leads("/ui/deliveries", chromedp.Click(chromedp.ID("sign-in")))
			see := seeing(t, b)
			see("the list is empty", `document.getElementById("rows").textContent.includes("No delivery")`)
			s.send(d)
			see("the delivery comes in", `!!document.querySelector('#rows a[href="/ui/deliveries/`+d.GUID+`"]')`)
			see("its title is shown", `document.getElementById("rows").textContent.includes("Crash when saving")`)

			b.Do(chromedp.SendKeys(chromedp.CSS("input[name=text]"), "nothing like it"))
			b.Leads("/ui/deliveries", chromedp.Click(chromedp.ID("filter")))
			seeing(t, b)("the filter leaves nothing", `document.getElementById("rows").textContent.includes("No delivery")`)
			b.Leads("/ui/deliveries", chromedp.Navigate(s.url+"/ui/deliveries"))
			b.Do(chromedp.SendKeys(chromedp.CSS("input[name=text]"), "CRASH when"), chromedp.SendKeys(chromedp.CSS("input[name=actor]"), "mona"))
			b.Leads("/ui/deliveries", chromedp.Click(chromedp.ID("filter")))
			b.Quiet("the list", s.url)
			b.Accessible("the list")
			b.Leads("/ui/deliveries/"+d.GUID, chromedp.Click(chromedp.CSS(`#rows a[href="/ui/deliveries/`+d.GUID+`"]`)))

			see = seeing(t, b)
			see("it runs", `document.getElementById("outcome").textContent.includes("running")`)
			let()
			see("it is done", `document.getElementById("outcome").textContent.includes("done")`)
			see("its prompt is there", `document.getElementById("user")?.textContent.includes("nil pointer")`)
			see("its effects wait", `document.getElementById("effects")?.textContent.includes("waits for approval")`)
			if n := len(s.github.Writes()); n != 0 {
				t.Errorf("%d writes before the approval", n)
			}
			b.Quiet("a delivery", s.url)
			b.Accessible("a delivery")
			pages(b, s)
			b.Leads("/ui/deliveries/"+d.GUID, chromedp.Navigate(s.url+"/ui/deliveries/"+d.GUID))
			b.Leads("/ui/deliveries/"+d.GUID, chromedp.Click(chromedp.ID("approve")))
			seeing(t, b)("its effects are done", `!document.querySelector("#effects .proposed, #effects .intent, #effects .sending") && document.querySelectorAll("#effects .done").length > 0`)
			if labels := s.github.Labels(widgets, 7); !strings.Contains(fmt.Sprint(labels), "bug") {
				t.Errorf("labels after the approval: %v", labels)
			}
			b.Accessible("a delivery that was carried out")
			b.Leads("/ui/deliveries/"+d.GUID+"/undo", chromedp.Click(chromedp.ID("to-undo")))
			b.Accessible("what can be taken back")
			b.Leads("/ui/deliveries/"+d.GUID, chromedp.Click(chromedp.ID("undo")))
			seeing(t, b)("it is taken back", `document.querySelectorAll("#effects .undone").length > 0 && !document.querySelector("#effects .done")`)
			if labels := s.github.Labels(widgets, 7); len(labels) != 0 {
				t.Errorf("labels after the undoing: %v", labels)
			}
			b.Leads("/ui/deliveries/"+d.GUID, chromedp.Click(chromedp.ID("replay")))
			seeing(t, b)("it is worked on again", `document.getElementById("h-record").parentElement.textContent.includes("of a replay") && document.getElementById("outcome").textContent.includes("done")`)
			b.Quiet("the replay", s.url)
			b.Leads("/ui/login", chromedp.Click(chromedp.ID("sign-out")))
			b.Leads("/ui/login", chromedp.Navigate(s.url+"/ui/deliveries"))
			b.Quiet("signed out", s.url)
		})
	}
}

// seeing waits for what a page shows without being loaded anew.
func seeing(t *testing.T, b *webtest.Tab) func(what, expression string) {
	t.Helper()
	b.Text(`window.loaded = true`)
	return func(what, expression string) {
		t.Helper()
		eventually(t, func() bool { return b.Text(expression) == "true" })
		if b.Text(`window.loaded`) != "true" {
			t.Errorf("%s: the page was loaded anew", what)
		}
	}
}

// pages looks at every other page.
func pages(b *webtest.Tab, s *service) {
	for path, title := range map[string]string{
		"/ui/": "Now", "/ui/effects": "Effects", "/ui/effects?state=shadow": "Effects", "/ui/repositories": "Repositories", "/ui/repositories/" + widgets: widgets,
		"/ui/trends": "Trends", "/ui/trends?span=week": "Trends", "/ui/trends?span=month": "Trends", "/ui/deliveries/nothing": http.StatusText(http.StatusNotFound),
		"/ui/deliveries?state=nonsense": "Deliveries",
	} {
		at, _, _ := strings.Cut(path, "?")
		b.Leads(at, chromedp.Navigate(s.url+path))
		if got := b.Text(`document.querySelector("h1").textContent`); got != title {
			s.t.Errorf("%s is headed %q", path, got)
		}
		b.Quiet(path, s.url)
		b.Accessible(path)
	}
}

// What would have happened in a repository that is in shadow is shown, and nothing offers to do it.
func TestShadow_IsShown(t *testing.T) {
	t.Parallel()
	s := start(t, withMode("shadow"), shop(), answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	s.settled(d.GUID)
	for path, want := range map[string][]string{
		"/ui/deliveries/" + d.GUID:    {"nothing is written in this mode", `<span class="label">bug</span>`, `<span class="state shadow">`},
		"/ui/effects?state=shadow":    {"add labels on", "upsert comment on", `<span class="label">bug</span>`, "would have been written"},
		"/ui/repositories/" + widgets: {"<dt>add labels</dt><dd>shadow</dd>", "labels.auto_apply"},
		"/ui/repositories":            {"<td>shadow</td>"},
	} {
		code, page := s.fetch(path, adminToken)
		for _, text := range want {
			if code != http.StatusOK || !strings.Contains(string(page), text) {
				t.Errorf("%s: %d, no %q in %s", path, code, text, page)
			}
		}
		if strings.Contains(string(page), `value="approve"`) {
			t.Errorf("%s offers to approve what is in shadow", path)
		}
	}
	if rows := s.tasks(record.Query{Text: "crash when"}); len(rows) != 1 {
		t.Errorf("%d tasks are found by their title", len(rows))
	}
}

// The title by which a delivery is found holds no secret that somebody pasted into it, not even where it is cut.
func TestS1_TitlesHoldNoPastedSecret(t *testing.T) {
	t.Parallel()
	gh := shop()
	secret := "gh" + "p_0123456789abcdefghijKLMNOPQRSTUVWXYZ"
	for n, before := range []string{"Crash with ", strings.Repeat("long ", 37) + "with "} {
		gh.AddIssue(widgets, simulate.IssueSeed{Number: 20 + n, Title: before + secret, Author: "rita", Body: "The app panics with a nil pointer."})
	}
	s := start(t, widgetSettings, gh, answering(bugAnswer))
	for n := range 2 {
		d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.IssuePayload(widgets, 20+n, "opened", "rita", nil)}
		s.send(d)
		s.settled(d.GUID)
	}
	rows, err := s.app.Store().List(t.Context(), record.Query{})
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		if strings.Contains(row.Title, "gh"+"p_") || row.Title == "" {
			t.Errorf("titled %q", row.Title)
		}
	}
	if _, page := s.fetch("/ui/deliveries?text=crash", adminToken); !strings.Contains(string(page), "Crash with [redacted]") {
		t.Errorf("shown as %s", page)
	}
}
