package jinja

// template loads the template that a value names.
func (st *state) template(v any) *Template {
	needDefined(v)
	name, ok := asStr(v)
	if !ok {
		panic(attrError(v, "split"))
	}
	t, err := st.load(name)
	if err != nil {
		panic(st.copyErr(err, name))
	}
	return t
}

// load accounts for the time of reading and parsing a template.
func (st *state) load(name string) (*Template, error) {
	st.checkContext()
	t, err := st.env.Template(name)
	if err == nil {
		st.stepN(len(t.src) / bytesPerStep)
	}
	return t, err
}

// copyErr makes an error of its own for this rendering, as the stack is added to it.
func (st *state) copyErr(err error, name string) *Error {
	e := asError(err)
	if e == nil {
		return &Error{Kind: KindNotFound, Message: name + ": " + err.Error(), cause: err}
	}
	c := *e
	if c.Template != "" { // it is in the template that was to be drawn in, which was not entered
		c.Stack = append(c.Stack[:len(c.Stack):len(c.Stack)], Frame{st.tpl.name, st.line})
	}
	return &c
}

func (st *state) execInclude(sc *scope, s *sInclude) {
	st.goTo(s)
	t := st.selectTemplate(sc, s)
	if t == nil {
		return
	}
	if !s.withContext {
		st.write(st.defaultModule(t).out)
		return
	}
	st.stepN(len(t.blocks) + len(s.locals))
	st.runRoot(t, newContext(t, sc.ctx, sc.collect(s.locals)))
}

// selectTemplate loads the first template of a list that there is, or the one that is named; nil when it may be missing.
func (st *state) selectTemplate(sc *scope, s *sInclude) *Template {
	v := st.eval(sc, s.x)
	st.at(s.at)
	if _, isStr := asStr(v); isStr {
		return st.tryTemplate(v, s.ignoreMissing)
	}
	needDefined(v)
	var names []any
	if st.truth(v) {
		names = st.iter(v)
	}
	for _, n := range names {
		needDefined(n)
		if t := st.tryTemplate(n, true); t != nil {
			return t
		}
	}
	if s.ignoreMissing {
		return nil
	}
	if len(names) == 0 {
		panic(fail("TemplatesNotFound", "Tried to select from an empty list of templates"))
	}
	msg := "none of the templates given were found: "
	for i, n := range names {
		if i > 0 {
			msg += ", "
		}
		msg += st.str(n)
	}
	panic(fail("TemplatesNotFound", "%s", msg))
}

func (st *state) tryTemplate(v any, ignoreMissing bool) *Template {
	name, ok := asStr(v)
	if !ok {
		panic(attrError(v, "split"))
	}
	t, err := st.load(name)
	if err == nil {
		return t
	}
	e := st.copyErr(err, name)
	if e.Kind == KindNotFound && ignoreMissing {
		return nil
	}
	panic(e)
}

// importModule runs a template for the names that it exports.
func (st *state) importModule(sc *scope, x expr, withContext bool, locals []local) *module {
	t := st.template(st.eval(sc, x))
	if !withContext {
		return st.defaultModule(t)
	}
	return st.makeModule(t, newContext(t, st.snapshot(sc.ctx), sc.collect(locals)))
}

// defaultModule is the template run without a context, once in a rendering.
func (st *state) defaultModule(t *Template) *module {
	if m := st.modules[t]; m != nil {
		return m
	}
	m := st.makeModule(t, newContext(t, nil, nil))
	if st.modules == nil {
		st.modules = map[*Template]*module{}
	}
	st.modules[t] = m
	return m
}

func (st *state) makeModule(t *Template, ctx *tplContext) *module {
	text := st.capture(func() { st.runRoot(t, ctx) })
	return &module{ctx, text}
}

func (st *state) execImport(sc *scope, s *sImport) {
	st.goTo(s)
	m := st.importModule(sc, s.x, s.withContext, s.locals)
	*sc.at(s.target.ref) = m
	if s.export {
		sc.ctx.set(s.target.name, m, false)
	}
}

func (st *state) execFromImport(sc *scope, s *sFromImport) {
	st.goTo(s)
	m := st.importModule(sc, s.x, s.withContext, s.locals)
	for i, name := range s.names {
		v, ok := m.attribute(name)
		if !ok {
			v = st.undefinedHint(name,
				"the template %s (imported on line %d in %s) does not export the requested name %s",
				quote(m.ctx.tpl.name), s.line, quote(sc.ctx.tpl.name), quote(name))
		}
		target := s.targets[i]
		*sc.at(target.ref) = v
		if s.export {
			sc.ctx.set(target.name, v, false)
		}
	}
}
