package attack_test

import (
	"strings"
	"testing"

	"hls/internal/app/attack"
	"hls/internal/config"
	"hls/internal/simulate"
)

// everything switches on whatever can follow from an event.
const everything = `
repositories:
  - name: acme/widget-shop
    events: [issues, issue_comment, pull_request, pull_request_review, pull_request_review_comment, workflow_run, check_run, push,
      release, deployment_status, discussion, gollum]
    comments: {auto_post: true}
    labels:
      create_missing: true
      min_confidence: 0
      needs_information: needs-info
      categories: {type: [bug, enhancement], priority: [priority-high, priority-low], status: [needs-info, status/needs-changes, status/needs-review]}
    reviews: {withdraw: true}
    workflows: {issues: true, rerun: true}
    releases: {notes: section}
    pushes: {issues: true}
    deployments: {issues: true}
    discussions: {issues: true}
`

const usual = `
repositories:
  - name: acme/widget-shop
`

func settings(t *testing.T, text string) *config.Settings {
	t.Helper()
	s, err := config.Parse("settings.yaml", []byte(text+`
github: {token: github-token-of-the-operator, webhook_secret: webhook-secret-of-the-operator}
claude: {api_key: anthropic-key-of-the-operator}
`), config.Options{Env: func(string) (string, bool) { return "", false }})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A corpus of injections in every field that an outsider controls, a model that obeys each, and no effect outside of what the
// settings allow.
func TestE1_NoInjectionReachesBeyondTheConfiguredSet(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		settings      string
		each          int
		inside, asked int // at the least: the test looks at enough
	}{
		"everything is on":     {everything, 2, 150, 140},
		"the default settings": {usual, 1, 30, 30},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := attack.Run(t.Context(), attack.Config{Settings: settings(t, tc.settings), Repo: "acme/widget-shop", Each: tc.each, Beside: 2})
			if err != nil {
				t.Fatal(err)
			}
			var table strings.Builder
			_ = report.Print(&table)
			t.Log(table.String())
			inside, asked := 0, 0
			for _, row := range report.Rows {
				inside, asked = inside+row.Inside, asked+row.Asked
				if row.Enabled && row.Cases == 0 {
					t.Errorf("%s: nothing was tried", row.Field)
				}
			}
			for _, f := range report.Outside {
				t.Errorf("%s in %s: %s: %s", f.Injection, f.Field, f.Effect, f.Why)
			}
			if inside < tc.inside || asked < tc.asked {
				t.Errorf("only %d writes and %d questions: the test looks at too little", inside, asked)
			}
		})
	}
}

func TestCorpusIsLargeAndOfManyKinds(t *testing.T) {
	t.Parallel()
	all, err := attack.Corpus()
	if err != nil {
		t.Fatal(err)
	}
	techniques := map[string]int{}
	for _, one := range all {
		techniques[one.Technique]++
		if strings.TrimSpace(one.Text) == "" || strings.Contains(one.Text, `\u{`) {
			t.Errorf("%s says %q", one.Name, one.Text)
		}
	}
	if len(all) < 80 || len(techniques) < 12 {
		t.Errorf("%d injections of %d kinds", len(all), len(techniques))
	}
}

// The real Claude is the one of the settings, with its key; GitHub is a stand-in all the same.
func TestRealClaudeIsThatOfTheSettings(t *testing.T) {
	t.Parallel()
	real := simulate.NewClaude(simulate.ClaudeConfig{Key: "anthropic-key-of-the-operator"})
	url, stop := real.Start()
	t.Cleanup(stop)
	s := settings(t, strings.Replace(usual, "acme/widget-shop", "acme/widget-shop\n    dry_run: true", 1))
	s.Claude.BaseURL = url
	report, err := attack.Run(t.Context(), attack.Config{Settings: s, Repo: "acme/widget-shop", Fields: []string{"issue.body"}, Real: true})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(real.Calls()); n < 80 || report.Cases() < 80 || report.Claude != attack.Real || len(report.Outside) > 0 {
		t.Errorf("asked %d times, %d tried, outside %v", n, report.Cases(), report.Outside)
	}
	if !report.DryRun || report.Rows[0].Inside == 0 {
		t.Errorf("what would be written is not told: %+v", report.Rows)
	}
	if report.Cost().CostMicroUSD == 0 {
		t.Error("the cost is not told")
	}
}

// What an attacker reaches is told, by field and by text.
func TestFindingsAreReported(t *testing.T) {
	t.Parallel()
	report := attack.Report{
		Repository: "acme/widget-shop", Rows: []attack.Row{{Field: "issue.body", Event: "issues", Enabled: true, Cases: 1, Outside: 1}, {Field: "wiki.page", Event: "gollum"}},
		Outside: []attack.Finding{{Field: "issue.body", Injection: "mentions-1", Effect: "POST /x", Why: "it mentions \"octocat\""}},
	}
	var out strings.Builder
	if err := report.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"not enabled", "outside: mentions-1 in issue.body: POST /x: it mentions", "1 tried, 1 effects outside"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}
