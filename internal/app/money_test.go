package app_test

import (
	"crypto/sha256"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/sqlite"
	"hls/internal/simulate"
)

// spend has calls of before come to so many dollars in a database that no service has open.
func spend(t *testing.T, dir string, dollars float64) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := sqlite.Open(t.Context(), sqlite.Config{URL: "sqlite:" + filepath.Join(dir, "hls.db")})
	must(err)
	defer func() { must(store.Close()) }()
	guid := simulate.NewGUID()
	subject := hls.Subject{RepoID: 999, Repo: "acme/elsewhere", Kind: hls.KindIssue, Number: 1}
	_, err = store.Add(t.Context(), record.Intake{
		Delivery: hls.Delivery{ID: guid, Body: []byte(guid), Hash: sha256.Sum256([]byte(guid)), Event: "issues", ReceivedAt: time.Now()},
		Work:     &record.NewTask{Subject: subject, Purpose: "triage", Event: "issues", Origin: hls.FromDelivery, OccurredAt: time.Now()},
	})
	must(err)
	task, err := store.Claim(t.Context(), "before", time.Minute)
	must(err)
	id, err := store.Reserve(t.Context(), hls.Reservation{Task: task, MicroUSD: int64(dollars * 1e6)})
	must(err)
	must(store.Settle(t.Context(), id, "claude-of-before", hls.Usage{InputTokens: 1, CostMicroUSD: int64(dollars * 1e6)}))
	must(store.Finish(t.Context(), task, hls.Outcome{State: hls.Done}))
}

// knowing answers what it is asked: a review about a pull request, and a triage with a question otherwise.
func knowing() *simulate.Claude { return simulate.NewClaude(simulate.ClaudeConfig{Answer: knows}) }

func knows(r simulate.Request) string {
	if asksForReview(r) {
		return reviewAnswer
	}
	return bugAnswer
}

func asksForReview(r simulate.Request) bool { return strings.Contains(string(r.Schema), `"findings"`) }

// rich is a service with a daily cap of a hundred dollars, of which ordinary work may spend ninety.
const rich = "claude: {budget: {daily_usd: 100}, "

// opened has an issue and a pull request opened, and tells what became of each and which models were asked.
func (s *service) opened(number int) (issue, pull hls.Task, models string) {
	s.t.Helper()
	const body = "The app panics with a nil pointer every time I press Save."
	before := len(s.claude.Calls())
	s.github.AddIssue(widgets, simulate.IssueSeed{Number: number, Title: "Crash when saving", Author: "mona", Body: body})
	s.github.AddPullRequest(widgets, simulate.PullRequestSeed{
		IssueSeed: simulate.IssueSeed{Number: number + 1, Title: "Add cache", Author: "paul"},
		Files:     []hls.File{{Filename: "cache.go", Status: "added", Additions: 4, Patch: "@@ -0,0 +1,4 @@\n+package cache\n+\n+func Open(path string) {\n+\t_ = os.Remove(path)"}},
	})
	about := func(event string, payload []byte) hls.Task {
		d := simulate.Delivery{Event: event, GUID: simulate.NewGUID(), HookID: 1, Payload: payload}
		s.send(d)
		return s.decided(d.GUID)
	}
	issue = about("issues", s.github.IssuePayload(widgets, number, "opened", "mona", nil))
	pull = about("pull_request", s.github.PullRequestPayload(widgets, number+1, "opened", "paul", nil))
	for _, c := range s.claude.Calls()[before:] {
		models += " " + strings.TrimPrefix(c.Model, "claude-")
	}
	return issue, pull, strings.TrimSpace(models)
}

// decided waits until the newest task of a delivery has ended, or waits for money.
func (s *service) decided(guid string) (task hls.Task) {
	s.t.Helper()
	eventually(s.t, func() bool {
		var err error
		task, err = s.app.Store().TaskOf(s.t.Context(), guid)
		return err == nil && task.State != hls.Running && (task.State != hls.Queued || strings.HasPrefix(task.Reason, "claude.budget"))
	})
	return task
}

// As a cap nears, reviews go to the light model, then issues get labels alone and reviews wait, and then everything waits; a
// person is answered all the same.
func TestS3_TheLadderOverTheWholeService(t *testing.T) {
	t.Parallel()
	s := start(t, talking, shop(), knowing())
	s.stop()
	text := strings.Replace(s.text, "claude: {", rich, 1)
	const done, waits = hls.Done, hls.Queued
	for i, c := range []struct {
		dollars     float64 // spent before, all in all
		models      string
		issue, pull hls.State
		comments    int
		step        string
	}{
		{71, "haiku-5-5 sonnet-5-5", done, done, 1, "as_asked"},
		{73, "haiku-5-5 haiku-5-5", done, done, 1, "cheaper"},
		{82, "haiku-5-5", done, waits, 0, "labels_only"},
		{90, "", waits, waits, 0, "waiting"},
	} {
		spend(t, s.dir, c.dollars-[]float64{0, 71, 73, 82}[i])
		s.run(text)
		number := 100 + 10*i
		issue, pull, models := s.opened(number)
		if models != c.models || issue.State != c.issue || pull.State != c.pull {
			t.Errorf("at %v dollars %q were asked, the issue is %s (%s) and the pull request %s (%s)",
				c.dollars, models, issue.State, issue.Reason, pull.State, pull.Reason)
		}
		labels, comments, reviews := len(s.github.Labels(widgets, number)), len(s.github.Comments(widgets, number)), len(s.github.Reviews(widgets, number+1))
		if (labels > 0) != (c.issue == done) || comments != c.comments || (reviews > 0) != (c.pull == done) {
			t.Errorf("at %v dollars: %d labels, %d comments, %d reviews", c.dollars, labels, comments, reviews)
		}
		for _, task := range []hls.Task{issue, pull} {
			if tomorrow := record.Day(time.Now()).AddDate(0, 0, 1); task.State == waits && (task.Reason != "claude.budget.daily_usd" || !task.RunAt.Equal(tomorrow)) {
				t.Errorf("at %v dollars it waits for %s until %v", c.dollars, task.Reason, task.RunAt)
			}
		}
		plan, err := s.app.Store().Plan(t.Context(), issue.ID)
		said := slices.Contains(plan.Dropped, hls.Drop{What: "upsert_comment", Why: "budget_labels_only"}) && plan.Silent == "budget_labels_only"
		if said != (c.step == "labels_only" && c.issue == done) {
			t.Errorf("at %v dollars the plan has dropped %v, silent %q, %v", c.dollars, plan.Dropped, plan.Silent, err)
		}
		if got := s.get("/stats")["claude_api"].(map[string]any)["budget"].(map[string]any)["step"]; got != c.step {
			t.Errorf("at %v dollars the step is %v", c.dollars, got)
		}
		s.stop()
	}
	s.run(text)
	before := len(s.claude.Calls())
	task := s.commanded(8, "acme", "/hls review")
	if calls := s.claude.Calls()[before:]; task.State != done || len(calls) != 1 || calls[0].Model != "claude-sonnet-5-5" || len(s.github.Reviews(widgets, 8)) != 1 {
		t.Errorf("the command is %s (%s), asked %d times", task.State, task.Reason, len(calls))
	}
}

// S3: 64 workers want money for reviews and triage at a time, and more of it than there is. They go down the ladder together, and
// what is set aside or spent stays below what the reserve for commands leaves.
func TestS3_SixtyFourWorkersOnTheLadder(t *testing.T) {
	t.Parallel()
	cheaper := make(chan struct{}) // A review by the light model. Until then those by the other have their money set aside.
	tell := sync.OnceFunc(func() { close(cheaper) })
	gh, cl := shop(), simulate.NewClaude(simulate.ClaudeConfig{Answer: func(r simulate.Request) string {
		switch {
		case r.Model == "claude-opus-5-5":
			<-cheaper
		case asksForReview(r):
			tell()
		}
		return knows(r)
	}})
	t.Cleanup(tell)
	s := start(t, `
repositories: [{name: acme/widget-shop, budget: {daily_usd: 1.5}, models: {heavy: claude-opus-5-5}}]
processing: {debounce: 0s, concurrency: 64}
`, gh, cl)
	s.stop()
	s.run(strings.Replace(s.text, "claude: {", "claude: {limits: {concurrency: 64}, ", 1))
	for n := range 32 {
		gh.AddIssue(widgets, simulate.IssueSeed{Number: 100 + n, Title: "Crash when saving", Author: "mona", Body: "The app panics with a nil pointer."})
		gh.AddPullRequest(widgets, simulate.PullRequestSeed{
			IssueSeed: simulate.IssueSeed{Number: 200 + n, Title: "Add cache", Author: "paul"},
			Files:     []hls.File{{Filename: "cache.go", Status: "added", Additions: 1, Patch: "@@ -0,0 +1,1 @@\n+package cache"}},
		})
		s.send(simulate.Delivery{Event: "issues", Payload: gh.IssuePayload(widgets, 100+n, "opened", "mona", nil)})
		s.send(simulate.Delivery{Event: "pull_request", Payload: gh.PullRequestPayload(widgets, 200+n, "opened", "paul", nil)})
	}
	eventually(t, func() bool {
		stats, err := s.app.Store().Stats(t.Context())
		if err != nil || stats.Today.All > 1_350_000 {
			t.Fatalf("%d micro-dollars are set aside or spent, %v", stats.Today.All, err)
		}
		capped := s.tasks(record.Query{State: hls.Queued, Reason: "claude.budget.per_repository_daily_usd"})
		return len(s.tasks(record.Query{State: hls.Done}))+len(capped) == 64
	})
	models := map[string]int{}
	for _, c := range cl.Calls() {
		models[c.Model]++
	}
	if models["claude-opus-5-5"] == 0 || models["claude-haiku-5-5"] <= 32 {
		t.Errorf("asked %v", models)
	}
}

// What a run that was cut short had decided not to say stays unsaid when the task goes on, whatever there is to spend by then.
func TestS3_LabelsOnlyStaysSo(t *testing.T) {
	t.Parallel()
	gh, cl := shop(), knowing()
	s := start(t, talking, gh, cl)
	s.stop()
	spend(t, s.dir, 82)
	s.run(strings.Replace(s.text, "claude: {", rich, 1))
	gh.Fail(simulate.Fault{Method: http.MethodPost, PathGlob: "/repos/*/*/issues/*/labels", Kind: simulate.FailBefore, Status: http.StatusBadGateway, Times: 1})
	d := s.issueOpened()
	s.send(d)
	if task := s.settled(d.GUID); task.State != hls.Done || s.get("/stats")["retries"] != 1.0 || len(cl.Calls()) != 1 || len(gh.Comments(widgets, 7)) != 0 || len(gh.Labels(widgets, 7)) == 0 {
		t.Errorf("%s (%s), asked %d times: %d comments", task.State, task.Reason, len(cl.Calls()), len(gh.Comments(widgets, 7)))
	}
}

// All of it counts at SIGHUP: what waits for money is not waited for any more by what comes after.
func TestReload_Budget(t *testing.T) {
	t.Parallel()
	r := startReloadable(t, widgetSettings, shop(), knowing(), func(s *service) { spend(t, s.dir, 95) })
	base := r.base
	for i, c := range []struct{ budget, models string }{
		{"daily_usd: 100", ""},
		{"daily_usd: 100, command_reserve: 0", "haiku-5-5"},
		{"daily_usd: 100, command_reserve: 0, labels_only_at: 0", "haiku-5-5 haiku-5-5"},
		{"daily_usd: 100, command_reserve: 0, labels_only_at: 0, cheaper_at: 0", "haiku-5-5 sonnet-5-5"},
		{"per_repository_monthly_usd: 0.000001", ""},
		{"per_actor_daily_usd: 0.000001", ""},
	} {
		r.base = strings.Replace(base, "claude: {", "claude: {budget: {"+c.budget+"}, ", 1)
		read := strings.Count(r.log.String(), "settings read again")
		r.reload(widgetSettings)
		eventually(t, func() bool { return strings.Count(r.log.String(), "settings read again") > read })
		issue, pull, models := r.opened(200 + 10*i)
		if models != c.models {
			t.Errorf("%s: %q were asked, the issue is %s (%s) and the pull request %s (%s)", c.budget, models, issue.State, issue.Reason, pull.State, pull.Reason)
		}
	}
}

// What was spent is told by day, model, work and repository, beside the caps, and for each effect.
func TestStatsTellWhatMoneyWasSpentOn(t *testing.T) {
	t.Parallel()
	s := start(t, talking, shop(), knowing())
	s.stop()
	spend(t, s.dir, 1)
	s.run(strings.Replace(s.text, "claude: {", rich, 1))
	if issue, pull, _ := s.opened(300); issue.State != hls.Done || pull.State != hls.Done {
		t.Fatalf("%s, %s", issue.State, pull.State)
	}
	claude := s.get("/stats")["claude_api"].(map[string]any)
	number := func(path ...string) float64 {
		t.Helper()
		var at any = claude
		for _, name := range path {
			inner, _ := at.(map[string]any)
			at = inner[name]
		}
		n, ok := at.(float64)
		if !ok {
			t.Errorf("stats have no %v", path)
		}
		return n
	}
	cost, near := number("cost_usd"), func(a, b float64) bool { return max(a-b, b-a) < 1e-5 }
	today := record.Day(time.Now()).Format(time.DateOnly)
	haiku, sonnet := number("by_model", "claude-haiku-5-5", "cost_usd"), number("by_model", "claude-sonnet-5-5", "cost_usd")
	for what, got := range map[string]float64{
		"models":       number("by_model", "claude-of-before", "cost_usd") + haiku + sonnet,
		"work":         number("by_work", "issues/triage", "cost_usd") + number("by_work", "pull_request/review", "cost_usd"),
		"repositories": number("cost_usd_by_repository", "acme/elsewhere") + number("cost_usd_by_repository", widgets),
		"day":          number("budget", "day", "used_usd"),
		"month":        number("budget", "month", "used_usd"),
		"days":         number("budget", "days", today),
	} {
		if !near(got, cost) || cost <= 1 {
			t.Errorf("by %s it is %v dollars, all in all %v", what, got, cost)
		}
	}
	if haiku <= 0 || haiku >= sonnet || number("by_model", "claude-haiku-5-5", "requests_made") != 1 {
		t.Errorf("%v dollars for %v calls of haiku, %v for sonnet", haiku, number("by_model", "claude-haiku-5-5", "requests_made"), sonnet)
	}
	if number("budget", "day", "cap_usd") != 100 || number("budget", "day", "ordinary_usd") != 90 || number("budget", "month", "cap_usd") != 0 {
		t.Errorf("budget %v", claude["budget"])
	}
	if each := number("cost_per_effect_usd"); !near(each, cost/3) { // labels, a comment, a review
		t.Errorf("%v dollars for each effect, %v in all", each, cost)
	}
	_, metrics := s.fetch("/metrics", adminToken)
	for _, line := range []string{
		`hls_claude_model_requests_total{model="claude-haiku-5-5"} 1`, `hls_claude_model_cost_usd_total{model="claude-of-before"} 1`,
		`hls_claude_work_cost_usd_total{work="pull_request/review"} 0.`, `hls_claude_used_usd{window="day"} 1.`,
		`hls_claude_cap_usd{window="day"} 100`, "hls_claude_budget_step 0", "hls_claude_cost_usd_total 1.",
	} {
		if !strings.Contains(string(metrics), line) {
			t.Errorf("metrics have no %s", line)
		}
	}
	if strings.Contains(string(metrics), `hls_claude_cap_usd{window="month"}`) {
		t.Error("metrics have a cap that is not set")
	}
}
