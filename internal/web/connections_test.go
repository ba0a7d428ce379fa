package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

// dial opens a connection and sends a text.
func (s *site) dial(text string) net.Conn {
	s.t.Helper()
	conn, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	_, _ = io.WriteString(conn, text) // The server may hang up on it.
	return conn
}

// answered reads the next answer of a connection, 0 when it was closed instead.
func answered(in *bufio.Reader) int {
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}

func (s *site) ask(text string) int { return answered(bufio.NewReader(s.dial(text))) }

// raw sends a request as it is written, and returns the code and where the answer leads.
func (s *site) raw(text string) (code int, location string) {
	s.t.Helper()
	conn := s.dial(text)
	defer func() { _ = conn.Close() }()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatalf("%q: %v", text, err)
	}
	_ = response.Body.Close()
	return response.StatusCode, response.Header.Get("Location")
}

const (
	alive = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
	post  = "POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
)

func few(most int) func(*Server) { return func(s *Server) { s.gate.most = most } }

// However connections are held open, the probes of an orchestrator and deliveries get through at once.
func TestI6_HeldConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	const most = 20
	for name, text := range map[string]string{
		"idle after a request": alive, "silent": "", "slow header": "POST /webhook HTTP/1.1\r\nHost:",
		"slow body": fmt.Sprintf(post, 1000) + "{",
	} {
		s := open(t, nil, few(most))
		for range 3 * most {
			s.dial(text)
		}
		within(t, func() bool { return s.gate.size() == most })
		for range most {
			start := time.Now()
			if code := s.ask(alive); code != http.StatusOK {
				t.Errorf("%s: /livez %d", name, code)
			}
			if code := s.ask(fmt.Sprintf(post, 2) + "{}"); code != http.StatusAccepted {
				t.Errorf("%s: a delivery %d", name, code)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("%s: %s for both", name, took)
			}
		}
		if s.gate.size() > most || s.gate.dropped.Load() < 2*most {
			t.Errorf("%s: %d connections, %d dropped", name, s.gate.size(), s.gate.dropped.Load())
		}
	}
}

// What has come whole is let finish, and when all connections are in use for such the new one has to go.
func TestI6_WorkUnderWayIsNotDropped(t *testing.T) {
	t.Parallel()
	const most = 5
	began, finish := make(chan struct{}, most), make(chan struct{})
	s := open(t, func(_ *Config, deps *Deps) {
		deps.Webhook = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			began <- struct{}{}
			<-finish
			w.WriteHeader(http.StatusAccepted)
		})
		deps.Replay = func(context.Context, string) (hls.Replay, error) {
			began <- struct{}{}
			<-finish
			return hls.Replay{TaskID: 1}, nil
		}
	}, few(most))
	under := []net.Conn{s.dial("POST /api/v1/deliveries/x/replay HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: Bearer " + token + "\r\n\r\n")}
	<-began
	for i := 1; i < most; i++ {
		if i == most-1 {
			for range 3 * most { // These come and go, and take no work with them.
				s.dial(alive)
			}
		}
		under = append(under, s.dial(fmt.Sprintf(post, 2)+"{}"))
		<-began
	}
	if code := s.ask(alive); code != 0 {
		t.Errorf("one more than can be: %d", code)
	}
	close(finish)
	for _, conn := range under {
		if code := answered(bufio.NewReader(conn)); code != http.StatusAccepted {
			t.Errorf("work under way: %d", code)
		}
	}
}

// Whoever has the most connections loses one; others keep theirs, though they are older.
func TestI6_TheLargestPeerGivesWay(t *testing.T) {
	t.Parallel()
	g := newGate()
	g.most = 6
	from := func(addr string) *conn {
		return &conn{gate: g, from: peerOf(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr)))}
	}
	old := from("192.0.2.1:1")
	many := []*conn{from("[2001:db8:0:1::1]:1"), from("[2001:db8:0:1::2]:1"), from("[2001:db8:0:1:ffff::3]:1")}
	for _, c := range append([]*conn{old, from("192.0.2.1:2"), from("198.51.100.1:1")}, many...) {
		if gone := g.enter(c); gone != nil {
			t.Fatalf("%v had to go early", gone.from)
		}
	}
	many[0].busy = true
	g.changed(many[1], http.StateActive) // Now the third is the longest unchanged.
	for _, want := range []*conn{many[2], old} {
		if gone := g.enter(from("203.0.113.1:9")); gone != want {
			t.Errorf("%v had to go, want %v", gone.from, want.from)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conns.Len() != 6 || *g.peers[many[0].from] != 2 || *g.peers[peerOf(&net.TCPAddr{IP: net.IPv4(203, 0, 113, 1)})] != 2 {
		t.Errorf("%d connections of %d peers", g.conns.Len(), len(g.peers))
	}
}

// Lines of headers cost far more than their bytes: they are counted as they come, for each request anew.
func TestI6_HeadersAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	lines := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "X%d:\r\n", i)
		}
		return b.String()
	}
	request := func(first, header, rest string) string { return first + "\r\nHost: x\r\n" + header + "\r\n" + rest }
	body := strings.Repeat("\n", 5000)
	sized := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	for name, tc := range map[string]struct {
		text  string
		codes []int
	}{
		"enough":        {request("GET /livez HTTP/1.1", lines(90), ""), []int{200}},
		"many":          {request("GET /livez HTTP/1.1", lines(110), ""), []int{400, 0}},
		"bare newlines": {strings.ReplaceAll(request("GET /livez HTTP/1.1", lines(110), ""), "\r", ""), []int{400, 0}},
		"never ended":   {"GET /livez HTTP/1.1\r\n" + lines(900), []int{400, 0}},
		"long":          {request("GET /livez HTTP/1.1", "X: "+strings.Repeat("x", 20<<10)+"\r\n", ""), []int{431, 0}},
		"in a body":     {request("POST /webhook HTTP/1.1", sized, body), []int{202}},
		"each its own":  {strings.Repeat(request("GET /livez HTTP/1.1", lines(60), ""), 3), []int{200, 200, 200}},
		"second many":   {request("POST /webhook HTTP/1.1", sized, body) + request("GET /livez HTTP/1.1", lines(500), ""), []int{202, 400, 0}},
	} {
		in := bufio.NewReader(s.dial(tc.text))
		for i, want := range tc.codes {
			if got := answered(in); got != want {
				t.Errorf("%s: answer %d is %d, want %d", name, i, got, want)
			}
		}
	}
}

func TestConnectionsAreMeasured(t *testing.T) {
	t.Parallel()
	s := open(t, nil, few(3))
	for range 5 {
		s.dial(alive)
	}
	within(t, func() bool { return s.gate.dropped.Load() == 2 })
	metrics := s.fetch(http.MethodGet, "/metrics", admin).text
	for _, line := range []string{"hls_connections 3\n", "hls_connections_dropped_total 3\n"} {
		if !strings.Contains(metrics, line) {
			t.Errorf("metrics have no %q", line)
		}
	}
}
