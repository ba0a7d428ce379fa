package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/google/uuid"

	"hls/internal/analyze"
	"hls/internal/config"
	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/pipeline"
	"hls/internal/receive"
	"hls/internal/web"
)

// Analyze asks for one issue or pull request to be thought through as it is now, or worked on.
type Analyze struct {
	Subject string // as owner/repo#42
	DryRun  bool   // change nothing
	Model   string // of a dry run; "" as the settings say

	// Ask has the running service ask Claude, which has the database to itself and so the money; nil where it cannot.
	Ask func(context.Context, analyze.Input) (hls.Analysis, error)
}

// Analyzed is what came of it. What a dry run does not know is empty.
type Analyzed struct {
	Subject string         `json:"subject"`
	Event   string         `json:"event"`
	Title   string         `json:"title"`
	URL     string         `json:"url"`
	DryRun  bool           `json:"dry_run"`
	Ended   string         `json:"ended,omitempty"` // why it ends before there is an analysis
	Trace   []hls.RuleStep `json:"trace,omitempty"`
	Prompt  *AnalyzedText  `json:"prompt,omitempty"`

	Model  string          `json:"model,omitempty"`
	Usage  hls.Usage       `json:"usage"`
	Answer json.RawMessage `json:"answer,omitempty"`
	Plan   *hls.Plan       `json:"plan,omitempty"`

	TaskID  int64                   `json:"task_id,omitempty"` // of the work that was done
	Outcome hls.State               `json:"outcome,omitempty"` // of that
	Reason  string                  `json:"reason,omitempty"`
	Effects []pipeline.EffectResult `json:"effects,omitempty"` // that were carried out, or wait, or are stored
	Notes   []string                `json:"notes,omitempty"`
}

// AnalyzedText is the prompt as it was sent.
type AnalyzedText struct {
	System   string          `json:"system"`
	User     string          `json:"user"`
	Template string          `json:"template"`
	Hash     string          `json:"hash"`
	Schema   json.RawMessage `json:"schema"`
}

// analyses names in the record what is spent on dry runs of hls analyze.
const analyses = "analyze"

var subjectPattern = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9_.-]+)#([1-9][0-9]{0,9})$`)

func subjectOf(text string) (hls.Subject, error) {
	m := subjectPattern.FindStringSubmatch(text)
	if m == nil {
		return hls.Subject{}, fmt.Errorf("%w: %q: want an issue or a pull request, as owner/repo#42", ErrRequest, text)
	}
	number, err := strconv.Atoi(m[2])
	if err != nil {
		return hls.Subject{}, fmt.Errorf("%w: %q: %w", ErrRequest, text, err)
	}
	return hls.Subject{Repo: m[1], Number: number, Kind: hls.KindIssue}, nil
}

// opened is the event that tells that a subject was opened, with the subject as it is now.
type opened struct {
	delivery hls.Delivery
	event    hls.Event
	title    string
	url      string
}

// present reads a subject and makes the event of it.
func (a *App) present(ctx context.Context, s hls.Subject) (o opened, err error) {
	repository, err := a.doors.github.WholeRepository(ctx, s.Repo)
	if err != nil {
		return o, fmt.Errorf("read repository %s: %w", s.Repo, err)
	}
	raw, err := a.doors.github.WholeIssue(ctx, s)
	if err != nil {
		return o, err
	}
	var about struct {
		Title       string    `json:"title"`
		HTMLURL     string    `json:"html_url"`
		PullRequest *struct{} `json:"pull_request"`
	}
	if err := json.Unmarshal(raw, &about); err != nil {
		return o, fmt.Errorf("read issue %s: %w", s, err)
	}
	o.title, o.url = about.Title, about.HTMLURL
	name := "issues"
	if about.PullRequest != nil {
		name, s.Kind = "pull_request", hls.KindPullRequest
		if raw, err = a.doors.github.WholePullRequest(ctx, s); err != nil {
			return o, err
		}
	}
	body, err := hls.OpenedBody(name, repository, raw)
	if err != nil {
		return o, err
	}
	id := uuid.Must(uuid.NewV7()).String()
	o.delivery = hls.Delivery{
		ID: hls.AnalyzedID + id, RequestID: id, Event: name, Action: "opened", Scope: a.door.Scope(s.Repo), Body: body, ReceivedAt: time.Now().UTC(),
	}
	o.event, err = hls.DecodeEvent(o.delivery)
	return o, err
}

// AnalyzeBeside thinks one issue or pull request through in a process of its own, or has it worked on. It fails with
// record.ErrInUse when it is to be worked on and the service has the record to itself: then that has to be asked.
func AnalyzeBeside(ctx context.Context, s *config.Settings, opts Options, q Analyze) (Analyzed, error) {
	subject, err := subjectOf(q.Subject)
	if err != nil {
		return Analyzed{}, err
	}
	why, err := unwritten(s, subject.Repo)
	if err != nil {
		return Analyzed{}, err
	}
	forced := !q.DryRun && why != ""
	q.DryRun = q.DryRun || forced
	c := benchConfig{repo: subject.Repo}
	if q.DryRun {
		c.elsewhere = q.Ask
	}
	b, err := openBench(ctx, s, opts, c)
	if err != nil {
		return Analyzed{}, err
	}
	defer b.Close()
	if b.door, err = b.newDoor(b.started); err != nil {
		return Analyzed{}, err
	}
	now, err := b.present(ctx, subject)
	if err != nil {
		return Analyzed{}, err
	}
	if q.DryRun {
		told, err := b.dryAnalyze(ctx, now, q)
		if forced {
			told.Notes = append(told.Notes, why)
		}
		return told, err
	}
	return b.analyzeWith(ctx, now, b.pipeline.RunOne)
}

// unwritten is why nothing can be written to a repository by the settings, "" when something can.
func unwritten(s *config.Settings, repo string) (string, error) {
	router, err := newRouter(s)
	if err != nil {
		return "", err
	}
	own, _ := router.Token(repo)
	_, entry := router.Rule(repo)
	switch {
	case s.GitHub.Token == "" && own == "" && s.GitHub.App == (github.App{}):
		return "this was a dry run: without a token (github.token, GITHUB_TOKEN) nothing can be written to GitHub", nil
	case !entry:
		return "this was a dry run: no entry of repositories has the name " + repo, nil
	}
	return "", nil
}

func (o opened) analyzed() Analyzed {
	return Analyzed{Subject: o.event.Subject.String(), Event: o.event.String(), Title: o.title, URL: o.url}
}

// dryAnalyze thinks a subject through and changes nothing.
func (b *bench) dryAnalyze(ctx context.Context, o opened, q Analyze) (Analyzed, error) {
	told := o.analyzed()
	told.DryRun = true
	rooms := b.house.Load().rooms
	if q.Model != "" {
		var err error
		if rooms, err = b.vary(web.Changes{Model: q.Model}); err != nil {
			return told, err
		}
	}
	posed, tried, err := b.pipeline.Pose(ctx, rooms, pipeline.Trial{Delivery: o.delivery, For: analyses})
	told.Trace, told.Ended = tried.Trace, tried.Ended
	if err != nil || posed == nil {
		return told, err
	}
	p := posed.Input.Prompt
	told.Prompt = &AnalyzedText{System: p.System, User: p.User, Template: p.Template, Hash: p.Hash, Schema: posed.Input.Question.Schema}
	analysis, err := b.ask(ctx, rooms.Analyzer, posed.Input)
	if err != nil {
		return told, err
	}
	tried, err = b.pipeline.Foresee(ctx, posed, analysis)
	told.Model, told.Usage, told.Answer, told.Plan = tried.Analysis.Model, tried.Analysis.Usage, tried.Analysis.Answer, &tried.Plan
	return told, err
}

// runner works on a task, or waits until it was worked on.
type runner func(ctx context.Context, taskID int64) (pipeline.Result, bool, error)

// analyzeWith takes a subject in as if it had just been opened, and has it worked on.
func (a *App) analyzeWith(ctx context.Context, o opened, run runner) (Analyzed, error) {
	told := o.analyzed()
	taken, err := a.door.Take(ctx, receive.Fetched{
		ID: o.delivery.ID, Event: o.delivery.Event, Header: http.Header{}, Body: o.delivery.Body, Repo: o.event.Repo.FullName, At: o.delivery.ReceivedAt,
		Accept: func(ctx context.Context, d hls.Delivery, e hls.Event) (hls.Receipt, error) {
			d.Hash = sha256.Sum256([]byte(d.ID)) // The same state may be looked at again.
			return a.pipeline.Analyze(ctx, d, e)
		},
	})
	if err != nil {
		return told, err
	}
	if taken.Class != hls.Accepted {
		told.Ended = taken.Reason
		return told, nil
	}
	result, done, err := run(ctx, taken.TaskID)
	if err != nil {
		return told, err
	}
	told.TaskID, told.Outcome, told.Reason, told.Answer, told.Effects = taken.TaskID, result.Outcome, result.Reason, result.Analysis, result.Effects
	if !done {
		told.Outcome = hls.Queued
		return told, nil
	}
	return told, a.detail(ctx, &told)
}

// detail adds what the record has of the work that was done.
func (a *App) detail(ctx context.Context, told *Analyzed) error {
	analysis, err := a.store.Analysis(ctx, told.TaskID)
	if err == nil {
		told.Model, told.Usage = analysis.Model, analysis.Usage
		var plan hls.Plan
		if plan, err = a.store.Plan(ctx, told.TaskID); err == nil {
			told.Plan = &plan
		}
	}
	if errors.Is(err, hls.ErrNotFound) {
		return nil
	}
	return err
}

// analyzeByHand has one issue or pull request worked on by the service that runs.
func (a *App) analyzeByHand(ctx context.Context, q web.Analyze) (any, error) {
	subject, err := subjectOf(q.Subject)
	if err != nil {
		return nil, &hls.Permanent{Err: err, Reason: "subject"}
	}
	now, err := a.present(ctx, subject)
	if err != nil {
		return nil, &web.Refused{Code: http.StatusBadGateway, Reason: a.redactor.Redact(err.Error())}
	}
	return a.analyzeWith(ctx, now, a.pipeline.Await)
}

// askAside asks Claude for a process beside the service: by the caps that are in force here, and for the same money.
func (a *App) askAside(ctx context.Context, q web.AskAside) (web.AskedAside, error) {
	if q.For != asides && q.For != analyses {
		return web.AskedAside{}, &hls.Permanent{Err: fmt.Errorf("for: want %s or %s", asides, analyses), Reason: "for"}
	}
	rooms := a.house.Load().rooms
	q.Question.Known = nil // null is no answer that is known.
	rule, ok := rooms.Router.Rule(q.Subject.Repo)
	if !ok {
		rule.Budget = a.budget()
	}
	if q.Model != "" {
		var err error
		if rooms, err = a.vary(web.Changes{Model: q.Model}); err != nil {
			return web.AskedAside{}, err
		}
		rule.Model, rule.Models = "", hls.Models{}
	}
	analysis, err := a.pipeline.Ask(ctx, rooms.Analyzer, analyze.Input{
		Task:     hls.Task{Subject: q.Subject, Event: q.Event, Action: q.Action},
		Question: q.Question, Prompt: q.Prompt, Rule: rule, Revision: q.Revision, Aside: q.For,
	})
	return web.AskedAside{Analysis: analysis}, err
}
