package analyze

import (
	"context"
	"fmt"

	"hls/internal/hls"
)

// Prepared is a question of a batch, with the money that was set aside for it. Whoever hands the batch in settles that by
// what comes of it.
type Prepared struct {
	Request     hls.Request
	Reservation int64
	MicroUSD    int64 // set aside
	step        hls.Step
}

// Prepare sets money aside for a question that is asked in a batch, at half the price. The caps hold as for any other. There
// is no fallback: a batch waits for its model.
func (a *Analyzer) Prepare(ctx context.Context, in Input) (Prepared, error) {
	in.batch = true
	if _, err := compile(in.Question.Schema); err != nil {
		return Prepared{}, &hls.Permanent{Err: fmt.Errorf("compile schema of the answer: %w", err), Reason: "schema"}
	}
	on, reservation, err := a.reserve(ctx, in, a.ladder(in.of(), in))
	if err != nil {
		return Prepared{}, err
	}
	return Prepared{Request: in.request(on.model), Reservation: reservation, MicroUSD: on.ceiling, step: on.step}, nil
}

// Most is the most that a question can cost, in micro-dollars, in a batch or by itself, and the model that is asked. It sets
// nothing aside.
func (a *Analyzer) Most(in Input, batch bool) (model string, micro int64) {
	in.batch = batch
	on := a.rung(in, a.choose(in.of(), in.Rule, in.Question.Weight), hls.AsAsked)
	return on.model, on.ceiling
}

// Read makes an analysis of the answer to a question of a batch. Its error is *hls.Unusable for an answer outside the schema.
func (a *Analyzer) Read(in Input, answer hls.Answer) (hls.Analysis, error) {
	v, err := compile(in.Question.Schema)
	if err != nil {
		return hls.Analysis{}, &hls.Permanent{Err: fmt.Errorf("compile schema of the answer: %w", err), Reason: "schema"}
	}
	if err := v.accept(answer); err != nil {
		return hls.Analysis{}, err
	}
	analysis := in.analysis([]byte(answer.Text))
	analysis.Model, analysis.Usage = answer.Model, answer.Usage
	analysis.Template, analysis.PromptHash, analysis.Prompt = in.Prompt.Template, in.Prompt.Hash, in.Prompt
	return analysis, nil
}

// of is the task that tells which models are asked.
func (in Input) of() hls.Task {
	of := in.Task
	if in.Question.Event != "" {
		of.Event, of.Action = in.Question.Event, in.Question.Action
	}
	return of
}
