package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/app"
	"hls/internal/hls"
	"hls/internal/simulate"
)

// lan is a network in memory, so that the whole service runs in a bubble whose hours pass in seconds.
type lan struct {
	mu    sync.Mutex
	ports map[string]*port
	down  map[string]bool // hosts that no connection is made to
	conns []net.Conn
}

var errNoRoute = errors.New("no route to host")

// Dial connects to a host of the lan.
func (l *lan) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(address)
	l.mu.Lock()
	p, cut := l.ports[host], l.down[host]
	near, far := net.Pipe()
	l.conns = append(l.conns, near, far)
	l.mu.Unlock()
	if p == nil || cut {
		return nil, errNoRoute
	}
	select {
	case p.conns <- far:
		return near, nil
	case <-p.closed:
		return nil, errNoRoute
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *lan) setDown(host string, down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down[host] = down
	for _, c := range l.conns {
		_ = c.Close() // HLS keeps connections open, and GitHub's end goes with the host.
	}
	l.conns = nil
}

// listen opens a host of the lan.
func (l *lan) listen(host string) net.Listener {
	p := &port{host: host, conns: make(chan net.Conn), closed: make(chan struct{})}
	p.close = sync.OnceFunc(func() { close(p.closed) })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ports[host] = p
	return p
}

// serve answers as a host, each request taking its time.
func (l *lan) serve(ctx context.Context, host string, took time.Duration, h http.Handler) *http.Server {
	server := &http.Server{BaseContext: func(net.Listener) context.Context { return ctx }}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(took)
		h.ServeHTTP(w, r)
	})
	listener := l.listen(host)
	go func() { _ = server.Serve(listener) }()
	return server
}

type port struct {
	host   string
	conns  chan net.Conn
	closed chan struct{}
	close  func()
}

func (p *port) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *port) Close() error   { p.close(); return nil }
func (p *port) Addr() net.Addr { return hostAddr(p.host) }

type hostAddr string

func (hostAddr) Network() string  { return "lan" }
func (a hostAddr) String() string { return string(a) }

// town is the service between the stand-ins, on a lan of its own.
type town struct {
	*testing.T
	lan    *lan
	github *simulate.GitHub
	claude *simulate.Claude
	app    *app.App
	client *http.Client
	log    *buffer
}

// inBubble runs the whole service in a bubble. A request of GitHub takes 50 milliseconds and one of Claude two seconds.
func inBubble(t *testing.T, settings string, gh *simulate.GitHub, cl *simulate.Claude, test func(*town)) {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)))
		c := &town{T: t, lan: &lan{ports: map[string]*port{}, down: map[string]bool{}}, github: gh, claude: cl, log: &buffer{}}
		ctx, cancel := context.WithCancel(context.Background())
		hub := c.lan.serve(ctx, "github.test", 50*time.Millisecond, gh)
		model := c.lan.serve(ctx, "claude.test", 2*time.Second, cl)
		transport := &http.Transport{DialContext: c.lan.Dial, DisableKeepAlives: true}
		c.client = &http.Client{Transport: transport}
		ended := c.start(ctx, settingsFor("http://github.test", "http://claude.test", filepath.Clean(dir))+settings)
		test(c)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		_ = hub.Close()
		_ = model.Close()
		c.lan.setDown("", true)
		if t.Failed() {
			t.Logf("log:\n%s", tail(c.log.String(), 4000))
		}
	})
}

func (c *town) start(ctx context.Context, text string) <-chan error {
	c.Helper()
	settings, err := parse(text)
	if err != nil {
		c.Fatal(err)
	}
	settings.GitHub.Dial, settings.Claude.Dial = c.lan.Dial, c.lan.Dial
	ready := make(chan string, 1)
	c.app, err = app.New(ctx, settings, app.Options{
		Version: "test", LogTo: c.log, Listener: c.lan.listen("hls.test"), Ready: func(url string) { ready <- url },
	})
	if err != nil {
		c.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.app.Run(ctx) }()
	<-ready
	return ended
}

// send delivers, and fails the test unless the delivery is taken in.
func (c *town) send(d simulate.Delivery) {
	c.Helper()
	r, err := d.Request(c.Context(), "http://hls.test/webhook", webhookSecret)
	if err != nil {
		c.Fatal(err)
	}
	answer, err := c.client.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		c.Fatalf("delivery %s: %d", d.GUID, answer.StatusCode)
	}
}

// get reads an admin page as text.
func (c *town) get(path string) string {
	c.Helper()
	r, err := http.NewRequestWithContext(c.Context(), http.MethodGet, "http://hls.test"+path, nil)
	if err != nil {
		c.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	answer, err := c.client.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		c.Fatal(err)
	}
	return string(body)
}

// door is what /health says of a door.
func (c *town) door(name string) (line struct {
	Status  string
	Breaker struct {
		State   string
		Since   time.Time
		NextTry time.Time `json:"next_try"`
		Error   string    `json:"last_error"`
		Only    []string
		Width   int `json:"calls_at_a_time"`
	}
}) {
	c.Helper()
	var health struct {
		Components map[string]json.RawMessage
	}
	if err := errors.Join(json.Unmarshal([]byte(c.get("/health")), &health), json.Unmarshal(health.Components[name], &line)); err != nil {
		c.Fatal(err)
	}
	return line
}

// tasks are the newest tasks of deliveries, in their order.
func (c *town) tasks(guids []string) []hls.Task {
	c.Helper()
	var tasks []hls.Task
	for _, guid := range guids {
		task, err := c.app.Store().TaskOf(c.Context(), guid)
		if err != nil {
			c.Fatal(err)
		}
		tasks = append(tasks, task)
	}
	return tasks
}

// open counts the tasks that have not ended.
func (c *town) open() int64 {
	c.Helper()
	stats, err := c.app.Store().Stats(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	return stats.Pending + stats.Running
}

// settle waits until all tasks have ended, and tells how long that took; an hour is too long.
func (c *town) settle() time.Duration {
	c.Helper()
	for start := time.Now(); ; time.Sleep(5 * time.Second) {
		if took := time.Since(start); c.open() == 0 || took > time.Hour {
			return took
		}
	}
}

// issue is a delivery of an issue of its own, opened now in one of three repositories.
func (c *town) issue(n int) simulate.Delivery {
	repo := fmt.Sprintf("acme/shop-%d", n%3)
	c.github.AddIssue(repo, simulate.IssueSeed{Number: 1000 + n, Title: fmt.Sprintf("Crash %d", n), Author: "mona", Body: "It panics with a nil pointer."})
	return simulate.Delivery{
		Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: c.github.IssuePayload(repo, 1000+n, "opened", "mona", nil),
	}
}

const threeShops = "repositories: [{name: acme/*, mode: apply, events: [issues]}]\nprocessing: {debounce: 1s}\n"

// shops is a GitHub with three repositories.
func shops() *simulate.GitHub {
	gh := simulate.NewGitHub(simulate.GitHubConfig{Limit: 1_000_000})
	for n := range 3 {
		gh.AddRepository(simulate.RepositorySeed{FullName: fmt.Sprintf("acme/shop-%d", n), Labels: []hls.Label{{Name: "bug"}}})
	}
	return gh
}
