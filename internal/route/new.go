package route

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"hls/internal/hls"
)

// Problem is something wrong in the settings. Path leads to it: names of keys and positions in lists.
type Problem struct {
	Path []any // string or int
	Err  error
}

func (p *Problem) Error() string {
	var b strings.Builder
	for i, step := range p.Path {
		switch step := step.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", step)
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, step)
		}
	}
	return b.String() + ": " + p.Err.Error()
}

// Unwrap gives the cause.
func (p *Problem) Unwrap() error { return p.Err }

// DefaultMinConfidence is labels.min_confidence where it is not set.
const DefaultMinConfidence = 0.6

var (
	defaultEvents = []string{"issues", "pull_request"}
	// exclusiveGroups are the categories of which a subject has one label at most, unless the settings say otherwise.
	exclusiveGroups = []string{"difficulty", "effort", "priority", "severity", "size", "status", "type"}
	colorPattern    = regexp.MustCompile(`^[0-9A-Fa-f]{6}$`)
)

// GitHub's limit on the name of a label, in characters.
const maxLabelName = 50

// New compiles the rules. Its error joins one *Problem for each thing that is wrong.
func New(cfg Config, features Features) (*Router, error) {
	r := &Router{}
	var problems []error
	seen := map[string]int{}
	for i, repository := range cfg.Repositories {
		c := compiler{path: []any{"repositories", i}}
		c.name(repository.Name, seen, i)
		r.entries = append(r.entries, c.entry(repository, features))
		r.names.Add(repository.Name)
		problems = append(problems, c.problems...)
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return r, nil
}

// compiler makes an entry and gathers what is wrong with it.
type compiler struct {
	path     []any
	problems []error
}

func (c *compiler) fail(err error, path ...any) {
	if err != nil {
		c.problems = append(c.problems, &Problem{Path: slices.Concat(c.path, path), Err: err})
	}
}

func (c *compiler) name(name string, seen map[string]int, i int) {
	if err := checkName(name); err != nil {
		c.fail(err, "name")
		return
	}
	if first, twice := seen[hls.Fold(name)]; twice {
		c.fail(fmt.Errorf("repositories[%d] has the same name, and the first one applies", first), "name")
		return
	}
	seen[hls.Fold(name)] = i
}

func (c *compiler) entry(r Repository, f Features) entry {
	c.events(r.Events, "events")
	c.events(r.Comments.EventTypes, "comments", "event_types")
	for i, pattern := range r.Ignore.Paths {
		if !doublestar.ValidatePattern(pattern) {
			c.fail(errGlob, "ignore", "paths", i)
		}
	}
	for i, secret := range r.WebhookSecret {
		if secret.Reveal() == "" {
			c.fail(errors.New("the secret is empty"), "webhook_secret", i)
		}
	}
	happenings, also := c.happenings(r.Happenings, also(r))
	modes := c.modes(r)
	return entry{
		enabled: on(r.Enabled, true), token: r.Token,
		authors: newGlobs(r.Ignore.Authors), exceptBots: newGlobs(r.Ignore.ExceptBots), labels: newGlobs(r.Ignore.Labels),
		titles: c.titles(r.Ignore.TitlePatterns),
		rule: hls.Rule{
			Name: r.Name, Events: orDefault(r.Events), Model: r.Model, Models: c.models(r.Models),
			DryRun: r.DryRun || f.DryRun || modes.Shadow(), Modes: modes, Reactions: r.ApproveByReaction, Labels: c.labels(r.Labels, f), Comments: comments(r.Comments, f),
			Workflows: r.Workflows.policy(), Security: c.security(r.Security, r.Labels.Categories, f.Web),
			Prompts: hls.PromptPolicy{Dir: r.Prompts.BaseDir, Defaults: r.Prompts.Defaults},
			Ignore: hls.Ignore{
				Authors: r.Ignore.Authors, Bots: on(r.Ignore.Bots, true), ExceptBots: r.Ignore.ExceptBots,
				Drafts: r.Ignore.Drafts, Paths: r.Ignore.Paths, Labels: r.Ignore.Labels,
				TitlePatterns: r.Ignore.TitlePatterns,
			},
			Budget: c.budget(r.Budget, f.Budget), Reviews: c.reviews(r.Reviews.Labels), Commands: c.commands(r.Commands),
			Happenings: happenings, Also: also,
		},
	}
}

func (c *compiler) models(m Models) hls.Models {
	for _, event := range slices.Sorted(maps.Keys(m.Events)) {
		c.fail(checkEvent(event), "models", "events", event)
	}
	return hls.Models{Weights: map[hls.Weight]string{hls.Light: m.Light, hls.Heavy: m.Heavy}, Fallback: m.Fallback, Events: m.Events}
}

func (c *compiler) events(events []string, path ...any) {
	for i, event := range events {
		c.fail(checkEvent(event), append(slices.Clone(path), i)...)
	}
}

func (c *compiler) titles(patterns []string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for i, pattern := range patterns {
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			c.fail(fmt.Errorf("the regular expression is malformed: %w", err), "ignore", "title_patterns", i)
			continue
		}
		out = append(out, compiled)
	}
	return out
}

func (c *compiler) labels(l Labels, f Features) hls.LabelPolicy {
	minimum := DefaultMinConfidence
	if l.MinConfidence != nil {
		minimum = *l.MinConfidence
	}
	if !(minimum >= 0 && minimum <= 1) {
		c.fail(errors.New("want a number from 0 to 1"), "labels", "min_confidence")
	}
	policy := hls.LabelPolicy{
		AutoApply:     f.AutoLabeling && on(l.AutoApply, true),
		CreateMissing: on(l.CreateMissing, f.AutoSetupLabels),
		MinConfidence: minimum,

		NeedsInformation: l.NeedsInformation, Suggest: l.Suggest, Leave: l.Leave, Demote: c.demotion(l.Demote),
	}
	seen := map[string]string{}
	for _, category := range l.Categories {
		policy.Categories = append(policy.Categories, c.category(category, seen))
	}
	c.settable(l.NeedsInformation, seen, "labels", "needs_information")
	for i, name := range l.Suggest {
		c.settable(name, seen, "labels", "suggest", i)
	}
	for i, name := range l.Leave {
		c.settable(name, seen, "labels", "leave", i)
		if policy.Suggests(name) {
			c.fail(fmt.Errorf("label %q stands in suggest, too: leave it out of one of them", name), "labels", "leave", i)
		}
	}
	return policy
}

// longestContact is how many characters security.contact has at most.
const longestContact = 200

func (c *compiler) security(s Security, categories Categories, web string) hls.SecurityPolicy {
	configured := map[string]string{}
	for _, category := range categories {
		for _, label := range category.Labels {
			configured[hls.Fold(label.Name)] = category.Name
		}
	}
	c.settable(s.Label, configured, "security", "label")
	if utf8.RuneCountInString(s.Contact) > longestContact || strings.ContainsAny(s.Contact, "\r\n`") {
		c.fail(fmt.Errorf("want one line of at most %d characters, without backquotes", longestContact), "security", "contact")
	}
	return hls.SecurityPolicy{Contact: s.Contact, Label: s.Label, Web: web}
}

// settable: a label outside of the configured ones could never be set.
func (c *compiler) settable(name string, configured map[string]string, path ...any) {
	_, known := configured[hls.Fold(name)]
	switch n := utf8.RuneCountInString(name); {
	case n > maxLabelName:
		c.fail(fmt.Errorf("the label has %d characters; GitHub takes %d", n, maxLabelName), path...)
	case name != "" && len(configured) > 0 && !known:
		c.fail(fmt.Errorf("label %q stands in no group of labels.categories; add it to one", name), path...)
	}
}

const defaultCommandsPerHour = 30

// commandEvents are those that commands come by.
var commandEvents = []string{"issue_comment", "pull_request_review_comment"}

func (c *compiler) commands(from Commands) hls.CommandPolicy {
	policy := hls.CommandPolicy{Enabled: on(from.Enabled, true), PerHour: defaultCommandsPerHour}
	if from.PerHour != nil {
		policy.PerHour = *from.PerHour
	}
	if policy.PerHour < 0 {
		c.fail(errors.New("want 0 or more"), "commands", "per_hour")
	}
	return policy
}

// also are the kinds of effects that options of the repository switch on.
func also(r Repository) (kinds []hls.EffectKind) {
	comes := func(event string) bool { return enabled(orDefault(r.Events), event, "created") }
	for _, option := range []struct {
		on   bool
		kind hls.EffectKind
	}{
		{on(r.Commands.Enabled, true) && slices.ContainsFunc(commandEvents, comes), hls.AddReaction},
		{r.Reviews.Withdraw, hls.EditRemark},
		{r.Workflows.Issues, hls.CreateIssue},
		{r.Workflows.Rerun, hls.RerunFailedJobs},
	} {
		if option.on {
			kinds = append(kinds, option.kind)
		}
	}
	return kinds
}

func (c *compiler) category(from Category, seen map[string]string) hls.Category {
	at := []any{"labels", "categories", from.Name}
	if len(from.Labels) == 0 {
		c.fail(errors.New("the group has no labels"), at...)
	}
	for _, label := range from.Labels {
		name := hls.Fold(label.Name)
		if other, twice := seen[name]; twice {
			c.fail(fmt.Errorf("label %q stands in group %s already", label.Name, other), at...)
		}
		seen[name] = from.Name
		if n := utf8.RuneCountInString(label.Name); n > maxLabelName {
			c.fail(fmt.Errorf("label %q has %d characters; GitHub takes %d", label.Name, n, maxLabelName), at...)
		}
		if label.Color != "" && !colorPattern.MatchString(label.Color) {
			c.fail(fmt.Errorf("label %q: color %q is not six hexadecimal digits", label.Name, label.Color), at...)
		}
	}
	exclusive := slices.Contains(exclusiveGroups, hls.Fold(from.Name))
	return hls.Category{Name: from.Name, Exclusive: on(from.Exclusive, exclusive), Labels: from.Labels}
}

func comments(c Comments, f Features) hls.CommentPolicy {
	policy := hls.CommentPolicy{Post: hls.PostUseful, EventTypes: c.EventTypes}
	switch {
	case !f.AutoCommenting || !on(c.AutoPost, true):
		policy.Post = hls.PostNever
	case c.AutoPost != nil:
		policy.Post = hls.PostAlways
	}
	return policy
}

func (c *compiler) budget(own Budget, all hls.Budget) hls.Budget {
	for _, cap := range []struct {
		key  string
		own  *float64
		into *float64
	}{
		{"daily_usd", own.DailyUSD, &all.PerRepoDailyUSD},
		{"monthly_usd", own.MonthlyUSD, &all.PerRepoMonthlyUSD},
		{"per_actor_daily_usd", own.PerActorDailyUSD, &all.PerActorDailyUSD},
	} {
		if cap.own != nil {
			*cap.into = *cap.own
		}
		if !(*cap.into >= 0) {
			c.fail(errors.New("want 0 or more"), "budget", cap.key)
		}
	}
	if own.PerActorDailyEvents != nil {
		all.PerActorDailyTasks = *own.PerActorDailyEvents
	}
	if all.PerActorDailyTasks < 0 {
		c.fail(errors.New("want 0 or more"), "budget", "per_actor_daily_events")
	}
	return all
}

// orDefault tells a key that is not set from an empty list, which enables nothing.
func orDefault(events []string) []string {
	if events == nil {
		return defaultEvents
	}
	return events
}

// on is a switch that may be unset.
func on(v *bool, unset bool) bool { return *cmp.Or(v, &unset) }
