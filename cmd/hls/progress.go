package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// isTerminal tells whether a stream is one.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) //nolint:gosec // A descriptor is a small number.
}

// ink colors words on a terminal; the zero value leaves them as they are.
type ink bool

// ink is in use when the output is a terminal, and NO_COLOR (no-color.org) does not say otherwise.
func (c *call) ink() ink {
	return ink(isTerminal(c.io.out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

func (i ink) paint(code, text string) string {
	if !i {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (i ink) good(text string) string     { return i.paint("32", text) }
func (i ink) doubtful(text string) string { return i.paint("33", text) }
func (i ink) bad(text string) string      { return i.paint("31", text) }

// besides is a call that shows no progress where what it prints goes to the same terminal.
func (c *call) besides(out io.Writer) *call {
	if !isTerminal(out) {
		return c
	}
	quiet := *c
	quiet.io.err = io.Discard
	return &quiet
}

// progress is a line on the terminal that says how far long work is, and how long it will take at the pace so far. It
// stands on standard error, and only where that is a terminal: elsewhere it prints nothing.
type progress struct {
	out   io.Writer // nil prints nothing
	what  string
	total int // 0 when it is not known
	began time.Time
	every time.Duration

	mu   sync.Mutex
	done int
	stop chan struct{}
	rest sync.WaitGroup
}

// progress begins to tell of work with so many steps. end must be called.
func (c *call) progress(what string, total int) *progress {
	p := &progress{what: what, total: total, began: time.Now(), every: time.Second, stop: make(chan struct{})}
	if isTerminal(c.io.err) {
		p.out = c.io.err
	}
	p.begin()
	return p
}

func (p *progress) begin() {
	if p.out == nil {
		return
	}
	p.rest.Go(func() {
		tick := time.NewTicker(p.every)
		defer tick.Stop()
		for {
			select {
			case <-p.stop:
				return
			case now := <-tick.C:
				p.mu.Lock()
				fmt.Fprint(p.out, "\r\x1b[K"+p.line(now))
				p.mu.Unlock()
			}
		}
	})
}

// step tells that one more step is done.
func (p *progress) step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
}

// at tells how many steps are done.
func (p *progress) at(done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = done
}

// say prints a line above the progress.
func (p *progress) say(w io.Writer, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
	fmt.Fprintln(w, text)
}

// end takes the line away.
func (p *progress) end() {
	if p.out == nil {
		return
	}
	close(p.stop)
	p.rest.Wait()
	fmt.Fprint(p.out, "\r\x1b[K")
}

// line is what is shown at a time.
func (p *progress) line(now time.Time) string {
	gone := now.Sub(p.began)
	switch {
	case p.total == 0:
		return fmt.Sprintf("%s … %s", p.what, gone.Round(time.Second))
	case p.done == 0:
		return fmt.Sprintf("%s … 0 of %d", p.what, p.total)
	}
	left := time.Duration(float64(gone) / float64(p.done) * float64(max(p.total-p.done, 0)))
	return fmt.Sprintf("%s … %d of %d, about %s left", p.what, p.done, p.total, left.Round(time.Second))
}

// phases is the progress of long work that is done in several kinds of steps, one after the other.
type phases struct {
	c   *call
	now *progress
}

// tell tells how far the work is. Another kind of step begins anew. end must be called.
func (p *phases) tell(what string, done, of int) {
	if p.now == nil || p.now.what != what {
		p.end()
		p.now = p.c.progress(what, of)
	}
	p.now.at(done)
}

func (p *phases) end() {
	if p.now != nil {
		p.now.end()
		p.now = nil
	}
}
