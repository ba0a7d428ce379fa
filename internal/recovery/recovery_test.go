package recovery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/rounds"
)

// Everything that failed while HLS was away is taken in once, oldest first, and nothing else is fetched.
func TestI7_WhatWasMissedIsTakenInOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(1, "before-0")
	w.pass()
	var want []string
	for i := range 60 {
		w.later(2 * time.Minute)
		guid := fmt.Sprintf("missed-%02d", i)
		want = append(want, guid)
		w.try(1, guid, 0)
		w.try(1, fmt.Sprintf("star-%02d", i), 502, func(e *entry) { e.Event = "star" })
		w.try(1, fmt.Sprintf("ping-%02d", i), 502, func(e *entry) { e.Event = "ping" })
		if i%5 == 0 {
			w.try(1, guid, 502) // redelivered in vain
		}
	}
	w.try(1, "redelivered", 0)
	w.later(time.Minute)
	w.receive(1, "redelivered")
	w.asked = nil
	report := w.pass()
	if got := w.ids()[2:]; !slices.Equal(got, want) || report.Unfinished || len(report.Gaps)+len(report.Problems) > 0 {
		t.Errorf("took %v; report %+v", got, report)
	}
	if n := w.questions("sent"); n != 60 {
		t.Errorf("%d deliveries were fetched, want 60", n)
	}
	passed := report.Logs[0].Passed
	if passed["event_not_enabled"] != 60 || passed[passPing] != 60 || passed[passKnown] != 3 {
		t.Errorf("passed over %v", passed)
	}
	for range 2 {
		w.asked = nil
		w.pass()
		w.restart()
		if w.questions("sent") > 0 || w.questions("log") > 2 || len(w.took) != 62 {
			t.Errorf("again: asked %v, %d taken", w.asked, len(w.took))
		}
	}
}

// Once a true delivery is sent again, it is a duplicate of what was taken in: also when the log spelled it otherwise.
func TestI3_RedeliveryAfterRecoveryIsADuplicate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, spell := range []func(string) string{
		func(body string) string { return body },
		func(body string) string { return strings.ReplaceAll(body, ",", ",\n ") },
		func(body string) string { return strings.ReplaceAll(body, `"sender"`, `"zeal":1,"sender"`) }, // other bytes than can be found again
	} {
		guid := fmt.Sprintf("guid-%d", i)
		var body string
		w.try(1, guid, 0, func(e *entry) {
			body = string(e.sent.Body)
			e.sent.Body = []byte(spell(body))
		})
		w.pass()
		if len(w.took) != i+1 {
			t.Fatalf("%d taken", len(w.took))
		}
		for range 2 {
			answer := httptest.NewRecorder()
			server := httptest.NewServer(w.door)
			q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(body))
			w.must(err)
			q.Header = signed(guid, 1, body)
			resp, err := server.Client().Do(q)
			w.must(err)
			answer.Code = resp.StatusCode
			_ = resp.Body.Close()
			server.Close()
			if answer.Code != http.StatusOK || len(w.took) != i+1 {
				t.Errorf("%s: answered %d, %d taken", guid, answer.Code, len(w.took))
			}
		}
	}
}

// What a receiver took before HLS first saw its log is none of HLS's business; later it is, and by hand on demand.
func TestI7_AnsweredButNotInTheRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.try(1, "others", 200)
	w.later(time.Minute)
	w.try(1, "failed", 500)
	w.later(time.Minute)
	w.receive(1, "ours")
	if report := w.pass(); !slices.Equal(w.ids(), []string{"ours", "failed"}) || report.Logs[0].Passed[passAnswered] != 1 {
		t.Errorf("took %v, %+v", w.ids(), report)
	}
	w.later(time.Minute)
	w.try(1, "lost", 202)
	w.later(time.Minute)
	if w.pass(); !slices.Equal(w.ids(), []string{"ours", "failed", "lost"}) {
		t.Errorf("took %v", w.ids())
	}
	if report := w.ask(Request{ByHand: true, Apply: true}); len(report.Deliveries) != 0 {
		t.Errorf("by hand: %+v", report.Deliveries)
	}
	if report := w.ask(Request{ByHand: true, Answered: true}); len(report.Deliveries) != 1 || report.Deliveries[0].Outcome != missed || w.questions("sent") != 2 {
		t.Errorf("by hand, to look at: %+v", report.Deliveries)
	}
	w.ask(Request{ByHand: true, Apply: true, Answered: true})
	if !slices.Equal(w.ids(), []string{"ours", "failed", "lost", "others"}) {
		t.Errorf("took %v", w.ids())
	}
}

func TestByHandLooksAtWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hooks[github.HookPlace{Repo: "acme/gadget"}] = []github.Hook{{ID: 2, URL: address}}
	w.targets.Repos = []string{widget, "acme/gadget"}
	w.try(1, "old", 0)
	w.later(2 * time.Hour)
	w.try(1, "new", 0)
	w.try(2, "gadget", 0, func(e *entry) { e.sent.Body = []byte(issueBody("acme/gadget", 1)) })
	report := w.ask(Request{ByHand: true, Target: widget, Since: w.now.Add(-time.Hour)})
	if len(report.Deliveries) != 1 || report.Deliveries[0].DeliveryID != "new" || report.Logs[0].Passed[passOlder] != 1 || len(w.took) > 0 || w.questions("sent") > 0 {
		t.Errorf("%+v", report)
	}
	if report = w.ask(Request{ByHand: true, Apply: true}); outcomes(report)["accepted"] != 3 {
		t.Errorf("%+v", report)
	}
	for target, want := range map[string]string{"app": "token", "other/thing": "not configured"} {
		if _, err := w.r.Pass(t.Context(), Request{ByHand: true, Target: target}); !errors.Is(err, ErrTarget) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", target, err)
		}
	}
}

// A gap that cannot be closed is told with its times, once, and for a day in the state.
func TestI7_GapIsToldWithItsTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(1, "first")
	w.pass()
	left := w.now
	for range 50 { // a hundred hours
		w.later(2 * time.Hour)
		w.try(1, fmt.Sprintf("missed-%d", w.lastID), 0)
	}
	w.restart()
	report := w.pass()
	if len(report.Gaps) != 1 || !report.Gaps[0].From.Equal(left) || !report.Gaps[0].To.Equal(w.now.Add(-72*time.Hour)) {
		t.Fatalf("gaps %+v", report.Gaps)
	}
	if got := outcomes(report)["accepted"]; got != 36 { // one every two hours in the three days that are kept
		t.Errorf("%d taken in", got)
	}
	const times = "from 2026-03-02T12:00:00Z to 2026-03-03T16:00:00Z"
	if s := w.r.State(); !s.Troubled || !strings.Contains(s.Detail, times) || !s.LastPass.Equal(w.now) {
		t.Errorf("state %+v", s)
	}
	w.later(time.Hour)
	w.pass()
	if s := w.r.State(); !s.Troubled || strings.Count(w.log.String(), times) != 1 {
		t.Errorf("an hour later: %+v\n%s", s, w.log.String())
	}
	w.restart()
	w.later(24 * time.Hour)
	if w.pass(); w.r.State().Troubled || strings.Count(w.log.String(), times) != 1 {
		t.Errorf("a day later: %+v", w.r.State())
	}
}

// A webhook that has nothing to say has no gap, however old its newest entry; nor has one whose log reaches far enough.
func TestQuietLogIsNoGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(1, "first")
	for range 10 {
		w.pass()
		w.later(24 * time.Hour)
	}
	w.later(-24 * time.Hour)
	w.later(70 * time.Hour)
	w.try(1, "missed", 0)
	if report := w.pass(); len(report.Gaps) > 0 || len(w.took) != 2 {
		t.Errorf("%+v, took %v", report.Gaps, w.ids())
	}
}

// One delivery that GitHub fails to give out, or that the door will not have, holds up no other.
func TestI7_PoisonedDeliveryHoldsUpNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(1, "first")
	w.pass()
	var ids []int64
	for i := range 6 {
		w.later(time.Minute)
		ids = append(ids, w.try(1, fmt.Sprintf("missed-%d", i), 0, func(e *entry) {
			if i == 1 {
				e.sent.Body = []byte(`{"zen":"not an issue"}`)
			}
		}))
	}
	w.errs[fmt.Sprintf("sent %d", ids[0])] = errPassing
	w.errs[fmt.Sprintf("sent %d", ids[2])] = hls.ErrNotFound
	report := w.pass()
	if got := outcomes(report); got["accepted"] != 3 || got["rejected"] != 1 || got[gone] != 1 || got[putOff] != 1 || !report.Unfinished {
		t.Errorf("outcomes %v of %+v", got, report)
	}
	if len(report.Gaps) != 1 || !strings.Contains(report.Gaps[0].Why, "missed-2") {
		t.Errorf("gaps %+v", report.Gaps)
	}
	w.asked = nil
	if report = w.pass(); outcomes(report)[putOff] != 1 || w.questions("sent") != 1 {
		t.Errorf("again: %v, asked %v", outcomes(report), w.asked)
	}
	clear(w.errs)
	w.later(time.Hour)
	w.asked = nil
	if report = w.pass(); outcomes(report)["accepted"] != 1 || w.questions("sent") != 1 || report.Unfinished {
		t.Errorf("healed: %v, asked %v", outcomes(report), w.asked)
	}
	w.asked = nil
	if w.pass(); w.questions("sent") > 0 {
		t.Errorf("afterwards: asked %v", w.asked)
	}
}

// A pass that is cut short goes on where it was, in this process or the next, and takes nothing twice.
func TestI7_PassGoesOnWhereItWasCutShort(t *testing.T) {
	t.Parallel()
	errStore := errors.New("disk full")
	for name, c := range map[string]struct{ cut, heal func(*world) }{
		"by a limit of GitHub's":     {func(w *world) { w.errs["sent 20"] = errLimit }, func(w *world) { clear(w.errs) }},
		"by the record":              {func(w *world) { w.broken = errStore }, func(w *world) { w.broken = nil }},
		"by want of requests":        {func(w *world) { w.spare = false }, func(w *world) { w.spare = true }},
		"by want of requests, later": {func(w *world) { w.most = len(w.asked) + 15 }, func(w *world) { w.most = 0 }},
		"by GitHub's failing":        {func(w *world) { w.errs["sent"] = errPassing }, func(w *world) { clear(w.errs) }},
		"on the way down":            {func(w *world) { w.errs["log 1"] = errLimit }, func(w *world) { clear(w.errs) }},
	} {
		for _, restart := range []bool{false, true} {
			w := newWorld(t)
			w.receive(1, "first")
			w.pass()
			want := []string{"first"}
			for i := range 40 {
				w.later(time.Minute)
				want = append(want, fmt.Sprintf("missed-%02d", i))
				w.try(1, want[i+1], 0)
			}
			c.cut(w)
			if report := w.pass(); !report.Unfinished || len(w.took) == len(want) {
				t.Errorf("%s: %d taken, unfinished %v", name, len(w.took), report.Unfinished)
			}
			c.heal(w)
			if restart {
				w.restart()
			}
			before := w.questions("sent")
			fetch := len(want) - len(w.took)
			if report := w.pass(); report.Unfinished || !slices.Equal(w.ids(), want) || w.questions("sent")-before != fetch {
				t.Errorf("%s: took %v, fetched %d of %d", name, w.ids(), w.questions("sent")-before, fetch)
			}
		}
	}
}

// A log of more pages than one pass reads is read by several, without beginning anew.
func TestLongLogIsReadByAndBy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.perPage = 1
	w.receive(1, "first")
	w.pass()
	for i := range mostPages + 200 {
		w.later(time.Second)
		w.try(1, fmt.Sprintf("star-%d", i), 0, func(e *entry) { e.Event = "star" })
		if i == 3 {
			w.try(1, "missed", 0)
		}
	}
	if report := w.pass(); !report.Unfinished || len(w.took) != 1 {
		t.Fatalf("the first: unfinished %v, took %v", report.Unfinished, w.ids())
	}
	w.asked = nil
	if report := w.pass(); report.Unfinished || !slices.Equal(w.ids(), []string{"first", "missed"}) || w.questions("log") > 210 {
		t.Errorf("the second: unfinished %v, took %v, %d pages", report.Unfinished, w.ids(), w.questions("log"))
	}
	w.pass()
	w.asked = nil
	w.errs["log 1"] = nil
	if w.pass(); w.questions("log") > 310 {
		t.Errorf("%d pages for nothing new", w.questions("log"))
	}
}

// What does not fit into memory is left to a later pass: the oldest come first.
func TestI7_MoreThanFitsIsTakenOldestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(1, "first")
	w.pass()
	for i := range 25 {
		w.later(time.Minute)
		w.try(1, fmt.Sprintf("missed-%02d", i), 0)
	}
	w.r.most = 10
	for _, want := range []int{11, 21, 26} {
		if report := w.pass(); len(w.took) != want || report.Unfinished != (want < 26) {
			t.Fatalf("took %v, unfinished %v", w.ids(), report.Unfinished)
		}
	}
	if ids := w.ids()[1:]; !slices.IsSorted(ids) {
		t.Errorf("order %v", ids)
	}
}

func TestPassStopsWhenTheRecordCannotTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := &failingRecord{Store: w.store, err: errors.New("disk full")}
	w.r.deps.Record = f
	w.try(1, "missed", 0)
	if report := w.pass(); len(report.Problems) != 1 || !strings.Contains(report.Problems[0].Text, "disk full") || w.questions("sent") > 0 {
		t.Errorf("%+v, asked %v", report, w.asked)
	}
	f.err = nil
	if w.pass(); len(w.took) != 1 {
		t.Errorf("took %v", w.ids())
	}
}

func TestRunKeepsTheTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var passes atomic.Int64
		var now atomic.Value
		now.Store(rounds.Switch{})
		r, err := New(Deps{
			GitHub: &world{}, Record: &failingRecord{}, Take: (&world{}).door.Take, Unwanted: unwanted, Keeps: time.Hour, Log: newWorldLog(),
			Spare: func() bool { return true }, Targets: func() Targets { passes.Add(1); return Targets{} },
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go r.Run(ctx, func() rounds.Switch { return now.Load().(rounds.Switch) })
		for _, step := range []struct {
			s           rounds.Switch
			wait        time.Duration
			least, most int64 // passes meanwhile
		}{
			{rounds.Switch{}, time.Hour, 0, 0},
			{rounds.Switch{On: true, Every: 10 * time.Minute}, 2 * time.Minute, 1, 1},
			{rounds.Switch{On: true, Every: 10 * time.Minute}, time.Hour, 5, 6},
			{rounds.Switch{On: true}, time.Hour, 0, 0},
			{rounds.Switch{}, time.Hour, 0, 0},
			{rounds.Switch{On: true, Every: 20 * time.Second}, 5 * time.Minute, 12, 15},
		} {
			before := passes.Load()
			now.Store(step.s)
			time.Sleep(step.wait) // synctest's time: it passes at once
			synctest.Wait()
			if n := passes.Load() - before; n < step.least || n > step.most {
				t.Errorf("%+v: %d passes", step, n)
			}
		}
		cancel()
		synctest.Wait()
	})
}
