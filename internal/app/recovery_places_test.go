package app_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// The App's own log, read as the App, of events of several repositories; the log spells payloads in other bytes.
func TestI7_AppsWebhook(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	gh := simulate.NewGitHub(simulate.GitHubConfig{Token: "none is taken", App: &simulate.AppSeed{ID: 12, Slug: "hook-line", Key: &key.PublicKey}})
	for _, repo := range []string{widgets, "acme/gadget-shop", "other/thing"} {
		gh.AddRepository(simulate.RepositorySeed{FullName: repo, Labels: []hls.Label{{Name: "bug"}}})
		gh.AddIssue(repo, simulate.IssueSeed{Number: 7, Title: "Crash when saving", Author: "mona", Body: "The app panics with a nil pointer, “every” <time>."})
	}
	gh.RespellPayloads()
	hook := gh.SetAppHook("https://hls.example.com/github", webhookSecret)
	var missed []simulate.Delivery
	for _, repo := range []string{widgets, "acme/gadget-shop", "other/thing"} {
		d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: gh.IssuePayload(repo, 7, "opened", "mona", nil)}
		gh.Log(repo, hook, d, 502)
		missed = append(missed, d)
	}
	cl := answering(bugAnswer)
	s := &service{t: t, github: gh, claude: cl, dir: t.TempDir(), log: &buffer{}}
	ghURL, stopGH := gh.Start()
	clURL, stopCL := cl.Start()
	t.Cleanup(stopGH)
	t.Cleanup(stopCL)
	app := fmt.Sprintf("app: {id: 12, private_key: %q}", strings.ReplaceAll(text, "\n", `\n`))
	s.run(strings.Replace(settingsFor(ghURL, clURL, s.dir), "token: github-token-of-the-tests", app, 1) +
		"\nrepositories: [{name: acme/*, mode: apply}]\nfeatures: {recover_missed: true}\n")
	for i, repo := range []string{widgets, "acme/gadget-shop"} {
		if task := s.settled(missed[i].GUID); task.State != hls.Done || task.Subject.Repo != repo {
			t.Errorf("%s: %s (%s)", repo, task.State, task.Reason)
		}
		stored, err := s.app.Store().Delivery(t.Context(), missed[i].GUID)
		if err != nil || stored.HookID != fmt.Sprint(hook) {
			t.Errorf("%s: of hook %q, %v: the signed bytes were not found", repo, stored.HookID, err)
		}
		// The true delivery, should it be sent after all, is a duplicate.
		if code, answer := s.send(simulate.Delivery{Event: "issues", GUID: missed[i].GUID, HookID: hook, Payload: missed[i].Payload}); code != 200 || answer["status"] != "duplicate" {
			t.Errorf("%s: answered %d %v", repo, code, answer)
		}
		if code, answer := s.send(simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: hook, Payload: missed[i].Payload}); code != 200 || answer["status"] != "duplicate" {
			t.Errorf("%s, under another id: answered %d %v", repo, code, answer)
		}
	}
	fetched := 0
	for _, c := range gh.Calls() {
		if strings.HasPrefix(c.Path, "/app/hook/deliveries/") {
			fetched++
		}
	}
	if line := s.component("recovery"); fetched != 2 || line["status"] != "healthy" {
		t.Errorf("%d deliveries were fetched, recovery %v", fetched, line)
	}
}

// An organization's log, for repositories that a glob names.
func TestI7_OrganizationsWebhook(t *testing.T) {
	t.Parallel()
	gh := shop()
	gh.AddOrganization("acme", "hls-bot")
	hook := gh.AddOrganizationHook("acme", "https://hls.example.com/webhook", webhookSecret)
	missed := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: gh.IssuePayload(widgets, 7, "opened", "mona", nil)}
	gh.Log(widgets, hook, missed, 0)
	gh.Log("", hook, simulate.Delivery{Event: "organization", GUID: simulate.NewGUID(), Payload: []byte(`{"action":"renamed","organization":{}}`)}, 0)
	s := start(t, "repositories: [{name: acme/*, mode: apply}]\nfeatures: {recover_missed: true}\n", gh, answering(bugAnswer))
	if task := s.settled(missed.GUID); task.State != hls.Done {
		t.Errorf("%s (%s)", task.State, task.Reason)
	}
	eventually(t, func() bool { return s.component("recovery")["last_success"] != nil })
}
