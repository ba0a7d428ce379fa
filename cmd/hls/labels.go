package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"hls/internal/app"
	"hls/internal/config"
)

type labelsCmd struct {
	Sync      labelsSyncCmd      `cmd:"" help:"Create the labels that the settings name."`
	Overrides labelsOverridesCmd `cmd:"" help:"Tell how often each label was set by HLS, kept, and taken off by people."`
}

type labelsSyncCmd struct {
	Repo   string `arg:"" name:"owner/repo" help:"The repository."`
	DryRun bool   `help:"Only tell which labels would be created."`
	Output string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls labels sync --help.
func (labelsSyncCmd) Help() string {
	return "Example:\n  hls labels sync acme/gadget-lab --dry-run\n  hls labels sync acme/gadget-lab\n\n" +
		"Creates what labels.categories, needs_information and security.label name and the repository lacks, those that people " +
		"deleted among them: who runs this asks for them. What is there already is left as it is; where its color or " +
		"description is not that of the settings, that is told. Nothing is ever deleted."
}

// Run creates the labels.
func (k labelsSyncCmd) Run(c *call) error {
	if !ownerRepo.MatchString(k.Repo) {
		return fmt.Errorf("%w: %q is not owner/repo", errUsage, k.Repo)
	}
	settings, err := config.Load(c.config, config.Options{Need: config.NeedGitHub})
	if err != nil {
		return err
	}
	plan, err := app.SyncLabels(c.ctx, settings, app.LabelRequest{Repo: k.Repo, Apply: !k.DryRun})
	if errors.Is(err, app.ErrRequest) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if err != nil {
		return err
	}
	if k.Output == "json" {
		return printJSON(c.io.out, plan)
	}
	return k.print(c, plan)
}

func (k labelsSyncCmd) print(c *call, plan app.LabelPlan) error {
	table := tabwriter.NewWriter(c.io.out, 0, 0, 2, ' ', 0)
	if len(plan.Create) > 0 {
		fmt.Fprintln(table, "LABEL\tCOLOR\tDESCRIPTION")
	}
	for _, l := range plan.Create {
		fmt.Fprintf(table, "%s\t%s\t%s\n", cell(l.Name), dash(cell(l.Color)), dash(cell(l.Description)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, d := range plan.Differs {
		fmt.Fprintf(c.io.out, "differs: the %s of %q is %q on GitHub and %q in the settings; it is left as it is\n", d.What, plain(d.Label), plain(d.OnGitHub), plain(d.Settings))
	}
	_, err := fmt.Fprintln(c.io.out, k.summary(plan))
	return err
}

func (labelsSyncCmd) summary(plan app.LabelPlan) string {
	switch {
	case plan.Named == 0:
		return fmt.Sprintf("%s: the settings name no labels (repositories[].labels.categories): those that the repository has may be set", plan.Repo)
	case len(plan.Create) == 0:
		return fmt.Sprintf("%s: all %d labels are there", plan.Repo, plan.Named)
	case plan.Applied:
		return fmt.Sprintf("%s: %d of %d labels created", plan.Repo, len(plan.Create), plan.Named)
	}
	return fmt.Sprintf("%s: %d of %d labels would be created; without --dry-run they are", plan.Repo, len(plan.Create), plan.Named)
}
