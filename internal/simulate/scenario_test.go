package simulate_test

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/claude"
	"hls/internal/github"
	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/prompt"
	"hls/internal/simulate"
	"hls/prompts"
)

// walk is the program without its record and its door: enough to see what the deliveries of a scenario lead to.
type walk struct {
	t        *testing.T
	github   *github.Client
	claude   *claude.Client
	renderer *prompt.Renderer
	rule     hls.Rule
}

func newWalk(t *testing.T, g *simulate.GitHub, c *simulate.Claude) *walk {
	t.Helper()
	hub, stopHub := g.Start()
	model, stopModel := c.Start()
	t.Cleanup(stopHub)
	t.Cleanup(stopModel)
	none := 0
	limits := github.Limits{WritesPerMinute: &none, ContentPerHour: &none}
	w := &walk{t: t, rule: hls.Rule{
		Name: "acme/widget-shop", Labels: hls.LabelPolicy{AutoApply: true}, Ignore: hls.Ignore{Bots: true}, Self: g.Self(),
		Reviews:  hls.ReviewPolicy{NeedsChanges: "status/needs-changes"},
		Commands: hls.CommandPolicy{Enabled: true},
	}}
	var err error
	w.github, err = github.New(github.Config{BaseURL: hub, Token: "right", Limits: limits}, nil)
	must(t, err)
	w.claude, err = claude.New(claude.Config{BaseURL: model, APIKey: "key"})
	must(t, err)
	w.renderer, err = prompt.New(prompt.Config{}, prompts.FS, nil, nil)
	must(t, err)
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// forgetful reads GitHub and remembers nothing.
type forgetful struct{ *github.Client }

func (forgetful) Previous(context.Context) (*hls.Analysis, error)          { return nil, nil }
func (forgetful) Raised(context.Context) ([]hls.Remark, error)             { return nil, nil }
func (forgetful) Recall(context.Context, hls.Recall) ([]hls.Memory, error) { return nil, nil }
func (forgetful) Runs(context.Context, int) ([]handler.Run, error)         { return nil, nil }
func (f forgetful) Of(string) handler.Memory                               { return f }

// take goes through the stages for one delivery.
func (w *walk) take(d simulate.Delivery) hls.State {
	w.t.Helper()
	ctx := w.t.Context()
	event, err := hls.DecodeEvent(hls.Delivery{
		ID: d.GUID, Event: d.Event, Body: d.Payload, Hash: sha256.Sum256(d.Payload), ReceivedAt: time.Now(),
	})
	must(w.t, err)
	knows := handler.Of(event)
	if verdict := knows.Route(event, w.rule); !verdict.Do {
		w.t.Fatalf("%s is not worked on: %s", event, verdict.Reason)
	}
	facts, err := knows.Gather(ctx, forgetful{w.github}, event, w.rule)
	must(w.t, err)
	if facts.Skip != "" {
		return hls.Skipped
	}
	question := knows.Question(event, facts, w.rule)
	text, err := w.renderer.Render(ctx, prompt.Input{Event: event, Facts: facts, Rule: w.rule, Question: question, Now: time.Now()})
	must(w.t, err)
	answer, err := w.claude.Ask(ctx, hls.Request{Model: "claude-sonnet-5-5", Prompt: text, Repo: event.Repo.FullName})
	must(w.t, err)
	plan := knows.Plan(event, facts, hls.Analysis{Answer: []byte(answer.Text)}, w.rule)
	for _, drop := range plan.Dropped {
		w.t.Logf("%s: dropped %s: %s", event.Subject, drop.What, drop.Why)
	}
	for _, e := range plan.Effects {
		must(w.t, w.do(ctx, e))
	}
	return hls.Done
}

func (w *walk) do(ctx context.Context, e hls.Effect) error {
	var err error
	switch e.Kind {
	case hls.AddLabels:
		var names []string
		for _, l := range e.Labels {
			names = append(names, l.Name)
		}
		err = w.github.AddLabels(ctx, e.Subject, names)
	case hls.UpsertComment:
		err = w.say(ctx, e)
	case hls.CreateReview:
		_, err = w.github.CreateReview(ctx, e.Subject, e.Head, e.Body, e.Remarks)
	}
	return err
}

// say edits the comment that was posted on the subject before, or posts one.
func (w *walk) say(ctx context.Context, e hls.Effect) error {
	for c, err := range w.github.AllComments(ctx, e.Subject) {
		if err != nil {
			return err
		}
		if w.rule.Self.Same(c.User) {
			_, err = w.github.EditComment(ctx, e.Subject, c.ID, e.Body)
			return err
		}
	}
	_, err := w.github.CreateComment(ctx, e.Subject, e.Body)
	return err
}

func TestScenarioEndsAsItShould(t *testing.T) {
	t.Parallel()
	g := simulate.NewGitHub(simulate.GitHubConfig{Token: "right"})
	c := simulate.NewClaude(simulate.ClaudeConfig{Key: "key"})
	w := newWalk(t, g, c)
	scenario := simulate.NewScenario(g)
	seen := map[string]bool{}
	for _, step := range scenario.Deliveries() {
		d := step.Prepare()
		if len(d.Payload) == 0 || d.GUID == "" || step.Title == "" || step.Expect == "" {
			t.Errorf("step is not complete: %+v", step)
		}
		if again := seen[d.GUID] || seen[string(d.Payload)]; again != (step.Want.Class == hls.Duplicate) {
			t.Errorf("%s: seen before: %v", step.Title, again)
		}
		seen[d.GUID], seen[string(d.Payload)] = true, true
		if step.Want.Class == hls.Accepted {
			if p := step.CheckState(w.take(d)); p != "" {
				t.Errorf("%s: %s", step.Title, p)
			}
		}
	}
	for _, p := range scenario.Check() {
		t.Error(p)
	}
	if n := len(scenario.Deliveries()); n < 12 {
		t.Errorf("only %d deliveries", n)
	}
}

func TestScenarioSeesWhatIsWrong(t *testing.T) {
	t.Parallel()
	g := simulate.NewGitHub(simulate.GitHubConfig{})
	scenario := simulate.NewScenario(g)
	for _, step := range scenario.Deliveries() {
		step.Prepare()
	}
	nothing := scenario.Check()
	for _, fault := range []string{`#212`, `has no label "bug"`, `#213`, `not one comment`, `#219`, `not a review of its last commit`} {
		if !strings.Contains(strings.Join(nothing, "\n"), fault) {
			t.Errorf("nothing was done, and %q is not found wrong in %q", fault, nothing)
		}
	}
	g.AddLabelAs(scenario.Repo, 216, g.Self().Login, "wontfix")
	g.CommentAs(scenario.Repo, 212, g.Self().Login, "Hello")
	if all := scenario.Check(); len(all) != len(nothing)+2 {
		t.Errorf("two more faults, and found are %q", all)
	}
	step := scenario.Deliveries()[0]
	for _, answer := range []struct {
		status int
		body   string
		right  bool
	}{{202, `{"status":"queued"}`, true}, {200, `{"status":"queued"}`, false}, {202, `{"status":"ignored"}`, false}} {
		if p := step.CheckAnswer(answer.status, []byte(answer.body)); (p == "") != answer.right {
			t.Errorf("%d %s: %q", answer.status, answer.body, p)
		}
	}
	if step.CheckState(hls.Parked) == "" || slices.Contains(step.Want.States, hls.Parked) {
		t.Error("a parked task passes")
	}
}
