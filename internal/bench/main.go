// Command bench measures HLS beside baselines that are measured in the same run, and prints tables: make bench.
//
// The machines that it runs on are shared and noisy. What counts are the ratios; each is of figures that were taken in
// turns, and the middle one of several rounds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

// options are what the command line says.
type options struct {
	program string // hls, as people use it
	rounds  int
	lasts   time.Duration // of one round of sending
	clients int
	small   int // stored deliveries in the smaller record
	large   int // and in the larger one
	on      string
	profile string
}

// bench is one of the measurements.
type bench struct {
	name string
	what string
	run  func(context.Context, options) error
}

var benches = []bench{
	{"ack", "durable answers a second, beside a handler that only checks the signature", acks},
	{"work", "from a delivery to its effect on GitHub", work},
	{"growth", "the same with few and with many stored deliveries", growth},
	{"dashboard", "every page of the dashboard with many stored deliveries", dashboard},
	{"size", "memory, time to start, size of the program", size},
	{"instances", "one, two and four instances on one PostgreSQL", instances},
	{"tokens", "prompts, and how much of them is the same for every event", tokens},
	{"scale", "sizes, from one laptop to 50,000 repositories, and a day of each", scale},
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == bareArgument {
		serveBare()
		return
	}
	if len(os.Args) == 4 && os.Args[1] == servedArgument {
		end(serveProfiled(os.Args[2], os.Args[3]))
		return
	}
	var o options
	var only string
	flag.StringVar(&o.program, "hls", "bin/hls", "program to measure")
	flag.StringVar(&only, "only", "", "measurements to make, with commas between (default all)")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds of each figure")
	flag.DurationVar(&o.lasts, "lasts", 4*time.Second, "how long a round of sending lasts")
	flag.IntVar(&o.clients, "clients", 32, "senders at a time")
	flag.IntVar(&o.small, "small", 10_000, "stored deliveries in the smaller record")
	flag.IntVar(&o.large, "large", 1_000_000, "stored deliveries in the larger record")
	flag.StringVar(&o.on, "on", "sqlite,postgres", "databases to measure on, where a measurement is of both")
	flag.StringVar(&o.profile, "profile", "", "folder for a profile of each process, which then is not the program itself but this one in its place")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := runAll(ctx, o, only)
	if o.profile != "" {
		err = errors.Join(err, merge(o.profile))
	}
	stop()
	end(err)
}

func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func runAll(ctx context.Context, o options, only string) error {
	fmt.Println(machine())
	known := map[string]bool{}
	for _, b := range benches {
		known[b.name] = true
		if only != "" && !strings.Contains(","+only+",", ","+b.name+",") {
			continue
		}
		fmt.Printf("\n## %s: %s\n\n", b.name, b.what)
		if err := b.run(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	for name := range strings.SplitSeq(only, ",") {
		if name != "" && !known[name] {
			return errors.New("no measurement is called " + name)
		}
	}
	return nil
}
