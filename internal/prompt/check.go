package prompt

import (
	"context"
	"embed"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"hls/internal/hls"
	"hls/jinja"
)

//go:embed samples/*.json
var samples embed.FS

// Problem is something wrong with a template. Line and Column are 0 where they are not known.
type Problem struct {
	File    string
	Line    int
	Column  int
	Message string
	Warning bool // the template works, but probably not as meant
}

// String is the problem as compilers write it: file:line:column: message.
func (p Problem) String() string {
	at := p.File
	if p.Line > 0 {
		at += fmt.Sprintf(":%d", p.Line)
		if p.Column > 0 {
			at += fmt.Sprintf(":%d", p.Column)
		}
	}
	if p.Warning {
		return at + ": warning: " + p.Message
	}
	return at + ": " + p.Message
}

// groups are the folders of templates, and the sample that each is tried with.
var groups = map[string]string{
	"issues": "issues.opened", "pull_requests": "pull_request.opened", "reviews": "push", "workflows": "push",
	"releases": "push", "push": "push", "generic": "push",
}

// Check parses every template, renders each that an event can lead to against a sample event, and looks up what the
// settings name: the settings of all repositories, and those of the given rules. Templates whose names begin with an
// underscore, or that stand outside of the groups' folders, are drawn in by others and are only parsed.
func (r *Renderer) Check(ctx context.Context, rules ...hls.Rule) []Problem {
	dirs := map[string]hls.Rule{"": {}}
	var problems []Problem
	for _, rule := range rules {
		dirs[rule.Prompts.Dir] = rule
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		problems = append(problems, r.checkDir(ctx, dirs[dir])...)
	}
	base, broken := r.read("", nil)
	if len(broken) == 0 {
		problems = append(problems, base.checkDefaults(r.cfg.Defaults)...)
	}
	for _, rule := range rules {
		if s, broken := r.read(rule.Prompts.Dir, nil); len(broken) == 0 {
			problems = append(problems, s.checkDefaults(rule.Prompts.Defaults)...)
		}
	}
	return unique(problems)
}

// checkDir tries the templates that are in force for a rule. The set is one of its own, so that what it says of
// missing values does not mix with running traffic.
func (r *Renderer) checkDir(ctx context.Context, rule hls.Rule) []Problem {
	var missing []jinja.UndefinedUse
	s, problems := r.read(rule.Prompts.Dir, func(u jinja.UndefinedUse) { missing = append(missing, u) })
	if len(problems) > 0 {
		return problems
	}
	for _, name := range s.names() {
		sample, ok := groups[path.Dir(name)]
		if !ok || strings.HasPrefix(path.Base(name), "_") {
			continue // drawn in by others
		}
		in, err := sampleInput(sample, rule)
		if err != nil {
			return append(problems, Problem{File: builtinDir, Message: err.Error()})
		}
		values := stableValues(in)
		if !strings.HasPrefix(path.Base(name), "system.") {
			if values, err = eventValues(in); err != nil {
				return append(problems, Problem{File: builtinDir, Message: err.Error()})
			}
		}
		if _, err := s.render(ctx, name, values); err != nil {
			problems = append(problems, s.problem(name, err))
		}
	}
	for _, u := range missing {
		if u.Use == "print" && u.Name != "" { // an inline if without else has no name, and is meant to print nothing
			problems = append(problems, Problem{File: s.path(u.Template), Line: u.Line, Column: u.Column, Warning: true,
				Message: fmt.Sprintf("%s is undefined in the sample event and prints as nothing", u.Name)})
		}
	}
	return problems
}

// checkDefaults looks up the templates that settings name.
func (s *set) checkDefaults(defaults map[string]map[string]string) []Problem {
	var problems []Problem
	for _, group := range slices.Sorted(maps.Keys(defaults)) {
		if _, ok := groups[group]; !ok {
			problems = append(problems, Problem{File: "prompts.defaults." + group,
				Message: fmt.Sprintf("no such group; the groups are %s", strings.Join(slices.Sorted(maps.Keys(groups)), ", "))})
			continue
		}
		for _, step := range slices.Sorted(maps.Keys(defaults[group])) {
			name := defaults[group][step]
			if _, ok := s.text(name); !ok {
				problems = append(problems, Problem{File: "prompts.defaults." + group + "." + step,
					Message: fmt.Sprintf("there is no template %q; paths are relative to prompts.base_dir", name)})
			}
		}
	}
	return problems
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
	return Input{Event: e, Facts: f, Rule: rule, Now: at}, nil
}

func unique(problems []Problem) []Problem {
	seen := map[Problem]bool{}
	return slices.DeleteFunc(problems, func(p Problem) bool {
		was := seen[p]
		seen[p] = true
		return was
	})
}
