package recordtest

import (
	"sync"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
)

func touchTests() map[string]func(*house) {
	return map[string]func(*house){
		"E8_HandsAreRemembered":      handsAreRemembered,
		"E8_OverridesAreTallied":     overridesAreTallied,
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

func overridesAreTallied(h *house) {
	repo := issue(1, 1)
	tally := func() hls.LabelTally {
		h.Helper()
		tally, err := record.Tallied(h.ctx, h.store, repo, "BUG", h.now())
		h.must(err)
		demoted, err := record.Demoted(h.ctx, h.store, repo, "bug", h.now())
		h.must(err)
		same(h, "demoted", demoted, tally.Demoted())
		return tally
	}
	for n := range 4 {
		h.touched(issue(1, n), "bug", hls.LabelAdded, itself())
		h.pass(time.Minute)
		if n == 3 {
			h.touched(issue(1, n), "bug", hls.LabelKept, ann())
			h.touched(issue(1, n), "bug", hls.LabelKept, ann())
			continue
		}
		h.touched(issue(1, n), "bug", hls.LabelRemoved, ann())
		h.touched(issue(1, n), "bug", hls.LabelRemoved, ann())
	}
	h.touched(issue(1, 1), "docs", hls.LabelAdded, ann())
	h.touched(issue(2, 1), "bug", hls.LabelAdded, itself())
	h.touched(issue(2, 1), "bug", hls.LabelRemoved, ann())
	same(h, "tally", tally(), hls.LabelTally{Overridden: 3, Kept: 1})
	same(h, "demoted", tally().Demoted(), true)
	counts := map[record.LabelCount]bool{}
	for _, c := range h.stats().Labels {
		counts[c] = true
	}
	same(h, "labels counted", len(counts), 2)
	same(h, "of the first", counts[record.LabelCount{Repo: repo.Repo, Label: "bug", LabelTally: hls.LabelTally{Overridden: 3, Kept: 1}}], true)
	same(h, "of the second", counts[record.LabelCount{Repo: issue(2, 1).Repo, Label: "bug", LabelTally: hls.LabelTally{Overridden: 1}}], true)
	h.pass(hls.OverrideWindow)
	same(h, "tally after the window", tally(), hls.LabelTally{})
	same(h, "of the whole time", len(h.stats().Labels), 2)
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
