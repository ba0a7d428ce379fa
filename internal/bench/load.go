package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"hls/internal/simulate"
)

// load is senders that send one delivery after the other, each without a pause.
type load struct {
	url     string
	clients int
	next    func() simulate.Delivery // safe for concurrent use
}

// sent is what came of a load.
type sent struct {
	lasted  time.Duration
	answers map[int]int // by status
	times   []time.Duration
}

// rate is how many answers with 202 came in a second.
func (s sent) rate() float64 { return float64(s.answers[http.StatusAccepted]) / s.lasted.Seconds() }

// share is the time that a part of the answers came within.
func (s sent) share(part float64) time.Duration {
	if len(s.times) == 0 {
		return 0
	}
	return s.times[min(int(part*float64(len(s.times))), len(s.times)-1)]
}

// only is an error unless all were answered with 202.
func (s sent) only() error {
	for status, n := range s.answers {
		if status != http.StatusAccepted {
			return fmt.Errorf("%d deliveries were answered with %d", n, status)
		}
	}
	return nil
}

// send sends for a time.
func (l load) send(ctx context.Context, lasts time.Duration) (sent, error) {
	ctx, cancel := context.WithTimeout(ctx, lasts+20*time.Second)
	defer cancel()
	end := time.Now().Add(lasts)
	return l.sendWhile(ctx, func() bool { return time.Now().Before(end) })
}

// sendWhile sends until more says no.
func (l load) sendWhile(ctx context.Context, more func() bool) (sent, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: l.clients, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	all := sent{answers: map[int]int{}}
	var mu sync.Mutex
	var failed error
	var senders sync.WaitGroup
	start := time.Now()
	for range l.clients {
		senders.Go(func() {
			one := sent{answers: map[int]int{}}
			err := l.one(ctx, client, more, &one)
			mu.Lock()
			defer mu.Unlock()
			if failed == nil {
				failed = err
			}
			all.times = append(all.times, one.times...)
			for status, n := range one.answers {
				all.answers[status] += n
			}
		})
	}
	senders.Wait()
	all.lasted = time.Since(start)
	slices.Sort(all.times)
	return all, failed
}

// one is one sender.
func (l load) one(ctx context.Context, client *http.Client, more func() bool, s *sent) error {
	for more() {
		r, err := l.next().Request(ctx, l.url+webhookPath, webhookSecret)
		if err != nil {
			return err
		}
		r.Header.Del("X-Hub-Signature") // The old one costs the sender time, and nobody reads it.
		start := time.Now()
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		s.times = append(s.times, time.Since(start))
		s.answers[answer.StatusCode]++
	}
	return nil
}
