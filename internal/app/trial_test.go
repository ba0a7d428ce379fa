package app_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hls/internal/app"
	"hls/internal/hls"
	"hls/internal/simulate"
	"hls/internal/web"
)

// tryReplay asks for a dry replay.
func (s *service) tryReplay(guid string, c web.Changes) (code int, tried web.Tried, text string) {
	s.t.Helper()
	code, body := s.postAdmin("/api/v1/deliveries/"+guid+"/replay", web.ReplayRequest{DryRun: true, Changes: c})
	if code == http.StatusOK {
		if err := json.Unmarshal(body, &tried); err != nil {
			s.t.Fatal(err)
		}
	}
	return code, tried, string(body)
}

// triedOtherwise are the journeys whose last delivery cannot be thought through as it was, and why.
var triedOtherwise = map[string]string{
	"TestJourneys/workflow_run_default_branch": "another run had told of the cause, and what is remembered of it is written over",
	"TestJourneys/sweep":                       "the answer in the end is one about another delivery",
}

// triedAgain thinks the last delivery of a journey through once more, with nothing changed: what would come of it is what
// came of it, although that is there by now, and GitHub is written nothing.
func (j *journey) triedAgain() {
	j.t.Helper()
	if len(j.sent) == 0 {
		return
	}
	guid := j.sent[len(j.sent)-1].GUID
	if task, err := j.app.Store().TaskOf(j.t.Context(), guid); err != nil || task.State != hls.Done {
		return
	}
	writes := len(j.github.Writes())
	code, tried, text := j.tryReplay(guid, web.Changes{})
	if why := triedOtherwise[j.t.Name()]; why != "" {
		if code == http.StatusOK && (!tried.Difference.Changed || len(tried.Notes) == 0) {
			j.t.Errorf("it is said to differ, for %s: %+v", why, tried)
		}
		return
	}
	if code != http.StatusOK {
		j.t.Errorf("dry replay: %d %s", code, text)
		return
	}
	if d := tried.Difference; d.Changed {
		told, _ := json.MarshalIndent(d, "", " ")
		j.t.Errorf("a dry replay with nothing changed differs: %v\n%s", tried.Notes, told)
	}
	if n := len(j.github.Writes()); n != writes {
		j.t.Errorf("a dry replay wrote %d times", n-writes)
	}
}

// Whatever policy is tried, the caps on money are those in force: one that is reached keeps Claude from being asked.
func TestS3_ATriedPolicyLiftsNoCap(t *testing.T) {
	t.Parallel()
	cl := answering(bugAnswer)
	s := &service{t: t, github: shop(), claude: cl, dir: t.TempDir(), log: &buffer{}}
	ghURL, stopGH := s.github.Start()
	clURL, stopCL := cl.Start()
	t.Cleanup(stopGH)
	t.Cleanup(stopCL)
	settings := settingsFor(ghURL, clURL, s.dir)
	s.run(settings + widgetSettings)
	d := s.issueOpened()
	s.send(d)
	s.settled(d.GUID)
	s.stop()

	s.run(settings + widgetSettings + "    budget: {daily_usd: 0.000001}\n")
	free, err := parse(strings.Replace(settings, "api_key:", "budget: {daily_usd: 0}, api_key:", 1) + widgetSettings + "    budget: {daily_usd: 0}\n")
	if err != nil {
		t.Fatal(err)
	}
	policy, err := app.Policy(free)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]web.Changes{"in force": {}, "another policy": {Settings: policy}, "another model": {Model: "claude-opus-5-5"}} {
		code, _, text := s.tryReplay(d.GUID, c)
		if code != http.StatusConflict || !strings.Contains(text, "claude.budget.per_repository_daily_usd") {
			t.Errorf("%s: %d %s", name, code, text)
		}
	}
	if n := len(cl.Calls()); n != 1 {
		t.Errorf("Claude was asked %d times", n)
	}
}

// A policy that is sent to a service bears no secret, and names nothing that the service would read.
func TestS1_APolicyHasNoSecret(t *testing.T) {
	t.Parallel()
	settings, err := parse(settingsFor("http://127.0.0.1:1", "http://127.0.0.1:1", t.TempDir()) + `
repositories:
  - name: acme/widget-shop
    token: own-token-of-the-tests
    webhook_secret: own-secret-of-the-tests
    labels: {categories: {type: [bug], priority: {exclusive: false, labels: [{name: p1, description: "First", color: "ff0000"}]}}}
    models: {events: {issues.opened: claude-opus-5-5}}
    events: []
`)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := app.Policy(settings)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range settings.Secrets() {
		if strings.Contains(string(policy), secret.Reveal()) {
			t.Errorf("it bears %s", secret.Reveal())
		}
	}
	if !strings.Contains(string(policy), `"Events":[]`) || !strings.Contains(string(policy), "claude-opus-5-5") {
		t.Errorf("policy %s", policy)
	}
}

// A folder of templates is what the sender read of it: a policy makes the service read none of its own.
func TestE2_APolicyReadsNoFolder(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings, shop(), answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	s.settled(d.GUID)
	asked := len(s.claude.Calls())
	folder := t.TempDir()
	if err := writeTemplate(folder, "read from the service's own disk"); err != nil {
		t.Fatal(err)
	}
	policy := `{"Repositories":[{"Name":"acme/widget-shop","Prompts":{"BaseDir":` + quote(folder) + `}}],"Features":{"AutoLabeling":true,"AutoCommenting":true},"BaseDir":` + quote(folder) + `}`
	if code, _, text := s.tryReplay(d.GUID, web.Changes{Settings: json.RawMessage(policy)}); code != http.StatusOK {
		t.Fatalf("%d %s", code, text)
	}
	for _, call := range s.claude.Calls()[asked:] {
		if strings.Contains(call.System+call.User, "read from the service's own disk") {
			t.Errorf("a folder of the service was read: %s", call.User)
		}
	}
	if code, _, text := s.tryReplay(d.GUID, web.Changes{Settings: json.RawMessage(`{"Storage":{}}`)}); code != http.StatusConflict {
		t.Errorf("a policy with more than that: %d %s", code, text)
	}
}

// While a subject's work is queued, a dry replay neither takes its place nor waits for it, and a later run does not go on
// from it.
func TestE6_ADryReplayIsNobodysPrevious(t *testing.T) {
	t.Parallel()
	cl := answering(bugAnswer)
	s := start(t, widgetSettings, shop(), cl)
	d := s.issueOpened()
	s.send(d)
	first := s.settled(d.GUID)
	cl.SetAnswer(func(simulate.Request) string {
		return strings.Replace(bugAnswer, `"summary":"s"`, `"summary":"of a dry replay"`, 1)
	})
	if code, tried, text := s.tryReplay(d.GUID, web.Changes{}); code != http.StatusOK || !strings.Contains(string(tried.New.Answer), "of a dry replay") {
		t.Fatalf("%d %s", code, text)
	}
	cl.SetAnswer(func(simulate.Request) string { return bugAnswer })
	s.github.EditIssue(widgets, 7, "Crash when saving a file", "The app panics with a nil pointer. Now also on Mondays.")
	edited := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: s.github.IssuePayload(widgets, 7, "edited", "mona", simulate.Change{"body": "before"})}
	s.send(edited)
	if task := s.settled(edited.GUID); task.State != hls.Done {
		t.Fatalf("ended as %s (%s)", task.State, task.Reason)
	}
	calls := cl.Calls()
	if last := calls[len(calls)-1]; strings.Contains(last.User, "of a dry replay") || !strings.Contains(last.User, "earlier summary") {
		t.Errorf("it was asked with %s", last.User)
	}
	code, tried, text := s.tryReplay(d.GUID, web.Changes{})
	if code != http.StatusOK || tried.TaskID != first.ID || len(tried.Notes) == 0 || !strings.Contains(tried.Notes[0], "the subject has changed since") {
		t.Errorf("%d %s", code, text)
	}
}

func quote(text string) string {
	out, _ := json.Marshal(text)
	return string(out)
}

func writeTemplate(folder, text string) error {
	dir := filepath.Join(folder, "issues")
	return errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, "analyze.j2"), []byte(text), 0o600))
}
