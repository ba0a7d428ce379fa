package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/recovery"
)

// webhooks looks at the webhooks of the repositories that are named, or at the App's, and at what GitHub's logs say of the
// newest deliveries.
func (p *inspection) webhooks(ctx context.Context) {
	doors := p.open()
	if doors == nil {
		return
	}
	if p.settings.GitHub.App != (github.App{}) {
		p.appHook(ctx, doors.github)
		return
	}
	if webhookAddress(p.settings) == "" {
		p.warn("server.public_url", "set it, for example to https://hls.example.com", "where GitHub reaches HLS is not known, and so not which webhooks are its own")
		return
	}
	for i, r := range p.settings.Repositories {
		if !hls.IsGlob(r.Name) && (r.Enabled == nil || *r.Enabled) {
			p.repositoryHook(ctx, doors.github, hooked{fmt.Sprintf("repositories[%d].name", i), github.HookPlace{Repo: r.Name}})
		}
	}
}

// hooked is a place with a webhook, and the key of the settings that it stands at.
type hooked struct {
	key   string
	place github.HookPlace
}

// secretRemedy is what to do when the webhook has another secret than the settings.
func (h hooked) secretRemedy() string {
	if h.place.Repo == "" {
		return "set the same secret on the App's page, under General, Webhook; then: hls hooks recover --apply"
	}
	return fmt.Sprintf("hls hooks install %s --apply, then: hls hooks recover %s --apply", h.place, h.place)
}

func (p *inspection) repositoryHook(ctx context.Context, gh *github.Client, at hooked) {
	repo := at.place.Repo
	install := "hls hooks install " + repo + " --apply"
	spec, err := hookSpec(p.settings, HookRequest{Repo: repo})
	if err != nil {
		p.problem(at.key, "%s: %v", repo, err)
		return
	}
	hooks, err := gh.Hooks(ctx, at.place)
	if err != nil {
		p.warn(at.key, "grant the repository permission Webhooks (read), or look under Settings, Webhooks", "%s: its webhooks cannot be read: %v", repo, err)
		return
	}
	plan, err := planHook(p.settings, HookRequest{Repo: repo}, spec, hooks)
	switch {
	case err != nil:
		p.find(at.key, install, false, fmt.Sprintf("%s: %v", repo, err))
		return
	case plan.Create:
		p.find(at.key, install, false, fmt.Sprintf("%s has no webhook that leads to %s", repo, spec.URL))
		return
	}
	var wrong []string
	for _, c := range plan.Changes {
		if c.What == "secret" && c.From != "not set" {
			continue // One is set. Whether it is the right one the log tells.
		}
		wrong = append(wrong, fmt.Sprintf("%s is %s and should be %s", c.What, orNothing(c.From), c.To))
	}
	if len(wrong) > 0 {
		p.find(at.key, install, false, fmt.Sprintf("%s: webhook %d: %s", repo, plan.HookID, strings.Join(wrong, "; ")))
	}
	p.newest(ctx, gh, at, plan.HookID)
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

func (p *inspection) appHook(ctx context.Context, gh *github.Client) {
	at := hooked{"github.app", github.HookPlace{}}
	hooks, err := gh.Hooks(ctx, at.place)
	if err != nil {
		p.problem(at.key, "the App's webhook cannot be read: %v", err)
		return
	}
	address, page := webhookAddress(p.settings), "on the App's page, under General, Webhook"
	switch hook := hooks[0]; {
	case !hook.Active || hook.URL == "":
		p.find(at.key, "switch it on "+page, false, "the App has no active webhook")
		return
	case address != "" && !recovery.SameAddress(hook.URL, address):
		p.find(at.key, "change it to "+address+" "+page, false, fmt.Sprintf("the App's webhook leads to %s, and server.public_url says %s", hook.URL, address))
	case hook.ContentType != "json", hook.Insecure, !hook.Secret:
		p.find(at.key, "set content type application/json, a secret and SSL verification "+page, false, "the App's webhook is not as it should be")
	}
	p.newest(ctx, gh, at, 0)
}

// newest holds the newest deliveries of GitHub's log against what a webhook that works would show.
func (p *inspection) newest(ctx context.Context, gh *github.Client, at hooked, hook int64) {
	log, _, err := gh.Attempts(ctx, at.place, hook, "")
	switch {
	case err != nil:
		p.warn(at.key, "grant the permission Webhooks (read)", "%s: GitHub's log of deliveries cannot be read: %v", at.place, err)
		return
	case len(log) == 0:
		p.tell("%s: GitHub has sent nothing in the last days", at.place)
		return
	}
	last := log[0]
	when := last.At.UTC().Format(time.DateTime)
	switch {
	case last.Code == 401:
		p.find(at.key, at.secretRemedy(), false,
			fmt.Sprintf("%s: the newest delivery (%s, %sZ) was refused with 401: the webhook's secret is not that of the settings", at.place, last.Event, when))
	case !last.Answered():
		p.find(at.key, "mend the way from GitHub to HLS, then: hls hooks recover --apply", false,
			fmt.Sprintf("%s: the newest delivery (%s, %sZ) was answered %s", at.place, last.Event, when, codeOf(last.Code)))
	default:
		failed := 0
		for _, a := range log {
			if !a.Answered() {
				failed++
			}
		}
		if failed > 0 {
			p.warn(at.key, "hls hooks recover "+at.place.String()+" --apply", "%s: %d of the newest %d deliveries failed", at.place, failed, len(log))
		}
		p.tell("%s: the newest delivery (%s, %sZ) was answered %d", at.place, last.Event, when, last.Code)
	}
}

func codeOf(code int) string {
	if code == 0 {
		return "not at all"
	}
	return fmt.Sprintf("with %d", code)
}
