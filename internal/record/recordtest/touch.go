package recordtest

import (
	"strings"
	"sync"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func touchTests() map[string]func(*house) {
	return map[string]func(*house){
		"E8_HandsAreRemembered":      handsAreRemembered,
		"E8_OverridesAreTallied":     overridesAreTallied,
		"E8_KeptIsNotTakenOff":       keptNoMore,
		"E8_ThePastIsForgotten":      pastIsForgotten,
		"E8_TouchedAtOnceIsNotLost":  touchedAtOnce,
		"E8_TouchesQueueNothing":     touchesQueueNothing,
		"E8_TheRecordOfHandsAgesOut": handsAgeOut,
	}
}

func itself() hls.Account { return hls.Account{ID: 1, Login: "hls-bot"} }

func ann() hls.Account { return hls.Account{ID: 2, Login: "ann"} }

// touched tells the store of something that happens to a label now.
func (h *house) touched(s hls.Subject, label string, fate hls.Fate, by hls.Account) {
	h.Helper()
	h.must(h.store.Touch(h.ctx, []hls.Touch{{Subject: s, Label: label, Fate: fate, By: by, At: h.now(), Self: itself()}}))
}

// hands reads what is remembered of the labels of a subject.
func (h *house) hands(s hls.Subject) []hls.LabelState {
	h.Helper()
	found, err := h.store.Recall(h.ctx, hls.Recall{Subject: s, Kind: hls.Touched})
	h.must(err)
	states, err := hls.LabelStates(found)
	h.must(err)
	return states
}

func handsAreRemembered(h *house) {
	s := issue(1, 1)
	first := h.now()
	h.touched(s, "Bug", hls.LabelAdded, itself())
	h.pass(time.Hour)
	h.touched(s, "bug", hls.LabelRemoved, ann())
	h.restart()
	h.touched(s, "docs", hls.LabelKept, ann()) // HLS had no hand in it.
	states := h.hands(s)
	same(h, "labels", len(states), 1)
	same(h, "label", states[0].Label, "bug")
	same(h, "added", *states[0].Added, hls.Hand{By: itself(), Own: true, At: first})
	same(h, "removed", *states[0].Removed, hls.Hand{By: ann(), At: h.now()})
	same(h, "overridden", states[0].Overridden, h.now())
	late := hls.Touch{Subject: s, Label: "bug", Fate: hls.LabelRemoved, By: itself(), At: first.Add(time.Minute), Self: itself()}
	h.must(h.store.Touch(h.ctx, []hls.Touch{late, late}))
	same(h, "removed", *h.hands(s)[0].Removed, hls.Hand{By: ann(), At: h.now()})
	same(h, "labels of another", len(h.hands(issue(1, 2))), 0)
}

// applies has HLS set labels on an issue, as the ledger tells.
func (h *house) applies(s hls.Subject, labels ...string) {
	h.Helper()
	task := h.running(h.work(s))
	e := hls.Effect{Kind: hls.AddLabels, Subject: s, Purpose: task.Purpose, Revision: task.DeliveryID}
	for _, name := range labels {
		e.Labels = append(e.Labels, hls.Label{Name: name})
	}
	row := h.intend(task, e)[0].ID
	h.move(task, row, hls.Intent, hls.Sending)
	h.must(h.store.Move(h.ctx, task, row, hls.Move{From: hls.Sending, To: hls.EffectDone, Applied: labels}))
	h.done(task)
}

func (h *house) tally(s hls.Subject, label string) hls.LabelTally {
	h.Helper()
	tallies, err := record.Tallied(h.ctx, h.store, s, h.now())
	h.must(err)
	return tallies[label]
}

func overridesAreTallied(h *house) {
	repo := issue(1, 1)
	for n := range 4 {
		h.applies(issue(1, n), "Bug", "ui")
		h.pass(time.Minute)
		if n == 3 {
			h.touched(issue(1, n), "bug", hls.LabelKept, ann())
			h.touched(issue(1, n), "bug", hls.LabelKept, ann())
			continue
		}
		h.touched(issue(1, n), "bug", hls.LabelAdded, itself()) // The event of it comes late.
		h.pass(time.Minute)
		h.touched(issue(1, n), "bug", hls.LabelRemoved, ann())
		h.touched(issue(1, n), "bug", hls.LabelRemoved, ann())
		h.pass(time.Minute)
	}
	h.touched(issue(1, 1), "docs", hls.LabelAdded, ann())
	h.touched(issue(1, 1), "docs", hls.LabelAdded, ann())
	h.applies(issue(2, 1), "bug")
	h.pass(time.Minute)
	h.touched(issue(2, 1), "bug", hls.LabelRemoved, ann())
	h.touched(issue(2, 2), "bug", hls.LabelAdded, itself()) // No move of the ledger told of it.
	h.pass(time.Minute)
	h.touched(issue(2, 2), "bug", hls.LabelRemoved, ann())
	same(h, "tally", h.tally(repo, "bug"), hls.LabelTally{Applied: 4, Overridden: 3, Kept: 1})
	same(h, "tally of another label", h.tally(repo, "ui"), hls.LabelTally{Applied: 4})
	same(h, "tally of what people added", h.tally(repo, "docs"), hls.LabelTally{Added: 1})
	same(h, "tally of another repository", h.tally(issue(2, 1), "bug"), hls.LabelTally{Applied: 1, Overridden: 1})
	counts := map[record.LabelCount]bool{}
	for _, c := range h.stats().Labels {
		counts[c] = true
	}
	same(h, "labels counted", len(counts), 4)
	same(h, "of the first", counts[record.LabelCount{Repo: repo.Repo, Label: "bug", LabelTally: hls.LabelTally{Applied: 4, Overridden: 3, Kept: 1}}], true)
	same(h, "of the second", counts[record.LabelCount{Repo: issue(2, 1).Repo, Label: "bug", LabelTally: hls.LabelTally{Applied: 1, Overridden: 2}}], true)
	h.pass(hls.DemotionWindow)
	same(h, "on the last day of the window", h.tally(repo, "bug").Applied, 4)
	h.pass(24 * time.Hour)
	same(h, "tally after the window", h.tally(repo, "bug"), hls.LabelTally{})
	same(h, "of the whole time", len(h.stats().Labels), 4)
}

// keptNoMore: what was kept when the subject was closed, and taken off after that, was not kept.
func keptNoMore(h *house) {
	s := issue(1, 1)
	h.applies(s, "bug")
	h.pass(time.Hour)
	h.touched(s, "bug", hls.LabelKept, ann())
	same(h, "kept", h.tally(s, "bug"), hls.LabelTally{Applied: 1, Kept: 1})
	h.pass(time.Hour)
	h.touched(s, "bug", hls.LabelRemoved, ann())
	same(h, "taken off", h.tally(s, "bug"), hls.LabelTally{Applied: 1, Overridden: 1})
	h.pass(time.Hour)
	h.touched(s, "bug", hls.LabelAdded, ann())
	h.pass(time.Hour)
	h.touched(s, "bug", hls.LabelRemoved, ann())
	same(h, "taken off what a person had set", h.tally(s, "bug"), hls.LabelTally{Applied: 1, Overridden: 1})
	h.pass(time.Hour)
	h.touched(s, "bug", hls.LabelAdded, itself()) // By hand, as whoever has HLS's account may.
	h.pass(time.Hour)
	h.touched(s, "bug", hls.LabelRemoved, ann())
	same(h, "taken off what the ledger did not set", h.tally(s, "bug"), hls.LabelTally{Applied: 1, Overridden: 1})
}

// pastIsForgotten: what became of a label before a reset has no part in what is counted afterwards.
func pastIsForgotten(h *house) {
	h.applies(issue(1, 1), "bug", "ui")
	h.applies(issue(1, 2), "bug")
	h.pass(time.Minute)
	h.touched(issue(1, 1), "bug", hls.LabelRemoved, ann())
	uses, err := h.store.LabelUses(h.ctx, record.LabelQuery{Repo: "Acme/Repo-1"})
	h.must(err)
	same(h, "labels", len(uses), 2)
	same(h, "use", uses[0].LabelTally, hls.LabelTally{Applied: 2, Overridden: 1})
	_, err = h.store.ForgetLabel(h.ctx, "acme/repo-1", "docs", "mona")
	h.wants(err, hls.ErrNotFound)
	forgotten, err := h.store.ForgetLabel(h.ctx, "acme/repo-1", "Bug", "mona")
	h.must(err)
	same(h, "forgotten", len(forgotten), 1)
	same(h, "what was forgotten", forgotten[0].LabelTally, hls.LabelTally{Applied: 2, Overridden: 1})
	h.restart()
	same(h, "tally", h.tally(issue(1, 1), "bug"), hls.LabelTally{})
	same(h, "tally of another label", h.tally(issue(1, 1), "ui"), hls.LabelTally{Applied: 1})
	h.pass(time.Minute)
	h.applies(issue(1, 3), "bug")
	h.pass(time.Minute)
	h.touched(issue(1, 2), "bug", hls.LabelRemoved, ann()) // It was set before.
	same(h, "tally since", h.tally(issue(1, 1), "bug"), hls.LabelTally{Applied: 1})
	h.touched(issue(1, 3), "bug", hls.LabelRemoved, ann())
	same(h, "tally of what was set since", h.tally(issue(1, 1), "bug"), hls.LabelTally{Applied: 1, Overridden: 1})
	last := h.log(h.store)
	told := false
	for _, e := range last {
		told = told || e.Kind == hls.AuditLabelReset && e.By == "mona" && strings.Contains(string(e.Data), `"overridden":1`)
	}
	same(h, "told in the audit log", told, true)
}

// touchedAtOnce: many tell of labels of one subject at the same time.
func touchedAtOnce(h *house) { touchEverywhere(h, []record.Store{h.store, h.store, h.store}) }

func touchEverywhere(h *house, stores []record.Store) {
	s := issue(1, 1)
	var all sync.WaitGroup
	for i, store := range stores {
		for n := range 10 {
			all.Go(func() {
				fate, by := hls.LabelAdded, itself()
				if i > 0 {
					fate, by = hls.LabelRemoved, ann()
				}
				at := h.now().Add(time.Duration(i) * time.Second)
				one := hls.Touch{Subject: s, Label: "bug", Fate: fate, By: by, At: at, Self: itself()}
				two := one
				two.Label = []string{"docs", "ui"}[n%2]
				if err := store.Touch(h.ctx, []hls.Touch{one, two}); err != nil {
					h.Error(err)
				}
			})
		}
	}
	all.Wait()
	states := h.hands(s)
	same(h, "labels", len(states), 3)
	for _, state := range states {
		same(h, state.Label+" has both hands", state.Added != nil && state.Removed != nil, true)
		same(h, state.Label+" was never overridden", state.Overridden.IsZero(), false)
	}
	var overridden int
	for _, c := range h.stats().Labels {
		overridden += c.Overridden
	}
	same(h, "overridden", overridden, 3)
}

func touchesQueueNothing(h *house) {
	h.touched(issue(1, 1), "bug", hls.LabelAdded, itself())
	h.idle()
	same(h, "entries in the audit log", len(h.log(h.store)), 0)
	h.must(h.store.Touch(h.ctx, nil))
}

func handsAgeOut(h *house) {
	h.touched(issue(1, 1), "bug", hls.LabelAdded, itself())
	h.pass(40 * day)
	h.purgeAll()
	same(h, "labels", len(h.hands(issue(1, 1))), 0)
}

func touchSharedTests() map[string]func(*street) {
	return map[string]func(*street){
		"E8_HandsAreOfTheWhole": func(s *street) { touchEverywhere(s.house, s.stores) },
	}
}
