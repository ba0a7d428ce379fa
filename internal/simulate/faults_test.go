package simulate_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v92/github"

	"hls/internal/simulate"
)

const commentsGlob = "/repos/*/*/issues/*/comments"

// TestGitHubFaults comments once under each fault, and looks at what the client saw and what became of it.
func TestGitHubFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault  simulate.Fault
		status int // that the client saw; 0 for a broken connection
		made   bool
		fails  bool // for the client
	}{
		{simulate.Fault{Kind: simulate.FailBefore, Status: 503}, 503, false, true},
		{simulate.Fault{Kind: simulate.FailAfter}, 500, true, true},
		{simulate.Fault{Kind: simulate.FailAfter, Status: 504}, 504, true, true},
		{simulate.Fault{Kind: simulate.ResetBefore}, 0, false, true},
		{simulate.Fault{Kind: simulate.ResetAfter}, 0, true, true},
		{simulate.Fault{Kind: simulate.Truncated}, 201, true, true},
		{simulate.Fault{Kind: simulate.NoID}, 201, true, false},
		{simulate.Fault{Kind: simulate.Delay, Wait: time.Millisecond}, 201, true, false},
		{simulate.Fault{Kind: simulate.Secondary, Wait: 7 * time.Second}, 403, false, true},
		{simulate.Fault{Kind: simulate.PrimaryLimit, Wait: time.Minute}, 403, false, true},
	} {
		t.Run(string(test.fault.Kind), func(t *testing.T) {
			t.Parallel()
			g := seeded(t)
			c := client(t, g, "right")
			test.fault.Method, test.fault.PathGlob = http.MethodPost, commentsGlob
			g.Fail(test.fault)
			_, _, err := c.Issues.CreateComment(t.Context(), owner, name, 1, github.IssueCommentRequest{Body: "Hello"})
			if (err != nil) != test.fails {
				t.Errorf("the client saw %v", err)
			}
			if made := len(g.Comments(shop, 1)) == 1; made != test.made {
				t.Errorf("made: %v", made)
			}
			call := g.Writes()[0]
			if call.Status != test.status || call.Effect != test.made || call.Fault != test.fault.Kind {
				t.Errorf("call: %+v", call)
			}
			g.Heal()
			if _, _, err := c.Issues.ListComments(t.Context(), owner, name, 1, nil); err != nil && test.fault.Kind != simulate.Secondary && test.fault.Kind != simulate.PrimaryLimit {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestGitHubLimitsAsTheClientReadsThem(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	g.Fail(simulate.Fault{Kind: simulate.Secondary, Wait: 7 * time.Second})
	_, _, err := client(t, g, "right").Users.Get(t.Context(), "")
	var abuse *github.AbuseRateLimitError
	if !errors.As(err, &abuse) || abuse.GetRetryAfter() != 7*time.Second {
		t.Errorf("secondary: %v", err)
	}
	g.Fail(simulate.Fault{Kind: simulate.PrimaryLimit, Wait: time.Minute})
	_, _, err = client(t, g, "right").Users.Get(t.Context(), "")
	var limit *github.RateLimitError
	if !errors.As(err, &limit) || time.Until(limit.Rate.Reset.Time) < 50*time.Second {
		t.Errorf("primary: %v", err)
	}
	small := simulate.NewGitHub(simulate.GitHubConfig{Limit: 2})
	c := client(t, small, "any")
	for range 2 {
		if _, _, err := c.Users.Get(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := client(t, small, "any").Users.Get(t.Context(), ""); !errors.As(err, &limit) {
		t.Errorf("the third of two: %v", err)
	}
}

func TestGitHubFaultsCount(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	g.Fail(simulate.Fault{Kind: simulate.FailBefore, Skip: 1, Times: 2, PathGlob: "/user"})
	c := client(t, g, "right")
	var got []bool
	for range 4 {
		_, _, err := c.Users.Get(t.Context(), "")
		got = append(got, err == nil)
	}
	if got[0] != true || got[1] || got[2] || !got[3] {
		t.Errorf("succeeded: %v", got)
	}
}

func TestGitHubShowsLate(t *testing.T) {
	t.Parallel()
	now := time.Now()
	g := simulate.NewGitHub(simulate.GitHubConfig{Now: func() time.Time { return now }})
	g.AddRepository(simulate.RepositorySeed{FullName: shop})
	g.AddIssue(shop, simulate.IssueSeed{Title: "Late", Author: "rita"})
	g.Fail(simulate.Fault{Kind: simulate.Late, Wait: time.Minute, Method: http.MethodPost})
	c := client(t, g, "any")
	if _, _, err := c.Issues.CreateComment(t.Context(), owner, name, 1, github.IssueCommentRequest{Body: "Hello"}); err != nil {
		t.Fatal(err)
	}
	count := func() int {
		list, _, err := c.Issues.ListComments(t.Context(), owner, name, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if n := count(); n != 0 {
		t.Errorf("%d comments shown at once", n)
	}
	now = now.Add(time.Minute)
	if n := count(); n != 1 {
		t.Errorf("%d comments shown later", n)
	}
}

func TestGitHubConditionalRequests(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	url, stop := g.Start()
	defer stop()
	get := func(tag string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v3/repos/acme/widget-shop/issues/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "token right")
		r.Header.Set("If-None-Match", tag)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode == http.StatusOK && !strings.Contains(string(body), url+"/api/v3/repos/") {
			t.Errorf("links leave the prefix: %s", body)
		}
		return answer
	}
	first := get("")
	second := get(first.Header.Get("ETag"))
	if second.StatusCode != http.StatusNotModified || second.Header.Get("X-RateLimit-Remaining") != first.Header.Get("X-RateLimit-Remaining") {
		t.Errorf("second: %d %v", second.StatusCode, second.Header)
	}
	g.AddLabelAs(shop, 1, "mona", "bug")
	if third := get(first.Header.Get("ETag")); third.StatusCode != http.StatusOK {
		t.Errorf("after a change: %d", third.StatusCode)
	}
}

func TestGitHubRenamedRepository(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	g.RenameRepository(shop, "acme/gadget-shop")
	c := client(t, g, "right")
	repo, _, err := c.Repositories.Get(t.Context(), owner, name)
	if err != nil || repo.GetFullName() != "acme/gadget-shop" || repo.GetID() != 77 {
		t.Errorf("read under the old name: %v, %v", repo, err)
	}
	url, stop := g.Start()
	defer stop()
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/repos/acme/widget-shop/issues/1/comments", strings.NewReader(`{"body":"Hello"}`))
	r.Header.Set("Authorization", "Bearer right")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusTemporaryRedirect || answer.Header.Get("Location") != url+"/repositories/77/issues/1/comments" {
		t.Errorf("written under the old name: %d %v", answer.StatusCode, answer.Header)
	}
	if len(g.Comments("acme/gadget-shop", 1)) != 0 {
		t.Error("the redirect had an effect")
	}
}
