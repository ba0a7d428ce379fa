package recordtest

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"hls/internal/hls"
)

func analysisTests() map[string]func(*house) {
	return map[string]func(*house){
		"E5_AnalysisIsKeptWhole":      analysisKept,
		"E5_FirstAnalysisStands":      firstStands,
		"PreviousIsOfAnotherDoneTask": previous,
		"PlanIsKept":                  planKept,
	}
}

func (h *house) analysis(task hls.Task, revision string) hls.Analysis {
	return hls.Analysis{
		TaskID: task.ID, DeliveryID: task.DeliveryID, Subject: task.Subject, Purpose: task.Purpose, Revision: revision,
		Answer: json.RawMessage("{ \"type\" :\n\"bug <&>\" }"), Model: "claude-sonnet-5-5", Template: "issues/analyze.j2", PromptHash: "abc",
		Prompt: hls.Prompt{
			System: strings.Repeat("stable ", 500), User: "a \x00 é text", Template: "issues/analyze.j2", Hash: "abc",
			Schema: json.RawMessage(`{ "type": "object" }`),
		},
		Usage: hls.Usage{InputTokens: 100, OutputTokens: 20, CacheReadTokens: 3, CacheWriteTokens: 4, CostMicroUSD: 500},
		At:    h.now(),
	}
}

func analysisKept(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	task := h.claim()
	_, err := h.store.Analysis(h.ctx, id)
	h.wants(err, hls.ErrNotFound)
	reservation, err := h.store.Reserve(h.ctx, hls.Reservation{Task: task, MicroUSD: 9000})
	h.must(err)
	want := h.analysis(task, "r1")
	h.must(h.store.SaveAnalysis(h.ctx, task, reservation, want))
	h.restart()
	got, err := h.store.Analysis(h.ctx, id)
	h.must(err)
	if !reflect.DeepEqual(got, want) {
		h.Fatalf("analysis is\n%+v, want\n%+v", got, want)
	}
	s := h.stats()
	same(h, "spend", s.Spend, want.Usage)
	same(h, "calls", s.Calls, 1)
}

func firstStands(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	task := h.claim()
	h.must(h.store.SaveAnalysis(h.ctx, task, 0, h.analysis(task, "r1")))
	reservation, err := h.store.Reserve(h.ctx, hls.Reservation{Task: task, MicroUSD: 9000})
	h.must(err)
	h.must(h.store.SaveAnalysis(h.ctx, task, reservation, h.analysis(task, "r2")))
	got, err := h.store.Analysis(h.ctx, id)
	h.must(err)
	same(h, "revision", got.Revision, "r1")
	same(h, "cost of the second call", h.stats().Spend.CostMicroUSD, 500)
}

func previous(h *house) {
	run := func(revision string, o hls.Outcome) hls.Task {
		h.accept(h.work(issue(1, 1)))
		task := h.claim()
		h.must(h.store.SaveAnalysis(h.ctx, task, 0, h.analysis(task, revision)))
		h.finish(task, o)
		h.pass(time.Second)
		return task
	}
	first := run("r1", hls.Outcome{State: hls.Done})
	_, err := h.store.Previous(h.ctx, first)
	h.wants(err, hls.ErrNotFound)
	second := run("r2", hls.Outcome{State: hls.Done})
	third := run("r3", hls.Outcome{State: hls.Parked, Reason: "refusal"})
	for _, c := range []struct {
		of   hls.Task
		want string
	}{{first, "r2"}, {second, "r1"}, {third, "r2"}} {
		got, err := h.store.Previous(h.ctx, c.of)
		h.must(err)
		same(h, "revision", got.Revision, c.want)
	}
	third.Purpose = "review"
	_, err = h.store.Previous(h.ctx, third)
	h.wants(err, hls.ErrNotFound)
}

func planKept(h *house) {
	id := h.accept(h.work(issue(1, 1)))
	task := h.claim()
	_, err := h.store.Plan(h.ctx, id)
	h.wants(err, hls.ErrNotFound)
	h.must(h.store.SavePlan(h.ctx, task, hls.Plan{Silent: "first"}))
	want := hls.Plan{Effects: []hls.Effect{comment(task, "r1")}, Dropped: []hls.Drop{{What: "label wontfix", Why: "not_allowed"}}, Silent: "nothing"}
	h.must(h.store.SavePlan(h.ctx, task, want))
	got, err := h.store.Plan(h.ctx, id)
	h.must(err)
	if !reflect.DeepEqual(got, want) {
		h.Fatalf("plan is %+v, want %+v", got, want)
	}
}
