package app_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// storm sends floods at a service.
type storm struct {
	t     *testing.T
	ctx   context.Context
	addr  string
	many  int // connections
	large int // bytes of a body
	all   sync.WaitGroup
}

// hold opens many connections, sends the text over each and leaves them open until the flood ends.
func (s *storm) hold(text string) {
	bytes := []byte(text)
	for range s.many {
		s.all.Go(func() { s.send(bytes) })
	}
}

// send does not care whether it is let: it is the service that is looked at. The flood has an address of its own
// where the system lets it: true deliveries and probes come from elsewhere.
func (s *storm) send(text []byte) {
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	conn, err := from.DialContext(s.ctx, "tcp", s.addr)
	if err != nil {
		conn, err = new(net.Dialer).DialContext(s.ctx, "tcp", s.addr)
	}
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(s.ctx, func() { _ = conn.Close() })
	defer stop()
	_, _ = conn.Write(text)
	_, _ = io.Copy(io.Discard, conn)
}

// repeat has a few senders do one thing after the other, until the flood ends.
func (s *storm) repeat(senders int, do func()) {
	for range senders {
		s.all.Go(func() {
			for s.ctx.Err() == nil {
				do()
			}
		})
	}
}

// posted is a request with a body, whole or in part.
func posted(length int, body string, headers ...string) string {
	return fmt.Sprintf("POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s",
		length, strings.Join(append(headers, ""), "\r\n"), body)
}

const promised = 26214400

// bomb is a JSON object of about so many bytes, with as many parts as that allows.
func bomb(kind string, bytes int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"action":"opened","issue":{"number":7},"z":%d,`, rand.Int())
	switch kind {
	case "names":
		b.WriteString(`"x":{"x":0`)
		for i := 0; b.Len() < bytes; i++ {
			fmt.Fprintf(&b, `,"%x":0`, i)
		}
		b.WriteString("}}")
	case "objects":
		b.WriteString(`"x":[{}` + strings.Repeat(",{}", bytes/3) + "]}")
	case "depth":
		b.WriteString(`"x":` + strings.Repeat("[", bytes/2) + strings.Repeat("]", bytes/2) + "}")
	case "labels":
		return fmt.Sprintf(`{"action":"opened","z":%d,"issue":{"number":7,"labels":[{}%s]}}`, rand.Int(), strings.Repeat(",{}", bytes/3))
	}
	return b.String()
}

// floods are what may come to a door that everybody can reach.
func floods() map[string]func(*storm) {
	garbage := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rand.N(256))
		}
		return string(b)
	}
	lines := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%03x:\r\n", i)
		}
		return b.String()
	}
	signed := func(kind string) func(*storm) {
		return func(s *storm) {
			body := bomb(kind, s.large)
			s.repeat(4, func() {
				d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: []byte(body)}
				_, _, _ = simulate.Send(s.ctx, "http://"+s.addr+"/webhook", webhookSecret, d)
			})
		}
	}
	return map[string]func(*storm){
		"idle connections":      func(s *storm) { s.hold("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n") },
		"silent connections":    func(s *storm) { s.hold("") },
		"slow headers":          func(s *storm) { s.hold("POST /webhook HTTP/1.1\r\nHost: x\r\n" + lines(90)) },
		"floods of headers":     func(s *storm) { s.hold("POST /webhook HTTP/1.1\r\nHost: x\r\n" + lines(10_000)) },
		"headers, body pending": func(s *storm) { s.hold(posted(1000, "{", lines(80)+"X: y")) },
		"promised bodies":       func(s *storm) { s.hold(posted(70_000, "")) },
		"slow small bodies":     func(s *storm) { s.hold(posted(200_000, strings.Repeat(" ", 60_000))) },
		"slow large bodies":     func(s *storm) { s.hold(posted(promised, strings.Repeat(" ", 300_000))) },
		"garbage":               func(s *storm) { text := []byte(garbage(20_000)); s.repeat(20, func() { s.send(text) }) },
		"garbage for a body": func(s *storm) {
			text := []byte(posted(s.large, garbage(s.large)))
			s.repeat(4, func() { s.send(text) })
		},
		"requests without end": func(s *storm) {
			text := []byte(posted(2, "{}", "Connection: close"))
			s.repeat(20, func() { s.send(text) })
		},
		"unsigned bombs": func(s *storm) {
			b := bomb("names", s.large)
			text := []byte(posted(len(b), b))
			s.repeat(4, func() { s.send(text) })
		},
		"signed bombs of names":  signed("names"),
		"signed bombs of values": signed("objects"),
		"signed bombs of labels": signed("labels"),
		"signed bombs of depth":  signed("depth"),
	}
}

// weather tells how a service that floods come at answers others.
type weather struct {
	alive, delivered time.Duration // the slowest of each
}

// under has the flood come while /livez is asked and true deliveries are sent.
func under(t *testing.T, flood func(*storm), s *storm, tries int, gh *simulate.GitHub) weather {
	t.Helper()
	var stop context.CancelFunc
	s.t = t
	s.ctx, stop = context.WithCancel(t.Context())
	defer s.all.Wait()
	defer stop()
	flood(s)
	var w weather
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range tries {
		<-tick.C
		start := time.Now()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.addr+"/livez", nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := client.Do(r); err != nil {
			t.Errorf("/livez: %v", err)
		} else {
			_ = answer.Body.Close()
		}
		w.alive = max(w.alive, time.Since(start))
		start = time.Now()
		d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: gh.IssuePayload(widgets, 7, "opened", "mona", nil)}
		d.Payload = append(d.Payload, strings.Repeat(" ", 1+rand.N(1000))...) // another body each time
		code, body, err := simulate.Send(t.Context(), "http://"+s.addr+"/webhook", webhookSecret, d)
		if err != nil || code/100 != 2 {
			t.Errorf("a true delivery: %d %s %v", code, body, err)
		}
		w.delivered = max(w.delivered, time.Since(start))
	}
	return w
}

// Whatever comes, /livez answers and true deliveries get through. Other tests run beside this one: the promised second
// is held by the one below.
func TestI6_FloodsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	gh := shop()
	s := start(t, widgetSettings+"logging: {level: ERROR}\n", gh, answering(bugAnswer))
	for name, flood := range floods() {
		t.Run(name, func(t *testing.T) {
			w := under(t, flood, &storm{addr: strings.TrimPrefix(s.url, "http://"), many: 40, large: 300 << 10}, 1, gh)
			if w.alive > 5*time.Second {
				t.Errorf("/livez took %s", w.alive)
			}
		})
	}
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// The same at full strength against a process of its own, whose memory is looked at: HLS_FAULTS=1.
func TestI6_FloodsLeaveMemoryBounded(t *testing.T) {
	if os.Getenv("HLS_FAULTS") != "1" {
		t.Skip("takes minutes: set HLS_FAULTS=1")
	}
	const most = 150 << 10 // kB
	binary := filepath.Join(t.TempDir(), "hls")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "hls/cmd/hls").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for name, flood := range floods() {
		t.Run(name, func(t *testing.T) {
			gh := shop()
			process, addr := serve(t, binary, gh)
			w := under(t, flood, &storm{addr: addr, many: 3000, large: promised - 1000}, 50, gh)
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process.Pid))
			if err != nil {
				t.Skipf("memory cannot be looked at here: %v", err)
			}
			water, _ := strconv.Atoi(highWater.FindStringSubmatch(string(status))[1])
			t.Logf("%-24s livez %8s  delivery %8s  memory %3d MB", name, w.alive.Round(time.Millisecond), w.delivered.Round(time.Millisecond), water>>10)
			if water > most || w.alive > time.Second {
				t.Errorf("%d kB at most, want %d; /livez took %s", water, most, w.alive)
			}
		})
	}
}

// serve runs a process and waits until it is ready.
func serve(t *testing.T, binary string, gh *simulate.GitHub) (*os.Process, string) {
	t.Helper()
	cl := answering(bugAnswer)
	ghURL, stopGH := gh.Start()
	t.Cleanup(stopGH)
	clURL, stopCL := cl.Start()
	t.Cleanup(stopCL)
	dir := t.TempDir()
	free, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().(*net.TCPAddr)
	_ = free.Close()
	settings := settingsFor(ghURL, clURL, dir) + widgetSettings + "logging: {level: ERROR}\nprocessing: {debounce: 0s}\n"
	settings = strings.Replace(settings, "port: 0", fmt.Sprintf("port: %d", addr.Port), 1)
	path := filepath.Join(dir, "settings.yaml")
	if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), binary, "serve", "--config", path)
	command.Dir, command.Stderr = dir, os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Wait() }) // The context's end has killed it.
	eventually(t, func() bool {
		answer, err := http.Get("http://" + addr.String() + "/readyz")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
	return command.Process, addr.String()
}

// A repository's secret is that of the entry whose rule applies to it: the first that fits.
func TestI5_SecretAndRuleAreOfOneEntry(t *testing.T) {
	t.Parallel()
	gh := shop()
	gh.AddRepository(simulate.RepositorySeed{FullName: "acme/other", Labels: []hls.Label{{Name: "bug"}}})
	gh.AddIssue("acme/other", simulate.IssueSeed{Number: 1, Title: "Crash", Author: "mona", Body: "panics with a nil pointer"})
	s := start(t, "\nrepositories:\n  - {name: acme/widget-shop}\n  - {name: acme/*, mode: apply, webhook_secret: secret-of-the-others}\n", gh, answering(bugAnswer))
	for _, tc := range []struct {
		repo, secret string
		number, code int
	}{
		{widgets, webhookSecret, 7, 202}, {widgets, "secret-of-the-others", 7, 401},
		{"acme/other", "secret-of-the-others", 1, 202}, {"acme/other", webhookSecret, 1, 401},
	} {
		d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: gh.IssuePayload(tc.repo, tc.number, "opened", "mona", nil)}
		code, body, err := simulate.Send(t.Context(), s.url+"/webhook", tc.secret, d)
		if err != nil || code != tc.code {
			t.Errorf("%s with %q: %d %s %v", tc.repo, tc.secret, code, body, err)
		}
	}
}
