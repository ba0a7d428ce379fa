package jinja_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hls/jinja"
)

func render(t *testing.T, o jinja.Options, source string, values any) (string, error) {
	t.Helper()
	env, err := jinja.New(o)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := env.Parse("test", source)
	if err != nil {
		return "", err
	}
	return tpl.RenderString(t.Context(), values)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	small := jinja.Limits{Output: 1000, Memory: 100_000, Steps: 50_000, Depth: 20, Range: 1000}
	for name, source := range map[string]string{
		"output":              "{% for i in range(1000) %}xxxxxxxxxx{% endfor %}",
		"steps":               "{% for i in range(1000) %}{% for j in range(1000) %}{% endfor %}{% endfor %}",
		"recursive macro":     "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
		"recursive loop":      "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
		"recursive block":     "{% block b %}{{ self.b() }}{% endblock %}",
		"range":               "{{ range(1001) }}",
		"range overflow":      "{{ range(-9223372036854775807, 9223372036854775807) }}",
		"string repetition":   "{{ 'a' * 10**9 }}",
		"list repetition":     "{{ ([1] * 10**9)|length }}",
		"doubling":            "{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
		"doubling by join":    "{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = [ns.s, ns.s]|join %}{% endfor %}",
		"doubling by replace": "{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s|replace('x', 'xx') %}{% endfor %}",
		"growing list":        "{% set l = [1] %}{% for i in l %}{% do l.append(i) %}{% endfor %}",
		"nested lists":        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
		"comparing lists": "{% set a = namespace(l=[1]) %}{% set b = namespace(l=[1]) %}{% for i in range(60) %}" +
			"{% set a.l = [a.l, a.l] %}{% set b.l = [b.l, b.l] %}{% endfor %}{{ a.l == b.l }}",
		"center":        "{{ 'x'|center(10**9) }}",
		"indent":        "{{ 'x\\ny'|indent(10**9) }}",
		"format width":  "{{ '%1000000000d' % 1 }}",
		"format star":   "{{ '%*d' % (10**9, 1) }}",
		"format spec":   "{{ '{:>1000000000}'.format(1) }}",
		"zfill":         "{{ '1'.zfill(10**9) }}",
		"expandtabs":    "{{ '\t'.expandtabs(10**9) }}",
		"batch fill":    "{{ [1]|batch(10**9, 'x')|list|length }}",
		"slice count":   "{{ [1]|slice(10**9)|list|length }}",
		"power":         "{{ 10 ** (10 ** 9) }}",
		"squares":       "{% set ns = namespace(n=7) %}{% for i in range(40) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
		"tojson":        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}",
		"pprint":        "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|pprint }}",
		"captured text": "{% for i in range(1000) %}{% set x %}{{ 'y' * 900 }}{% endset %}{% endfor %}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			out, err := render(t, jinja.Options{Limits: small, Do: true}, source, nil)
			if !errors.Is(err, jinja.ErrLimit) {
				t.Fatalf("got %.100q, %v", out, err)
			}
			var e *jinja.Error
			if !errors.As(err, &e) || e.Template != "test" || e.Line != 1 {
				t.Errorf("the error has no position: %v", err)
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func TestValuesInsideThemselves(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"{% set l = [] %}{% do l.append(l) %}{{ l }}":                                         "[[...]]",
		"{% set d = {} %}{% do d.update({'d': d}) %}{{ d }}":                                  "{'d': {...}}",
		"{% set l = [] %}{% do l.append(l) %}{{ l == l }}":                                    "True",
		"{% set l = [] %}{% do l.append(l) %}{{ l|tojson }}":                                  "",
		"{% set l = [] %}{% do l.append(l) %}{{ l|pprint }}":                                  "",
		"{% set a = [] %}{% do a.append(a) %}{% set b = [] %}{% do b.append(b) %}{{ a < b }}": "",
	} {
		out, err := render(t, jinja.Options{Do: true}, source, nil)
		if want == "" && err == nil || want != "" && out != want {
			t.Errorf("%s: got %q, %v", source, out, err)
		}
	}
}

func TestDeepSourceIsRefused(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		"{{ " + strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000) + " }}",
		"{{ " + strings.Repeat("[", 100_000),
		"{{ " + strings.Repeat("-", 100_000) + "1 }}",
		"{{ " + strings.Repeat("not ", 100_000) + "1 }}",
		"{{ 1" + strings.Repeat("+1", 100_000) + " }}",
		"{{ a" + strings.Repeat(".a", 100_000) + " }}",
		"{{ a" + strings.Repeat("|e", 100_000) + " }}",
		"{{ a" + strings.Repeat("~a", 100_000) + " }}",
		strings.Repeat("{% if 1 %}", 100_000),
		"{{ 1" + strings.Repeat(" if 1 else 1", 100_000) + " }}",
	} {
		_, err := render(t, jinja.Options{}, source, nil)
		var e *jinja.Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("%.20s: %v", source, err)
		}
		if err == nil && !strings.Contains(source, "~") {
			t.Errorf("%.20s was taken", source)
		}
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	env, err := jinja.New(jinja.Options{Limits: jinja.Limits{Steps: 1 << 40}})
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := env.Parse("slow", "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err = tpl.RenderString(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
}

func TestCanceledRendering(t *testing.T) {
	t.Parallel()
	env, err := jinja.New(jinja.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := env.Parse("short", "{% for i in range(10000) %}{% endfor %}")
	if err != nil {
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = tpl.RenderString(canceled, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]jinja.Options{
		"same delimiters":  {Delimiters: jinja.Delimiters{BlockStart: "{{"}},
		"newline sequence": {NewlineSequence: "x"},
		"negative limit":   {Limits: jinja.Limits{Steps: -1}},
		"policy":           {Undefined: 9},
	} {
		if _, err := jinja.New(o); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
