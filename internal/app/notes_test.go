package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

const labeling = "repositories:\n  - name: acme/widget-shop\n    labels: {create_missing: true, categories: {area: [area-ui, area-api]}}\n"

// Setting labels up leaves those away that a person has deleted.
func TestE8_SetUpLeavesDeletedLabelsAway(t *testing.T) {
	t.Parallel()
	gh := shop()
	s := start(t, labeling, gh, answering(bugAnswer))
	gone := map[string]any{"label": map[string]any{"id": 1, "name": "Area-API", "color": "ededed"}}
	d := simulate.Delivery{Event: "label", GUID: simulate.NewGUID(), Payload: gh.EventPayload(widgets, "deleted", "mona", gone)}
	if code, answer := s.send(d); code != 202 {
		t.Fatalf("answered %d %v", code, answer)
	}
	if task := s.settled(d.GUID); task.State != hls.Done {
		t.Fatalf("ended as %s (%s)", task.State, task.Reason)
	}
	asked := len(s.claude.Calls())
	s.stop()
	s.run(s.text + "features: {auto_setup_labels: true}\n")
	eventually(t, func() bool { return strings.Contains(s.log.String(), "label not created") })
	eventually(t, func() bool {
		return slices.ContainsFunc(gh.RepositoryLabels(widgets), func(l hls.Label) bool { return l.Name == "area-ui" })
	})
	if slices.ContainsFunc(gh.RepositoryLabels(widgets), func(l hls.Label) bool { return hls.Fold(l.Name) == "area-api" }) || asked > 0 {
		t.Errorf("labels %v, Claude was asked %d times", gh.RepositoryLabels(widgets), asked)
	}
}

// Who renames a repository hears that the settings have its old name.
func TestRenamesAreTold(t *testing.T) {
	t.Parallel()
	gh := shop()
	s := start(t, "repositories:\n  - {name: acme/old, events: [repository]}\n  - {name: acme/widget-shop, events: [issues]}\n  - {name: mona/*, mode: apply, events: [issues]}\n", gh, answering(bugAnswer))
	for _, c := range []struct{ now, change, want string }{
		{"acme/new", `"repository":{"name":{"from":"old"}}`, "no entry of repositories has its new name"},
		{"acme/widget-shop", `"repository":{"name":{"from":"old"}}`, "another entry of repositories applies to it now"},
		{"mona/new", `"repository":{"name":{"from":"fresh"}}`, `"msg":"a repository was renamed"`},
		{"mona/old", `"owner":{"from":{"user":{"login":"acme"}}}`, `"former":"acme/old"`},
	} {
		owner, name, _ := strings.Cut(c.now, "/")
		body := fmt.Sprintf(`{"action":"renamed","changes":{%s},"repository":{"id":9,"name":%q,"full_name":%q,"owner":{"login":%q}},"sender":{"id":2,"login":"mona"}}`, c.change, name, c.now, owner)
		before := len(s.log.String())
		if code, answer := s.send(simulate.Delivery{Event: "repository", Payload: []byte(body)}); code != 200 {
			t.Errorf("%s: %d %v", c.now, code, answer)
		}
		if log := s.log.String()[before:]; !strings.Contains(log, c.want) {
			t.Errorf("%s: the log lacks %s: %s", c.now, c.want, log)
		}
	}
}

// A change of the App's installation is noted, although no rule lets it through.
func TestInstallationsAreNoted(t *testing.T) {
	t.Parallel()
	s := start(t, labeling, shop(), answering(bugAnswer))
	for _, c := range []struct{ event, action, more string }{
		{"installation", "suspend", ""}, {"installation_repositories", "added", `"repositories_added":[],`},
	} {
		body := fmt.Sprintf(`{"action":%q,"installation":{"id":3},%s"sender":{"id":2,"login":"mona"}}`, c.action, c.more)
		code, answer := s.send(simulate.Delivery{Event: c.event, Payload: []byte(body)})
		if code != 200 || answer["reason"] != "no_repository" {
			t.Errorf("%s: %d %v", c.event, code, answer)
		}
		if want := fmt.Sprintf(`"event":%q,"action":%q,"by":"mona"`, c.event, c.action); !strings.Contains(s.log.String(), want) {
			t.Errorf("%s is not noted", c.event)
		}
	}
}
