package breaker

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// waiters are calls that have entered, or wait.
type waiters struct {
	mu                    sync.Mutex
	entered, away, flying int
}

func (w *waiters) call(b bench, took time.Duration, v Verdict) {
	pass, err := b.Enter(b.Context(), "a")
	w.mu.Lock()
	if err != nil {
		w.away++
		w.mu.Unlock()
		return
	}
	w.entered++
	w.flying++
	w.mu.Unlock()
	time.Sleep(took)
	w.mu.Lock()
	w.flying--
	w.mu.Unlock()
	pass.Leave(v, errDown)
}

// While it is half open one call goes, and what that finds decides about all who wait.
func TestOneProbeDecides(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.down()
		for _, found := range []Verdict{Failed, Unreachable, Answered} {
			b.pass()
			var w waiters
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() { w.call(b, time.Second, found) })
			}
			synctest.Wait()
			if w.entered != 1 || w.away != 0 {
				b.Fatalf("%d went and %d were turned away before the probe has told", w.entered, w.away)
			}
			b.is(Probing)
			all.Wait()
			if found == Answered && (w.entered != 20 || w.away != 0) {
				b.Errorf("after a good probe %d went and %d were turned away", w.entered, w.away)
			}
			if found != Answered && (w.entered != 1 || w.away != 19) {
				b.Errorf("after a failed probe %d went and %d were turned away", w.entered, w.away)
			}
		}
		b.is(Closed)
	})
}

// A probe whose caller gives up tells nothing: the next call is the probe.
func TestAProbeThatIsGivenUpIsHandedOn(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.down()
		b.pass()
		probe, err := b.Enter(b.Context(), "a")
		if err != nil {
			b.Fatal(err)
		}
		second := make(chan error)
		go func() { second <- b.call("b", Answered) }()
		synctest.Wait()
		b.is(Probing)
		probe.Leave(Untold, nil)
		if err := <-second; err != nil {
			b.Errorf("the second call: %v", err)
		}
		b.is(Closed)
	})
}

// Whoever is told hears of the first opening and of the closing, and not of each probe.
func TestNewsIsTold(t *testing.T) {
	var told []State
	inBubble(t, Config{Tell: func(s Snapshot) { told = append(told, s.State) }}, func(b bench) {
		b.down()
		for range 3 {
			b.pass()
			b.calls("a", Failed)
		}
		b.pass()
		b.calls("a", Answered, Answered)
		if got := fmt.Sprint(told); got != "[open closed]" {
			b.Errorf("told %s", got)
		}
	})
}

// It returns by 1, 2, 4 and so on, each width lasting for its time, whoever wants in.
func TestItReturnsSlowly(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.down()
		b.pass()
		start := time.Now()
		var w waiters
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				for time.Since(start) < 30*time.Second {
					w.call(b, 100*time.Millisecond, Answered)
				}
			})
		}
		var seen []string
		for at := range 26 {
			synctest.Wait()
			w.mu.Lock()
			if at%5 == 3 {
				seen = append(seen, fmt.Sprintf("%ds: %d of %d", at, w.flying, b.Snapshot().Width))
			}
			w.mu.Unlock()
			time.Sleep(time.Second)
		}
		all.Wait()
		want := "[3s: 1 of 1 8s: 2 of 2 13s: 4 of 4 18s: 8 of 8 23s: 40 of 0]"
		if got := fmt.Sprint(seen); got != want {
			b.Errorf("got %s, want %s", got, want)
		}
		if w.away != 0 || b.whole.rounds != 0 {
			b.Errorf("%d were turned away; %d rounds are remembered", w.away, b.whole.rounds)
		}
	})
}

// Widths do not grow by time alone, nor by calls alone.
func TestWidthsAreEarned(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.down()
		b.pass()
		b.calls("a", Answered)
		for range 100 {
			b.calls("a", Answered)
		}
		if got := b.Snapshot().Width; got != 1 {
			b.Errorf("by calls alone it is %d wide", got)
		}
		time.Sleep(time.Hour / 2)
		b.calls("a", Answered)
		if got := b.Snapshot().Width; got != 2 {
			b.Errorf("after a step it is %d wide", got)
		}
		time.Sleep(time.Hour / 2)
		b.calls("a", Answered)
		if got := b.Snapshot().Width; got != 2 {
			b.Errorf("by time alone it is %d wide", got)
		}
	})
}

// A server that fails again while it returns is shut sooner, and for longer.
func TestItGivesWayWhileItReturns(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.down()
		b.pass()
		b.calls("a", Answered, Failed)
		b.calls("b", Failed)
		b.is(Shut)
		if wait := time.Until(b.Snapshot().Next); wait < 22*time.Second {
			b.Errorf("it is open for %s only", wait)
		}
	})
}
