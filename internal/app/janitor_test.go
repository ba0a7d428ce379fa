package app_test

import (
	"slices"
	"testing"

	"hls/internal/hls"
)

func TestAutoSetupLabelsCreatesTheConfiguredOnes(t *testing.T) {
	t.Parallel()
	gh := shop()
	start(t, "features: {auto_setup_labels: true}\nrepositories:\n  - name: acme/widget-shop\n    labels: {categories: {priority: [Priority-High, priority-urgent], area: [area-ui]}}\n", gh, answering(bugAnswer))
	eventually(t, func() bool { return len(gh.RepositoryLabels(widgets)) == 6 })
	var names []string
	for _, l := range gh.RepositoryLabels(widgets) {
		names = append(names, l.Name)
	}
	if !slices.Contains(names, "priority-urgent") || !slices.Contains(names, "area-ui") || slices.Contains(names, "Priority-High") {
		t.Errorf("labels %v", names)
	}
}

// With save_analyses off the texts go once the task has ended, at the latest at the next start.
func TestSaveAnalysesOffKeepsNoTexts(t *testing.T) {
	t.Parallel()
	const settings = widgetSettings + "features: {save_analyses: false}\n"
	s := start(t, settings, shop(), answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	task := s.settled(d.GUID)
	if task.State != hls.Done {
		t.Fatalf("ended as %s (%s)", task.State, task.Reason)
	}
	s.stop()
	s.run(settingsFor("http://127.0.0.1:1", "http://127.0.0.1:1", s.dir) + settings)
	eventually(t, func() bool {
		a, err := s.app.Store().Analysis(t.Context(), task.ID)
		return err == nil && len(a.Answer) == 0 && a.Prompt.User == ""
	})
}
