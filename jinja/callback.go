package jinja

import (
	"errors"
	"fmt"
)

// Args are the arguments of a filter, test or function call in a template, as values of this package.
type Args struct {
	Positional []any
	Keyword    map[string]any
}

// A Filter computes value|name(args). Its result is converted by From.
type Filter func(value any, args Args) (any, error)

// A Test decides "value is name(args)".
type Test func(value any, args Args) (bool, error)

// A Function is a callable value: add it as a global, or put it into the values. Its result is converted by From.
//
// A rendering that turns out to change the values it was given is done again on a copy of them, so a Function, Filter or
// Test may be called more often than the template calls it.
type Function func(args Args) (any, error)

var errNothing = errors.New("a name or a function is missing")

// extend adds the filters, tests and globals of the options.
func (e *Env) extend() error {
	for name, f := range e.opt.Filters {
		if name == "" || f == nil {
			return fmt.Errorf("add filter %q: %w", name, errNothing)
		}
		e.filters[name] = &builtin{name: name, variadic: true, fn: func(c *call) any {
			if u, ok := c.self.(*Undefined); ok {
				c.st.report(u, "filter")
			}
			return result(name, func() (any, error) { return f(c.self, c.args.public()) })
		}}
	}
	for name, f := range e.opt.Tests {
		if name == "" || f == nil {
			return fmt.Errorf("add test %q: %w", name, errNothing)
		}
		e.tests[name] = &builtin{name: name, variadic: true, fn: func(c *call) any {
			return result(name, func() (any, error) { return f(c.self, c.args.public()) })
		}}
	}
	for name, value := range e.opt.Globals {
		if name == "" {
			return fmt.Errorf("add global: %w", errNothing)
		}
		v, err := From(value)
		if err != nil {
			return fmt.Errorf("add global %s: %w", name, err)
		}
		e.globals[name] = v
	}
	return nil
}

func (a *args) public() Args {
	p := Args{Positional: a.pos, Keyword: make(map[string]any, len(a.names))}
	for i, n := range a.names {
		p.Keyword[n] = a.values[i]
	}
	return p
}

func wrapFunction(name string, f Function) *function {
	return &function{typeName: "function", call: func(_ *state, a *args) any {
		return result(name, func() (any, error) { return f(a.public()) })
	}}
}

// result is what a function of the caller's gives. Its panic is an error of this rendering alone.
func result(name string, f func() (any, error)) any {
	v, err := guarded(f)
	if err == nil {
		v, err = From(v)
	}
	if err != nil {
		panic(callbackErr(name, err))
	}
	return v
}

func guarded(f func() (any, error)) (v any, err error) {
	defer func() {
		if r := recover(); r != nil {
			v, err = nil, fmt.Errorf("panic: %v", r)
		}
	}()
	return f()
}
