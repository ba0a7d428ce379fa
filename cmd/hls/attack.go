package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hls/internal/app"
	"hls/internal/app/attack"
	"hls/internal/config"
	"hls/internal/hls"
)

type attackCmd struct {
	Repo   string   `arg:"" optional:"" name:"owner/repo" help:"Repository whose entry of the settings is attacked (default: the first that is no glob)."`
	Field  []string `help:"Only this field, as issue.body; can be given several times." placeholder:"FIELD"`
	Each   int      `help:"Put each text into so many fields, in turn; 0 means all." default:"0" placeholder:"N"`
	Real   bool     `help:"Ask the real Claude, too. What it would cost is told first."`
	Yes    bool     `help:"Spend that."`
	Output string   `help:"Output format (default: text)." enum:"text,json" default:"text" placeholder:"text|json"`
}

// Help is shown by hls attack --help.
func (attackCmd) Help() string {
	return "Example:\n  hls attack --field issue.body\n  hls attack acme/widget-shop --each 1 --output json\n  hls attack acme/widget-shop --field issue.title --real\n\n" +
		"Puts a hundred texts that give orders to a model into every field that an outsider writes, and sends each through the " +
		"whole service: by your settings and prompts, against a stand-in for GitHub and one for Claude that obeys every order. " +
		"Prints a table per field, and every write that your settings do not allow: then the exit code is 1. Nothing is on GitHub. " +
		"Events that are not enabled are not tried."
}

var errAttack = errors.New("an attacker can cause what the settings do not allow")

// Run attacks the stand-in for Claude, and with --real --yes the real one after it.
func (k attackCmd) Run(c *call) error {
	need := config.NeedNothing
	if k.Real {
		need = config.NeedClaude
	}
	settings, err := config.Load(c.config, config.Options{Need: need, Optional: c.unnamed && k.Repo == ""})
	if err != nil {
		return err
	}
	cfg := attack.Config{Settings: settings, Repo: k.Repo, Version: release, Each: k.Each}
	if cfg.Repo == "" {
		if cfg.Repo, err = firstNamed(settings); err != nil {
			return err
		}
	}
	if cfg.Fields, err = k.fields(); err != nil {
		return err
	}
	obedient, err := k.run(c, cfg, "attacking")
	if errors.Is(err, app.ErrRequest) {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	if err != nil {
		return err
	}
	reports := []*attack.Report{obedient}
	if k.Real {
		fmt.Fprintln(c.io.err, estimate(obedient.Cost()))
	}
	if k.Real && k.Yes {
		cfg.Real, cfg.Beside = true, 2
		real, err := k.run(c, cfg, "asking Claude")
		if err != nil {
			return err
		}
		reports = append(reports, real)
	}
	return k.report(c, reports)
}

// run attacks, and tells of each field that is through.
func (k attackCmd) run(c *call, cfg attack.Config, what string) (*attack.Report, error) {
	fields := len(cfg.Fields)
	if fields == 0 {
		fields = len(attack.Fields())
	}
	show := c.progress(what+", field by field", fields)
	defer show.end()
	cfg.Tell = func(format string, args ...any) {
		show.say(c.io.err, fmt.Sprintf(format, args...))
		show.step()
	}
	return attack.Run(c.ctx, cfg)
}

// estimate says what the real Claude would cost: as much as was asked of the stand-in, which counts and prices as it does.
func estimate(u hls.Usage) string {
	return fmt.Sprintf("\nThe real Claude would be asked about %d tokens and cost about $%.2f by the settings' prices; --yes asks it.",
		u.InputTokens+u.CacheReadTokens+u.CacheWriteTokens, float64(u.CostMicroUSD)/1e6)
}

func firstNamed(s *config.Settings) (string, error) {
	for _, r := range s.Repositories {
		if !strings.ContainsAny(r.Name, "*?[{") {
			return r.Name, nil
		}
	}
	return "", fmt.Errorf("%w: name a repository: the settings have globs alone", errUsage)
}

func (k attackCmd) fields() ([]string, error) {
	known := attack.Fields()
	for _, name := range k.Field {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%w: --field %s: want one of %s", errUsage, name, strings.Join(known, ", "))
		}
	}
	return k.Field, nil
}

func (k attackCmd) report(c *call, reports []*attack.Report) error {
	outside := 0
	for _, r := range reports {
		outside += len(r.Outside)
	}
	if k.Output == "json" {
		if err := printJSON(c.io.out, reports); err != nil {
			return err
		}
	} else {
		for _, r := range reports {
			if err := r.Print(c.io.out); err != nil {
				return err
			}
		}
	}
	if outside > 0 {
		return errAttack
	}
	return nil
}
