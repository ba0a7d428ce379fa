package jinja

func selectFilters() []entry {
	return []entry{
		{"map", "*", filterMap},
		{"select", "*", selection(false, true)},
		{"reject", "*", selection(false, false)},
		{"selectattr", "*", selection(true, true)},
		{"rejectattr", "*", selection(true, false)},
		{"items", "", filterItems},
	}
}

func filterItems(c *call) any {
	st, self := c.st, c.self
	return st.generate(func() []any {
		if isUndefined(self) {
			return nil
		}
		d, ok := self.(*Dict)
		if !ok {
			panic(typeErr("Can only get item pairs from a mapping."))
		}
		st.useTimes(entrySize, int64(d.Len()))
		return d.pairs()
	})
}

func filterMap(c *call) any {
	return c.st.generate(func() []any {
		if !c.st.truth(c.self) {
			return nil
		}
		f := c.mapper()
		items := c.st.iter(c.self)
		c.st.useItems(len(items))
		out := make([]any, len(items))
		for i, x := range items {
			c.st.step()
			out[i] = f(x)
		}
		return out
	})
}

// mapper is what map applies: an attribute or a filter.
func (c *call) mapper() func(any) any {
	a := c.args
	attr, byAttr := a.keyword("attribute")
	if len(a.pos) == 0 && byAttr {
		for _, n := range a.names {
			if n != "attribute" && n != "default" {
				panic(fail("FilterArgumentError", "Unexpected keyword argument %s", quote(n)))
			}
		}
		def, _ := a.keyword("default")
		return c.st.getter(attr, def)
	}
	if len(a.pos) == 0 {
		panic(fail("FilterArgumentError", "map requires a filter argument"))
	}
	f := c.named(c.st.env.filters, "filter", a.pos[0])
	rest := &args{a.pos[1:], a.names, a.values}
	return func(v any) any { return f.invoke(&call{st: c.st, ctx: c.ctx, self: v, args: rest}) }
}

// named finds a filter or test by a name that is a value.
func (c *call) named(set map[string]*builtin, what string, name any) *builtin {
	hashKey(name)
	s, _ := asStr(name)
	f := set[s]
	if f != nil {
		return f
	}
	msg := "No " + what + " named " + c.st.repr(name) + "."
	if u, ok := name.(*Undefined); ok {
		msg += " (" + u.message() + "; did you forget to quote the callable name?)"
	}
	panic(fail(KindRuntime, "%s", msg))
}

// selection is select, reject, or one of their forms for attributes.
func selection(byAttr, want bool) func(c *call) any {
	return func(c *call) any {
		return c.st.generate(func() []any {
			if !c.st.truth(c.self) {
				return nil
			}
			test := c.predicate(byAttr)
			var out []any
			for _, x := range c.st.iter(c.self) {
				c.st.step()
				if test(x) == want {
					c.st.useItems(1)
					out = append(out, x)
				}
			}
			return out
		})
	}
}

func (c *call) predicate(byAttr bool) func(any) bool {
	pos := c.args.pos
	get := func(v any) any { return v }
	if byAttr {
		if len(pos) == 0 {
			panic(fail("FilterArgumentError", "Missing parameter for attribute name"))
		}
		get = c.st.getter(pos[0], nil)
		pos = pos[1:]
	}
	if len(pos) == 0 {
		return func(v any) bool { return c.st.truth(get(v)) }
	}
	rest := &args{pos[1:], c.args.names, c.args.values}
	name := pos[0]
	return func(v any) bool {
		v = get(v)
		t := c.named(c.st.env.tests, "test", name)
		return c.st.truth(t.invoke(&call{st: c.st, ctx: c.ctx, self: v, args: rest}))
	}
}
