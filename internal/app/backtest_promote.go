package app

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"hls/internal/backtest"
	"hls/internal/config"
	"hls/internal/hls"
)

// Promotion is what to let HLS do by itself, by what came of a backtest.
type Promotion struct {
	Precision float64           `json:"precision"`
	Advice    []backtest.Advice `json:"advice"`
	Patch     string            `json:"patch,omitempty"` // of the settings file
	Apply     string            `json:"apply,omitempty"` // the command that applies it, from FILE
	Note      string            `json:"note,omitempty"`  // why there is none, or what it does not do
}

// promote proposes what to do with each label, and how the settings say so.
func (t *trials) promote(s *config.Settings) error {
	if t.q.Promote == 0 || t.report.Score == nil {
		return nil
	}
	rule, err := RuleOf(t.started, t.q.Repo)
	if err != nil {
		return err
	}
	allowed := rule.Labels.Allowed(t.history.Labels)
	p := &Promotion{Precision: t.q.Promote, Advice: backtest.Advise(*t.report.Score, allowed, t.q.Promote)}
	t.report.Promotion = p
	p.Patch, err = t.patch(s, rule, p.Advice)
	switch {
	case errors.Is(err, backtest.ErrUnpatchable), errors.Is(err, os.ErrNotExist):
		p.Note = err.Error()
		return nil
	case err != nil:
		return err
	case p.Patch == "":
		p.Note = "the settings say so already"
		return nil
	}
	p.Apply = fmt.Sprintf("patch %s < FILE", shellWord(t.q.Settings))
	switch {
	case s.Features.DryRun:
		p.Note = "features.dry_run is true: nothing is written until it is false"
	case !s.Features.AutoLabeling:
		p.Note = "features.auto_labeling is false: no label is set until it is true"
	}
	return nil
}

// plainWord is what a shell takes as one word, as it stands.
var plainWord = regexp.MustCompile(`^[\w./@%+=:,-]+$`)

// shellWord is a text as one word of a shell.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// patch is the promotion as a change of the settings file. What comes of it is read as settings before it is shown.
func (t *trials) patch(s *config.Settings, rule hls.Rule, advice []backtest.Advice) (string, error) {
	var names hls.Places
	for _, r := range s.Repositories {
		names.Add(r.Name)
	}
	at, found := names.First(t.q.Repo)
	if t.q.Settings == "" || !found {
		return "", fmt.Errorf("%w: it has no entry for %s: write one first", backtest.ErrUnpatchable, t.q.Repo)
	}
	text, err := os.ReadFile(t.q.Settings)
	if err != nil {
		return "", fmt.Errorf("read settings: %w", err)
	}
	live := rule.Modes.Of(hls.AddLabels) == hls.ModeApply && !s.Repositories[at].DryRun
	diff, after, err := backtest.Patch(backtest.Target{File: t.q.Settings, Text: string(text), Entry: at, Repo: t.q.Repo, Apply: live}, advice)
	if err != nil || diff == "" {
		return diff, err
	}
	fresh, err := config.Parse(t.q.Settings, []byte(after), config.Options{Need: config.NeedNothing})
	if err != nil {
		return "", fmt.Errorf("%w: what would come of it is refused: %w", backtest.ErrUnpatchable, err)
	}
	now, err := RuleOf(fresh, t.q.Repo)
	if err != nil || !says(now, advice) {
		return "", fmt.Errorf("%w: what would come of it would say something else", backtest.ErrUnpatchable)
	}
	return diff, nil
}

// says tells whether a rule does with each label what is advised.
func says(r hls.Rule, advice []backtest.Advice) bool {
	var suggest, leave []string
	applied := false
	for _, a := range advice {
		switch a.Mode {
		case hls.ModeSuggest:
			suggest = append(suggest, a.Label)
		case backtest.Leave:
			leave = append(leave, a.Label)
		default:
			applied = true
		}
	}
	return reflect.DeepEqual(slices.Clone(r.Labels.Suggest), suggest) && reflect.DeepEqual(slices.Clone(r.Labels.Leave), leave) &&
		(!applied || r.Modes.Of(hls.AddLabels) == hls.ModeApply)
}
