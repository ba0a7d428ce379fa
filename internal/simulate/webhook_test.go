package simulate_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-github/v92/github"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// receiver keeps what is sent to it.
type receiver struct {
	mu     sync.Mutex
	status int
	got    []*http.Request
	bodies []string
	server *httptest.Server
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusAccepted}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got, r.bodies = append(r.got, q), append(r.bodies, string(body))
		w.WriteHeader(r.status)
		_, _ = w.Write([]byte(`{"status":"queued"}`))
	}))
	t.Cleanup(r.server.Close)
	return r
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

func TestSignIsGitHubs(t *testing.T) {
	t.Parallel()
	// The vector of GitHub's "Validating webhook deliveries".
	if got := simulate.Sign("It's a Secret to Everybody", []byte("Hello, World!")); got != "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" {
		t.Error(got)
	}
}

func TestSendAsGitHubDoes(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	r := newReceiver(t)
	payload := g.IssuePayload(shop, 1, "opened", "rita", nil)
	for _, form := range []bool{false, true} {
		d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: payload, Form: form}
		status, body, err := simulate.Send(t.Context(), r.server.URL, "secret", d)
		if err != nil || status != http.StatusAccepted || string(body) != `{"status":"queued"}` {
			t.Fatalf("sent: %d %s %v", status, body, err)
		}
		i := r.count() - 1
		if got := r.got[i].Header.Get("X-Hub-Signature-256"); got != simulate.Sign("secret", []byte(r.bodies[i])) {
			t.Errorf("signature: %s", got)
		}
		q, _ := http.NewRequest(http.MethodPost, "/", nil)
		q.Header = r.got[i].Header
		read, err := github.ValidatePayloadFromBody(q.Header.Get("Content-Type"), strings.NewReader(r.bodies[i]), q.Header.Get("X-Hub-Signature-256"), []byte("secret"))
		if err != nil || string(read) != string(payload) {
			t.Errorf("form %v: %v", form, err)
		}
		if github.WebHookType(q) != "issues" || github.DeliveryID(q) != d.GUID || q.Header.Get("X-GitHub-Hook-ID") == "" {
			t.Errorf("headers: %v", q.Header)
		}
	}
	if values, err := url.ParseQuery(r.bodies[1]); err != nil || values.Get("payload") != string(payload) {
		t.Errorf("form: %v", err)
	}
}

func TestPayloadsHaveGitHubsShape(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	g.AddLabelAs(shop, 1, "mona", "bug")
	g.Push(shop, 2, nil)
	g.CommentAs(shop, 1, "rita", "More")
	for event, body := range map[string][]byte{
		"issues":        g.IssuePayload(shop, 1, "edited", "rita", simulate.Change{"title": "Before"}),
		"pull_request":  g.PullRequestPayload(shop, 2, "synchronize", "paul", nil),
		"issue_comment": g.CommentPayload(shop, 1, "created", "rita"),
		"ping":          g.PingPayload(shop, 5),
	} {
		if _, err := github.ParseWebHook(event, body); err != nil {
			t.Errorf("%s: %v", event, err)
		}
	}
	e, err := hls.DecodeEvent(hls.Delivery{Event: "issues", Body: g.IssuePayload(shop, 1, "edited", "rita", simulate.Change{"title": "Before"})})
	if err != nil || e.Repo.ID != 77 || e.Subject.Number != 1 || !e.Changed["title"] || e.Sender.Login != "rita" || len(e.Issue.Labels) != 1 || e.Issue.UpdatedAt.IsZero() {
		t.Errorf("issue event: %+v, %v", e, err)
	}
	e, err = hls.DecodeEvent(hls.Delivery{Event: "pull_request", Body: g.ReviewRequestPayload(shop, 2, "paul", "hls-bot")})
	if err != nil || !g.Self().Same(*e.Reviewer) || e.PullRequest.Head.SHA != g.PullRequest(shop, 2).Head.SHA || e.Subject.Kind != hls.KindPullRequest {
		t.Errorf("pull request event: %+v, %v", e, err)
	}
}

func TestGitHubHookLogAndRedelivery(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	r := newReceiver(t)
	c := client(t, g, "right")
	hook, _, err := c.Repositories.CreateHook(t.Context(), owner, name, &github.Hook{
		Events: []string{"issues"}, Config: &github.HookConfig{URL: &r.server.URL, ContentType: new("json"), Secret: new("secret")},
	})
	if err != nil || hook.GetConfig().GetSecret() == "secret" {
		t.Fatalf("hook: %v, %v", hook, err)
	}
	missed := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: g.IssuePayload(shop, 1, "opened", "rita", nil)}
	g.Log(shop, hook.GetID(), missed, 0)
	for range 3 {
		g.Log(shop, hook.GetID(), simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: missed.Payload}, 202)
	}
	var all []*github.HookDelivery
	for cursor := ""; ; {
		page, answer, err := c.Repositories.ListHookDeliveries(t.Context(), owner, name, hook.GetID(), &github.ListCursorOptions{PerPage: 2, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if cursor = answer.Cursor; cursor == "" {
			break
		}
	}
	last := all[len(all)-1]
	if len(all) != 4 || last.GetGUID() != missed.GUID || last.GetStatusCode() != 0 || last.GetAction() != "opened" {
		t.Fatalf("log: %v", all)
	}
	full, _, err := c.Repositories.GetHookDelivery(t.Context(), owner, name, hook.GetID(), last.GetID())
	if err != nil || len(full.GetRequest().GetRawPayload()) < 100 {
		t.Errorf("delivery: %v, %v", full, err)
	}
	_, _, err = c.Repositories.RedeliverHookDelivery(t.Context(), owner, name, hook.GetID(), last.GetID())
	var accepted *github.AcceptedError
	if err != nil && !errors.As(err, &accepted) {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); r.count() == 0 && time.Now().Before(deadline); {
		<-time.After(time.Millisecond)
	}
	if r.count() != 1 || r.got[0].Header.Get("X-GitHub-Delivery") != missed.GUID || r.got[0].Header.Get("X-GitHub-Hook-ID") != strconv.FormatInt(hook.GetID(), 10) {
		t.Errorf("redelivered: %d", r.count())
	}
}
