package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	depth := atCheck
	if online {
		depth = atOnline
	}
	p := &inspection{settings: s, redactor: newRedactor(s)}
	p.examine(ctx, depth)
	return p.findings
}

// address listens for a moment. That another process has the address is as it should be while HLS runs.
func (p *inspection) address(ctx context.Context) {
	listener, err := open(ctx, p.settings)
	var problems *config.Problems
	switch {
	case err == nil:
		_ = listener.Close()
	case errors.As(err, &problems):
		p.findings = append(p.findings, Finding{Problem: problems.List[0]})
	case p.depth >= atDoctor && p.serves(ctx):
	default:
		p.warn("server.port", "nothing, while HLS runs; otherwise stop the other process, or choose another port",
			"in use now, by a running hls serve or another process: %v", err)
	}
}

// credential asks GitHub whom it takes HLS for.
func (p *inspection) credential(ctx context.Context) {
	doors := p.open()
	if doors == nil {
		return
	}
	key := p.credentialKey()
	self, err := doors.github.Self(ctx)
	switch {
	case err != nil:
		p.problem(key, "GitHub does not accept it: %v", err)
	case self.ID == 0:
		p.problem(key, "GitHub does not tell whose token it is, as with one of a GitHub Actions job")
	default:
		p.tell("acting as %s (account %d)", self.Login, self.ID)
	}
}

func (p *inspection) credentialKey() string {
	if p.settings.GitHub.App != (github.App{}) {
		return "github.app"
	}
	return "github.token"
}

// repositories reads each that the settings name.
func (p *inspection) repositories(ctx context.Context) {
	doors := p.open()
	if doors == nil {
		return
	}
	read := 0
	for i, r := range p.settings.Repositories {
		if hls.IsGlob(r.Name) {
			continue
		}
		if _, err := doors.github.Labels(ctx, r.Name); err != nil {
			p.problem(fmt.Sprintf("repositories[%d].name", i), "the repository cannot be read: %v", err)
			continue
		}
		read++
	}
	p.tell("%d read", read)
}

// models asks for each model that the settings may lead to. Where the first cannot be had it is the key, or the way there.
func (p *inspection) models(ctx context.Context) {
	doors := p.open()
	if doors == nil {
		return
	}
	first := cmp.Or(p.settings.Claude.Model, claude.Unset()[hls.Heavy])
	asked := map[string]bool{}
	for i, named := range append([]config.NamedModel{{Key: "claude.api_key", Model: first}}, p.settings.Models()...) {
		model, _ := claude.Resolve(named.Model)
		if asked[model] {
			continue
		}
		asked[model] = true
		if err := doors.claude.Reachable(ctx, model); err != nil {
			p.problem(named.Key, "Claude cannot be asked: %v", err)
			if i == 0 {
				return
			}
		}
	}
	p.tell("%s", strings.Join(slices.Sorted(maps.Keys(asked)), ", "))
}

// Sample is an event to render without a delivery.
type Sample struct {
	Event   string
	Action  string // "" takes the payload's own
	Payload []byte
}

// SampleOf is a sample event as GitHub sends it, by its name as issues.opened.
func SampleOf(event string) (payload []byte, known bool) { return prompt.SampleOf(event) }

// Samples are the names of the events that there are samples of.
func Samples() []string { return prompt.Samples() }

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
