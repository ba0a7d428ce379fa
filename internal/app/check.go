package app

import (
	"context"
	"fmt"
	"time"

	"hls/internal/claude"
	"hls/internal/config"
	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/prompt"
)

// Finding is one line of a check.
type Finding struct {
	Place   string // file:line:col
	Message string
	Warning bool
}

// Check looks at everything that Load cannot see: the templates, each rendered against a sample event, and online the
// doors. It writes nothing anywhere.
func Check(ctx context.Context, s *config.Settings, online bool) []Finding {
	router, err := newRouter(s)
	if err != nil {
		return []Finding{{Place: s.At("", "").Place(), Message: err.Error()}}
	}
	redactor := hls.NewRedactor(s.Secrets()...)
	renderer, err := newPrompts(s, redactor)
	if err != nil {
		return []Finding{{Place: s.At("prompts.base_dir", "").Place(), Message: redactor.Redact(err.Error())}}
	}
	var rules []hls.Rule
	for _, r := range s.Repositories {
		if rule, ok := router.Rule(r.Name); ok {
			rules = append(rules, rule)
		}
	}
	var findings []Finding
	for _, p := range renderer.Check(ctx, rules...) {
		findings = append(findings, Finding{fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column), p.Message, p.Warning})
	}
	if online {
		findings = append(findings, checkOnline(ctx, s, redactor)...)
	}
	return findings
}

// checkOnline asks each door one cheap question.
func checkOnline(ctx context.Context, s *config.Settings, redactor *hls.Redactor) []Finding {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	doors, err := openDoors(s)
	if err != nil {
		return []Finding{{Place: s.At("", "").Place(), Message: err.Error()}}
	}
	var findings []Finding
	found := func(key, format string, args ...any) {
		p := s.At(key, redactor.Redact(fmt.Sprintf(format, args...)))
		findings = append(findings, Finding{Place: p.Place(), Message: p.Text()})
	}
	if self, err := doors.github.Self(ctx); err != nil {
		found("github.token", "GitHub does not accept it: %v", err)
	} else if self.ID == 0 {
		found("github.token", "GitHub does not tell whose token it is: it is wrong, or of a GitHub Actions job")
	}
	for i, r := range s.Repositories {
		if _, err := doors.github.Labels(ctx, r.Name); err != nil && !hls.IsGlob(r.Name) {
			found(fmt.Sprintf("repositories[%d].name", i), "the repository cannot be read: %v", err)
		}
	}
	model, _ := claude.Resolve(s.Claude.Model)
	if err := doors.claude.Reachable(ctx, model); err != nil {
		found("claude.api_key", "Claude cannot be asked: %v", err)
	}
	return findings
}

// Sample is an event to render without a delivery.
type Sample struct {
	Event   string
	Action  string // "" takes the payload's own
	Payload []byte
}

// Render makes the prompt that an event would be asked with, from its payload alone. It asks nobody. A repository that
// no rule names is rendered as if one with the defaults did.
func Render(ctx context.Context, s *config.Settings, sample Sample) (hls.Prompt, error) {
	event, err := hls.DecodeEvent(hls.Delivery{ID: "00000000-0000-0000-0000-000000000000", RequestID: "render", Event: sample.Event, Body: sample.Payload, ReceivedAt: time.Now()})
	if err != nil {
		return hls.Prompt{}, fmt.Errorf("%w: --payload: %w", ErrSettings, err)
	}
	if sample.Action != "" && event.Action != sample.Action {
		return hls.Prompt{}, fmt.Errorf("%w: the payload is of the action %q, not %q", ErrSettings, event.Action, sample.Action)
	}
	router, err := newRouter(s)
	if err != nil {
		return hls.Prompt{}, err
	}
	renderer, err := newPrompts(s, hls.NewRedactor(s.Secrets()...))
	if err != nil {
		return hls.Prompt{}, err
	}
	rule, _ := router.Rule(event.Repo.FullName)
	facts := prompt.PayloadFacts(event)
	question := handler.For(event.Name).Question(event, facts, rule)
	return renderer.Render(ctx, prompt.Input{Event: event, Facts: facts, Rule: rule, Question: question, Now: time.Now()})
}
