package jinja

import "math/big"

// The values of a template are nil, bool, int64, *big.Int (beyond int64), float64, string, Markup, *List, *Tuple, *Dict,
// Function, and what only a template makes: generators, ranges, undefined values, macros and the like. From makes them
// of Go's values.

// Markup is a string that is safe to print under autoescape.
type Markup string

// List is a Python list.
type List struct{ Items []any }

// Tuple is a Python tuple; Names, where given, makes it a named tuple.
type Tuple struct {
	Items []any
	Names []string
}

func tuple(items ...any) *Tuple { return &Tuple{Items: items} }

// generator is what a lazy filter gives: it is computed when first read, and can be read once.
type generator struct {
	st       *state
	typeName string
	make     func() []any
	items    []any
	started  bool
}

func (st *state) generate(f func() []any) *generator {
	st.use(boundSize)
	return &generator{st: st, typeName: "generator", make: f}
}

// rest takes what is left.
func (g *generator) rest() []any {
	g.start()
	items := g.items
	g.items = nil
	return items
}

// next takes one element.
func (g *generator) next() (any, bool) {
	g.start()
	if len(g.items) == 0 {
		return nil, false
	}
	v := g.items[0]
	g.items = g.items[1:]
	return v, true
}

func (g *generator) start() {
	if g.started {
		return
	}
	g.started = true
	if g.st.lazy++; g.st.lazy > maxLazy {
		panic(limitErr("more than %d filters read from each other", maxLazy))
	}
	g.items = g.make()
	g.st.lazy--
}

// rangeValue is Python's range object.
type rangeValue struct{ start, stop, step int64 }

func (r *rangeValue) len() int64 {
	switch {
	case r.step > 0 && r.start < r.stop:
		return 1 + int64((uint64(r.stop)-uint64(r.start)-1)/uint64(r.step))
	case r.step < 0 && r.start > r.stop:
		return 1 + int64((uint64(r.start)-uint64(r.stop)-1)/-uint64(r.step))
	}
	return 0
}

func (r *rangeValue) index(i int64) (any, bool) {
	n := r.len()
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return nil, false
	}
	return r.start + i*r.step, true
}

func (r *rangeValue) contains(v any) bool {
	if f, ok := v.(float64); ok {
		if f != float64(int64(f)) {
			return false
		}
		v = int64(f)
	}
	i, ok := toInt(v)
	if !ok {
		return false
	}
	if r.step > 0 {
		return i >= r.start && i < r.stop && (i-r.start)%r.step == 0
	}
	return i <= r.start && i > r.stop && (r.start-i)%-r.step == 0
}

// dictView is what keys(), values() and items() of a dict give.
type dictView struct {
	d    *Dict
	kind string // "dict_keys", "dict_values" or "dict_items"
}

func (v *dictView) items() []any {
	switch v.kind {
	case "dict_keys":
		return v.d.keys
	case "dict_values":
		return v.d.vals
	}
	return v.d.pairs()
}

// function is a callable value.
type function struct {
	typeName string
	name     string   // of a type, such as range
	builtin  *builtin // what is called, where that is one
	call     func(st *state, a *args) any
}

// namespace is the value of namespace().
type namespace struct{ d *Dict }

// module is an imported template.
type module struct {
	ctx *tplContext
	out string
}

// macro is a macro with the scope in which it was defined.
type macro struct {
	def        *macroDef
	name       string
	sc         *scope
	tpl        *Template
	autoescape bool
}

// blockCall is self.name or super: a callable that renders a block.
type blockCall struct {
	ctx   *tplContext
	name  string
	depth int
}

// selfValue is the variable self.
type selfValue struct{ ctx *tplContext }

type cycler struct {
	items []any
	pos   int
}

type joiner struct {
	sep  any
	used bool
}

// args are the arguments of a call.
type args struct {
	pos    []any
	names  []string
	values []any
}

func (a *args) keyword(name string) (any, bool) {
	for i, n := range a.names {
		if n == name {
			return a.values[i], true
		}
	}
	return nil, false
}

func (a *args) dict() *Dict {
	d := NewDict()
	for i, n := range a.names {
		d.Set(n, a.values[i])
	}
	return d
}

func asStr(v any) (string, bool) {
	switch t := v.(type) {
	case string:
		return t, true
	case Markup:
		return string(t), true
	}
	return "", false
}

// truth is Python's bool().
func (st *state) truth(v any) bool {
	switch t := v.(type) {
	case nil:
		return false
	case bool:
		return t
	case int64:
		return t != 0
	case *big.Int:
		return t.Sign() != 0
	case float64:
		return t != 0
	case string:
		return t != ""
	case Markup:
		return t != ""
	case *List:
		return len(t.Items) > 0
	case *Tuple:
		return len(t.Items) > 0
	case *Dict:
		return t.Len() > 0
	case *dictView:
		return t.d.Len() > 0
	case *rangeValue:
		return t.len() > 0
	case *loop:
		return t.total() > 0
	case *Undefined:
		st.useUndefined(t, "test")
		return false
	}
	return true
}

// iter lists the elements of an iterable.
func (st *state) iter(v any) []any {
	items, ok := st.tryIter(v)
	if !ok {
		panic(typeErr("'%s' object is not iterable", typeName(v)))
	}
	return items
}

func (st *state) tryIter(v any) ([]any, bool) {
	switch t := v.(type) {
	case *List:
		return t.Items[:len(t.Items):len(t.Items)], true
	case *Tuple:
		return t.Items[:len(t.Items):len(t.Items)], true
	case *Dict:
		return t.keys[:len(t.keys):len(t.keys)], true
	case *dictView:
		if t.kind == "dict_items" {
			st.useTimes(entrySize, int64(t.d.Len()))
		}
		items := t.items()
		return items[:len(items):len(items)], true
	case *generator:
		return t.rest(), true
	case *rangeValue:
		return st.rangeItems(t), true
	case string:
		return st.chars(t), true
	case Markup:
		items := st.chars(string(t))
		return items, true
	case *Undefined:
		st.useUndefined(t, "iterate")
		return nil, true
	}
	return nil, false
}

func (st *state) rangeItems(r *rangeValue) []any {
	n := r.len()
	st.useTimes(itemSize, n)
	out := make([]any, n)
	for i := range out {
		out[i] = r.start + int64(i)*r.step
	}
	return out
}

func (st *state) chars(s string) []any {
	st.use(textSize * int64(runeLen(s)))
	out := make([]any, 0, len(s))
	for _, r := range s {
		out = append(out, string(r))
	}
	return out
}

// length is Python's len(); ok is false for a value without one.
func (st *state) length(v any) (n int, ok bool) {
	switch t := v.(type) {
	case string:
		return runeLen(t), true
	case Markup:
		return runeLen(string(t)), true
	case *List:
		return len(t.Items), true
	case *Tuple:
		return len(t.Items), true
	case *Dict:
		return t.Len(), true
	case *dictView:
		return t.d.Len(), true
	case *rangeValue:
		return int(t.len()), true
	case *Undefined:
		st.useUndefined(t, "length")
		return 0, true
	case *loop:
		return t.total(), true
	}
	return 0, false
}

func (st *state) mustLength(v any) int {
	n, ok := st.length(v)
	if !ok {
		panic(typeErr("object of type '%s' has no len()", typeName(v)))
	}
	return n
}
