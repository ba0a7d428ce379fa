package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/simulate"
)

const fallbackSettings = `
repositories: [{name: acme/widget-shop, models: {light: claude-haiku-5-5, fallback: claude-opus-5-5}}]
`

func asked(cl *simulate.Claude) string {
	var names []string
	for _, c := range cl.Calls() {
		names = append(names, c.Model)
	}
	return strings.Join(names, " ")
}

// Light work goes to the cheaper model and heavy work to the stronger, with no key set; one model of the settings stands
// for both.
func TestModelsFollowTheWeight(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ models, want string }{
		"nothing set":   {"", "claude-haiku-5-5 claude-sonnet-5-5"},
		"one for all":   {"model: claude-opus-5-5, ", "claude-opus-5-5 claude-opus-5-5"},
		"retired":       {"model: claude-3-5-sonnet-20241022, ", "claude-sonnet-5-5 claude-sonnet-5-5"},
		"by the weight": {"models: {heavy: claude-opus-5-5}, ", "claude-haiku-5-5 claude-opus-5-5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cl := simulate.NewClaude(simulate.ClaudeConfig{})
			gh := shop()
			s := &service{t: t, github: gh, claude: cl, dir: t.TempDir(), log: &buffer{}}
			ghURL, stopGH := gh.Start()
			clURL, stopCL := cl.Start()
			t.Cleanup(stopGH)
			t.Cleanup(stopCL)
			s.run(strings.Replace(settingsFor(ghURL, clURL, s.dir), "claude: {", "claude: {"+test.models, 1) + widgetSettings)
			for _, d := range []simulate.Delivery{
				{Event: "issues", GUID: simulate.NewGUID(), Payload: gh.IssuePayload(widgets, 7, "opened", "mona", nil)},
				{Event: "pull_request", GUID: simulate.NewGUID(), Payload: gh.PullRequestPayload(widgets, 8, "opened", "mona", nil)},
			} {
				s.send(d)
				if task := s.settled(d.GUID); task.State != hls.Done {
					t.Errorf("%s: %s (%s)", d.Event, task.State, task.Reason)
				}
			}
			if got := asked(cl); got != test.want {
				t.Errorf("asked %s, want %s", got, test.want)
			}
		})
	}
}

// While a model is overloaded its work is done by the other, without a retry; the analysis says which it was.
func TestFallbackModelAnswers(t *testing.T) {
	t.Parallel()
	gh, cl := shop(), answering(bugAnswer)
	cl.SetModelMode("claude-haiku-5-5", simulate.Overloaded)
	s := start(t, fallbackSettings, gh, cl)
	for n := range 8 {
		gh.AddIssue(widgets, simulate.IssueSeed{Number: 100 + n, Title: "Crash when saving", Author: "mona", Body: "The app panics with a nil pointer."})
		d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: gh.IssuePayload(widgets, 100+n, "opened", "mona", nil)}
		s.send(d)
		task := s.settled(d.GUID)
		analysis, err := s.app.Store().Analysis(t.Context(), task.ID)
		if task.State != hls.Done || task.Attempt != 1 || err != nil || analysis.Model != "claude-opus-5-5" {
			t.Errorf("%s (%s) at attempt %d, %q, %v", task.State, task.Reason, task.Attempt, analysis.Model, err)
		}
	}
	if n := strings.Count(asked(cl), "haiku"); n < 5 { // After that the model is left alone, for as long as tests have patience.
		t.Errorf("asked %s", asked(cl))
	}
}

// S3: the fallback is dearer, its answers are long, and 64 workers want one at a time: no more is spent than the cap.
func TestS3_SixtyFourWorkersFallBackWithinTheCap(t *testing.T) {
	t.Parallel()
	gh := shop()
	long := strings.Replace(bugAnswer, `"comment":""`, fmt.Sprintf(`"comment":"%s"`, strings.Repeat("word ", 8000)), 1)
	cl := answering(long)
	cl.SetModelMode("claude-haiku-5-5", simulate.Overloaded)
	s := start(t, `
repositories: [{name: acme/widget-shop, budget: {daily_usd: 1.5}, models: {light: claude-haiku-5-5, fallback: claude-opus-5-5}}]
processing: {debounce: 0s, concurrency: 64}
`, gh, cl)
	s.stop() // The ladder would have the dear fallback asked no more.
	s.run(strings.Replace(s.text, "claude: {", "claude: {budget: {command_reserve: 0, cheaper_at: 0, labels_only_at: 0}, ", 1))
	for n := range 64 {
		gh.AddIssue(widgets, simulate.IssueSeed{Number: 100 + n, Title: "Crash when saving", Author: "mona", Body: "The app panics with a nil pointer."})
		if code, _ := s.send(simulate.Delivery{Event: "issues", Payload: gh.IssuePayload(widgets, 100+n, "opened", "mona", nil)}); code != http.StatusAccepted {
			t.Fatal(code)
		}
	}
	count := func(q record.Query) int {
		q.Limit = 100
		list, err := s.app.Store().List(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	eventually(t, func() bool {
		return count(record.Query{State: hls.Done})+count(record.Query{State: hls.Queued, Reason: "claude.budget.per_repository_daily_usd"}) == 64
	})
	stats, err := s.app.Store().Stats(t.Context())
	if err != nil || stats.Spend.CostMicroUSD > 1_500_000 || stats.Spend.CostMicroUSD < 300_000 {
		t.Errorf("spent %d micro-dollars in %d calls, %v", stats.Spend.CostMicroUSD, stats.Calls, err)
	}
}
