package handler

import (
	"fmt"
	"testing"

	"hls/internal/hls"
)

// A label that waits for approval is an effect of its own, and so is what would make room for it; one that is left to people
// is none.
func TestE1_LabelsThatAreSuggestedOrLeft(t *testing.T) {
	t.Parallel()
	quote := "crashes when I press Save"
	f, r, a := issueFacts(), rule(), goodIssueAnswer()
	r.Labels.Suggest, r.Self = []string{"Priority-High"}, self
	f.Issue.Labels = []hls.Label{{Name: "priority-low"}}
	f.History = []hls.LabelEvent{{Label: "priority-low", Added: true, Actor: self}}
	a.Labels = []namedLabel{{"priority-high", 0.9, quote}, {"bug", 0.9, quote}}
	var got []string
	keys := map[string]bool{}
	for _, e := range planIssue(t, f, a, r).Effects {
		if e.Kind == hls.AddLabels || e.Kind == hls.RemoveLabels {
			got, keys[e.Key()] = append(got, fmt.Sprintf("%s %s %t %d", e.Kind, e.Labels[0].Name, e.Hold != "", len(e.Why))), true
		}
	}
	if want := "[add_labels bug false 1 add_labels priority-high true 1 remove_labels priority-low true 0]"; fmt.Sprint(got) != want || len(keys) != 3 {
		t.Errorf("%v, %d keys", got, len(keys))
	}
	r.Labels.Suggest, r.Labels.Leave = nil, []string{"BUG", "priority-high"}
	p := planIssue(t, f, a, r)
	if labelsIn(p, hls.AddLabels) != "" || labelsIn(p, hls.RemoveLabels) != "" || whyDropped(p, "bug") != "left_to_people" {
		t.Errorf("sets %q, removes %q, dropped %v", labelsIn(p, hls.AddLabels), labelsIn(p, hls.RemoveLabels), p.Dropped)
	}
}
