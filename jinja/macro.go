package jinja

func (st *state) defineMacro(sc *scope, d *macroDef) *macro {
	st.use(boundSize + int64(len(sc.slots))*itemSize)
	return &macro{def: d, name: d.name, sc: sc, tpl: st.tpl, autoescape: sc.ctx.eval.autoescape}
}

func (st *state) execCallBlock(sc *scope, s *sCallBlock) {
	st.goTo(s)
	caller := st.defineMacro(sc, s.def)
	f := st.eval(sc, s.call.x)
	a := st.args(sc, &s.call.args)
	if _, twice := a.keyword("caller"); twice {
		panic(typeErr("got multiple values for keyword argument 'caller'"))
	}
	a.names = append(a.names, "caller")
	a.values = append(a.values, caller)
	st.at(s.call.at)
	v := st.call(sc.ctx, f, a)
	st.write(st.concatStr(v))
}

// label is the macro's name in messages; that of a call block is None.
func (d *macroDef) label() string {
	if d.name == "" {
		return "None"
	}
	return quote(d.name)
}

func (m *macro) attribute(name string) (any, bool) {
	d := m.def
	switch name {
	case "name":
		if d.name == "" {
			return nil, true
		}
		return d.name, true
	case "arguments":
		t := &Tuple{}
		for _, p := range d.params {
			t.Items = append(t.Items, p.name)
		}
		return t, true
	case "catch_kwargs":
		return d.kwargsSlot >= 0, true
	case "catch_varargs":
		return d.argsSlot >= 0, true
	case "caller":
		return d.callerSlot >= 0 || d.callsExplicit, true
	}
	return nil, false
}

// callMacro binds the arguments where the call stands and then runs the body where the macro stands.
func (st *state) callMacro(m *macro, a *args, autoescape bool) any {
	d := m.def
	sc := st.open(d.frame, m.sc, m.sc.ctx, m.sc.unit)
	st.bindMacro(m, a, sc.slots)
	defer st.enter(m.tpl, d.line)()
	for i, p := range d.params {
		at := sc.at(p.ref)
		if *at != missing {
			continue
		}
		if j := i - (len(d.params) - len(d.defaults)); j >= 0 {
			*at = st.eval(sc, d.defaults[j])
		} else {
			*at = st.undefinedHint(p.name, "parameter %s was not provided", quote(p.name))
		}
	}
	c := st.begin()
	st.exec(sc, d.body)
	return st.mark(st.end(c), autoescape)
}

// keywords are the keyword arguments of a call, each of which is taken once.
type keywords struct {
	*args
	taken []bool
	left  int
}

func (k *keywords) take(name string) (any, bool) {
	for i, n := range k.names {
		if n == name && !k.taken[i] {
			k.taken[i] = true
			k.left--
			return k.values[i], true
		}
	}
	return nil, false
}

// rest is what nobody took.
func (k *keywords) rest() *Dict {
	d := NewDict()
	for i, n := range k.names {
		if !k.taken[i] {
			d.Set(n, k.values[i])
		}
	}
	return d
}

// bindMacro puts the values of the parameters and special variables into the slots of the macro's scope.
func (st *state) bindMacro(m *macro, a *args, slots []any) {
	d := m.def
	st.stepN(len(a.names) * len(d.params) / 8)
	kw := &keywords{args: a, left: len(a.names)}
	if kw.left > 0 {
		kw.taken = make([]bool, kw.left)
	}
	foundCaller := d.explicit && len(a.pos) >= len(d.params)
	for i, p := range d.params {
		if i < len(a.pos) {
			slots[p.ref.slot] = a.pos[i]
			continue
		}
		foundCaller = foundCaller || p.name == "caller"
		if v, ok := kw.take(p.name); ok {
			slots[p.ref.slot] = v
		}
	}
	if d.callerSlot >= 0 && !foundCaller {
		caller, ok := kw.take("caller")
		if !ok || caller == nil {
			caller = st.undefinedHint("caller", "No caller defined")
		}
		slots[d.callerSlot] = caller
	}
	if d.kwargsSlot >= 0 {
		slots[d.kwargsSlot] = kw.rest()
	} else if kw.left > 0 {
		if _, ok := kw.take("caller"); ok {
			panic(typeErr("macro %s was invoked with two values for the special caller argument. This is most likely a bug.", d.label()))
		}
		panic(typeErr("macro %s takes no keyword argument %s", d.label(), st.repr(kw.rest().keys[0])))
	}
	extra := a.pos[min(len(d.params), len(a.pos)):]
	if d.argsSlot >= 0 {
		slots[d.argsSlot] = &Tuple{Items: extra}
	} else if len(extra) > 0 {
		panic(typeErr("macro %s takes not more than %d argument(s)", d.label(), len(d.params)))
	}
}
