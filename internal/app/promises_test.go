package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/simulate"
	"hls/internal/web"
)

const widgetSettings = `
repositories:
  - name: acme/widget-shop
    events: [issues, pull_request]
`

// shop is a GitHub with one issue and one pull request.
func shop() *simulate.GitHub { return shopOf(simulate.GitHubConfig{}) }

func shopOf(cfg simulate.GitHubConfig) *simulate.GitHub {
	gh := simulate.NewGitHub(cfg)
	gh.AddRepository(simulate.RepositorySeed{FullName: widgets, Labels: []hls.Label{
		{Name: "bug", Description: "Something is broken"}, {Name: "enhancement"}, {Name: "priority-high"}, {Name: "priority-low"}}})
	gh.AddIssue(widgets, simulate.IssueSeed{Number: 7, Title: "Crash when saving", Author: "mona",
		Body: "The app panics with a nil pointer every time I press Save. Version 2.3.1, on Linux."})
	gh.AddPullRequest(widgets, simulate.PullRequestSeed{
		IssueSeed: simulate.IssueSeed{Number: 8, Title: "Add cache", Author: "paul"},
		Files: []hls.File{{Filename: "cache.go", Status: "added", Additions: 4,
			Patch: "@@ -0,0 +1,4 @@\n+package cache\n+\n+func Open(path string) {\n+\t_ = os.Remove(path)"}},
	})
	return gh
}

const (
	bugAnswer = `{"type":"bug","priority":{"level":"high","reason":"r"},"difficulty":{"level":"easy","reason":"r"},"components":[],
		"labels":[{"name":"bug","confidence":0.9,"evidence":"panics with a nil pointer"}],"duplicates":[],
		"missing_information":["Which file did you save?"],"security_sensitive":false,"injection_suspected":false,"needs_human":false,
		"summary":"s","comment":""}`
	reviewAnswer = `{"summary":"Adds a cache.","risk":"medium","type":"feature","effort":1,"findings":[
		{"severity":"major","category":"correctness","file":"cache.go","line":4,"end_line":4,"quote":"_ = os.Remove(path)","problem":"The error is lost.","suggestion":"Return it."},
		{"severity":"major","category":"correctness","file":"cache.go","line":40,"end_line":40,"quote":"no such line","problem":"Nothing.","suggestion":"Nothing."}],
		"missing_tests":[]}`
)

func answering(text string) *simulate.Claude {
	return simulate.NewClaude(simulate.ClaudeConfig{Answer: func(simulate.Request) string { return text }})
}

func (s *service) issueOpened() simulate.Delivery {
	return simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: s.github.IssuePayload(widgets, 7, "opened", "mona", nil)}
}

func (s *service) pullOpened() simulate.Delivery {
	return simulate.Delivery{Event: "pull_request", GUID: simulate.NewGUID(), HookID: 1, Payload: s.github.PullRequestPayload(widgets, 8, "opened", "paul", nil)}
}

func TestMainJob_IssueGetsLabelsWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings, shop(), answering(bugAnswer))
	d := s.issueOpened()
	code, answer := s.send(d)
	if code != http.StatusAccepted || answer["status"] != "queued" {
		t.Fatalf("%d %v", code, answer)
	}
	if task := s.settled(d.GUID); task.State != hls.Done {
		t.Fatalf("task ended as %s (%s)", task.State, task.Reason)
	}
	if got := s.github.Labels(widgets, 7); !slices.Equal(got, []string{"bug"}) {
		t.Errorf("labels %v", got)
	}
	if got := s.github.Comments(widgets, 7); len(got) != 1 {
		t.Errorf("%d comments, want the one question", len(got))
	}
	if calls := s.github.Calls(); calls[len(calls)-1].At.Sub(calls[0].At) > 2*time.Second {
		t.Errorf("it took %s", calls[len(calls)-1].At.Sub(calls[0].At))
	}
}

func TestMainJob_PullRequestGetsOneReviewOnRealLines(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings, shop(), answering(reviewAnswer))
	d := s.pullOpened()
	s.send(d)
	if task := s.settled(d.GUID); task.State != hls.Done {
		t.Fatalf("task ended as %s (%s)", task.State, task.Reason)
	}
	reviews := s.github.Reviews(widgets, 8)
	if len(reviews) != 1 || len(reviews[0].Remarks) != 1 || reviews[0].Remarks[0].EndLine != 4 {
		t.Fatalf("reviews %+v", reviews)
	}
	if n := len(s.github.Comments(widgets, 8)); n != 0 {
		t.Errorf("%d comments beside the review", n)
	}
}

// The same delivery sent 50 times at once is one delivery.
func TestI3_FiftyAtOnceAreOne(t *testing.T) {
	t.Parallel()
	cl := answering(bugAnswer)
	s := start(t, widgetSettings, shop(), cl)
	d := s.issueOpened()
	answers := map[any]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			_, answer := s.send(d)
			mu.Lock()
			defer mu.Unlock()
			answers[answer["status"]]++
		})
	}
	all.Wait()
	s.settled(d.GUID)
	if answers["queued"] != 1 || answers["duplicate"] != 49 {
		t.Errorf("answers %v", answers)
	}
	if n := len(cl.Calls()); n != 1 {
		t.Errorf("Claude was asked %d times", n)
	}
	if n := len(s.github.Comments(widgets, 7)); n != 1 {
		t.Errorf("%d comments", n)
	}
	if writes := s.github.Writes(); len(writes) != 2 {
		t.Errorf("%d writes: %+v", len(writes), writes)
	}
}

// Whatever Claude does instead of answering: nothing is posted, the delivery is tried again and then parked.
func TestE4_NoAnswerNoEffect(t *testing.T) {
	t.Parallel()
	for mode, reason := range map[simulate.Mode]string{
		simulate.Down: "claude_unavailable", simulate.Overloaded: "claude_overloaded", simulate.Reset: "claude_unavailable",
		simulate.Refuse: "refusal", simulate.Truncate: "max_tokens", simulate.NotSchema: "schema", simulate.NotJSON: "",
		simulate.EmptyStop: "", simulate.Empty: "",
	} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			cl := simulate.NewClaude(simulate.ClaudeConfig{Mode: mode})
			s := start(t, widgetSettings+"processing: {debounce: 0s, max_attempts: 4, give_up_after: 2s}\n", shop(), cl)
			d := s.issueOpened()
			s.send(d)
			task := s.settled(d.GUID)
			if task.State != hls.Parked || (reason != "" && task.Reason != reason) || task.Reason == "" {
				t.Errorf("ended as %s (%s), want parked (%s)", task.State, task.Reason, reason)
			}
			if writes := s.github.Writes(); len(writes) != 0 {
				t.Errorf("writes %+v", writes)
			}
			if n := len(cl.Calls()); n < 2 {
				t.Errorf("Claude was asked %d times, want more than once", n)
			}
			stats := s.get("/stats")
			if stats["failed_processing"] != 1.0 || stats["retries"].(float64) < 1 {
				t.Errorf("stats %v", stats)
			}
			if reasons := fmt.Sprint(stats["outcome_reasons"]); !strings.Contains(reasons, task.Reason) {
				t.Errorf("stats do not name the reason: %s", reasons)
			}
			if !strings.Contains(s.log.String(), `"outcome":"parked"`) {
				t.Error("the log does not say that it was parked")
			}
		})
	}
}

// Once Claude is back, a delivery that waited is done. Only the answer that was no use has cost it an attempt.
func TestO1_RetriedUntilItWorks(t *testing.T) {
	t.Parallel()
	cl := answering(bugAnswer)
	cl.Queue(simulate.Overloaded, simulate.NotJSON)
	s := start(t, widgetSettings, shop(), cl)
	d := s.issueOpened()
	s.send(d)
	if task := s.settled(d.GUID); task.State != hls.Done || task.Attempt != 2 || len(cl.Calls()) != 3 {
		t.Errorf("ended as %s (%s) at attempt %d", task.State, task.Reason, task.Attempt)
		for _, c := range cl.Calls() {
			t.Logf("call: %s %s %d %s", c.Path, c.Mode, c.Status, c.Answer)
		}
	}
}

// Two pushes and an edit in a burst are one piece of work.
func TestE6_BurstIsFolded(t *testing.T) {
	t.Parallel()
	cl := answering(reviewAnswer)
	s := start(t, widgetSettings+"processing: {debounce: 300ms}\n", shop(), cl)
	var last simulate.Delivery
	for i := range 4 {
		s.github.Push(widgets, 8, []hls.File{{Filename: "cache.go", Status: "added", Additions: 5,
			Patch: fmt.Sprintf("@@ -0,0 +1,5 @@\n+package cache\n+// %d\n+func Open(path string) {\n+\t_ = os.Remove(path)\n+}", i)}})
		last = simulate.Delivery{Event: "pull_request", GUID: simulate.NewGUID(), HookID: 1, Payload: s.github.PullRequestPayload(widgets, 8, "synchronize", "paul", nil)}
		s.send(last)
	}
	if task := s.settled(last.GUID); task.State != hls.Done {
		t.Fatalf("the last push ended as %s (%s)", task.State, task.Reason)
	}
	if n := len(cl.Calls()); n != 1 {
		t.Errorf("Claude was asked %d times", n)
	}
	if n := len(s.github.Reviews(widgets, 8)); n != 1 {
		t.Errorf("%d reviews", n)
	}
}

// A head that moves while Claude thinks is not reviewed: the next push's task does that.
func TestE6_HeadMovedWhileAsking(t *testing.T) {
	t.Parallel()
	gh := shop()
	cl := simulate.NewClaude(simulate.ClaudeConfig{Answer: func(simulate.Request) string {
		gh.Push(widgets, 8, []hls.File{{Filename: "cache.go", Status: "added", Additions: 1, Patch: "@@ -0,0 +1 @@\n+package cache"}})
		return reviewAnswer
	}})
	s := start(t, widgetSettings, gh, cl)
	d := s.pullOpened()
	s.send(d)
	if task := s.settled(d.GUID); task.State != hls.Superseded {
		t.Errorf("ended as %s (%s)", task.State, task.Reason)
	}
	if writes := s.github.Writes(); len(writes) != 0 {
		t.Errorf("writes %+v", writes)
	}
}

func TestAsyncOffAnswersWithTheResult(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings+"features: {async_processing: false}\nprocessing: {debounce: 10s}\n", shop(), answering(bugAnswer))
	code, answer := s.send(s.issueOpened())
	if code != http.StatusOK || answer["status"] != "processed" {
		t.Fatalf("%d %v", code, answer)
	}
	result, err := json.Marshal(answer["result"])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(result), `"outcome":"done"`) || !strings.Contains(string(result), `"add_labels"`) {
		t.Errorf("result %s", result)
	}
}

// Every line about a delivery carries its ids and its stage.
func TestLogFollowsADelivery(t *testing.T) {
	t.Parallel()
	s := start(t, widgetSettings, shop(), answering(bugAnswer))
	d := s.issueOpened()
	_, answer := s.send(d)
	s.settled(d.GUID)
	s.stop()
	stages := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(s.log.String()), "\n") {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		if entry[hls.KeyDeliveryID] == nil {
			continue
		}
		stage, _ := entry[hls.KeyStage].(string)
		if stages[stage] = true; stage == "" || entry[hls.KeyRequestID] != answer["request_id"] || entry[hls.KeyDeliveryID] != d.GUID {
			t.Errorf("line without its ids: %s", line)
		}
	}
	for _, stage := range []hls.Stage{hls.StageReceive, hls.StageRecord, hls.StageRoute, hls.StageGather, hls.StagePrompt, hls.StageAnalyze, hls.StagePlan, hls.StageAct} {
		if !stages[string(stage)] {
			t.Errorf("no line of stage %s", stage)
		}
	}
}

// No configured secret, nor any 8-byte window of one, in any sink, though the issue quotes them and Claude repeats them.
func TestS1_SecretsReachNoSink(t *testing.T) {
	t.Parallel()
	secrets := []string{webhookSecret, adminToken, "github-token-of-the-tests", "anthropic-key-of-the-tests"}
	gh := shop()
	gh.AddIssue(widgets, simulate.IssueSeed{Number: 9, Title: "Leak", Author: "mallory", Body: "The app panics with a nil pointer. Config: " + strings.Join(secrets, " and ")})
	cl := answering(strings.Replace(bugAnswer, "Which file did you save?", "Is it "+strings.Join(secrets, " or ")+"?", 1))
	s := start(t, widgetSettings+"logging: {level: DEBUG, log_payloads: true}\n", gh, cl)
	d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: gh.IssuePayload(widgets, 9, "opened", "mallory", nil)}
	s.send(d)
	task := s.settled(d.GUID)
	delivery, err := s.app.Store().Delivery(t.Context(), d.GUID)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := s.app.Store().Effects(t.Context(), task.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, stats := s.fetch("/stats", adminToken)
	_, metrics := s.fetch("/metrics", adminToken)
	_, page := s.fetch("/api/v1/deliveries/"+d.GUID, adminToken)
	_, health := s.fetch("/health", adminToken)
	_, why := s.fetch("/api/v1/why?delivery="+d.GUID, adminToken)
	_, _, tried := s.tryReplay(d.GUID, web.Changes{Prompts: map[string]string{"issues/analyze.j2": "{{ issue.body }} " + secrets[2]}})
	sinks := map[string]string{"log": s.log.String(), "stats": string(stats), "metrics": string(metrics), "api": string(page), "health": string(health),
		"why": string(why), "dry replay": tried, "payload": string(delivery.Body), "ledger": fmt.Sprintf("%+v", entries)}
	for i, call := range cl.Calls() {
		sinks[fmt.Sprintf("prompt %d", i)] = call.System + call.User
	}
	for i, w := range gh.Writes() {
		sinks[fmt.Sprintf("effect %d", i)] = w.Body
	}
	if len(cl.Calls()) == 0 || len(gh.Writes()) == 0 {
		t.Fatal("nothing was asked or written")
	}
	for name, text := range sinks {
		for _, secret := range secrets {
			for i := 0; i+8 <= len(secret); i++ {
				if strings.Contains(text, secret[i:i+8]) {
					t.Errorf("%s shows %q", name, secret[i:i+8])
				}
			}
		}
	}
}

// A run that got as far as an analysis is not paid for again.
func TestE5_ClaudeIsPaidOnce(t *testing.T) {
	t.Parallel()
	gh := shop()
	gh.Fail(simulate.Fault{Method: http.MethodPost, PathGlob: "/repos/*/*/issues/*/labels", Kind: simulate.FailBefore, Status: http.StatusBadGateway, Times: 2})
	cl := answering(bugAnswer)
	s := start(t, widgetSettings, gh, cl)
	d := s.issueOpened()
	s.send(d)
	if task := s.settled(d.GUID); task.State != hls.Done || s.get("/stats")["retries"].(float64) < 1 {
		t.Errorf("ended as %s (%s) at attempt %d", task.State, task.Reason, task.Attempt)
	}
	if n := len(cl.Calls()); n != 1 {
		t.Errorf("Claude was asked %d times", n)
	}
	if got := gh.Labels(widgets, 7); len(got) != 1 {
		t.Errorf("labels %v", got)
	}
}

// Work that a newer event has overtaken asks Claude nothing.
func TestE6_OvertakenWorkAsksNothing(t *testing.T) {
	t.Parallel()
	gh := shop()
	gh.Fail(simulate.Fault{Method: http.MethodGet, PathGlob: "/repos/*/*/issues/7/comments", Kind: simulate.Delay, Wait: time.Second})
	cl := answering(bugAnswer)
	s := start(t, widgetSettings, gh, cl)
	first := s.issueOpened()
	s.send(first)
	eventually(t, func() bool { return len(gh.Calls()) > 2 })
	gh.EditIssue(widgets, 7, "Crash when saving", "The app panics with a nil pointer, always.")
	second := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: gh.IssuePayload(widgets, 7, "edited", "mona", simulate.Change{"body": "x"})}
	s.send(second)
	if task := s.settled(first.GUID); task.State != hls.Superseded {
		t.Errorf("the first ended as %s (%s)", task.State, task.Reason)
	}
	if task := s.settled(second.GUID); task.State != hls.Done {
		t.Errorf("the second ended as %s (%s)", task.State, task.Reason)
	}
	if n := len(cl.Calls()); n != 1 {
		t.Errorf("Claude was asked %d times", n)
	}
}

// Told to stop, HLS takes nothing more in and hands back what does not finish in time; the next start does it.
func TestO3_StopHandsBack(t *testing.T) {
	t.Parallel()
	cl := simulate.NewClaude(simulate.ClaudeConfig{Mode: simulate.Hang})
	s := start(t, widgetSettings, shop(), cl)
	d := s.issueOpened()
	s.send(d)
	eventually(t, func() bool { return strings.Contains(s.log.String(), `"stage":"prompt"`) })
	stopped := make(chan struct{})
	go func() {
		s.stop()
		close(stopped)
	}()
	eventually(t, func() bool { code, _ := s.fetch("/readyz", ""); return code == http.StatusServiceUnavailable })
	if code, answer := s.send(s.pullOpened()); code != http.StatusServiceUnavailable {
		t.Errorf("while stopping: %d %v", code, answer)
	}
	<-stopped
	if !strings.Contains(s.log.String(), "handed back") {
		t.Error("the log does not say that the task was handed back")
	}
	ghURL, stopGH := s.github.Start()
	defer stopGH()
	good := answering(bugAnswer)
	clURL, stopCL := good.Start()
	defer stopCL()
	s.run(settingsFor(ghURL, clURL, s.dir) + widgetSettings)
	if task := s.settled(d.GUID); task.State != hls.Done || task.Attempt != 1 {
		t.Errorf("ended as %s (%s) at attempt %d", task.State, task.Reason, task.Attempt)
	}
}
