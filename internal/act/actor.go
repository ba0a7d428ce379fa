package act

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hls/internal/fault"
	"hls/internal/hls"
)

// Config says how effects are carried out. The zero value of every field has a default.
type Config struct {
	// Web is the root of GitHub's pages, without a slash at its end. Links elsewhere are shown as text.
	Web string
	// Settle is how long after an ambiguous write an object that is not there counts as never made. GitHub may show
	// a comment some 45 seconds after it was created.
	Settle time.Duration
	// Attempts is how many runs a task has. In the last one an ambiguous write is not repeated any more.
	Attempts int
	// Redactor removes secrets from every text that leaves.
	Redactor *hls.Redactor
}

const (
	defaultWeb      = "https://github.com"
	defaultSettle   = time.Minute
	defaultAttempts = 5
)

// Actor carries out plans. It is safe for concurrent use.
type Actor struct {
	cfg    Config
	gh     GitHub
	ledger Ledger
}

// New makes an Actor that writes through gh and keeps its steps in ledger.
func New(cfg Config, gh GitHub, ledger Ledger) (*Actor, error) {
	if gh == nil || ledger == nil {
		return nil, errors.New("act needs GitHub and a ledger")
	}
	if cfg.Settle < 0 || cfg.Attempts < 0 {
		return nil, errors.New("act: settle and attempts must not be negative")
	}
	if cfg.Web == "" {
		cfg.Web = defaultWeb
	}
	cfg.Web = strings.TrimRight(cfg.Web, "/")
	if cfg.Settle == 0 {
		cfg.Settle = fault.Scaled(defaultSettle)
	}
	if cfg.Attempts == 0 {
		cfg.Attempts = defaultAttempts
	}
	return &Actor{cfg: cfg, gh: gh, ledger: ledger}, nil
}

// Act carries out a plan in its order and returns the ledger's rows as they stand at the end. A plan that goes
// beyond the closed set is refused as a whole. An error that wraps *hls.RetryAfter says that the rest waits; one
// that wraps hls.ErrStale that the subject moved on; hls.ErrLost ends the run at once.
func (a *Actor) Act(ctx context.Context, task hls.Task, plan hls.Plan, rule hls.Rule) ([]hls.Entry, error) {
	if len(plan.Effects) == 0 {
		return nil, nil
	}
	effects := make([]hls.Effect, len(plan.Effects))
	for i, e := range plan.Effects {
		effects[i] = a.clean(e)
	}
	effects = a.cfg.Redactor.RedactPlan(hls.Plan{Effects: effects}).Effects
	b := bounds{task: task, rule: rule, target: plan.Target}
	if err := b.confine(effects); err != nil {
		return nil, fmt.Errorf("check plan: %w", err)
	}
	entries, err := a.ledger.Intend(ctx, task, effects)
	if err != nil {
		return nil, fmt.Errorf("intend effects: %w", err)
	}
	fault.At(fault.Intended)
	r, err := a.start(ctx, b, entries)
	if err != nil {
		return entries, err
	}
	return entries, r.carryAll(ctx)
}

// Stored is what earlier tasks planned, or an operator wants taken back, to be carried out as it was stored.
type Stored struct {
	Target  *hls.Subject // of the plan
	Entries []hls.Entry  // those that are done are passed over
	Newer   bool         // newer work takes the place of the plan
}

// Carry carries out what was stored, for a task of the same subject. Its errors are those of Act. What is outdated by now
// ends as stale.
func (a *Actor) Carry(ctx context.Context, task hls.Task, what Stored, rule hls.Rule) ([]hls.Entry, error) {
	r, err := a.start(ctx, bounds{task: task, rule: rule, target: what.Target}, what.Entries)
	if err != nil {
		return what.Entries, err
	}
	r.newer = what.Newer
	return what.Entries, r.carryAll(ctx)
}

// needs tells whether a row's turn may come to GitHub.
func (r *run) needs(e hls.Entry) bool {
	held, _ := r.held(e)
	return !held || e.State == hls.Sending
}

// start learns what every effect of a run needs. A run of effects that are held back needs nothing of GitHub.
func (a *Actor) start(ctx context.Context, b bounds, entries []hls.Entry) (*run, error) {
	r := &run{actor: a, bounds: b, entries: entries, self: b.rule.Self, moved: map[string]string{}}
	if !slices.ContainsFunc(entries, r.needs) {
		return r, nil
	}
	key, err := a.ledger.Secret(ctx, "marker")
	if err != nil {
		return nil, fmt.Errorf("read marker key: %w", err)
	}
	r.key = key
	if r.self.ID != 0 {
		return r, nil
	}
	if r.self, err = a.gh.SelfFor(ctx, b.task.Subject.Repo); err != nil && !errors.Is(err, hls.ErrNotFound) {
		return nil, fmt.Errorf("read own account: %w", err)
	}
	return r, nil
}

// clean makes every text of an effect safe, so that the ledger shows what is sent. What was between the parts of a
// secret may be gone then, so that secrets are looked for afterwards.
func (a *Actor) clean(e hls.Effect) hls.Effect {
	e.Title = Title(e.Title, a.options(e.Subject, false))
	e.Body = Sanitize(e.Body, a.options(e.Subject, false))
	remarks := make([]hls.Remark, len(e.Remarks))
	for i, remark := range e.Remarks {
		remark.Body = Sanitize(remark.Body, a.options(e.Subject, true))
		remarks[i] = remark
	}
	e.Remarks = remarks
	labels := make([]hls.Label, len(e.Labels))
	for i, label := range e.Labels {
		label.Description = a.cfg.Redactor.Redact(label.Description)
		labels[i] = label
	}
	e.Labels, e.Why = labels, maps.Clone(e.Why)
	for label, why := range e.Why {
		e.Why[label] = visible(why)
	}
	return e
}

func (a *Actor) options(s hls.Subject, suggestions bool) Options {
	return Options{
		Web: a.cfg.Web, Repo: s.Repo, Suggestions: suggestions, Redactor: a.cfg.Redactor,
		Limit: maxBody - markerRoom,
	}
}
