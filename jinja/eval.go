package jinja

import "strings"

// eval gives the value of an expression.
func (st *state) eval(sc *scope, x expr) any { //nolint:funlen // a dispatch over every kind of expression
	st.step()
	switch x := x.(type) {
	case *eConst:
		return x.v
	case *eName:
		v := *sc.at(x.ref)
		if v == missing {
			u := st.undefined(x.name)
			u.source = x
			return u
		}
		return v
	case *eAttr:
		o := st.eval(sc, x.x)
		st.at(x.at)
		if d, ok := o.(*Dict); ok && !x.method {
			if v, ok := d.text(x.name); ok {
				return v
			}
		}
		return wrote(st.getAttr(o, x.name), x)
	case *eItem:
		return st.evalItem(sc, x)
	case *eCall:
		return st.evalCall(sc, x)
	case *eFilter:
		return st.filter(sc, x, st.eval(sc, x.x))
	case *eTest:
		return st.test(sc, x)
	case *eCond:
		if st.truth(st.eval(sc, x.test)) {
			return st.eval(sc, x.then)
		}
		if x.els != nil {
			return st.eval(sc, x.els)
		}
		st.use(itemSize)
		return &Undefined{cond: x, tpl: sc.ctx.tpl.name, policy: Lenient}
	case *eNot:
		return !st.truth(st.eval(sc, x.x))
	case *eUnary:
		v := st.eval(sc, x.x)
		st.at(x.at)
		return st.unary(x.op, v)
	case *eBinary:
		return st.evalBinary(sc, x)
	case *eCompare:
		l := st.eval(sc, x.x)
		if list, ok := x.args[0].(*eList); ok && len(x.ops) == 1 && (x.ops[0] == "in" || x.ops[0] == "not in") {
			return st.inLiteral(sc, l, list, x.at) == (x.ops[0] == "in")
		}
		for i, op := range x.ops {
			r := st.eval(sc, x.args[i])
			st.at(x.at)
			if !st.compareOp(op, l, r) {
				return false
			}
			l = r
		}
		return true
	case *eConcat:
		return st.evalConcat(sc, x)
	case *eList:
		st.useItems(len(x.items))
		return &List{Items: st.evalAll(sc, x.items)}
	case *eTuple:
		st.useItems(len(x.items))
		return &Tuple{Items: st.evalAll(sc, x.items)}
	case *eDict:
		d := NewDict()
		st.use(int64(len(x.keys)) * entrySize)
		for i := range x.keys {
			k := st.eval(sc, x.keys[i])
			v := st.eval(sc, x.vals[i])
			st.at(x.at)
			d.Set(k, v)
		}
		return d
	}
	panic(fail(kindInternal, "unknown expression %T", x))
}

// evalCall calls a value. The call of a value's method does not make a value of the method.
func (st *state) evalCall(sc *scope, x *eCall) any {
	var f any
	if t, ok := x.x.(*eAttr); ok {
		st.step()
		o := st.eval(sc, t.x)
		st.at(t.at)
		if b := st.methodToCall(o, t.name); b != nil {
			if v, ok := st.direct(sc, b, o, &x.args, x.x.pos()); ok {
				return v
			}
		}
		if l, ok := o.(*loop); ok && t.name == "cycle" {
			return l.cycle(st, st.args(sc, &x.args))
		}
		f = wrote(st.getAttr(o, t.name), t)
	} else {
		f = st.eval(sc, x.x)
	}
	if t, ok := f.(*function); ok && t.builtin != nil {
		if v, ok := st.direct(sc, t.builtin, nil, &x.args, x.x.pos()); ok {
			return v
		}
	}
	a := st.args(sc, &x.args)
	st.at(x.x.pos())
	return st.call(sc.ctx, f, a)
}

// methodToCall is the method that an attribute of o is for certain, or nil.
func (st *state) methodToCall(o any, name string) *builtin {
	switch t := o.(type) {
	case string, *List, int64, float64:
	case *Dict:
	case *Tuple:
		if t.Names != nil {
			return nil
		}
	default:
		return nil
	}
	if st.env.opt.Immutable && changes(o, name) {
		return nil
	}
	return st.methodsOf(o)[name]
}

// inLiteral looks for a value among the elements of a literal list, without making the list.
func (st *state) inLiteral(sc *scope, v any, list *eList, pos at) bool {
	base, found := len(st.vals), false
	for _, x := range list.items {
		item := st.eval(sc, x)
		st.vals = append(st.vals, item)
	}
	st.at(pos)
	for _, item := range st.vals[base:] {
		if found = st.same(item, v); found {
			break
		}
	}
	clear(st.vals[base:])
	st.vals = st.vals[:base]
	return found
}

// at notes the place of what may fail next.
func (st *state) at(p at) { st.off = p.off }

// wrote notes how an undefined value was written, if it is one.
func wrote(v any, x expr) any {
	if u, ok := v.(*Undefined); ok && u.source == nil {
		u.source = x
	}
	return v
}

func (st *state) evalAll(sc *scope, list []expr) []any {
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = st.eval(sc, x)
	}
	return out
}

func (st *state) evalItem(sc *scope, x *eItem) any {
	o := st.eval(sc, x.x)
	if s, ok := x.key.(*eSlice); ok {
		var bounds [3]any
		for i, b := range s.bounds {
			if b != nil {
				bounds[i] = st.eval(sc, b)
			}
		}
		st.at(x.at)
		if x.folded && !sliceable(o, bounds) {
			return wrote(st.undefinedIn(o, missing), x)
		}
		return st.slice(o, bounds)
	}
	if t, ok := x.key.(*eTuple); ok && hasSlice(t) {
		panic(typeErr("%s indices must be integers or slices, not tuple", typeName(o)))
	}
	k := st.eval(sc, x.key)
	st.at(x.at)
	return wrote(st.getItem(o, k), x)
}

func sliceable(o any, bounds [3]any) bool {
	for _, b := range bounds {
		if _, ok := toBig(b); b != nil && !ok {
			return false
		}
	}
	switch o.(type) {
	case string, Markup, *List, *Tuple, *rangeValue, *Undefined:
		return true
	}
	return false
}

func hasSlice(t *eTuple) bool {
	for _, x := range t.items {
		if _, ok := x.(*eSlice); ok {
			return true
		}
	}
	return false
}

func (st *state) evalBinary(sc *scope, x *eBinary) any {
	l := st.eval(sc, x.l)
	switch x.op {
	case "and":
		if !st.truth(l) {
			return l
		}
		return st.eval(sc, x.r)
	case "or":
		if st.truth(l) {
			return l
		}
		return st.eval(sc, x.r)
	}
	r := st.eval(sc, x.r)
	st.at(x.at)
	return st.binary(x.op, l, r)
}

func (st *state) evalConcat(sc *scope, x *eConcat) any {
	var few [8]any
	vals, markup := few[:0], false
	for _, i := range x.items {
		v := st.eval(sc, i)
		vals = append(vals, v)
		markup = markup || x.markup && isMarkup(v)
	}
	st.at(x.at)
	var b strings.Builder
	for _, v := range vals {
		s := ""
		if markup {
			s = st.escape(v)
		} else {
			s = st.str(v)
		}
		st.use(int64(len(s)))
		b.WriteString(s)
	}
	return st.mark(b.String(), markup)
}

// args evaluates the arguments of a call.
func (st *state) args(sc *scope, c *callArgs) *args {
	a := &args{pos: st.evalAll(sc, c.pos)}
	a.names = append(a.names, c.names...)
	a.values = st.evalAll(sc, c.values)
	if c.star != nil {
		items := st.iter(st.eval(sc, c.star))
		st.useItems(len(items))
		a.pos = append(a.pos, items...)
	}
	if c.dstar == nil {
		return a
	}
	v := st.eval(sc, c.dstar)
	d, ok := v.(*Dict)
	if !ok {
		needDefined(v)
		panic(typeErr("argument after ** must be a mapping, not %s", typeName(v)))
	}
	st.use(int64(d.Len()) * entrySize)
	for i, k := range d.keys {
		name, ok := asStr(k)
		if !ok {
			panic(typeErr("keywords must be strings"))
		}
		st.stepN(len(a.names))
		if _, twice := a.keyword(name); twice {
			panic(typeErr("got multiple values for keyword argument '%s'", name))
		}
		a.names = append(a.names, name)
		a.values = append(a.values, d.vals[i])
	}
	return a
}

// call calls a value.
func (st *state) call(ctx *tplContext, f any, a *args) any {
	switch t := f.(type) {
	case *function:
		return t.call(st, a)
	case *macro:
		return st.callMacro(t, a, ctx.eval.autoescape)
	case *loop:
		return t.call(a)
	case *blockCall:
		if len(a.pos)+len(a.names) > 0 {
			panic(typeErr("BlockReference.__call__() takes 1 positional argument but %d were given", 1+len(a.pos)))
		}
		return st.callBlock(t)
	case *joiner:
		if t.used {
			return t.sep
		}
		t.used = true
		return ""
	case *Undefined:
		panic(t.err())
	}
	panic(typeErr("'%s' object is not callable", typeName(f)))
}

func (st *state) filter(sc *scope, f *eFilter, v any) any {
	b := f.fn
	if b != nil {
		if v, ok := st.direct(sc, b, v, &f.args, f.at); ok {
			return v
		}
	}
	a := st.args(sc, &f.args)
	st.at(f.at)
	if b == nil {
		panic(fail(KindRuntime, "No filter named %s found.", quote(f.name)))
	}
	return b.invoke(&call{st: st, ctx: sc.ctx, self: v, args: a})
}

// filterChain applies the filters of a filter block to its text.
func (st *state) filterChain(sc *scope, x expr, v any) any {
	f, ok := x.(*eFilter)
	if !ok {
		return v
	}
	if f.x != nil {
		v = st.filterChain(sc, f.x, v)
	}
	return st.filter(sc, f, v)
}

func (st *state) test(sc *scope, t *eTest) any {
	v := st.eval(sc, t.x)
	b := t.fn
	if b != nil {
		if v, ok := st.direct(sc, b, v, &t.args, t.at); ok {
			return v
		}
	}
	a := st.args(sc, &t.args)
	st.at(t.at)
	if b == nil {
		panic(fail(KindRuntime, "No test named %s found.", quote(t.name)))
	}
	return b.invoke(&call{st: st, ctx: sc.ctx, self: v, args: a})
}
