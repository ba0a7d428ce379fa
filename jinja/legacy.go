package jinja

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
)

type (
	filter = *builtin
	test   = testFn
)

func builtinFilters() map[string]filter {
	m := map[string]filter{}
	for k, v := range filters {
		m[k] = v
	}
	return m
}
func builtinTests() map[string]test {
	m := map[string]test{}
	for k, v := range tests {
		m[k] = v
	}
	return m
}
func builtinGlobals() map[string]any {
	m := map[string]any{}
	for k, v := range globals {
		m[k] = v
	}
	return m
}

func toArgs(a *args) Args {
	x := Args{Positional: a.pos, Keyword: map[string]any{}}
	for i, n := range a.kwn {
		x.Keyword[n] = a.kwv[i]
	}
	return x
}

func callbackErr(name string, err error) *Error {
	return &Error{Kind: KindCallback, Message: name + ": " + err.Error(), cause: err}
}

func (e *Env) AddFilter(name string, f Filter) error {
	e.filters[name] = &builtin{name: name, raw: func(_ *state, v any, a *args) any {
		r, err := f(v, toArgs(a))
		if err == nil {
			r, err = From(r)
		}
		if err != nil {
			panic(callbackErr(name, err))
		}
		return r
	}}
	return nil
}

func (e *Env) AddTest(name string, f Test) error {
	e.tests[name] = func(_ *state, v any, a []any) bool {
		r, err := f(v, Args{Positional: a})
		if err != nil {
			panic(callbackErr(name, err))
		}
		return r
	}
	return nil
}

func (e *Env) AddGlobal(name string, value any) error {
	v, err := From(value)
	if err != nil {
		return err
	}
	e.globals[name] = v
	return nil
}

// Template is a parsed template.
type Template struct {
	env    *Env
	name   string
	src    string
	body   []stmt
	blocks map[string]*sBlock
}

// Name is the name that the template was loaded or parsed under.
func (t *Template) Name() string { return t.name }

func sourceLine(src string, n int) string {
	for i := 1; i < n; i++ {
		j := strings.IndexByte(src, '\n')
		if j < 0 {
			return ""
		}
		src = src[j+1:]
	}
	s, _, _ := strings.Cut(src, "\n")
	if len(s) > 200 {
		s = s[:200] + "…"
	}
	return s
}

// Render renders the template. The values are a *Dict, such as FromJSON gives, or what From turns into one; nil is none.
func (t *Template) Render(ctx context.Context, values any) (out string, err error) {
	v, err := From(values)
	if err != nil {
		return "", err
	}
	vars, ok := v.(*Dict)
	if !ok && v != nil {
		return "", fmt.Errorf("render %s: the values are a %T and not a mapping", t.name, values)
	}
	st := &state{env: t.env, ctx: ctx, out: &strings.Builder{}, autoescape: t.env.opt.Autoescape, lim: t.env.opt.Limits}
	defer func() {
		if r := recover(); r != nil {
			e, ok := st.locate(r).(*Error)
			if !ok {
				panic(r)
			}
			out, err = "", e
		}
	}()
	rc := &rctx{tpl: t, vars: map[string]any{}, base: vars, blocks: map[string][]*blockRef{}}
	st.runTemplate(t, rc)
	return st.out.String(), nil
}

type frame struct {
	tpl  *Template
	line int
}

type state struct {
	env          *Env
	ctx          context.Context
	out          *strings.Builder
	autoescape   bool
	tpl          *Template
	line         int
	stack        []frame
	steps, alloc int64
	written      int64
	lim          Limits
}

func (st *state) step() {
	st.steps++
	if st.steps > st.lim.Steps {
		panic(limitErr("template ran for more than %d steps", st.lim.Steps))
	}
	if st.steps&1023 == 0 && st.ctx != nil {
		if err := st.ctx.Err(); err != nil {
			panic(&Error{Kind: KindLimit, Message: "rendering stopped: " + err.Error(), cause: err})
		}
	}
}

func (st *state) use(n int64) {
	st.alloc += n
	if n < 0 || st.alloc > st.lim.Memory {
		panic(limitErr("template built more than %d bytes of values", st.lim.Memory))
	}
}

func (st *state) write(s string) {
	st.written += int64(len(s))
	if st.written > st.lim.Output {
		panic(limitErr("output is larger than %d bytes", st.lim.Output))
	}
	st.out.WriteString(s)
}

func (st *state) push(t *Template) func() {
	if len(st.stack) >= st.lim.Depth {
		panic(rerr("RecursionError", "more than %d nested macros, includes or blocks", st.lim.Depth))
	}
	tpl, line := st.tpl, st.line
	st.stack = append(st.stack, frame{tpl, line})
	if t != nil {
		st.tpl = t
	}
	return func() {
		r := recover()
		if r != nil {
			r = st.locate(r)
			if e, ok := r.(*Error); ok && tpl != nil && len(e.Stack) < 20 {
				e.Stack = append(e.Stack, Frame{tpl.name, line})
			}
		}
		st.stack = st.stack[:len(st.stack)-1]
		st.tpl, st.line = tpl, line
		if r != nil {
			panic(r)
		}
	}
}

func (st *state) locate(r any) any {
	e, ok := r.(*Error)
	if !ok {
		re, isRT := r.(runtime.Error)
		if !isRT {
			return r
		}
		e = &Error{Kind: "InternalError", Message: re.Error(), cause: re}
	}
	if e.Template == "" && st.tpl != nil {
		e.Template, e.Line = st.tpl.name, st.line
		e.Source = sourceLine(st.tpl.src, st.line)
	}
	return e
}

func (st *state) capture(f func()) string {
	old := st.out
	st.out = &strings.Builder{}
	f()
	s := st.out.String()
	st.out = old
	st.use(int64(len(s)))
	return s
}

func (st *state) mark(s string) any {
	if st.autoescape {
		return Markup(s)
	}
	return s
}

func rerr(kind, f string, a ...any) *Error { return fail(Kind(kind), f, a...) }

var _ = errors.New
