package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"hls/internal/analyze"
	"hls/internal/backtest"
	"hls/internal/config"
	"hls/internal/github"
	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/pipeline"
	"hls/internal/web"
)

var _ backtest.GitHub = (*github.Client)(nil)

// Backtest asks for past issues to be held against what maintainers made of them.
type Backtest struct {
	Repo     string
	Last     int     // issues at most
	From     string  // file of a recorded history; "" fetches one
	Save     string  // file that the history is recorded in; "" for none
	Model    string  // asked for everything; "" as the settings say
	Estimate bool    // tell what it would cost, and ask nobody
	Batch    bool    // ask in a batch, at half the price
	Resume   string  // the batch that was handed in before
	Promote  float64 // precision from which labels are applied; 0 proposes nothing
	Settings string  // the file that a promotion is written for, "" for none

	Tell func(what string, done, of int) // progress; may be nil
	Say  func(text string)               // a sentence on the way; may be nil
	Poll time.Duration                   // between looks at a batch; 0 means 15 seconds

	// Ask has the running service ask Claude, which has the database to itself and so the money; nil where it cannot.
	Ask func(context.Context, analyze.Input) (hls.Analysis, error)
}

// BacktestReport is what came of it.
type BacktestReport struct {
	Repository string           `json:"repository"`
	Recorded   int              `json:"recorded_issues"` // in the history, candidates among them
	Estimate   BacktestEstimate `json:"estimate"`
	Batch      string           `json:"batch,omitempty"`
	Score      *backtest.Score  `json:"score,omitempty"`
	Cases      []backtest.Case  `json:"issues,omitempty"`
	Promotion  *Promotion       `json:"promotion,omitempty"`
	Notes      []string         `json:"notes,omitempty"`
}

// BacktestEstimate is what it costs, before anybody is asked.
type BacktestEstimate struct {
	Issues       int            `json:"issues"`          // that Claude is asked about
	Ended        map[string]int `json:"ended,omitempty"` // that triage passes over, by the reason
	InputTokens  int64          `json:"input_tokens"`
	OutputTokens int64          `json:"output_tokens"`
	MicroUSD     int64          `json:"micro_usd"`
	MostMicroUSD int64          `json:"most_micro_usd"` // what is set aside under the caps, if all is asked at once
	Batch        bool           `json:"batch"`
}

// Triage's answers about an issue have about so many tokens, thinking among them, and about so many bytes of a prompt are one.
const (
	usualAnswer   = 600
	bytesPerToken = 4
)

// asides names in the record what backtests cost.
const asides = "backtest"

// trials are the issues of a backtest on their way.
type trials struct {
	*bench
	q       Backtest
	report  BacktestReport
	history *backtest.History
	rooms   pipeline.Rooms
	records []*backtest.Record
	posed   []*pipeline.Posed // of each; nil where triage ends before there is a question
	cases   []backtest.Case   // of each
	asked   int
}

// BacktestBeside makes a backtest in a process of its own. It writes nothing to GitHub; what Claude costs is set aside under the
// caps and settled, in the record of the settings. When it fails after Claude was asked, the report has what came of that.
func BacktestBeside(ctx context.Context, s *config.Settings, opts Options, q Backtest) (BacktestReport, error) {
	if q.Tell == nil {
		q.Tell = func(string, int, int) {}
	}
	if q.Say == nil {
		q.Say = func(string) {}
	}
	t := &trials{q: q, report: BacktestReport{Repository: q.Repo}}
	if err := t.recorded(); err != nil {
		return t.report, err
	}
	c := benchConfig{repo: q.Repo, elsewhere: q.Ask}
	if t.history != nil {
		c.self = func(string) hls.Account { return t.history.Self }
	}
	var err error
	if t.bench, err = openBench(ctx, s, opts, c); err != nil {
		return t.report, err
	}
	defer t.Close()
	err = t.run(ctx)
	if err == nil {
		err = t.promote(s)
	}
	return t.report, err
}

// recorded reads the history that was recorded before.
func (t *trials) recorded() error {
	if t.q.From == "" {
		return nil
	}
	file, err := os.Open(t.q.From)
	if err != nil {
		return fmt.Errorf("open history: %w", err)
	}
	defer func() { _ = file.Close() }()
	if t.history, err = backtest.Read(file); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrRequest, t.q.From, err)
	}
	repo, err := t.history.Repo()
	if err == nil && hls.Fold(repo.FullName) != hls.Fold(t.q.Repo) {
		err = fmt.Errorf("%w: %s is the history of %s", ErrRequest, t.q.From, repo.FullName)
	}
	return err
}

func (t *trials) run(ctx context.Context) error {
	if err := t.fetch(ctx); err != nil {
		return err
	}
	if err := t.vary(); err != nil {
		return err
	}
	if err := t.pose(ctx); err != nil {
		return err
	}
	t.estimate()
	t.q.Say(t.report.Estimate.String())
	var err error
	switch {
	case t.q.Estimate:
		return nil
	case t.q.Resume != "":
		err = t.resume(ctx, t.q.Resume)
	case t.q.Batch:
		err = t.batch(ctx)
	default:
		err = t.askAll(ctx)
	}
	if err == nil || t.asked > 0 { // What was paid for is told.
		err = errors.Join(err, t.score())
	}
	return err
}

// fetch reads the history from GitHub unless there is one, and records it.
func (t *trials) fetch(ctx context.Context) error {
	if t.history == nil {
		history, notes, err := backtest.Fetch(ctx, t.doors.github, backtest.Wanted{Repo: t.q.Repo, Last: t.q.Last, Tell: func(done, of int) {
			t.q.Tell("reading issues", done, of)
		}})
		if errors.Is(err, backtest.ErrRenamed) {
			err = fmt.Errorf("%w: %w", ErrRequest, err)
		}
		if err != nil {
			return err
		}
		t.history, t.report.Notes = history, notes
		if t.history.Self, err = t.doors.github.SelfFor(ctx, t.q.Repo); err != nil {
			return fmt.Errorf("read own account: %w", err)
		}
	}
	t.history.Index()
	t.records, t.report.Recorded = t.history.Cases(t.q.Last), len(t.history.Issues)
	if len(t.records) == 0 {
		return fmt.Errorf("%w: %s has no closed issue with a label", ErrRequest, t.q.Repo)
	}
	return t.save()
}

func (t *trials) save() error {
	if t.q.Save == "" {
		return nil
	}
	file, err := os.OpenFile(t.q.Save, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("save history: %w", err)
	}
	return errors.Join(t.history.Write(file), file.Close())
}

// vary chooses the rooms: those of the settings, with another model where one is asked for.
func (t *trials) vary() (err error) {
	t.rooms = t.house.Load().rooms
	if t.q.Model != "" {
		t.rooms, err = t.App.vary(web.Changes{Model: t.q.Model})
	}
	return err
}

// whole is the rule for a backtest: in shadow, and with every label that may be set at all, so that those that are left to
// people are looked at, too.
func whole(r hls.Rule) hls.Rule {
	r.DryRun, r.Labels.AutoApply, r.Labels.Suggest, r.Labels.Leave = true, true, nil, nil
	return r
}

// pose takes every issue back to its opening, and up to the question.
func (t *trials) pose(ctx context.Context) error {
	for i, r := range t.records {
		delivery, err := t.history.Delivery(r)
		if err != nil {
			return err
		}
		past, err := t.history.At(r)
		if err != nil {
			return err
		}
		rooms := t.rooms
		rooms.GitHub = past
		posed, tried, err := t.pipeline.Pose(ctx, rooms, pipeline.Trial{Delivery: delivery, For: asides, Rule: whole})
		if err != nil {
			return fmt.Errorf("think issue #%d through: %w", r.Number(), err)
		}
		t.posed = append(t.posed, posed)
		t.cases = append(t.cases, t.history.Case(r, tried.Ended))
		t.q.Tell("preparing", i+1, len(t.records))
	}
	return nil
}

// estimate tells what asking comes to.
func (t *trials) estimate() {
	e := BacktestEstimate{Ended: map[string]int{}, Batch: t.q.Batch}
	for i, posed := range t.posed {
		if posed == nil {
			e.Ended[t.cases[i].Ended]++
			continue
		}
		model, most := t.rooms.Analyzer.Most(posed.Input, t.q.Batch)
		p := posed.Input.Prompt
		u := hls.Usage{InputTokens: int64((len(p.System) + len(p.User) + len(posed.Input.Question.Schema)) / bytesPerToken), OutputTokens: usualAnswer}
		cost := t.doors.claude.Cost(model, u)
		if t.q.Batch {
			cost = (cost + 1) / 2
		}
		e.Issues, e.InputTokens, e.OutputTokens = e.Issues+1, e.InputTokens+u.InputTokens, e.OutputTokens+u.OutputTokens
		e.MicroUSD, e.MostMicroUSD = e.MicroUSD+cost, e.MostMicroUSD+most
	}
	t.report.Estimate = e
}

// String is the estimate in a sentence.
func (e BacktestEstimate) String() string {
	way := ""
	if e.Batch {
		way = ", in a batch at half the price"
	}
	text := fmt.Sprintf("%d issues, about %d tokens to Claude and %d back: about $%.2f%s ($%.2f at the very most)",
		e.Issues, e.InputTokens, e.OutputTokens, float64(e.MicroUSD)/1e6, way, float64(e.MostMicroUSD)/1e6)
	if len(e.Ended) > 0 {
		var ended []string
		for _, reason := range slices.Sorted(maps.Keys(e.Ended)) {
			ended = append(ended, fmt.Sprintf("%d %s", e.Ended[reason], reason))
		}
		text += "; passed over: " + strings.Join(ended, ", ")
	}
	return text
}

// foresee fills a case by an analysis.
func (t *trials) foresee(ctx context.Context, i int, a hls.Analysis) error {
	tried, err := t.pipeline.Foresee(ctx, t.posed[i], a)
	if err != nil {
		return err
	}
	c := &t.cases[i]
	c.Model, c.Usage = a.Model, a.Usage
	for _, e := range tried.Plan.Effects {
		if e.Kind == hls.AddLabels {
			for _, l := range e.Labels {
				c.Proposed = append(c.Proposed, l.Name)
			}
		}
	}
	c.Duplicates = append(c.Duplicates, handler.Duplicates(tried.Facts, tried.Analysis, tried.Rule)...)
	return nil
}

func (t *trials) score() error {
	router, err := newRouter(t.started)
	if err != nil {
		return err
	}
	rule, _ := router.Rule(t.q.Repo)
	score := backtest.ScoreOf(t.cases, rule.Labels, t.history.Labels)
	t.report.Score, t.report.Cases = &score, t.cases
	return nil
}
