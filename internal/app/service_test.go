package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hls/internal/app"
	"hls/internal/breaker"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/simulate"
)

const (
	webhookSecret = "It's a Secret to Everybody"
	adminToken    = "admin-token-of-the-tests"
	widgets       = "acme/widget-shop"
)

// service is a running HLS between a GitHub and a Claude stand-in, over real HTTP.
type service struct {
	t      *testing.T
	github *simulate.GitHub
	claude *simulate.Claude
	url    string
	dir    string
	text   string // the settings that it runs with
	log    *buffer
	app    *app.App
	stop   func()

	reread   func() (*config.Settings, error) // see app.Options
	hangup   <-chan os.Signal
	listener net.Listener
}

// buffer is a log that may be read while it is written.
type buffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

// start runs HLS with the given settings added to those that point it at the stand-ins. Retries come quickly.
func start(t *testing.T, settings string, gh *simulate.GitHub, cl *simulate.Claude) *service {
	t.Helper()
	s := &service{t: t, github: gh, claude: cl, dir: t.TempDir(), log: &buffer{}}
	ghURL, stopGH := gh.Start()
	clURL, stopCL := cl.Start()
	t.Cleanup(stopGH)
	t.Cleanup(stopCL)
	s.run(settingsFor(ghURL, clURL, s.dir) + settings)
	return s
}

func settingsFor(ghURL, clURL, dir string) string {
	return fmt.Sprintf(`
server: {host: 127.0.0.1, port: 0, admin_token: %q, shutdown_grace: 5s}
github: {base_url: %q, token: github-token-of-the-tests, webhook_secret: %q, limits: {writes_per_minute: 0, content_per_hour: 0}}
claude: {base_url: %q, api_key: anthropic-key-of-the-tests}
storage: {url: "sqlite:%s"}
`, adminToken, ghURL, webhookSecret, clURL, filepath.Join(dir, "hls.db"))
}

// run starts the service on a settings text and stops it when the test ends.
func (s *service) run(text string) {
	s.t.Helper()
	if !strings.Contains(text, "\nprocessing:") {
		text += "\nprocessing: {debounce: 0s, max_attempts: 4}\n"
	}
	if !strings.Contains(text, "\nlogging:") {
		text += "\nlogging: {level: DEBUG}\n"
	}
	s.text = text
	settings, err := parse(text)
	if err != nil {
		s.t.Fatal(err)
	}
	quick := breaker.Config{First: 50 * time.Millisecond, Longest: 200 * time.Millisecond, Step: 10 * time.Millisecond, Draw: time.Millisecond}
	settings.GitHub.Breaker, settings.Claude.Breaker = quick, quick
	ready := make(chan string, 1)
	ctx, cancel := context.WithCancel(context.Background())
	s.app, err = app.New(ctx, settings, app.Options{
		Version: "test", LogTo: s.log, Ready: func(url string) { ready <- url },
		Backoff: func(int) time.Duration { return 10 * time.Millisecond }, Reread: s.reread, Hangup: s.hangup, Listener: s.listener,
	})
	if err != nil {
		cancel()
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.app.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Errorf("run: %v", err)
		}
	})
	s.t.Cleanup(func() {
		s.stop()
		if s.t.Failed() {
			s.t.Logf("log:\n%s", tail(s.log.String(), 4000))
		}
	})
	select {
	case s.url = <-ready:
	case err := <-ended:
		s.t.Fatalf("run ended: %v", err)
	}
}

// parse reads settings that take nothing from the environment.
func parse(text string) (*config.Settings, error) {
	return config.Parse("settings.yaml", []byte(text), config.Options{Env: func(string) (string, bool) { return "", false }})
}

// send delivers to the webhook and returns status code and answer.
func (s *service) send(d simulate.Delivery) (int, map[string]any) {
	s.t.Helper()
	if d.GUID == "" {
		d.GUID = simulate.NewGUID()
	}
	code, body, err := simulate.Send(s.t.Context(), s.url+"/webhook", webhookSecret, d)
	if err != nil {
		s.t.Fatal(err)
	}
	answer := map[string]any{}
	if err := json.Unmarshal(body, &answer); err != nil {
		s.t.Fatalf("answer %q: %v", body, err)
	}
	return code, answer
}

// get reads an admin page as JSON.
func (s *service) get(path string) map[string]any {
	s.t.Helper()
	code, body := s.fetch(path, adminToken)
	if code != http.StatusOK {
		s.t.Fatalf("GET %s: %d %s", path, code, body)
	}
	page := map[string]any{}
	if err := json.Unmarshal(body, &page); err != nil {
		s.t.Fatal(err)
	}
	return page
}

func (s *service) fetch(path, token string) (int, []byte) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, body
}

// settled waits until the newest task of a delivery has ended, and returns it.
func (s *service) settled(guid string) hls.Task {
	s.t.Helper()
	var task hls.Task
	eventually(s.t, func() bool {
		var err error
		task, err = s.app.Store().TaskOf(s.t.Context(), guid)
		return err == nil && task.State != hls.Queued && task.State != hls.Running
	})
	return task
}

// eventually polls until ok holds, and fails the test after half a minute.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("it did not come true within half a minute")
		}
		<-tick.C
	}
}

// tail is the end of a text, which is where a log says what went wrong.
func tail(text string, n int) string { return text[max(0, len(text)-n):] }
