package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"hls/internal/web/ui"
)

// maker makes what a page of the dashboard shows.
type maker func(*http.Request, caller) (shown, error)

// shown is a page before it is rendered.
type shown struct {
	code  int // of the answer, 0 for 200
	name  string
	here  string // the place of the navigation that it belongs to
	title string
	body  any
	slow  bool // it takes a search to make it
}

const (
	livePace     = time.Second      // between two looks at what a page shows
	searchPace   = 10 * time.Second // where each look is a search
	liveLasts    = 10 * time.Minute // of one stream: the browser asks again, and so proves anew who it is
	liveQuiet    = 15 * time.Second // after which a stream says that it is there
	mostLive     = 64               // streams at a time
	viewerLive   = 48               // of these while a viewer may open one
	liveParam    = "live"           // of an address: what its page looked like, see digests
	digestLength = 8
)

// live serves a page, and under the same address with the parameter live what changes of it: a stream of events, each the
// name of a part of the page and its new HTML.
func (s *Server) live(make maker) func(http.ResponseWriter, *http.Request, caller) {
	return func(w http.ResponseWriter, r *http.Request, who caller) {
		query := r.URL.Query()
		seen, follows := query.Get(liveParam), query.Has(liveParam)
		if follows {
			query.Del(liveParam)
			r = r.Clone(r.Context())
			r.URL.RawQuery = query.Encode()
			s.follow(w, r, stream{who: who, make: make, seen: seen})
			return
		}
		page, err := make(r, who)
		if err != nil {
			s.failed(w, r, who, err)
			return
		}
		f := page.frame(who)
		parts, err := s.pages.Parts(page.name, f)
		if err != nil {
			s.failed(w, r, who, err)
			return
		}
		if len(parts) > 0 && page.code == 0 {
			query.Set(liveParam, digests(parts))
			f.Live = r.URL.Path + "?" + query.Encode()
		}
		s.show(w, max(page.code, http.StatusOK), page.name, f)
	}
}

func (p shown) frame(who caller) ui.Frame {
	return ui.Frame{Title: p.title, Here: p.here, Role: string(who.role), CSRF: who.csrf, Signed: who.signed, Body: p.body}
}

// stream is what one browser follows.
type stream struct {
	who  caller
	make maker
	seen string
	next time.Time // before which it is not looked at
}

// digests are short ones of the parts of a page, in their order.
func digests(parts []ui.Part) string {
	all := make([]string, len(parts))
	for i, p := range parts {
		sum := sha256.Sum256(p.HTML)
		all[i] = hex.EncodeToString(sum[:])[:digestLength]
	}
	return strings.Join(all, ".")
}

// follow sends what changes of a page until the browser goes, the session ends, or the server stops.
func (s *Server) follow(w http.ResponseWriter, r *http.Request, of stream) {
	most := int64(mostLive)
	if of.who.role != operator {
		most = viewerLive
	}
	if s.followed.Add(1) > most {
		s.followed.Add(-1)
		s.problem(w, shown{}.frame(of.who), &Refused{http.StatusServiceUnavailable, "too many pages are followed at a time"})
		return
	}
	defer s.followed.Add(-1)
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		of.seen = last
	}
	out := http.NewResponseController(w)
	if err := out.SetReadDeadline(time.Time{}); err != nil {
		s.failed(w, r, of.who, err)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	ctx, cancel := context.WithTimeout(r.Context(), liveLasts)
	defer cancel()
	tick := time.NewTicker(livePace)
	defer tick.Stop()
	text, spoke := []byte(fmt.Sprintf("retry: %d\n\n", (3*livePace).Milliseconds())), time.Now()
	for {
		if len(text) > 0 {
			spoke = time.Now()
			if out.SetWriteDeadline(spoke.Add(liveQuiet)) != nil || write(w, text) != nil || out.Flush() != nil {
				return // The browser has gone.
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-s.leaving:
			return
		case <-tick.C:
		}
		if _, refused := s.caller(r); refused != nil {
			return
		}
		var err error
		if text, err = s.changes(r.WithContext(ctx), &of); err != nil {
			return
		}
		if len(text) == 0 && time.Since(spoke) > liveQuiet {
			text = []byte(": nothing new\n\n")
		}
	}
}

// lineEnds are what ends a line of an event, and so would let a text that has one say what comes next: "Server-sent events",
// HTML standard.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func write(w io.Writer, text []byte) error {
	_, err := w.Write(text)
	return err
}

// changes are the events of the parts that are not as they were seen. A store that cannot be read for a moment, or that too
// many look at, changes nothing; a page that there is no more ends its stream.
func (s *Server) changes(r *http.Request, of *stream) ([]byte, error) {
	if time.Now().Before(of.next) {
		return nil, nil
	}
	end, busy := s.looks.begin(r.Context(), of.who.role)
	if busy != nil {
		return nil, r.Context().Err()
	}
	defer end()
	page, err := of.make(r, of.who)
	var refused *Refused
	if errors.As(err, &refused) {
		return nil, err
	}
	if err != nil {
		return nil, r.Context().Err()
	}
	if page.slow {
		of.next = time.Now().Add(searchPace)
	}
	parts, err := s.pages.Parts(page.name, page.frame(of.who))
	if err != nil {
		return nil, err
	}
	seen, now := strings.Split(of.seen, "."), strings.Split(digests(parts), ".")
	if len(seen) != len(now) {
		seen = make([]string, len(now)) // of nothing
	}
	var out bytes.Buffer
	for i, p := range parts {
		if seen[i] == now[i] {
			continue
		}
		seen[i] = now[i] // A browser that asks again goes on behind the last event that it got whole.
		fmt.Fprintf(&out, "event: %s\nid: %s\n", p.Name, strings.Join(seen, "."))
		for line := range strings.Lines(lineEnds.Replace(string(p.HTML))) {
			fmt.Fprintf(&out, "data: %s\n", strings.TrimRight(line, "\n"))
		}
		out.WriteString("\n")
	}
	of.seen = strings.Join(seen, ".")
	return out.Bytes(), nil
}
