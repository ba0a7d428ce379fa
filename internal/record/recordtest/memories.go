package recordtest

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hls/internal/hls"
)

func memoryTests() map[string]func(*house) {
	return map[string]func(*house){
		"MemoriesAreKeptWithThePlan":    memoriesKept,
		"MemoriesAreReplacedAndForgot":  memoriesReplaced,
		"MemoriesAreRecalledWide":       memoriesWide,
		"MemoriesAgeOut":                memoriesAge,
		"I5_MemoriesStayInTheirSecrets": memoriesStay,
	}
}

func (h *house) remember(task hls.Task, memories ...hls.Memory) {
	h.Helper()
	h.must(h.store.SavePlan(h.ctx, task, hls.Plan{Remember: memories}))
}

// recalled are the memories as "subject kind key value", in order.
func (h *house) recalled(r hls.Recall) string {
	h.Helper()
	found, err := h.store.Recall(h.ctx, r)
	h.must(err)
	var lines []string
	for _, m := range found {
		lines = append(lines, fmt.Sprintf("%s %s %s %s", m.Subject, m.Kind, m.Key, m.Value))
	}
	return strings.Join(lines, "\n")
}

func memory(s hls.Subject, kind, key, value string) hls.Memory {
	return hls.Memory{Subject: s, Kind: kind, Key: key, Value: json.RawMessage(value)}
}

func memoriesKept(h *house) {
	s := issue(1, 1)
	h.accept(h.work(s))
	task := h.claim()
	h.remember(task, memory(s, "finding", "b", `{"text": "é"}`), memory(s, "finding", "a", `1`), memory(s, "cause", "a", `2`))
	h.restart()
	want := fmt.Sprintf("%s finding a 1\n%s finding b {\"text\": \"é\"}", s, s)
	same(h, "memories", h.recalled(hls.Recall{Subject: s, Kind: "finding"}), want)
	same(h, "one memory", h.recalled(hls.Recall{Subject: s, Kind: "finding", Key: "a"}), fmt.Sprintf("%s finding a 1", s))
	same(h, "memories within a limit", h.recalled(hls.Recall{Subject: s, Kind: "finding", Limit: 1}), fmt.Sprintf("%s finding a 1", s))
	same(h, "memories of another subject", h.recalled(hls.Recall{Subject: issue(1, 2), Kind: "finding"}), "")
	found, err := h.store.Recall(h.ctx, hls.Recall{Subject: s, Kind: "cause"})
	h.must(err)
	if len(found) != 1 || !found[0].At.Equal(h.now()) || found[0].Subject != s {
		h.Errorf("memories %+v", found)
	}
	task.Lease.Epoch++
	h.wants(h.store.SavePlan(h.ctx, task, hls.Plan{Remember: []hls.Memory{memory(s, "cause", "a", `3`)}}), hls.ErrLost)
	same(h, "what a lost lease left", h.recalled(hls.Recall{Subject: s, Kind: "cause"}), fmt.Sprintf("%s cause a 2", s))
}

func memoriesReplaced(h *house) {
	s := issue(1, 1)
	h.accept(h.work(s))
	task := h.claim()
	h.remember(task, memory(s, "finding", "a", `1`), memory(s, "finding", "b", `1`))
	h.pass(time.Second)
	h.remember(task, memory(s, "finding", "b", `2`))
	same(h, "memories", h.recalled(hls.Recall{Subject: s, Kind: "finding"}), fmt.Sprintf("%s finding b 2\n%s finding a 1", s, s))
	h.remember(task, memory(s, "finding", "b", ""), memory(s, "finding", "none", ""))
	same(h, "memories", h.recalled(hls.Recall{Subject: s, Kind: "finding"}), fmt.Sprintf("%s finding a 1", s))
}

func memoriesWide(h *house) {
	for n := 1; n <= 3; n++ {
		s := issue(1, n)
		h.accept(h.work(s))
		h.remember(h.claim(), memory(s, "cause", "f00", `1`), memory(s, "cause", fmt.Sprint(n), `2`))
		h.pass(time.Second)
	}
	other := issue(2, 1)
	h.accept(h.work(other))
	h.remember(h.claim(), memory(other, "cause", "f00", `1`))
	want := fmt.Sprintf("%s cause f00 1\n%s cause f00 1\n%s cause f00 1", issue(1, 3), issue(1, 2), issue(1, 1))
	same(h, "one cause", h.recalled(hls.Recall{Subject: issue(1, 9), Wide: true, Kind: "cause", Key: "f00"}), want)
	same(h, "the newest", h.recalled(hls.Recall{Subject: issue(1, 9), Wide: true, Kind: "cause", Limit: 1}), fmt.Sprintf("%s cause 3 2", issue(1, 3)))
}

func memoriesAge(h *house) {
	s := issue(1, 1)
	h.accept(h.work(s))
	task := h.claim()
	h.remember(task, memory(s, "cause", "old", `1`), memory(s, hls.LabelGone, "bug", `true`))
	h.pass(40 * 24 * time.Hour)
	h.remember(task, memory(s, "cause", "new", `1`))
	h.pass(time.Hour)
	h.purgeAll()
	same(h, "memories", h.recalled(hls.Recall{Subject: s, Kind: "cause"}), fmt.Sprintf("%s cause new 1", s))
	same(h, "what does not age", h.recalled(hls.Recall{Subject: s, Kind: hls.LabelGone}), fmt.Sprintf("%s %s bug true", s, hls.LabelGone))
}

func memoriesStay(h *house) {
	s := issue(1, 1)
	h.accept(h.work(s))
	task := h.claim()
	apart := s
	apart.Scope = "acme/other"
	for _, elsewhere := range []hls.Subject{issue(2, 1), apart} {
		if err := h.store.SavePlan(h.ctx, task, hls.Plan{Remember: []hls.Memory{memory(elsewhere, "cause", "a", `1`)}}); err == nil {
			h.Errorf("a task of %s remembers something of %+v", s, elsewhere)
		}
	}
	h.remember(task, memory(s, "cause", "a", `1`))
	same(h, "what another secret's subject recalls", h.recalled(hls.Recall{Subject: apart, Wide: true, Kind: "cause"}), "")
}
