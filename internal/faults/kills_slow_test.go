//go:build faults

package faults_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"hls/internal/fault"
	"hls/internal/history"
)

// A thousand kills, in four worlds at a time.
func TestI1E5_AThousandKills(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		for seed := uint64(2); seed < 6; seed++ {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, b, setup{attempts: 100})
				w.report("kill -9 at random", 250, kills{times: 250, within: 500 * time.Millisecond, seed: seed}.run(w))
			})
		}
	})
}

// A crash at each place in the middle of the traffic: not the first pass, and other work under way.
func TestE5_CrashAtEachPlaceUnderTraffic(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		for i, place := range fault.Places {
			for _, pass := range []int{2, 7} {
				t.Run(fmt.Sprintf("%s/%d", place, pass), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, b, setup{attempts: 100})
					p := w.run(fmt.Sprintf("HLS_FAULT=%s:%d", place, pass))
					f := newTraffic(w, uint64(100*pass+i))
					f.until(p.ended, 10*time.Second)
					w.crashed(p)
					p = w.run()
					f.settle()
					w.idle()
					w.report("crash under traffic", 1, w.verdict(p))
				})
			}
		}
	})
}

// A process that sleeps longer than its leases wakes up to work that is no longer its own.
func TestE5_PausedLongerThanALease(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		for _, tc := range []struct {
			name   string
			scale  float64 // a lease is ten seconds, and no less than one
			times  int
			pause  time.Duration
			steady time.Duration
		}{
			{"short leases", 30, 10, 1500 * time.Millisecond, 400 * time.Millisecond},
			{"real leases", 1, 1, 11 * time.Second, 2 * time.Second},
		} {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, b, setup{scale: tc.scale, attempts: 100, grace: 2 * tc.pause})
				p := w.run()
				f := newTraffic(w, 7)
				for range tc.times {
					f.until(p.ended, time.Duration(f.rand.Int64N(int64(tc.steady)))+tc.steady/4)
					w.signal(p, syscall.SIGSTOP)
					w.history.Add(history.Entry{Process: &history.Process{What: "paused"}})
					f.until(p.ended, tc.pause+time.Duration(f.rand.Int64N(int64(time.Second))))
					w.history.Add(history.Entry{Process: &history.Process{What: "resumed"}})
					w.signal(p, syscall.SIGCONT)
				}
				f.settle()
				w.idle()
				w.report("SIGSTOP longer than a lease", tc.times, w.verdict(p))
			})
		}
	})
}

// Told to stop under load, HLS ends with 0 within its grace time, and goes on after the next start.
func TestO3_StoppedUnderLoad(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		const times = 20
		w := newWorld(t, b, setup{attempts: 100})
		f := newTraffic(w, 8)
		f.faults = true
		for range times {
			p := w.run()
			f.until(p.ended, 200*time.Millisecond+time.Duration(f.rand.Int64N(int64(500*time.Millisecond))))
			told := time.Now()
			w.stop(p)
			if took := time.Since(told); took > 8*time.Second {
				t.Errorf("it took %s to stop", took)
			}
		}
		p := w.run()
		f.settle()
		w.idle()
		w.report("SIGTERM under load", times, w.verdict(p))
	})
}

// crashed waits until a process has killed itself, as HLS_FAULT told it to.
func (w *world) crashed(p *process) {
	w.t.Helper()
	w.ended(p)
	w.leave(p)
	w.history.Add(history.Entry{Process: &history.Process{What: "killed"}})
	status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGKILL {
		w.t.Fatalf("hls was to crash, and ended with %s", p.cmd.ProcessState)
	}
}
