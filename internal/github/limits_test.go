package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/hls"
)

// After a Retry-After nothing is sent until it is over, by any call of the token.
func TestE9_NothingIsSentDuringARetryAfter(t *testing.T) {
	t.Parallel()
	var (
		blocked atomic.Bool
		until   atomic.Int64
		early   atomic.Int32
	)
	s := serve(t, routes{
		"POST /repos/acme/widget/issues/7/labels": func(w http.ResponseWriter, _ *http.Request) {
			if blocked.CompareAndSwap(false, true) {
				until.Store(time.Now().Add(time.Second).UnixNano())
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			if time.Now().UnixNano() < until.Load() {
				early.Add(1)
			}
			_, _ = w.Write([]byte(`[]`))
		},
		"GET /repos/acme/widget/issues/7": func(w http.ResponseWriter, _ *http.Request) {
			if time.Now().UnixNano() < until.Load() {
				early.Add(1)
			}
			_, _ = w.Write([]byte(`{"number":7}`))
		},
	})
	c := dial(t, s)
	err := c.AddLabels(t.Context(), widget, []string{"bug"})
	if got := kindOf(err); got != "retry free github_rate_limited" {
		t.Fatalf("got %q, %v", got, err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := c.Issue(t.Context(), widget); err != nil {
				t.Error(err)
			}
			if err := c.AddLabels(t.Context(), widget, []string{"bug"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := early.Load(); n > 0 {
		t.Errorf("%d requests were sent during the Retry-After", n)
	}
}

// A long pause does not hold up a worker.
func TestE9_ALongPauseGoesBackToTheQueue(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{"GET /repos/acme/widget/issues/7": with(answer(429, `{}`), "Retry-After", "600")})
	c := dial(t, s)
	for range 2 {
		_, err := c.Issue(t.Context(), widget)
		var retry *hls.RetryAfter
		if !errors.As(err, &retry) || !retry.Free || retry.After < 590*time.Second || retry.After > 600*time.Second {
			t.Errorf("got %v", err)
		}
	}
	if n := len(s.seen()); n != 1 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestE9_RateLimitsTellHowLongToWait(t *testing.T) {
	t.Parallel()
	reset := fmt.Sprint(time.Now().Add(10 * time.Minute).Unix())
	secondary := `{"message":"You have exceeded a secondary rate limit","documentation_url":"https://docs.github.com/x#about-secondary-rate-limits"}`
	for name, test := range map[string]struct {
		answer           http.HandlerFunc
		read, create     time.Duration // at least
		readMax, lateMax time.Duration
	}{
		"retry-after": {with(answer(403, secondary), "Retry-After", "5"), 5 * time.Second, 30 * time.Second, 5 * time.Second, 30 * time.Second},
		"reset": {
			with(answer(403, `{"message":"API rate limit exceeded"}`), "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset),
			9 * time.Minute, 9 * time.Minute, 11 * time.Minute, 11 * time.Minute,
		},
		"secondary without a word": {
			with(answer(403, secondary), "X-RateLimit-Remaining", "4000", "X-RateLimit-Reset", fmt.Sprint(time.Now().Add(time.Second).Unix())),
			time.Minute, time.Minute, time.Minute, time.Minute,
		},
		"429 without a word": {answer(429, `{}`), time.Minute, time.Minute, time.Minute, time.Minute},
		"content block": {
			with(answer(403, `{"message":"You have been temporarily blocked from content creation"}`), "Retry-After", "1"),
			30 * time.Second, 30 * time.Second, 30 * time.Second, 30 * time.Second,
		},
		"too quickly": {answer(422, `{"message":"was submitted too quickly"}`), time.Minute, time.Minute, time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, routes{
				"GET /repos/acme/widget/issues/7":           test.answer,
				"POST /repos/acme/widget/issues/7/comments": test.answer,
			})
			_, read := dial(t, s).Issue(t.Context(), widget)
			_, create := dial(t, s).CreateComment(t.Context(), widget, "hello")
			for err, bounds := range map[error][2]time.Duration{read: {test.read, test.readMax}, create: {test.create, test.lateMax}} {
				var retry *hls.RetryAfter
				if !errors.As(err, &retry) || !retry.Free || errors.Is(err, hls.ErrAmbiguous) {
					t.Fatalf("got %v", err)
				}
				if retry.After < bounds[0] || retry.After > bounds[1] {
					t.Errorf("waits %s, want %s to %s", retry.After, bounds[0], bounds[1])
				}
			}
		})
	}
}

// Secondary limits in a row double the wait.
func TestE9_SecondaryLimitsInARowWaitLonger(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /repos/acme/widget/issues/7": answer(429, `{}`),
		"GET /repos/acme/widget/pulls/7":  answer(200, `{"number":7}`),
	})
	c := dial(t, s)
	var waits []time.Duration
	for i := range 7 {
		if i == 6 { // what goes well in between ends the row
			if _, err := c.PullRequest(t.Context(), widget); err != nil {
				t.Fatal(err)
			}
		}
		_, err := c.Issue(t.Context(), widget)
		var retry *hls.RetryAfter
		if !errors.As(err, &retry) {
			t.Fatal(err)
		}
		waits = append(waits, retry.After)
		clear(c.tokenDoor(testToken).paused)
	}
	want := []time.Duration{1, 2, 4, 8, 15, 15, 1}
	for i := range want {
		if waits[i] != want[i]*time.Minute {
			t.Fatalf("waits %v", waits)
		}
	}
}

// The limit of searches is not that of everything else; the last request of an hour pauses before GitHub refuses.
// Nobody waits for a search: while its limit lasts it finds nothing, and GitHub is not asked.
func TestE9_ResourcesPauseForThemselves(t *testing.T) {
	t.Parallel()
	reset := fmt.Sprint(time.Now().Add(10 * time.Minute).Unix())
	spent := []string{"X-RateLimit-Limit", "30", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", reset}
	s := serve(t, routes{
		"GET /search/issues":              with(answer(200, `{"items":[]}`), append(spent, "X-RateLimit-Resource", "search")...),
		"GET /repos/acme/widget/issues/7": answer(200, `{"number":7}`),
		"GET /repos/acme/widget/labels":   with(answer(200, `[]`), append(spent, "X-RateLimit-Resource", "core")...),
	})
	c := dial(t, s)
	if _, err := c.Search(t.Context(), "acme/widget", "crash", 5); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Search(t.Context(), "acme/widget", "crash", 5); !errors.Is(err, hls.ErrNotFound) {
		t.Errorf("search: %v", err)
	}
	if _, err := c.Issue(t.Context(), widget); err != nil {
		t.Errorf("the limit of searches stopped a read: %v", err)
	}
	if _, err := c.Labels(t.Context(), "acme/widget"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Issue(t.Context(), widget); kindOf(err) != "retry free github_rate_limited" {
		t.Errorf("after the last request: %v", err)
	}
	if got := c.Snapshot(); got.Limit != 30 || got.Remaining != 0 || got.Requests != 3 {
		t.Errorf("snapshot %+v", got)
	}
}

// Each token has its own pause and its own pace.
func TestE9_TokensPauseForThemselves(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /repos/acme/widget/issues/7": with(answer(429, `{}`), "Retry-After", "600"),
		"GET /repos/acme/other/issues/7":  answer(200, `{"number":7}`),
	})
	cfg := Config{BaseURL: s.URL, Token: testToken, Limits: unlimited()}
	c, err := New(cfg, func(repo string) hls.Secret {
		if repo == "acme/other" {
			return "another-token"
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Issue(t.Context(), widget); err == nil {
		t.Fatal("want a pause")
	}
	other := widget
	other.Repo = "acme/other"
	if _, err := c.Issue(t.Context(), other); err != nil {
		t.Error(err)
	}
	if got := s.seen()[1].Authorization; got != "Bearer another-token" {
		t.Errorf("signed %q", got)
	}
}

// At most so many requests are under way at once, and one that waits for its place gives up with its context.
func TestE9_Concurrency(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	release := make(chan struct{})
	arrived := make(chan struct{}, 16)
	s := serve(t, routes{"GET /repos/acme/widget/issues/7": func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		arrived <- struct{}{}
		<-release
		now.Add(-1)
		_, _ = w.Write([]byte(`{"number":7}`))
	}})
	c := dial(t, s, func(cfg *Config) { cfg.Limits.Concurrency = new(2) })
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if _, err := c.Issue(t.Context(), widget); err != nil {
				t.Error(err)
			}
		})
	}
	<-arrived
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.Issue(ctx, widget); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(release)
	all.Wait()
	if most.Load() != 2 {
		t.Errorf("%d requests at once", most.Load())
	}
}

// Reads and writes together keep within 900 points a minute, a write being five.
func TestE9_PointsAMinute(t *testing.T) {
	t.Parallel()
	for writes, want := range map[int]int{0: 0, 60: 600, 100: 400, 1000: 100} {
		if got := readsPerMinute(writes); got != want {
			t.Errorf("%d writes: %d reads", writes, got)
		}
	}
	s := serve(t, routes{"GET /repos/acme/widget/issues/7": answer(200, `{"number":7}`)})
	c := dial(t, s, func(cfg *Config) { cfg.Limits.WritesPerMinute = new(1000) })
	d := c.tokenDoor(testToken)
	d.reads.longest = time.Second
	for range 100 {
		if _, err := c.Issue(t.Context(), widget); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Issue(t.Context(), widget); kindOf(err) != "retry free" {
		t.Errorf("got %v", err)
	}
}

// A refusal of one request does not make the door look broken.
func TestHealthIsOfTheDoor(t *testing.T) {
	t.Parallel()
	for status, fine := range map[int]bool{200: true, 404: true, 403: true, 422: true, 401: false, 500: false, 429: false} {
		s := serve(t, routes{"GET /repos/acme/widget/issues/7": answer(status, `{}`)})
		c := dial(t, s)
		_, _ = c.Issue(t.Context(), widget)
		if got := c.Snapshot(); got.LastSuccess.IsZero() == fine || got.LastError.IsZero() != fine || got.Refused != (status == 401) {
			t.Errorf("%d: %+v", status, got)
		}
	}
}

// A call that waits for its place while a pause begins does not slip through at its end.
func TestE9_AWaitingCallHeedsANewPause(t *testing.T) {
	t.Parallel()
	var (
		requests atomic.Int32
		until    atomic.Int64
		arrived  = make(chan struct{})
		proceed  = make(chan struct{})
	)
	s := serve(t, routes{"GET /repos/acme/widget/issues/7": func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) == 1 {
			close(arrived)
			<-proceed
			until.Store(time.Now().Add(time.Second).UnixNano())
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		if time.Now().UnixNano() < until.Load() {
			t.Error("sent during the pause")
		}
		_, _ = w.Write([]byte(`{"number":7}`))
	}})
	c := dial(t, s, func(cfg *Config) { cfg.Limits.Concurrency = new(1) })
	d := c.tokenDoor(testToken)
	var all sync.WaitGroup
	all.Go(func() { _, _ = c.Issue(t.Context(), widget) })
	<-arrived
	all.Go(func() {
		if _, err := c.Issue(t.Context(), widget); err != nil {
			t.Error(err)
		}
	})
	for blocked := false; !blocked; runtime.Gosched() { // the second reader holds its slot of the pace by then
		d.reads.mu.Lock()
		blocked = d.reads.writes.flying == 2
		d.reads.mu.Unlock()
	}
	close(proceed)
	all.Wait()
}
