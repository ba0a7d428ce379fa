package recordtest

import (
	"context"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func intakeTests() map[string]func(*house) {
	return map[string]func(*house){
		"I1_DeliveryIsKeptWhole":         keptWhole,
		"I1_CanceledCallersLoseNothing":  canceled,
		"I2_EveryClassIsCounted":         everyClass,
		"I3_SameIDOnce":                  sameID,
		"I3_SameBodyOnceIn30Days":        sameBody,
		"I3_OtherHookIsAlias":            otherHook,
		"I3_SameHookOtherBodyIsConflict": conflict,
		"I3_FiftyAtOnceAreOne":           fifty,
		"IgnoredIsAcceptedLater":         ignoredLater,
		"IgnoredStaysIgnored":            ignoredAgain,
	}
}

func keptWhole(h *house) {
	d := withBody(h.delivery(issue(7, 1)), `{"a": "`+strings.Repeat("<é>", 1<<20)+`"}`)
	d.Scope = "acme/repo-7"
	d.Headers = map[string]string{"X-GitHub-Event": "issues", "User-Agent": "GitHub-Hookshot/1"}
	w := h.work(issue(7, 1))
	w.Subject.Scope = d.Scope
	h.add(record.Intake{Delivery: d, Work: &w})
	h.restart()
	got, err := h.store.Delivery(h.ctx, d.ID)
	h.must(err)
	if !reflect.DeepEqual(got, d) {
		h.Fatal("the delivery came back changed")
	}
	task, err := h.store.TaskOf(h.ctx, d.ID)
	h.must(err)
	want := hls.Task{
		ID: task.ID, DeliveryID: d.ID, RequestID: d.RequestID, Origin: w.Origin, Subject: w.Subject, Purpose: w.Purpose, Event: w.Event,
		Action: w.Action, Actor: w.Actor, State: hls.Queued, OccurredAt: w.OccurredAt, RunAt: h.now(), QueuedAt: h.now(),
	}
	if !reflect.DeepEqual(task, want) {
		h.Fatalf("task is\n%+v, want\n%+v", task, want)
	}
	_, err = h.store.Delivery(h.ctx, "unknown")
	h.wants(err, hls.ErrNotFound)
	_, err = h.store.TaskOf(h.ctx, "unknown")
	h.wants(err, hls.ErrNotFound)
}

// canceled: a caller whose context ends gets either the receipt of what is stored, or an error for what is not.
func canceled(h *house) {
	var all sync.WaitGroup
	for i := range 300 {
		w := h.work(issue(1, i))
		d := h.delivery(w.Subject)
		all.Go(func() {
			ctx, cancel := context.WithTimeout(h.ctx, time.Duration(rand.IntN(3000))*time.Microsecond)
			defer cancel()
			r, err := h.store.Add(ctx, record.Intake{Delivery: d, Work: &w})
			_, missing := h.store.Delivery(h.ctx, d.ID)
			if (err == nil) != (missing == nil) || (err == nil) != (r.TaskID != 0) {
				h.Errorf("add: %v %+v; read: %v", err, r, missing)
			}
		})
	}
	all.Wait()
	s := h.stats()
	same(h, "pending", s.Pending, s.Requests["accepted"])
}

func everyClass(h *house) {
	s := issue(1, 1)
	w, d := h.work(s), h.delivery(s)
	h.add(record.Intake{Delivery: d, Work: &w})
	h.add(record.Intake{Delivery: d, Work: &w})
	h.add(record.Intake{Delivery: withBody(d, `{}`), Work: &w})
	h.add(record.Intake{Delivery: h.delivery(s), Ignored: "event_not_enabled"})
	h.must(h.store.Count(h.ctx, hls.Pong, ""))
	h.must(h.store.Count(h.ctx, hls.Rejected, "signature"))
	h.must(h.store.Count(h.ctx, hls.Rejected, "signature"))
	h.restart()
	got := h.stats()
	want := map[string]int64{"accepted": 1, "duplicate": 1, "conflict": 1, "ignored": 1, "pong": 1, "rejected": 2}
	if !reflect.DeepEqual(got.Requests, want) {
		h.Errorf("requests are %v, want %v", got.Requests, want)
	}
	want = map[string]int64{"duplicate/delivery_id": 1, "ignored/event_not_enabled": 1, "rejected/signature": 2}
	if !reflect.DeepEqual(got.Reasons, want) {
		h.Errorf("reasons are %v, want %v", got.Reasons, want)
	}
	same(h, "accepted issues", got.Events["issues"], 1)
	same(h, "accepted of the repository", got.Repos[s.Repo], 1)
}

func sameID(h *house) {
	w := h.work(issue(1, 1))
	d := h.delivery(w.Subject)
	h.add(record.Intake{Delivery: d, Work: &w})
	for range 2 {
		same(h, "receipt", h.add(record.Intake{Delivery: d, Work: &w}), hls.Receipt{Class: hls.Duplicate, Reason: "delivery_id"})
		h.restart()
	}
	h.done(h.claim())
	same(h, "receipt", h.add(record.Intake{Delivery: d, Work: &w}), hls.Receipt{Class: hls.Duplicate, Reason: "delivery_id"})
	h.idle()
}

func sameBody(h *house) {
	w := h.work(issue(1, 1))
	first, again := h.delivery(w.Subject), h.delivery(w.Subject)
	again.Event, again.HookID = "pull_request", "hook-2"
	again = withBody(again, string(first.Body))
	h.add(record.Intake{Delivery: first, Work: &w})
	h.pass(30*24*time.Hour - time.Second)
	same(h, "receipt", h.add(record.Intake{Delivery: again, Work: &w}), hls.Receipt{Class: hls.Duplicate, Reason: "body"})
	_, err := h.store.Delivery(h.ctx, again.ID)
	h.wants(err, hls.ErrNotFound)
	h.pass(time.Second)
	same(h, "class", h.add(record.Intake{Delivery: again, Work: &w}).Class, hls.Accepted)
}

func otherHook(h *house) {
	w := h.work(issue(1, 1))
	first := h.delivery(w.Subject)
	alias := withBody(first, `{"from": "another hook"}`)
	alias.HookID = "hook-2"
	h.add(record.Intake{Delivery: first, Work: &w})
	same(h, "receipt", h.add(record.Intake{Delivery: alias, Work: &w}), hls.Receipt{Class: hls.Duplicate, Reason: "alias"})
	same(h, "receipt again", h.add(record.Intake{Delivery: alias, Work: &w}), hls.Receipt{Class: hls.Duplicate, Reason: "delivery_id"})
	same(h, "another body of the alias", h.add(record.Intake{Delivery: withBody(alias, `{}`), Work: &w}).Class, hls.Conflict)
	replay := withBody(h.delivery(w.Subject), string(alias.Body))
	same(h, "the alias's body replayed", h.add(record.Intake{Delivery: replay, Work: &w}), hls.Receipt{Class: hls.Duplicate, Reason: "body"})
	same(h, "pending", h.stats().Pending, 1)
}

func conflict(h *house) {
	for _, hook := range []string{"hook-1", ""} {
		w := h.work(issue(1, 1))
		d := h.delivery(w.Subject)
		d.HookID = hook
		h.add(record.Intake{Delivery: d, Work: &w})
		same(h, "class", h.add(record.Intake{Delivery: withBody(d, `{"forged": true}`), Work: &w}).Class, hls.Conflict)
		got, err := h.store.Delivery(h.ctx, d.ID)
		h.must(err)
		same(h, "body", string(got.Body), string(d.Body))
	}
}

func fifty(h *house) {
	w := h.work(issue(1, 1))
	d := h.delivery(w.Subject)
	var all sync.WaitGroup
	receipts := make([]hls.Receipt, 50)
	for i := range receipts {
		all.Go(func() {
			var err error
			if receipts[i], err = h.store.Add(h.ctx, record.Intake{Delivery: d, Work: &w}); err != nil {
				h.Error(err)
			}
		})
	}
	all.Wait()
	count := map[hls.Class]int{}
	for _, r := range receipts {
		count[r.Class]++
	}
	same(h, "accepted", count[hls.Accepted], 1)
	same(h, "duplicate", count[hls.Duplicate], 49)
	h.done(h.claim())
	h.idle()
}

func ignoredLater(h *house) {
	w := h.work(issue(1, 1))
	d := h.delivery(w.Subject)
	same(h, "receipt", h.add(record.Intake{Delivery: d, Ignored: "disabled"}), hls.Receipt{Class: hls.Ignored, Reason: "disabled"})
	got, err := h.store.Delivery(h.ctx, d.ID)
	h.must(err)
	same(h, "length of an ignored payload", len(got.Body), 0)
	same(h, "the rule", got.Ignored, "disabled")
	h.idle()
	r := h.add(record.Intake{Delivery: d, Work: &w})
	same(h, "class", r.Class, hls.Accepted)
	got, err = h.store.Delivery(h.ctx, d.ID)
	h.must(err)
	same(h, "body", string(got.Body), string(d.Body))
	same(h, "the rule once accepted", got.Ignored, "")
	h.claims(r.TaskID)
	same(h, "class", h.add(record.Intake{Delivery: d, Work: &w}).Class, hls.Duplicate)
	same(h, "class", h.add(record.Intake{Delivery: d, Ignored: "disabled"}).Class, hls.Duplicate)
}

func ignoredAgain(h *house) {
	s := issue(1, 1)
	d := h.delivery(s)
	for _, reason := range []string{"disabled", "bot"} {
		same(h, "receipt", h.add(record.Intake{Delivery: d, Ignored: reason}), hls.Receipt{Class: hls.Ignored, Reason: reason})
	}
	other := withBody(h.delivery(s), string(d.Body))
	same(h, "an ignored body under another id", h.add(record.Intake{Delivery: other, Ignored: "bot"}).Class, hls.Ignored)
	same(h, "another body", h.add(record.Intake{Delivery: withBody(d, `{}`), Ignored: "bot"}).Class, hls.Conflict)
}
