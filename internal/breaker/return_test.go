package breaker

import (
	"errors"
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
				all.Go(func() { w.call(b, 10*time.Second, found) })
			}
			time.Sleep(5 * time.Second)
			w.mu.Lock()
			if w.entered != 1 || w.away != 0 {
				b.Errorf("%d went and %d were turned away before the probe has told", w.entered, w.away)
			}
			w.mu.Unlock()
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

// The first to come is not always the probe: if its call is what fails, others would never get to tell.
func TestTheProbeIsDrawn(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.down()
		probes := map[int]bool{}
		for range 40 {
			b.pass()
			var all sync.WaitGroup
			for caller := range 4 {
				all.Go(func() {
					if pass, err := b.Enter(b.Context(), "a"); err == nil {
						probes[caller] = true // There is one at a time.
						pass.Leave(Failed, errDown)
					}
				})
				synctest.Wait()
			}
			all.Wait()
		}
		if len(probes) != 4 {
			b.Errorf("only %v have been the probe", probes)
		}
	})
}

// While it is half open, few begin with what comes before a call; when none of them makes it, others do.
func TestFewPrepareForTheProbe(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		var mu sync.Mutex
		begun, away := 0, 0
		begin := func() {
			for range 20 {
				go func() {
					err := b.Prospect(b.Context(), "a")
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						begun++
					} else if errors.As(err, new(*Open)) {
						away++
					}
				}()
			}
		}
		are := func(when string, wantBegun, wantAway int) {
			b.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if begun != wantBegun || away != wantAway {
				b.Errorf("%s %d have begun and %d were turned away, want %d and %d", when, begun, away, wantBegun, wantAway)
			}
			begun, away = 0, 0
		}
		begin()
		are("while it is closed", 20, 0)
		b.down()
		begin()
		are("while it is open", 0, 20)
		b.pass()
		begin()
		are("while it is half open", 3, 0)
		time.Sleep(16 * time.Second)
		are("when the first came to nothing", 3, 0)
		probe, err := b.Enter(b.Context(), "b")
		if err != nil {
			b.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		begin()
		are("while the probe is under way", 0, 0)
		probe.Leave(Failed, errDown)
		are("after it failed", 0, 34)
		b.pass()
		begin()
		are("while it is half open again", 3, 0)
		b.calls("b", Answered)
		are("after a good probe", 17, 0)
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

// Those who wait for their place in the return come in the order in which they came, and nobody is passed over.
func TestO1_TheReturnIsInOrder(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.down()
		b.pass()
		var mu sync.Mutex
		var order []int
		var all sync.WaitGroup
		for n := range 40 {
			all.Go(func() {
				pass, err := b.Enter(b.Context(), []string{"a", "b"}[n%2])
				if err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				order = append(order, n)
				mu.Unlock()
				time.Sleep(time.Second)
				pass.Leave(Answered, nil)
			})
			time.Sleep(100 * time.Millisecond)
		}
		all.Wait()
		for at, n := range order {
			if at > 0 && (n-at < -8 || n-at > 8) { // Chance decides which is the probe, and who of eight is first.
				b.Fatalf("call %d came as number %d of %v", n, at, order)
			}
		}
	})
}
