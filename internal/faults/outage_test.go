//go:build faults

package faults_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"hls/internal/history"
	"hls/internal/simulate"
)

// GitHub is down for six hours, in which deliveries keep coming: 360 times as fast as in reality, it is a minute.
func TestO1_GitHubDownForSixHours(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		w := newWorld(t, b, setup{scale: 360})
		p := w.run()
		f := newTraffic(w, 9)
		f.until(p.ended, time.Second)
		for i, kind := range []simulate.FaultKind{simulate.FailBefore, simulate.ResetBefore, simulate.FailBefore} {
			w.github.Heal()
			w.github.Fail(simulate.Fault{Kind: kind, Status: 502 + i, Times: -1})
			for range 10 {
				f.step()
				f.until(p.ended, 0)
				<-time.After(2 * time.Second)
			}
		}
		f.settle()
		w.idle()
		v := w.verdict(p)
		if v.Parked > 0 {
			t.Errorf("%d tasks were given up", v.Parked)
			v.Violations = append(v.Violations, history.Violation{Promise: "O1", Harm: history.Loss, Text: "given up"})
		}
		w.report("GitHub down for six hours", 1, v)
	})
}

// Work that cannot be done does not hold up what can: GitHub fails for one subject, Claude answers nonsense about
// another, and a third one kills the process whenever Claude is asked about it. A day, after which HLS gives up, is 24
// seconds here.
func TestO1_PoisonedDeliveriesHoldUpNobody(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		const failing, nonsense, deadly, attempts = 1, 2, 3, 4
		var w *world
		w = newWorld(t, b, setup{scale: 3600, attempts: attempts, answers: func(q question) string {
			switch q.subject.Number {
			default:
				<-time.After(300 * time.Millisecond)
			case nonsense:
				return `{"labels":"none"}`
			case deadly:
				<-time.After(100 * time.Millisecond)
				w.mu.Lock()
				running := slices.Clone(w.running)
				w.mu.Unlock()
				for _, p := range running {
					_ = p.cmd.Process.Kill()
					<-p.ended
				}
			}
			return answer(q)
		}})
		w.addRepository("acme/alpha")
		w.github.Fail(simulate.Fault{PathGlob: fmt.Sprintf("/repos/acme/alpha/issues/%d", failing), Kind: simulate.FailBefore, Times: -1})
		p := w.run()
		var all []delivery
		for n := range 20 {
			all = append(all, w.openIssue("acme/alpha", n+1))
		}
		f := &traffic{w: w, slots: make(chan struct{}, 8)}
		for _, d := range all {
			f.deliver(d)
		}
		for deaths := 0; w.dies(p, f.sent); deaths++ {
			if deaths > 3*attempts {
				t.Fatal("it dies again and again")
			}
			w.crashed(p)
			p = w.run()
		}
		for _, d := range all[deadly:] {
			w.want(d.subject)
		}
		v := w.verdict(p)
		if v.Parked != 3 {
			t.Errorf("%d tasks are parked, want the three poisoned ones", v.Parked)
			v.Violations = append(v.Violations, history.Violation{Promise: "O1", Harm: history.Loss, Text: "held up"})
		}
		w.report("poisoned deliveries", 1, v)
	})
}

// dies waits until all deliveries have their tasks and all work has ended, or until the process has, which it tells.
func (w *world) dies(p *process, sent []delivery) (died bool) {
	w.t.Helper()
	w.eventually("all work has ended", func() bool {
		select {
		case <-p.ended:
			died = true
			return true
		default:
		}
		return w.queue() == queue{} && w.taken(sent)
	})
	return died
}

// taken tells whether every delivery has an answer.
func (w *world) taken(sent []delivery) bool {
	requests, answered := map[int]string{}, map[string]bool{}
	for _, e := range w.history.Entries() {
		switch {
		case e.Sent != nil:
			requests[e.Sent.N] = e.Sent.Delivery
		case e.Answered != nil && e.Answered.Code < http.StatusInternalServerError:
			answered[requests[e.Answered.N]] = true
		}
	}
	return !slices.ContainsFunc(sent, func(d delivery) bool { return !answered[d.GUID] })
}

// One repository is flooded; a quiet one beside it is served within a few turns.
func TestO1_FloodDoesNotStarveTheQuiet(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		const flood, concurrency = 300, 4
		w := newWorld(t, b, setup{concurrency: concurrency})
		w.addRepository("acme/busy")
		w.addRepository("acme/quiet")
		p := w.run()
		f := &traffic{w: w, slots: make(chan struct{}, 8)}
		for n := range flood {
			f.deliver(w.openIssue("acme/busy", n+1))
		}
		f.sending.Wait()
		left := w.queue().Pending
		quiet := w.openIssue("acme/quiet", 1)
		w.deliver(quiet)
		w.idle()
		w.want(quiet.subject)
		v := w.verdict(p)
		turns := w.turnsBefore(quiet)
		t.Logf("%d were waiting; %d were begun before the quiet one", left, turns)
		if left < flood/4 {
			t.Errorf("only %d were waiting: that is no flood", left)
		}
		if turns > 2*concurrency {
			t.Errorf("the quiet one waited for %d others", turns)
			v.Violations = append(v.Violations, history.Violation{Promise: "O1", Harm: history.Loss, Text: "starved"})
		}
		w.report("flood beside a quiet repository", 1, v)
	})
}

// turnsBefore counts how often Claude was asked about others between a delivery's answer and its own turn.
func (w *world) turnsBefore(d delivery) (turns int) {
	requests, taken := map[int]bool{}, false
	for _, e := range w.history.Entries() {
		switch {
		case e.Sent != nil && e.Sent.Delivery == d.GUID:
			requests[e.Sent.N] = true
		case e.Answered != nil && requests[e.Answered.N]:
			taken = true
		case e.Asked != nil && taken && e.Asked.Subject == d.subject:
			return turns
		case e.Asked != nil && taken:
			turns++
		}
	}
	return turns
}

// One subject that changes all the time is analyzed as often as the settings allow, whatever is killed meanwhile.
func TestE7_OneSubjectIsNotAnalyzedForever(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		const daily, kills = 5, 10
		w := newWorld(t, b, setup{daily: daily, attempts: 100})
		w.addRepository("acme/alpha")
		p := w.run()
		d := w.openIssue("acme/alpha", 1)
		w.deliver(d)
		for range kills {
			w.kill(p)
			p = w.run()
			for range 3 {
				w.deliver(w.edit(d.subject))
				<-time.After(30 * time.Millisecond)
			}
		}
		w.idle()
		v := w.verdict(p)
		asked := 0
		for _, e := range w.history.Entries() {
			if e.Asked != nil {
				asked++
			}
		}
		if asked == 0 || asked > daily {
			t.Errorf("Claude was asked %d times", asked)
		}
		w.report("cap on analyses of one subject", kills, v)
	})
}
