package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

// A token that work on one repository is done with is worth nothing in another: each is asked for with the repository that
// it is for, by number where the work knows it, and is sent to that repository alone.
func TestE1_TokensAreForOneRepository(t *testing.T) {
	t.Parallel()
	_, text := newKey(t)
	type asked struct {
		Repositories []string
		IDs          []int64 `json:"repository_ids"`
	}
	s := serve(t, routes{
		"GET /repos/acme/widget/installation": answer(200, `{"id":3}`),
		"GET /repos/acme/gadget/installation": answer(200, `{"id":3}`),
		"GET /orgs/acme/installation":         answer(200, `{"id":3}`),
		"POST /app/installations/3/access_tokens": func(w http.ResponseWriter, r *http.Request) {
			var q asked
			if r.ContentLength > 0 {
				if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
					t.Error(err)
				}
			}
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprintf(w, `{"token":"ghs_%s%v","expires_at":%q}`, strings.Join(q.Repositories, ""), q.IDs, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		},
		"GET /repos/acme/widget/issues/7": answer(200, `{"number":7}`),
		"GET /repos/acme/gadget/issues/7": answer(200, `{"number":7}`),
		"GET /repos/acme/widget/labels":   answer(200, `[]`),
		"GET /orgs/acme/hooks":            answer(200, `[]`),
	})
	c := dial(t, s, func(cfg *Config) { cfg.Token, cfg.App = "", App{ID: 12, PrivateKey: hls.Secret(text)} })
	gadget := widget
	gadget.Repo, gadget.RepoID = "acme/gadget", 78
	for _, at := range []hls.Subject{widget, gadget} {
		if _, err := c.Issue(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Labels(t.Context(), "acme/widget"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Hooks(t.Context(), HookPlace{Org: "acme"}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"/repos/acme/widget/issues/7": "Bearer ghs_[77]", "/repos/acme/gadget/issues/7": "Bearer ghs_[78]",
		"/repos/acme/widget/labels": "Bearer ghs_widget[]", "/orgs/acme/hooks": "Bearer ghs_[]",
	}
	for _, r := range s.seen() {
		if by, ok := want[r.Path]; ok {
			delete(want, r.Path)
			if r.Authorization != by {
				t.Errorf("%s was asked with %q, not %q", r.Path, r.Authorization, by)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("not asked: %v", want)
	}
}

// A repository that was taken out of the installation since is asked about anew, and then known not to have the App.
func TestARepositoryLeavesTheInstallation(t *testing.T) {
	t.Parallel()
	_, text := newKey(t)
	there := true
	s := serve(t, routes{
		"GET /repos/acme/widget/installation": func(w http.ResponseWriter, r *http.Request) {
			if !there {
				answer(404, `{}`)(w, r)
				return
			}
			there = false
			answer(200, `{"id":3}`)(w, r)
		},
		"POST /app/installations/3/access_tokens": answer(422, `{"message":"There is at least one repository that does not exist or is not accessible to the parent installation."}`),
	})
	c := dial(t, s, func(cfg *Config) { cfg.Token, cfg.App = "", App{ID: 12, PrivateKey: hls.Secret(text)} })
	if _, err := c.Issue(t.Context(), widget); !strings.HasPrefix(kindOf(err), "retry") {
		t.Errorf("at first: %v", err)
	}
	_, err := c.Issue(t.Context(), widget)
	wantReason(t, err, reasonNotInstalled)
}

func TestRightsAsFarAsGitHubTells(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"GET /repos/acme/widget": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-OAuth-Scopes", "public_repo, read:org")
			w.Header().Set("Date", time.Now().Add(-90*time.Second).UTC().Format(http.TimeFormat))
			_, _ = w.Write([]byte(`{"private":true,"permissions":{"admin":false,"push":true,"pull":true}}`))
		},
		"GET /repos/acme/gadget/installation": answer(200, `{"id":3,"permissions":{"issues":"write"},"events":["issues"]}`),
	})
	c := dial(t, s)
	got, err := c.Rights(t.Context(), "acme/widget")
	if err != nil || !got.Private || !got.Classic || got.Role != "push" || strings.Join(got.Scopes, " ") != "public_repo read:org" || got.Permissions != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if seen := c.Snapshot(); !seen.Dated || seen.Ahead > -80*time.Second || seen.Ahead < -100*time.Second {
		t.Errorf("the clock: %v, %v", seen.Dated, seen.Ahead)
	}
	_, text := newKey(t)
	app := dial(t, s, func(cfg *Config) { cfg.Token, cfg.App = "", App{ID: 12, PrivateKey: hls.Secret(text)} })
	if got, err := app.Rights(t.Context(), "acme/gadget"); err != nil || got.Permissions["issues"] != "write" || got.Events[0] != "issues" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = app.Rights(t.Context(), "acme/widget")
	wantReason(t, err, reasonNotInstalled)
}

func TestS1_ManifestsAreExchangedForSecrets(t *testing.T) {
	t.Parallel()
	_, text := newKey(t)
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, routes{
		"POST /app-manifests/good/conversions":    answer(201, `{"id":5,"slug":"hls-acme","html_url":"https://github.com/apps/hls-acme","pem":`+string(quoted)+`,"webhook_secret":"hook"}`),
		"POST /app-manifests/keyless/conversions": answer(201, `{"id":5,"webhook_secret":"hook","pem":"nothing secret"}`),
		"POST /app-manifests/bare/conversions":    answer(201, `{"id":5,"pem":`+string(quoted)+`}`),
	})
	c := dial(t, s, func(cfg *Config) { cfg.Token = "" })
	made, err := c.ConvertManifest(t.Context(), "good")
	if err != nil || made.ID != 5 || made.Slug != "hls-acme" || made.PrivateKey.Reveal() != text || made.WebhookSecret.Reveal() != "hook" {
		t.Errorf("%+v, %v", made, err)
	}
	if by := s.seen()[0].Authorization; by != "" {
		t.Errorf("the code is exchanged with the credential %q", by)
	}
	for _, code := range []string{"keyless", "bare", "used", "../x", ""} {
		if made, err := c.ConvertManifest(t.Context(), code); err == nil || made != (MadeApp{}) || strings.Contains(err.Error(), "PRIVATE KEY") {
			t.Errorf("%q: %+v, %v", code, made, err)
		}
	}
}
