package recovery

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/route"
)

// ErrTarget marks a target that the settings do not name.
var ErrTarget = errors.New("nothing to look through")

// place is where webhooks may be, and why it is looked at.
type place struct {
	github.HookPlace
	named bool     // by the caller: it is looked at whatever else is
	glob  bool     // some rule is for all repositories of the organization
	repos []string // that the organization's webhook may stand for
}

// needless tells whether an organization, or anything beside the App, need not be looked at: each of its repositories
// has a webhook that was found.
func (p place) needless(covered map[string]bool) bool {
	switch {
	case p.named || p.HookPlace == (github.HookPlace{}):
		return false
	case covered[key(github.HookPlace{})]:
		return true
	case p.Repo != "" || p.glob:
		return false
	}
	return !slices.ContainsFunc(p.repos, func(repo string) bool { return !covered[key(github.HookPlace{Repo: repo})] })
}

// places are all that the settings name, or the one that is asked for: the App, then repositories, then organizations.
func (p *pass) places(target string) ([]place, error) {
	switch {
	case target == "":
		return p.all(), nil
	case target == "app" && !p.targets.App:
		return nil, fmt.Errorf("%w: HLS signs in with a token, and not as an App (github.app)", ErrTarget)
	case target == "app":
		return []place{{named: true}}, nil
	case strings.Contains(target, "/"):
		if reason := p.deps.Unwanted(target, "", ""); reason == route.RepositoryNotConfigured || reason == route.RepositoryDisabled {
			return nil, fmt.Errorf("%w: %s: %s", ErrTarget, target, strings.ReplaceAll(reason, "_", " "))
		}
		return []place{{HookPlace: github.HookPlace{Repo: target}, named: true}}, nil
	}
	return []place{{HookPlace: github.HookPlace{Org: target}, named: true}}, nil
}

func (p *pass) all() []place {
	var all, orgs []place
	if p.targets.App {
		all = append(all, place{})
	}
	org := func(name string) *place {
		for i := range orgs {
			if hls.Fold(orgs[i].Org) == hls.Fold(name) {
				return &orgs[i]
			}
		}
		orgs = append(orgs, place{HookPlace: github.HookPlace{Org: name}})
		return &orgs[len(orgs)-1]
	}
	for _, repo := range p.targets.Repos {
		all = append(all, place{HookPlace: github.HookPlace{Repo: repo}})
		owner, _, _ := strings.Cut(repo, "/")
		at := org(owner)
		at.repos = append(at.repos, repo)
	}
	for _, owner := range p.targets.Owners {
		org(owner).glob = true
	}
	return append(all, orgs...)
}

// hooksOf are the webhooks of a place that lead to HLS.
func (p *pass) hooksOf(ctx context.Context, at place) []github.Hook {
	if !p.deps.Spare() {
		p.stop("its share of GitHub's limits is used up")
		return nil
	}
	p.pages++
	hooks, err := p.deps.GitHub.Hooks(ctx, at.HookPlace)
	if err != nil {
		p.unlisted(ctx, at, err)
		return nil
	}
	ours, several := p.ours(at.HookPlace, hooks)
	if several {
		p.trouble(ctx, at.HookPlace, Problem{Text: fmt.Sprintf(
			"several webhooks end in %s, and which of them leads to HLS is not known; set server.public_url", p.targets.Path)})
	}
	if len(ours) == 0 && !several && at.named {
		p.trouble(ctx, at.HookPlace, Problem{Text: "no webhook there leads to HLS"})
	}
	return ours
}

// unlisted tells that the webhooks of a place cannot be listed. Of an organization only where it matters: uncovered
// says what is missing.
func (p *pass) unlisted(ctx context.Context, at place, err error) {
	var limit *hls.RetryAfter
	switch {
	case ctx.Err() != nil:
		return
	case errors.As(err, &limit) && limit.Free:
		p.stop("GitHub's limits are used up")
		return
	case refused(err) && at.Org != "" && !at.named && !at.glob:
		return
	}
	problem := Problem{Text: "its webhooks cannot be listed: " + err.Error()}
	switch {
	case !refused(err):
		p.fault()
	case at.glob:
		problem.Right = right(at.HookPlace) + ", or the names of its repositories in place of a glob, to use their own webhooks"
	default:
		problem.Right = right(at.HookPlace)
	}
	p.trouble(ctx, at.HookPlace, problem)
}

// right is what it takes to read a place's webhooks and their logs ("Permissions required for GitHub Apps",
// "Scopes for OAuth apps").
func right(at github.HookPlace) string {
	switch {
	case at.Repo != "":
		return `the repository permission "Webhooks" (read), or with a classic token the scope read:repo_hook`
	case at.Org != "":
		return `the organization permission "Webhooks" (read), or with an owner's classic token the scope admin:org_hook`
	}
	return "signing in as the App itself (github.app)"
}

// ours picks the webhooks whose address is HLS's. Where the settings do not tell it, that is the App's, and otherwise
// the one that ends in the path of the webhook; several are too many to tell.
func (p *pass) ours(at github.HookPlace, hooks []github.Hook) (ours []github.Hook, several bool) {
	for _, h := range hooks {
		if at == (github.HookPlace{}) && p.targets.Address == "" && h.URL != "" || p.leadsHere(h.URL) {
			ours = append(ours, h)
		}
	}
	if p.targets.Address == "" && len(ours) > 1 {
		return nil, true
	}
	return ours, false
}

func (p *pass) leadsHere(address string) bool {
	if p.targets.Address != "" {
		return SameAddress(address, p.targets.Address)
	}
	u, err := url.Parse(address)
	return err == nil && strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), p.targets.Path)
}

// SameAddress tells whether two URLs name the same receiver.
func SameAddress(a, b string) bool {
	x, errA := url.Parse(a)
	y, errB := url.Parse(b)
	return errA == nil && errB == nil && strings.EqualFold(x.Scheme, y.Scheme) && strings.EqualFold(x.Host, y.Host) &&
		strings.TrimSuffix(x.Path, "/") == strings.TrimSuffix(y.Path, "/") && x.RawQuery == y.RawQuery
}

// uncovered tells of repositories for which no webhook was found anywhere.
func (p *pass) uncovered(ctx context.Context, places []place, covered map[string]bool) {
	if covered[key(github.HookPlace{})] || p.ask.Target != "" {
		return
	}
	troubled := map[string]bool{}
	for _, problem := range p.report.Problems {
		troubled[problem.Place] = true
	}
	for _, at := range places {
		owner, _, _ := strings.Cut(at.Repo, "/")
		org := github.HookPlace{Org: owner}
		if at.Repo == "" || covered[key(at.HookPlace)] || covered[key(org)] || troubled[at.String()] || troubled[owner] {
			continue
		}
		p.trouble(ctx, at.HookPlace, Problem{
			Text:  "no webhook was found that leads to HLS, neither of the repository nor, as far as it may be seen, of its owner",
			Right: right(org) + ", if it is the organization's; hls hooks install makes one otherwise",
		})
	}
}

// trouble puts a problem of a place into the report.
func (p *pass) trouble(ctx context.Context, at github.HookPlace, problem Problem) {
	problem.Place, problem.Since = at.String(), p.load(ctx, at).clear()
	problem.Text = p.deps.Redactor.Redact(problem.Text)
	p.report.Problems = append(p.report.Problems, problem)
}

// fault counts a failure of GitHub's that passes. After some, the rest of the places would fail as well.
func (p *pass) fault() {
	p.report.Unfinished = true
	if p.failures++; p.failures >= mostFailures {
		p.stop("GitHub does not answer")
	}
}

// stop ends the pass: what is left waits for the next.
func (p *pass) stop(why string) {
	if !p.stopped {
		p.deps.Log.Info("the pass ends early", hls.KeyReason, why)
	}
	p.stopped, p.report.Unfinished = true, true
}
