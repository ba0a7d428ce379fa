package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/web"
)

// labelLog is what people make of labels, in the database or at the running service.
type labelLog interface {
	Overrides(ctx context.Context, query string) (web.Overrides, error)
	Reset(ctx context.Context, what web.Reset) (web.Forgotten, error)
}

// labels opens it: that of the database, or that of the service whose database belongs to one process.
func (r reach) labels(c *call) (log labelLog, done func(), err error) {
	return opened(c, r, func(ctx context.Context, s *config.Settings, o app.Options) (labelLog, func(), error) {
		return app.LabelsBeside(ctx, s, o)
	},
		func(s *config.Settings) labelLog { return servedLabels{r.service(s, quick)} })
}

// servedLabels is what the running service knows of labels.
type servedLabels struct{ service }

const overridesPath = "/api/v1/overrides"

// Overrides asks what became of labels.
func (l servedLabels) Overrides(ctx context.Context, query string) (out web.Overrides, err error) {
	return out, l.ask(ctx, request{http.MethodGet, overridesPath + "?" + query, nil}, &out)
}

// Reset asks for the past of a label to be forgotten.
func (l servedLabels) Reset(ctx context.Context, what web.Reset) (out web.Forgotten, err error) {
	return out, l.ask(ctx, request{http.MethodPost, overridesPath + "/reset", what}, &out)
}

type labelsOverridesCmd struct {
	reach
	Repository string `arg:"" help:"owner/repo."`
	Reset      string `help:"Forget the past of this label: it is trusted again." placeholder:"LABEL"`
	Output     string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls labels overrides --help.
func (labelsOverridesCmd) Help() string {
	return "Example:\n  hls labels overrides acme/widget-shop\n  hls labels overrides acme/widget-shop --reset bug\n\n" +
		"What counts is the last 90 days. A label that people took off too often (labels.demote) waits for approval, until the " +
		"figures are better or its past is forgotten. While the service runs it is asked."
}

// Run prints the table, or forgets.
func (k labelsOverridesCmd) Run(c *call) error {
	if owner, name, ok := strings.Cut(k.Repository, "/"); !ok || owner == "" || name == "" || strings.Contains(name, "/") {
		return fmt.Errorf("%w: want a repository as owner/repo", errUsage)
	}
	log, done, err := k.labels(c)
	if err != nil {
		return err
	}
	defer done()
	if k.Reset != "" {
		return k.reset(c, log)
	}
	out, err := log.Overrides(c.ctx, url.Values{"repository": {k.Repository}}.Encode())
	switch {
	case err != nil:
		return usage(err)
	case k.Output == "json":
		return printJSON(c.io.out, out)
	}
	return printOverrides(c.io.out, out)
}

func (k labelsOverridesCmd) reset(c *call, log labelLog) error {
	out, err := log.Reset(c.ctx, web.Reset{Repository: k.Repository, Label: k.Reset, By: web.Operator})
	switch {
	case err != nil:
		return usage(err)
	case k.Output == "json":
		return printJSON(c.io.out, out)
	}
	for _, l := range out.Labels {
		_, err = fmt.Fprintf(c.io.out, "%s: forgotten that people took it off %d of %d times\n", cell(l.Label), l.Overridden, l.Applied)
	}
	return err
}

func printOverrides(w io.Writer, out web.Overrides) error {
	if len(out.Labels) == 0 {
		_, err := fmt.Fprintf(w, "nothing is known of labels in %s since %s\n", cell(out.Repository), out.Since.Format(time.DateOnly))
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "label\tapplied\tkept\ttaken off\tadded by people\t")
	for _, l := range out.Labels {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d%s\t%d\t%s\n", cell(l.Label), l.Applied, l.Kept, l.Overridden, share(l.Overridden, l.Applied), l.Added, cell(l.Demoted))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	rule := "no label is demoted (labels.demote.at_least: 0)"
	if out.AtLeast > 0 {
		rule = fmt.Sprintf("a label is demoted that was applied at least %d times and taken off %.0f %% of them", out.AtLeast, 100*out.Share)
	}
	_, err := fmt.Fprintf(w, "since %s; %s\n", out.Since.Format(time.DateOnly), rule)
	return err
}

// share is a part in percent, "" of nothing.
func share(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d %%)", 100*part/whole)
}
