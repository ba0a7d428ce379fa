package prompt

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
	"hls/jinja"
)

//go:embed samples/*.json
var samples embed.FS

// Problem is something wrong with a template, or with the settings that name it. One about a template has a place in a
// file, Line and Column from 1; one about the settings has a Key: of the rule's entry when Rule is set, of the whole
// settings otherwise.
type Problem struct {
	File    string
	Line    int
	Column  int
	Key     string // as prompts.defaults.issues.analyze
	Rule    string // the rule's name
	Message string
	Warning bool // the template works, but probably not as meant

	own bool // Key is of the rules whose folder was read
}

// baseDir is the key of a folder of templates.
const baseDir = "prompts.base_dir"

// String is the problem as compilers write it: file:line:column: message, or key: message.
func (p Problem) String() string {
	at := fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	switch {
	case p.Rule != "":
		at = fmt.Sprintf("%s of %s", p.Key, p.Rule)
	case p.Key != "":
		at = p.Key
	}
	if p.Warning {
		return at + ": warning: " + p.Message
	}
	return at + ": " + p.Message
}

// groups are the folders of templates, and the sample that each is tried with.
var groups = map[string]string{
	"issues": "issues.opened", "commands": "issue_comment.created", "pull_requests": "pull_request.opened",
	"reviews": "pull_request_review.submitted", "objections": "pull_request_review_comment.created",
	"workflows": "workflow_run.completed", "releases": "release.published", "push": "push", "generic": "push",
	"deployments": "deployment_status.created", "discussions": "discussion.created",
}

// Check finds everything that is wrong with the templates of all given rules, and with those of a rule without any of
// its own: it parses every template, renders each that an event can lead to against a sample event, and looks up what
// the settings name. Templates whose names begin with an underscore, or that stand outside of the groups' folders and
// are not named by the settings, are drawn in by others and are only parsed.
func Check(ctx context.Context, cfg Config, builtin fs.FS, rules ...hls.Rule) []Problem {
	r := newRenderer(cfg, builtin)
	byDir := map[string][]hls.Rule{"": {{}}}
	for _, rule := range rules {
		byDir[rule.Prompts.Dir] = append(byDir[rule.Prompts.Dir], rule)
	}
	var problems []Problem
	for _, dir := range slices.Sorted(maps.Keys(byDir)) {
		problems = append(problems, r.checkSet(ctx, byDir[dir])...)
	}
	return unique(problems)
}

// checkSet tries the templates that are in force for rules of one folder.
func (r *Renderer) checkSet(ctx context.Context, rules []hls.Rule) []Problem {
	s, problems := r.read(rules[0].Prompts.Dir)
	problems = ofRules(problems, rules)
	if s == nil {
		return problems
	}
	var missing []missed
	sample := ""
	watched, err := newSet(s.sources, r.stand, func(u jinja.UndefinedUse) { missing = append(missing, missed{u, sample}) })
	if err != nil {
		return append(problems, Problem{File: builtinDir, Line: 1, Column: 1, Message: err.Error()})
	}
	broken := map[string]bool{}
	for _, p := range problems {
		broken[p.File] = true
	}
	for _, rule := range rules {
		entries, wrong := s.entries(r.cfg.Defaults, rule)
		problems = append(problems, wrong...)
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			if broken[s.path(name)] {
				continue
			}
			if p, failed := s.try(ctx, name, entries[name], rule); failed {
				problems = append(problems, p)
			}
			sample = entries[name]
			_, _ = watched.try(ctx, name, sample, rule) // goes on where the other stops
		}
	}
	return s.addMissed(problems, missing)
}

// missed is a missing value that a template used, and the sample event that has none.
type missed struct {
	jinja.UndefinedUse
	sample string
}

// consequences say what becomes of a missing value, by how it is used.
var consequences = map[string]string{
	"print": "prints as nothing", "iterate": "is gone through as an empty list", "length": "has the length 0",
	"compare": "is compared as a missing value", "filter": "is nothing to the filter", "test": "counts as false",
}

// addMissed adds a warning for each missing value on a line that no problem is known of.
func (s *set) addMissed(problems []Problem, missing []missed) []Problem {
	type place struct {
		file string
		line int
	}
	known := map[place]bool{}
	for _, p := range problems {
		known[place{p.File, p.Line}] = true
	}
	for _, u := range missing {
		p := Problem{File: s.path(u.Template), Line: max(u.Line, 1), Column: max(u.Column, 1), Warning: true,
			Message: fmt.Sprintf("%s is undefined in the sample event %s and %s", u.Name, u.sample, consequences[u.Use])}
		if !known[place{p.File, p.Line}] && !u.meant() {
			problems = append(problems, p)
		}
	}
	return problems
}

// meant says of a missing value that its template reckons with it: of an inline if without else, and of a test whether an
// event has something that not all events have.
func (u missed) meant() bool {
	return u.Name == "" || u.Use == "test" && (strings.ContainsAny(u.Name, ".[") || slices.Contains(objects, u.Name))
}

// ofRules says of a folder that cannot be opened which rules name it.
func ofRules(problems []Problem, rules []hls.Rule) []Problem {
	var out []Problem
	for _, p := range problems {
		if !p.own {
			out = append(out, p)
			continue
		}
		for _, rule := range rules {
			out = append(out, Problem{Key: p.Key, Rule: rule.Name, Message: p.Message})
		}
	}
	return out
}

// entries are the templates that an event can lead to under a rule, with the sample that each is tried with, and what
// is wrong with the settings that name some of them.
func (s *set) entries(defaults map[string]map[string]string, rule hls.Rule) (map[string]string, []Problem) {
	entries := map[string]string{}
	for _, name := range s.names() {
		if sample, ok := groups[path.Dir(name)]; ok && !strings.HasPrefix(path.Base(name), "_") {
			entries[name] = sample
		}
	}
	named, problems := s.named(defaults)
	maps.Copy(entries, named)
	named, wrong := s.named(rule.Prompts.Defaults)
	maps.Copy(entries, named)
	for _, p := range wrong {
		p.Rule = rule.Name
		problems = append(problems, p)
	}
	return entries, problems
}

// named looks up the templates that settings name.
func (s *set) named(defaults map[string]map[string]string) (map[string]string, []Problem) {
	found := map[string]string{}
	var problems []Problem
	for _, group := range slices.Sorted(maps.Keys(defaults)) {
		sample, ok := groups[group]
		if !ok {
			problems = append(problems, Problem{Key: "prompts.defaults." + group,
				Message: fmt.Sprintf("no such group; the groups are %s", strings.Join(slices.Sorted(maps.Keys(groups)), ", "))})
			continue
		}
		for _, step := range slices.Sorted(maps.Keys(defaults[group])) {
			name := defaults[group][step]
			if _, ok := s.text(name); !ok {
				problems = append(problems, Problem{Key: "prompts.defaults." + group + "." + step,
					Message: fmt.Sprintf("there is no template %q; paths are relative to prompts.base_dir", name)})
				continue
			}
			found[name] = sample
		}
	}
	return found, problems
}

// unknown is how the engine tells of a name that nothing has.
var unknown = regexp.MustCompile(`^'(\w+)' is undefined$`)

// try renders a template against a sample event. Real events have members that the sample lacks, so that one that is
// missed is a warning; a name that no event has is a problem.
func (s *set) try(ctx context.Context, name, sample string, rule hls.Rule) (p Problem, failed bool) {
	in, err := sampleInput(sample, rule)
	if err != nil {
		return s.problem(name, err), true
	}
	values := stableValues(in)
	known := []string{}
	if !strings.HasPrefix(path.Base(name), "system.") {
		if values, _, err = eventValues(in); err != nil {
			return s.problem(name, err), true
		}
		known = objects
	}
	if _, err = s.render(ctx, name, values); err == nil {
		return p, false
	}
	p = s.problem(name, err)
	var e *jinja.Error
	if errors.As(err, &e) && e.Kind == jinja.KindUndefined {
		m := unknown.FindStringSubmatch(e.Message)
		p.Warning = m == nil || slices.Contains(known, m[1])
	}
	if p.Warning {
		p.Message += ", as far as the sample event goes"
	}
	return p, true
}

// sampleInput is a made-up event with everything that a real one has.
func sampleInput(name string, rule hls.Rule) (Input, error) {
	body, err := samples.ReadFile("samples/" + name + ".json")
	if err != nil {
		return Input{}, fmt.Errorf("read sample: %w", err)
	}
	event, _, _ := strings.Cut(name, ".")
	at := time.Date(2026, 1, 15, 9, 30, 0, 0, time.UTC)
	e, err := hls.DecodeEvent(hls.Delivery{ID: "72d3162e-cc78-11e3-81ab-4c9367dc0958", RequestID: "req-sample", Event: event, Body: body, ReceivedAt: at})
	if err != nil {
		return Input{}, fmt.Errorf("read sample: %w", err)
	}
	f := PayloadFacts(e)
	f.Labels = []hls.Label{{Name: "bug", Description: "Something is not working"}, {Name: "documentation", Description: "Improvements to the documentation"}}
	f.Comments = []hls.Comment{{ID: 1, User: hls.Account{ID: 2, Login: "hubot", Type: "User"}, Body: "I see it too.", AuthorAssociation: "NONE", CreatedAt: at}}
	f.Similar = []hls.Issue{{Number: 12, Title: "Crash on save", Body: "It crashes.", State: "closed", StateReason: "completed"}}
	f.Linked = []hls.Issue{{Number: 7, Title: "Save is slow", Body: "It takes a minute.", State: "open"}}
	f.Files = []hls.File{{Filename: "save.go", Status: "modified", Additions: 1, Deletions: 1, Patch: "@@ -1,2 +1,2 @@\n package save\n-var x = 1\n+var x = 2"}}
	f.Diff = "=== save.go (modified, +1 -1)\n@@ -1,2 +1,2 @@\n     1  package save\n       -var x = 1\n     2 +var x = 2\n"
	f.Omitted = []hls.Omission{{Filename: "go.sum", Why: "lock_file"}}
	f.Checks = hls.Checks{State: "failure", Failed: []string{"test"}}
	values, err := sampleValues(name)
	if err != nil {
		return Input{}, err
	}
	if values != nil {
		f.Values = values
	}
	return Input{Event: e, Facts: f, Rule: rule, Now: at}, nil
}

// sampleValues are the further values that the family of the event gathers, where it has any.
func sampleValues(name string) (values map[string]any, err error) {
	text, err := samples.ReadFile("samples/" + name + ".values.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &values)
	}
	if err != nil {
		return nil, fmt.Errorf("read values of sample: %w", err)
	}
	return values, nil
}

func unique(problems []Problem) []Problem {
	seen := map[Problem]bool{}
	return slices.DeleteFunc(problems, func(p Problem) bool {
		was := seen[p]
		seen[p] = true
		return was
	})
}
