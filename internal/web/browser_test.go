package web

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	devnet "github.com/chromedp/cdproto/network"
	devpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromiumSwitch is the variable that leaves out the tests that need Chromium when it is "off".
const chromiumSwitch = "HLS_TEST_CHROMIUM"

// oneBrowser is held while a test has one: several at a time are slower than one after the other.
var oneBrowser sync.Mutex

// browser starts a headless Chromium for a test. It looks up no names: those of the tests are all this machine.
func browser(t *testing.T) context.Context {
	t.Helper()
	if os.Getenv(chromiumSwitch) == "off" {
		t.Skip(chromiumSwitch + "=off")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("there is no chromium: make test installs it (Debian's package chromium), and %s=off leaves this test out: %v", chromiumSwitch, err)
	}
	oneBrowser.Lock()
	t.Cleanup(oneBrowser.Unlock)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("no-proxy-server", true), chromedp.Flag("host-resolver-rules", "MAP * 127.0.0.1"),
	)...)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	return ctx
}

// tab is a page of a browser, in a profile of its own, and what it was seen to do.
type tab struct {
	context.Context
	t *testing.T

	mu       sync.Mutex
	requests map[devnet.RequestID]string // that went out
	breaches []string                    // of the policy
	dialogs  int
	thrown   []string
}

// newTab opens a tab of a width; a narrow one is a phone's.
func newTab(browser context.Context, t *testing.T, width int64) *tab {
	t.Helper()
	b := &tab{t: t, requests: map[devnet.RequestID]string{}}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.note))
	t.Cleanup(cancel)
	b.Context = ctx
	size := chromedp.EmulateViewport(width, 900)
	if width < 500 {
		size = chromedp.EmulateViewport(width, 844, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	b.do(size)
	if _, err := chromedp.Call(b.Context, audits.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *devnet.EventRequestWillBeSent:
		b.requests[e.RequestID] = e.Request.URL
	case *devnet.EventLoadingFailed:
		if e.BlockedReason != "" {
			delete(b.requests, e.RequestID)
		}
	case *devpage.EventJavascriptDialogOpening:
		b.dialogs++
	case *runtime.EventExceptionThrown:
		b.thrown = append(b.thrown, e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		if strings.Contains(e.Entry.Text, "Content Security Policy") {
			b.breaches = append(b.breaches, e.Entry.Text)
		}
	case *audits.EventIssueAdded:
		if e.Issue.Details != nil && e.Issue.Details.ContentSecurityPolicyIssueDetails != nil {
			b.breaches = append(b.breaches, e.Issue.Details.ContentSecurityPolicyIssueDetails.ViolatedDirective)
		}
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.Context, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// leads does something that leads to another page, and waits until that is there.
func (b *tab) leads(to string, steps ...chromedp.Action[chromedp.Void]) (code int64) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.Context, time.Minute)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		b.t.Fatalf("on the way from %s to %s: %v", b.text(`location.href`), to, err)
	}
	if at := b.text(`location.pathname`); at != to {
		b.t.Fatalf("led to %s, not to %s: %.300s", at, to, b.text(`document.body.innerText`))
	}
	return response.Status
}

// text evaluates an expression whose value is a text.
func (b *tab) text(expression string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.Context, chromedp.Evaluate[string](`String(`+expression+`)`))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// quiet expects that nothing of what was shown has run, that nothing was asked of another origin, and that the page is
// no wider than the screen.
func (b *tab) quiet(where, origin string) {
	b.t.Helper()
	if ran := b.text(`window.canary`); ran != "undefined" {
		b.t.Errorf("%s: a script ran: %s", where, ran)
	}
	if wide := b.text(`document.documentElement.scrollWidth > window.innerWidth`); wide != "false" {
		b.t.Errorf("%s: wider than the screen", where)
	}
	if own := b.text(`document.documentElement.dataset.script`); own != "ran" {
		b.t.Errorf("%s: our own script did not run: %s", where, own)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		if !strings.HasPrefix(url, origin+"/") && url != "about:blank" {
			b.t.Errorf("%s: asked for %s", where, url)
		}
	}
	if len(b.breaches) > 0 || b.dialogs > 0 || len(b.thrown) > 0 {
		b.t.Errorf("%s: %d dialogs, thrown %v, breaches of the policy %v", where, b.dialogs, b.thrown, b.breaches)
	}
}

// seen is how often the policy was breached.
func (b *tab) seen() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.breaches)
}

// hostile are texts that outsiders write, each of which runs or loads something where a page takes it for its own.
var hostile = []string{
	`<script>canary=1</script>`, `</title></textarea></pre></details><script>canary=2</script>`, `"><img src=x onerror=canary=3>`,
	`'><svg onload=canary=4>`, `<iframe srcdoc="<script>parent.canary=5</script>"></iframe>`, `<iframe src=javascript:parent.canary=6></iframe>`,
	`<style>*{background:url(http://evil.example/style)}</style>`, `<link rel=stylesheet href=http://evil.example/x.css>`,
	`<meta http-equiv=refresh content="0;url=http://evil.example/">`, `<base href=http://evil.example/>`,
	`<form action=http://evil.example/><input autofocus onfocus=canary=7></form>`, `<object data=http://evil.example/x></object>`,
	`<a href=javascript:canary=8 autofocus onfocus=canary=9>x</a>`, "\xff\xfe<script>canary=10</script>\xc3", "<scr\x00ipt>canary=11</scr\x00ipt>",
	`<img src=http://evil.example/pixel>`, `<video><source onerror=canary=12></video>`, `--><script>canary=13</script><!--`,
	`{{.CSRF}}{{template "main"}}`, `<math href="javascript:canary=14">x</math>`, `<details open ontoggle=canary=15>`,
	"\u202egnp.exe\u202c \u2066<script>canary=16</script>\u2069", `x" onmouseover="canary=17" style="position:fixed;inset:0`,
	`<script src=http://evil.example/x.js></script>`, `</script><script>canary=18</script>`, `<template><script>canary=19</script></template>`,
}

func allHostile() string { return strings.Join(hostile, "\n") }

// numberedHostile is one of them for each of many fields.
func numberedHostile(n int) string { return fmt.Sprintf("%d %s", n, hostile[n%len(hostile)]) }
