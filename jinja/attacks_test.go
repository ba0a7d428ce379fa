package jinja_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"hls/jinja"
)

// An attack is a template, with values, that tries to run on, to take memory, to read what is not its own, or to end the
// process.
type attack struct {
	source string
	values any
}

// bits repeats what grows by doubling.
const (
	textOf8M  = "{% set ns = namespace(s='Ab <é-') %}{% for i in range(20) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}"
	longList  = "{% set l = range(100000)|list %}"
	manyTimes = "{% for i in range(100000) %}{% for j in range(100000) %}"
	endTimes  = "{% endfor %}{% endfor %}"
)

// onTime are attacks that would run for hours.
var onTime = map[string]attack{
	"loops":                   {source: manyTimes + endTimes},
	"length of a long text":   {source: "{% set s = 'é' * 3000000 %}" + manyTimes + "{{ s|length }}" + endTimes},
	"search in a long text":   {source: "{% set s = 'a' * 6000000 %}" + manyTimes + "{{ 'b' in s }}" + endTimes},
	"comparing long texts":    {source: "{% set s = 'a' * 4000000 %}{% set z = 'a' * 4000000 %}" + manyTimes + "{{ s == z }}" + endTimes},
	"ordering long texts":     {source: "{% set s = 'a' * 4000000 %}{% set z = 'a' * 4000000 %}" + manyTimes + "{{ s < z }}" + endTimes},
	"hashing long texts":      {source: "{% set s = 'a' * 6000000 %}{% set d = {} %}" + manyTimes + "{{ d[s] }}" + endTimes},
	"hashing long tuples":     {source: "{% set t = ([1] * 100000)|batch(100000)|first %}{% macro m() %}{% if varargs in {} %}{% endif %}{% endmacro %}" + manyTimes + "{{ m(*t) }}" + endTimes},
	"counting words":          {source: "{% set s = 'a ' * 3000000 %}" + manyTimes + "{{ s|wordcount }}" + endTimes},
	"popping a dict":          {source: "{% set d = dict.fromkeys(range(100000)) if false else {} %}{% for i in range(100000) %}{% do d.update({i: i}) %}{% endfor %}" + manyTimes + "{% do d.popitem() %}{% do d.update({i: j}) %}" + endTimes},
	"popping a dict in front": {source: "{% set d = {} %}{% for i in range(50000) %}{% do d.update({i: i}) %}{% endfor %}{% for i in range(50000) %}{% do d.pop(i) %}{% endfor %}" + manyTimes + endTimes},
	"keywords without number": {source: "{% set d = {} %}{% for i in range(60000) %}{% do d.update({i|string: i}) %}{% endfor %}" + manyTimes + "{{ dict(**d)|length }}" + endTimes},
	"brackets around links":   {source: "{{ ('http://a.b/' ~ '(' * 400000 ~ ')' * 400000)|urlize|length }}" + manyTimes + endTimes},
	"grouped zeros":           {source: manyTimes + "{{ '{:01000000,}'.format(1)|length }}" + endTimes},
	"large numbers":           {source: "{% set n = 7 ** 10000 %}" + manyTimes + "{{ (n * n) % 1000 }}" + endTimes},
	"numbers as text":         {source: "{% set n = 7 ** 20000 %}" + manyTimes + "{% if (n ~ '') == 'x' %}{% endif %}" + endTimes},
	"sorting":                 {source: longList + manyTimes + "{{ l|sort|first }}" + endTimes},
	"including many blocks":   {source: "{% set n = 0 %}" + manyTimes + "{% include 'blocks' %}" + endTimes},
	"wrapping":                {source: "{% set s = ('a' * 30 ~ ' ') * 10000 %}" + manyTimes + "{{ s|wordwrap(1)|length }}" + endTimes},
	"endless list":            {source: "{% set l = [1] %}{% for x in l %}{% do l.append(x) %}{% endfor %}"},
	"rounding":                {source: manyTimes + "{{ 1.5|round(400) }}{{ (10 ** 4000)|round(-4000) }}" + endTimes},
}

// blocks is a template with many blocks.
func blocks() string {
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, "{%% block b%d %%}{%% endblock %%}", i)
	}
	return b.String()
}

// TestAttacksOnTime: no template runs longer than its deadline, whatever it does.
func TestAttacksOnTime(t *testing.T) {
	for name, a := range onTime {
		t.Run(name, func(t *testing.T) {
			env, err := jinja.New(jinja.Options{
				Do: true, Loader: jinja.Map{"main": a.source, "blocks": blocks()},
				Limits: jinja.Limits{Steps: 1 << 50, Memory: 1 << 50, Output: 1 << 50},
			})
			if err != nil {
				t.Fatal(err)
			}
			tpl, err := env.Template("main")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := env.Template("blocks"); err != nil { // parsing is not on the deadline of a rendering
				t.Fatal(err)
			}
			const deadline, grace = 100 * time.Millisecond, 3 * time.Second // the machine may be busy
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			start := time.Now()
			out, err := tpl.RenderString(ctx, a.values)
			if d := time.Since(start); d > deadline+grace {
				t.Errorf("took %v", d)
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %.100q, %v", out, err)
			}
		})
	}
}

// inMemory are attacks that would take gigabytes.
var inMemory = map[string]attack{
	"doubling a text":          {source: "{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}"},
	"case of many texts":       {source: textOf8M + "{% set l = [ns.s] * 10000 %}{{ l|sort|length }}"},
	"unique texts":             {source: textOf8M + "{% set l = [ns.s] * 10000 %}{{ l|unique|list|length }}"},
	"keys of groups":           {source: textOf8M + "{% set l = [{'k': ns.s}] * 10000 %}{{ l|groupby('k')|length }}"},
	"titles":                   {source: "{{ ('a ' * 6000000)|title|length }}"},
	"words":                    {source: "{% set s = 'a ' * 6000000 %}{{ s.split()|length }}"},
	"lines":                    {source: "{% set s = '\\n' * 9000000 %}{{ s|indent|length }}"},
	"lines that are wrapped":   {source: "{% set s = '\\n' * 9000000 %}{{ s|wordwrap|length }}"},
	"words that are wrapped":   {source: "{% set s = 'a ' * 4500000 %}{{ s|wordwrap|length }}"},
	"letters":                  {source: "{{ ('a' * 9000000)|list|length }}"},
	"quoting":                  {source: "{% set s = '\\x00' * 9000000 %}{{ [s]|string|length }}"},
	"JSON":                     {source: "{% set s = '\\x00' * 9000000 %}{{ [s, s]|tojson|length }}"},
	"JSON for HTML":            {source: "{% set s = '<' * 9000000 %}{{ [s, s]|tojson|length }}"},
	"escaping":                 {source: "{% set s = '\"' * 9000000 %}{{ s|e|length }}"},
	"escaped arguments":        {source: "{% set s = '<' * 900000 %}{% set l = [] %}{% for i in range(1000) %}{% do l.append(s|e) %}{% endfor %}"},
	"arguments that are kept":  {source: longList + "{% set ns = namespace(k=[]) %}{% macro m() %}{% do ns.k.append(varargs) %}{% endmacro %}{% for i in range(1000) %}{{ m(*l) }}{% endfor %}"},
	"keywords that are kept":   {source: "{% set d = {} %}{% for i in range(1000) %}{% do d.update({i|string: i}) %}{% endfor %}{% set ns = namespace(k=[]) %}{% macro m() %}{% do ns.k.append(kwargs) %}{% endmacro %}{% for i in range(10000) %}{{ m(**d) }}{% endfor %}"},
	"macros that are kept":     {source: "{% set l = [] %}{% for i in range(100000) %}{% for j in range(10) %}{% macro m() %}{% endmacro %}{% do l.append(m) %}{% endfor %}{% endfor %}"},
	"methods that are kept":    {source: "{% set l = [] %}{% for i in range(100000) %}{% for j in range(10) %}{% do l.append(''.upper) %}{% endfor %}{% endfor %}"},
	"numbers that are kept":    {source: "{% set n = 7 ** 20000 %}{% set l = [] %}{% for i in range(100000) %}{% do l.append(n + i) %}{% endfor %}"},
	"parsed numbers":           {source: "{% set s = '9' * 4000 %}{% set l = [] %}{% for i in range(100000) %}{% do l.append(s|int) %}{% endfor %}"},
	"pairs that are kept":      {source: "{% set d = {} %}{% for i in range(10000) %}{% do d.update({i: i}) %}{% endfor %}{% set l = [] %}{% for i in range(1000) %}{% do l.extend(d.items()) %}{% endfor %}"},
	"undefined values":         {source: "{% set l = [] %}{% for i in range(100000) %}{% for j in range(10) %}{% do l.append(nope) %}{% endfor %}{% endfor %}"},
	"what is captured":         {source: "{% set l = [] %}{% for i in range(1000) %}{% set x %}{{ 'y' * 100000 }}{% endset %}{% do l.append(x) %}{% endfor %}"},
	"the output":               {source: "{% for i in range(100000) %}{{ 'y' * 1000 }}{% endfor %}"},
	"a list in itself, often":  {source: "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}"},
	"a wide format":            {source: "{% set l = [] %}{% for i in range(1000) %}{% do l.append('%1000000d' % 1) %}{% endfor %}"},
	"a text that is repeated":  {source: "{{ 'ab' * 10 ** 12 }}"},
	"a list that is repeated":  {source: "{{ ([1] * 10 ** 12)|length }}"},
	"a replacement":            {source: "{{ ('a' * 100000)|replace('a', 'a' * 100000)|length }}"},
	"a replacement of nothing": {source: "{{ ('a' * 100000).replace('', 'a' * 100000)|length }}"},
	"a join":                   {source: "{{ (['a'] * 100000)|join('a' * 100000)|length }}"},
	"tabs":                     {source: "{{ ('\\t' * 1000).expandtabs(1000000)|length }}"},
}

// heap is what the heap holds, garbage included.
func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// watchHeap calls f and gives how much the heap grew at most meanwhile.
func watchHeap(f func()) uint64 {
	runtime.GC()
	before, peak := heap(), uint64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				peak = max(peak, heap())
			}
		}
	}()
	f()
	close(stop)
	<-done
	return max(peak, heap(), before) - before
}

// TestAttacksOnMemory: what a template takes stays near its limit, with the garbage that is made on the way.
func TestAttacksOnMemory(t *testing.T) {
	const limit = 16 << 20
	for name, a := range inMemory {
		t.Run(name, func(t *testing.T) {
			var out string
			var err error
			took := watchHeap(func() {
				out, err = render(t, jinja.Options{Do: true, Limits: jinja.Limits{Memory: limit, Output: limit / 4}}, a.source, a.values)
			})
			if took > 5*limit {
				t.Errorf("took %d MiB of a limit of %d", took>>20, limit>>20)
			}
			if !errors.Is(err, jinja.ErrLimit) && len(out) > 20 {
				t.Errorf("got %.100q, %v", out, err)
			}
			t.Logf("%d MiB, %v", took>>20, err)
		})
	}
}

// onProcess are attacks that would end the process, by a panic or by a stack that is too deep.
func onProcess() map[string]attack {
	cyclic := &jinja.List{}
	cyclic.Items = []any{cyclic}
	ring := jinja.NewDict()
	ring.Set("d", ring)
	deep := any(int64(1))
	for range 200_000 {
		deep = &jinja.List{Items: []any{deep}}
	}
	values := map[string]any{"c": cyclic, "r": ring, "deep": deep}
	chained := "(" + strings.Repeat("(", 300) + "1" + strings.Repeat(strings.Repeat("+1", 900)+")", 300) + ")"
	return map[string]attack{
		"a deep expression":         {source: "{{ " + chained + " }}"},
		"a deep expression, called": {source: "{% macro m() %}{{ m() ~ (" + strings.Repeat("(", 300) + "1" + strings.Repeat("+1+1+1)", 300) + ") }}{% endmacro %}{{ m() }}"},
		"deep statements":           {source: strings.Repeat("{% if 1 %}{% for x in [1] %}", 100_000)},
		"deep literals":             {source: "{{ " + strings.Repeat("[", 50_000) + strings.Repeat("]", 50_000) + " }}"},
		"filters of filters":        {source: "{% set ns = namespace(g=[1]) %}{% for i in range(100000) %}{% set ns.g = ns.g|map('string') %}{% endfor %}{{ ns.g|list }}"},
		"selections of selections":  {source: "{% set ns = namespace(g=[1]) %}{% for i in range(100000) %}{% set ns.g = ns.g|select %}{% endfor %}{{ ns.g|first }}"},
		"macros in macros":          {source: "{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}"},
		"calls in calls":            {source: "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}"},
		"a block in itself":         {source: "{% block b %}{{ self.b() }}{% endblock %}"},
		"a loop in itself":          {source: "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}"},
		"an include of itself":      {source: "{% include 'self' %}"},
		"an extension of itself":    {source: "{% extends 'extends' %}"},
		"an import of itself":       {source: "{% import 'import' as x %}{{ x }}"},
		"a cyclic value, printed":   {source: "{{ c }}{{ r }}{{ c|pprint }}", values: values},
		"a cyclic value as JSON":    {source: "{{ c|tojson }}", values: values},
		"cyclic values, compared":   {source: "{{ c < [[c]] }}{{ c == [[c]] }}{{ r == {'d': {'d': r}} }}", values: values},
		"a cyclic value, changed":   {source: "{% do c.append(1) %}{% do r.update(c=c) %}{{ c }}", values: values},
		"a deep value, printed":     {source: "{{ deep }}", values: values},
		"a deep value as JSON":      {source: "{{ deep|tojson }}", values: values},
		"a deep value, pretty":      {source: "{{ deep|pprint }}", values: values},
		"a deep value, changed":     {source: "{% do deep.append(1) %}", values: values},
		"a deep value as a key":     {source: "{{ {(deep,): 1} }}", values: values},
		"the smallest number":       {source: "{% set n = -9223372036854775807 - 1 %}{{ n // -1 }}{{ n % -1 }}{{ -n }}{{ n|abs }}{{ [1, 2][n:] }}{{ 'ab'[n] }}{{ range(n, n + 2)|list }}"},
		"the largest slices":        {source: "{{ 'abc'[9223372036854775807:-9223372036854775807:9223372036854775807] }}{{ [1, 2][::-9223372036854775807] }}{{ range(3)[::9223372036854775807] }}"},
		"formats of no sense":       {source: "{{ '%' % 1 }}"},
		"formats without end":       {source: "{{ '{0[' .format(1) }}"},
		"negative widths":           {source: "{{ '%-*d' % (-5, 1) }}{{ 'x'.center(-5) }}{{ 'x'.zfill(-1) }}{{ 'x'|truncate(3, true, '...', 0) }}{{ [1]|batch(-1)|list }}{{ [1]|slice(-1)|list }}{{ 'x'|wordwrap(1) }}"},
		"numbers that are none":     {source: "{{ (1e308 * 10)|int }}"},
		"rounds of no number":       {source: "{{ (1e308 * 10)|round(2, 'ceil') }}"},
		"bytes that are no text":    {source: "{{ s|title }}{{ s|upper }}{{ s[1:] }}{{ s|tojson }}{{ s|urlize }}{{ s|wordwrap(1) }}{{ '%c' % 55296 }}\xff{{ '\xfe' }}", values: map[string]any{"s": "\xff\xfe a\xf0\x9f"}},
		"a list that shrinks":       {source: "{% set l = [1, 2, 3] %}{% for x in l %}{% do l.clear() %}{{ loop.last }}{{ loop.nextitem }}{% endfor %}{{ l|sort }}"},
		"a dict that shrinks":       {source: "{% set d = {1: 1, 2: 2} %}{% for k in d %}{% do d.clear() %}{% endfor %}"},
		"calls of what is none":     {source: "{{ none() }}"},
		"sorting what has no order": {source: "{{ [1, 'a', none, [], {}]|sort }}"},
		"a panic in a filter":       {source: "{{ 1|panics }}"},
	}
}

// TestAttacksOnTheProcess: nothing ends the process; what fails is an error that is not this package's fault.
func TestAttacksOnTheProcess(t *testing.T) {
	t.Parallel()
	for name, a := range onProcess() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, err := jinja.New(jinja.Options{
				Do: true, OnUndefined: func(jinja.UndefinedUse) {},
				Filters: map[string]jinja.Filter{"panics": func(any, jinja.Args) (any, error) { panic("on purpose") }},
				Loader: jinja.Map{
					"main": a.source, "self": "{% include 'self' %}", "extends": "{% extends 'extends' %}", "import": "{% import 'import' as x %}{{ x }}",
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			out := ""
			tpl, err := env.Template("main")
			if err == nil {
				out, err = tpl.RenderString(ctx, a.values)
			}
			var e *jinja.Error
			if err != nil && (!errors.As(err, &e) || e.Kind == "InternalError" || errors.Is(err, context.DeadlineExceeded)) {
				t.Errorf("got %.100q, %.1000v", out, err)
			}
			if strings.HasPrefix(name, "a panic") && (e == nil || e.Kind != jinja.KindCallback) {
				t.Errorf("got %.100q, %v", out, err)
			}
		})
	}
}

// TestAttacksOnTheCompiler: a source of at most a mebibyte is compiled or refused soon.
func TestAttacksOnTheCompiler(t *testing.T) {
	names := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, source := range map[string]string{
		"loops around much":        strings.Repeat("{% for x in y %}", 350) + strings.Repeat("{{ a }}", 100_000) + strings.Repeat("{% endfor %}", 350),
		"branches with many names": names(10_000, "{%% set n%d = 1 %%}") + "{% if a %}" + strings.Repeat("{% elif b %}", 40_000) + "{% endif %}",
		"includes with many names": names(10_000, "{%% set n%d = 1 %%}") + strings.Repeat("{% include 'a' %}", 40_000),
		"joined texts":             "{{ " + strings.Repeat("('a' ~ ", 350) + strings.Repeat("'b' ~ ", 100_000) + "'c'" + strings.Repeat(")", 350) + " }}",
		"open quotes":              "{{ " + strings.Repeat("' ", 500_000),
		"open comments":            strings.Repeat("{# ", 300_000),
		"raw without end":          "{% raw %}" + strings.Repeat("{%", 500_000),
		"many blocks":              names(30_000, "{%% block b%d %%}{%% endblock %%}"),
		"one long text":            strings.Repeat(" \n", 500_000) + "{%- if 1 -%}" + strings.Repeat("\n ", 500_000),
		"numbers":                  "{{ " + strings.Repeat("9", 1_000_000) + " }}",
		"more than a mebibyte":     strings.Repeat("a", 1<<20+1),
	} {
		t.Run(name, func(t *testing.T) {
			env, err := jinja.New(jinja.Options{LstripBlocks: true})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			_, err = env.Parse("main", source)
			var e *jinja.Error
			if err != nil && (!errors.As(err, &e) || e.Kind == "InternalError") {
				t.Errorf("got %.1000v", err)
			}
			if d := time.Since(start); d > 30*time.Second {
				t.Errorf("took %v", d)
			}
			t.Logf("%v, %.100v", time.Since(start), err)
		})
	}
}

// TestAttacksOnTheLoader: no name, however it is made, reads outside of the loader's root, nor through it what is no file.
func TestAttacksOnTheLoader(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "secret"), "SECRET")
	writeFile(t, filepath.Join(dir, "root", "ok"), "fine")
	if err := os.Symlink("../secret", filepath.Join(dir, "root", "link")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(filepath.Join(dir, "root"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	for _, source := range []string{
		"{% include '../secret' %}", "{% include ['../secret', 'link'] %}", "{% include '..' ~ '/secret' ignore missing %}",
		"{% extends '/etc/passwd' %}", "{% import '//etc/passwd' as x %}{{ x }}", "{% from './/../secret' import x %}",
		"{% include 'ok/../../secret' %}", "{% include 'link' %}", "{% include '\\x2e\\x2e/secret' %}", "{% include 'ok\\x00' %}",
		"{% include '..\\\\secret' %}", "{% include '.' %}", "{% include '' %}", "{% include 'file:///etc/passwd' %}", "{% include '%2e%2e/secret' %}",
		"{% include '/proc/self/environ' %}", "{% include v %}", "{% include [v, v ~ ''] ignore missing %}", "{% include '../root/../secret' %}",
	} {
		out, err := render(t, jinja.Options{Loader: jinja.FS(root.FS())}, source, map[string]any{"v": filepath.Join(dir, "secret")})
		var e *jinja.Error
		if strings.Contains(out, "SECRET") || strings.Contains(out, "root:") || err != nil && (!errors.As(err, &e) || e.Kind != jinja.KindNotFound && e.Kind != "TemplatesNotFound") {
			t.Errorf("%s: got %q, %v", source, out, err)
		}
	}
}
