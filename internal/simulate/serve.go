package simulate

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Mark is the header that every answer of a stand-in carries.
const Mark = "X-Simulated"

// serve runs a handler on a free port of loopback, as httptest.NewServer does, and panics when there is none.
// stop ends the requests under way, also those that hang.
func serve(h http.Handler) (url string, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(fmt.Sprintf("simulate: listen on loopback: %v", err))
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	return "http://" + listener.Addr().String(), func() {
		cancel()
		_ = server.Close()
		<-done
	}
}

// wait lasts d, or less when the request or the server ends. It tells whether it lasted.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// reset breaks the connection as a crashed peer would, without a closing handshake.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
