package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"hls/internal/app"
	"hls/internal/config"
)

type backtestCmd struct {
	reach
	Repo     string  `arg:"" name:"owner/repo" help:"Repository whose past issues are looked at."`
	Last     int     `help:"Closed, labeled issues, the newest (default: 200)." default:"200" placeholder:"N"`
	Estimate bool    `help:"Only tell how many issues there are and what asking about them would cost."`
	Batch    bool    `help:"Ask in a batch, at half the price. It may take up to a day, and needs a settings file, whose storage keeps what the batch is about."`
	Resume   string  `help:"Go on with a batch that was handed in before, over the same issues: with the same --from and --last." placeholder:"ID"`
	Model    string  `help:"The model that is asked (default: as the settings say)." placeholder:"MODEL"`
	Promote  float64 `help:"Propose which labels to apply (so much of what was proposed was right, as 0.9), which to suggest and which to leave to people, as a patch of the settings file." placeholder:"PRECISION"`
	From     string  `help:"Take the issues from a file that --save made, and ask GitHub nothing." type:"existingfile" placeholder:"FILE"`
	Save     string  `help:"Record the issues in a file, as JSON lines." placeholder:"FILE"`
	Output   string  `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls backtest --help.
func (backtestCmd) Help() string {
	return "Example:\n  hls backtest acme/attic --last 200 --estimate\n  hls backtest acme/attic --last 200 --save history.jsonl\n" +
		"  hls backtest acme/attic --from history.jsonl --promote 0.9\n\n" +
		"Takes closed, labeled issues back to their opening, runs triage over them by your settings and prompts, and counts " +
		"where it agrees with what maintainers decided until they closed them: for each label, for groups such as priority, and for " +
		"duplicates. Nothing is written to GitHub. What Claude costs counts towards your caps; --estimate tells it first. Without a " +
		"settings file the defaults hold, and ANTHROPIC_API_KEY and GITHUB_TOKEN are used."
}

var repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9_.-]+$`)

func (k backtestCmd) check() error {
	switch {
	case !repositoryName.MatchString(k.Repo):
		return fmt.Errorf("%w: %q: want owner/repo", errUsage, k.Repo)
	case k.Last < 1 || k.Last > 1000:
		return fmt.Errorf("%w: --last: want a number from 1 to 1000", errUsage)
	case k.Promote < 0 || k.Promote > 1:
		return fmt.Errorf("%w: --promote: want a share such as 0.9", errUsage)
	case k.Estimate && (k.Resume != "" || k.Promote != 0):
		return fmt.Errorf("%w: --estimate asks nobody, so that there is nothing to resume or to promote", errUsage)
	case k.From != "" && k.Save != "":
		return fmt.Errorf("%w: --save records what GitHub tells, and --from asks it nothing", errUsage)
	}
	return nil
}

// Run holds past issues against what maintainers made of them.
func (k backtestCmd) Run(c *call) error {
	if err := k.check(); err != nil {
		return err
	}
	need := config.NeedClaude | config.NeedStorage
	if k.Estimate {
		need = config.NeedNothing
	}
	settings, done, err := c.ownSettings(need)
	if err != nil {
		return err
	}
	defer done()
	if err := k.keeps(c, settings.file); err != nil {
		return err
	}
	progress := &phases{c: c}
	q := app.Backtest{
		Repo: k.Repo, Last: k.Last, From: k.From, Save: k.Save, Model: k.Model, Estimate: k.Estimate, Batch: k.Batch || k.Resume != "",
		Resume: k.Resume, Promote: k.Promote, Tell: progress.tell, Ask: k.elsewhere(settings.Settings, k.Model),
		Say: func(text string) {
			progress.end()
			fmt.Fprintln(c.io.err, cell(text))
		},
	}
	if settings.file {
		q.Settings = c.config
	}
	report, err := app.BacktestBeside(c.ctx, settings.Settings, app.Options{Version: release, LogTo: c.io.err}, q)
	progress.end()
	switch {
	case errors.Is(err, app.ErrRequest):
		return fmt.Errorf("%w: %w", errUsage, err)
	case err != nil && report.Score == nil:
		return usage(err)
	case k.Output == "json":
		return errors.Join(err, printJSON(c.io.out, report))
	}
	return errors.Join(err, printBacktest(c.io.out, report))
}

// keeps refuses a batch for which there is no record that outlives the command: what it asks would be paid for, and nobody
// could read the answers.
func (k backtestCmd) keeps(c *call, file bool) error {
	if file || k.Estimate || !k.Batch && k.Resume == "" {
		return nil
	}
	return fmt.Errorf("%w: --batch and --resume need a record that stays, and there are no settings at %s that name one: hls init makes them", errUsage, c.config)
}

// ownSettings are settings for thinking something through, with or without a file.
type ownSettings struct {
	*config.Settings
	file bool // there is one
}

// ownSettings reads the settings. Without a file it goes on with the defaults, and with a record that done removes: what is
// spent counts towards no cap then, and there is none.
func (c *call) ownSettings(need config.Need) (s ownSettings, done func(), err error) {
	_, missing := os.Stat(c.config)
	s.file = !errors.Is(missing, fs.ErrNotExist)
	keyless := need == config.NeedNothing
	if !s.file {
		need = config.NeedNothing // What is missing is no fault of a file.
	}
	if s.Settings, err = config.Load(c.config, config.Options{Need: need, Optional: c.unnamed}); err != nil {
		return s, nil, err
	}
	if keyless && s.Claude.APIKey == "" {
		s.Claude.APIKey = "nobody-is-asked" // The door is made, and not gone through.
	}
	if s.Claude.APIKey == "" {
		return s, nil, fmt.Errorf("%w: there is no key of the Anthropic API: set ANTHROPIC_API_KEY, or write claude.api_key into %s", errUsage, c.config)
	}
	if s.file {
		return s, func() {}, nil
	}
	dir, err := os.MkdirTemp("", "hls-")
	if err != nil {
		return s, nil, err
	}
	s.Storage.URL = "sqlite:" + filepath.Join(dir, "hls.db")
	return s, func() { _ = os.RemoveAll(dir) }, nil
}
