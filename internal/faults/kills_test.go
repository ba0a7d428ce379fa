package faults_test

import (
	"testing"
	"time"

	"hls/internal/history"
)

// kills is how often, and how long after its start, a process is killed while people work.
type kills struct {
	times  int
	within time.Duration
	seed   uint64
}

// killed runs HLS under traffic and kills it again and again, at any moment: while it starts, takes in, thinks, writes.
func (k kills) run(w *world) history.Verdict {
	w.t.Helper()
	w.t.Logf("seed %d", k.seed)
	f := newTraffic(w, k.seed)
	f.faults = true
	for range k.times {
		p := w.start()
		end := time.NewTimer(time.Duration(f.rand.Int64N(int64(k.within))))
		for alive := true; alive; {
			select {
			case <-end.C:
				alive = false
			case <-time.After(time.Duration(f.rand.Int64N(int64(80 * time.Millisecond)))):
				f.step()
			case <-p.ended:
				w.t.Fatalf("hls ended by itself: %s", p.cmd.ProcessState)
			}
		}
		w.kill(p)
	}
	p := w.run()
	f.settle()
	w.idle()
	return w.verdict(p)
}

// A few of the thousand kills that make test-faults does.
func TestI1E5_NothingLostNothingTwiceThroughKills(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		w := newWorld(t, b, setup{attempts: 100})
		v := kills{times: 15, within: 600 * time.Millisecond, seed: 1}.run(w)
		w.report("kill -9 at random, short", 15, v)
	})
}
