package app_test

import (
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// The deliveries of the demo about neither an issue nor a pull request, with all that the settings can ask for: each
// leads to what it should, once, and a second look at the release changes nothing.
func TestHappeningsOverTheWholeService(t *testing.T) {
	t.Parallel()
	gh := simulate.NewGitHub(simulate.GitHubConfig{})
	scenario := simulate.NewScenario(gh)
	s := start(t, `
repositories:
  - name: acme/widget-shop
    events: [release, push, deployment_status, discussion]
    releases: {notes: section}
    pushes: {issues: true}
    deployments: {issues: true}
    discussions: {issues: true}
`, gh, simulate.NewClaude(simulate.ClaudeConfig{}))
	posted := 0
	for _, step := range scenario.Deliveries() {
		if !slices.ContainsFunc([]string{"A release", "A push", "A deployment", "A discussion"}, func(title string) bool { return strings.HasPrefix(step.Title, title) }) {
			continue
		}
		d := step.Prepare()
		d.HookID = 1
		if code, answer := s.send(d); code != 202 {
			t.Fatalf("%s: %d %v", step.Title, code, answer)
		}
		if task := s.settled(d.GUID); task.State != hls.Done {
			t.Errorf("%s: %s (%s)", step.Title, task.State, task.Reason)
		}
		posted++
	}
	var wrote []string
	for _, w := range gh.Writes() {
		wrote = append(wrote, w.Method+" "+w.Path)
	}
	issues := "POST /repos/acme/widget-shop/issues"
	if want := []string{"PATCH /repos/acme/widget-shop/releases/88001", issues, issues, issues}; posted != 4 || !slices.Equal(wrote, want) {
		t.Errorf("%d deliveries led to %v", posted, wrote)
	}
	if body := gh.Release(widgets, 88001).Body; !strings.HasPrefix(body, "Fixes the prices on the search page (#205).\n\n<!-- hls:begin hls-notes -->") ||
		!strings.Contains(body, "**Breaking**\n\n- Remove the old export of orders. (#206)") || strings.Count(body, "#205") != 1 {
		t.Errorf("notes %s", body)
	}

	again := simulate.Delivery{Event: "release", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.ReleasePayload(widgets, 88001, "edited", "mona", simulate.Change{"body": "before"})}
	s.send(again)
	if task := s.settled(again.GUID); task.State != hls.Skipped || task.Reason != "already_analyzed" {
		t.Errorf("an edit of nothing ended as %s (%s)", task.State, task.Reason)
	}
}
