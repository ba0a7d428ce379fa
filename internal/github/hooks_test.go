package github

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

const hookAnswer = `{"id":7,"name":"web","active":true,"events":["issues"],"config":{"url":"https://hls.example/webhook","content_type":"json","insecure_ssl":"0","secret":"********"}}`

func TestHooksOfEachPlace(t *testing.T) {
	t.Parallel()
	key, text := newKey(t)
	s := serve(t, routes{
		"GET /repos/acme/widget/hooks": answer(200, "["+hookAnswer+"]"),
		"GET /orgs/acme/hooks":         answer(200, "["+hookAnswer+"]"),
		"GET /orgs/acme/installation":  answer(200, `{"id":5}`),
		"GET /app/hook/config":         answer(200, `{"url":"https://hls.example/webhook","content_type":"form","insecure_ssl":"1"}`),
		"GET /repositories/9":          answer(200, `{"id":9,"full_name":"acme/widget"}`),
		"POST /app/installations/5/access_tokens": answer(201, `{"token":"ghs_of_the_installation","expires_at":"`+
			time.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"}`),
	})
	want := Hook{ID: 7, Active: true, URL: "https://hls.example/webhook", ContentType: "json", Secret: true, Events: []string{"issues"}}
	c := dial(t, s)
	for _, at := range []HookPlace{{Repo: "acme/widget"}, {Org: "acme"}} {
		got, err := c.Hooks(t.Context(), at)
		if err != nil || len(got) != 1 || !equalHook(got[0], want) {
			t.Errorf("%s: %+v, %v", at, got, err)
		}
	}
	if _, err := c.Hooks(t.Context(), HookPlace{}); err == nil || !strings.Contains(err.Error(), "github.app") {
		t.Errorf("the App's, with a token: %v", err)
	}
	a := dial(t, s, func(cfg *Config) { cfg.Token, cfg.App = "", App{ID: 12, PrivateKey: hls.Secret(text)} })
	got, err := a.Hooks(t.Context(), HookPlace{})
	if err != nil || len(got) != 1 || !got[0].Active || !got[0].Insecure || got[0].Secret || got[0].ContentType != "form" {
		t.Errorf("the App's: %+v, %v", got, err)
	}
	if err := verify(&key.PublicKey, s.seen()[len(s.seen())-1].Authorization); err != nil {
		t.Errorf("the App's webhook was not asked for as the App: %v", err)
	}
	if _, err := a.Hooks(t.Context(), HookPlace{Org: "acme"}); err != nil {
		t.Error(err)
	}
	repo, err := a.RepositoryByID(t.Context(), 9, 5)
	if err != nil || repo.FullName != "acme/widget" || s.seen()[len(s.seen())-1].Authorization != "Bearer ghs_of_the_installation" {
		t.Errorf("%+v, %v", repo, err)
	}
}

func equalHook(a, b Hook) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}

func TestAttemptsFollowTheCursor(t *testing.T) {
	t.Parallel()
	var s *server
	s = serve(t, routes{
		"GET /repos/acme/widget/hooks/7/deliveries": func(w http.ResponseWriter, r *http.Request) {
			body := `[{"id":18446744073709,"guid":"g1","delivered_at":"2026-03-02T10:00:00.5Z","redelivery":true,"duration":0.1,"status":"Invalid HTTP Response: 502",
				"status_code":502,"event":"issues","action":"opened","installation_id":5,"repository_id":9,"throttled_at":null}]`
			if r.URL.Query().Get("cursor") == "" {
				w.Header().Set("Link", "<"+s.URL+`/repos/acme/widget/hooks/7/deliveries?cursor=v1_41&per_page=100>; rel="next"`)
			} else {
				body = `[{"id":1,"guid":"g2","delivered_at":"2026-03-02T09:00:00Z","status":"OK","status_code":200,"event":"push","action":null,"installation_id":null,"repository_id":null}]`
			}
			answer(200, body)(w, r)
		},
	})
	c, at := dial(t, s), HookPlace{Repo: "acme/widget"}
	page, next, err := c.Attempts(t.Context(), at, 7, "")
	want := Attempt{ID: 18446744073709, GUID: "g1", At: time.Date(2026, 3, 2, 10, 0, 0, 5e8, time.UTC), Redelivery: true, Code: 502,
		Event: "issues", Action: "opened", RepoID: 9, Installation: 5}
	if err != nil || len(page) != 1 || page[0] != want || next != "v1_41" || page[0].Answered() {
		t.Fatalf("%+v, next %q, %v", page, next, err)
	}
	page, next, err = c.Attempts(t.Context(), at, 7, next)
	if err != nil || next != "" || page[0].GUID != "g2" || page[0].Action != "" || page[0].RepoID != 0 || !page[0].Answered() {
		t.Errorf("%+v, next %q, %v", page, next, err)
	}
	if q := s.seen()[1].Query; !strings.Contains(q, "cursor=v1_41") || !strings.Contains(q, "per_page=100") {
		t.Errorf("asked with %s", q)
	}
}

func TestSentKeepsThePayloadsBytes(t *testing.T) {
	t.Parallel()
	payload := `{ "b": 1.0, "a": "\u003c", "id": 9007199254740993 }`
	s := serve(t, routes{
		"GET /orgs/acme/hooks/7/deliveries/1": answer(200, `{"id":1,"guid":"g1","request":{"headers":{"x-github-event":"issues","X-Hub-Signature-256":" sha256=ab "},"payload":`+payload+`},
			"response":{"headers":{},"payload":null}}`),
		"GET /orgs/acme/hooks/7/deliveries/2": answer(200, `{"id":2,"guid":"g2","request":{"headers":null,"payload":null}}`),
		"GET /orgs/acme/hooks/7/deliveries/3": answer(403, `{"message":"Resource not accessible by personal access token"}`),
	})
	c, at := dial(t, s), HookPlace{Org: "acme"}
	sent, err := c.Sent(t.Context(), at, 7, 1)
	if err != nil || string(sent.Body) != payload || sent.Header.Get("X-GitHub-Event") != "issues" || sent.Header.Get("X-Hub-Signature-256") != "sha256=ab" {
		t.Errorf("%q, %v", sent, err)
	}
	if sent, err = c.Sent(t.Context(), at, 7, 2); err != nil || len(sent.Body) > 0 && string(sent.Body) != "null" {
		t.Errorf("%q, %v", sent, err)
	}
	var final *hls.Permanent
	if _, err = c.Sent(t.Context(), at, 7, 3); !errors.As(err, &final) {
		t.Errorf("forbidden: %v", err)
	}
	if _, err = c.Sent(t.Context(), at, 7, 4); !errors.Is(err, hls.ErrNotFound) {
		t.Errorf("not there: %v", err)
	}
	if _, err = c.Sent(t.Context(), HookPlace{Org: "../user"}, 7, 4); !errors.As(err, &final) {
		t.Errorf("a name that climbs: %v", err)
	}
}

func TestHookIsWrittenWhole(t *testing.T) {
	t.Parallel()
	s := serve(t, routes{
		"POST /repos/acme/widget/hooks":    answer(201, hookAnswer),
		"PATCH /repos/acme/widget/hooks/7": answer(200, hookAnswer),
	})
	c := dial(t, s)
	spec := HookSpec{URL: "https://hls.example/webhook", Secret: "a secret that is none", Events: []string{"issues", "push"}}
	for _, put := range []func() (Hook, error){
		func() (Hook, error) { return c.CreateHook(t.Context(), "acme/widget", spec) },
		func() (Hook, error) { return c.EditHook(t.Context(), "acme/widget", 7, spec) },
	} {
		h, err := put()
		if err != nil || h.ID != 7 || !h.Active {
			t.Fatalf("%+v, %v", h, err)
		}
		var body struct {
			Active bool
			Events []string
			Config map[string]string
		}
		if err := json.Unmarshal([]byte(s.seen()[len(s.seen())-1].Body), &body); err != nil {
			t.Fatal(err)
		}
		if !body.Active || len(body.Events) != 2 || body.Config["secret"] != "a secret that is none" || body.Config["content_type"] != "json" ||
			body.Config["insecure_ssl"] != "0" || body.Config["url"] != spec.URL {
			t.Errorf("%+v", body)
		}
	}
	n := len(s.seen())
	spec.Secret = ""
	if _, err := c.EditHook(t.Context(), "acme/widget", 7, spec); err == nil || len(s.seen()) != n {
		t.Errorf("without a secret: %v", err)
	}
}
