package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"hls/internal/config"
	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/recovery"
	"hls/internal/route"
)

// ErrRequest marks what cannot be done as it was asked for.
var ErrRequest = errors.New("it cannot be done")

// HookRequest asks for the webhook of one repository.
type HookRequest struct {
	Repo    string
	Address string // where GitHub is to post; "" takes server.public_url and webhook_path
	HookID  int64  // the webhook to repair; 0 takes the one of that address, or makes one
	Apply   bool   // otherwise only tell what would be done
}

// HookPlan is what is, or was, done about it. No secret is in it.
type HookPlan struct {
	Repo    string       `json:"repository"`
	HookID  int64        `json:"hook_id"` // 0 while there is none
	Address string       `json:"url"`
	Create  bool         `json:"create"`
	Changes []HookChange `json:"changes"`
	Notes   []string     `json:"notes"`
	Applied bool         `json:"applied"`
}

// HookChange is one difference between the webhook as it is and as it is to be.
type HookChange struct {
	What string `json:"what"`
	From string `json:"from"`
	To   string `json:"to"`
}

// InstallHook makes a repository's webhook what the settings say, or tells what that would change.
func InstallHook(ctx context.Context, s *config.Settings, q HookRequest) (HookPlan, error) {
	spec, err := hookSpec(s, q)
	if err != nil {
		return HookPlan{}, err
	}
	router, err := newRouter(s)
	if err != nil {
		return HookPlan{}, err
	}
	gh, err := github.New(s.GitHub.Config, func(repo string) hls.Secret {
		token, _ := router.Token(repo)
		return token
	})
	if err != nil {
		return HookPlan{}, fmt.Errorf("%w: github: %w", ErrSettings, err)
	}
	hooks, err := gh.Hooks(ctx, github.HookPlace{Repo: q.Repo})
	if err != nil {
		return HookPlan{}, fmt.Errorf("list webhooks of %s, which takes the repository permission \"Webhooks\" (read and write) or the scope admin:repo_hook: %w", q.Repo, err)
	}
	plan, err := planHook(s, q, spec, hooks)
	plan.redact(newRedactor(s))
	if err != nil || !q.Apply {
		return plan, err
	}
	made, err := putHook(ctx, gh, plan, spec)
	if err != nil {
		return plan, fmt.Errorf("write webhook of %s: %w", q.Repo, err)
	}
	plan.HookID, plan.Applied = made.ID, true
	return plan, nil
}

// redact takes secrets out of what people wrote into addresses.
func (p *HookPlan) redact(r *hls.Redactor) {
	p.Address = r.Redact(p.Address)
	for i := range p.Changes {
		p.Changes[i].From, p.Changes[i].To = r.Redact(p.Changes[i].From), r.Redact(p.Changes[i].To)
	}
	for i := range p.Notes {
		p.Notes[i] = r.Redact(p.Notes[i])
	}
}

func putHook(ctx context.Context, gh *github.Client, plan HookPlan, spec github.HookSpec) (github.Hook, error) {
	if plan.Create {
		return gh.CreateHook(ctx, plan.Repo, spec)
	}
	return gh.EditHook(ctx, plan.Repo, plan.HookID, spec)
}

// hookSpec is what the settings make of a repository's webhook.
func hookSpec(s *config.Settings, q HookRequest) (spec github.HookSpec, err error) {
	router, err := newRouter(s)
	if err != nil {
		return spec, err
	}
	rule, verdict := router.Match(hls.Event{Repo: hls.Repository{FullName: q.Repo}}, hls.Account{})
	if verdict.Reason == route.RepositoryNotConfigured || verdict.Reason == route.RepositoryDisabled {
		return spec, fmt.Errorf("%w: %s: %s; its events would be ignored", ErrRequest, q.Repo, strings.ReplaceAll(verdict.Reason, "_", " "))
	}
	for _, event := range rule.Events {
		name, _, _ := strings.Cut(event, ".")
		spec.Events = append(spec.Events, name)
	}
	slices.Sort(spec.Events)
	spec.Events = slices.Compact(spec.Events)
	if len(spec.Events) == 0 {
		return spec, fmt.Errorf("%w: %s: its rule enables no events", ErrSettings, q.Repo)
	}
	if spec.URL, err = hookAddress(s, q.Address); err != nil {
		return spec, err
	}
	inForce, err := secrets(s).For(q.Repo)
	if err != nil {
		return spec, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	if len(inForce) == 0 {
		return spec, fmt.Errorf("%w: github.webhook_secret is not set: a webhook without a secret proves nothing", ErrSettings)
	}
	spec.Secret = inForce[0] // While one takes the other's place, the first of them is the new one.
	return spec, nil
}

func hookAddress(s *config.Settings, asked string) (string, error) {
	address := asked
	if address == "" {
		address = webhookAddress(s)
	}
	if address == "" {
		return "", fmt.Errorf("%w: where GitHub reaches HLS is not known: set server.public_url, or name the webhook's address with --url", ErrRequest)
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("%w: --url: want an address such as https://hls.example.com%s", ErrRequest, s.Server.WebhookPath)
	}
	return address, nil
}

// planHook finds the webhook that is meant and compares it. Another address's webhook is touched only when its id is
// named: it may be another service's.
func planHook(s *config.Settings, q HookRequest, spec github.HookSpec, hooks []github.Hook) (HookPlan, error) {
	plan := HookPlan{Repo: q.Repo, Address: spec.URL, Changes: []HookChange{}, Notes: notes(s, spec)}
	same := slices.IndexFunc(hooks, func(h github.Hook) bool { return recovery.SameAddress(h.URL, spec.URL) })
	meant := same
	if q.HookID != 0 {
		meant = slices.IndexFunc(hooks, func(h github.Hook) bool { return h.ID == q.HookID })
	}
	switch {
	case q.HookID != 0 && meant < 0:
		return plan, fmt.Errorf("%w: --hook: %s has no webhook %d", ErrRequest, q.Repo, q.HookID)
	case same >= 0 && meant != same:
		return plan, fmt.Errorf("%w: --hook: webhook %d has the address %s already, and GitHub takes no second one", ErrRequest, hooks[same].ID, spec.URL)
	case meant >= 0:
		plan.HookID, plan.Changes = hooks[meant].ID, differences(hooks[meant], spec)
		return plan, nil
	}
	for _, h := range hooks {
		if strings.HasSuffix(strings.TrimSuffix(h.URL, "/"), s.Server.WebhookPath) {
			plan.Notes = append(plan.Notes, fmt.Sprintf(
				"webhook %d leads to %s and is left alone; if that is where HLS was, repair it with --hook %d in place of making another", h.ID, h.URL, h.ID))
		}
	}
	plan.Create, plan.Changes = true, differences(github.Hook{}, spec)
	return plan, nil
}

func notes(s *config.Settings, spec github.HookSpec) []string {
	out := []string{}
	if u, err := url.Parse(spec.URL); err == nil && u.Scheme == "http" {
		out = append(out, "the address is plain http: what GitHub sends there can be read on the way")
	}
	if u, err := url.Parse(spec.URL); err == nil && !strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), s.Server.WebhookPath) {
		out = append(out, "the address does not end in server.webhook_path ("+s.Server.WebhookPath+"): a proxy must lead from the one to the other")
	}
	return out
}

// differences compares a webhook with what it is to be. GitHub does not show a secret, so that one that is set may be
// another: it is always written.
func differences(h github.Hook, spec github.HookSpec) []HookChange {
	secret := "not set"
	if h.Secret {
		secret = "set, and not shown by GitHub"
	}
	verified := "certificate verified"
	if h.Insecure {
		verified = "certificate not verified"
	}
	state := "inactive"
	if h.Active {
		state = "active"
	}
	if h.ID == 0 {
		verified, state, secret = "", "", ""
	}
	had := slices.Clone(h.Events)
	slices.Sort(had)
	out := []HookChange{}
	for _, c := range []HookChange{
		{"url", h.URL, spec.URL}, {"content_type", h.ContentType, "json"}, {"insecure_ssl", verified, "certificate verified"},
		{"active", state, "active"}, {"events", strings.Join(had, " "), strings.Join(spec.Events, " ")},
		{"secret", secret, "that of the settings"},
	} {
		if c.From != c.To {
			out = append(out, c)
		}
	}
	return out
}
