//go:build faults

package faults_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"hls/internal/fault"
	"hls/internal/history"
	"hls/internal/hls"
	"hls/internal/simulate"
)

// write is the first write of a task, one for each way in which HLS makes sure of one.
type write struct {
	name    string
	glob    string
	pull    bool
	answers func(question) string
	effect  hls.EffectKind
}

var writes = []write{
	{"labels", "/repos/*/*/issues/*/labels", false, func(q question) string { return triaged(q, []string{"bug"}, false) }, hls.AddLabels},
	{"comment", "/repos/*/*/issues/*/comments", false, func(q question) string { return triaged(q, nil, true) }, hls.UpsertComment},
	{"review", "/repos/*/*/pulls/*/reviews", true, reviewed, hls.CreateReview},
}

// ambiguity is an answer of GitHub that leaves open whether it did what it was asked to. Where a client cannot tell, the
// write was made in one half of the runs and not in the other.
type ambiguity struct {
	name string
	made simulate.Fault
	not  simulate.Fault // the zero Fault where it is always made
}

const (
	requestTimeout = 600 * time.Millisecond
	// unseen is how long GitHub may hide what it made, as 45 seconds are to the minute that HLS waits: a scale of 30.
	unseen = 1500 * time.Millisecond
)

var ambiguities = []ambiguity{
	{name: "500 but created", made: simulate.Fault{Kind: simulate.FailAfter, Status: 500}},
	{"502", simulate.Fault{Kind: simulate.FailAfter, Status: 502}, simulate.Fault{Kind: simulate.FailBefore, Status: 502}},
	{"504", simulate.Fault{Kind: simulate.FailAfter, Status: 504}, simulate.Fault{Kind: simulate.FailBefore, Status: 504}},
	{"reset", simulate.Fault{Kind: simulate.ResetAfter}, simulate.Fault{Kind: simulate.ResetBefore}},
	{"timeout", simulate.Fault{Kind: simulate.HangAfter}, simulate.Fault{Kind: simulate.Outlived, Wait: requestTimeout + 400*time.Millisecond}},
	{name: "truncated JSON", made: simulate.Fault{Kind: simulate.Truncated}},
	{name: "201 without id", made: simulate.Fault{Kind: simulate.NoID}},
	{"visible late", simulate.Fault{Kind: simulate.FailAfter, Status: 502, Hidden: unseen}, simulate.Fault{Kind: simulate.Late, Wait: unseen}},
}

// HLS is crashed at each place, under each ambiguous answer to its first write, for each kind of write, and
// starts it again.
func TestE5_CrashAtEachPlaceUnderEachAmbiguousAnswer(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b backend) {
		slots := make(chan struct{}, 6)
		for _, place := range fault.Places {
			for i, a := range ambiguities {
				for j, wr := range writes {
					t.Run(string(place)+"/"+a.name+"/"+wr.name, func(t *testing.T) {
						t.Parallel()
						slots <- struct{}{}
						defer func() { <-slots }()
						f := a.made
						if half := slices.Index(fault.Places, place) + i + j; a.not.Kind != "" && half%2 == 1 {
							f = a.not
						}
						crash(t, b, place, f, wr)
					})
				}
			}
		}
	})
}

// crash is one cell of the matrix.
func crash(t *testing.T, b backend, place fault.Place, f simulate.Fault, wr write) {
	t.Helper()
	w := newWorld(t, b, setup{timeout: requestTimeout, answers: wr.answers})
	w.addRepository("acme/alpha")
	f.Method, f.PathGlob = http.MethodPost, wr.glob
	w.github.Fail(f)
	p := w.run("HLS_FAULT=" + string(place) + ":1")
	d := w.first(wr.pull)
	if code := w.attempt(d); code != 0 && code != http.StatusAccepted {
		t.Errorf("answered %d", code)
	}
	w.crashed(p)

	p = w.run()
	w.deliver(d)
	w.deliver(d)
	w.idle()
	v := w.verdict(p)
	w.madeOnce(d, wr.effect, &v)
	w.report("crash at "+string(place), 1, v)
}

func (w *world) first(pull bool) delivery {
	if pull {
		return w.openPull("acme/alpha", 1)
	}
	return w.openIssue("acme/alpha", 1)
}

// madeOnce adds to a verdict what is wrong unless the task is done, and its one effect is there once.
func (w *world) madeOnce(d delivery, kind hls.EffectKind, v *history.Verdict) {
	w.t.Helper()
	wrong := func(harm history.Harm, format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		w.t.Error(text)
		v.Violations = append(v.Violations, history.Violation{Promise: "E5", Harm: harm, Text: text})
	}
	s := d.subject
	n := map[hls.EffectKind]int{
		hls.AddLabels: len(w.github.Labels(s.Repo, s.Number)), hls.UpsertComment: len(w.github.Comments(s.Repo, s.Number)),
		hls.CreateReview: len(w.github.Reviews(s.Repo, s.Number)),
	}
	for k, n := range n {
		switch {
		case k == kind && n == 0:
			wrong(history.Loss, "there is no %s", k)
		case k == kind && n > 1, k != kind && n > 0:
			wrong(history.Double, "%d of %s", n, k)
		}
	}
	for _, e := range w.history.Entries() {
		if e.Task != nil && e.Task.State != string(hls.Done) {
			wrong(history.Loss, "the task ended as %s (%s)", e.Task.State, e.Task.Reason)
		}
		if e.Effect != nil && e.Effect.State != string(hls.EffectDone) {
			wrong(history.Loss, "the effect ended as %s: %s", e.Effect.State, e.Effect.Note)
		}
	}
}
