package jinja

import (
	"errors"
	"math"
	"math/big"
	"strings"
)

// rctx is the context of one template: what its top level set, and what it was given.
type rctx struct {
	tpl    *Template
	vars   map[string]any
	order  []string
	base   *Dict
	outer  *scope // an including template's variables
	blocks map[string][]*blockRef
	parent *Template
	noVars bool
}

type scope struct {
	parent *scope
	vars   map[string]any
	rc     *rctx
	top    bool
}

func (s *scope) child() *scope { return &scope{parent: s, rc: s.rc} }

func (s *scope) set(n string, v any) {
	if s.top {
		if _, ok := s.rc.vars[n]; !ok {
			s.rc.order = append(s.rc.order, n)
		}
		s.rc.vars[n] = v
		return
	}
	if s.vars == nil {
		s.vars = map[string]any{}
	}
	s.vars[n] = v
}

func (s *scope) lookup(n string) (any, bool) {
	for x := s; x != nil; x = x.parent {
		if v, ok := x.vars[n]; ok {
			return v, true
		}
	}
	return s.rc.lookup(n)
}

func (r *rctx) lookup(n string) (any, bool) {
	if v, ok := r.vars[n]; ok {
		return v, true
	}
	if r.outer != nil {
		if v, ok := r.outer.lookup(n); ok {
			return v, true
		}
	}
	if r.base != nil {
		if v, ok := r.base.Get(n); ok {
			return v, true
		}
	}
	v, ok := r.tpl.env.globals[n]
	return v, ok
}

type blockRef struct {
	b   *sBlock
	tpl *Template
}

// Namespace is the value of namespace().
type Namespace struct{ d *Dict }

// Module is an imported template.
type Module struct {
	rc  *rctx
	out string
}

// Macro is a macro with the scope that it was defined in.
type Macro struct {
	def *macroDef
	sc  *scope
	tpl *Template
}

type superRef struct {
	rc   *rctx
	name string
	i    int
	sc   *scope
}

type selfRef struct {
	rc *rctx
}

type ctl int

const (
	ctlNone ctl = iota
	ctlBreak
	ctlContinue
)

func (st *state) undef(name string) *Undefined {
	return &Undefined{name: name, kind: st.env.opt.Undefined}
}
func (st *state) undefAttr(o any, name string) *Undefined {
	return &Undefined{name: name, obj: o, hasObj: true, kind: st.env.opt.Undefined}
}

func (st *state) runTemplate(t *Template, rc *rctx) {
	defer st.push(t)()
	for name, b := range t.blocks {
		rc.blocks[name] = append(rc.blocks[name], &blockRef{b, t})
	}
	rc.parent = nil
	sc := &scope{rc: rc, top: true}
	rc.tpl = t
	st.exec(sc, t.body)
	if rc.parent != nil {
		st.runTemplate(rc.parent, rc)
	}
}

func (st *state) getTemplate(v any) *Template {
	switch x := v.(type) {
	case *Undefined:
		panic(x.err())
	case string, Markup:
	default:
		panic(typeErr("template name must be a string, not %s", typeName(v)))
	}
	n, _ := asStr(v)
	t, err := st.env.Template(n)
	if err != nil {
		var e *Error
		if errors.As(err, &e) {
			c := *e
			panic(&c)
		}
		panic(rerr("TemplateError", "%v", err))
	}
	return t
}

func (st *state) exec(sc *scope, body []stmt) ctl {
	for _, s := range body {
		if d, ok := s.(*sData); ok {
			if sc.top && sc.rc.parent != nil {
				continue
			}
			st.write(d.s)
			continue
		}
		st.line = s.pos()
		st.step()
		if c := st.exec1(sc, s); c != ctlNone {
			return c
		}
	}
	return ctlNone
}

func (st *state) exec1(sc *scope, s stmt) ctl {
	silent := sc.top && sc.rc.parent != nil // the child of an extended template prints nothing
	switch s := s.(type) {
	case *sOutput:
		if silent {
			return ctlNone
		}
		st.print(st.eval(sc, s.x))
	case *sIf:
		for i, t := range s.tests {
			if truth(st.eval(sc, t)) {
				return st.exec(sc, s.bodies[i])
			}
		}
		return st.exec(sc, s.els)
	case *sFor:
		if silent {
			return ctlNone
		}
		st.runFor(sc, s, st.iter(st.eval(sc, s.iter)), 0)
	case *sSet:
		st.assign(sc, s.target, st.eval(sc, s.x))
	case *sSetBlock:
		in := sc.child()
		var v any = st.mark(st.capture(func() { st.exec(in, s.body) }))
		if s.filter != nil {
			v = st.filterChain(sc, s.filter, v)
		}
		st.assign(sc, s.target, v)
	case *sWith:
		in := sc.child()
		vals := make([]any, len(s.vals))
		for i, x := range s.vals {
			vals[i] = st.eval(sc, x)
		}
		for i, t := range s.targets {
			st.assign(in, t, vals[i])
		}
		if silent {
			return ctlNone
		}
		return st.exec(in, s.body)
	case *sMacro:
		sc.set(s.def.name, &Macro{s.def, sc, sc.rc.tpl})
	case *sCall:
		m := &Macro{s.def, sc, sc.rc.tpl}
		f := st.eval(sc, s.call.x)
		a := st.args(sc, &s.call.args)
		a.kwn, a.kwv = append(a.kwn, "caller"), append(a.kwv, m)
		v := st.call(f, a)
		if !silent {
			st.print(v)
		}
	case *sFilterBlock:
		if silent {
			return ctlNone
		}
		in := sc.child()
		v := st.mark(st.capture(func() { st.exec(in, s.body) }))
		st.print(st.filterChain(sc, s.filter, v))
	case *sBlock:
		if silent || (sc.rc.parent != nil) {
			return ctlNone
		}
		var outer *scope
		if s.scoped {
			outer = sc
		}
		st.runBlock(sc.rc, s.name, 0, outer)
	case *sExtends:
		t := st.getTemplate(st.eval(sc, s.x))
		if sc.rc.parent != nil {
			panic(rerr("TemplateRuntimeError", "extended multiple times"))
		}
		sc.rc.parent = t
	case *sInclude:
		if silent {
			return ctlNone
		}
		st.include(sc, s)
	case *sImport:
		sc.set(s.as, st.module(sc, s.x, s.withContext))
	case *sFromImport:
		m := st.module(sc, s.x, s.withContext)
		for _, n := range s.names {
			v, ok := m.rc.vars[n[0]]
			if !ok {
				v = &Undefined{name: n[0], kind: st.env.opt.Undefined, hint: "the template " + reprStr(m.rc.tpl.name) + " (imported on line) does not export the requested name " + reprStr(n[0])}
			}
			sc.set(n[1], v)
		}
	case *sDo:
		st.eval(sc, s.x)
	case *sAutoescape:
		old := st.autoescape
		st.autoescape = truth(st.eval(sc, s.x))
		c := st.exec(sc.child(), s.body)
		st.autoescape = old
		return c
	case *sBreak:
		return ctlBreak
	case *sContinue:
		return ctlContinue
	}
	return ctlNone
}

func (st *state) print(v any) {
	if st.autoescape {
		st.write(string(escape(v)))
		return
	}
	st.write(str(v))
}

func (st *state) runBlock(rc *rctx, name string, i int, outer *scope) {
	refs := rc.blocks[name]
	b := refs[i]
	if b.b.required && len(refs) <= 1 {
		panic(rerr("TemplateRuntimeError", "Required block %s not found", reprStr(name)))
	}
	defer st.push(b.tpl)()
	sc := &scope{rc: rc, parent: outer, vars: map[string]any{}}
	sc.vars["self"] = &selfRef{rc}
	if i+1 < len(refs) {
		sc.vars["super"] = &superRef{rc, name, i + 1, outer}
	} else {
		u := st.undef("super")
		u.hint = "there is no parent block called " + reprStr(name) + "."
		sc.vars["super"] = u
	}
	saved := rc.parent
	rc.parent = nil
	st.exec(sc, b.b.body)
	rc.parent = saved
}

func (st *state) include(sc *scope, s *sInclude) {
	v := st.eval(sc, s.x)
	names := []any{v}
	switch l := v.(type) {
	case *List:
		names = l.Items
	case *Tuple:
		names = l.Items
	}
	var t *Template
	for i, n := range names {
		if x, ok := asStr(n); ok {
			tt, err := st.env.Template(x)
			if err == nil {
				t = tt
				break
			}
			var e *Error
			errors.As(err, &e)
			if e.Kind != "TemplateNotFound" {
				c := *e
				panic(&c)
			}
			if i == len(names)-1 && !s.ignoreMissing {
				c := *e
				if len(names) > 1 {
					c.Kind, c.Message = "TemplatesNotFound", "none of the templates given were found: "+repr(v)
				}
				panic(&c)
			}
			continue
		}
		st.getTemplate(n)
	}
	if t == nil {
		if len(names) == 0 && !s.ignoreMissing {
			panic(rerr("TemplatesNotFound", "Tried to select from an empty list of templates."))
		}
		return
	}
	rc := &rctx{tpl: t, vars: map[string]any{}, blocks: map[string][]*blockRef{}}
	if s.withContext {
		rc.outer = sc
	}
	st.runTemplate(t, rc)
}

func (st *state) module(sc *scope, x expr, withContext bool) *Module {
	t := st.getTemplate(st.eval(sc, x))
	rc := &rctx{tpl: t, vars: map[string]any{}, blocks: map[string][]*blockRef{}}
	if withContext {
		rc.outer = sc
	}
	m := &Module{rc: rc}
	m.out = st.capture(func() { st.runTemplate(t, rc) })
	rc.tpl = t
	return m
}

func (st *state) assign(sc *scope, target expr, v any) {
	switch t := target.(type) {
	case *eName:
		sc.set(t.name, v)
	case *eNS:
		o, ok := sc.lookup(t.name)
		ns, isNS := o.(*Namespace)
		if !ok || !isNS {
			panic(rerr("TemplateRuntimeError", "cannot assign attribute on non-namespace object"))
		}
		ns.d.Set(t.attr, v)
	case *eTuple:
		st.unpack(sc, t.items, v)
	case *eList:
		st.unpack(sc, t.items, v)
	}
}

func (st *state) unpack(sc *scope, ts []expr, v any) {
	items := st.iter(v)
	if len(items) < len(ts) {
		panic(rerr("ValueError", "not enough values to unpack (expected %d, got %d)", len(ts), len(items)))
	}
	if len(items) > len(ts) {
		panic(rerr("ValueError", "too many values to unpack (expected %d)", len(ts)))
	}
	for i, t := range ts {
		st.assign(sc, t, items[i])
	}
}

// iter lists the elements of an iterable.
func (st *state) iter(v any) []any {
	switch t := v.(type) {
	case *List:
		return t.Items
	case *Tuple:
		return t.Items
	case *Dict:
		return t.keys[:len(t.keys):len(t.keys)]
	case *Gen:
		if t.used {
			return nil
		}
		t.used = true
		return t.items
	case *Range:
		n := t.len()
		st.use(n * 16)
		out := make([]any, n)
		for i := range out {
			out[i] = t.start + int64(i)*t.step
		}
		return out
	case string:
		return st.runes(t)
	case Markup:
		return st.runes(string(t))
	case *Undefined:
		if t.kind == Strict {
			panic(t.err())
		}
		return nil
	}
	panic(typeErr("'%s' object is not iterable", typeName(v)))
}

func (st *state) runes(s string) []any {
	st.use(int64(len(s)) * 4)
	out := make([]any, 0, len(s))
	for _, r := range s {
		out = append(out, string(r))
	}
	return out
}

// Loop is the loop variable.
type Loop struct {
	items     []any
	i         int
	depth     int
	recurse   func(any) any
	lastSeen  []any
	seenValid bool
}

func (st *state) runFor(sc *scope, s *sFor, items []any, depth int) ctl {
	if s.test != nil {
		var keep []any
		for _, it := range items {
			st.step()
			in := sc.child()
			st.assign(in, s.target, it)
			if truth(st.eval(in, s.test)) {
				keep = append(keep, it)
			}
		}
		items = keep
	}
	if len(items) == 0 {
		return st.exec(sc.child(), s.els)
	}
	var loop *Loop
	if s.usesLoop {
		loop = &Loop{items: items, depth: depth}
		if s.recursive {
			loop.recurse = func(v any) any {
				defer st.push(nil)()
				return st.mark(st.capture(func() { st.runFor(sc, s, st.iter(v), depth+1) }))
			}
		}
	}
	for i, it := range items {
		st.step()
		in := &scope{parent: sc, rc: sc.rc, vars: make(map[string]any, 4)}
		if loop != nil {
			loop.i = i
			in.vars["loop"] = loop
		}
		if n, ok := s.target.(*eName); ok {
			in.vars[n.name] = it
		} else {
			st.assign(in, s.target, it)
		}
		switch st.exec(in, s.body) {
		case ctlBreak:
			return ctlNone
		}
	}
	return ctlNone
}

func (l *Loop) attr(st *state, n string) (any, bool) {
	i, ln := int64(l.i), int64(len(l.items))
	switch n {
	case "index":
		return i + 1, true
	case "index0":
		return i, true
	case "revindex":
		return ln - i, true
	case "revindex0":
		return ln - i - 1, true
	case "first":
		return i == 0, true
	case "last":
		return i == ln-1, true
	case "length":
		return ln, true
	case "depth":
		return int64(l.depth) + 1, true
	case "depth0":
		return int64(l.depth), true
	case "previtem":
		if i == 0 {
			u := st.undef("previtem")
			u.hint = "there is no previous item"
			return u, true
		}
		return l.items[i-1], true
	case "nextitem":
		if i+1 >= ln {
			u := st.undef("nextitem")
			u.hint = "there is no next item"
			return u, true
		}
		return l.items[i+1], true
	case "cycle":
		return &Func{"cycle", func(st *state, a *args) any {
			if len(a.pos) == 0 {
				panic(typeErr("no items for cycling given"))
			}
			return a.pos[l.i%len(a.pos)]
		}}, true
	case "changed":
		return &Func{"changed", func(st *state, a *args) any {
			same := l.seenValid && equal(&Tuple{Items: l.lastSeen}, &Tuple{Items: a.pos})
			l.lastSeen, l.seenValid = a.pos, true
			return !same
		}}, true
	}
	return nil, false
}

func (st *state) args(sc *scope, c *callArgs) *args {
	a := &args{}
	if len(c.pos) > 0 {
		a.pos = make([]any, 0, len(c.pos))
	}
	for _, x := range c.pos {
		a.pos = append(a.pos, st.eval(sc, x))
	}
	if c.star != nil {
		a.pos = append(a.pos, st.iter(st.eval(sc, c.star))...)
	}
	for i, n := range c.kwn {
		a.kwn, a.kwv = append(a.kwn, n), append(a.kwv, st.eval(sc, c.kwv[i]))
	}
	if c.dstar != nil {
		d, ok := st.eval(sc, c.dstar).(*Dict)
		if !ok {
			panic(typeErr("argument after ** must be a mapping"))
		}
		for i, k := range d.keys {
			a.kwn, a.kwv = append(a.kwn, str(k)), append(a.kwv, d.vals[i])
		}
	}
	return a
}

func (st *state) eval(sc *scope, x expr) any {
	st.step()
	switch x := x.(type) {
	case *eConst:
		return x.v
	case *eName:
		if v, ok := sc.lookup(x.name); ok {
			return v
		}
		if x.name == "self" {
			return &selfRef{sc.rc}
		}
		return st.undef(x.name)
	case *eAttr:
		return st.getattr(st.eval(sc, x.x), x.name)
	case *eItem:
		o := st.eval(sc, x.x)
		if s, ok := x.key.(*eSlice); ok {
			return st.slice(sc, o, s)
		}
		return st.getitem(o, st.eval(sc, x.key))
	case *eCall:
		f := st.eval(sc, x.x)
		a := st.args(sc, &x.args)
		line := st.line
		st.line = x.line
		v := st.call(f, a)
		st.line = line
		return v
	case *eFilter:
		return st.filter(sc, x, st.eval(sc, x.x))
	case *eTest:
		return st.test(sc, x)
	case *eCond:
		if truth(st.eval(sc, x.test)) {
			return st.eval(sc, x.then)
		}
		if x.els == nil {
			u := st.undef("")
			if u.kind == Strict {
				u.kind = Lenient
			}
			u.hint = "the inline if-expression evaluated to false and no else section was defined."
			return u
		}
		return st.eval(sc, x.els)
	case *eNot:
		return !truth(st.eval(sc, x.x))
	case *eBin:
		l := st.eval(sc, x.l)
		switch x.op {
		case "and":
			if !truth(l) {
				return l
			}
			return st.eval(sc, x.r)
		case "or":
			if truth(l) {
				return l
			}
			return st.eval(sc, x.r)
		}
		return st.arith(x.op, l, st.eval(sc, x.r))
	case *eNeg:
		v := st.eval(sc, x.x)
		if u, ok := v.(*Undefined); ok {
			panic(u.err())
		}
		if f, ok := v.(float64); ok {
			if x.neg {
				return -f
			}
			return f
		}
		z, ok := toBig(v)
		if !ok {
			panic(typeErr("bad operand type for unary %s: '%s'", map[bool]string{true: "-", false: "+"}[x.neg], typeName(v)))
		}
		if x.neg {
			z = new(big.Int).Neg(z)
		}
		return normInt(z)
	case *eCompare:
		l := st.eval(sc, x.x)
		for i, op := range x.ops {
			r := st.eval(sc, x.args[i])
			if !st.cmp(op, l, r) {
				return false
			}
			l = r
		}
		return true
	case *eConcat:
		var b strings.Builder
		safe := false
		vals := make([]any, len(x.items))
		for i, it := range x.items {
			vals[i] = st.eval(sc, it)
			if _, ok := vals[i].(Markup); ok {
				safe = true
			}
		}
		safe = safe && st.autoescape
		for _, v := range vals {
			if safe {
				b.WriteString(string(escape(v)))
			} else {
				b.WriteString(str(v))
			}
		}
		st.use(int64(b.Len()))
		if safe {
			return Markup(b.String())
		}
		return b.String()
	case *eList:
		l := &List{Items: make([]any, len(x.items))}
		for i, it := range x.items {
			l.Items[i] = st.eval(sc, it)
		}
		st.use(int64(16 * len(x.items)))
		return l
	case *eTuple:
		l := &Tuple{Items: make([]any, len(x.items))}
		for i, it := range x.items {
			l.Items[i] = st.eval(sc, it)
		}
		st.use(int64(16 * len(x.items)))
		return l
	case *eDict:
		d := NewDict()
		for i := range x.k {
			d.Set(st.eval(sc, x.k[i]), st.eval(sc, x.v[i]))
		}
		st.use(int64(48 * len(x.k)))
		return d
	case *eSlice:
		panic(typeErr("a slice can only be used as a subscript"))
	}
	panic(rerr("InternalError", "unknown expression %T", x))
}

func (st *state) cmp(op string, l, r any) bool {
	switch op {
	case "==":
		return equal(l, r)
	case "!=":
		return !equal(l, r)
	case "<":
		return compare(l, r, "<") < 0
	case "<=":
		return compare(l, r, "<=") <= 0
	case ">":
		return compare(l, r, ">") > 0
	case ">=":
		return compare(l, r, ">=") >= 0
	case "in":
		return st.contains(r, l)
	case "notin":
		return !st.contains(r, l)
	}
	panic("op")
}

func (st *state) contains(c, v any) bool {
	switch t := c.(type) {
	case string, Markup:
		h, _ := asStr(t)
		n, ok := asStr(v)
		if !ok {
			if u, is := v.(*Undefined); is {
				panic(u.err())
			}
			panic(typeErr("'in <string>' requires string as left operand, not %s", typeName(v)))
		}
		return strings.Contains(h, n)
	case *Dict:
		_, ok := t.Get(v)
		return ok
	case *Range:
		i, ok := toInt(v)
		if !ok {
			return false
		}
		if t.step > 0 {
			return i >= t.start && i < t.stop && (i-t.start)%t.step == 0
		}
		return i <= t.start && i > t.stop && (t.start-i)%-t.step == 0
	}
	for _, x := range st.iterFor(c, "argument of type '%s' is not iterable") {
		if equal(x, v) {
			return true
		}
	}
	return false
}

func (st *state) iterFor(v any, msg string) []any {
	switch v.(type) {
	case nil, bool, int64, float64, *big.Int, *Func, *Macro:
		panic(typeErr(msg, typeName(v)))
	}
	return st.iter(v)
}

func (st *state) repeat(v any, n int64) any {
	n = max(n, 0)
	switch t := v.(type) {
	case string:
		st.useMul(int64(len(t)), n)
		return strings.Repeat(t, int(n))
	case Markup:
		st.useMul(int64(len(t)), n)
		return Markup(strings.Repeat(string(t), int(n)))
	case *List:
		st.useMul(int64(len(t.Items))*16, n)
		l := &List{}
		for range n {
			l.Items = append(l.Items, t.Items...)
		}
		return l
	case *Tuple:
		st.useMul(int64(len(t.Items))*16, n)
		l := &Tuple{}
		for range n {
			l.Items = append(l.Items, t.Items...)
		}
		return l
	}
	return nil
}

func (st *state) useMul(a, b int64) {
	if a > 0 && b > st.lim.Memory/a {
		st.use(st.lim.Memory + 1)
	}
	st.use(a * b)
}

func (st *state) arith(op string, l, r any) any {
	if u, ok := l.(*Undefined); ok {
		panic(u.err())
	}
	if u, ok := r.(*Undefined); ok {
		if s, isStr := asStr(l); !isStr || op != "%" {
			_ = s
			panic(u.err())
		}
	}
	bad := func() any {
		if op == "+" {
			if _, ok := asStr(l); ok {
				panic(typeErr(`can only concatenate str (not "%s") to str`, typeName(r)))
			}
			if _, ok := l.(*List); ok {
				panic(typeErr(`can only concatenate list (not "%s") to list`, typeName(r)))
			}
		}
		o := op
		if op == "**" {
			o = "** or pow()"
		}
		panic(typeErr("unsupported operand type(s) for %s: '%s' and '%s'", o, typeName(l), typeName(r)))
	}
	if isNum(l) && isNum(r) {
		return st.num(op, l, r)
	}
	switch op {
	case "+":
		if a, ok := asStr(l); ok {
			if b, ok := asStr(r); ok {
				st.use(int64(len(a) + len(b)))
				_, m1 := l.(Markup)
				_, m2 := r.(Markup)
				if m1 || m2 {
					return Markup(string(escape(l)) + string(escape(r)))
				}
				return a + b
			}
		}
		switch a := l.(type) {
		case *List:
			if b, ok := r.(*List); ok {
				st.use(int64(16 * (len(a.Items) + len(b.Items))))
				return &List{Items: append(append([]any(nil), a.Items...), b.Items...)}
			}
		case *Tuple:
			if b, ok := r.(*Tuple); ok {
				st.use(int64(16 * (len(a.Items) + len(b.Items))))
				return &Tuple{Items: append(append([]any(nil), a.Items...), b.Items...)}
			}
		}
	case "*":
		if n, ok := toInt(r); ok {
			if v := st.repeat(l, n); v != nil {
				return v
			}
		}
		if n, ok := toInt(l); ok {
			if v := st.repeat(r, n); v != nil {
				return v
			}
		}
	case "%":
		if f, ok := asStr(l); ok {
			return st.percent(f, r)
		}
	}
	return bad()
}

func (st *state) num(op string, l, r any) any {
	_, lf := l.(float64)
	_, rf := r.(float64)
	if lf || rf || op == "/" {
		a, _ := toFloat(l)
		b, _ := toFloat(r)
		zero := func(msg string) {
			if b == 0 {
				panic(rerr("ZeroDivisionError", "%s", msg))
			}
		}
		switch op {
		case "+":
			return a + b
		case "-":
			return a - b
		case "*":
			return a * b
		case "/":
			if lf || rf {
				zero("float division by zero")
			} else {
				zero("division by zero")
			}
			return a / b
		case "//":
			zero("float floor division by zero")
			return math.Floor(a / b)
		case "%":
			zero("float modulo")
			m := math.Mod(a, b)
			if m != 0 && (m < 0) != (b < 0) {
				m += b
			}
			return m
		case "**":
			if a == 0 && b < 0 {
				panic(rerr("ZeroDivisionError", "0.0 cannot be raised to a negative power"))
			}
			return math.Pow(a, b)
		}
	}
	if a, ok := toInt(l); ok {
		if b, ok := toInt(r); ok {
			switch op {
			case "+":
				if c := a + b; (c > a) == (b > 0) {
					return c
				}
			case "-":
				if c := a - b; (c < a) == (b > 0) {
					return c
				}
			case "*":
				if a == 0 || b == 0 {
					return int64(0)
				}
				if c := a * b; c/b == a && !(a == -1 && b == math.MinInt64) && !(b == -1 && a == math.MinInt64) {
					return c
				}
			case "//", "%":
				if b == 0 {
					panic(rerr("ZeroDivisionError", "integer division or modulo by zero"))
				}
				if b != -1 {
					q, m := a/b, a%b
					if m != 0 && (m < 0) != (b < 0) {
						q--
						m += b
					}
					if op == "%" {
						return m
					}
					return q
				}
			}
		}
	}
	a, _ := toBig(l)
	b, _ := toBig(r)
	z := new(big.Int)
	switch op {
	case "+":
		return normInt(z.Add(a, b))
	case "-":
		return normInt(z.Sub(a, b))
	case "*":
		return normInt(z.Mul(a, b))
	case "//", "%":
		if b.Sign() == 0 {
			panic(rerr("ZeroDivisionError", "integer division or modulo by zero"))
		}
		m := new(big.Int)
		z.DivMod(a, b, m)
		if m.Sign() != 0 && b.Sign() < 0 { // Euclid to floor
			z.Add(z, big.NewInt(-1))
			m.Add(m, b)
		}
		if op == "%" {
			return normInt(m)
		}
		return normInt(z)
	case "**":
		if b.Sign() < 0 {
			x, _ := toFloat(l)
			y, _ := toFloat(r)
			if x == 0 {
				panic(rerr("ZeroDivisionError", "0.0 cannot be raised to a negative power"))
			}
			return math.Pow(x, y)
		}
		if !b.IsInt64() || float64(a.BitLen())*float64(b.Int64()) > 1<<16 {
			if a.CmpAbs(big.NewInt(1)) > 0 {
				panic(rerr("LimitError", "integer too large"))
			}
		}
		return normInt(z.Exp(a, b, nil))
	}
	panic("op " + op)
}

func (st *state) length(v any) int {
	switch t := v.(type) {
	case string:
		return runeLen(t)
	case Markup:
		return runeLen(string(t))
	case *List:
		return len(t.Items)
	case *Tuple:
		return len(t.Items)
	case *Dict:
		return t.Len()
	case *Range:
		return int(t.len())
	case *Gen:
		return len(t.items)
	case *Undefined:
		if t.kind == Strict {
			panic(t.err())
		}
		return 0
	case *Loop:
		return len(t.items)
	}
	panic(typeErr("object of type '%s' has no len()", typeName(v)))
}

func (st *state) getitem(o, k any) any {
	switch t := o.(type) {
	case *Undefined:
		if t.kind == Chainable {
			return t
		}
		panic(t.err())
	case *Dict:
		if v, ok := t.Get(k); ok {
			return v
		}
	case *List:
		if i, ok := toInt(k); ok {
			if v, ok := index(t.Items, i); ok {
				return v
			}
		}
	case *Tuple:
		if i, ok := toInt(k); ok {
			if v, ok := index(t.Items, i); ok {
				return v
			}
		}
	case *Range:
		if i, ok := toInt(k); ok {
			if i < 0 {
				i += t.len()
			}
			if i >= 0 && i < t.len() {
				return t.start + i*t.step
			}
		}
	case string, Markup:
		if i, ok := toInt(k); ok {
			s, _ := asStr(t)
			if v, ok := runeAt(s, i); ok {
				return v
			}
		}
	}
	if n, ok := asStr(k); ok {
		if v, ok := st.attr(o, n); ok {
			return v
		}
		return st.undefAttr(o, n)
	}
	u := st.undefAttr(o, str(k))
	u.hint = objTypeRepr(o) + " has no element " + repr(k)
	return u
}

func runeAt(s string, i int64) (string, bool) {
	n := int64(runeLen(s))
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return "", false
	}
	for _, r := range s {
		if i == 0 {
			return string(r), true
		}
		i--
	}
	return "", false
}

func index(s []any, i int64) (any, bool) {
	if i < 0 {
		i += int64(len(s))
	}
	if i < 0 || i >= int64(len(s)) {
		return nil, false
	}
	return s[i], true
}

func (st *state) slice(sc *scope, o any, s *eSlice) any {
	bound := func(x expr) *int64 {
		if x == nil {
			return nil
		}
		switch v := st.eval(sc, x).(type) {
		case nil:
			return nil
		default:
			i, ok := toInt(v)
			if !ok {
				panic(typeErr("slice indices must be integers or None or have an __index__ method"))
			}
			return &i
		}
	}
	a, b, c := bound(s.a), bound(s.b), bound(s.c)
	if u, ok := o.(*Undefined); ok {
		if u.kind == Chainable {
			return u
		}
		panic(u.err())
	}
	switch t := o.(type) {
	case *List:
		return &List{Items: sliceOf(t.Items, a, b, c)}
	case *Tuple:
		return &Tuple{Items: sliceOf(t.Items, a, b, c)}
	case *Range:
		return &List{Items: sliceOf(st.iter(t), a, b, c)}
	case string, Markup:
		x, _ := asStr(t)
		st.use(int64(len(x)) * 4)
		return string(sliceOf([]rune(x), a, b, c))
	}
	return st.undefAttr(o, "slice")
}

func sliceOf[T any](s []T, pa, pb, pc *int64) []T {
	n, step := int64(len(s)), int64(1)
	if pc != nil {
		step = *pc
	}
	if step == 0 {
		panic(rerr("ValueError", "slice step cannot be zero"))
	}
	fix := func(p *int64, def, lo, hi int64) int64 {
		if p == nil {
			return def
		}
		i := *p
		if i < 0 {
			i += n
		}
		return max(lo, min(i, hi))
	}
	var out []T
	if step > 0 {
		for i, e := fix(pa, 0, 0, n), fix(pb, n, 0, n); i < e; i += step {
			out = append(out, s[i])
		}
	} else {
		for i, e := fix(pa, n-1, -1, n-1), fix(pb, -1, -1, n-1); i > e; i += step {
			out = append(out, s[i])
		}
	}
	return out
}

func (st *state) getattr(o any, n string) any {
	if u, ok := o.(*Undefined); ok {
		if u.kind == Chainable {
			return u
		}
		panic(u.err())
	}
	if v, ok := st.attr(o, n); ok {
		return v
	}
	if d, ok := o.(*Dict); ok {
		if v, ok := d.Get(n); ok {
			return v
		}
	}
	return st.undefAttr(o, n)
}

// attr is Python's getattr without what starts with an underscore.
func (st *state) attr(o any, n string) (any, bool) {
	switch t := o.(type) {
	case string:
		return method(strMethods, t, n)
	case Markup:
		return method(strMethods, string(t), n)
	case *Dict:
		return method(dictMethods, t, n)
	case *List:
		return method(listMethods, t, n)
	case *Tuple:
		for i, x := range t.Names {
			if x == n {
				return t.Items[i], true
			}
		}
		return method(tupleMethods, t, n)
	case int64:
		return method(intMethods, t, n)
	case float64:
		return method(floatMethods, t, n)
	case *Loop:
		return t.attr(st, n)
	case *Namespace:
		return t.d.Get(n)
	case *Module:
		v, ok := t.rc.vars[n]
		if strings.HasPrefix(n, "_") {
			return nil, false
		}
		return v, ok
	case *Macro:
		switch n {
		case "name":
			return t.def.name, true
		case "arguments":
			tp := &Tuple{}
			for _, p := range t.def.params {
				tp.Items = append(tp.Items, p)
			}
			return tp, true
		case "catch_kwargs":
			return t.def.kwargs, true
		case "catch_varargs":
			return t.def.varargs, true
		case "caller":
			return t.def.caller, true
		}
	case *selfRef:
		if _, ok := t.rc.blocks[n]; ok {
			return &superRef{t.rc, n, 0, nil}, true
		}
	case *superRef:
		if n == "super" {
			if t.i+1 < len(t.rc.blocks[t.name]) {
				return &superRef{t.rc, t.name, t.i + 1, t.sc}, true
			}
		}
	case *cyclerObj:
		return t.attr(n)
	}
	return nil, false
}

func (st *state) call(f any, a *args) any {
	switch t := f.(type) {
	case *Func:
		return t.Fn(st, a)
	case *Macro:
		return st.callMacro(t, a)
	case *Loop:
		if t.recurse == nil {
			panic(typeErr("The loop must have the 'recursive' marker to be called recursively."))
		}
		if len(a.pos) != 1 {
			panic(typeErr("loop() takes one argument"))
		}
		return t.recurse(a.pos[0])
	case *superRef:
		return st.mark(st.capture(func() { st.runBlock(t.rc, t.name, t.i, t.sc) }))
	case *joinerObj:
		if !t.used {
			t.used = true
			return ""
		}
		return t.sep
	case *Undefined:
		panic(t.err())
	}
	panic(typeErr("'%s' object is not callable", typeName(f)))
}

func (st *state) callMacro(m *Macro, a *args) any {
	d := m.def
	defer st.push(m.tpl)()
	st.line = d.line
	sc := &scope{parent: m.sc, rc: m.sc.rc, vars: make(map[string]any, len(d.params)+2)}
	kw := NewDict()
	for i, n := range a.kwn {
		kw.Set(n, a.kwv[i])
	}
	caller, hasCaller := kw.Get("caller")
	if d.caller {
		kw.Del("caller")
		if !hasCaller {
			u := st.undef("caller")
			u.hint = "No caller defined"
			caller = u
		}
		sc.vars["caller"] = caller
	}
	for i, p := range d.params {
		if i < len(a.pos) {
			sc.vars[p] = a.pos[i]
			continue
		}
		if v, ok := kw.Get(p); ok {
			sc.vars[p] = v
			kw.Del(p)
			continue
		}
		if j := i - (len(d.params) - len(d.defaults)); j >= 0 {
			sc.vars[p] = st.eval(sc, d.defaults[j])
			continue
		}
		u := st.undef(p)
		u.hint = "parameter " + reprStr(p) + " was not provided"
		sc.vars[p] = u
	}
	if d.kwargs {
		sc.vars["kwargs"] = kw
	} else if kw.Len() > 0 {
		if _, ok := kw.Get("caller"); ok {
			panic(typeErr("macro %s was invoked with two values for the special caller argument or does not accept one", reprStr(d.name)))
		}
		panic(typeErr("macro %s takes no keyword argument %s", reprStr(d.name), repr(kw.keys[0])))
	}
	if d.varargs {
		v := &Tuple{}
		if len(a.pos) > len(d.params) {
			v.Items = a.pos[len(d.params):]
		}
		sc.vars["varargs"] = v
	} else if len(a.pos) > len(d.params) {
		panic(typeErr("macro %s takes not more than %d argument(s)", reprStr(d.name), len(d.params)))
	}
	return st.mark(st.capture(func() { st.exec(sc, d.body) }))
}

func (st *state) filterChain(sc *scope, x expr, v any) any {
	f := x.(*eFilter)
	if f.x != nil {
		v = st.filterChain(sc, f.x, v)
	}
	return st.filter(sc, f, v)
}

func (st *state) filter(sc *scope, f *eFilter, v any) any {
	a := st.args(sc, &f.args)
	line := st.line
	st.line = f.line
	b, ok := st.env.filters[f.name]
	if !ok {
		panic(rerr("TemplateRuntimeError", "No filter named %s found.", reprStr(f.name)))
	}
	r := b.call(st, v, a)
	st.line = line
	return r
}

func (st *state) test(sc *scope, t *eTest) any {
	// "defined" must not fail on undefined values, so the operand is evaluated as it is.
	f, ok := st.env.tests[t.name]
	if !ok {
		panic(rerr("TemplateRuntimeError", "No test named %s found.", reprStr(t.name)))
	}
	return f(st, st.eval(sc, t.x), st.args(sc, &t.args).pos)
}
