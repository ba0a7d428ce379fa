package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// later keeps work from beginning while only answers are measured.
const later = "processing: {debounce: 1h}\n"

// contender is one of those who are measured in turns.
type contender struct {
	name string
	*process
	rates []float64
	p50   []time.Duration
	p99   []time.Duration
}

// round measures once.
func (c *contender) round(ctx context.Context, o options, t *traffic) error {
	s, err := load{url: c.url, clients: o.clients, next: t.next}.send(ctx, o.lasts)
	if err = errors.Join(err, s.only()); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	c.rates, c.p50, c.p99 = append(c.rates, s.rate()), append(c.p50, s.share(0.5)), append(c.p99, s.share(0.99))
	return nil
}

// inTurns gives each contender as many rounds as the others, one after the other.
func inTurns(ctx context.Context, o options, t *traffic, all []*contender) error {
	for range o.rounds {
		for _, c := range all {
			if err := c.round(ctx, o, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// answers is the table of contenders beside the first one.
func answers(all []*contender) table {
	t := table{}
	t.row("", "requests/s", "of the bare handler", "p50", "p99")
	for _, c := range all {
		t.row(c.name, middle(c.rates), middle(c.rates)/middle(all[0].rates), middle(c.p50), middle(c.p99))
	}
	return t
}

func acks(ctx context.Context, o options) (err error) {
	s, err := newStage(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	bare, err := s.bare()
	if err != nil {
		return err
	}
	all := []*contender{{name: "bare handler", process: bare}}
	for _, store := range s.stores() {
		p, err := s.serve(store.url, later)
		if err != nil {
			return err
		}
		all = append(all, &contender{name: "HLS on " + store.name, process: p})
	}
	if err := inTurns(ctx, o, newTraffic(), all); err != nil {
		return err
	}
	answers(all).print()
	fmt.Printf("\nDeliveries of %d bytes from %d senders; every 202 after its commit is on disk (%s).\n", common, o.clients, s.disk)
	return nil
}

// disk says what the files are on.
func disk(dir string) string {
	f, err := os.CreateTemp(dir, "sync")
	if err != nil {
		return "unknown disk"
	}
	defer func() { _ = errors.Join(f.Close(), os.Remove(f.Name())) }()
	const syncs = 50
	start := time.Now()
	for range syncs {
		if _, err := f.WriteString("x"); err != nil || f.Sync() != nil {
			return "unknown disk"
		}
	}
	return fmt.Sprintf("a sync in %s takes %.2f ms", filepath.Dir(f.Name()), float64(time.Since(start).Microseconds())/syncs/1000)
}
