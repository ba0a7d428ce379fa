// Package pipeline is THE ORDER: what happens to a delivery, from the door to GitHub.
//
// Accept runs while GitHub waits for its answer; process runs on a worker afterwards. Both are read from top to
// bottom, one stage a step: receive → record → route → gather → prompt → analyze → plan → act.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hls/internal/analyze"
	"hls/internal/fault"
	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/prompt"
	"hls/internal/record"
)

// Accept decides what becomes of a verified delivery and stores it. When it returns without an error the delivery
// is durable, and 2xx may be sent. Accepting the same delivery again changes nothing.
func (p *Pipeline) Accept(ctx context.Context, d hls.Delivery, e hls.Event) (hls.Receipt, error) {
	return p.accept(ctx, d, e, record.NewTask{Origin: hls.FromDelivery, OccurredAt: e.OccurredAt, Debounce: p.cfg.Debounce})
}

// accept stores a delivery, with the work that its event asks for. Work says what is not told by the event.
func (p *Pipeline) accept(ctx context.Context, d hls.Delivery, e hls.Event, work record.NewTask) (hls.Receipt, error) {
	_, rule, verdict := p.route(e)
	var masked hls.Masked
	d.Body, masked = p.cfg.Redactor.RedactPayload(d.Body) // Its hash stays that of what GitHub signed.

	intake := record.Intake{Delivery: d, Ignored: verdict.Reason}
	if verdict.Do {
		work.Subject, work.Purpose, work.Event, work.Action, work.Actor = e.Subject, verdict.Purpose, e.Name, e.Action, e.Sender.Person()
		work.Title = p.title(e)
		if verdict.Now && !work.Origin.Swept() {
			work.Debounce = 0
		}
		intake.Work = &work
	}

	if err := p.touch(ctx, e, verdict); err != nil {
		return hls.Receipt{}, fmt.Errorf("record delivery: %w", err)
	}
	began := p.cfg.Now()
	receipt, err := p.store.Add(ctx, intake)
	fault.At(fault.Committed)
	if err != nil {
		return hls.Receipt{}, fmt.Errorf("record delivery: %w", err)
	}
	if receipt.Class == hls.Accepted {
		p.countMasked(ctx, inPayload, masked)
		p.cfg.Tracer.Recorded(d, began, p.cfg.Now())
	}
	p.accepted(ctx, e, rule, receipt)
	p.hint(e, rule)
	return receipt, nil
}

// mostTitle is how many characters of a title are kept.
const mostTitle = 200

// title is that of an event, without secrets: configured ones, and what has the shape of one. It is cut only then: a part of
// a secret has no shape.
func (p *Pipeline) title(e hls.Event) string {
	text, _ := p.cfg.Redactor.Mask(e.Title())
	if chars := []rune(text); len(chars) > mostTitle {
		return string(chars[:mostTitle]) + "…"
	}
	return text
}

// process takes a task through the stages. Whatever a stage returns as an error, judge turns into an outcome.
func (p *Pipeline) process(ctx context.Context, j *journey) error {
	release, err := p.admit(ctx, j.task)
	if err != nil {
		return err
	}
	defer release()
	if j.task.Origin.Carries() {
		return p.carry(ctx, j)
	}
	event, err := p.recall(ctx, j)
	if err != nil {
		return err
	}

	j.enter(hls.StageRoute)
	if err := p.introduce(ctx, event.Repo.FullName); err != nil {
		return err
	}
	knows, rule, verdict := p.route(event)
	if err := p.settle(ctx, j, rule); err != nil {
		return err
	}
	rule = restrained(j.task, rule)
	switch {
	case j.task.Attempt > p.cfg.MaxAttempts:
		return errSpent
	case !verdict.Do:
		return skip(verdict.Reason)
	}

	if err := p.mayAsk(ctx, j.task, rule, verdict); err != nil {
		return err
	}

	j.enter(hls.StageGather)
	facts, err := p.gather(ctx, j, knows, event, rule)
	if err != nil {
		return err
	}
	if err := p.overtaken(ctx, j.task); err != nil {
		return err
	}

	q := question{event, facts, rule, knows}
	if err := p.acknowledge(ctx, j, q); err != nil {
		return err
	}
	analysis, err := p.analysis(ctx, j, q)
	if err != nil {
		return err
	}
	return p.conclude(ctx, j, q, analysis)
}

// aimed is a plan with the target that gathering found, whatever the plan itself says of one: it was made from what
// Claude answered.
func aimed(plan hls.Plan, facts hls.Facts) hls.Plan {
	plan.Target = facts.Target
	return plan
}

// within refuses a plan with a kind of effect that is not among those of the event's family.
func within(plan hls.Plan, may []hls.EffectKind) error {
	for _, e := range plan.Effects {
		if !slices.Contains(may, e.Kind) {
			return &hls.Permanent{Err: fmt.Errorf("check plan: %s is no effect of this event", e.Kind), Reason: "outside_closed_set"}
		}
	}
	return nil
}

// apart sets the effects of a replay, and of what a person asked for, apart from those of earlier runs, so that the
// ledger lets them be done once more. A replay may repeat labels and the one comment, which are the same when written
// twice; a second review would be a second review, and so would be an issue.
func apart(task hls.Task, facts hls.Facts, plan hls.Plan) hls.Plan {
	for i, e := range plan.Effects {
		switch {
		case task.Origin.Again() && e.Kind.Repeatable():
			plan.Effects[i].Nonce = fmt.Sprintf("%s-%d", task.Origin, task.ID)
		case facts.Asked != 0:
			plan.Effects[i].Nonce = fmt.Sprintf("asked-%d", facts.Asked)
		}
	}
	return plan
}

// route finds the rule and the handler for an event, and their verdict. It asks nobody: an event that was accepted
// is routed again when its turn comes, by the settings then in force.
func (p *Pipeline) route(e hls.Event) (handler.Handler, hls.Rule, hls.Verdict) {
	return p.rooms().route(e, p.cfg.Self(e.Repo.FullName))
}

func (r *Rooms) route(e hls.Event, self hls.Account) (handler.Handler, hls.Rule, hls.Verdict) {
	rule, verdict := r.Router.Match(e, self)
	if !verdict.Do {
		return nil, rule, verdict
	}
	knows := handler.Of(e)
	return knows, rule, knows.Route(e, rule)
}

// introduce makes sure that the own account is known, as far as GitHub tells it: whoever does not know it takes what
// HLS did for the deeds of people.
func (p *Pipeline) introduce(ctx context.Context, repo string) error {
	if p.cfg.Introduce == nil || repo == "" || p.cfg.Self(repo).ID != 0 {
		return nil
	}
	err := p.cfg.Introduce(ctx, repo)
	var final *hls.Permanent
	if err == nil || errors.As(err, &final) { // What is final is for a stage that cannot do without.
		return nil
	}
	return fmt.Errorf("learn own account: %w", err)
}

// settle reads back what an earlier run, or an earlier task of the same purpose, was sending when it was cut short.
// It comes first because this run may end before it acts.
func (p *Pipeline) settle(ctx context.Context, j *journey, rule hls.Rule) error {
	entries, err := p.rooms().Actor.Settle(ctx, j.task, rule)
	j.acted(entries)
	return err
}

// mayAsk puts a task off while Claude would not be asked: reading GitHub for it would be for nothing. One that Claude has
// answered needs only GitHub, and so does one that the facts answer.
func (p *Pipeline) mayAsk(ctx context.Context, task hls.Task, rule hls.Rule, verdict hls.Verdict) error {
	if verdict.Unasked {
		return nil
	}
	if _, err := p.store.Analysis(ctx, task.ID); !errors.Is(err, hls.ErrNotFound) {
		return err
	}
	weight, _ := p.weights.Load(kindOf(task))
	known, _ := weight.(hls.Weight)
	if err := p.rooms().Analyzer.Ready(ctx, task, rule, known); err != nil {
		return fmt.Errorf("analyze later: %w", err)
	}
	return nil
}

// kindOf names the questions that are alike, whatever number their purpose bears. Which model one goes to is known for sure
// only once it is put: until then the last of its kind tells, and before the first any model may be the one.
func kindOf(task hls.Task) string {
	return task.Event + "/" + strings.TrimRight(task.Purpose, "0123456789")
}

// recall reads the event back from the record, without its body: a restart, or another instance, starts here.
func (p *Pipeline) recall(ctx context.Context, j *journey) (event hls.Event, err error) {
	j.enter(hls.StageRecord)
	err = p.open(ctx, j.task, func(d hls.Delivery) error {
		if event, err = hls.DecodeEvent(d); err != nil {
			return &hls.Permanent{Err: err, Reason: "undecodable"}
		}
		event.Body = nil
		return nil
	})
	return event, err
}

// gather reads the subject as it is now. It ends the journey when there is nothing left to do, or when this very
// state of the subject was analyzed before; a replay asks again all the same.
func (p *Pipeline) gather(ctx context.Context, j *journey, knows handler.Handler, e hls.Event, r hls.Rule) (hls.Facts, error) {
	if err := pin(ctx, p.rooms().GitHub, e); err != nil {
		return hls.Facts{}, err
	}
	past := past{p.store, j.task}
	facts, err := knows.Gather(ctx, reader{p.rooms().GitHub, past}, e, r)
	if err != nil {
		return facts, fmt.Errorf("gather facts: %w", err)
	}
	if facts.Skip != "" {
		return facts, skip(facts.Skip)
	}
	if err := p.wanted(ctx, j.task, e, facts); err != nil {
		return facts, err
	}
	past.task = goingOn(j.task, facts)
	if facts.Previous, err = past.Previous(ctx); err != nil || facts.Previous == nil {
		return facts, err
	}
	if facts.Raised, err = past.Raised(ctx); err != nil {
		return facts, err
	}
	if facts.Previous.Revision == facts.Revision && !j.task.Origin.Again() && facts.Asked == 0 {
		return facts, skip("already_analyzed")
	}
	return facts, nil
}

// question is what one analysis is made from.
type question struct {
	event hls.Event
	facts hls.Facts
	rule  hls.Rule
	knows handler.Handler
}

// prompt renders the question. Templates see the payload as GitHub sent it.
func (p *Pipeline) prompt(ctx context.Context, task hls.Task, q question, asked hls.Question) (text hls.Prompt, err error) {
	err = p.open(ctx, task, func(d hls.Delivery) error {
		event := q.event
		event.Body = d.Body
		text, err = p.rooms().Prompts.Render(ctx, prompt.Input{Event: event, Facts: q.facts, Rule: q.rule, Question: asked, Now: p.cfg.Now()})
		if err != nil && ctx.Err() == nil {
			return &hls.Permanent{Err: err, Reason: "template"}
		}
		return err
	})
	return text, err
}

// analysis returns the task's analysis: the stored one when an earlier attempt got as far, for Claude is paid once;
// otherwise Claude's answer, stored before anything is done with it.
func (p *Pipeline) analysis(ctx context.Context, j *journey, q question) (hls.Analysis, error) {
	stored, err := p.store.Analysis(ctx, j.task.ID)
	if err == nil && stored.Revision == q.facts.Revision {
		stored.Step, err = p.stepOf(ctx, j.task)
		return stored, err
	}
	if err != nil && !errors.Is(err, hls.ErrNotFound) {
		return hls.Analysis{}, fmt.Errorf("read analysis: %w", err)
	}
	if err == nil {
		return hls.Analysis{}, fmt.Errorf("use stored analysis: %w", hls.ErrStale)
	}

	j.enter(hls.StagePrompt)
	task := goingOn(j.task, q.facts)
	in := analyze.Input{
		Task: task, Question: q.knows.Question(q.event, q.facts, q.rule), Rule: q.rule, Revision: q.facts.Revision, Counted: q.facts.Counted,
		Asked: q.facts.Asked != 0,
	}
	if in.Question.Known == nil {
		p.weights.Store(kindOf(j.task), in.Question.Weight)
		if in.Prompt, err = p.prompt(ctx, task, q, in.Question); err != nil {
			return hls.Analysis{}, err
		}
		p.countMasked(ctx, inPrompt, in.Prompt.Masked)
	}

	j.enter(hls.StageAnalyze)
	analysis, reservation, err := p.rooms().Analyzer.Analyze(ctx, in)
	if err != nil {
		return hls.Analysis{}, err
	}
	fault.At(fault.Analyzed)
	analysis.Answer = p.cfg.Redactor.RedactJSON(analysis.Answer)
	j.analyzed(analysis)
	if err := p.store.SaveAnalysis(ctx, task, reservation, analysis); err != nil {
		return hls.Analysis{}, fmt.Errorf("save analysis: %w", err)
	}
	return analysis, nil
}
