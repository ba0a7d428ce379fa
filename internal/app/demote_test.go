package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/simulate"
	"hls/internal/web"
)

// triages has an issue opened and worked on, and tells what became of the plan.
func (s *service) triages(number int) string {
	s.t.Helper()
	s.github.AddIssue(widgets, simulate.IssueSeed{Number: number, Title: fmt.Sprint("Crash ", number), Author: "mona",
		Body: "The app panics with a nil pointer every time I press Save."})
	d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: s.github.IssuePayload(widgets, number, "opened", "mona", nil)}
	s.send(d)
	s.settled(d.GUID)
	_, said := s.ledger(d.GUID)
	return said
}

// takesOff has a person take a label off.
func (s *service) takesOff(number int, label string) {
	s.t.Helper()
	s.github.RemoveLabelAs(widgets, number, "mona", label)
	s.send(simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: s.github.LabelPayload(widgets, number, "unlabeled", "mona", label)})
}

func (s *service) overrides() (out web.Overrides) {
	s.t.Helper()
	code, text := s.fetch("/api/v1/overrides?repository=Acme/widget-shop", adminToken)
	if err := json.Unmarshal(text, &out); err != nil || code != http.StatusOK {
		s.t.Fatalf("%d %s: %v", code, text, err)
	}
	return out
}

// A label that people keep taking off waits for approval from then on, with its reason, while everything else goes on; it is
// trusted again once an operator forgets its past.
func TestE8_ALabelThatPeopleTakeOffIsProposed(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings+"    labels: {demote: {at_least: 2, overridden: 0.5}}\n", shop(), answering(bugAnswer))
	const apply, propose = "add_labels: done\nupsert_comment: done\n", "add_labels: proposed\nupsert_comment: done\n"
	if said := s.triages(20); said != apply {
		t.Fatalf("ledger:\n%s", said)
	}
	s.takesOff(20, "bug")
	if said := s.triages(21); said != apply { // One is not enough.
		t.Fatalf("ledger:\n%s", said)
	}
	if out := s.overrides(); len(out.Labels) != 1 || out.Labels[0].LabelTally != (hls.LabelTally{Applied: 2, Overridden: 1}) || out.Labels[0].Demoted != "demoted: people took it off 1 of 2 times" {
		t.Errorf("overrides %+v", out)
	}
	if said := s.triages(22); said != propose {
		t.Fatalf("ledger:\n%s", said)
	}
	if got := s.github.Labels(widgets, 22); len(got) != 0 {
		t.Errorf("labels %v", got)
	}
	rows, err := s.app.Store().Ledger(t.Context(), record.LedgerQuery{State: hls.EffectProposed})
	if err != nil || len(rows) != 1 || rows[0].Error != "demoted: people took it off 1 of 2 times" {
		t.Fatalf("rows %+v, %v", rows, err)
	}
	_, why := s.fetch("/api/v1/why?subject=acme/widget-shop%2322", adminToken)
	if !strings.Contains(string(why), `"hold": "demoted: people took it off 1 of 2 times"`) {
		t.Errorf("why: %s", why)
	}
	if code, answer := s.decide(true, rows[0]); code != http.StatusOK {
		t.Fatalf("approve: %d %s", code, answer)
	}
	eventually(t, func() bool { return slices.Equal(s.github.Labels(widgets, 22), []string{"bug"}) })
	eventually(t, func() bool { return s.overrides().Labels[0].Applied == 3 }) // What was approved counts, too: 1 of 3.
	if said := s.triages(23); said != apply {
		t.Fatalf("ledger:\n%s", said)
	}
	s.takesOff(22, "bug")
	if said := s.triages(24); said != propose {
		t.Fatalf("ledger:\n%s", said)
	}
	code, text := s.postAdmin("/api/v1/overrides/reset", web.Reset{Repository: widgets, Label: "BUG"})
	if code != http.StatusOK || !strings.Contains(string(text), `"overridden": 2`) {
		t.Errorf("reset: %d %s", code, text)
	}
	if code, text := s.postAdmin("/api/v1/overrides/reset", web.Reset{Repository: widgets, Label: "bug"}); code != http.StatusNotFound {
		t.Errorf("reset twice: %d %s", code, text)
	}
	if said := s.triages(25); said != apply {
		t.Fatalf("ledger:\n%s", said)
	}
}

// Who asks by a command has approved, and a repository may switch it off.
func TestDemotionHasItsBounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ labels, want string }{
		"by default": {"", "add_labels: done\nupsert_comment: done\n"}, // Two of two are too few to judge.
		"off":        {"    labels: {demote: {at_least: 0}}\n", "add_labels: done\nupsert_comment: done\n"},
		"on":         {"    labels: {demote: {at_least: 2}}\n", "add_labels: proposed\nupsert_comment: done\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, talking+c.labels, shop(), answering(bugAnswer))
			for n := range 2 {
				s.triages(20 + n)
				s.takesOff(20+n, "bug")
			}
			if said := s.triages(22); said != c.want {
				t.Errorf("ledger:\n%s", said)
			}
			s.github.SetPermission(widgets, "paul", "write")
			s.github.AddIssue(widgets, simulate.IssueSeed{Number: 30, Title: "Crash", Author: "mona", Body: "It panics with a nil pointer."})
			s.commanded(30, "paul", "/hls triage")
			if got := s.github.Labels(widgets, 30); !slices.Equal(got, []string{"bug"}) {
				t.Errorf("labels %v", got)
			}
		})
	}
}

// E8: what people did before HLS was there is obeyed by every handler, out of GitHub's history alone.
func TestE8_TheHistoryBeforeHLSIsObeyed(t *testing.T) {
	t.Parallel()
	labels := []hls.Label{{Name: "bug"}, {Name: "priority-high"}, {Name: "priority-low"}, {Name: "size/XS"}, {Name: "size/L"},
		{Name: "status/needs-changes"}, {Name: "status/needs-review"}}
	gh := simulate.NewGitHub(simulate.GitHubConfig{})
	gh.AddRepository(simulate.RepositorySeed{FullName: widgets, Labels: labels, Collaborators: map[string]string{"acme": "admin"}})
	for n := range 2 { // The second of each kind is one that nobody had touched.
		gh.AddIssue(widgets, simulate.IssueSeed{Number: 10 + n, Title: "Crash", Author: "mona", Body: "It panics with a nil pointer."})
		gh.AddPullRequest(widgets, simulate.PullRequestSeed{IssueSeed: simulate.IssueSeed{Number: 20 + n, Title: "Add cache", Author: "paul"},
			Files: []hls.File{{Filename: "cache.go", Status: "added", Additions: 1, Patch: "@@ -0,0 +1 @@\n+package cache"}}})
	}
	for _, c := range []struct {
		number int
		label  string
		off    bool
	}{{10, "bug", true}, {10, "priority-low", false}, {20, "size/XS", true}, {20, "status/needs-changes", true}} {
		gh.AddLabelAs(widgets, c.number, "mona", c.label)
		if c.off {
			gh.RemoveLabelAs(widgets, c.number, "mona", c.label)
		}
	}
	cl := simulate.NewClaude(simulate.ClaudeConfig{Answer: func(r simulate.Request) string {
		if !strings.Contains(string(r.Schema), `"difficulty"`) {
			return simulate.Reply(r)
		}
		return strings.Replace(bugAnswer, `"labels":[`, `"labels":[{"name":"priority-high","confidence":0.9,"evidence":"panics with a nil pointer"},`, 1)
	}})
	s := start(t, reviewSettings, gh, cl)
	s.stop()
	s.run(strings.Replace(s.text, "events: [", "events: [issues, ", 1))
	for n := range 2 {
		review := gh.ReviewAs(widgets, 20+n, "acme", simulate.ReviewSeed{State: "CHANGES_REQUESTED", Body: "Please add a test for this."})
		for _, d := range []simulate.Delivery{
			{Event: "issues", Payload: gh.IssuePayload(widgets, 10+n, "opened", "mona", nil)},
			{Event: "pull_request", Payload: gh.PullRequestPayload(widgets, 20+n, "opened", "paul", nil)},
			{Event: "pull_request_review", Payload: gh.ReviewPayload(widgets, 20+n, review.ID, "submitted", "acme")},
		} {
			d.GUID, d.HookID = simulate.NewGUID(), 1
			s.send(d)
			s.settled(d.GUID)
		}
	}
	for number, want := range map[int][]string{
		10: {"priority-low"}, 11: {"bug", "priority-high"}, 20: {}, 21: {"size/XS", "status/needs-changes"},
	} {
		got := s.github.Labels(widgets, number)
		slices.Sort(got)
		if !slices.Equal(got, want) && len(got)+len(want) > 0 {
			t.Errorf("#%d has labels %v, want %v", number, got, want)
		}
	}
}

// What an operator does by hand is in the audit log before it is done.
func TestS5_PassesByHandAreAudited(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings, shop(), answering(bugAnswer))
	s.postAdmin("/api/v1/sweep", web.Sweep{Repositories: []string{widgets}, Apply: true})
	s.postAdmin("/api/v1/recovery", web.Recovery{Target: widgets})
	entries, err := s.app.Store().Audited(t.Context(), record.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	told := map[hls.AuditKind]string{}
	for _, e := range entries {
		if e.By == hls.Operator {
			told[e.Kind] = string(e.Data)
		}
	}
	if !strings.Contains(told[hls.AuditSweep], `"apply":true,`) || !strings.Contains(told[hls.AuditSweep], widgets) ||
		!strings.Contains(told[hls.AuditRecovery], `"target":"acme/widget-shop"`) || told[hls.AuditSettings] == "" {
		t.Errorf("told %v", told)
	}
}
