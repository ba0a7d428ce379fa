package receive

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hls/internal/hls"
)

// Large bodies are decoded and stored one at a time, however many have come.
func TestI6_LargeBodiesTakeTurns(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	meet := make(chan struct{})
	c := crowd(t, Deps{Accept: func(_ context.Context, d hls.Delivery, _ hls.Event) (hls.Receipt, error) {
		n := now.Add(int64(len(d.Body)))
		defer now.Add(-int64(len(d.Body)))
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		select { // stay for a while, so that another that may come in does
		case meet <- struct{}{}:
		case <-meet:
		case <-time.After(100 * time.Millisecond):
		}
		return hls.Receipt{Class: hls.Accepted}, nil
	}}, nil)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if code := c.deliver(atOnce / 2 * 3 / 2); code != http.StatusAccepted {
				t.Errorf("got %d", code)
			}
		})
	}
	all.Wait()
	if got := most.Load(); got > atOnce {
		t.Errorf("%d bytes at once", got)
	}
}

// A store that hangs holds no more than a number of requests: the others are answered at once, and counted later.
func TestI6_OverloadAnswersWithoutTheStore(t *testing.T) {
	t.Parallel()
	hang, began, counted := make(chan struct{}), make(chan struct{}, 2), make(chan string, 9)
	c := crowd(t, Deps{
		Accept: func(context.Context, hls.Delivery, hls.Event) (hls.Receipt, error) {
			began <- struct{}{}
			<-hang
			return hls.Receipt{Class: hls.Accepted}, nil
		},
		Count: func(_ context.Context, class hls.Class, reason string) error {
			<-hang
			counted <- string(class) + "/" + reason
			return nil
		},
	}, func(h *Handler) { h.turns.most = 2 })
	codes := make(chan int, 2)
	for range 2 {
		go func() { codes <- c.deliver(100) }()
		<-began
	}
	for range 3 {
		if code := c.deliver(100); code != http.StatusServiceUnavailable {
			t.Errorf("while the store hangs: %d", code)
		}
	}
	close(hang)
	for range 2 {
		if code := <-codes; code != http.StatusAccepted {
			t.Errorf("afterwards: %d", code)
		}
	}
	for range 3 {
		if got := <-counted; got != "deferred/overloaded" {
			t.Errorf("counted %s", got)
		}
	}
	if code := c.deliver(100); code != http.StatusAccepted {
		t.Errorf("later: %d", code)
	}
}
