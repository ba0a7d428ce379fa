package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/route"
)

// Large payloads are in memory one at a time, however many tasks want one; common ones are used side by side.
func TestI6_LargePayloadsAreOpenedOneAtATime(t *testing.T) {
	t.Parallel()
	p, store, _ := claimed(t, time.Minute)
	for name, size := range map[string]int{"large": 2 * smallPayload, "common": smallPayload / 2} {
		var now, most atomic.Int64
		meet := make(chan struct{})
		var all sync.WaitGroup
		for _, letter := range "abcd" {
			id := name + string(letter)
			body := []byte(`{"x":"` + id + strings.Repeat("x", size) + `"}`)
			subject := hls.Subject{RepoID: 2, Repo: "o/r", Kind: hls.KindOther, Ref: id}
			if _, err := store.Add(t.Context(), record.Intake{
				Delivery: hls.Delivery{ID: id, Event: "push", Body: body, Hash: sha256.Sum256(body), ReceivedAt: time.Now()},
				Work:     &record.NewTask{Subject: subject, Purpose: "triage", Event: "push", Origin: hls.FromDelivery, OccurredAt: time.Now()},
			}); err != nil {
				t.Fatal(err)
			}
			all.Go(func() {
				if err := p.open(t.Context(), hls.Task{DeliveryID: id}, func(d hls.Delivery) error {
					n := now.Add(1)
					defer now.Add(-1)
					for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
					}
					select { // It stays for a while, so that another that may come in does.
					case meet <- struct{}{}:
					case <-meet:
					case <-time.After(100 * time.Millisecond):
					}
					if len(d.Body) != len(body) {
						t.Errorf("%s: a body of %d bytes", name, len(d.Body))
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := most.Load(); got == 1 != (name == "large") {
			t.Errorf("%s: %d at a time", name, got)
		}
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	p.payload <- struct{}{}
	if err := p.open(stopped, hls.Task{DeliveryID: "commona"}, func(hls.Delivery) error { return nil }); err == nil {
		t.Error("a task that was stopped went on")
	}
}

// A delivery that cannot be stored is an error to the door, which has the one line about it.
func TestAcceptLogsOnlyWhatWasStored(t *testing.T) {
	t.Parallel()
	_, store, _ := claimed(t, time.Minute)
	router, err := route.New(route.Config{}, route.Features{})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	p, err := New(Config{Owner: "me", Concurrency: 1, MaxAttempts: 2, Timeout: time.Minute, Lease: time.Minute}, store, Rooms{Router: router},
		slog.New(slog.NewJSONHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"action":"opened"}`)
	d := hls.Delivery{ID: "e", Event: "issues", Body: body, Hash: sha256.Sum256(body), ReceivedAt: time.Now()}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Accept(stopped, d, hls.Event{Name: "issues", DeliveryID: "e"}); err == nil || log.Len() > 0 {
		t.Errorf("not stored: %v, logged %s", err, log.String())
	}
	if _, err := p.Accept(t.Context(), d, hls.Event{Name: "issues", DeliveryID: "e"}); err != nil || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("stored: %v, logged %s", err, log.String())
	}
}
