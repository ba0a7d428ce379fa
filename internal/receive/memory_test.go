package receive

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"hls/internal/hls"
)

const key = "It's a Secret to Everybody"

// crowded is a door on a server of its own; the change comes before the first request.
type crowded struct {
	*Handler
	t       *testing.T
	server  *httptest.Server
	counted sync.Map // reason → true
}

func crowd(t *testing.T, deps Deps, change func(*Handler)) *crowded {
	t.Helper()
	c := &crowded{t: t}
	deps.Secrets = Secrets{Global: []hls.Secret{key}}
	deps.Log = slog.New(slog.DiscardHandler)
	if deps.Accept == nil {
		deps.Accept = func(context.Context, hls.Delivery, hls.Event) (hls.Receipt, error) {
			return hls.Receipt{Class: hls.Accepted}, nil
		}
	}
	if deps.Count == nil {
		deps.Count = func(_ context.Context, _ hls.Class, reason string) error {
			c.counted.Store(reason, true)
			return nil
		}
	}
	var err error
	if c.Handler, err = New(Config{}, deps); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(c.Handler)
	}
	c.server = httptest.NewServer(c.Handler)
	t.Cleanup(c.server.Close)
	return c
}

// begin opens a request of the promised length, sends some of it and nothing more.
func (c *crowded) begin(promised int, sent int) net.Conn {
	c.t.Helper()
	conn, err := new(net.Dialer).DialContext(c.t.Context(), "tcp", c.server.Listener.Addr().String())
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = conn.Close() })
	head := "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
	if _, err := fmt.Fprintf(conn, head, promised, strings.Repeat(" ", sent)); err != nil {
		c.t.Fatal(err)
	}
	return conn
}

// code is the answer to a request that begin opened.
func (c *crowded) code(conn net.Conn) int {
	c.t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		c.t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// deliver sends a signed delivery of the size.
func (c *crowded) deliver(size int) int {
	body := `{"issue":{"number":7}}`
	body += strings.Repeat(" ", max(size-len(body), 0))
	mac := hmac.New(sha256.New, []byte(key))
	_, _ = io.WriteString(mac, body)
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.server.URL, strings.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return 0
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "X-GitHub-Event": "issues", "X-GitHub-Delivery": "d",
		"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil)),
	} {
		r.Header.Set(name, value)
	}
	response, err := c.server.Client().Do(r)
	if err != nil {
		c.t.Error(err)
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func (c *crowded) free() (small, large int64) {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	return c.memory.small.free, c.memory.large.free
}

func (c *crowded) held(small, large int64) func() bool {
	wantSmall, wantLarge := c.free()
	wantSmall, wantLarge = wantSmall-small, wantLarge-large
	return func() bool {
		s, l := c.free()
		return s == wantSmall && l == wantLarge
	}
}

// What is claimed follows what came: for most bodies their size, and for large ones in steps.
func TestI6_MemoryFollowsWhatCame(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		promised, sent int
		small, large   int64
	}{
		{100, 0, 101, 0},
		{60_000, 10_000, 60_001, 0},
		{DefaultMaxPayloadBytes, 0, commonBody, 0},
		{DefaultMaxPayloadBytes, commonBody - 1, commonBody, 0},
		{DefaultMaxPayloadBytes, commonBody, smallBody, 0},
		{DefaultMaxPayloadBytes, smallBody, 0, 4 * smallBody},
		{smallBody + 10, smallBody, 0, smallBody + 11},
		{DefaultMaxPayloadBytes, 4 << 20, 0, DefaultMaxPayloadBytes + 1},
	} {
		c := crowd(t, Deps{BodyTimeout: time.Minute}, nil)
		done := c.held(tc.small, tc.large)
		none := c.held(0, 0)
		conn := c.begin(tc.promised, tc.sent)
		waitFor(t, done)
		_ = conn.Close()
		waitFor(t, none)
	}
}

// The buffer itself begins with a kilobyte, whatever is promised.
func TestI6_APromiseIsNoBuffer(t *testing.T) {
	t.Parallel()
	h := &Handler{cfg: Config{MaxPayloadBytes: DefaultMaxPayloadBytes}}
	for _, tc := range []struct{ promised, come, size int64 }{
		{DefaultMaxPayloadBytes, 0, 1 << 10}, {-1, 0, 1 << 10}, {100, 0, 101}, {DefaultMaxPayloadBytes, 1 << 10, 4 << 10},
		{DefaultMaxPayloadBytes, 16 << 20, DefaultMaxPayloadBytes + 1}, {5000, 4096, 5001},
	} {
		if size, claim := h.capacity(tc.promised, tc.come); size != tc.size || claim < size {
			t.Errorf("%d of %d: a buffer of %d for a claim of %d, want %d", tc.come, tc.promised, size, claim, tc.size)
		}
	}
}

// Large bodies that come slowly take no memory from common deliveries.
func TestI6_SmallBodiesHaveMemoryOfTheirOwn(t *testing.T) {
	t.Parallel()
	c := crowd(t, Deps{BodyTimeout: time.Minute, MaxBuffered: 16 * smallBody}, nil)
	full := c.held(0, 12*smallBody)
	for range 3 {
		c.begin(4*smallBody-1, smallBody)
	}
	waitFor(t, full)
	for _, size := range []int{0, 20_000, smallBody - 1} {
		if code := c.deliver(size); code != http.StatusAccepted {
			t.Errorf("a delivery of %d bytes: %d", size, code)
		}
	}
	if !full() {
		t.Error("a large body gave way to a small one")
	}
}

// Where memory is short the bodies that lag behind give way, and are counted; the others are waited for.
func TestI6_SlowBodiesGiveWay(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"small": smallBody / 4, "large": smallBody} {
		c := crowd(t, Deps{MaxBuffered: 16 * smallBody}, nil)
		small, large := int64(4*size), int64(0)
		if size == smallBody {
			small, large = large, small
		}
		var slow []net.Conn
		for left, part := (small*4+large*3)/int64(4*size), int64(1); part <= left; part++ {
			taken := c.held(small, large)
			slow = append(slow, c.begin(4*size-1, size))
			waitFor(t, taken)
		}
		if code := c.deliver(4*size - 1); code != http.StatusAccepted {
			t.Errorf("%s: a delivery: %d", name, code)
		}
		if code := c.code(slow[0]); code != http.StatusServiceUnavailable {
			t.Errorf("%s: the slowest: %d", name, code)
		}
		waitFor(t, func() bool { _, ok := c.counted.Load(overload); return ok })
	}
}

// body is a hold of a hundred bytes of memory, of which some have come.
func body(m *memory, come int64, stop func()) *hold {
	return &hold{memory: m, come: func() int64 { return come }, stop: stop}
}

// Of those that lag behind the slowest gives way, nobody who keeps the pace does, and nobody gives way to himself.
func TestI6_WhoGivesWay(t *testing.T) {
	t.Parallel()
	m := newMemory(400)
	m.small.patience = 20 * time.Millisecond
	stopped := map[string]bool{}
	named := func(name string, come int64) *hold { return body(m, come, func() { stopped[name] = true }) }
	soon, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	slow, slower, fast, next := named("slow", 1<<10), named("slower", 0), named("fast", 1<<30), named("next", 0)
	for _, h := range []*hold{slow, slower, fast} {
		if !h.grow(soon, 30) {
			t.Fatal("no room to begin with")
		}
	}
	for _, step := range []struct {
		bytes int64
		ok    bool
		want  string
	}{
		{10, true, "map[]"}, {40, true, "map[slower:true]"}, {70, true, "map[slow:true slower:true]"}, {71, false, "map[slow:true slower:true]"},
	} {
		if ok := next.grow(soon, step.bytes); ok != step.ok || fmt.Sprint(stopped) != step.want {
			t.Errorf("%d bytes: %v, stopped %v, want %s", step.bytes, ok, stopped, step.want)
		}
	}
	if slow.grow(t.Context(), 31) || !slow.gone() || m.small.free != 0 {
		t.Errorf("who gave way came back: %d free", m.small.free)
	}
	fast.settle()
	fast.release()
	next.release()
	slow.release()
	if m.small.free != 100 || len(m.small.coming)+len(m.small.waiting) != 0 {
		t.Errorf("in the end %+v", m.small)
	}
}

// The request that came last is served first, by what is given back and by what gives way, whenever it began to wait,
// and everybody in the end.
func TestI6_TheNewestIsServedFirst(t *testing.T) {
	t.Parallel()
	for name, free := range map[string]func(*memory, *hold){
		"given back": func(_ *memory, first *hold) { first.release() },
		"given way": func(m *memory, _ *hold) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.small.patience = 0
			for _, w := range m.small.waiting { // All look again, the newest last.
				w.wake()
			}
		},
	} {
		m := newMemory(400)
		m.small.patience = time.Hour
		first := body(m, 0, func() {})
		first.grow(t.Context(), 100)
		served := make(chan int, 3)
		var all []*hold
		now := time.Now()
		begins := []time.Time{now, now.Add(2 * time.Second), now.Add(time.Second)}
		for i := range 3 {
			h := body(m, 1<<40, func() {}) // It keeps its pace once it is served.
			h.began = begins[i]
			all = append(all, h)
			go func() {
				if h.grow(t.Context(), 100) {
					served <- i
				}
			}()
			waitFor(t, func() bool {
				m.mu.Lock()
				defer m.mu.Unlock()
				return len(m.small.waiting) == i+1
			})
		}
		free(m, first)
		for _, want := range []int{1, 2, 0} {
			got := <-served
			if got != want {
				t.Errorf("%s: %d was served, want %d", name, got, want)
			}
			all[got].release()
		}
	}
}

// Bodies that have come do not give way, however long they are worked on: they are waited for.
func TestI6_MemoryIsWaitedFor(t *testing.T) {
	t.Parallel()
	hold, began := make(chan struct{}), make(chan struct{}, 2)
	c := crowd(t, Deps{
		MaxBuffered: 4 * smallBody, // a quarter of it for small ones
		Accept: func(context.Context, hls.Delivery, hls.Event) (hls.Receipt, error) {
			began <- struct{}{}
			<-hold
			return hls.Receipt{Class: hls.Accepted}, nil
		},
	}, func(h *Handler) { h.memory.large.patience, h.memory.large.rate = 0, 1<<40 })
	codes := make(chan int, 2)
	waiting := func() bool {
		c.memory.mu.Lock()
		defer c.memory.mu.Unlock()
		return len(c.memory.large.waiting) == 1
	}
	go func() { codes <- c.deliver(2 * smallBody) }()
	<-began
	go func() { codes <- c.deliver(2 * smallBody) }()
	waitFor(t, waiting)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 10 {
		if <-tick.C; !waiting() {
			t.Error("it did not wait for one that has come")
			break
		}
	}
	close(hold)
	for range 2 {
		if code := <-codes; code != http.StatusAccepted {
			t.Errorf("got %d", code)
		}
	}
}

// A body that stalls is given up before its time is over, and one that keeps its pace is not.
func TestI6_BodiesKeepThePace(t *testing.T) {
	t.Parallel()
	start := time.Now()
	var due time.Duration
	p := newPaced(httptest.NewRecorder(), &http.Request{ContentLength: 8 << 20}, start, 10*time.Second)
	p.deadline = func(at time.Time) error { due = at.Sub(start); return nil }
	p.from = zeros{}
	for _, step := range []struct {
		read int
		want time.Duration
	}{
		{0, 2 * time.Second}, {1 << 20, 3 * time.Second}, {1 << 20, 4 * time.Second}, {6 << 20, 10 * time.Second},
	} {
		if _, err := io.CopyN(io.Discard, struct{ io.Reader }{p}, int64(step.read)); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Read(nil); err != nil || due.Round(time.Millisecond) != step.want {
			t.Errorf("after %d bytes: due at %s, want %s (%v)", p.come.Load(), due, step.want, err)
		}
	}
	slow := newPaced(httptest.NewRecorder(), &http.Request{ContentLength: 100}, start, 10*time.Second)
	slow.deadline = p.deadline
	slow.come.Store(50)
	slow.from = zeros{}
	if _, _ = slow.Read(nil); due > 2*time.Second+10*time.Millisecond {
		t.Errorf("a small body may take until %s", due)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }
