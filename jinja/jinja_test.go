package jinja_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"hls/jinja"
)

func TestErrorsNameTheirPlace(t *testing.T) {
	t.Parallel()
	files := jinja.Map{
		"main.j2":  "one\n{% include 'mid.j2' %}\n",
		"mid.j2":   "{% import 'lib.j2' as lib %}\n\n{{ lib.show({}) }}\n",
		"lib.j2":   "{% macro show(x) %}\n  é{{ x.user.login }}\n{% endmacro %}\n",
		"bad.j2":   "a\n  {{ 1 + }}\n",
		"outer.j2": "\n{% include 'bad.j2' %}",
	}
	env, err := jinja.New(jinja.Options{Loader: files})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]jinja.Error{
		"main.j2": {
			Kind: jinja.KindUndefined, Message: "'dict object' has no attribute 'user'", Template: "lib.j2", Line: 2, Column: 13,
			Source: "  é{{ x.user.login }}", Stack: []jinja.Frame{{Template: "mid.j2", Line: 3}, {Template: "main.j2", Line: 2}},
		},
		"outer.j2": {
			Kind: jinja.KindSyntax, Message: "unexpected 'end of print statement'", Template: "bad.j2", Line: 2, Column: 10,
			Source: "  {{ 1 + }}", Stack: []jinja.Frame{{Template: "outer.j2", Line: 2}},
		},
	} {
		tpl, err := env.Template(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tpl.RenderString(t.Context(), nil)
		var e *jinja.Error
		if !errors.As(err, &e) {
			t.Fatal(err)
		}
		got := jinja.Error{
			Kind: e.Kind, Message: e.Message, Template: e.Template, Line: e.Line, Column: e.Column, Source: e.Source, Stack: e.Stack,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
		if !strings.HasPrefix(err.Error(), e.Position()+": "+string(e.Kind)) {
			t.Errorf("got %v", err)
		}
	}
}

func TestUndefinedUsesAreReported(t *testing.T) {
	t.Parallel()
	var got []string
	o := jinja.Options{OnUndefined: func(u jinja.UndefinedUse) {
		got = append(got, fmt.Sprintf("%s:%d:%d %s %s", u.Template, u.Line, u.Column, u.Use, u.Name))
	}}
	source := "{{ nope }}{{ issue.a.b|default('x') }}{{ gone|default('fine') }}{{ also is defined }}\n" +
		"{% if issue.title %}{% endif %}\n{% for x in things %}{% endfor %}\n{{ list['k'] ~ [1][5] }}{{ lost|length }}"
	out, err := render(t, o, source, map[string]any{"issue": map[string]any{"a": map[string]any{}}, "list": []any{}})
	if err != nil || out != "xfineFalse\n\n\n0" {
		t.Fatalf("got %q, %v", out, err)
	}
	want := []string{
		"test:1:4 print nope", "test:2:7 test issue.title", "test:3:13 iterate things", "test:4:4 print list.k",
		"test:4:16 print 5", "test:4:28 length lost",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestE3_InertValues: what a value says is printed as it is, however it is passed on.
func TestE3_InertValues(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{
		"{{ 7 * 7 }}", "{% raw %}", "{# c #}", "${HOME} <% x %>", "{% include '/etc/passwd' %}", "{{", "{% set v = 1 %}{{ v }}",
	} {
		checkInert(t, evil)
	}
}

func checkInert(t *testing.T, evil string) {
	t.Helper()
	source := "{{ v }}{{ v|string }}{{ v ~ '' }}{% set w %}{{ v }}{% endset %}{{ w }}{% macro m(x) %}{{ x }}{% endmacro %}{{ m(v) }}" +
		"{% filter trim %}{{ v }}{% endfilter %}{{ '%s' % v }}{{ '{}'.format(v) }}{{ [v]|join }}{% with q = v %}{{ q }}{% endwith %}"
	out, err := render(t, jinja.Options{}, source, map[string]any{"v": evil})
	if err != nil || out != strings.Repeat(evil, 10) {
		t.Errorf("%q: got %q, %v", evil, out, err)
	}
}

// TestNothingBehindValues: a template does not reach the Go values behind its own.
func TestNothingBehindValues(t *testing.T) {
	t.Parallel()
	values := map[string]any{
		"s": "x", "d": map[string]any{"a": 1}, "l": []any{1}, "n": 1, "f": jinja.Function(func(jinja.Args) (any, error) { return 1, nil }),
	}
	for _, v := range []string{"s", "d", "l", "n", "f", "range", "(1,)", "d.items()", "d.get", "namespace()", "cycler(1)", "nope_is", "self", "loop"} {
		for _, a := range []string{
			"__class__", "__globals__", "__init__", "_x", "Items", "keys_", "Names", "call", "typeName", "env", "st", "index_", "String",
		} {
			for _, expr := range []string{v + "." + a, v + "['" + a + "']", v + "|attr('" + a + "')", "[" + v + "]|map(attribute='" + a + "')|first"} {
				out, err := render(t, jinja.Options{Undefined: jinja.Chainable}, "{% if true %}{{ ("+expr+") is defined }}{% endif %}", values)
				if err == nil && out != "False" {
					t.Errorf("%s is reached", expr)
				}
			}
		}
	}
	if out, err := render(t, jinja.Options{}, "{{ '{0.__class__}'.format(s) }}", values); err == nil {
		t.Errorf("got %q", out)
	}
	if out, _ := render(t, jinja.Options{}, "{{ d._links }}", map[string]any{"d": map[string]any{"_links": "data"}}); out != "data" {
		t.Errorf("a key of the data that begins with an underscore gives %q", out)
	}
}

func TestValuesAreNotChanged(t *testing.T) {
	t.Parallel()
	values, err := jinja.FromJSON([]byte(`{"l": [1, {"k": [2]}], "d": {"a": 1}}`))
	if err != nil {
		t.Fatal(err)
	}
	env, err := jinja.New(jinja.Options{Do: true})
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := env.Parse("m", "{% do l.append(3) %}{% do l[1].k.append(4) %}{% do d.update(b=5) %}{{ l }}{{ d }}{% do [].append(1) %}")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		out, err := tpl.RenderString(t.Context(), values)
		if err != nil || out != "[1, {'k': [2, 4]}, 3]{'a': 1, 'b': 5}" {
			t.Fatalf("got %q, %v", out, err)
		}
	}
}

func TestConcurrentRendering(t *testing.T) {
	t.Parallel()
	env, err := jinja.New(jinja.Options{
		Do: true, OnUndefined: func(jinja.UndefinedUse) {},
		Loader: jinja.Map{
			"page": "{% extends 'base' %}{% from 'lib' import f %}{% block b %}{% do xs.append(n) %}{{ f(xs) }}{{ nope }}{{ super() }}{% endblock %}",
			"base": "{% block b %}{% include ['none', 'inc'] %}{% endblock %}",
			"lib":  "{% macro f(x) %}{{ x|join(',') }}{% endmacro %}",
			"inc":  "<{{ n }}>",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	shared := &jinja.List{Items: []any{int64(1)}}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 20 {
				tpl, err := env.Template("page")
				if err != nil {
					t.Error(err)
					return
				}
				out, err := tpl.RenderString(t.Context(), map[string]any{"xs": shared, "n": i})
				if want := fmt.Sprintf("1,%d<%d>", i, i); err != nil || out != want {
					t.Errorf("got %q, %v; want %q", out, err, want)
				}
				if i == 0 {
					env.Reset()
				}
			}
		})
	}
	wg.Wait()
}

func TestCallbacks(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	env, err := jinja.New(jinja.Options{
		Filters: map[string]jinja.Filter{"shout": func(v any, a jinja.Args) (any, error) {
			return fmt.Sprintf("%v%v%v", v, a.Positional, a.Keyword["end"]), nil
		}},
		Tests: map[string]jinja.Test{"tiny": func(v any, _ jinja.Args) (bool, error) { n, _ := v.(int64); return n < 10, nil }},
		Globals: map[string]any{
			"add": jinja.Function(func(a jinja.Args) (any, error) {
				x, _ := a.Positional[0].(int64)
				return x + 1, nil
			}),
			"fail":   jinja.Function(func(jinja.Args) (any, error) { return nil, broken }),
			"limits": map[string]any{"max": 3},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]jinja.Options{
		"a filter without a name": {Filters: map[string]jinja.Filter{"": func(any, jinja.Args) (any, error) { return nil, nil }}},
		"a filter that is nil":    {Filters: map[string]jinja.Filter{"x": nil}},
		"a test that is nil":      {Tests: map[string]jinja.Test{"x": nil}},
		"a global without a name": {Globals: map[string]any{"": 1}},
		"a channel":               {Globals: map[string]any{"c": make(chan int)}},
	} {
		if _, err := jinja.New(o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	out, err := renderIn(t, env, "{{ 'a'|shout(1, end='!') }} {{ 5 is tiny }} {{ [5, 50]|select('tiny')|list }} {{ add(1) }} {{ limits.max }}")
	if err != nil || out != "a[1]! True [5] 2 3" {
		t.Errorf("got %q, %v", out, err)
	}
	_, err = renderIn(t, env, "\n{{ fail() }}")
	var e *jinja.Error
	if !errors.Is(err, broken) || !errors.As(err, &e) || e.Kind != jinja.KindCallback || e.Line != 2 {
		t.Errorf("got %v", err)
	}
}

func renderIn(t *testing.T, env *jinja.Env, source string) (string, error) {
	t.Helper()
	tpl, err := env.Parse("test", source)
	if err != nil {
		return "", err
	}
	return tpl.RenderString(t.Context(), nil)
}

func TestFromKeepsNumbersAndOrder(t *testing.T) {
	t.Parallel()
	v, err := jinja.FromJSON([]byte(`{"z": 1, "a": 1.0, "big": 123456789012345678901234567890, "e": 1e2, "n": null, "s": "\ud83d\ude80"}`))
	if err != nil {
		t.Fatal(err)
	}
	out, err := render(t, jinja.Options{}, "{{ v }}", map[string]any{"v": v})
	want := "{'z': 1, 'a': 1.0, 'big': 123456789012345678901234567890, 'e': 100.0, 'n': None, 's': '🚀'}"
	if err != nil || out != want {
		t.Errorf("got %q, %v", out, err)
	}
	for _, bad := range []string{"", "[1", "{} {}", `{"a" 1}`, strings.Repeat("[", 10_000), "1e999", strings.Repeat("9", 100_000)} {
		if v, err := jinja.FromJSON([]byte(bad)); err == nil {
			t.Errorf("%.20s gives %v", bad, v)
		}
	}
	type label struct {
		Name string `json:"name"`
	}
	out, err = render(t, jinja.Options{}, "{{ l }}{{ x }}{{ m }}", map[string]any{"l": []label{{"bug"}}, "x": uint8(3), "m": []string{"a"}})
	if err != nil || out != "[{'name': 'bug'}]3['a']" {
		t.Errorf("got %q, %v", out, err)
	}
	if _, err := render(t, jinja.Options{}, "", []any{1}); err == nil {
		t.Error("a list was taken for the values")
	}
}
