// Package webtest shows pages to a real Chromium, for tests of any room that has some.
package webtest

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
var oneBrowser sync.Mutex //nolint:gochecknoglobals // It is the machine's, whichever test has it.

// Chromium starts a headless Chromium for a test. It looks up no names: those of the tests are all this machine.
func Chromium(t *testing.T) context.Context {
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

// Tab is a page of a browser, in a profile of its own, and what it was seen to do.
type Tab struct {
	context.Context
	t     *testing.T
	width int64

	mu       sync.Mutex
	requests map[devnet.RequestID]string // that went out
	breaches []string                    // of the policy
	dialogs  int
	thrown   []string
}

// NewTab opens a tab of a width; a narrow one is a phone's.
func NewTab(browser context.Context, t *testing.T, width int64) *Tab {
	t.Helper()
	b := &Tab{t: t, width: width, requests: map[devnet.RequestID]string{}}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(b.note))
	t.Cleanup(cancel)
	b.Context = ctx
	size := chromedp.EmulateViewport(width, 900)
	if width < 500 {
		size = chromedp.EmulateViewport(width, 844, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	b.Do(size)
	if _, err := chromedp.Call(b.Context, audits.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *Tab) note(event any) {
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

// Do takes steps, and ends the test where one fails.
func (b *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.Context, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// Leads does something that leads to another page, and waits until that is there.
func (b *Tab) Leads(to string, steps ...chromedp.Action[chromedp.Void]) (code int64) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.Context, time.Minute)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		b.t.Fatalf("on the way from %s to %s: %v", b.Text(`location.href`), to, err)
	}
	if at := b.Text(`location.pathname`); at != to {
		b.t.Fatalf("led to %s, not to %s: %.300s", at, to, b.Text(`document.body.innerText`))
	}
	return response.Status
}

// Text evaluates an expression whose value is a text.
func (b *Tab) Text(expression string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.Context, chromedp.Evaluate[string](`String(`+expression+`)`))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

// Quiet expects that nothing of what was shown has run, that nothing was asked of another origin, and that the page is
// no wider than the screen.
func (b *Tab) Quiet(where, origin string) {
	b.t.Helper()
	if ran := b.Text(`window.canary`); ran != "undefined" {
		b.t.Errorf("%s: a script ran: %s", where, ran)
	}
	if wide := b.Text(fmt.Sprintf(`document.documentElement.scrollWidth > %d`, b.width)); wide != "false" {
		b.t.Errorf("%s: wider than the screen", where)
	}
	if own := b.Text(`document.documentElement.dataset.script`); own != "ran" {
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

// Breaches is how often the policy was breached.
func (b *Tab) Breaches() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.breaches)
}

// Asked are the addresses asked for, answered or not, that have a text in them.
func (b *Tab) Asked(part string) (found []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, url := range b.requests {
		if strings.Contains(url, part) {
			found = append(found, url)
		}
	}
	return found
}
