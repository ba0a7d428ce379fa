package jinja

func builtinGlobals() map[string]any {
	out := map[string]any{}
	for name, b := range table("", []entry{
		{"range", "start stop? step? /", globalRange},
		{"dict", "*", globalDict},
		{"namespace", "*", globalNamespace},
		{"cycler", "*", globalCycler},
		{"joiner", "sep?", globalJoiner},
	}) {
		out[name] = &function{typeName: "type", name: name, builtin: b, call: func(st *state, a *args) any {
			return b.invoke(&call{st: st, args: a})
		}}
	}
	return out
}

func globalRange(c *call) any {
	r := &rangeValue{0, mustInt(c.a[0]), c.int(2, 1)}
	if c.a[1] != missing {
		r.start, r.stop = r.stop, mustInt(c.a[1])
	}
	if r.step == 0 {
		panic(valueErr("range() arg 3 must not be zero"))
	}
	if n := r.len(); n > c.st.lim.Range || n < 0 {
		panic(limitErr("a range has more than %d elements", c.st.lim.Range))
	}
	return r
}

func globalDict(c *call) any {
	d := NewDict()
	if len(c.args.pos) > 1 {
		panic(typeErr("dict expected at most 1 argument, got %d", len(c.args.pos)))
	}
	updateDict(c.st, d, c.args)
	return d
}

func globalNamespace(c *call) any {
	d := NewDict()
	updateDict(c.st, d, c.args)
	return &namespace{d}
}

func globalCycler(c *call) any {
	if len(c.args.pos) == 0 {
		panic(fail("RuntimeError", "at least one item has to be provided"))
	}
	return &cycler{items: c.args.pos}
}

func (c *cycler) attribute(name string) (any, bool) {
	switch name {
	case "next":
		return &function{typeName: "method", call: func(*state, *args) any {
			v := c.items[c.pos]
			c.pos = (c.pos + 1) % len(c.items)
			return v
		}}, true
	case "current":
		return c.items[c.pos], true
	case "items":
		return &Tuple{Items: c.items}, true
	case "pos":
		return int64(c.pos), true
	case "reset":
		return &function{typeName: "method", call: func(*state, *args) any { c.pos = 0; return nil }}, true
	}
	return nil, false
}

func globalJoiner(c *call) any { return &joiner{sep: c.arg(0, ", ")} }
