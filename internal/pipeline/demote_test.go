package pipeline

import (
	"fmt"
	"strings"
	"testing"

	"hls/internal/hls"
)

// What is not trusted is held, each label by itself; what it would take the place of stays as long; an issue that is opened
// does without; everything else goes on.
func TestE8_WhatIsNotTrustedIsHeld(t *testing.T) {
	t.Parallel()
	policy := hls.LabelPolicy{
		Demote:     hls.Demotion{AtLeast: 5, Share: 0.4},
		Categories: []hls.Category{{Name: "kind", Exclusive: true, Labels: labelsOf("bug", "chore", "feature")}, {Name: "area", Labels: labelsOf("ui", "docs")}},
	}
	bad := hls.LabelTally{Applied: 5, Overridden: 3}
	effect := func(kind hls.EffectKind, names ...string) hls.Effect {
		return hls.Effect{Kind: kind, Labels: labelsOf(names...)}
	}
	for name, c := range map[string]struct {
		bad  []string
		plan []hls.Effect
		want string
		drop int
	}{
		"all are trusted": {nil, []hls.Effect{effect(hls.AddLabels, "bug", "ui"), effect(hls.RemoveLabels, "chore")},
			"add_labels bug,ui; remove_labels chore", 0},
		"one is not": {[]string{"ui"}, []hls.Effect{effect(hls.AddLabels, "bug", "UI"), effect(hls.RemoveLabels, "chore")},
			"add_labels bug; held add_labels UI; remove_labels chore", 0},
		"none is": {[]string{"ui", "bug"}, []hls.Effect{effect(hls.AddLabels, "bug", "ui"), {Kind: hls.UpsertComment}},
			"held add_labels bug; held add_labels ui; upsert_comment ", 0},
		"its rival stays": {[]string{"bug"}, []hls.Effect{effect(hls.RemoveLabels, "chore", "docs"), effect(hls.AddLabels, "bug")},
			"remove_labels docs; held remove_labels chore; held add_labels bug", 0},
		"an old rival goes": {[]string{"chore"}, []hls.Effect{effect(hls.RemoveLabels, "chore"), effect(hls.AddLabels, "bug")},
			"remove_labels chore; add_labels bug", 0},
		"an issue to open": {[]string{"bug"}, []hls.Effect{effect(hls.CreateIssue, "bug", "ui")}, "create_issue ui", 1},
	} {
		tallies := map[string]hls.LabelTally{}
		for _, label := range c.bad {
			tallies[label] = bad
		}
		plan := distrust{policy: policy, tallies: tallies, groups: map[string]string{}}.hold(hls.Plan{Effects: c.plan})
		var got []string
		keys := map[string]bool{}
		for _, e := range plan.Effects {
			text := fmt.Sprintf("%s %s", e.Kind, namesOf(e.Labels))
			if e.Hold != "" {
				text = "held " + text
			}
			if e.Hold != "" && !strings.Contains(e.Hold, "demoted: people took it off 3 of 5 times") {
				t.Errorf("%s: held for %q", name, e.Hold)
			}
			got = append(got, text)
			keys[e.Key()] = true
		}
		if said := strings.Join(got, "; "); said != c.want || len(plan.Dropped) != c.drop || len(keys) != len(got) {
			t.Errorf("%s: %s; %d keys, dropped %v", name, said, len(keys), plan.Dropped)
		}
	}
}

func labelsOf(names ...string) (labels []hls.Label) {
	for _, name := range names {
		labels = append(labels, hls.Label{Name: name})
	}
	return labels
}

func namesOf(labels []hls.Label) string {
	var names []string
	for _, l := range labels {
		names = append(names, l.Name)
	}
	return strings.Join(names, ",")
}
