package app

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/hls"
)

// teller is a GitHub that tells who HLS is by a script: for each time it is asked an error, a silence (nil), or, when
// the script is at its end, the account.
type teller struct {
	started time.Time
	mu      sync.Mutex
	script  []error
	asked   []time.Duration        // since the start
	known   map[string]hls.Account // by credential
}

// credential of a repository: one has its own.
func credential(repo string) string {
	if repo == "acme/own" {
		return repo
	}
	return "general"
}

var bot = hls.Account{ID: 7, Login: "hls-bot"}

func (g *teller) SelfFor(_ context.Context, repo string) (hls.Account, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, time.Since(g.started))
	if len(g.script) > 0 {
		err := g.script[0]
		g.script = g.script[1:]
		return g.known[credential(repo)], err
	}
	g.known[credential(repo)] = bot
	return bot, nil
}

func (g *teller) KnownSelf(repo string) hls.Account {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.known[credential(repo)]
}

// tell is how an account becomes known elsewhere.
func (g *teller) tell(repo string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known[credential(repo)] = bot
}

// shelf is a memory.
type shelf map[string][]byte

func (n shelf) Note(_ context.Context, name string, value []byte) error {
	n[name] = value
	return nil
}

func (n shelf) Noted(_ context.Context, name string) ([]byte, error) {
	value, ok := n[name]
	if !ok {
		return nil, hls.ErrNotFound
	}
	return value, nil
}

// learning runs learn for a while on a clock of its own.
func learning(t *testing.T, script []error, play func(*identity, *teller)) (*teller, string) {
	t.Helper()
	var (
		log bytes.Buffer
		g   *teller
	)
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		g = &teller{started: time.Now(), script: script, known: map[string]hls.Account{}}
		i := newIdentity(g, func(repo string) bool { return credential(repo) == repo }, memory{shelf{}, credential})
		go i.learn(ctx, slog.New(slog.NewTextHandler(&log, nil)))
		synctest.Wait()
		play(i, g)
		synctest.Wait()
	})
	return g, log.String()
}

// A GitHub that fails is asked again soon, then ever more seldom, and the log says so once.
func TestE7_AFailureLeavesTheOwnAccountUnknownForSeconds(t *testing.T) {
	t.Parallel()
	down := slices.Repeat([]error{errors.New("no route to host")}, 9)
	g, log := learning(t, down, func(i *identity, _ *teller) {
		for range 20 {
			i.Account("acme/widget") // nobody is asked sooner for being wanted
			time.Sleep(time.Minute)
		}
		if a := i.Account("acme/widget"); a != bot {
			t.Errorf("got %+v", a)
		}
	})
	want := []time.Duration{0, 2, 6, 14, 30, 62, 126, 254, 510, 810}
	for n := range want {
		want[n] *= time.Second
	}
	if !slices.Equal(g.asked, want) || strings.Count(log, "no route to host") != 1 || strings.Count(log, "acting as") != 1 {
		t.Errorf("asked at %v, log %s", g.asked, log)
	}
}

// One that does not tell is asked again after minutes; what HLS learns elsewhere counts at once.
func TestE7_WhatIsLearnedElsewhereCountsAtOnce(t *testing.T) {
	t.Parallel()
	g, log := learning(t, []error{nil, nil}, func(i *identity, g *teller) {
		time.Sleep(time.Minute)
		if a := i.Account("acme/widget"); a.ID != 0 {
			t.Errorf("got %+v", a)
		}
		g.tell("acme/widget")
		if a := i.Account("acme/widget"); a != bot {
			t.Errorf("got %+v", a)
		}
		time.Sleep(10 * time.Minute)
	})
	if !slices.Equal(g.asked, []time.Duration{0, askLate}) || strings.Count(log, "does not tell") != 1 || strings.Count(log, "acting as") != 1 {
		t.Errorf("asked at %v, log %s", g.asked, log)
	}
}

// One that never tells is asked every few minutes, and the log says so once.
func TestE7_SilenceIsLoggedOnce(t *testing.T) {
	t.Parallel()
	g, log := learning(t, []error{nil, nil, nil, nil}, func(*identity, *teller) { time.Sleep(12 * time.Minute) })
	if !slices.Equal(g.asked, []time.Duration{0, askLate, 2 * askLate}) || strings.Count(log, "does not tell") != 1 {
		t.Errorf("asked at %v, log %s", g.asked, log)
	}
}

// A repository with a token of its own is asked for when it is wanted, once.
func TestE7_ARepositoryWithATokenOfItsOwnHasAnAccountOfItsOwn(t *testing.T) {
	t.Parallel()
	g, _ := learning(t, nil, func(i *identity, _ *teller) {
		for range 3 {
			i.Account("acme/own")
			synctest.Wait()
		}
		if a := i.Account("acme/own"); a != bot {
			t.Errorf("got %+v", a)
		}
	})
	if len(g.asked) != 2 {
		t.Errorf("asked %d times", len(g.asked))
	}
}

// Deliveries come in before GitHub can be asked: the account is then the one that the same credential had before.
func TestE7_TheOwnAccountIsKnownFromTheFirstDeliveryOn(t *testing.T) {
	t.Parallel()
	kept, quiet := shelf{}, slog.New(slog.DiscardHandler)
	own := func(repo string) bool { return credential(repo) == repo }
	learnt := newIdentity(&teller{known: map[string]hls.Account{}}, own, memory{kept, credential})
	for _, repo := range []string{"", "acme/own"} {
		if !learnt.ask(t.Context(), repo, &doubt{}, quiet) {
			t.Fatalf("%q is not told", repo)
		}
	}
	for _, tc := range []struct {
		name       string
		credential func(string) string
		want       hls.Account
	}{
		{"the same credentials", credential, bot},
		{"others", func(repo string) string { return "another " + credential(repo) }, hls.Account{}},
	} {
		later := newIdentity(&teller{known: map[string]hls.Account{}}, own, memory{kept, tc.credential})
		for _, repo := range []string{"acme/widget", "acme/own"} {
			if a := later.Account(repo); a != tc.want {
				t.Errorf("%s: %s is %+v", tc.name, repo, a)
			}
		}
	}
	for name := range kept {
		if strings.Contains(name, "general") || strings.Contains(name, "own") {
			t.Errorf("the note %s tells the credential", name)
		}
	}
}
