// Command mutants proves that every defense of the table defenses.txt is one: it takes it out of the code, runs the
// test that the table names, and sees that fail. It is a tool of the house, and no part of the service.
//
//	go run ./internal/mutants [-list] [-v] [-parallel n] [-timeout d] [name or promise ...]
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed defenses.txt
var table string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout))
}

// run is the command; it returns the exit code: 0 when every defense is proved, 1 when not, 2 when it cannot tell.
func run(ctx context.Context, args []string, out io.Writer) int {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	list := flags.Bool("list", false, "print the table and try nothing")
	verbose := flags.Bool("v", false, "print how each test failed")
	parallel := flags.Int("parallel", 2, "how many are tried at a time")
	timeout := flags.Duration("timeout", 2*time.Minute, "for the test of one, without its building")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	rows, err := read(strings.NewReader(table))
	if err == nil {
		rows, err = choose(rows, flags.Args())
	}
	if err != nil {
		fmt.Fprintln(out, err)
		return 2
	}
	if *list {
		for _, d := range rows {
			fmt.Fprintf(out, "%s  %-*s  %s\n", d.promise, width(rows), d.name, d.what)
		}
		return 0
	}
	code, err := prove(ctx, rows, out, options{*verbose, max(*parallel, 1), *timeout})
	if err != nil {
		fmt.Fprintln(out, err)
		return 2
	}
	return code
}

// choose keeps the rows that are asked for, by name or promise; all when nothing is.
func choose(rows []defense, asked []string) ([]defense, error) {
	if len(asked) == 0 {
		return rows, nil
	}
	var kept []defense
	for _, a := range asked {
		n := len(kept)
		for _, d := range rows {
			if d.name == a || d.promise == a {
				kept = append(kept, d)
			}
		}
		if len(kept) == n {
			return nil, fmt.Errorf("there is no defense %q, and none of such a promise", a)
		}
	}
	return kept, nil
}

type options struct {
	verbose  bool
	parallel int
	timeout  time.Duration
}

// prove tries every row and prints a line for each as soon as it is done.
func prove(ctx context.Context, rows []defense, out io.Writer, o options) (code int, err error) {
	b := &bench{timeout: o.timeout}
	if b.root, err = findRoot(); err != nil {
		return 0, err
	}
	if b.scratch, err = os.MkdirTemp("", "hls-mutants-"); err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(b.scratch) }()
	start := time.Now()
	r := &report{out: out, verbose: o.verbose, width: width(rows)}
	bad := b.control(ctx, rows)
	r.add(bad...)
	rows = slices.DeleteFunc(slices.Clone(rows), func(d defense) bool {
		return slices.ContainsFunc(bad, func(r result) bool { return r.name == d.name })
	})
	var tries sync.WaitGroup
	slots := make(chan struct{}, o.parallel)
	for _, d := range rows {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		tries.Go(func() {
			defer func() { <-slots }()
			if tried := b.try(ctx, d); ctx.Err() == nil {
				r.add(tried)
			}
		})
	}
	tries.Wait()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return r.end(time.Since(start)), nil
}

// report prints results as they come.
type report struct {
	out     io.Writer
	verbose bool
	width   int

	mu       sync.Mutex
	n        int
	skipped  int
	unproved []result
}

func (r *report) add(results ...result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range results {
		r.n++
		fmt.Fprintf(r.out, "%s  %-*s  %-8s  %6.1fs  %s %s\n", x.promise, r.width, x.name, x.verdict, x.took.Seconds(), x.pkg, x.test)
		switch {
		case x.verdict == skipped:
			r.skipped++
		case x.verdict != noticed:
			r.unproved = append(r.unproved, x)
		case r.verbose:
			fmt.Fprintln(r.out, head(x.why))
		}
	}
}

// end prints what went wrong, and the sum.
func (r *report) end(took time.Duration) int {
	for _, x := range r.unproved {
		fmt.Fprintf(r.out, "\n%s: %s\n%s\n", x.name, x.verdict, tail(x.output))
	}
	fmt.Fprintf(r.out, "\n%d defenses taken out, one at a time, in %s: %d noticed, %d not, %d skipped for want of something on this machine\n",
		r.n, took.Round(time.Second), r.n-len(r.unproved)-r.skipped, len(r.unproved), r.skipped)
	if len(r.unproved) > 0 {
		return 1
	}
	return 0
}

// head is the beginning of what failed tests said.
func head(said []string) string {
	var b strings.Builder
	for _, line := range said[:min(len(said), 3)] {
		fmt.Fprintf(&b, "\t%.200s\n", line)
	}
	return b.String()
}

// tail is the end of a test's output.
func tail(output string) string {
	lines := strings.Split(strings.TrimRight(output, "\n"), "\n")
	return "\t" + strings.Join(lines[max(len(lines)-12, 0):], "\n\t")
}

func width(rows []defense) int {
	most := 0
	for _, d := range rows {
		most = max(most, len(d.name))
	}
	return most
}
