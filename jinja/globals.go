package jinja

func builtinGlobals() map[string]any {
	out := map[string]any{}
	for name, b := range table("", []entry{
		{"range", "*", globalRange},
		{"dict", "*", globalDict},
		{"namespace", "*", globalNamespace},
		{"cycler", "*", globalCycler},
		{"joiner", "sep?", globalJoiner},
	}) {
		out[name] = &function{typeName: "type", name: name, call: func(st *state, a *args) any {
			return b.invoke(&call{st: st, args: a})
		}}
	}
	return out
}

func globalRange(c *call) any {
	a := c.args.pos
	if len(c.args.names) > 0 {
		panic(typeErr("range() takes no keyword arguments"))
	}
	r := &rangeValue{0, 0, 1}
	switch len(a) {
	case 1:
		r.stop = mustInt(a[0])
	case 2, 3:
		r.start, r.stop = mustInt(a[0]), mustInt(a[1])
		if len(a) == 3 {
			r.step = mustInt(a[2])
		}
	case 0:
		panic(typeErr("range expected at least 1 argument, got 0"))
	default:
		panic(typeErr("range expected at most 3 arguments, got %d", len(a)))
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
