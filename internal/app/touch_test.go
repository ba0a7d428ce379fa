package app_test

import (
	"net/http"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/simulate"
)

// A person takes a label off that HLS set. The events of that are not enabled, so that nothing is worked on, and GitHub does
// not show the history: HLS knows all the same, leaves the label alone, and counts.
func TestE8_APersonsRemovalCountsWhereTheHistoryIsNotShown(t *testing.T) {
	t.Parallel()
	gh := shop()
	gh.Fail(simulate.Fault{Method: http.MethodGet, PathGlob: "/repos/*/*/issues/*/events", Kind: simulate.FailBefore, Status: http.StatusNotFound, Times: -1})
	cl := answering(bugAnswer)
	s := start(t, strings.Replace(widgetSettings, "events: [issues, pull_request]", "events: [issues.opened]", 1), gh, cl)
	opened := s.issueOpened()
	s.send(opened)
	s.settled(opened.GUID)
	if got := gh.Labels(widgets, 7); len(got) != 1 || got[0] != "bug" {
		t.Fatalf("labels %v", got)
	}
	labeled := func(action, login string) {
		t.Helper()
		d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.LabelPayload(widgets, 7, action, login, "bug")}
		for range 2 { // The second is a redelivery, and is not counted again.
			if _, answer := s.send(d); answer["status"] != "ignored" {
				t.Errorf("%s by %s: %v", action, login, answer)
			}
		}
	}
	labeled("labeled", gh.Self().Login)
	gh.RemoveLabelAs(widgets, 7, "mona", "bug")
	labeled("unlabeled", "mona")
	if tasks := s.tasks(record.Query{}); len(tasks) != 1 {
		t.Errorf("%d tasks, want that of the opening alone", len(tasks))
	}

	if code, answer := s.replay(opened.GUID); code != http.StatusAccepted {
		t.Fatalf("replay: %d %v", code, answer)
	}
	if task := s.settled(opened.GUID); task.State != hls.Done {
		t.Errorf("it ended as %s (%s)", task.State, task.Reason)
	}
	if got := gh.Labels(widgets, 7); len(got) != 0 {
		t.Errorf("labels %v: a person had removed it", got)
	}
	_, shown := s.fetch("/api/v1/deliveries/"+opened.GUID, adminToken)
	if plan := string(shown); !strings.Contains(plan, `"why": "removed_by_person"`) || strings.Contains(plan, `"kind": "add_labels"`) {
		t.Errorf("the label was planned: %s", plan)
	}
	labels, _ := s.get("/stats")["labels"].([]any)
	if len(labels) != 1 {
		t.Fatalf("labels of /stats: %v", labels)
	}
	if got, _ := labels[0].(map[string]any); got["repository"] != widgets || got["label"] != "bug" || got["overridden"] != 1.0 || got["kept"] != 0.0 {
		t.Errorf("labels of /stats: %v", got)
	}
}

// The events never came. What the history tells is remembered when labels are about to be set.
func TestE8_TheHistoryIsRememberedWithoutEvents(t *testing.T) {
	t.Parallel()
	gh := shop()
	self := gh.Self().Login
	gh.AddLabelAs(widgets, 7, self, "enhancement")
	gh.RemoveLabelAs(widgets, 7, "mona", "enhancement")
	s := start(t, widgetSettings, gh, answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	s.settled(d.GUID)
	labels, _ := s.get("/stats")["labels"].([]any)
	if len(labels) != 2 || labels[0].(map[string]any)["label"] != "enhancement" || labels[0].(map[string]any)["overridden"] != 1.0 {
		t.Errorf("labels of /stats: %v", labels)
	}
}
