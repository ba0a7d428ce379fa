package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hls/internal/github"
	"hls/internal/hls"
)

// Permissions of GitHub's, by the names that Apps and fine-grained tokens know them by.
const (
	reading = "read"
	writing = "write"
)

// Needs are the permissions in a repository that its rule makes use of.
func Needs(rule hls.Rule) map[string]string {
	needs := map[string]string{"metadata": reading, "contents": reading, "checks": reading, "statuses": reading}
	needs["issues"], needs["pull_requests"] = writing, writing
	if rule.DryRun || rule.Modes.Shadow() {
		needs["issues"], needs["pull_requests"] = reading, reading
	}
	for event, permission := range map[string]string{
		"workflow_run": "actions", "workflow_job": "actions", "check_run": "actions",
		"deployment_status": "deployments", "discussion": "discussions",
	} {
		if rule.Hears(event) {
			needs[permission] = reading
		}
	}
	if rule.Lets(hls.RerunFailedJobs) {
		needs["actions"] = writing
	}
	if rule.Lets(hls.SetSection) {
		needs["contents"] = writing
	}
	return needs
}

// permissions holds what HLS may do in each repository that is named against what the settings have it do.
func (p *inspection) permissions(ctx context.Context) {
	doors, router := p.open(), p.router()
	if doors == nil || router == nil {
		return
	}
	fine, all := 0, 0
	for i, r := range p.settings.Repositories {
		rule, ok := router.Rule(r.Name)
		if !ok || hls.IsGlob(r.Name) {
			continue
		}
		all++
		rights, err := doors.github.Rights(ctx, r.Name)
		if err != nil {
			continue // The examination of the repositories has said why.
		}
		lacking := lacks(rights, Needs(rule))
		if len(lacking) == 0 {
			fine++
			continue
		}
		p.find(fmt.Sprintf("repositories[%d].name", i), remedyOf(rights, lacking), false, r.Name+": "+strings.Join(lacking, "; "))
	}
	p.tell("as needed in %d of %d repositories", fine, all)
}

// lacks is what is missing of the needs. Of a fine-grained token GitHub tells the owner's role alone.
func lacks(rights github.Rights, needs map[string]string) []string {
	var out []string
	switch {
	case rights.Permissions != nil:
		for _, name := range slices.Sorted(maps.Keys(needs)) {
			if has := rights.Permissions[name]; has != needs[name] && has != writing && has != "admin" {
				out = append(out, fmt.Sprintf("the App lacks the permission %s: %s", name, needs[name]))
			}
		}
		return out
	case rights.Classic && !slices.Contains(rights.Scopes, "repo") && (rights.Private || !slices.Contains(rights.Scopes, "public_repo")):
		out = append(out, "the token lacks the scope repo")
	}
	if needs["issues"] == writing && rights.Role != "" && !slices.Contains([]string{"admin", "maintain", "push"}, rights.Role) {
		out = append(out, fmt.Sprintf("the token's owner may not write there (%s): labels, comments and reviews would be refused", rights.Role))
	}
	return out
}

func remedyOf(rights github.Rights, lacking []string) string {
	switch {
	case rights.Permissions != nil:
		return "on the App's page, under Permissions & events, grant it, then accept it where the App is installed"
	case strings.Contains(lacking[0], "scope"):
		return "give the token the scope on github.com/settings/tokens, or use a fine-grained one: docs/start.md names its permissions"
	}
	return "let the account in with the role write, or use mode: shadow"
}
