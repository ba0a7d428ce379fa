package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// settled is how long a process is left alone before it is at rest.
const settled = 5 * time.Second

func size(ctx context.Context, o options) (err error) {
	s, err := newStage(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	info, err := os.Stat(s.options.program)
	if err != nil {
		return err
	}
	fmt.Printf("The program has %.1f MB.\n\n", float64(info.Size())/1e6)
	t := table{}
	t.row("", "ready on a new database", "ready on one with "+fmt.Sprint(o.small), "MB at rest", "MB under load", "MB at most")
	for _, store := range s.stores() {
		if err := s.sizes(&t, o, store); err != nil {
			return err
		}
	}
	t.print()
	fmt.Println("\nMB of resident memory; under load is while the senders of ack are at work.")
	return nil
}

// sizes is the row of one kind of storage.
func (s *stage) sizes(t *table, o options, store storage) error {
	var first, again []time.Duration
	p, err := s.serve(store.url, later)
	if err != nil {
		return err
	}
	first = append(first, p.ready)
	if err := errors.Join(s.end(p), fill(s.ctx, store.url, o.small)); err != nil {
		return err
	}
	for range o.rounds {
		if p, err = s.serve(store.url, later); err != nil {
			return err
		}
		again = append(again, p.ready)
		if err := s.end(p); err != nil {
			return err
		}
	}
	if p, err = s.serve(store.url, later); err != nil {
		return err
	}
	pause(s.ctx, settled)
	rest, _ := p.memory()
	sent, err := load{url: p.url, clients: o.clients, next: newTraffic().next}.send(s.ctx, o.lasts*2)
	if err = errors.Join(err, sent.only()); err != nil {
		return err
	}
	under, most := p.memory()
	t.row("HLS on "+store.name, middle(first), middle(again), rest, under, most)
	return s.end(p)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
