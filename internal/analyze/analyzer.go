package analyze

import (
	"context"
	"errors"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"hls/internal/fault"
	"hls/internal/hls"
)

// Config is the model policy: the part of the section claude that says what analyses may cost.
type Config struct {
	// Caps on money and work. They come back with each rule, a repository's own over them.
	Budget Budget `yaml:"budget"`
	// SubjectDaily caps analyses of one subject in 24 hours; 0 means no cap. It is a key of another section.
	SubjectDaily int `yaml:"-"`
	// Models by the weight of the work; a repository may name others.
	Models Models `yaml:"models"`
	// Model is asked where Models leaves it open. It is a key of the section that the door has.
	Model string `yaml:"-"`
	// Unset are the models where the settings name none; "" means the door's default.
	Unset map[hls.Weight]string `yaml:"-"`
}

// Input is what one analysis is made from.
type Input struct {
	Task     hls.Task
	Question hls.Question
	Prompt   hls.Prompt
	Rule     hls.Rule
	Revision string       // of the subject when it was read
	Counted  *hls.Subject // what its analyses are counted under, nil for the task's own subject
	Asked    bool         // a person asked for the work

	// Aside names what the analysis is for where it is no task's, as "dry_replay"; "" where it is. Its money is kept under
	// that name, the caps on money hold, and it counts for no subject and for no person.
	Aside string

	batch bool // it is asked in a batch
}

// Analyzer asks Claude within the budget and lets nothing but a valid answer through. It is safe for concurrent use.
type Analyzer struct {
	cfg   Config
	model Model
	purse Purse

	validators *lru.Cache[string, *validator] // by schema
}

// mostValidators is how many schemas are kept ready. A handler has few; those that name a repository's labels are its own.
const mostValidators = 128

// New makes an analyzer. The purse is asked before every call.
func New(cfg Config, model Model, purse Purse) (*Analyzer, error) {
	if cfg.SubjectDaily < 0 {
		return nil, errors.New("configure analyze: a cap is negative")
	}
	if err := cfg.Budget.check(); err != nil {
		return nil, fmt.Errorf("configure analyze: %w", err)
	}
	validators, _ := lru.New[string, *validator](mostValidators) // It fails for sizes below one.
	return &Analyzer{cfg: cfg, model: model, purse: purse, validators: validators}, nil
}

// Analyze makes one call and returns the analysis with the reservation that paid for it: whoever stores the
// analysis settles it in the same transaction. When it fails, the reservation is settled already. Its errors are
// those of Model, *hls.Capped, and *hls.Unusable for an answer outside the schema. An answer that the question brings
// along is only held against the schema: no call is made, and the reservation is 0.
func (a *Analyzer) Analyze(ctx context.Context, in Input) (hls.Analysis, int64, error) {
	validator, err := a.validator(in.Question.Schema)
	if err != nil {
		return hls.Analysis{}, 0, &hls.Permanent{Err: fmt.Errorf("compile schema of the answer: %w", err), Reason: "schema"}
	}
	if in.Question.Known != nil {
		known, err := a.known(in, validator)
		return known, 0, err
	}
	on, reservation, err := a.reserve(ctx, in, a.ladder(in.of(), in))
	if err != nil {
		return hls.Analysis{}, 0, err
	}
	fault.At(fault.Reserved)
	request := in.request(on.model)
	answer, err := a.ask(ctx, request, validator)
	if on.fallback != "" && errors.Is(err, hls.ErrOverloaded) {
		request.Model = on.fallback
		answer, err = a.instead(ctx, request, validator, err)
	}
	if err != nil {
		paid := paid(err, on.ceiling)
		return hls.Analysis{}, 0, errors.Join(err, a.settle(ctx, reservation, request.Model, paid))
	}
	analysis := in.analysis([]byte(answer.Text))
	analysis.Model, analysis.Usage, analysis.Step = answer.Model, answer.Usage, on.step
	analysis.Template, analysis.PromptHash, analysis.Prompt = in.Prompt.Template, in.Prompt.Hash, request.Prompt
	return analysis, reservation, nil
}

// validator is the one for a schema.
func (a *Analyzer) validator(schema []byte) (*validator, error) {
	if ready, ok := a.validators.Get(string(schema)); ok {
		return ready, nil
	}
	made, err := compile(schema)
	if err == nil {
		a.validators.Add(string(schema), made)
	}
	return made, err
}

// reservation is what is set aside for a question on a step of the ladder.
func (a *Analyzer) reservation(in Input, on rung) hls.Reservation {
	r := hls.Reservation{
		Task: in.Task, MicroUSD: on.ceiling, Budget: in.Rule.Budget, Step: on.step, Asked: in.Asked,
		SubjectDaily: a.daily(in.Question), Counted: in.Counted,
	}
	if in.Aside != "" {
		s := in.Task.Subject
		r.Task.ID, r.Task.Actor, r.Counted = 0, "", &hls.Subject{Scope: s.Scope, RepoID: s.RepoID, Repo: s.Repo, Kind: hls.KindOther, Ref: in.Aside}
		r.SubjectDaily, r.Budget.PerActorDailyTasks, r.Budget.PerActorDailyUSD = 0, 0, 0
	}
	return r
}

// daily is how many analyses the subject of a question may have in a day for it to be asked.
func (a *Analyzer) daily(q hls.Question) int {
	if q.Beside {
		return (a.cfg.SubjectDaily + 1) / 2
	}
	return a.cfg.SubjectDaily
}

// known is the analysis of a question that needs no model. It names none.
func (a *Analyzer) known(in Input, v *validator) (hls.Analysis, error) {
	if err := v.check(in.Question.Known); err != nil {
		return hls.Analysis{}, &hls.Permanent{Err: fmt.Errorf("check known answer: %w", err), Reason: "schema"}
	}
	return in.analysis(in.Question.Known), nil
}

func (in Input) analysis(answer []byte) hls.Analysis {
	return hls.Analysis{
		TaskID: in.Task.ID, DeliveryID: in.Task.DeliveryID, Subject: in.Task.Subject, Purpose: in.Task.Purpose,
		Revision: in.Revision, Answer: answer, At: time.Now(),
	}
}

func (in Input) request(model string) hls.Request {
	prompt := in.Prompt
	prompt.Schema = in.Question.Schema
	return hls.Request{Model: model, Prompt: prompt, Repo: in.Task.Subject.Repo, Batch: in.batch}
}

// ceiling is the most that a request can cost, whichever of the two models answers: one of them alone is paid.
func (a *Analyzer) ceiling(r hls.Request, fallback string) int64 {
	most := a.model.Ceiling(r)
	if fallback != "" {
		r.Model = fallback
		most = max(most, a.model.Ceiling(r))
	}
	return most
}

// instead asks the fallback, once. An answer that cannot be used is one all the same, and no third model is asked. When
// the fallback has no room either, the task comes back for whichever may have some first.
func (a *Analyzer) instead(ctx context.Context, r hls.Request, v *validator, overloaded error) (hls.Answer, error) {
	answer, err := a.ask(ctx, r, v)
	if errors.Is(err, hls.ErrOverloaded) {
		err = sooner(overloaded, err)
	}
	return answer, err
}

// ask makes the call and holds the answer against the schema.
func (a *Analyzer) ask(ctx context.Context, r hls.Request, v *validator) (hls.Answer, error) {
	answer, err := a.model.Ask(ctx, r)
	if err == nil {
		err = v.accept(answer)
	}
	if err != nil {
		return hls.Answer{}, err
	}
	return answer, nil
}

// accept lets an answer through that ended normally and fits the schema.
func (v *validator) accept(answer hls.Answer) error {
	if answer.StopReason != "end_turn" {
		err := fmt.Errorf("claude stopped with %q", answer.StopReason)
		return &hls.Unusable{Err: err, Reason: "stop_reason", Usage: answer.Usage}
	}
	if err := v.check([]byte(answer.Text)); err != nil {
		return &hls.Unusable{Err: fmt.Errorf("check answer: %w", err), Reason: "schema", Usage: answer.Usage}
	}
	return nil
}

// paid is what a failed call cost: the usage of an answer that could not be used, the whole ceiling when the call
// may have been made and nobody knows, and nothing otherwise.
func paid(err error, ceiling int64) hls.Usage {
	var unusable *hls.Unusable
	switch {
	case errors.As(err, &unusable):
		return unusable.Usage
	case errors.Is(err, hls.ErrAmbiguous):
		return hls.Usage{CostMicroUSD: ceiling}
	}
	return hls.Usage{}
}

// settle outlives the call's context: a task that was interrupted has been paid for all the same. What it cannot
// settle stays spent.
func (a *Analyzer) settle(ctx context.Context, reservation int64, model string, u hls.Usage) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return a.purse.Settle(ctx, reservation, model, u)
}
