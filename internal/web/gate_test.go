package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hls/internal/record/sqlite"
	"hls/internal/web"
)

// serve runs a server whose webhook reads the body, and returns its address.
func serve(t *testing.T) string {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "hls.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	hook := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	s, err := web.New(web.Config{WebhookPath: "/webhook", SessionKey: make([]byte, 32), WebRoot: "https://github.example"}, web.Deps{
		Webhook: hook, Store: store, Metrics: web.NewMetrics(), Log: slog.New(slog.DiscardHandler), Hosts: func() []string { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.Shutdown(ctx) // It closes what does not end in time.
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func dial(t *testing.T, addr, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

// answerOf is the status of the next answer on a connection.
func answerOf(t *testing.T, c net.Conn, within time.Duration) (int, error) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(within))
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err
	}
	_ = r.Body.Close()
	return r.StatusCode, nil
}

const livez = "GET /livez HTTP/1.1\r\nHost: x\r\n"

// More connections than the house holds, all from one peer, keep nobody out: the oldest of them go.
func TestI6_IdleConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	addr := serve(t)
	const many = 1200 // more than the house holds
	oldest := dial(t, addr, livez)
	for range many {
		dial(t, addr, livez)
	}
	if code, err := answerOf(t, dial(t, addr, livez+"\r\n"), time.Second); err != nil || code != http.StatusOK {
		t.Errorf("with %d connections open: %d, %v", many, code, err)
	}
	if _, err := answerOf(t, oldest, time.Second); err == nil || errors.Is(err, context.DeadlineExceeded) || timedOut(err) {
		t.Errorf("the oldest connection stays: %v", err)
	}
}

func timedOut(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// A header of thousands of lines is cut off while it comes, before it is read into memory.
func TestI6_HeaderLinesAreCounted(t *testing.T) {
	t.Parallel()
	addr := serve(t)
	for _, tc := range []struct {
		lines int
		want  bool
	}{{90, true}, {110, false}} {
		var b strings.Builder
		for i := range tc.lines {
			fmt.Fprintf(&b, "a%d:\r\n", i)
		}
		code, err := answerOf(t, dial(t, addr, livez+b.String()+"\r\n"), 2*time.Second)
		if got := err == nil && code == http.StatusOK; got != tc.want {
			t.Errorf("%d lines: %d, %v", tc.lines, code, err)
		}
	}
}

// A request whose header or body does not come is given up.
func TestI6_SlowHeadersEnd(t *testing.T) {
	t.Parallel()
	addr := serve(t)
	start := time.Now()
	if _, err := answerOf(t, dial(t, addr, livez), 10*time.Second); timedOut(err) {
		t.Errorf("a header that does not end is waited for %s and longer", time.Since(start).Round(time.Second))
	}
}
