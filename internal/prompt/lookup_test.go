package prompt

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/jinja"
	"hls/prompts"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	defaults := func(group, step, name string) map[string]map[string]string {
		return map[string]map[string]string{group: {step: name}}
	}
	for _, tc := range []struct {
		name            string
		files           map[string]string
		settings, rules map[string]map[string]string
		event, want     string
	}{
		{"built-in", nil, nil, nil, "issues.opened", "issues/analyze.j2"},
		{"override of the step", map[string]string{"issues/analyze.j2": ""}, nil, nil, "issues.opened", "issues/analyze.j2"},
		{"action before step", map[string]string{"issues/analyze.j2": "", "issues/opened.j2": ""}, nil, nil, "issues.opened", "issues/opened.j2"},
		{"another action", map[string]string{"issues/closed.j2": ""}, nil, nil, "issues.opened", "issues/analyze.j2"},
		{"group's default before the built-in step", map[string]string{"issues/default.md": ""}, nil, nil, "issues.opened", "issues/default.md"},
		{"j2 before md", map[string]string{"issues/opened.md": "", "issues/opened.j2": ""}, nil, nil, "issues.opened", "issues/opened.j2"},
		{"md", map[string]string{"issues/opened.md": ""}, nil, nil, "issues.opened", "issues/opened.md"},
		{"named by settings", map[string]string{"mine/a.j2": ""}, defaults("issues", "analyze", "mine/a.j2"), nil, "issues.opened", "mine/a.j2"},
		{"named by the rule", map[string]string{"mine/a.j2": "", "mine/b.j2": ""}, defaults("issues", "analyze", "mine/a.j2"),
			defaults("issues", "opened", "mine/b.j2"), "issues.opened", "mine/b.j2"},
		{"generic override loses to the group", map[string]string{"generic/default.j2": ""}, nil, nil, "issues.opened", "issues/analyze.j2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := renderer(t, Config{BaseDir: folder(t, tc.files), Defaults: tc.settings})
			in := sample(t, tc.event, hls.Rule{Prompts: hls.PromptPolicy{Defaults: tc.rules}})
			if got := render(t, r, in).Template; got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestLookupOfAGroupWithoutTemplates(t *testing.T) {
	t.Parallel()
	for want, files := range map[string]map[string]string{
		"generic/default.j2": nil, "wiki/default.j2": {"wiki/default.j2": ""},
	} {
		in := sample(t, "push", hls.Rule{})
		in.Question.Group = "wiki"
		if got := render(t, renderer(t, Config{BaseDir: folder(t, files)}), in).Template; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestRuleFolderComesFirst(t *testing.T) {
	t.Parallel()
	base := folder(t, map[string]string{"issues/analyze.j2": "from base", "issues/opened.j2": "base opened", "_part.j2": "part of base"})
	own := folder(t, map[string]string{"issues/opened.j2": "own, {% include '_part.j2' %}"})
	r := renderer(t, Config{BaseDir: base})
	in := sample(t, "issues.opened", hls.Rule{Prompts: hls.PromptPolicy{Dir: own}})
	if p := render(t, r, in); !strings.Contains(p.User, "\nown, part of base\n") {
		t.Errorf("got %s", p.User)
	}
	in.Rule.Prompts.Dir = ""
	if p := render(t, r, in); !strings.Contains(p.User, "\nbase opened\n") {
		t.Errorf("got %s", p.User)
	}
	in.Rule.Prompts.Dir = filepath.Join(own, "missing")
	if _, err := r.Render(t.Context(), in); err == nil {
		t.Error("a folder that does not exist was taken")
	}
}

func TestInheritanceCrossesToTheBuiltinsAndNoFurther(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"issues/system.j2": `{% extends "system.j2" %}{% block task %}My task.{% endblock %}{% block answer %}My fields.{% endblock %}`})
	p := render(t, renderer(t, Config{BaseDir: dir}), sample(t, "issues.opened", hls.Rule{}))
	if !strings.Contains(p.System, "My task.") || !strings.Contains(p.System, "# What is data") {
		t.Errorf("got %s", p.System)
	}

	outside := folder(t, map[string]string{"secret.j2": "the secret"})
	for _, name := range []string{"../secret.j2", filepath.Join(outside, "secret.j2"), "link.j2"} {
		dir := folder(t, map[string]string{"issues/analyze.j2": `{% include "` + name + `" %}`})
		if name == "link.j2" {
			if err := os.Symlink(filepath.Join(outside, "secret.j2"), filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		r, err := New(Config{BaseDir: dir}, prompts.FS, nil, nil)
		if err != nil {
			continue // a link out of the folder is refused as such
		}
		if p, err := r.Render(t.Context(), sample(t, "issues.opened", hls.Rule{})); err == nil {
			t.Errorf("%s was drawn in: %s", name, p.User)
		}
	}
}

func TestReloadKeepsTheOldSetWhenTheNewIsBroken(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"issues/analyze.j2": "first", "_part.j2": "a part"})
	r := renderer(t, Config{BaseDir: dir})
	file := filepath.Join(dir, "issues", "analyze.j2")
	in := sample(t, "issues.opened", hls.Rule{})
	first := render(t, r, in)
	for _, tc := range []struct{ source, want, problem string }{
		{"second", "\nsecond\n", ""},
		{"fine\n{% if %}", "\nsecond\n", file + ":2:"},
		{"{% include '_part.j2' %}", "\na part\n", ""},
	} {
		if err := os.WriteFile(file, []byte(tc.source), 0o644); err != nil {
			t.Fatal(err)
		}
		err := r.Reload()
		if (err == nil) != (tc.problem == "") || err != nil && !strings.Contains(err.Error(), tc.problem) {
			t.Errorf("%q: %v", tc.source, err)
		}
		p := render(t, r, in)
		if !strings.Contains(p.User, tc.want) {
			t.Errorf("%q: got %s", tc.source, p.User)
		}
		if p.Hash == first.Hash {
			t.Errorf("%q: the hash did not change", tc.source)
		}
	}
}

func TestHashCoversWhatIsDrawnIn(t *testing.T) {
	t.Parallel()
	hash := func(part, other, include string) string {
		dir := folder(t, map[string]string{"issues/analyze.j2": "{% include " + include + " %}", "_part.j2": part, "_other.j2": other})
		return render(t, renderer(t, Config{BaseDir: dir}), sample(t, "issues.opened", hls.Rule{})).Hash
	}
	base := hash("a", "b", "'_part.j2'")
	if hash("A", "b", "'_part.j2'") == base {
		t.Error("a change of an included template does not show")
	}
	if hash("a", "B", "'_part.j2'") != base {
		t.Error("a change of another template shows")
	}
	if hash("a", "b", "'_' ~ 'part' ~ '.j2'") == hash("a", "B", "'_' ~ 'part' ~ '.j2'") {
		t.Error("where the name is computed, every template counts")
	}
}

func TestCheckNamesFileLineAndColumn(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{
		"issues/analyze.j2":      "{{ issue.title }}\n{{ isue }}",
		"issues/opened.j2":       "fine",
		"issues/closed.j2":       "{% include 'issues/missing.j2' %}",
		"issues/edited.j2":       "\n{{ 1 / 0 }}",
		"pull_requests/bad.j2":   "one\n  {{ diff | nofilter }}",
		"pull_requests/worse.j2": "{% if %}",
		"generic/default.j2":     "{{ payload.commits.nothing.more }}",
		"lib/_macros.j2":         "{% macro m(x) %}{{ x.y.z }}{% endmacro %}",
		"mine/review.j2":         "\n\n{{ diff.nothing.more }}",
		"mine/unused.j2":         "{{ never.rendered.at_all }}",
		"issues/base_unused.txt": "{{ not a template",
		"push/large.j2":          strings.Repeat("x", maxTemplate+1),
	})
	own := folder(t, map[string]string{"issues/analyze.j2": "{% for x in %}"})
	if err := os.Symlink("/etc/hostname", filepath.Join(own, "outside.j2")); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "none")
	defaults := func(group, step, name string) map[string]map[string]string {
		return map[string]map[string]string{group: {step: name}}
	}
	cfg := Config{BaseDir: dir, Defaults: map[string]map[string]string{"issue": {"x": "y"}, "issues": {"analyze": "gone.j2"}}}
	var got []string
	for _, p := range Check(t.Context(), cfg, prompts.FS,
		hls.Rule{Name: "a/one", Prompts: hls.PromptPolicy{Dir: missing}}, hls.Rule{Name: "a/two", Prompts: hls.PromptPolicy{Dir: missing}},
		hls.Rule{Name: "a/three", Prompts: hls.PromptPolicy{Dir: own, Defaults: defaults("reviews", "analyze", "also_gone.j2")}},
		hls.Rule{Name: "a/four", Prompts: hls.PromptPolicy{Defaults: defaults("pull_requests", "review", "mine/review.j2")}},
	) {
		if p.Key == "" && (p.File == "" || p.Line < 1 || p.Column < 1) {
			t.Errorf("%+v has no place", p)
		}
		got = append(got, strings.NewReplacer(dir, "DIR", own, "OWN").Replace(p.String()))
	}
	slices.Sort(got)
	all := strings.Join(got, "\n")
	for _, want := range []string{
		"DIR/issues/analyze.j2:2:4: warning: isue is undefined", "DIR/issues/closed.j2:1:", "DIR/issues/edited.j2:2:", "DIR/pull_requests/bad.j2:2:",
		"DIR/pull_requests/worse.j2:1:", "DIR/generic/default.j2:1:", "DIR/mine/review.j2:3:", "DIR/push/large.j2:1:1: a template has at most",
		"OWN/issues/analyze.j2:1:", "OWN/outside.j2:1:1:", "prompts.defaults.issue: no such group",
		`prompts.defaults.issues.analyze: there is no template "gone.j2"`, "prompts.base_dir of a/one: open folder", "prompts.base_dir of a/two: open folder",
		`prompts.defaults.reviews.analyze of a/three: there is no template "also_gone.j2"`,
	} {
		if !strings.Contains("\n"+all, "\n"+want) {
			t.Errorf("%q does not begin a line of\n%s", want, all)
		}
	}
	if len(got) != 15 {
		t.Errorf("%d problems:\n%s", len(got), all)
	}
}

// A sample event has not all that a real one has: what it lacks is a warning, what no event has is a problem.
func TestCheckTellsWhatNoEventHasFromWhatTheSampleLacks(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"releases/default.j2 {{ release.tag_name }} by {{ release.author.login }}": "",
		"reviews/default.j2 {{ review.body }} {{ pull_request.head.sha }}":         "",
		"workflows/default.j2 {{ workflow_run.head_commit.message }}":              "",
		"push/default.j2 {{ head_commit.message }} {{ pusher.name }}":              "problem: UndefinedError: 'pusher' is undefined",
		"workflows/check.j2 {{ check_run.output.title }}":                          "warning: UndefinedError: 'check_run' is undefined, as far as the sample event goes",
		"issues/opened.j2 {{ payload.organization.login }}":                        "warning: UndefinedError: 'dict object' has no attribute 'organization', as far as the sample event goes",
		"issues/closed.j2 {{ isue.title }}":                                        "problem: UndefinedError: 'isue' is undefined",
		"issues/system.j2 {{ issue.title }}":                                       "problem: UndefinedError: 'issue' is undefined",
		"issues/edited.j2 {{ 'a' + 1 }}":                                           "problem: TypeError:",
		"issues/opened.j2 {{ issue.titel | fence('title') }}":                      "warning: issue.titel is undefined in the sample event issues.opened and is nothing to the filter",
		"issues/opened.j2 {% for l in issue.lables %}{{ l }}{% endfor %}":          "warning: issue.lables is undefined in the sample event issues.opened and is gone through as an empty list",
		"issues/opened.j2 {% if lables %}x{% endif %}":                             "warning: lables is undefined in the sample event issues.opened and counts as false",
		"issues/opened.j2 {% if issue.nothing or release or nope is defined %}x{% endif %}{{ none_such | default('') }}{{ 'a' if issue.nothing }}": "",
		"issues/opened.j2 {{ payload.gone.far }}\n{{ issue.titel }}":                                                                               "warning: UndefinedError: 'dict object' has no attribute 'gone', as far as the sample event goeswarning: issue.titel is undefined in the sample event issues.opened and prints as nothing",
	} {
		name, text, _ := strings.Cut(source, " ")
		got := ""
		text = strings.ReplaceAll(text, `\n`, "\n")
		for _, p := range Check(t.Context(), Config{BaseDir: folder(t, map[string]string{name: text})}, prompts.FS) {
			kind := "problem: "
			if p.Warning {
				kind = "warning: "
			}
			got += kind + p.Message
		}
		if !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
}

func TestProblemsOfNewNameThePlace(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"pull_requests/bad.j2": "one\n  {{ diff | nofilter }}", "issues/bad.j2": "{% if %}"})
	_, err := New(Config{BaseDir: dir}, prompts.FS, nil, nil)
	for _, place := range []string{filepath.Join(dir, "pull_requests", "bad.j2") + ":2:", filepath.Join(dir, "issues", "bad.j2") + ":1:"} {
		if err == nil || !strings.Contains(err.Error(), place) {
			t.Errorf("%s is not in the error: %v", place, err)
		}
	}
}

func TestEveryProblemHasAPlace(t *testing.T) {
	t.Parallel()
	s := &set{sources: []source{{dir: "mine", files: jinja.Map{"a.j2": ""}}}}
	for name, err := range map[string]error{"mine/a.j2:1:1: x": errors.New("x"), "mine/a.j2:1:1: TypeError: x": &jinja.Error{Kind: jinja.KindType, Message: "x"}} {
		if got := s.problem("a.j2", err).String(); got != name {
			t.Errorf("%q, want %q", got, name)
		}
	}
}

// Templates that are given stand before all others, and where folders are given none is read.
func TestGivenTemplatesComeFirst(t *testing.T) {
	t.Parallel()
	files := map[string]string{"issues/analyze.j2": "of the folder"}
	dir := folder(t, files)
	rule := hls.Rule{Prompts: hls.PromptPolicy{Dir: dir}}
	over := map[string]string{"issues/analyze.j2": "given {{ issue.number }}"}
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"over":                {Config{BaseDir: dir, Over: over}, "given "},
		"folder given":        {Config{BaseDir: "mine", Folders: map[string]map[string]string{"mine": {"issues/analyze.j2": "given as a folder"}}}, "given as a folder"},
		"folder not given":    {Config{BaseDir: dir, Folders: map[string]map[string]string{}}, "Issue #"},
		"rule's folder given": {Config{Folders: map[string]map[string]string{dir: {"issues/analyze.j2": "given for the rule"}}}, "given for the rule"},
	} {
		if text := render(t, renderer(t, c.cfg), sample(t, "issues.opened", rule)).User; !strings.Contains(text, c.want) || strings.Contains(text, "of the folder") {
			t.Errorf("%s: %s", name, text)
		}
	}
	if _, err := New(Config{Over: map[string]string{"issues/analyze.j2": "{% if %}"}}, prompts.FS, nil, nil); err == nil || !strings.Contains(err.Error(), "(given)/issues/analyze.j2:1:") {
		t.Errorf("a broken one: %v", err)
	}
}
