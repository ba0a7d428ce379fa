package web

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// followed is an open stream.
type followed struct {
	t     *testing.T
	code  int
	lines chan string // closed at its end
	end   context.CancelFunc
}

// follows opens the stream of a page as the page itself names it, or of an address that is given.
func (s *site) follows(path string, changes ...func(*http.Request)) *followed {
	s.t.Helper()
	if !strings.Contains(path, "live=") {
		path = s.fetch("GET", path, changes...).of(`sse-connect="([^"]+)"`)
	}
	ctx, cancel := context.WithCancel(s.t.Context())
	s.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addr+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, change := range changes {
		change(r)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	f := &followed{t: s.t, code: response.StatusCode, lines: make(chan string, 10000), end: cancel}
	go func() {
		defer close(f.lines)
		defer func() { _ = response.Body.Close() }()
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			f.lines <- lines.Text()
		}
	}()
	return f
}

// until reads up to a line that has a text in it, and returns what was read.
func (f *followed) until(part string) (read string) {
	f.t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case line, open := <-f.lines:
			if read += line + "\n"; strings.Contains(line, part) {
				return read
			}
			if !open {
				f.t.Fatalf("the stream ended before %q: %s", part, read)
			}
		case <-late:
			f.t.Fatalf("no %q came: %s", part, read)
		}
	}
}

// ends waits for the stream's end.
func (f *followed) ends() {
	f.t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case _, open := <-f.lines:
			if !open {
				return
			}
		case <-late:
			f.t.Fatal("the stream goes on")
		}
	}
}

// A page that is followed is sent what changes of it, part by part, and nothing that it shows already.
func TestPagesAreFollowed(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	m := s.signedIn(viewing)
	s.fill("a", numbered(1), hls.Outcome{State: hls.Done})
	list, one := s.follows("/ui/deliveries?state=done", m.asks), s.follows("/ui/deliveries/a", m.asks)
	s.fill("b", numbered(2), hls.Outcome{State: hls.Done})
	if got := list.until("/ui/deliveries/b"); !strings.Contains(got, "event: rows\nid: ") || !strings.Contains(got, "retry: 3000") {
		t.Errorf("the list: %s", got)
	}
	work := record.NewTask{Subject: numbered(1), Purpose: "triage", Event: "issues", Action: "opened", Actor: "mona", Origin: hls.FromReplay, OccurredAt: time.Now()}
	_, err := s.store.Enqueue(t.Context(), "a", work)
	s.must(err)
	got := one.until("of a replay")
	if strings.Contains(got, "/ui/deliveries/b") || !strings.Contains(got, "event: record") {
		t.Errorf("the delivery: %s", got)
	}
	last := got[strings.LastIndex(got, "id: ")+len("id: "):]
	last, _, _ = strings.Cut(last, "\n")
	one.end()
	again := s.follows("/ui/deliveries/a?live=old", m.asks, with("Last-Event-ID", last))
	task, err := s.store.Claim(t.Context(), "me", time.Minute)
	s.must(err)
	if got := again.until("running"); strings.Contains(got, "event: act") {
		t.Errorf("what was seen was sent again: %s", got)
	}
	s.must(s.store.Finish(t.Context(), task, hls.Outcome{State: hls.Parked, Reason: "refusal"}))
	again.until("refusal")
}

// A stream is for who may see its page, for as long as that is so; there are so many at a time, and none keeps the server
// from stopping.
func TestS2_StreamsEndWithTheirSession(t *testing.T) {
	t.Parallel()
	var moved func(time.Duration)
	s := open(t, nil, func(s *Server) {
		by := make(chan time.Duration, 1)
		by <- 0
		s.now = func() time.Time { d := <-by; by <- d; return time.Now().Add(d) }
		moved = func(d time.Duration) { <-by; by <- d }
	})
	if got := s.follows("/ui/deliveries?live=x"); got.code != http.StatusUnauthorized {
		t.Errorf("without a session: %d", got.code)
	}
	m := s.signedIn(viewing)
	first := s.follows("/ui/deliveries?live=x", m.asks)
	first.until("event: rows")
	if got := s.follows("/ui/deliveries?live=x&nonsense=1", m.asks); got.code != http.StatusOK {
		t.Errorf("of a list that does not exist: %d", got.code)
	}
	moved(sessionLasts + time.Minute)
	first.ends()
	moved(0)
	gone := s.follows("/ui/deliveries/nothing?live=x", m.asks)
	gone.ends()
	stopped := s.follows("/ui/?live=x", m.asks)
	stopped.until("event: doors")
	s.leave()
	stopped.ends()
}

func TestI6_StreamsAreLimited(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for as, most := range map[string]int64{viewing: viewerLive, token: mostLive} {
		m := s.signedIn(as)
		s.followed.Store(most - 1)
		last := s.follows("/ui/deliveries?live=x", m.asks)
		last.until("event: rows")
		if got := s.follows("/ui/deliveries?live=x", m.asks); got.code != http.StatusServiceUnavailable {
			t.Errorf("one too many: %d", got.code)
		}
		last.end()
		within(t, func() bool { return s.followed.Load() == most-1 })
	}
}

// A store that cannot be read for a while ends no stream.
func TestStreamsOutliveAStoreThatFails(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	m := s.signedIn(viewing)
	f := s.follows("/ui/deliveries?live=x", m.asks)
	f.until("event: rows")
	s.store.breaks("disk full")
	within(t, func() bool { return s.store.failures.Load() > 0 })
	s.fill("a", numbered(1), hls.Outcome{State: hls.Done})
	s.store.broken.Store(nil)
	f.until("/ui/deliveries/a")
}

// What finds little among many ends after so many, and says where to go on.
func TestI6_SearchesAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for i := range 12 {
		s.fill(fmt.Sprint("d", i), numbered(i+1), hls.Outcome{State: hls.Done})
	}
	log := s.Server.log()
	log.within = 5
	query, found, pages := "text=%23"+"1", "", 0 // o/r#1, and those from #10 on
	for next := int64(-1); next != 0 && pages < 10; pages++ {
		asked := query
		if next > 0 {
			asked += fmt.Sprint("&before=", next)
		}
		page, err := log.List(t.Context(), asked)
		s.must(err)
		for _, l := range page.Deliveries {
			found += l.Subject + " "
		}
		if page.Cut != (page.NextBefore > 0) {
			t.Errorf("%s: cut %t, and goes on at %d", asked, page.Cut, page.NextBefore)
		}
		next = page.NextBefore
	}
	if found != "o/r#12 o/r#11 o/r#10 o/r#1 " || pages != 3 {
		t.Errorf("found %q on %d pages", found, pages)
	}
	page, err := log.List(t.Context(), "text=%231&limit=2")
	s.must(err)
	if page.Cut || page.NextBefore != 11 {
		t.Errorf("a full page is cut: %t, and goes on at %d", page.Cut, page.NextBefore)
	}
}
