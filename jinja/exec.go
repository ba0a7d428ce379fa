package jinja

import "strconv"

// flow says how a body ended.
type flow uint8

const (
	flowNext flow = iota
	flowBreak
	flowContinue
)

// runRoot runs the top level of a template, and then of the template that it extends.
func (st *state) runRoot(t *Template, ctx *tplContext) {
	defer st.enter(t, 1)()
	u := &unit{}
	sc := st.open(t.frame, nil, ctx, u)
	if t.selfSlot >= 0 {
		sc.slots[t.selfSlot] = &selfValue{ctx}
	}
	st.exec(sc, t.body)
	if u.parent != nil {
		st.runRoot(u.parent, ctx)
	}
}

func (st *state) exec(sc *scope, body []stmt) flow {
	for _, s := range body {
		if f := st.execOne(sc, s); f != flowNext {
			return f
		}
	}
	return flowNext
}

// goTo notes that a statement begins.
func (st *state) goTo(s stmt) {
	p := s.pos()
	st.line, st.off = p.line, p.off
}

func (st *state) execOne(sc *scope, s stmt) flow {
	st.step()
	switch s := s.(type) {
	case *sData:
		if !s.check || sc.unit.parent == nil {
			st.write(s.text)
		}
	case *sOutput:
		if s.drop || s.check && sc.unit.parent != nil {
			return flowNext
		}
		st.line, st.off = s.mark.line, s.off
		st.print(sc, st.eval(sc, s.x), s.esc)
	case *sIf:
		return st.execIf(sc, s)
	case *sFor:
		st.execFor(sc, s)
	case *sSet:
		st.goTo(s)
		needNamespaces(sc, s.target)
		v := st.eval(sc, s.x)
		st.assign(sc, s.target, v)
		st.export(sc, s.export, s.target)
	case *sSetBlock:
		return st.execSetBlock(sc, s)
	case *sWith:
		return st.execWith(sc, s)
	case *sMacro:
		*sc.at(s.target.ref) = st.defineMacro(sc, s.def)
		st.export(sc, s.export, s.target)
	case *sCallBlock:
		st.execCallBlock(sc, s)
	case *sFilterBlock:
		return st.execFilterBlock(sc, s)
	case *sBlock:
		if s.drop || s.check && sc.unit.parent != nil {
			return flowNext
		}
		st.execBlock(sc, s)
	case *sExtends:
		st.execExtends(sc, s)
	case *sInclude:
		st.execInclude(sc, s)
	case *sImport:
		st.execImport(sc, s)
	case *sFromImport:
		st.execFromImport(sc, s)
	case *sDo:
		st.goTo(s)
		st.eval(sc, s.x)
	case *sAutoescape:
		return st.execAutoescape(sc, s)
	case *sBreak:
		return flowBreak
	case *sContinue:
		return flowContinue
	}
	return flowNext
}

// escapes says whether output is escaped here and now.
func (st *state) escapes(sc *scope, m escapeMode) bool {
	if m == escapeDynamic {
		return sc.ctx.eval.autoescape
	}
	return m == escapeOn
}

func (st *state) print(sc *scope, v any, m escapeMode) {
	if st.escapes(sc, m) {
		st.write(st.escape(v))
		return
	}
	switch t := v.(type) {
	case string:
		st.write(t)
	case int64:
		var digits [20]byte
		st.write(string(strconv.AppendInt(digits[:0], t, 10)))
	default:
		st.write(st.str(v))
	}
}

// concatStr is a value that is printed without str(), as the result of a filter block or a call.
func (st *state) concatStr(v any) string {
	s, ok := asStr(v)
	if !ok {
		panic(typeErr("sequence item 0: expected str instance, %s found", typeName(v)))
	}
	return s
}

func (st *state) execIf(sc *scope, s *sIf) flow {
	for _, b := range s.branches {
		st.line, st.off = b.line, b.off
		if st.truth(st.eval(sc, b.test)) {
			return st.exec(sc, b.body)
		}
	}
	return st.exec(sc, s.els)
}

func (st *state) execWith(sc *scope, s *sWith) flow {
	in := st.inner(s.frame, sc)
	st.line, st.off = s.mark.line, s.off
	for i, t := range s.targets {
		st.assign(in, t, st.eval(sc, s.vals[i]))
	}
	return st.exec(in, s.body)
}

func (st *state) execFilterBlock(sc *scope, s *sFilterBlock) flow {
	in := st.inner(s.frame, sc)
	text, f := st.captureBody(in, s.body)
	if f != flowNext {
		return f
	}
	st.goTo(s)
	v := st.filterChain(in, s.filter, st.mark(text, st.escapes(sc, s.esc)))
	st.write(st.concatStr(v))
	return flowNext
}

// captureBody runs a body and gives what it printed.
func (st *state) captureBody(sc *scope, body []stmt) (text string, f flow) {
	c := st.begin()
	f = st.exec(sc, body)
	return st.end(c), f
}

func (st *state) execSetBlock(sc *scope, s *sSetBlock) flow {
	in := st.inner(s.frame, sc)
	text, f := st.captureBody(in, s.body)
	if f != flowNext {
		return f
	}
	st.goTo(s)
	markup := sc.ctx.eval.autoescape
	v := st.mark(text, markup)
	if s.filter != nil {
		v = st.filterChain(in, s.filter, v)
		if markup && !isMarkup(v) {
			v = Markup(st.str(v))
		}
	}
	st.assign(sc, s.target, v)
	st.export(sc, s.export, s.target)
	return flowNext
}

func (st *state) execAutoescape(sc *scope, s *sAutoescape) flow {
	in := st.inner(s.frame, sc)
	eval := sc.ctx.eval
	old := eval.autoescape
	eval.autoescape = st.truth(st.eval(in, s.x))
	f := st.exec(in, s.body)
	eval.autoescape = old
	return f
}

// needNamespaces fails when a target "name.attr" is not in a namespace, before the value is computed.
func needNamespaces(sc *scope, target expr) {
	switch t := target.(type) {
	case *eAttrTarget:
		if _, ok := (*sc.at(t.ref)).(*namespace); !ok {
			panic(fail(KindRuntime, "cannot assign attribute on non-namespace object"))
		}
	case *eTuple:
		for _, x := range t.items {
			needNamespaces(sc, x)
		}
	}
}

// assign gives a target its value.
func (st *state) assign(sc *scope, target expr, v any) {
	switch t := target.(type) {
	case *eName:
		*sc.at(t.ref) = v
	case *eAttrTarget:
		ns, ok := (*sc.at(t.ref)).(*namespace)
		if !ok {
			panic(fail(KindRuntime, "cannot assign attribute on non-namespace object"))
		}
		st.use(entrySize)
		ns.d.setText(t.attr, v)
	case *eTuple:
		items, ok := st.tryIter(v)
		if !ok {
			panic(typeErr("cannot unpack non-iterable %s object", typeName(v)))
		}
		if len(items) < len(t.items) {
			panic(valueErr("not enough values to unpack (expected %d, got %d)", len(t.items), len(items)))
		}
		if len(items) > len(t.items) {
			panic(valueErr("too many values to unpack (expected %d)", len(t.items)))
		}
		for i, x := range t.items {
			st.assign(sc, x, items[i])
		}
	}
}

// export makes variables of the top level visible to blocks, includes and importing templates.
func (st *state) export(sc *scope, on bool, target expr) {
	if !on {
		return
	}
	switch t := target.(type) {
	case *eName:
		sc.ctx.set(t.name, *sc.at(t.ref), t.name[0] != '_')
	case *eTuple:
		for _, x := range t.items {
			st.export(sc, true, x)
		}
	}
}
