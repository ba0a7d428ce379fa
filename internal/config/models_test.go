package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
)

// Every model that the settings name is warned of at its key, however it is written.
func TestModelsAreWarnedOfAtTheirKeys(t *testing.T) {
	t.Parallel()
	s := mustLoad(t, strings.Replace(minimal, "api_key: k", "api_key: k, models: {light: claude-2.1, fallback: claude-of-the-future}", 1)+`
repositories:
  - name: a/b
    models:
      heavy: claude-3-opus-20240229
      events: {issues: claude-instant-1.2, pull_request.opened: {model: claude-opus-5-5, fallback: claude-2.0}}
`)
	var got []string
	for _, w := range s.Warnings() {
		if strings.Contains(w.Key, "model") {
			got = append(got, fmt.Sprintf("%d %s", w.Line, w.Key))
		}
	}
	want := []string{
		"2 claude.models.light", "2 claude.models.fallback", "7 repositories[0].models.heavy",
		"8 repositories[0].models.events.issues", "8 repositories[0].models.events.pull_request.opened",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	events := s.Repositories[0].Models.Events
	if events["issues"] != (hls.EventModel{Model: "claude-instant-1.2"}) ||
		events["pull_request.opened"] != (hls.EventModel{Model: "claude-opus-5-5", Fallback: "claude-2.0"}) {
		t.Errorf("%+v", events)
	}
}

func TestModelsByEventAreChecked(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"{issue: claude-opus-5-5}":          `unknown event "issue"`,
		"{issues.open: claude-opus-5-5}":    `has no action "open"`,
		"{issues: {modl: claude-opus-5-5}}": `unknown key "modl"`,
		"{issues: [claude-opus-5-5]}":       "issues: want a text",
		"{issues: {model: }}":               "model: want a text",
		"claude-opus-5-5":                   "want models by event",
		"{issues: {fallback: true}}":        "fallback: true is not a text",
	} {
		_, err := load(t, minimal+"repositories: [{name: a/b, models: {events: "+text+"}}]\n")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "repositories[0].models.events") {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, bad := range []string{"every: -1s", "older_than: -1s", "most: 0", "most: 1001", "comments: true"} {
		if _, err := load(t, minimal+"sweep: {"+bad+"}\n"); err == nil {
			t.Errorf("%s passes", bad)
		}
	}
	for _, bad := range []string{"every: -1s", "days: 0", "days: 366"} {
		if _, err := load(t, minimal+"approvals: {"+bad+"}\n"); err == nil {
			t.Errorf("approvals: %s passes", bad)
		}
	}
}
