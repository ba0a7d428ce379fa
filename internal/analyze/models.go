package analyze

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"hls/internal/hls"
)

// Models names models by the weight of the work.
type Models struct {
	// Light is asked for light work: triage, summaries. Unset, it is claude.model, and without that claude-haiku-5-5.
	Light string `yaml:"light"`
	// Heavy is asked for heavy work: reviews. Unset, it is claude.model, and without that claude-sonnet-5-5.
	Heavy string `yaml:"heavy"`
	// Fallback is asked once, at once, in place of a model that is overloaded; unset, the work waits for the model.
	Fallback string `yaml:"fallback"`
}

func (m Models) of(w hls.Weight) string {
	if w == hls.Light {
		return m.Light
	}
	return m.Heavy
}

// choice is the model to ask, and the one to ask in its place when it is overloaded, "" for none.
type choice struct{ model, fallback string }

// choose picks the models for a question. What is said of the event goes before what is said of the weight, and that
// before a model for everything; what the repository says goes before what is said of all.
func (a *Analyzer) choose(task hls.Task, rule hls.Rule, weight hls.Weight) choice {
	event := rule.Models.Of(task.Event, task.Action)
	c := choice{
		model: cmp.Or(event.Model, rule.Models.Weights[weight], rule.Model,
			a.cfg.Models.of(weight), a.cfg.Model, a.cfg.Unset[weight]),
		fallback: cmp.Or(event.Fallback, rule.Models.Fallback, a.cfg.Models.Fallback),
	}
	if c.fallback == c.model {
		c.fallback = ""
	}
	return c
}

// light is the model for light work of no event in particular.
func (a *Analyzer) light(rule hls.Rule) string { return a.choose(hls.Task{}, rule, hls.Light).model }

// Ready tells whether one of the models that a task's question may go to would be asked now: nil, or why none would.
// Weight is the question's, "" while it is not known.
func (a *Analyzer) Ready(ctx context.Context, task hls.Task, rule hls.Rule, weight hls.Weight) error {
	weights := []hls.Weight{weight}
	if weight == "" {
		weights = []hls.Weight{hls.Light, hls.Heavy}
	}
	var names []string
	for _, w := range weights {
		names = append(names, a.choose(task, rule, w).model)
	}
	names = append(names, a.choose(task, rule, weights[0]).fallback)
	var held error
	for i, name := range names {
		if i > 0 && (name == "" || slices.Contains(names[:i], name)) {
			continue
		}
		err := a.model.Ready(ctx, name)
		if !errors.Is(err, hls.ErrOverloaded) {
			return err
		}
		held = sooner(held, err)
	}
	return held
}

// sooner is the one of two errors, the first of which may be nil, that says to come back first.
func sooner(a, b error) error {
	var x, y *hls.RetryAfter
	if a == nil || errors.As(a, &x) && errors.As(b, &y) && y.After < x.After {
		return b
	}
	return a
}
