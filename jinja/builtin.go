package jinja

import (
	"slices"
	"strings"
)

// signature is a parsed parameter list such as "old new count?"; a "/" at its end makes the parameters positional.
type signature struct {
	names      []string
	required   int
	positional bool // the parameters have no names for the caller
}

func mustSig(s string) signature {
	var g signature
	for _, n := range strings.Fields(s) {
		if n == "/" {
			g.positional = true
			continue
		}
		name, optional := strings.CutSuffix(n, "?")
		if !optional {
			g.required++
		}
		g.names = append(g.names, name)
	}
	return g
}

// bind puts the arguments in the order of the parameters; those not given are missing.
func (g signature) bind(name string, a *args) []any {
	out := make([]any, len(g.names))
	for i := range out {
		out[i] = missing
	}
	if len(a.pos) > len(g.names) {
		panic(typeErr("%s() takes at most %d arguments (%d given)", name, len(g.names), len(a.pos)))
	}
	if g.positional && len(a.names) > 0 {
		panic(typeErr("%s() takes no keyword arguments", name))
	}
	copy(out, a.pos)
	for i, n := range a.names {
		j := slices.Index(g.names, n)
		if j < 0 {
			panic(typeErr("%s() got an unexpected keyword argument '%s'", name, n))
		}
		if out[j] != missing {
			panic(typeErr("%s() got multiple values for argument '%s'", name, n))
		}
		out[j] = a.values[i]
	}
	var absent []string
	for j, n := range g.names[:g.required] {
		if out[j] == missing {
			absent = append(absent, "'"+n+"'")
		}
	}
	if len(absent) > 0 {
		panic(absentErr(name, absent))
	}
	return out
}

func absentErr(name string, absent []string) *Error {
	plural, list := "", absent[0]
	if n := len(absent); n > 1 {
		plural, list = "s", strings.Join(absent[:n-1], ", ")
		if n > 2 {
			list += ","
		}
		list += " and " + absent[n-1]
	}
	return typeErr("%s() missing %d required positional argument%s: %s", name, len(absent), plural, list)
}

// builtin is a filter, test, method or global function.
type builtin struct {
	name     string // in messages
	sig      signature
	variadic bool // it reads call.args itself
	fn       func(c *call) any
}

// call is one call of a builtin.
type call struct {
	st   *state
	ctx  *tplContext
	self any // what a filter, test or method is applied to
	args *args
	a    []any // bound to the parameters
}

// direct calls a builtin with positional arguments in their right number, which it does without making anything on the
// heap. It reports false, and has evaluated nothing, where the call is another. The builtin must not keep its call.
func (st *state) direct(sc *scope, b *builtin, self any, x *callArgs, pos at) (any, bool) {
	n := len(b.sig.names)
	if b.variadic || x.names != nil || x.star != nil || x.dstar != nil || len(x.pos) > n || len(x.pos) < b.sig.required {
		return nil, false
	}
	base := len(st.vals)
	for _, p := range x.pos {
		v := st.eval(sc, p)
		st.vals = append(st.vals, v)
	}
	for len(st.vals) < base+n {
		st.vals = append(st.vals, missing)
	}
	st.at(pos)
	if st.active == len(st.calls) {
		st.calls = append(st.calls, &call{})
	}
	c := st.calls[st.active]
	st.active++
	*c = call{st: st, ctx: sc.ctx, self: self, a: st.vals[base : base+n : base+n]}
	st.weigh(c.self)
	st.weigh(c.a...)
	v := st.made(b.fn(c))
	st.active--
	clear(st.vals[base:])
	st.vals = st.vals[:base]
	return v, true
}

func (b *builtin) invoke(c *call) any {
	c.st.weigh(c.self)
	c.st.weigh(c.args.pos...)
	if !b.variadic {
		c.a = b.sig.bind(b.name, c.args)
	}
	return c.st.made(b.fn(c))
}

// entry is a row of a table of builtins; params "*" is a variadic one.
type entry struct {
	name, params string
	fn           func(c *call) any
}

func table(prefix string, lists ...[]entry) map[string]*builtin {
	out := map[string]*builtin{}
	for _, list := range lists {
		for _, e := range list {
			b := &builtin{name: prefix + e.name, variadic: e.params == "*", fn: e.fn}
			if !b.variadic {
				b.sig = mustSig(e.params)
			}
			out[e.name] = b
		}
	}
	return out
}

func (c *call) has(i int) bool { return c.a[i] != missing && c.a[i] != nil }

// arg is an argument, or def when it is not given.
func (c *call) arg(i int, def any) any {
	if c.a[i] == missing {
		return def
	}
	return c.a[i]
}

func (c *call) bool(i int, def bool) bool {
	if c.a[i] == missing {
		return def
	}
	return c.st.truth(c.a[i])
}

// int is an argument that must be an integer.
func (c *call) int(i int, def int64) int64 {
	if c.a[i] == missing {
		return def
	}
	return mustInt(c.a[i])
}

// size is an argument that must be an integer of 64 bits.
func (c *call) size(i int, def int64) int64 {
	if c.a[i] == missing {
		return def
	}
	return sizeOf(c.a[i])
}

// optInt is an argument that must be an integer or None, which counts as not given.
func (c *call) optInt(i int, def int64) int64 {
	if !c.has(i) {
		return def
	}
	return mustInt(c.a[i])
}

// str is an argument that must be a string; None counts as not given.
func (c *call) str(i int, def string) string {
	if !c.has(i) {
		return def
	}
	return mustStr(c.a[i])
}

// mustStr is a value that must be a string.
func mustStr(v any) string {
	s, ok := asStr(v)
	if !ok {
		panic(typeErr("expected str, not %s", typeName(v)))
	}
	return s
}

// selfStr is what the call is applied to, as a string.
func (c *call) selfStr() string { return c.st.str(c.self) }
