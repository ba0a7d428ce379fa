package recordtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func auditTests() map[string]func(*house) {
	return map[string]func(*house){
		"S5_EveryDecisionAndEffectIsTold":     everythingIsTold,
		"S5_WhatIsNotWrittenIsNotTold":        onlyWhatIsWritten,
		"S5_OneChainOfManyWriters":            oneChain,
		"S5_ACutVouchesForTheRest":            cutVouches,
		"S5_EntriesOfOthersAreTakenAsTheyAre": othersEntries,
		"S1_AuditHasNoSecret":                 auditWithoutSecrets,
	}
}

// canary is the secret that backends configure.
const canary = "canary-5f2b9c71-secret"

// Redactor is what the stores under test must take secrets out of the audit log with.
func Redactor() *hls.Redactor { return hls.NewRedactor(canary) }

// log reads the audit log of a store, and holds it against itself.
func (h *house) log(store record.Store) []hls.AuditEntry {
	h.Helper()
	list, err := audited(h, store)
	h.must(err)
	chain := record.NewChain(nil)
	for _, e := range list {
		h.must(chain.Next(e))
	}
	report, err := chain.End(true)
	h.must(err)
	head, err := store.AuditHead(h.ctx)
	h.must(err)
	same(h, "head", head.Hash, report.Head)
	return list
}

// audited reads all there is, some at a time.
func audited(h *house, store record.Store) (list []hls.AuditEntry, err error) {
	q := record.AuditQuery{Limit: 7}
	for {
		page, err := store.Audited(h.ctx, q)
		if err != nil || len(page) == 0 {
			return list, err
		}
		list = append(list, page...)
		q.After = page[len(page)-1].Seq
	}
}

// told is what the log says, an entry a line.
func told(list []hls.AuditEntry) (lines []string) {
	for _, e := range list {
		lines = append(lines, fmt.Sprintf("%s %s", e.Kind, e.Data))
	}
	return lines
}

// purgedOnce tells what several passes of retention took as one would, and how many took something.
func purgedOnce(h *house, lines []string) (out []string, purges int) {
	var sum struct {
		Payloads int `json:"payloads"`
	}
	for _, line := range lines {
		data, purge := strings.CutPrefix(line, "purge ")
		if !purge {
			out = append(out, line)
			continue
		}
		before := sum.Payloads
		h.must(json.Unmarshal([]byte(data), &sum))
		sum.Payloads += before
		purges++
	}
	return append(out, fmt.Sprintf(`purge {"payloads":%d}`, sum.Payloads)), purges
}

// everythingIsTold: a delivery from its analysis to its end, one that is parked, resumed and replayed, a burst, and what
// retention takes.
func everythingIsTold(h *house) {
	task := h.life(1, hls.Done, hls.AddLabels)
	h.finish(h.running(h.work(issue(1, 2))), hls.Outcome{State: hls.Parked, Reason: "schema"})
	parked := task.ID + 1
	h.must(h.store.Resume(h.ctx, parked))
	h.finish(h.claims(parked), hls.Outcome{State: hls.Skipped, Reason: "draft"})
	again, err := h.store.Enqueue(h.ctx, task.DeliveryID, record.NewTask{Subject: task.Subject, Purpose: "triage", Origin: hls.FromReplay})
	h.must(err)
	h.done(h.claims(again))
	first := h.accept(h.work(issue(1, 3)))
	h.pass(time.Second)
	second := h.accept(h.work(issue(1, 3)))
	late := h.work(issue(1, 3))
	late.OccurredAt = h.now().Add(-time.Hour)
	third := h.accept(late)
	h.pass(2 * day)
	for more := true; more; { // A pass is short, and takes what it comes to.
		more, err = h.store.Purge(h.ctx, record.Cutoff{Payloads: h.now().Add(-day)})
		h.must(err)
	}

	list := h.log(h.store)
	effect := `{"row":1,"effect":"add_labels","purpose":"triage","state":"%s","effect_sha256":"`
	want := []string{
		`analysis {"purpose":"triage","revision":"r1","model":"claude-sonnet-5-5","template":"issues/analyze.j2","prompt_hash":"abc","answer_sha256":"`,
		`plan {"purpose":"triage","effects":[],"silent":"so"}`,
		`effect ` + fmt.Sprintf(effect, "sending"),
		`effect ` + fmt.Sprintf(effect, "done"),
		`task {"event":"issues","action":"opened","purpose":"triage","origin":"delivery","state":"done","attempt":1}`,
		`task {"event":"issues","action":"opened","purpose":"triage","origin":"delivery","state":"parked","reason":"schema","attempt":1}`,
		`resume {}`,
		`task {"event":"issues","action":"opened","purpose":"triage","origin":"delivery","state":"skipped","reason":"draft","attempt":1}`,
		`replay {}`,
		`task {"event":"","purpose":"triage","origin":"replay","state":"done","attempt":1}`,
		fmt.Sprintf(`superseded {"purpose":"triage","reason":"newer_event","tasks":[%d]}`, first),
		fmt.Sprintf(`superseded {"purpose":"triage","reason":"late_event","tasks":[%d]}`, third),
		`purge {"payloads":4}`,
	}
	got, purges := purgedOnce(h, told(list))
	same(h, "entries", len(got), len(want))
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			h.Errorf("entry %d is\n%s, want\n%s", i+1, got[i], want[i])
		}
	}
	h.is(second, hls.Queued, "")
	e := list[3]
	e.Data, e.Prev, e.Hash = nil, hls.Digest{}, hls.Digest{}
	same(h, "entry", fmt.Sprintf("%+v", e), fmt.Sprintf("%+v", hls.AuditEntry{
		Seq: 4, At: h.now().Add(-2*day - time.Second), Kind: hls.AuditEffect, TaskID: task.ID, DeliveryID: task.DeliveryID,
		Repo: task.Subject.Repo, Subject: task.Subject.String(), By: "ann",
	}))
	since, err := h.store.Audited(h.ctx, record.AuditQuery{Since: h.now().Add(-time.Hour)})
	h.must(err)
	same(h, "entries of the last hour", len(since), purges)
	none, err := h.store.Audited(h.ctx, record.AuditQuery{Since: h.now().Add(time.Hour)})
	h.must(err)
	same(h, "entries of the next hour", len(none), 0)
}

// onlyWhatIsWritten: what is undone, or changes nothing, leaves no entry.
func onlyWhatIsWritten(h *house) {
	h.accept(h.work(issue(1, 1)))
	task := h.claim()
	entry := h.intend(task, comment(task, "r1"))[0].ID
	h.move(task, entry, hls.Intent, hls.Sending)
	h.wants(h.store.SaveAnalysis(h.ctx, task, 999, h.analysis(task, "r0")), hls.ErrNotFound) // Nothing was set aside.
	h.must(h.store.SaveAnalysis(h.ctx, task, 0, h.analysis(task, "r1")))
	h.must(h.store.SaveAnalysis(h.ctx, task, 0, h.analysis(task, "r2")))
	lost := task
	lost.Lease.Epoch++
	h.wants(h.store.Move(h.ctx, task, entry, hls.Move{From: hls.Intent, To: hls.EffectDone}), hls.ErrLost)
	h.wants(h.store.Finish(h.ctx, lost, hls.Outcome{State: hls.Done}), hls.ErrLost)
	h.wants(h.store.SaveAnalysis(h.ctx, lost, 0, h.analysis(task, "r3")), hls.ErrLost)
	h.wants(h.store.Resume(h.ctx, task.ID), record.ErrNotParked)
	if err := h.store.Move(h.ctx, task, entry, hls.Move{From: hls.Sending, To: "sent"}); err == nil {
		h.Fatal("an effect came to a state outside the closed set")
	}
	h.add(record.Intake{Delivery: h.delivery(issue(1, 2)), Ignored: "bot"})
	same(h, "entries", len(h.log(h.store)), 2)
}

// oneChain: workers write at the same time while others append entries and read; the store is opened anew in between.
func oneChain(h *house) {
	for range 2 {
		h.crowdAndAudit([]record.Store{h.store})
		h.log(h.store)
		h.restart()
	}
	h.everyTaskIsTold(h.log(h.store))
}

// crowdAndAudit has deliveries come in and be worked on at several stores, and entries appended.
func (h *house) crowdAndAudit(stores []record.Store) {
	h.Helper()
	var all sync.WaitGroup
	c := &crew{house: h, running: map[string]bool{}}
	for _, store := range stores {
		all.Go(func() {
			for i := range 40 {
				w := h.work(issue(int64(i%3), i%8))
				if _, err := store.Add(h.ctx, record.Intake{Delivery: h.delivery(w.Subject), Work: &w}); err != nil {
					h.Error(err)
				}
				if err := store.Audit(h.ctx, hls.AuditEntry{Kind: "approval", By: "ann"}); err != nil {
					h.Error(err)
				}
				if _, err := store.AuditHead(h.ctx); err != nil {
					h.Error(err)
				}
			}
		})
		all.Go(func() { c.work(store) })
		all.Go(func() { c.work(store) })
	}
	all.Wait()
	c.work(h.store)
}

// everyTaskIsTold says that each task that ended is told of once.
func (h *house) everyTaskIsTold(list []hls.AuditEntry) {
	h.Helper()
	ends := map[int64]int{}
	for _, e := range list {
		var data struct{ Tasks []int64 }
		h.must(json.Unmarshal(e.Data, &data))
		if e.Kind == hls.AuditTask {
			data.Tasks = []int64{e.TaskID}
		}
		for _, id := range data.Tasks {
			ends[id]++
		}
	}
	var ended int64
	for _, n := range h.stats().Outcomes {
		ended += n
	}
	same(h, "tasks that ended", int64(len(ends)), ended)
	for id, n := range ends {
		same(h, fmt.Sprintf("ends of task %d", id), n, 1)
	}
}

// cutVouches: retention takes whole days from the beginning, and what is left says so. Without that entry it does not hold.
func cutVouches(h *house) {
	approve := func() { h.must(h.store.Audit(h.ctx, hls.AuditEntry{Kind: "approval", By: "ann"})) }
	for range 3 {
		approve()
		approve()
		h.pass(day)
	}
	cut := func(before time.Time) {
		for more := true; more; {
			var err error
			more, err = h.store.Purge(h.ctx, record.Cutoff{Audit: before})
			h.must(err)
		}
	}
	cut(h.now().Add(-2 * day))
	list := h.log(h.store)
	same(h, "first", list[0].Seq, 3)
	same(h, "entries", len(list), 5)
	cut(h.now().Add(-2 * day))
	same(h, "entries", len(h.log(h.store)), 5)
	cut(h.now().Add(day))
	h.restart()
	approve()
	left := h.log(h.store)
	same(h, "first", left[0].Seq, 7) // which was the last, and stays to be followed on

	chain := record.NewChain(nil)
	for _, e := range list[1:] { // the third is gone, too
		h.must(chain.Next(e))
	}
	_, err := chain.End(true)
	h.wants(err, record.ErrTampered)
	chain = record.NewChain(&list[2].Prev)
	for _, e := range list[2:] {
		h.must(chain.Next(e))
	}
	_, err = chain.End(false)
	h.must(err)
}

func othersEntries(h *house) {
	e := hls.AuditEntry{
		Kind: "sign_in", TaskID: 3, DeliveryID: "d\x00\xff", Repo: "acme/<widget>", Subject: "s", By: strings.Repeat("é", 400),
		Data: json.RawMessage("{ \"<b>\": [1.50, \"\u2028\"],\n\"a\": null }"), Seq: 77, At: time.Unix(1, 0),
	}
	h.must(h.store.Audit(h.ctx, e))
	for _, bad := range []hls.AuditEntry{
		{}, {Kind: "Sign in"}, {Kind: hls.AuditCut}, {Kind: "x_", Data: json.RawMessage("{")}, {Kind: "big", Data: json.RawMessage(`"` + strings.Repeat("x", 70_000) + `"`)},
	} {
		if err := h.store.Audit(h.ctx, bad); err == nil {
			h.Errorf("an entry of kind %q with %d bytes was taken", bad.Kind, len(bad.Data))
		}
	}
	list := h.log(h.store)
	same(h, "entries", len(list), 1)
	got := list[0]
	same(h, "number", got.Seq, 1)
	same(h, "time", got.At, h.now())
	same(h, "delivery", got.DeliveryID, "d\uFFFD\uFFFD")
	same(h, "by", got.By, strings.Repeat("é", 250))
	same(h, "data", string(got.Data), `{"\u003cb\u003e":[1.50,"\u2028"],"a":null}`)

	text, err := json.MarshalIndent(got, "", "  ") // as over HTTP, and into a file
	h.must(err)
	var back hls.AuditEntry
	h.must(json.Unmarshal(text, &back))
	h.must(record.NewChain(nil).Next(back))
}

// auditWithoutSecrets: whatever has a secret in it is told without.
func auditWithoutSecrets(h *house) {
	h.must(h.store.Audit(h.ctx, hls.AuditEntry{
		Kind: "undo", By: canary, Subject: canary, DeliveryID: canary[:12], Data: json.RawMessage(`{"` + canary + `":"\u0063` + canary[1:] + `"}`),
	}))
	w := h.work(issue(1, 1))
	w.Actor, w.Action = canary, canary
	h.accept(w)
	task := h.claim()
	h.must(h.store.SavePlan(h.ctx, task, hls.Plan{Silent: canary, Dropped: []hls.Drop{{What: canary, Why: "because of " + canary}}}))
	entry := h.intend(task, hls.Effect{Kind: hls.AddLabels, Subject: task.Subject, Purpose: "triage", Labels: []hls.Label{{Name: canary}}})[0].ID
	h.must(h.store.Move(h.ctx, task, entry, hls.Move{From: hls.Intent, To: hls.EffectFailed, Error: "401 for " + canary, URL: "https://x/" + canary}))
	h.finish(task, hls.Outcome{State: hls.Parked, Reason: canary})
	for _, e := range h.log(h.store) {
		text, err := json.Marshal(e)
		h.must(err)
		for i := 0; i+8 <= len(canary); i++ {
			if strings.Contains(string(text), canary[i:i+8]) {
				h.Fatalf("a part of the secret is in %s", text)
			}
		}
	}
	same(h, "entries", len(h.log(h.store)), 4)
}

func auditSharedTests() map[string]func(*street) {
	return map[string]func(*street){"S5_OneChainOfManyStores": oneChainEverywhere}
}

// oneChainEverywhere: whichever stores write, and read, at once, there is one chain with all of it, and each sees it.
func oneChainEverywhere(s *street) {
	s.crowdAndAudit(s.stores)
	first := s.log(s.stores[0])
	for _, store := range s.stores[1:] {
		list := s.log(store)
		same(s.house, "hash of the last", list[len(list)-1].Hash, first[len(first)-1].Hash)
	}
	s.everyTaskIsTold(first)
	n := 0
	for _, e := range first {
		if e.Kind == "approval" {
			n++
		}
	}
	same(s.house, "entries of others", n, 40*len(s.stores))
}
