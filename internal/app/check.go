package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"hls/internal/claude"
	"hls/internal/config"
	"hls/internal/github"
	"hls/internal/handler"
	"hls/internal/hls"
	"hls/internal/prompt"
)

// Check looks at everything that Load cannot see: what New looks at before it starts, whether the address can be had,
// and online the doors. It writes nothing anywhere.
func Check(ctx context.Context, s *config.Settings, online bool) []Finding {
	redactor := newRedactor(s)
	findings := append(preflight(ctx, s, redactor), checkAddress(ctx, s)...)
	if online {
		findings = append(findings, checkOnline(ctx, s, redactor)...)
	}
	return findings
}

// checkAddress listens for a moment. That another process has the address is as it should be while HLS runs.
func checkAddress(ctx context.Context, s *config.Settings) []Finding {
	listener, err := open(ctx, s)
	var problems *config.Problems
	switch {
	case err == nil:
		_ = listener.Close()
		return nil
	case errors.As(err, &problems):
		return []Finding{{Problem: problems.List[0]}}
	}
	return []Finding{{Problem: s.At("server.port", "in use now, by a running hls serve or another process: "+err.Error()), Warning: true}}
}

// checkOnline asks each door one cheap question.
func checkOnline(ctx context.Context, s *config.Settings, redactor *hls.Redactor) []Finding {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	p := &inspection{settings: s, redactor: redactor}
	router, err := newRouter(s)
	if err != nil {
		return nil
	}
	doors, err := openDoors(s, outside{redactor: redactor, tokens: func(repo string) hls.Secret {
		token, _ := router.Token(repo)
		return token
	}})
	if err != nil {
		return nil // preflight has said why.
	}
	credential := "github.token"
	if s.GitHub.App != (github.App{}) {
		credential = "github.app"
	}
	if self, err := doors.github.Self(ctx); err != nil {
		p.problem(credential, "GitHub does not accept it: %v", err)
	} else if self.ID == 0 {
		p.problem(credential, "GitHub does not tell whose token it is, as with one of a GitHub Actions job")
	}
	for i, r := range s.Repositories {
		if _, err := doors.github.Labels(ctx, r.Name); err != nil && !hls.IsGlob(r.Name) {
			p.problem(fmt.Sprintf("repositories[%d].name", i), "the repository cannot be read: %v", err)
		}
	}
	p.models(ctx, doors.claude)
	return p.findings
}

// models asks for each model that the settings may lead to. Where the first cannot be had it is the key, or the way there.
func (p *inspection) models(ctx context.Context, door *claude.Client) {
	first := cmp.Or(p.settings.Claude.Model, claude.Unset()[hls.Heavy])
	asked := map[string]bool{}
	for i, named := range append([]config.NamedModel{{Key: "claude.api_key", Model: first}}, p.settings.Models()...) {
		model, _ := claude.Resolve(named.Model)
		if asked[model] {
			continue
		}
		asked[model] = true
		if err := door.Reachable(ctx, model); err != nil {
			p.problem(named.Key, "Claude cannot be asked: %v", err)
			if i == 0 {
				return
			}
		}
	}
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
	question := handler.Of(event).Question(event, facts, rule)
	return renderer.Render(ctx, prompt.Input{Event: event, Facts: facts, Rule: rule, Question: question, Now: time.Now()})
}
