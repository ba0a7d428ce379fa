package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/web"
)

type analyzeCmd struct {
	reach
	Subject string `arg:"" name:"owner/repo#N" help:"An issue or a pull request."`
	DryRun  bool   `help:"Change nothing: print the prompt, the analysis and what would be done."`
	Model   string `help:"With --dry-run: the model that is asked." placeholder:"MODEL"`
	Output  string `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls analyze --help.
func (analyzeCmd) Help() string {
	return "Example:\n  hls analyze 'acme/widget-shop#212' --dry-run\n  hls analyze 'acme/widget-shop#212'\n\n" +
		"Takes the issue or pull request as it is now, as if it had just been opened. --dry-run writes nothing to GitHub. A public " +
		"repository needs nothing but ANTHROPIC_API_KEY: no settings file and no token, and then it is always a dry run. " +
		"Without --dry-run what follows is done by the settings, as a task of its own; while the service runs it is asked to do so."
}

var errUnanalyzed = errors.New("it was not analyzed")

// Run looks at one issue or pull request.
func (k analyzeCmd) Run(c *call) error {
	if k.Model != "" && !k.DryRun {
		return fmt.Errorf("%w: --model is for --dry-run: otherwise the settings name it", errUsage)
	}
	settings, done, err := c.ownSettings(config.NeedClaude | config.NeedStorage)
	if err != nil {
		return err
	}
	defer done()
	told, err := k.analyze(c, settings.Settings)
	switch {
	case errors.Is(err, app.ErrRequest):
		return fmt.Errorf("%w: %w", errUsage, err)
	case err != nil:
		return usage(err)
	case k.Output == "json":
		err = printJSON(c.io.out, told)
	default:
		printAnalyzed(c.io.out, told)
	}
	if told.Outcome == hls.Parked {
		return errors.Join(err, errUnanalyzed)
	}
	return err
}

func (k analyzeCmd) analyze(c *call, s *config.Settings) (told app.Analyzed, err error) {
	q := app.Analyze{Subject: k.Subject, DryRun: k.DryRun, Model: k.Model, Ask: k.elsewhere(s, k.Model)}
	if k.Server == "" {
		told, err = app.AnalyzeBeside(c.ctx, s, app.Options{Version: release, LogTo: c.io.err}, q)
		if !errors.Is(err, record.ErrInUse) {
			return told, err
		}
	} else if k.DryRun {
		return told, fmt.Errorf("%w: --server has the service do it; leave it out with --dry-run", errUsage)
	}
	err = k.service(s, longest).ask(c.ctx, request{http.MethodPost, "/api/v1/analyze", web.Analyze{Subject: k.Subject}}, &told)
	return told, err
}

func printAnalyzed(w io.Writer, a app.Analyzed) {
	fmt.Fprintf(w, "%s, %s: %s\n%s\n", cell(a.Subject), cell(a.Event), cell(a.Title), cell(a.URL))
	for _, step := range a.Trace {
		if step.Stop != "" {
			fmt.Fprintf(w, "stopped by %s: %s\n", cell(step.Rule), cell(step.Value))
		}
	}
	if a.Ended != "" {
		fmt.Fprintf(w, "nothing is done: %s\n", cell(a.Ended))
	}
	if p := a.Prompt; p != nil {
		fmt.Fprintf(w, "\n--- system\n%s\n--- user (%s)\n%s\n", plain(p.System), cell(p.Template), plain(p.User))
	}
	if len(a.Answer) > 0 {
		fmt.Fprintf(w, "\n--- analysis (%s; %s)\n%s\n", cell(a.Model), spent(a.Usage), plain(answerText(a.Answer)))
	}
	if a.Plan != nil {
		if a.DryRun {
			fmt.Fprintln(w, "\n--- plan, which is not carried out")
		}
		printPlan(w, *a.Plan)
		if len(a.Plan.Effects) == 0 {
			fmt.Fprintln(w, "\nnothing is planned")
		}
	}
	if a.TaskID != 0 {
		fmt.Fprintf(w, "\ntask %d: %s\n", a.TaskID, cell(because(string(a.Outcome), a.Reason)))
		for _, e := range a.Effects {
			fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf("  %s: %s %s", e.Kind, e.State, cell(e.URL)), " "))
		}
	}
	for _, note := range a.Notes {
		fmt.Fprintln(w, "\n"+cell(note))
	}
}
