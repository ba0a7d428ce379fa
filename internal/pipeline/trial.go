package pipeline

import (
	"context"
	"fmt"
	"time"

	"hls/internal/analyze"
	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/prompt"
)

// Trial is a delivery that is thought through and not acted upon.
type Trial struct {
	Delivery hls.Delivery
	// Task is the ended task whose work is thought through once more: what it and later ones have left behind does not count.
	// The zero Task is for a delivery that nothing was done about.
	Task hls.Task
	// For names what the money goes to, as "dry_replay".
	For string
	// Rule changes the rule that the trial is made by; nil leaves it as it is.
	Rule func(hls.Rule) hls.Rule
}

// Tried is what would come of a delivery.
type Tried struct {
	Trace    []hls.RuleStep
	Ended    string // why it ends before there is a plan; "" when there is one
	Gathered *hls.Gathered
	Analysis hls.Analysis
	Plan     hls.Plan
	Notes    []string // what could not be as it was, a sentence each
	Facts    hls.Facts
	Rule     hls.Rule
}

// Posed is a trial up to its question, which is put by whoever holds it.
type Posed struct {
	Input analyze.Input

	tried Tried
	rooms Rooms
	task  hls.Task
	q     question
	read  *before
}

// Try takes a delivery through route, gather, prompt, analyze and plan, in rooms that need not be those in force. It writes
// nothing to GitHub and stores nothing but what it costs: money is set aside under the caps of the rule, and settled. Its
// errors are those of the stages.
func (p *Pipeline) Try(ctx context.Context, rooms Rooms, t Trial) (Tried, error) {
	select {
	case p.trial <- struct{}{}:
		defer func() { <-p.trial }()
	case <-ctx.Done():
		return Tried{}, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	posed, tried, err := p.Pose(ctx, rooms, t)
	if err != nil || posed == nil {
		return tried, err
	}
	analysis, err := p.Ask(ctx, rooms.Analyzer, posed.Input)
	if err != nil {
		return tried, err
	}
	return p.Foresee(ctx, posed, analysis)
}

// Pose takes a delivery through route, gather and prompt, as Try does. There is no question where the work ends before it:
// then Posed is nil, and Tried says why.
func (p *Pipeline) Pose(ctx context.Context, rooms Rooms, t Trial) (*Posed, Tried, error) {
	event, err := hls.DecodeEvent(t.Delivery)
	if err != nil {
		return nil, Tried{}, &hls.Permanent{Err: err, Reason: "undecodable"}
	}
	if err := p.introduce(ctx, event.Repo.FullName); err != nil {
		return nil, Tried{}, err
	}
	self := p.cfg.Self(event.Repo.FullName)
	tried := Tried{Trace: rooms.trace(event, self)}
	knows, rule, verdict := rooms.route(event, self)
	if !verdict.Do {
		tried.Ended = verdict.Reason
		return nil, tried, nil
	}
	if inForce, ok := p.rooms().Router.Rule(event.Repo.FullName); ok {
		rule.Budget = inForce.Budget // Whatever is tried, the caps on money are those that hold.
	}
	if t.Rule != nil {
		rule = t.Rule(rule)
	}
	task := t.task(event, verdict)
	q := question{event: event, rule: restrained(task, rule), knows: knows}
	read, err := p.asOf(ctx, rooms.GitHub, task, self)
	if err != nil {
		return nil, tried, err
	}
	if q.facts, tried.Ended, err = p.regather(ctx, &rooms, read, q); err != nil || tried.Ended != "" {
		return nil, tried, err
	}
	in, err := p.input(ctx, &rooms, q, goingOn(task, q.facts))
	in.Aside = t.For
	return &Posed{Input: in, tried: tried, rooms: rooms, task: task, q: q, read: read}, tried, err
}

// Foresee is what would come of an analysis that answers a trial's question.
func (p *Pipeline) Foresee(ctx context.Context, posed *Posed, analysis hls.Analysis) (tried Tried, err error) {
	tried, q, task := posed.tried, posed.q, posed.task
	analysis = p.shown(analysis)
	tried.Analysis = analysis
	if q.facts, err = composed(ctx, posed.read, q); err != nil {
		return tried, fmt.Errorf("gather once more: %w", err)
	}
	plan := aimed(hushed(task, q.knows.Plan(q.event, q.facts, analysis, q.rule)), q.facts)
	if err := within(plan, handler.May(q.event)); err != nil {
		return tried, err
	}
	plan.Gathered = q.facts.Gathered()
	plan.Gathered.Rule, plan.Gathered.Settings = q.rule.Name, posed.rooms.Settings
	tried.Plan = p.cfg.Redactor.RedactPlan(plan)
	tried.Gathered, tried.Notes, tried.Facts, tried.Rule = tried.Plan.Gathered, posed.read.notes(), q.facts, q.rule
	return tried, nil
}

// task is what the work is done for: the task that is told, or one that there is not.
func (t Trial) task(e hls.Event, v hls.Verdict) hls.Task {
	task := t.Task
	if task.ID == 0 {
		task = hls.Task{DeliveryID: e.DeliveryID, RequestID: e.RequestID, Origin: hls.FromDelivery, OccurredAt: e.OccurredAt}
	}
	task.Subject, task.Purpose, task.Event, task.Action, task.Actor = e.Subject, v.Purpose, e.Name, e.Action, e.Sender.Person()
	return task
}

// regather is gather for a trial: whether this state was analyzed before, and whether people paused the subject, does not
// matter to it.
func (p *Pipeline) regather(ctx context.Context, rooms *Rooms, read *before, q question) (hls.Facts, string, error) {
	repo, err := read.Repository(ctx, q.event.Subject)
	switch {
	case err != nil:
		return hls.Facts{}, "", fmt.Errorf("look up repository: %w", err)
	case repo.ID != q.event.Repo.ID:
		return hls.Facts{}, "another_repository", nil
	}
	e := q.event
	e.Body = nil
	facts, err := q.knows.Gather(ctx, read, e, q.rule)
	if err != nil {
		return facts, "", fmt.Errorf("gather facts: %w", err)
	}
	if facts.Skip != "" {
		return facts, facts.Skip, nil
	}
	if reason := p.passedOver(rooms, e, facts); reason != "" {
		return facts, reason, nil
	}
	of := read.Of(goingOn(read.task, facts).Purpose)
	if facts.Previous, err = of.Previous(ctx); err != nil || facts.Previous == nil {
		return facts, "", err
	}
	facts.Raised, err = of.Raised(ctx)
	return facts, "", err
}

// input is what a trial's question is asked with.
func (p *Pipeline) input(ctx context.Context, rooms *Rooms, q question, task hls.Task) (in analyze.Input, err error) {
	in = analyze.Input{Task: task, Question: q.knows.Question(q.event, q.facts, q.rule), Rule: q.rule, Revision: q.facts.Revision}
	if in.Question.Known != nil {
		return in, nil
	}
	in.Prompt, err = rooms.Prompts.Render(ctx, prompt.Input{Event: q.event, Facts: q.facts, Rule: q.rule, Question: in.Question, Now: p.cfg.Now()})
	if err != nil && ctx.Err() == nil {
		return in, &hls.Permanent{Err: err, Reason: "template"}
	}
	return in, err
}

// Ask asks Claude for a trial and settles what that cost.
func (p *Pipeline) Ask(ctx context.Context, analyzer *analyze.Analyzer, in analyze.Input) (hls.Analysis, error) {
	analysis, reservation, err := analyzer.Analyze(ctx, in)
	if err != nil {
		p.countAside(ctx, in.Aside, spentOn(err))
		return hls.Analysis{}, err
	}
	if reservation != 0 {
		if err := p.SettleAside(ctx, in.Aside, reservation, analysis); err != nil {
			return hls.Analysis{}, err
		}
	}
	return p.shown(analysis), nil
}

// SettleAside settles what an analysis for a trial cost, and counts it under what it was for. It outlives ctx.
func (p *Pipeline) SettleAside(ctx context.Context, name string, reservation int64, a hls.Analysis) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := p.store.Settle(ctx, reservation, a.Model, a.Usage); err != nil {
		return err
	}
	p.countAside(ctx, name, a.Usage)
	return nil
}

// shown is an analysis as it may be shown: it is no task's.
func (p *Pipeline) shown(a hls.Analysis) hls.Analysis {
	a.TaskID, a.Answer = 0, p.cfg.Redactor.RedactJSON(a.Answer)
	return a
}

// The totals of what was spent aside, by what it was for. They are a part of what was spent in all.
const (
	asideCalls = "aside_calls/"
	asideMoney = "aside_micro_usd/"
)

// countAside adds to the totals. The money itself is settled in any case: one that cannot be counted so is not worth
// failing for.
func (p *Pipeline) countAside(ctx context.Context, name string, u hls.Usage) {
	if u == (hls.Usage{}) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for total, n := range map[string]int64{asideCalls + name: 1, asideMoney + name: u.CostMicroUSD} {
		if err := p.store.Tally(ctx, total, n); err != nil {
			p.log.Warn("what was spent aside is not counted by what it was for", hls.KeyError, err.Error())
		}
	}
}
