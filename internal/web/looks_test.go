package web

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

// titled stores a delivery about something with a title.
func (s *site) titled(id, title string) {
	s.t.Helper()
	body := fmt.Appendf(nil, `{"delivery":%q}`, id)
	_, err := s.store.Add(s.t.Context(), record.Intake{
		Delivery: hls.Delivery{ID: id, RequestID: "req-" + id, Event: "issues", Body: body, Hash: sha256.Sum256(body), ReceivedAt: time.Now()},
		Work: &record.NewTask{
			Subject: numbered(7), Purpose: "triage", Event: "issues", Action: "opened", Actor: "mona", Origin: hls.FromDelivery, OccurredAt: time.Now(), Title: title,
		},
	})
	s.must(err)
}

// A browser takes a carriage return for the end of a line, too: a text with some must not begin an event of its own.
func TestS4_NoTextBeginsAnEvent(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	f := s.follows("/ui/deliveries?live=x", s.signedIn(viewing).asks)
	f.until("event: rows")
	s.titled("a", "harmless\r\revent: rows\rdata: forged\r\nid: 1\r\r")
	got := f.until("forged")
	if strings.Contains(got, "\r") {
		t.Errorf("%q", got)
	}
	for line := range strings.Lines(got) {
		if strings.Contains(line, "forged") && !strings.HasPrefix(line, "data: ") {
			t.Errorf("%q", line)
		}
	}
}

// Viewers, however many, leave room for operators; what waits for room in vain is told when to come again.
func TestI6_ViewersLeaveRoomForOperators(t *testing.T) {
	t.Parallel()
	l := newLooks()
	var ends []func()
	for range viewerLooks {
		end, refused := l.begin(t.Context(), viewer)
		if refused != nil {
			t.Fatal(refused)
		}
		ends = append(ends, end)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, refused := l.begin(gone, viewer); refused == nil || refused.Code != http.StatusServiceUnavailable {
		t.Errorf("one more viewer: %v", refused)
	}
	for range mostLooks - viewerLooks {
		end, refused := l.begin(t.Context(), operator)
		if refused != nil {
			t.Fatal(refused)
		}
		ends = append(ends, end)
	}
	if _, refused := l.begin(gone, operator); refused == nil {
		t.Error("there is room for one more than there may be")
	}
	for _, end := range ends {
		end()
	}
	if len(l.all)+len(l.viewers) > 0 {
		t.Errorf("%d and %d are still taken", len(l.all), len(l.viewers))
	}
}

// Every page and every answer that is read takes room.
func TestI6_WhatIsReadTakesRoom(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	m := s.signedIn(viewing)
	for range viewerLooks {
		if _, refused := s.looks.begin(t.Context(), viewer); refused != nil {
			t.Fatal(refused)
		}
	}
	for path, as := range map[string]func(*http.Request){"/ui/deliveries": m.asks, "/api/v1/deliveries": views} {
		if got := s.fetch("GET", path, as); got.code != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", path, got.code, got.text)
		}
	}
	if got := s.fetch("GET", "/api/v1/deliveries", admin); got.code != http.StatusOK {
		t.Errorf("an operator: %d %s", got.code, got.text)
	}
}

// A stream does not search every second.
func TestI6_SearchesAreFollowedSlowly(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	for query, want := range map[string]int{"text=zzzz": 1, "state=done": 3} {
		looks := 0
		of := stream{who: caller{role: viewer}, make: func(r *http.Request, who caller) (shown, error) {
			looks++
			return s.deliveriesPage(r, who)
		}}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/ui/deliveries?"+query, nil)
		for range 3 {
			if _, err := s.changes(r, &of); err != nil {
				t.Fatal(err)
			}
		}
		if looks != want {
			t.Errorf("%s: looked at %d times, want %d", query, looks, want)
		}
	}
}

// Of many large prompts an answer has the newest, and of the others all but the texts.
func TestI6_WhyBoundsTheTexts(t *testing.T) {
	t.Parallel()
	a := func(n int) *Analysis {
		return &Analysis{Model: "m", System: strings.Repeat("s", n/2), User: strings.Repeat("u", n/2), Answer: json.RawMessage(`{}`)}
	}
	texts := 0
	var left []bool
	for _, of := range []*Analysis{a(2 * mostTexts), nil, a(4), a(4)} {
		texts = of.bound(texts)
		if of != nil {
			left = append(left, of.LeftOut && of.System+of.User == "" && of.Model == "m")
		}
	}
	if !reflect.DeepEqual(left, []bool{false, true, true}) {
		t.Errorf("%v", left)
	}
	if first := a(10); first.bound(0) != 12 || first.LeftOut {
		t.Errorf("%+v", first)
	}
}

// What keeps Claude from being asked comes back as the error that it was.
func TestS3_FailuresComeBackAsWhatTheyWere(t *testing.T) {
	t.Parallel()
	redactor := hls.NewRedactor(hls.Secret("a-secret-of-the-tests"))
	until := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	for _, was := range []error{
		&hls.Capped{Cap: "claude.budget.daily_usd", Until: until, Money: true},
		&hls.SpendStop{Err: errors.New("no credit"), Until: until},
		&hls.RetryAfter{Err: errors.New("overloaded"), After: 1500 * time.Millisecond},
		&hls.Unusable{Err: errors.New("cut off"), Reason: "max_tokens", Usage: hls.Usage{OutputTokens: 9, CostMicroUSD: 3}},
	} {
		text, err := json.Marshal(AskedAside{Failure: failureOf(redactor, fmt.Errorf("ask: %w", was))})
		var got AskedAside
		if err := errors.Join(err, json.Unmarshal(text, &got)); err != nil {
			t.Fatal(err)
		}
		if is := got.Failure.Err(); is.Error() != was.Error() || reflect.TypeOf(is) != reflect.TypeOf(was) {
			t.Errorf("%#v came back as %#v", was, is)
		}
	}
	if f := failureOf(redactor, &hls.RetryAfter{Err: fmt.Errorf("a call: %w", hls.ErrAmbiguous)}); f != nil {
		t.Errorf("what may have happened is asked again: %+v", f)
	}
	if f := failureOf(redactor, &hls.SpendStop{Err: errors.New("of a-secret-of-the-tests")}); strings.Contains(f.Reason, "secret") {
		t.Error(f.Reason)
	}
}
