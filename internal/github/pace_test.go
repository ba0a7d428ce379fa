package github

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/hls"
)

// In any 60 seconds, wherever in its flight the server counts a request, there are no more than the limit.
func TestE9_WritesArePacedInEveryWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 10
		p := newPace(limit, 0)
		p.longest = time.Hour
		type flight struct{ start, end time.Time }
		var (
			mu      sync.Mutex
			flights []flight
			all     sync.WaitGroup
		)
		for range 100 {
			all.Go(func() {
				time.Sleep(rand.N(3 * time.Minute))
				slot, err := p.acquire(t.Context(), false)
				if err != nil {
					t.Error(err)
					return
				}
				start := time.Now()
				time.Sleep(rand.N(5 * time.Second))
				mu.Lock()
				flights = append(flights, flight{start, time.Now()})
				mu.Unlock()
				slot.end()
			})
		}
		all.Wait()
		for _, a := range flights {
			n := 0
			for _, b := range flights { // those that the server may have counted in the minute from a's end on
				if b.end.Add(time.Minute).After(a.start) && !b.start.After(a.start) {
					n++
				}
			}
			if n > limit {
				t.Fatalf("%d writes in a minute", n)
			}
		}
		if len(flights) != 100 {
			t.Fatalf("%d writes", len(flights))
		}
	})
}

func TestE9_ContentIsPacedByTheHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(0, 3)
		write := func(create bool) error {
			slot, err := p.acquire(t.Context(), create)
			if err == nil {
				slot.end()
			}
			return err
		}
		for range 3 {
			if err := write(true); err != nil {
				t.Fatal(err)
			}
		}
		for range 100 {
			if err := write(false); err != nil {
				t.Fatalf("a write that creates nothing: %v", err)
			}
		}
		err := write(true)
		var retry *hls.RetryAfter
		if !errors.As(err, &retry) || !retry.Free || retry.After != time.Hour {
			t.Fatalf("got %v", err)
		}
		time.Sleep(59 * time.Minute)
		start := time.Now()
		if err := write(true); err != nil || time.Since(start) != time.Minute {
			t.Errorf("waited %s, %v", time.Since(start), err)
		}
	})
}

// A queue that is too long for this minute and the next goes back, rather than holding up workers.
func TestE9_AWaitBeyondTheLongestIsARetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(1, 0)
		var (
			mu       sync.Mutex
			refused  int
			accepted []time.Duration
			all      sync.WaitGroup
		)
		start := time.Now()
		for range 10 {
			all.Go(func() {
				slot, err := p.acquire(t.Context(), false)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					refused++
					return
				}
				accepted = append(accepted, time.Since(start))
				slot.end()
			})
		}
		all.Wait()
		for i, at := range accepted {
			if at != time.Duration(i)*time.Minute || at > longestWait {
				t.Errorf("number %d at %s", i, at)
			}
		}
		if refused+len(accepted) != 10 || len(accepted) < 2 {
			t.Errorf("%d refused, %d accepted", refused, len(accepted))
		}
		if time.Since(start) > longestWait {
			t.Errorf("a worker was held up for %s", time.Since(start))
		}
	})
}

func TestPaceGivesUpWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPace(1, 0)
		if _, err := p.acquire(t.Context(), false); err != nil { // and never released
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.acquire(ctx, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if p.writes.queued != 0 {
			t.Errorf("%d are still queued", p.writes.queued)
		}
	})
}
