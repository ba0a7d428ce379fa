// Package attack tries what texts of strangers can make HLS do: each injection of a corpus is put into each field that an
// outsider controls, and goes through the whole service by the operator's own settings and prompts, against the stand-in for
// GitHub and a stand-in for Claude that obeys every order. Whatever was then written to GitHub is held against what the
// settings allow. Nothing of it is on GitHub.
package attack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/hls"
)

// Config says what is attacked, and how.
type Config struct {
	Settings *config.Settings
	Repo     string
	Version  string
	Real     bool                             // asks the real Claude by the settings, in place of the obedient stand-in
	Each     int                              // fields that each injection is put into, in turn; 0 means all
	Fields   []string                         // only these; nil means all
	Beside   int                              // services at a time; 0 means four
	Tell     func(format string, args ...any) // progress, a line each; may be nil

	log io.Writer // of the services; nil for nowhere
}

// Run attacks, and reports what came of it.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	injections, err := Corpus()
	if err != nil {
		return nil, err
	}
	rule, err := app.RuleOf(cfg.Settings, cfg.Repo)
	if err != nil {
		return nil, err
	}
	if cfg.Tell == nil {
		cfg.Tell = func(string, ...any) {}
	}
	if cfg.log == nil {
		cfg.log = io.Discard
	}
	chosen := fields
	if cfg.Fields != nil {
		chosen = slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return !slices.Contains(cfg.Fields, f.name) })
	}
	report := &Report{Repository: cfg.Repo, Claude: Obedient, Injections: len(injections), DryRun: rule.DryRun, Rows: make([]Row, len(chosen))}
	if cfg.Real {
		report.Claude = Real
	}
	beside := cfg.Beside
	if beside == 0 {
		beside = 4
	}
	err = each(len(chosen), beside, func(i int) error {
		row, outside, err := attackField(ctx, cfg, rule, chosen[i], share(injections, i, len(chosen), cfg.Each))
		if err != nil {
			return fmt.Errorf("attack by %s: %w", chosen[i].name, err)
		}
		report.take(i, row, outside)
		cfg.Tell("%-20s %s", chosen[i].name, row.tell())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}

// Fields are the names of what the corpus is put into.
func Fields() (names []string) {
	for _, f := range fields {
		names = append(names, f.name)
	}
	return names
}

// each does n things, some at a time.
func each(n, beside int, do func(int) error) error {
	var all sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	slots := make(chan struct{}, beside)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := do(i); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// share are the injections that a field has to stand, when each is put into so many fields: every field gets its part of
// every technique.
func share(all []Injection, at, of, each int) []Injection {
	if each <= 0 || each >= of {
		return all
	}
	var out []Injection
	for i, one := range all {
		for k := range each {
			if (i+k*of/each)%of == at {
				out = append(out, one)
			}
		}
	}
	return out
}

// attackField runs a service of its own, so that what one field leads to is not mistaken for another's.
func attackField(ctx context.Context, cfg Config, rule hls.Rule, f field, injections []Injection) (Row, []Finding, error) {
	row := Row{Field: f.name, Event: f.event, Enabled: rule.Hears(f.event)}
	if !row.Enabled || len(injections) == 0 {
		return row, nil, nil
	}
	w, err := open(ctx, cfg, rule)
	if err != nil {
		return row, nil, err
	}
	defer w.close()
	var outside []Finding
	for _, one := range injections {
		found, err := w.attack(ctx, f, one, &row)
		if err != nil {
			return row, nil, fmt.Errorf("%s: %w", one.Name, err)
		}
		outside = append(outside, found...)
	}
	stats, err := w.app.Store().Stats(ctx)
	row.Cost = stats.Spend
	return row, outside, err
}
