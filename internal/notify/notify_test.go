package notify_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/hls"
	"hls/internal/notify"
)

const hook = "https://hooks.example.com/services/T0/B0/a-secret-of-the-webhook-0123456789"

// chat takes messages without a network, so that time can be a test's own.
type chat struct {
	mu     sync.Mutex
	texts  []string
	answer func(n int) *http.Response // of the nth message; nil, or a nil answer, takes it
	asked  int
}

func (c *chat) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if c.answer != nil {
		if answer := c.answer(c.asked); answer != nil {
			answer.Body = http.NoBody
			return answer, nil
		}
	}
	var m struct{ Text string }
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	c.texts = append(c.texts, m.Text)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func (c *chat) said() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.texts...)
}

// in runs a test in a bubble with a notifier under way.
func in(t *testing.T, c *chat, cfg notify.Config, test func(*notify.Notifier)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.WebhookURL = hook
		n, err := notify.New(cfg, notify.Deps{Redactor: hls.NewRedactor("a-secret-of-the-settings-42"), Log: slog.New(slog.DiscardHandler), Client: &http.Client{Transport: c}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			n.Run(ctx)
		}()
		test(n)
		stop()
		<-ended
	})
}

func parked(where string) notify.Notice {
	return notify.Notice{Kind: notify.Parked, Name: "template", Where: where}
}

// One cause is one message, and one more after an hour with what came meanwhile; another cause is another message.
func TestStormIsTwoMessages(t *testing.T) {
	t.Parallel()
	c := &chat{}
	in(t, c, notify.Config{}, func(n *notify.Notifier) {
		n.Tell(parked("acme/widgets#1"))
		synctest.Wait()
		for i := range 1000 {
			n.Tell(parked("acme/widgets#" + string(rune('2'+i%8))))
		}
		n.Tell(notify.Notice{Kind: notify.Breaker, Name: "github"})
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if got := c.said(); len(got) != 2 || !strings.Contains(got[0], "1 delivery was parked, for the reason `template`: `acme/widgets#1`.") ||
			!strings.Contains(got[1], "the door to `github` is out of order") {
			t.Errorf("within the hour: %q", got)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		want := "1000 deliveries were parked, for the reason `template`: `acme/widgets#2`, `acme/widgets#3`, `acme/widgets#4`, `acme/widgets#5`, `acme/widgets#6`, …"
		if got := c.said(); len(got) != 3 || !strings.Contains(got[2], want) {
			t.Errorf("after it: %q", got[2:])
		}
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		n.Tell(parked("acme/widgets#1"))
		synctest.Wait()
		if got := c.said(); len(got) != 4 {
			t.Errorf("when it was long over: %q", got)
		}
	})
}

// What does not get through is tried again, later each time and as the server asks, and is told once it does.
func TestRefusedMessageIsTriedAgain(t *testing.T) {
	t.Parallel()
	c := &chat{answer: func(n int) *http.Response {
		switch n {
		case 1:
			return &http.Response{StatusCode: http.StatusInternalServerError}
		case 2:
			return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"600"}}}
		}
		return nil
	}}
	in(t, c, notify.Config{}, func(n *notify.Notifier) {
		n.Tell(parked("acme/widgets#1"))
		for _, step := range []struct {
			after       time.Duration
			asked, said int
		}{{0, 1, 0}, {59 * time.Second, 1, 0}, {2 * time.Second, 2, 0}, {9 * time.Minute, 2, 0}, {2 * time.Minute, 3, 1}, {3 * time.Hour, 3, 1}} {
			time.Sleep(step.after)
			synctest.Wait()
			if c.asked != step.asked || len(c.said()) != step.said {
				t.Errorf("%v later: asked %d times, took %q", step.after, c.asked, c.said())
			}
		}
	})
}

// Only what is asked for is told, and causes are bounded.
func TestOnlyWhatIsAskedForAndNotMore(t *testing.T) {
	t.Parallel()
	c := &chat{}
	in(t, c, notify.Config{On: []string{"cap"}}, func(n *notify.Notifier) {
		n.Tell(parked("acme/widgets#1"))
		for i := range 5000 {
			n.Tell(notify.Notice{Kind: notify.Cap, Name: strings.Repeat("x", i%500), Where: "acme/widgets"})
		}
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		if got := c.said(); len(got) < 60 || len(got) > 65 || strings.Contains(strings.Join(got, ""), "parked") {
			t.Errorf("%d messages", len(got))
		}
	})
}

// S1: names that others chose are shown, and make nothing happen: no mention, no link, no end of the code that they stand
// in; and no secret is among them.
func TestS1_MessagesAreInertAndRedacted(t *testing.T) {
	t.Parallel()
	c := &chat{}
	in(t, c, notify.Config{}, func(n *notify.Notifier) {
		n.Tell(notify.Notice{Kind: notify.Parked, Name: "a`b <!channel> &amp; a-secret-of-the-settings-42\n*x*", Where: "acme/<http://evil.example|click>`@here`\u202e"})
		synctest.Wait()
		got := c.said()
		if len(got) != 1 {
			t.Fatalf("%q", got)
		}
		text := got[0]
		if strings.ContainsAny(text, "<>\n\u202e") || strings.Contains(text, "secret-of-the") || strings.Count(text, "`") != 6 ||
			!strings.Contains(text, "`a?b &lt;!channel&gt; &amp;amp; [redacted]") || !strings.Contains(text, "`acme/&lt;http://evil.example|click&gt;?@here??`") {
			t.Errorf("%q", text)
		}
	})
}

// The address is a secret that goes over TLS, or not beyond this machine.
func TestS1_WebhookIsReachedByHTTPS(t *testing.T) {
	t.Parallel()
	for url, ok := range map[string]bool{
		hook: true, "http://127.0.0.1:9/hook": true, "http://localhost:9/hook": true, "http://[::1]:9/hook": true, "": true,
		"http://hooks.example.com/services/secret": false, "http://10.0.0.1/secret": false, "ftp://localhost/secret": false,
		"hooks.example.com/secret": false, "https://user:secret@hooks.example.com/x": false, "http://localhost.example.com/secret": false,
	} {
		_, err := notify.New(notify.Config{WebhookURL: hls.Secret(url)}, notify.Deps{Log: slog.New(slog.DiscardHandler)})
		if (err == nil) != ok || err != nil && (!strings.HasPrefix(err.Error(), "webhook_url: ") || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := notify.New(notify.Config{On: []string{"parked", "everything"}}, notify.Deps{}); err == nil || !strings.Contains(err.Error(), `on: "everything"`) {
		t.Errorf("%v", err)
	}
}

// S1: nobody is followed elsewhere with a message, and no error has the address.
func TestS1_RedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	elsewhere := make(chan string, 10)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { elsewhere <- r.URL.Path }))
	t.Cleanup(other.Close)
	asked := make(chan struct{}, 10)
	moved := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/elsewhere", http.StatusTemporaryRedirect)
		asked <- struct{}{}
	}))
	t.Cleanup(moved.Close)
	var log strings.Builder
	logged := make(chan struct{})
	n, err := notify.New(notify.Config{WebhookURL: hls.Secret(moved.URL + "/a-secret-path")}, notify.Deps{
		Log: slog.New(slog.NewTextHandler(writes{&log, sync.OnceFunc(func() { close(logged) })}, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.Run(ctx)
	}()
	n.Tell(parked("acme/widgets#1"))
	<-asked
	select {
	case <-logged:
	case path := <-elsewhere:
		t.Errorf("the message went to %s", path)
	}
	stop()
	<-ended
	if !strings.Contains(log.String(), "answered 307") || strings.Contains(log.String(), "a-secret-path") {
		t.Errorf("log: %s", &log)
	}
}

// writes tells of each write.
type writes struct {
	to   io.Writer
	tell func()
}

func (w writes) Write(p []byte) (int, error) {
	defer w.tell()
	return w.to.Write(p)
}

// S1: what the network says of a chat that cannot be reached names its address; the log does not.
func TestS1_ErrorsDoNotTellTheAddress(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	var log strings.Builder
	logged := make(chan struct{})
	n, err := notify.New(notify.Config{WebhookURL: hls.Secret(gone.URL + "/a-secret-path")}, notify.Deps{
		Log: slog.New(slog.NewTextHandler(writes{&log, sync.OnceFunc(func() { close(logged) })}, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		n.Run(ctx)
	}()
	n.Tell(parked("acme/widgets#1"))
	<-logged
	stop()
	<-ended
	if !strings.Contains(log.String(), "refused") || strings.Contains(log.String(), "a-secret-path") {
		t.Errorf("log: %s", &log)
	}
}

// Telling waits for nobody, and a notifier that is none tells nobody.
func TestTellingBlocksNobody(t *testing.T) {
	t.Parallel()
	var n *notify.Notifier
	n.Tell(parked("acme/widgets#1"))
	n.Run(t.Context())
	made, err := notify.New(notify.Config{WebhookURL: hook}, notify.Deps{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for range 100000 { // Nobody runs it.
		made.Tell(parked("acme/widgets#1"))
	}
}
