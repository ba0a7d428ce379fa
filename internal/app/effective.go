package app

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/web"
)

// ruleOf tells the dashboard what the settings in force say of a repository.
func (a *App) ruleOf(repo string) (web.Rule, bool) {
	house := a.house.Load()
	rule, verdict := house.rooms.Router.Standing(repo)
	if rule.Name == "" {
		return web.Rule{}, false
	}
	told := web.Rule{Entry: rule.Name, Disabled: !verdict.Do, Events: rule.Events, Settings: effective(rule, house.settings)}
	for _, kind := range hls.EffectKinds() {
		if rule.Lets(kind) {
			told.Modes = append(told.Modes, web.KindMode{Kind: kind, Mode: rule.Mode(kind)})
		}
	}
	told.Mode = told.Modes[0].Mode
	if slices.ContainsFunc(told.Modes, func(m web.KindMode) bool { return m.Mode != told.Mode }) {
		told.Mode = ""
	}
	for i, s := range told.Settings {
		told.Settings[i].Value = a.redactor.Redact(s.Value)
	}
	return told, true
}

// effective are the settings of a repository as they are in force, by the names that they have in its entry. Secrets are none of a rule.
func effective(r hls.Rule, s *config.Settings) []web.Setting {
	var all []web.Setting
	add := func(key string, value any) {
		text := strings.TrimSpace(fmt.Sprint(value))
		if list, ok := value.([]string); ok {
			text = strings.Join(list, ", ")
		}
		all = append(all, web.Setting{Key: key, Value: cmp.Or(text, "none")})
	}
	add("events", r.Events)
	add("model", cmp.Or(r.Model, s.Claude.Model))
	for _, weight := range slices.Sorted(maps.Keys(r.Models.Weights)) {
		add("models."+string(weight), r.Models.Weights[weight])
	}
	for _, event := range slices.Sorted(maps.Keys(r.Models.Events)) {
		add("models.events."+event, r.Models.Events[event].Model)
	}
	add("labels.auto_apply", r.Labels.AutoApply)
	for _, c := range r.Labels.Categories {
		var names []string
		for _, l := range c.Labels {
			names = append(names, l.Name)
		}
		add("labels.categories."+c.Name, names)
	}
	if len(r.Labels.Categories) == 0 {
		add("labels.categories", "the labels that the repository has")
	}
	add("labels.create_missing", r.Labels.CreateMissing)
	add("labels.min_confidence", r.Labels.MinConfidence)
	add("labels.needs_information", r.Labels.NeedsInformation)
	add("comments.auto_post", cmp.Or(string(r.Comments.Post), "when the author can act on it"))
	add("comments.event_types", cmp.Or(strings.Join(r.Comments.EventTypes, ", "), "all"))
	add("reviews.labels", strings.Join([]string{r.Reviews.NeedsChanges, r.Reviews.Approved, r.Reviews.NeedsReview}, ", "))
	add("commands.enabled", r.Commands.Enabled)
	add("commands.per_hour", r.Commands.PerHour)
	add("security.contact", r.Security.Contact)
	add("security.label", r.Security.Label)
	for _, kind := range r.Also {
		add("also", strings.ReplaceAll(string(kind), "_", " "))
	}
	add("ignore.bots", r.Ignore.Bots)
	add("ignore.except_bots", r.Ignore.ExceptBots)
	add("ignore.authors", r.Ignore.Authors)
	add("ignore.drafts", r.Ignore.Drafts)
	add("ignore.labels", r.Ignore.Labels)
	add("ignore.paths", r.Ignore.Paths)
	add("ignore.title_patterns", r.Ignore.TitlePatterns)
	add("prompts.base_dir", cmp.Or(r.Prompts.Dir, s.Prompts.BaseDir, "the built-in ones"))
	return append(all, caps(r.Budget)...)
}

// caps are the caps on money that count for a repository.
func caps(b hls.Budget) (all []web.Setting) {
	for _, c := range []struct {
		key string
		usd float64
	}{
		{"claude.budget.daily_usd", b.DailyUSD}, {"claude.budget.monthly_usd", b.MonthlyUSD}, {"budget.daily_usd", b.PerRepoDailyUSD},
		{"budget.monthly_usd", b.PerRepoMonthlyUSD}, {"budget.per_actor_daily_usd", b.PerActorDailyUSD},
	} {
		if c.usd > 0 {
			all = append(all, web.Setting{Key: c.key, Value: fmt.Sprintf("$%.2f", c.usd)})
		}
	}
	if b.PerActorDailyTasks > 0 {
		all = append(all, web.Setting{Key: "budget.per_actor_daily_events", Value: fmt.Sprint(b.PerActorDailyTasks)})
	}
	return all
}
