package breaker

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

var errDown = errors.New("503 Service Unavailable")

// bench is a breaker in a bubble of its own time.
type bench struct {
	*testing.T
	*Breaker
}

func inBubble(t *testing.T, cfg Config, test func(bench)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(bench{t, New(cfg)}) })
}

// call makes one call that takes no time.
func (b bench) call(part string, v Verdict) error {
	b.Helper()
	pass, err := b.Enter(b.Context(), part)
	if err != nil {
		return err
	}
	pass.Leave(v, errDown)
	return nil
}

func (b bench) calls(part string, verdicts ...Verdict) {
	b.Helper()
	for _, v := range verdicts {
		if err := b.call(part, v); err != nil {
			b.Fatalf("a call for %s was turned away: %v", part, err)
		}
	}
}

// turnsAway tells whether a call is turned away, and until when.
func (b bench) turnsAway(part string) (time.Time, bool) {
	b.Helper()
	var open *Open
	if err := b.Check(part); err != nil && !errors.As(err, &open) {
		b.Fatalf("check: %v", err)
	}
	if open == nil {
		return time.Time{}, false
	}
	if err := b.call(part, Answered); !errors.As(err, new(*Open)) {
		b.Fatalf("the check turns away and the door does not: %v", err)
	}
	return open.Next, true
}

func (b bench) is(want State, parts ...string) {
	b.Helper()
	got := b.Snapshot()
	if got.State != want || fmt.Sprint(got.Parts) != fmt.Sprint(parts) {
		b.Fatalf("it is %s for %v, want %s for %v", got.State, got.Parts, want, parts)
	}
}

// pass lets time go by until the next probe may go.
func (b bench) pass() {
	b.Helper()
	time.Sleep(time.Until(b.Snapshot().Next))
}

// down makes five failures of two parts, which shut the whole.
func (b bench) down() {
	b.Helper()
	b.calls("a", Failed, Failed, Failed, Failed)
	b.calls("b", Failed)
	b.is(Shut)
}

func TestFailuresInARowOpenTheCircuit(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.calls("a", Failed, Failed, Failed, Failed, Answered, Failed, Failed, Failed, Failed)
		b.is(Closed)
		b.calls("a", Failed)
		b.is(Shut, "a")
		s := b.Snapshot()
		if s.Error != errDown.Error() || s.Count != 1 || !s.Since.Equal(time.Now()) {
			b.Errorf("snapshot %+v", s)
		}
		if wait := time.Until(s.Next); wait < 11*time.Second || wait > 19*time.Second {
			b.Errorf("it is open for %s", wait)
		}
		if next, away := b.turnsAway("a"); !away || !next.Equal(s.Next) {
			b.Errorf("turned away until %s: %v", next, away)
		}
	})
}

// What always fails by itself keeps nothing else from working.
func TestOnePartAloneShutsOnlyItself(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		for range 50 { // b and c work all the time
			_ = b.call("a", Failed)
			time.Sleep(10 * time.Second)
			b.calls("b", Answered)
			b.calls("c", Answered, Answered)
		}
		_ = b.call("a", Failed) // It may have been time for the next probe.
		b.is(Shut, "a")
		for range 20 { // and in a time in which nobody else calls
			_ = b.call("a", Failed)
			b.pass()
		}
		_ = b.call("a", Failed)
		b.is(Shut, "a")
		b.calls("b", Answered)
		b.is(Shut, "a")
		if s := b.whole.width; s != 0 {
			b.Errorf("the others are held at %d", s)
		}
	})
}

func TestEvidenceFromTwoSidesShutsTheWhole(t *testing.T) {
	for name, calls := range map[string]func(bench){
		"two parts": func(b bench) {
			b.calls("a", Failed, Failed)
			b.calls("b", Failed, Failed, Failed)
		},
		"another part after one was shut": func(b bench) {
			b.calls("a", Failed, Failed, Failed, Failed, Failed)
			b.is(Shut, "a")
			b.calls("b", Failed)
		},
		"no connections": func(b bench) {
			b.calls("a", Unreachable, Unreachable, Unreachable, Unreachable, Unreachable)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(b bench) {
				calls(b)
				b.is(Shut)
				if _, away := b.turnsAway("never called"); !away {
					b.Error("another part is let through")
				}
			})
		})
	}
}

// A success on any side says that the server is up.
func TestASuccessEndsTheRowOfTheWhole(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.calls("a", Failed, Failed, Failed)
		b.calls("b", Failed)
		b.calls("c", Answered)
		b.calls("b", Failed)
		b.is(Closed)
		b.calls("a", Failed) // its fourth in a row, the second of the whole
		b.is(Closed)
	})
}

func TestOldFailuresStandInNoRow(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.calls("a", Failed, Failed, Failed, Failed)
		time.Sleep(forgotten + time.Second)
		b.calls("b", Failed)
		b.calls("a", Failed)
		b.is(Closed)
		if n := len(b.parts); n != 2 {
			b.Errorf("%d parts are remembered", n)
		}
		time.Sleep(forgotten + time.Second)
		b.calls("c", Answered)
		if n := len(b.parts); n != 0 {
			b.Errorf("%d parts are remembered for good", n)
		}
	})
}

// Each round lasts twice as long, up to the longest.
func TestItStaysOpenForLongerEachTime(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.down()
		since := b.Snapshot().Since
		for _, want := range []time.Duration{15, 30, 60, 120, 240, 300, 300} {
			want *= time.Second
			if wait := time.Until(b.Snapshot().Next); wait < want*3/4 || wait > want*5/4 {
				b.Errorf("it is open for %s, want about %s", wait, want)
			}
			b.pass()
			b.is(Probing)
			b.calls("a", Failed)
			b.is(Shut)
		}
		if !b.Snapshot().Since.Equal(since) {
			b.Error("it is told to be open since its last round")
		}
	})
}

// What calls of before the circuit opened tell is old news.
func TestLateVerdictsDoNotCount(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		var late []*Pass
		for range 8 {
			pass, err := b.Enter(b.Context(), "a")
			if err != nil {
				b.Fatal(err)
			}
			late = append(late, pass)
		}
		b.down()
		late[0].Leave(Answered, nil)
		b.is(Shut)
		b.pass()
		probe, err := b.Enter(b.Context(), "b")
		if err != nil {
			b.Fatal(err)
		}
		late[1].Leave(Answered, nil)
		late[2].Leave(Failed, errDown)
		late[3].Leave(Untold, nil)
		b.is(Probing)
		probe.Leave(Answered, nil)
		for _, pass := range late[4:] {
			pass.Leave(Failed, errDown)
		}
		b.is(Closed)
		late[0].Leave(Answered, nil)
		if b.whole.flying != 0 {
			b.Errorf("%d calls are counted as under way", b.whole.flying)
		}
	})
}

func TestNobodyWaitsForEver(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.down()
		b.pass()
		probe, err := b.Enter(b.Context(), "a")
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		var open *Open
		if err := b.call("b", Answered); !errors.As(err, &open) || time.Since(start) != 2*time.Minute || !open.Next.After(time.Now()) {
			b.Errorf("after %s: %v", time.Since(start), err)
		}
		ctx, cancel := context.WithTimeout(b.Context(), time.Second)
		defer cancel()
		if _, err := b.Enter(ctx, "b"); !errors.Is(err, context.DeadlineExceeded) {
			b.Errorf("got %v", err)
		}
		probe.Leave(Answered, nil)
		if b.whole.flying != 0 {
			b.Errorf("%d calls are counted as under way", b.whole.flying)
		}
	})
}
