package jinja_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hls/jinja"
)

// TestSandbox: what Jinja2's sandbox refuses is refused here, with its words.
func TestSandbox(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"{{ ''.__class__.__mro__ }}":                           "SecurityError: access to attribute '__class__' of 'str' object is unsafe.",
		"{{ [].__class__() }}":                                 "SecurityError: access to attribute '__class__' of 'list' object is unsafe.",
		"{{ {}['__init__'].__globals__ }}":                     "SecurityError: access to attribute '__init__' of 'dict' object is unsafe.",
		"{{ (1|attr('__class__')).mro() }}":                    "SecurityError: access to attribute '__class__' of 'int' object is unsafe.",
		"{{ range.__self__.x }}":                               "SecurityError: access to attribute '__self__' of 'type' object is unsafe.",
		"{{ '{0.__class__.__mro__}'.format(1) }}":              "AttributeError: ",
		"{{ ('{0.__class__}'|attr('format'))(1) }}":            "AttributeError: ",
		"{{ '{x.__class__}'.format_map({'x': 1}) }}":           "AttributeError: ",
		"{{ ['a']|map(attribute='__class__.x')|list }}":        "SecurityError: access to attribute '__class__' of 'str' object is unsafe.",
		"{{ range(100001) }}":                                  "LimitError: ",
		"{{ [].pop.__name__.x }}":                              "SecurityError: access to attribute '__name__' of 'builtin_function_or_method' object is unsafe.",
		"{% macro m() %}{% endmacro %}{{ m.__call__.x }}":      "SecurityError: access to attribute '__call__' of 'Macro' object is unsafe.",
		"{{ self.__dict__.x }}":                                "SecurityError: access to attribute '__dict__' of 'TemplateReference' object is unsafe.",
		"{% for x in [1] %}{{ loop._iterator.x }}{% endfor %}": "UndefinedError: ",
	} {
		out, err := render(t, jinja.Options{}, source, nil)
		var e *jinja.Error
		if !errors.As(err, &e) || !strings.HasPrefix(fmt.Sprintf("%s: %s", e.Kind, e.Message), want) {
			t.Errorf("%s: got %q, %v; want %s", source, out, err, want)
		}
	}
	if out, err := render(t, jinja.Options{}, "{{ d.__class__ }}{{ d['__class__'] }}", map[string]any{"d": map[string]any{"__class__": "data"}}); out != "datadata" {
		t.Errorf("a key of the data gives %q, %v", out, err)
	}
}

// TestImmutable: with the option no method changes a list or a dict, by whatever way it is reached.
func TestImmutable(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		"{% do l.append(1) %}", "{% do l.clear() %}", "{% do l.pop() %}", "{% do l.reverse() %}", "{% do l.insert(0, 1) %}", "{% do l.sort() %}",
		"{% do l.extend([1]) %}", "{% do l.remove(1) %}", "{% do d.clear() %}", "{% do d.pop('a') %}", "{% do d.popitem() %}",
		"{% do d.setdefault('b', 1) %}", "{% do d.update(b=1) %}", "{% do (l|attr('append'))(1) %}", "{% do l['append'](1) %}",
		"{% set own = [] %}{% do own.append(1) %}",
	} {
		values := map[string]any{"l": []any{int64(1)}, "d": map[string]any{"a": 1}}
		out, err := render(t, jinja.Options{Do: true, Immutable: true}, source, values)
		var e *jinja.Error
		if !errors.As(err, &e) || e.Kind != jinja.KindSecurity {
			t.Errorf("%s: got %q, %v", source, out, err)
		}
		if _, err := render(t, jinja.Options{Do: true}, source, values); err != nil {
			t.Errorf("%s, without the option: %v", source, err)
		}
	}
	if out, err := render(t, jinja.Options{Immutable: true}, "{{ l.index(1) }}{{ d.items()|list }}{{ d.get('a') }}{{ l.copy() }}",
		map[string]any{"l": []any{int64(1)}, "d": map[string]any{"a": 1}}); out != "0[('a', 1)]1[1]" {
		t.Errorf("got %q, %v", out, err)
	}
}

// TestAbsentTags: a tag that is not built, or not switched on, is refused with the reason.
func TestAbsentTags(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"{% trans %}x{% endtrans %}": "Encountered unknown tag 'trans'. Translations (jinja2.ext.i18n) are not built",
		"{% debug %}":                "Encountered unknown tag 'debug'. The extension jinja2.ext.debug is not built",
		"{% do 1 %}":                 "Encountered unknown tag 'do'. It is an extension: switch it on with Options.Do.",
		"{% for x in [1] %}{% break %}{% endfor %}":    "switch it on with Options.LoopControls.",
		"{% for x in [1] %}{% continue %}{% endfor %}": "switch it on with Options.LoopControls.",
		"{% cache 5 %}x{% endcache %}":                 "Encountered unknown tag 'cache'.",
		"{{ lipsum() }}":                               "'lipsum' is undefined",
		"{% if true %}{% mine %}{% endif %}":           "Encountered unknown tag 'mine'. Jinja was looking for the following tags: 'elif' or 'else' or 'endif'.",
	} {
		out, err := render(t, jinja.Options{}, source, nil)
		var e *jinja.Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, want) {
			t.Errorf("%s: got %q, %v", source, out, err)
		}
	}
	out, err := render(t, jinja.Options{Do: true, LoopControls: true},
		"{% for x in [1, 2, 3, 4] %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 4 %}{% break %}{% endif %}{{ x }}{% do x %}{% endfor %}", nil)
	if err != nil || out != "13" {
		t.Errorf("got %q, %v", out, err)
	}
}

// TestPythonRaises: where Python raises, nothing is printed.
func TestPythonRaises(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]jinja.Kind{
		"{{ x[1:2] }}":                                  "TypeError",
		"{{ [1]|wordwrap }}":                            "AttributeError",
		"{{ 5|wordwrap }}":                              "AttributeError",
		"{{ 5|truncate(3) }}":                           "TypeError",
		"{{ [1, 2, 3, 4]|truncate(3, true, '', 0) }}":   "TypeError",
		"{{ ([1] * 20)|truncate(5) }}":                  "AttributeError",
		"{{ 'a'|truncate(1) }}":                         "AssertionError",
		"{{ none|length }}":                             "TypeError",
		"{{ 5|first }}":                                 "TypeError",
		"{{ [1]|indent }}":                              "AttributeError",
		"{{ 5|indent }}":                                "TypeError",
		"{{ 5|dictsort }}":                              "AttributeError",
		"{{ 5|xmlattr }}":                               "AttributeError",
		"{{ 'x'|urlize(extra_schemes=['/']) }}":         "FilterArgumentError",
		"{{ 1|round(1, 'up') }}":                        "FilterArgumentError",
		"{{ {'a b': 1}|xmlattr }}":                      "ValueError",
		"{{ nope|tojson }}":                             "TypeError",
		"{{ 'a' < 1 }}":                                 "TypeError",
		"{{ [2, 'a']|sort }}":                           "TypeError",
		"{{ ['a', 1]|max }}":                            "TypeError",
		"{{ 'a' in 5 }}":                                "TypeError",
		"{{ [1]|sum(start='') }}":                       "TypeError",
		"{{ '%5%' % () }}":                              "TypeError",
		"{{ '%5%' % 1 }}":                               "ValueError",
		"{{ 1 // 0 }}":                                  "ZeroDivisionError",
		"{{ {[1]: 2} }}":                                "TypeError",
		"{{ 'abc'|batch(2)|first|abs }}":                "TypeError",
		"{% set a, b = [1] %}":                          "ValueError",
		"{% for a, b in [1] %}{% endfor %}":             "TypeError",
		"{% set x.y = 1 %}":                             "TemplateRuntimeError",
		"{{ '²'|map('int')|list|sort(attribute='²') }}": "ValueError",
	} {
		out, err := render(t, jinja.Options{}, source, map[string]any{"x": 5})
		var e *jinja.Error
		if !errors.As(err, &e) || e.Kind != want {
			t.Errorf("%s: got %q, %v; want %s", source, out, err, want)
		}
	}
}

// TestSplitAtBlanks: what is left when the limit is reached keeps the blanks of its other end.
func TestSplitAtBlanks(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"{{ ' 1  2   3  '.split(none, 1) }}": "['1', '2   3  ']", "{{ ' 1 2  '.split(none, 0) }}": "['1 2  ']",
		"{{ ' 1  2   3  '.rsplit(none, 1) }}": "[' 1  2', '3']", "{{ ' 1 2  '.rsplit(none, 0) }}": "[' 1 2']",
		"{{ 'www.a.org'|urlize(-3) }}": `<a href="https://www.a.org" rel="noopener">www.a....</a>`,
		"{{ 'www.a.org'|urlize(5) }}":  `<a href="https://www.a.org" rel="noopener">www.a...</a>`, "{{ 'a'|urlize(nope) }}": "a",
		"{{ '  '.split(none, 0) }}": "[]", "{{ '  '.rsplit(none, 0) }}": "[]", "{{ 0 / -3 }}": "-0.0",
	} {
		if out, err := render(t, jinja.Options{}, source, nil); out != want {
			t.Errorf("%s: got %q, %v", source, out, err)
		}
	}
}

// TestConstantsAreEscapedWhenCompiled: Jinja2 decides about them before it knows what {% autoescape x %} says.
func TestConstantsAreEscapedWhenCompiled(t *testing.T) {
	t.Parallel()
	source := "{% autoescape x %}{{ '<' }}{{ '<'|upper }}{{ y }}{% endautoescape %}"
	for on, want := range map[bool]string{false: "<&lt;&lt;", true: "&lt;&lt;&lt;"} {
		out, err := render(t, jinja.Options{Autoescape: on}, source, map[string]any{"x": true, "y": "<"})
		if out != want {
			t.Errorf("autoescape %v: got %q, %v", on, out, err)
		}
	}
	if out, err := render(t, jinja.Options{}, "{{ {1: 4, 2: [3]}|dictsort(by='value') }}", nil); err == nil {
		t.Errorf("a list was compared with a number: %q", out)
	}
}

// TestNestingIsBounded: how deep Go's stack gets is known when a template is parsed.
func TestNestingIsBounded(t *testing.T) {
	t.Parallel()
	sum := "1" + strings.Repeat("+1", 900)
	if _, err := render(t, jinja.Options{}, "{{ "+sum+" }}", nil); err != nil {
		t.Error(err)
	}
	_, err := render(t, jinja.Options{}, "{{ ((("+sum+") + "+sum[2:]+") + "+sum[2:]+") }}", nil)
	var e *jinja.Error
	if !errors.As(err, &e) || e.Kind != jinja.KindSyntax || e.Line != 1 {
		t.Errorf("got %v", err)
	}
}

// TestCacheIsBounded: a template that draws in others by ever new names does not fill the memory of the Env.
func TestCacheIsBounded(t *testing.T) {
	loads := 0
	env, err := jinja.New(jinja.Options{Loader: counting{&loads}})
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := env.Parse("main", "{% for i in range(600) %}{% include 'x' ~ i %}{% endfor %}")
	if err != nil {
		t.Fatal(err)
	}
	took := watchHeap(func() {
		if _, err := tpl.RenderString(t.Context(), nil); err != nil {
			t.Error(err)
		}
	})
	if loads != 600 || took > 150<<20 {
		t.Errorf("%d templates were loaded; they took %d MiB", loads, took>>20)
	}
}

// counting is a loader that has every template, of 20 KiB of tags each.
type counting struct{ loads *int }

func (c counting) Load(string) (string, error) {
	*c.loads++
	return strings.Repeat("{{- '' -}}", 2048), nil
}
