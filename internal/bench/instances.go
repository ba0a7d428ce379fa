package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"
)

// instances measures how much several of them do on one database. They share the machine, so that more of them are worth
// no more than what one leaves idle.
func instances(ctx context.Context, o options) (err error) {
	s, err := newStage(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	t := table{}
	t.row("instances", "deliveries/s to their effect", "of one instance")
	var one float64
	for _, n := range []int{1, 2, 4} {
		var rates []float64
		for range o.rounds {
			rate, err := s.several(o, n)
			if err != nil {
				return err
			}
			rates = append(rates, rate)
		}
		if n == 1 {
			one = middle(rates)
		}
		t.row(n, middle(rates), middle(rates)/one)
	}
	t.print()
	fmt.Println("\nAll instances, PostgreSQL, the stand-ins and the senders run on the same cores.")
	return nil
}

// several measures so many instances on a new database once.
func (s *stage) several(o options, n int) (float64, error) {
	url, err := s.postgres()
	if err != nil {
		return 0, err
	}
	w := newWatch()
	gh, cl := newGitHub(w.journal), newClaude()
	for i := 1; i <= flooded; i++ {
		gh.AddIssue(repository(i), issue(firstNumber+i))
	}
	hub, model := httptest.NewServer(gh), httptest.NewServer(cl)
	defer hub.Close()
	defer model.Close()
	s.world.github, s.world.claude = hub.URL, model.URL
	var all []*process
	for range n {
		p, err := s.serve(url, atOnce)
		if err != nil {
			return 0, err
		}
		all = append(all, p)
	}
	rate, err := s.spread(o, w, all)
	for _, p := range all {
		err = errors.Join(err, s.end(p))
	}
	return rate, err
}

// spread sends to all instances at once.
func (s *stage) spread(o options, w *watch, all []*process) (float64, error) {
	ctx, cancel := context.WithTimeout(s.ctx, 5*time.Minute)
	defer cancel()
	traffic := newTraffic()
	var left atomic.Int64
	left.Store(flooded)
	var mu sync.Mutex
	var failed error
	var senders sync.WaitGroup
	start := time.Now()
	for _, p := range all {
		senders.Go(func() {
			l := load{url: p.url, clients: max(1, o.clients/len(all)), next: traffic.next}
			sent, err := l.sendWhile(ctx, func() bool { return left.Add(-1) >= 0 })
			mu.Lock()
			failed = errors.Join(failed, err, sent.only())
			mu.Unlock()
		})
	}
	senders.Wait()
	if failed != nil {
		return 0, failed
	}
	err := w.await(ctx, flooded)
	return flooded / time.Since(start).Seconds(), err
}
