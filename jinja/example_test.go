package jinja_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing/fstest"

	"hls/jinja"
)

// must is for examples, where an error is a mistake of theirs.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Templates come from a loader, values from JSON, and the result goes to a writer.
func Example() {
	env := must(jinja.New(jinja.Options{
		Loader:     jinja.Map{"labels.j2": "{% for label in issue.labels %}\n- {{ label.name|upper }}\n{% endfor %}\n"},
		TrimBlocks: true, LstripBlocks: true,
	}))
	tpl := must(env.Template("labels.j2"))
	values := must(jinja.FromJSON([]byte(`{"issue": {"labels": [{"name": "bug"}, {"name": "help wanted"}]}}`)))
	if err := tpl.Render(context.Background(), os.Stdout, values); err != nil {
		panic(err)
	}
	// Output:
	// - BUG
	// - HELP WANTED
}

// A template can also be parsed from memory. Its name is used in messages.
func ExampleEnv_Parse() {
	env := must(jinja.New(jinja.Options{}))
	tpl := must(env.Parse("greeting", "Hello, {{ name|default('world') }}!"))
	fmt.Println(must(tpl.RenderString(context.Background(), map[string]any{"name": "Mona"})))
	fmt.Println(must(tpl.RenderString(context.Background(), nil)))
	// Output:
	// Hello, Mona!
	// Hello, world!
}

// Env.Template finds a template, and with it those that it extends, includes and imports.
func ExampleEnv_Template() {
	env := must(jinja.New(jinja.Options{Loader: jinja.Map{
		"greeting.j2": "{% extends 'base.j2' %}{% block who %}reader{% endblock %}",
		"base.j2":     "Hello, {% block who %}world{% endblock %}!",
	}}))
	fmt.Println(must(must(env.Template("greeting.j2")).RenderString(context.Background(), nil)))
	// Output: Hello, reader!
}

// Nothing is written unless the whole template was rendered.
func ExampleTemplate_Render() {
	env := must(jinja.New(jinja.Options{}))
	tpl := must(env.Parse("list", "{% for x in xs %}{{ 12 // x }} {% endfor %}"))
	fmt.Println(tpl.Render(context.Background(), os.Stdout, map[string]any{"xs": []int{1, 2, 3}}) == nil)
	fmt.Println(tpl.Render(context.Background(), os.Stdout, map[string]any{"xs": []int{1, 2, 0}}) == nil)
	// Output:
	// 12 6 4 true
	// false
}

// Of a folder, pass the FS of an os.Root, which refuses links that lead out of it.
func ExampleFS() {
	root := must(os.OpenRoot("testdata/corpus/templates"))
	defer func() { _ = root.Close() }()
	env := must(jinja.New(jinja.Options{Loader: jinja.FS(root.FS())}))
	_, err := env.Template("../manifest.json")
	fmt.Println(err, errors.Is(err, fs.ErrNotExist))
	// Output: TemplateNotFound: ../manifest.json true
}

// Of several loaders the first that knows a name serves it, so that files can replace what is built in.
func ExampleChain() {
	builtin := jinja.Map{"hello.j2": "Hello, {% include 'who.j2' %}!", "who.j2": "world"}
	own := jinja.FS(fstest.MapFS{"who.j2": {Data: []byte("Mona")}})
	env := must(jinja.New(jinja.Options{Loader: jinja.Chain(own, builtin)}))
	fmt.Println(must(must(env.Template("hello.j2")).RenderString(context.Background(), nil)))
	// Output: Hello, Mona!
}

// JSON keeps the order of its keys, and 1 apart from 1.0.
func ExampleFromJSON() {
	env := must(jinja.New(jinja.Options{}))
	tpl := must(env.Parse("t", "{{ v }}{% for key, value in v.items() %} {{ key }}:{{ value }}{% endfor %}"))
	v := must(jinja.FromJSON([]byte(`{"z": 1, "a": 1.0, "m": [true, null]}`)))
	fmt.Println(must(tpl.RenderString(context.Background(), map[string]any{"v": v})))
	// Output: {'z': 1, 'a': 1.0, 'm': [True, None]} z:1 a:1.0 m:[True, None]
}

// A Dict is made by hand where the order of keys counts.
func ExampleDict() {
	d := jinja.NewDict()
	d.Set("second", 2)
	d.Set("first", "one")
	env := must(jinja.New(jinja.Options{}))
	fmt.Println(must(must(env.Parse("t", "{{ d|list }} {{ d.first }} {{ d.second + 1 }}")).RenderString(context.Background(), map[string]any{"d": d})))
	// Output: ['second', 'first'] one 3
}

// Filters are added to the built-in ones.
func ExampleFilter() {
	plural := func(value any, args jinja.Args) (any, error) {
		if value == int64(1) {
			return args.Positional[0], nil
		}
		return fmt.Sprintf("%vs", args.Positional[0]), nil
	}
	env := must(jinja.New(jinja.Options{Filters: map[string]jinja.Filter{"plural": plural}}))
	tpl := must(env.Parse("t", "{{ n }} {{ n|plural('label') }}"))
	fmt.Println(must(tpl.RenderString(context.Background(), map[string]any{"n": 3})))
	// Output: 3 labels
}

// So are tests.
func ExampleTest() {
	bot := func(value any, _ jinja.Args) (bool, error) { return value == "hubot", nil }
	env := must(jinja.New(jinja.Options{Tests: map[string]jinja.Test{"bot": bot}}))
	tpl := must(env.Parse("t", "{{ 'hubot' is bot }} {{ ['mona', 'hubot']|reject('bot')|list }}"))
	fmt.Println(must(tpl.RenderString(context.Background(), nil)))
	// Output: True ['mona']
}

// A Function is a value that templates can call, as a global or among the values. What it fails with can be found again.
func ExampleFunction() {
	errNoTeam := errors.New("no such team")
	team := jinja.Function(func(args jinja.Args) (any, error) {
		if args.Positional[0] != "docs" {
			return nil, errNoTeam
		}
		return []string{"mona", "hubot"}, nil
	})
	env := must(jinja.New(jinja.Options{Globals: map[string]any{"team": team, "version": 3}}))
	fmt.Println(must(must(env.Parse("t", "{{ team('docs')|join(' and ') }} {{ version }}")).RenderString(context.Background(), nil)))
	_, err := must(env.Parse("t", "{{ team('ops') }}")).RenderString(context.Background(), nil)
	fmt.Println(errors.Is(err, errNoTeam))
	// Output:
	// mona and hubot 3
	// true
}

// The policies say what a missing value is.
func ExampleUndefinedPolicy() {
	source := "[{{ user }}] [{{ user.name }}]"
	for _, policy := range []jinja.UndefinedPolicy{jinja.Lenient, jinja.Strict, jinja.Chainable, jinja.Debug} {
		env := must(jinja.New(jinja.Options{Undefined: policy}))
		out, err := must(env.Parse("t", source)).RenderString(context.Background(), nil)
		var e *jinja.Error
		if errors.As(err, &e) {
			fmt.Println(e.Position(), e.Message)
			continue
		}
		fmt.Println(out)
	}
	// Output:
	// t:1:22 'user' is undefined
	// t:1:5 'user' is undefined
	// [] []
	// t:1:22 'user' is undefined
}

// What was missing can be told without failing, so that a checker can warn of it.
func ExampleOptions_onUndefined() {
	env := must(jinja.New(jinja.Options{Undefined: jinja.Chainable, OnUndefined: func(u jinja.UndefinedUse) {
		fmt.Printf("%s:%d:%d: %s is undefined (%s)\n", u.Template, u.Line, u.Column, u.Name, u.Use)
	}}))
	tpl := must(env.Parse("t", "{{ issue.titel }}\n{% for l in lables %}{% endfor %}{{ gone|default('fine') }}"))
	_ = must(tpl.RenderString(context.Background(), map[string]any{"issue": map[string]any{"title": "Crash"}}))
	// Output:
	// t:1:4: issue.titel is undefined (print)
	// t:2:13: lables is undefined (iterate)
}

// Limits bound what a rendering may take; the context bounds its time.
func ExampleLimits() {
	env := must(jinja.New(jinja.Options{Limits: jinja.Limits{Memory: 1 << 20}}))
	_, err := must(env.Parse("t", "{{ 'x' * 10**9 }}")).RenderString(context.Background(), nil)
	fmt.Println(errors.Is(err, jinja.ErrLimit))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = must(env.Parse("t", "x")).RenderString(ctx, nil)
	fmt.Println(errors.Is(err, context.Canceled))
	// Output:
	// true
	// true
}

// An Error names the place, shows the line, and tells how the rendering came there.
func ExampleError() {
	env := must(jinja.New(jinja.Options{Loader: jinja.Map{
		"issue.j2": "{% import 'parts.j2' as parts %}\n{{ parts.author(issue) }}",
		"parts.j2": "{% macro author(issue) %}\n  by {{ issue.user.login }}\n{% endmacro %}",
	}}))
	_, err := must(env.Template("issue.j2")).RenderString(context.Background(), map[string]any{"issue": map[string]any{}})
	fmt.Println(err)
	// Output:
	// parts.j2:2:19: UndefinedError: 'dict object' has no attribute 'user'
	//     by {{ issue.user.login }}
	//   from issue.j2:2
}

// The extensions do and loopcontrols are options.
func ExampleOptions_extensions() {
	env := must(jinja.New(jinja.Options{Do: true, LoopControls: true}))
	tpl := must(env.Parse("t", "{% set seen = [] %}{% for n in range(9) %}{% if n == 3 %}{% break %}{% endif %}{% do seen.append(n) %}{% endfor %}{{ seen }}"))
	fmt.Println(must(tpl.RenderString(context.Background(), nil)))
	// Output: [0, 1, 2]
}

// Immutable refuses what changes a list or a dict, beside what Jinja2's sandbox refuses anyway.
func ExampleOptions_immutable() {
	env := must(jinja.New(jinja.Options{Do: true, Immutable: true}))
	for _, source := range []string{"{% do [].append(1) %}", "{{ ''.__class__.__mro__ }}"} {
		_, err := must(env.Parse("t", source)).RenderString(context.Background(), nil)
		var e *jinja.Error
		fmt.Println(errors.As(err, &e), e.Kind, e.Message)
	}
	// Output:
	// true SecurityError access to attribute 'append' of 'list' object is unsafe.
	// true SecurityError access to attribute '__class__' of 'str' object is unsafe.
}
