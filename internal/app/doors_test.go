package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// component is a line of /health.
func (s *service) component(name string) map[string]any {
	s.t.Helper()
	line, _ := s.get("/health")["components"].(map[string]any)[name].(map[string]any)
	return line
}

// A key that Claude refuses is not the delivery's fault: it is tried again, and /health says what is wrong.
func TestARefusedClaudeKeyIsRetriedAndUnhealthy(t *testing.T) {
	t.Parallel()
	cl := simulate.NewClaude(simulate.ClaudeConfig{Key: "another-key"})
	s := start(t, widgetSettings, shop(), cl)
	d := s.issueOpened()
	s.send(d)
	if task := s.settled(d.GUID); task.State != hls.Parked || task.Attempt != 4 {
		t.Errorf("ended as %s (%s) after %d attempts", task.State, task.Reason, task.Attempt)
	}
	if line := s.component("claude"); line["status"] != "unhealthy" || !strings.Contains(line["last_error"].(string), "401") {
		t.Errorf("claude: %v", line)
	}
	if health := s.get("/health"); health["status"] != "degraded" {
		t.Errorf("health: %v", health)
	}
}

// A token that is replaced while a delivery is worked on costs a retry, and /health is well again after it.
func TestARefusedGitHubTokenIsRetried(t *testing.T) {
	t.Parallel()
	gh := shop()
	s := start(t, widgetSettings, gh, answering(bugAnswer))
	eventually(t, func() bool { return strings.Contains(s.log.String(), "acting as") })
	gh.Fail(simulate.Fault{PathGlob: "/repos/*/*/issues/*", Status: http.StatusUnauthorized, Kind: simulate.FailBefore, Times: 3})
	d := s.issueOpened()
	s.send(d)
	if task := s.settled(d.GUID); task.State != hls.Done || task.Attempt != 4 {
		t.Errorf("ended as %s (%s) after %d attempts", task.State, task.Reason, task.Attempt)
	}
	if line := s.component("github"); line["status"] != "healthy" || !strings.Contains(line["last_error"].(string), "401") {
		t.Errorf("github: %v", line)
	}
	if text := s.log.String(); strings.Contains(text, "read issue: read issue") || strings.Contains(text, "in 0s") {
		t.Errorf("an error is named twice or waits for nothing")
	}
}

// An answer that cannot be used came through a door that works.
func TestAnUnusableAnswerIsNoFaultOfTheDoor(t *testing.T) {
	t.Parallel()
	for _, mode := range []simulate.Mode{simulate.Refuse, simulate.Truncate, simulate.NotSchema} {
		s := start(t, widgetSettings, shop(), simulate.NewClaude(simulate.ClaudeConfig{Mode: mode}))
		d := s.issueOpened()
		s.send(d)
		if task := s.settled(d.GUID); task.State != hls.Parked {
			t.Errorf("%s: ended as %s (%s)", mode, task.State, task.Reason)
		}
		if line := s.component("claude"); line["status"] != "healthy" {
			t.Errorf("%s: %v", mode, line)
		}
	}
}

// Where GitHub does not tell who HLS is, the first thing that it writes does: its own events start nothing from then on.
func TestE7_OwnEventsAreKnownAfterTheFirstWrite(t *testing.T) {
	t.Parallel()
	gh := shop()
	gh.Fail(simulate.Fault{PathGlob: "/user", Status: http.StatusForbidden, Kind: simulate.FailBefore, Times: -1})
	s := start(t, widgetSettings, gh, answering(bugAnswer))
	eventually(t, func() bool { return strings.Contains(s.log.String(), "does not tell") })
	d := s.issueOpened()
	s.send(d)
	s.settled(d.GUID)
	if n := len(gh.Comments(widgets, 7)); n != 1 {
		t.Fatalf("%d comments", n)
	}
	own := simulate.Delivery{Event: "issues", Payload: gh.IssuePayload(widgets, 7, "edited", gh.Self().Login, simulate.Change{"title": "x"})}
	if _, answer := s.send(own); answer["status"] != "ignored" || answer["reason"] != "own_event" {
		t.Errorf("got %v", answer)
	}
}

// A GitHub that is down for a moment at the start leaves HLS unaware of who it is for seconds, not for minutes.
func TestE7_TheOwnAccountIsReadAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	gh := shop()
	gh.Fail(simulate.Fault{PathGlob: "/user", Kind: simulate.FailBefore})
	s := start(t, widgetSettings, gh, answering(bugAnswer))
	eventually(t, func() bool { return strings.Contains(s.log.String(), "acting as") })
	if text := s.log.String(); strings.Count(text, "the own account cannot be read") != 1 {
		t.Errorf("log %s", text)
	}
}

// A repository's own cap counts in place of the one for all, and its 0 is no cap.
func TestS3_ARepositorysOwnCapCounts(t *testing.T) {
	t.Parallel()
	for budget, want := range map[string]hls.State{"": hls.Skipped, "budget: {daily_usd: 0}": hls.Done, "budget: {daily_usd: 5}": hls.Done} {
		s := &service{t: t, github: shop(), dir: t.TempDir(), log: &buffer{}}
		ghURL, stopGH := s.github.Start()
		clURL, stopCL := answering(bugAnswer).Start()
		t.Cleanup(stopGH)
		t.Cleanup(stopCL)
		settings := settingsFor(ghURL, clURL, s.dir)
		s.run(strings.Replace(settings, "api_key:", "budget: {per_repository_daily_usd: 0.000001}, api_key:", 1) + widgetSettings + "    " + budget + "\n")
		d := s.issueOpened()
		s.send(d)
		if task := s.settled(d.GUID); task.State != want {
			t.Errorf("%q: ended as %s (%s)", budget, task.State, task.Reason)
		}
	}
}

// A redirect takes no write to another subject, wherever it points.
func TestE1_ARedirectLeadsToNoOtherSubject(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"/repos/acme/other/issues/1/comments", "/repositories/ID/issues/9/comments", "/repositories/ID/issues/7/comments?"} {
		gh := shop()
		gh.AddRepository(simulate.RepositorySeed{FullName: "acme/other"})
		gh.AddIssue("acme/other", simulate.IssueSeed{Number: 1, Title: "Another's", Author: "mona"})
		gh.AddIssue(widgets, simulate.IssueSeed{Number: 9, Title: "Another", Author: "mona"})
		s := &service{t: t, github: gh, dir: t.TempDir(), log: &buffer{}}
		ghURL, stopGH := gh.Start()
		clURL, stopCL := answering(bugAnswer).Start()
		t.Cleanup(stopGH)
		t.Cleanup(stopCL)
		var redirected atomic.Int32
		to = strings.Replace(to, "ID", repositoryID(t, gh).String(), 1)
		s.run(settingsFor(before(t, ghURL, func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost || r.URL.Path != "/repos/acme/widget-shop/issues/7/comments" {
				return false
			}
			redirected.Add(1)
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
			return true
		}), clURL, s.dir) + widgetSettings)
		d := s.issueOpened()
		s.send(d)
		task := s.settled(d.GUID)
		if redirected.Load() == 0 {
			t.Fatalf("%s: never redirected: %s (%s)", to, task.State, task.Reason)
		}
		if n := len(gh.Comments("acme/other", 1)) + len(gh.Comments(widgets, 9)); n != 0 {
			t.Errorf("%s: %d comments elsewhere", to, n)
		}
		if strings.HasSuffix(to, "?") { // the very subject by its number, as after a rename
			if n := len(gh.Comments(widgets, 7)); task.State != hls.Done || n != 1 {
				t.Errorf("%s: ended as %s (%s), %d comments", to, task.State, task.Reason, n)
			}
		} else if task.State != hls.Parked || task.Reason != "github_moved" {
			t.Errorf("%s: ended as %s (%s)", to, task.State, task.Reason)
		}
		s.stop()
	}
}

// before makes a proxy whose answer comes first, where it has one.
func before(t *testing.T, target string, answer func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answer(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func repositoryID(t *testing.T, gh *simulate.GitHub) json.Number {
	t.Helper()
	var payload struct {
		Repository struct {
			ID json.Number `json:"id"`
		} `json:"repository"`
	}
	if err := json.Unmarshal(gh.IssuePayload(widgets, 7, "opened", "mona", nil), &payload); err != nil {
		t.Fatal(err)
	}
	return payload.Repository.ID
}
