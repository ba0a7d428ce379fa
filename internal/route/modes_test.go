package route

import (
	"strings"
	"testing"

	"hls/internal/hls"
)

// What people keep taking off waits for approval, unless the settings say otherwise; nobody is asked by a comment unless they
// say so.
func TestDemotionAndReactions(t *testing.T) {
	t.Parallel()
	count, share := func(n int) *int { return &n }, func(f float64) *float64 { return &f }
	for name, c := range map[string]struct {
		demote Demote
		want   hls.Demotion
		fails  string
	}{
		"by default": {Demote{}, hls.Demotion{AtLeast: 5, Share: 0.4}, ""},
		"off":        {Demote{AtLeast: count(0)}, hls.Demotion{Share: 0.4}, ""},
		"stricter":   {Demote{AtLeast: count(2), Overridden: share(0.1)}, hls.Demotion{AtLeast: 2, Share: 0.1}, ""},
		"negative":   {Demote{AtLeast: count(-1)}, hls.Demotion{}, "repositories[0].labels.demote.at_least: want 0 or more"},
		"none of it": {Demote{Overridden: share(0)}, hls.Demotion{}, "repositories[0].labels.demote.overridden: want more than 0 and at most 1"},
		"too much":   {Demote{Overridden: share(1.1)}, hls.Demotion{}, "repositories[0].labels.demote.overridden: want more than 0"},
	} {
		for _, asks := range []bool{false, true} {
			r, err := New(Config{Repositories: []Repository{{Name: "a/b", ApproveByReaction: asks, Labels: Labels{Demote: c.demote}}}}, Features{})
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if rule, _ := r.Rule("a/b"); rule.Labels.Demote != c.want || rule.Asks() != asks {
				t.Errorf("%s: %+v, asks %t", name, rule.Labels.Demote, rule.Asks())
			}
		}
	}
	r, err := New(Config{Repositories: []Repository{{Name: "a/b", ApproveByReaction: true, DryRun: true}}}, Features{})
	if err != nil {
		t.Fatal(err)
	}
	if rule, _ := r.Rule("a/b"); rule.Asks() {
		t.Error("people are asked where nothing is to be written")
	}
}
