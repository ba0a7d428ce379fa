package faults_test

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"hls/internal/history"
	"hls/internal/simulate"
)

// traffic is people at work on several issues and pull requests of several repositories, deliveries sent once more and
// under other names, bots, and a GitHub that fails now and then.
type traffic struct {
	w       *world
	rand    *rand.Rand
	faults  bool
	issues  []history.Subject
	pulls   []history.Subject
	sent    []delivery
	next    map[string]int
	sending sync.WaitGroup
	slots   chan struct{}
}

var repositories = []string{"acme/alpha", "acme/beta", "acme/gamma"}

// newTraffic opens some subjects in each repository. What it does follows from the seed.
func newTraffic(w *world, seed uint64) *traffic {
	f := &traffic{w: w, rand: rand.New(rand.NewPCG(seed, 1)), next: map[string]int{}, slots: make(chan struct{}, 8)}
	for _, repo := range repositories {
		w.addRepository(repo)
		for range 3 {
			f.open(repo)
		}
	}
	w.addRepository("other/repository")
	w.openIssue("other/repository", 1)
	return f
}

// open opens an issue or a pull request.
func (f *traffic) open(repo string) {
	f.next[repo]++
	s := history.Subject{Repo: repo, Number: f.next[repo]}
	if f.rand.IntN(2) == 0 {
		f.issues = append(f.issues, s)
		f.deliver(f.w.openIssue(repo, s.Number))
		return
	}
	f.pulls = append(f.pulls, s)
	f.deliver(f.w.openPull(repo, s.Number))
}

// deliver sends a delivery besides, so that they overtake one another.
func (f *traffic) deliver(d delivery) {
	f.sent = append(f.sent, d)
	f.sending.Go(func() {
		f.slots <- struct{}{}
		defer func() { <-f.slots }()
		f.w.deliver(d)
	})
}

func pick[T any](f *traffic, of []T) (one T, ok bool) {
	if len(of) == 0 {
		return one, false
	}
	return of[f.rand.IntN(len(of))], true
}

// step does one thing.
func (f *traffic) step() {
	if f.faults && f.rand.IntN(10) == 0 {
		f.fail()
	}
	switch n := f.rand.IntN(100); {
	case n < 35:
		if s, ok := pick(f, f.issues); ok {
			f.deliver(f.w.edit(s))
		}
	case n < 65:
		if s, ok := pick(f, f.pulls); ok {
			f.deliver(f.w.push(s))
		}
	case n < 75:
		f.open(repositories[f.rand.IntN(len(repositories))])
	default:
		f.again(n)
	}
}

// until goes on until a channel closes or the time is up.
func (f *traffic) until(done <-chan struct{}, limit time.Duration) {
	end := time.NewTimer(limit)
	defer end.Stop()
	for {
		select {
		case <-done:
			return
		case <-end.C:
			return
		case <-time.After(time.Duration(f.rand.Int64N(int64(60 * time.Millisecond)))):
			f.step()
		}
	}
}

// again sends what has to change nothing: a delivery that was sent before, as it was or under another id or from another
// hook, and what bots, HLS itself, forgers and strangers cause.
func (f *traffic) again(n int) {
	d, _ := pick(f, f.sent)
	switch {
	case n < 80:
	case n < 85:
		d.GUID = simulate.NewGUID()
	case n < 88:
		d.HookID, d.Payload = 2, bytes.Replace(d.Payload, []byte("{"), []byte(`{"installation":{"id":5},`), 1)
	case n < 92:
		f.next[d.subject.Repo]++
		d = f.w.openAs(bot, d.subject.Repo, f.next[d.subject.Repo])
	case n < 95:
		f.next[d.subject.Repo]++
		d = f.w.openAs(self, d.subject.Repo, f.next[d.subject.Repo])
	case n < 97:
		d.GUID, d.Signature = simulate.NewGUID(), simulate.Sign("another secret", d.Payload)
	default:
		stranger := history.Subject{Repo: "other/repository", Number: 1}
		d = f.w.edit(stranger)
	}
	f.sending.Go(func() {
		f.slots <- struct{}{}
		defer func() { <-f.slots }()
		f.w.deliver(d)
	})
}

// fail lets one of the next writes to GitHub, or one of the next requests to Claude, fail in some way.
func (f *traffic) fail() {
	if kind, _ := pick(f, append([]simulate.FaultKind{""}, kinds...)); kind != "" {
		f.w.github.Fail(simulate.Fault{Method: http.MethodPost, Kind: kind, Status: 500 + f.rand.IntN(5), Skip: f.rand.IntN(3), Wait: outlasts})
		return
	}
	mode, _ := pick(f, []simulate.Mode{simulate.Overloaded, simulate.Down, simulate.NotSchema, simulate.Truncate, simulate.Reset})
	f.w.claude.Queue(mode)
}

// outlasts is how long GitHub takes over a write whose client does not wait that long.
const outlasts = 1200 * time.Millisecond

var kinds = []simulate.FaultKind{
	simulate.FailBefore, simulate.FailAfter, simulate.ResetBefore, simulate.ResetAfter, simulate.Truncated, simulate.NoID,
	simulate.Late, simulate.HangAfter, simulate.Outlived,
}

// settle ends the traffic: everything is delivered, and the newest round of every subject has to be answered.
func (f *traffic) settle() {
	f.w.github.Heal()
	f.sending.Wait()
	for _, s := range f.issues {
		f.w.want(s, labelOf(f.w.round(s)))
	}
	for _, s := range f.pulls {
		f.w.want(s)
	}
}
