package simulate_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-github/v92/github"

	"hls/internal/simulate"
)

// GitHub keeps the log of a webhook for three days, and no page or entry shows more.
func TestGitHubForgetsTheLogAfterThreeDays(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	now.Store(time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC).Unix())
	g := simulate.NewGitHub(simulate.GitHubConfig{Token: "right", Now: func() time.Time { return time.Unix(now.Load(), 0) }})
	g.AddRepository(simulate.RepositorySeed{FullName: shop})
	hook := g.AddHook(shop, "https://hls.example/webhook", "secret")
	c := client(t, g, "right")
	guids := []string{simulate.NewGUID(), simulate.NewGUID(), simulate.NewGUID()}
	for _, guid := range guids {
		g.Log(shop, hook, simulate.Delivery{Event: "push", GUID: guid, Payload: []byte(`{}`)}, 0)
		now.Add(int64((24 * time.Hour).Seconds()))
	}
	all, _, err := c.Repositories.ListHookDeliveries(t.Context(), owner, name, hook, nil)
	if err != nil || len(all) != 2 || all[0].GetGUID() != guids[2] || all[1].GetGUID() != guids[1] {
		t.Fatalf("%d entries, %v", len(all), err)
	}
	oldest := all[1].GetID()
	now.Add(int64((24 * time.Hour).Seconds()))
	if _, _, err := c.Repositories.GetHookDelivery(t.Context(), owner, name, hook, oldest); status(err) != http.StatusNotFound {
		t.Errorf("an entry that is too old: %v", err)
	}
}

func TestGitHubRedeliveriesShareTheGUID(t *testing.T) {
	t.Parallel()
	g, r := seeded(t), newReceiver(t)
	hook := g.AddHook(shop, r.server.URL, "secret")
	d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: g.IssuePayload(shop, 1, "opened", "rita", nil)}
	g.Log(shop, hook, d, 0)
	g.Deliver(t.Context(), shop, hook, d)
	c := client(t, g, "right")
	all, _, err := c.Repositories.ListHookDeliveries(t.Context(), owner, name, hook, nil)
	if err != nil || len(all) != 2 || all[0].GetGUID() != all[1].GetGUID() || !all[0].GetRedelivery() || all[1].GetRedelivery() || all[0].GetStatusCode() != 202 {
		t.Errorf("%v, %v", all, err)
	}
	g.AddRepository(simulate.RepositorySeed{FullName: "acme/other", Collaborators: map[string]string{"hls-bot": "write"}})
	if _, _, err := c.Repositories.ListHooks(t.Context(), owner, "other", nil); status(err) != http.StatusNotFound {
		t.Errorf("without being an admin: %v", err)
	}
}

func TestGitHubEditsAHook(t *testing.T) {
	t.Parallel()
	g := simulate.NewGitHub(simulate.GitHubConfig{Token: "right"})
	g.AddRepository(simulate.RepositorySeed{FullName: shop})
	id, c := g.AddHook(shop, "https://old.example/webhook", "old"), client(t, g, "right")
	edited, _, err := c.Repositories.EditHook(t.Context(), owner, name, id, &github.Hook{
		Active: new(false), Events: []string{"issues"},
		Config: &github.HookConfig{URL: new("https://new.example/webhook"), ContentType: new("json"), InsecureSSL: new("1")},
	})
	if err != nil || edited.GetActive() || edited.GetConfig().Secret != nil {
		t.Fatalf("%v, %v", edited, err)
	}
	h := g.Hooks(shop)[0]
	if h.URL != "https://new.example/webhook" || h.Secret != "" || !h.Insecure || h.Active || !slices.Equal(h.Events, []string{"issues"}) {
		t.Errorf("%+v", h)
	}
}

func TestGitHubOrganizationAndAppHooks(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	g := simulate.NewGitHub(simulate.GitHubConfig{
		Token: "right", Tokens: map[string]string{"owners": "olga"}, App: &simulate.AppSeed{ID: 12, Slug: "hls", Key: &key.PublicKey},
	})
	g.AddRepository(simulate.RepositorySeed{FullName: shop})
	g.AddOrganization("acme", "olga")
	hook := g.AddOrganizationHook("acme", "https://hls.example/webhook", "secret")
	d := simulate.Delivery{Event: "push", GUID: simulate.NewGUID(), Payload: []byte(`{}`)}
	g.Log(shop, hook, d, 502)
	g.Log("", hook, d, 502)
	c := client(t, g, "owners")
	hooks, _, err := c.Organizations.ListHooks(t.Context(), "acme", nil)
	if err != nil || len(hooks) != 1 || hooks[0].GetType() != "Organization" {
		t.Fatalf("%v, %v", hooks, err)
	}
	all, _, err := c.Organizations.ListHookDeliveries(t.Context(), "acme", hook, nil)
	if err != nil || len(all) != 2 || all[0].RepositoryID != nil || all[1].GetRepositoryID() == 0 {
		t.Errorf("%v, %v", all, err)
	}
	if _, _, err := client(t, g, "right").Organizations.ListHooks(t.Context(), "acme", nil); status(err) != http.StatusNotFound {
		t.Errorf("without being an owner: %v", err)
	}
	g.SetAppHook("https://hls.example/webhook", "secret")
	if _, _, err := c.Apps.ListHookDeliveries(t.Context(), nil); status(err) != http.StatusUnauthorized {
		t.Errorf("the App's log for a token: %v", err)
	}
}
