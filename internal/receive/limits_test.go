package receive_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/receive"
)

// raw sends bytes over a connection of its own and returns the answer's code.
func raw(t *testing.T, d *door, text string) int {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", d.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(response.Body); err != nil || !json.Valid(text) {
		t.Errorf("answer %q: %v", text, err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func head(lines ...string) string {
	return strings.Join(append(lines, "Host: x", "X-GitHub-Event: issues", "X-GitHub-Delivery: a", "", ""), "\r\n")
}

func TestI6_SlowBodiesEnd(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{}, func(deps *receive.Deps) { deps.BodyTimeout = 50 * time.Millisecond })
	post, media := "POST /webhook HTTP/1.1", "Content-Type: application/json"
	for name, tc := range map[string]struct {
		text string
		code int
	}{
		"nothing":        {head(post, media, "Content-Length: 100"), 408},
		"a part":         {head(post, media, "Content-Length: 100") + `{"a":`, 408},
		"a large one":    {head(post, media, "Content-Length: 26214400") + strings.Repeat(" ", 200<<10), 408},
		"chunks":         {head(post, media, "Transfer-Encoding: chunked") + "5\r\n{\"a\":\r\n", 408},
		"refused before": {head(post, "Content-Type: text/plain", "Content-Length: 100"), 415},
	} {
		if code := raw(t, d, tc.text); code != tc.code {
			t.Errorf("%s: %d, want %d", name, code, tc.code)
		}
	}
	if d.counts["rejected/body_too_slow"] != 4 || d.stored() != 0 {
		t.Errorf("counted %v", d.counts)
	}
	if got := d.post(t, "issues", issue); got.code != 202 {
		t.Errorf("afterwards: %d", got.code)
	}
}

// An answer that needs no body does not wait for one, and reaches also a client that sends it all first.
func TestEarlyAnswers(t *testing.T) {
	t.Parallel()
	const limit = 4 << 20
	d := open(t, receive.Config{MaxPayloadBytes: limit}, func(deps *receive.Deps) { deps.BodyTimeout = time.Minute })
	post, media := "POST /webhook HTTP/1.1", "Content-Type: application/json"
	for name, tc := range map[string]struct {
		text string
		code int
	}{
		"method":     {head("PUT /webhook HTTP/1.1", media, "Content-Length: 100"), 405},
		"media type": {head(post, "Content-Type: text/plain", "Content-Length: 100"), 415},
		"size":       {head(post, media, "Content-Length: 4194305"), 413},
		"all first":  {head(post, media, "Content-Length: 6291456") + strings.Repeat(" ", 6<<20), 413},
		"in chunks":  {head(post, media, "Transfer-Encoding: chunked") + "500000\r\n" + strings.Repeat(" ", 5<<20), 413},
	} {
		if code := raw(t, d, tc.text); code != tc.code {
			t.Errorf("%s: %d, want %d", name, code, tc.code)
		}
	}
}

func TestI6_DepthIsLimited(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{})
	for depth, want := range map[int]int{90: 202, 101: 400, 1_000_000: 400} {
		body := `{"issue":{"number":1},"x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`
		if got := d.post(t, "issues", body); got.code != want {
			t.Errorf("depth %d: %d, want %d", depth, got.code, want)
		}
	}
}

func TestGitHubHangsUp(t *testing.T) {
	t.Parallel()
	ctx, hangUp := context.WithCancel(t.Context())
	served := make(chan context.Context, 1)
	result := make(chan error, 1)
	d := open(t, receive.Config{}, func(deps *receive.Deps) {
		deps.Accept = func(ctx context.Context, _ hls.Delivery, _ hls.Event) (hls.Receipt, error) {
			hangUp()
			<-(<-served).Done()
			if _, limited := ctx.Deadline(); !limited {
				result <- errors.New("no deadline")
			}
			result <- ctx.Err()
			return hls.Receipt{Class: hls.Accepted}, nil
		}
	})
	inner := d.Config.Handler
	d.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served <- r.Context()
		inner.ServeHTTP(w, r)
	})
	if response, err := d.Client().Do(d.delivery(t, "issues", issue).WithContext(ctx)); err == nil {
		_ = response.Body.Close()
	}
	if err := <-result; err != nil {
		t.Errorf("the storing was called off: %v", err)
	}
}

func TestAwait(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		result any
		done   bool
		err    error
		code   int
		status string
	}{
		"done":    {map[string]any{"labels": []string{"bug"}}, true, nil, 200, "processed"},
		"late":    {nil, false, nil, 202, "queued"},
		"failure": {nil, false, errStore, 202, "queued"},
	} {
		d := open(t, receive.Config{}, func(deps *receive.Deps) {
			deps.Await = func(ctx context.Context, receipt hls.Receipt) (any, bool, error) {
				if _, limited := ctx.Deadline(); !limited || receipt.TaskID != 1 {
					t.Errorf("%s: limited %v, task %d", name, limited, receipt.TaskID)
				}
				return tc.result, tc.done, tc.err
			}
		})
		got := d.post(t, "issues", issue)
		if !got.is(tc.code, tc.status, "") || (got.body["result"] != nil) != tc.done {
			t.Errorf("%s: %d %v", name, got.code, got.body)
		}
	}
}

func TestI6_TooManyMembersAreRefused(t *testing.T) {
	t.Parallel()
	d := open(t, receive.Config{})
	bomb := `{"issue":{"number":7},"x":[{}` + strings.Repeat(",{}", 400_000) + `]}`
	if got := d.post(t, "issues", bomb); !got.is(http.StatusRequestEntityTooLarge, "error", "body_too_complex") {
		t.Errorf("got %d %v", got.code, got.body)
	}
	if d.stored() != 0 || d.counts["rejected/body_too_complex"] != 1 {
		t.Errorf("stored %d, counted %v", d.stored(), d.counts)
	}
}

// A body that stalls early is given up long before the time for bodies is over, whatever it promised.
func TestI6_StalledBodiesEndSoon(t *testing.T) {
	t.Parallel()
	const within = 4 * time.Second
	d := open(t, receive.Config{}, func(deps *receive.Deps) { deps.BodyTimeout = within })
	post, media := "POST /webhook HTTP/1.1", "Content-Type: application/json"
	start := time.Now()
	for name, text := range map[string]string{
		"large": head(post, media, "Content-Length: 26214400") + strings.Repeat(" ", 1<<20),
		"small": head(post, media, "Content-Length: 100") + `{"a":`,
	} {
		if code := raw(t, d, text); code != http.StatusRequestTimeout {
			t.Errorf("%s: %d", name, code)
		}
	}
	if took := time.Since(start); took > within*3/4 {
		t.Errorf("two of them took %s", took)
	}
}
