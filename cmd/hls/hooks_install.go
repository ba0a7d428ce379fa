package main

import (
	"errors"
	"fmt"
	"regexp"

	"hls/internal/app"
	"hls/internal/config"
)

type hooksInstallCmd struct {
	caution
	Repo   string `arg:"" help:"The repository, as owner/repo."`
	URL    string `help:"Address that GitHub is to post to (default: server.public_url and server.webhook_path)." placeholder:"URL"`
	Hook   int64  `help:"Number of the webhook to repair (default: the one of that address, or a new one)." placeholder:"ID"`
	Output string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls hooks install --help.
func (hooksInstallCmd) Help() string {
	return "Example:\n  hls hooks install acme/widget-shop\n  hls hooks install acme/widget-shop --apply\n\n" +
		"Prints how the webhook would change; --apply changes it. The events are those of the repository's rule, the secret " +
		"is the first of those in force for it. It takes the repository permission \"Webhooks\" (read and write), or with a " +
		"classic token the scope admin:repo_hook."
}

var ownerRepo = regexp.MustCompile(`^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+$`)

// Run plans the webhook, and makes it so when told to.
func (k hooksInstallCmd) Run(c *call) error {
	apply, err := k.apply()
	if err != nil {
		return err
	}
	if !ownerRepo.MatchString(k.Repo) {
		return fmt.Errorf("%w: %q is not owner/repo", errUsage, k.Repo)
	}
	settings, err := config.Load(c.config, config.Options{Need: config.NeedGitHub | config.NeedWebhooks})
	if err != nil {
		return err
	}
	plan, err := app.InstallHook(c.ctx, settings, app.HookRequest{Repo: k.Repo, Address: k.URL, HookID: k.Hook, Apply: apply})
	if errors.Is(err, app.ErrRequest) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if err != nil {
		return err
	}
	if k.Output == "json" {
		return printJSON(c.io.out, plan)
	}
	k.print(c, plan)
	return nil
}

func (k hooksInstallCmd) print(c *call, plan app.HookPlan) {
	what := fmt.Sprintf("webhook %d of %s", plan.HookID, plan.Repo)
	if plan.Create && !plan.Applied {
		what = "a new webhook of " + plan.Repo
	}
	fmt.Fprintf(c.io.out, "%s:\n", what)
	for _, change := range plan.Changes {
		if change.From == "" {
			fmt.Fprintf(c.io.out, "  %s: %s\n", change.What, change.To)
		} else {
			fmt.Fprintf(c.io.out, "  %s: %s -> %s\n", change.What, change.From, change.To)
		}
	}
	for _, note := range plan.Notes {
		fmt.Fprintln(c.io.out, "note:", note)
	}
	switch {
	case plan.Applied && plan.Create:
		fmt.Fprintln(c.io.out, "created; GitHub has sent a ping")
	case plan.Applied:
		fmt.Fprintln(c.io.out, "done")
	default:
		fmt.Fprintln(c.io.out, "nothing is changed; --apply does it")
	}
}
