package app_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
	"hls/internal/web"
)

// What people paste is counted where it is masked, and the delivery shows it.
func TestS1_MaskedSecretsAreCountedAndShown(t *testing.T) {
	t.Parallel()
	gh := shop()
	token := "gh" + "p_0123456789abcdefghijKLMNOPQRSTUVWXYZ"
	gh.AddIssue(widgets, simulate.IssueSeed{Number: 9, Title: "Crash when lo\u200bading", Author: "rita", Body: "The app panics with a nil pointer. My token is " + token})
	cl := answering(bugAnswer)
	s := start(t, widgetSettings, gh, cl)
	d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.IssuePayload(widgets, 9, "opened", "rita", nil)}
	s.send(d)
	if task := s.settled(d.GUID); task.State != hls.Done {
		t.Fatalf("ended as %s (%s)", task.State, task.Reason)
	}
	stored, err := s.app.Store().Delivery(t.Context(), d.GUID)
	if err != nil || strings.Contains(string(stored.Body), token[8:]) || !strings.Contains(string(stored.Body), "[redacted]") {
		t.Errorf("stored as %s, %v", stored.Body, err)
	}
	if asked := cl.Calls()[0].User; strings.Contains(asked, token[8:]) || !strings.Contains(asked, "github_token 1") || !strings.Contains(asked, "issue.title 1") {
		t.Errorf("asked:\n%s", asked)
	}
	_, body := s.fetch("/api/v1/deliveries/"+d.GUID, adminToken)
	var shown web.Shown
	if err := json.Unmarshal(body, &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Analysis.MaskedSecrets["github_token"] != 1 || shown.Analysis.HiddenCharacters["issue.title"] != 1 {
		t.Errorf("shown: %v, %v", shown.Analysis.MaskedSecrets, shown.Analysis.HiddenCharacters)
	}
	_, metrics := s.fetch("/metrics", adminToken)
	for _, want := range []string{`hls_secrets_masked_total{kind="github_token",where="payload"} 1`, `hls_secrets_masked_total{kind="github_token",where="prompt"} 1`} {
		if !strings.Contains(string(metrics), want) {
			t.Errorf("no %s", want)
		}
	}
}

// The maintainers are told of a report, once and without its text.
func TestSecurityReportsAreToldToMaintainers(t *testing.T) {
	t.Parallel()
	gh := shop()
	gh.AddIssue(widgets, simulate.IssueSeed{Number: 9, Title: "SQL injection in search", Author: "rita", Body: "The app panics with a nil pointer. The statement is kaboom."})
	s := start(t, "repositories:\n  - {name: acme/widget-shop, comments: {auto_post: true}}\n", gh, answering(bugAnswer))
	d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.IssuePayload(widgets, 9, "opened", "rita", nil)}
	s.send(d)
	if task := s.settled(d.GUID); task.State != hls.Done {
		t.Fatalf("ended as %s (%s)", task.State, task.Reason)
	}
	told := 0
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, `"msg":"security report"`) && strings.Contains(line, `"level":"WARN"`) && strings.Contains(line, widgets+"#9") {
			told++
		}
	}
	if told != 1 || strings.Contains(s.log.String(), "kaboom") {
		t.Errorf("told %d times:\n%s", told, s.log.String())
	}
	if _, metrics := s.fetch("/metrics", adminToken); !strings.Contains(string(metrics), "hls_security_reports_total 1") {
		t.Error("it is not counted")
	}
	status, body := s.fetch("/api/v1/deliveries/"+d.GUID, adminToken)
	var shown web.Shown
	if err := json.Unmarshal(body, &shown); err != nil || status != http.StatusOK || shown.Plan.Silent != "security_report" {
		t.Errorf("%d, %v, %+v", status, err, shown.Plan)
	}
	comments := gh.Comments(widgets, 9)
	if len(comments) != 1 || strings.Contains(comments[0].Body, "kaboom") || !strings.Contains(comments[0].Body, "/acme/widget-shop/security/policy") || len(gh.Labels(widgets, 9)) != 0 {
		t.Errorf("says %+v, labels %v", comments, gh.Labels(widgets, 9))
	}
}
