package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"hls/internal/simulate"
)

// atOnce has work begin when it is there.
const atOnce = "processing: {debounce: 0s, concurrency: 64, analyses_per_subject_per_day: 0}\n"

// watch sees what becomes of deliveries on GitHub.
type watch struct {
	mu      sync.Mutex
	effects map[int]time.Time // by number, when HLS first did something to it
	busy    atomic.Int64      // nanoseconds that the stand-ins took to answer
	changed chan struct{}
}

func newWatch() *watch {
	return &watch{effects: map[int]time.Time{}, changed: make(chan struct{}, 1)}
}

// journal is told of everything on GitHub.
func (w *watch) journal(e simulate.Entry) {
	if e.Deed == nil || e.Deed.Actor.Login != "hls-bot" || e.Deed.Number == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, seen := w.effects[e.Deed.Number]; !seen {
		w.effects[e.Deed.Number] = time.Now()
	}
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// timed counts how long a stand-in takes.
func (w *watch) timed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		start := time.Now()
		h.ServeHTTP(rw, r)
		w.busy.Add(int64(time.Since(start)))
	})
}

func (w *watch) done() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.effects)
}

// await waits until as many subjects have an effect.
func (w *watch) await(ctx context.Context, n int) error {
	for w.done() < n {
		select {
		case <-w.changed:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d deliveries came to an effect: %w", w.done(), n, ctx.Err())
		}
	}
	return nil
}

// run is hls between stand-ins that are watched.
type run struct {
	*watch
	stage   *stage
	process *process
	traffic *traffic
}

// newRun starts hls on a database, with stand-ins that know the next issues that will be delivered.
func newRun(s *stage, storage string, all *traffic, issues int) (*run, error) {
	own := all.ahead(issues)
	first := int(own.made.Load())
	w := newWatch()
	gh, cl := newGitHub(w.journal), newClaude()
	for n := first + 1; n <= first+issues; n++ {
		gh.AddIssue(repository(n), issue(firstNumber+n))
	}
	hub, model := httptest.NewServer(w.timed(gh)), httptest.NewServer(w.timed(cl))
	s.ends = append(s.ends, func() error { hub.Close(); model.Close(); return nil })
	s.world.github, s.world.claude = hub.URL, model.URL
	p, err := s.serve(storage, atOnce)
	return &run{watch: w, stage: s, process: p, traffic: own}, err
}

// flood sends so many deliveries at full speed, and tells how many a second came to their effect.
func (r *run) flood(ctx context.Context, o options, n int) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	before := r.done()
	var left atomic.Int64
	left.Store(int64(n))
	start := time.Now()
	s, err := load{url: r.process.url, clients: o.clients, next: r.traffic.next}.sendWhile(ctx, func() bool { return left.Add(-1) >= 0 })
	if err = errors.Join(err, s.only()); err != nil {
		return 0, err
	}
	err = r.await(ctx, before+n)
	return float64(n) / time.Since(start).Seconds(), err
}

// single is one delivery at rest: how long it took from the first byte to the effect, and how much of that was HLS's own.
func (r *run) single(ctx context.Context) (whole, own time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	before, busy := r.done(), r.busy.Load()
	d := r.traffic.next()
	start := time.Now()
	status, _, err := simulate.Send(ctx, r.process.url+webhookPath, webhookSecret, d)
	if err != nil || status != http.StatusAccepted {
		return 0, 0, errors.Join(err, fmt.Errorf("answered %d", status))
	}
	if err := r.await(ctx, before+1); err != nil {
		return 0, 0, err
	}
	r.mu.Lock()
	var last time.Time
	for _, at := range r.effects {
		if at.After(last) {
			last = at
		}
	}
	r.mu.Unlock()
	whole = last.Sub(start)
	return whole, whole - time.Duration(r.busy.Load()-busy), nil
}

// singles are several at rest, one after the other.
func (r *run) singles(ctx context.Context, n int) (whole, own []time.Duration, err error) {
	for range n {
		w, o, err := r.single(ctx)
		if err != nil {
			return nil, nil, err
		}
		whole, own = append(whole, w), append(own, o)
	}
	slices.Sort(whole)
	slices.Sort(own)
	return whole, own, nil
}

// Of one run: deliveries sent at full speed, and single ones at rest.
const (
	flooded = 2000
	rested  = 50
)

func work(ctx context.Context, o options) (err error) {
	s, err := newStage(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	t := table{}
	t.row("", "deliveries/s to their effect", "at rest: whole, p50", "HLS's own, p50", "HLS's own, p90")
	for _, store := range s.stores() {
		r, err := newRun(s, store.url, newTraffic(), o.rounds*flooded+rested)
		if err != nil {
			return err
		}
		var rates []float64
		for range o.rounds {
			rate, err := r.flood(ctx, o, flooded)
			if err != nil {
				return err
			}
			rates = append(rates, rate)
		}
		whole, own, err := r.singles(ctx, rested)
		if err != nil {
			return err
		}
		t.row("HLS on "+store.name, middle(rates), middle(whole), middle(own), own[len(own)*9/10])
		if err := s.end(r.process); err != nil {
			return err
		}
	}
	t.print()
	fmt.Println("\nFrom the first byte of a delivery to its label on the stand-in for GitHub; the stand-ins run on the same cores.")
	return nil
}
