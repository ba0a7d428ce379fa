package jinja

import "slices"

func dictMethods() []entry {
	view := func(kind string) func(c *call) any {
		return func(c *call) any { return &dictView{c.dict(), kind} }
	}
	return []entry{
		{"items", "/", view("dict_items")},
		{"keys", "/", view("dict_keys")},
		{"values", "/", view("dict_values")},
		{"get", "key default? /", func(c *call) any {
			if v, ok := c.dict().Get(c.a[0]); ok {
				return v
			}
			return c.arg(1, nil)
		}},
		{"copy", "/", func(c *call) any {
			c.st.use(int64(c.dict().Len()) * entrySize)
			return c.dict().copy()
		}},
		{"pop", "key default? /", dictPop},
		{"popitem", "/", dictPopItem},
		{"setdefault", "key default? /", dictSetDefault},
		{"update", "*", func(c *call) any {
			c.st.own()
			updateDict(c.st, c.dict(), c.args)
			return nil
		}},
		{"clear", "/", func(c *call) any {
			c.st.own()
			*c.dict() = *NewDict()
			return nil
		}},
		{"fromkeys", "iterable value? /", func(c *call) any {
			d := NewDict()
			for _, k := range c.st.iter(c.a[0]) {
				c.st.use(entrySize)
				d.Set(k, c.arg(1, nil))
			}
			return d
		}},
	}
}

func (c *call) dict() *Dict { return c.self.(*Dict) }

func (c *call) list() *List { return c.self.(*List) }

func dictPop(c *call) any {
	c.st.own()
	v, ok := c.dict().Get(c.a[0])
	if ok {
		c.st.stepN(c.dict().Len())
		c.dict().Delete(c.a[0])
		return v
	}
	if c.a[1] == missing {
		panic(fail("KeyError", "%s", c.st.repr(c.a[0])))
	}
	return c.a[1]
}

func dictPopItem(c *call) any {
	c.st.own()
	d := c.dict()
	if d.Len() == 0 {
		panic(fail("KeyError", "'popitem(): dictionary is empty'"))
	}
	k, v := d.keys[d.Len()-1], d.vals[d.Len()-1]
	d.Delete(k)
	return tuple(k, v)
}

func dictSetDefault(c *call) any {
	if v, ok := c.dict().Get(c.a[0]); ok {
		return v
	}
	c.st.own()
	c.st.use(entrySize)
	v := c.arg(1, nil)
	c.dict().Set(c.a[0], v)
	return v
}

// updateDict is dict.update: from a mapping or from pairs, and from keywords.
func updateDict(st *state, d *Dict, a *args) {
	for _, x := range a.pos {
		needDefined(x)
		m, ok := x.(*Dict)
		if !ok {
			for _, p := range st.iter(x) {
				kv := st.iter(p)
				if len(kv) != 2 {
					panic(valueErr("dictionary update sequence element has length %d; 2 is required", len(kv)))
				}
				st.use(entrySize)
				d.Set(kv[0], kv[1])
			}
			continue
		}
		st.use(int64(m.Len()) * entrySize)
		for i, k := range slices.Clone(m.keys) {
			d.Set(k, m.vals[i])
		}
	}
	st.use(int64(len(a.names)) * entrySize)
	for i, n := range a.names {
		d.Set(n, a.values[i])
	}
}

func listMethods() []entry {
	return []entry{
		{"append", "object /", func(c *call) any {
			c.change(1)
			c.list().Items = append(c.list().Items, c.a[0])
			return nil
		}},
		{"extend", "iterable /", func(c *call) any {
			items := slices.Clone(c.st.iter(c.a[0]))
			c.change(len(items))
			c.list().Items = append(c.list().Items, items...)
			return nil
		}},
		{"insert", "index object /", listInsert},
		{"pop", "index? /", listPop},
		{"remove", "value /", func(c *call) any {
			i := c.st.indexOf(c.list().Items, c.a[0])
			if i < 0 {
				panic(valueErr("list.remove(x): x not in list"))
			}
			c.change(len(c.list().Items))
			c.list().Items = slices.Delete(slices.Clone(c.list().Items), i, i+1)
			return nil
		}},
		{"reverse", "/", func(c *call) any {
			c.change(0)
			slices.Reverse(c.list().Items)
			return nil
		}},
		{"sort", "key? reverse?", func(c *call) any {
			if c.has(0) {
				panic(typeErr("a list's sort takes no key here; use the filter sort"))
			}
			c.change(0)
			c.list().Items = c.st.sorted(c.list().Items, func(v any) any { return v }, c.size(1, 0) != 0)
			return nil
		}},
		{"clear", "/", func(c *call) any {
			c.change(0)
			c.list().Items = nil
			return nil
		}},
		{"copy", "/", func(c *call) any {
			c.st.useItems(len(c.list().Items))
			return &List{Items: slices.Clone(c.list().Items)}
		}},
		{"index", "value start? stop? /", func(c *call) any { return c.index(c.list().Items, "list") }},
		{"count", "value /", func(c *call) any { return c.count(c.list().Items) }},
	}
}

func tupleMethods() []entry {
	items := func(c *call) []any { return c.self.(*Tuple).Items }
	return []entry{
		{"index", "value start? stop? /", func(c *call) any { return c.index(items(c), "tuple") }},
		{"count", "value /", func(c *call) any { return c.count(items(c)) }},
	}
}

func rangeMethods() []entry {
	items := func(c *call) []any { return c.st.iter(c.self) }
	return []entry{
		{"index", "value /", func(c *call) any {
			if i := c.st.indexOf(items(c), c.a[0]); i >= 0 {
				return int64(i)
			}
			panic(valueErr("%s is not in range", c.st.repr(c.a[0])))
		}},
		{"count", "value /", func(c *call) any { return c.count(items(c)) }},
	}
}

// change is called before a list is changed and n elements are made.
func (c *call) change(n int) {
	c.st.own()
	c.st.useItems(n)
}

func listInsert(c *call) any {
	l, i := c.list(), sizeOf(c.a[0])
	n := int64(len(l.Items))
	if i < 0 {
		i = max(0, i+n)
	}
	c.change(len(l.Items) + 1)
	l.Items = slices.Insert(slices.Clone(l.Items), int(min(i, n)), c.a[1])
	return nil
}

func listPop(c *call) any {
	l, i := c.list(), c.size(0, -1)
	if len(l.Items) == 0 {
		panic(fail("IndexError", "pop from empty list"))
	}
	if i < 0 {
		i += int64(len(l.Items))
	}
	if i < 0 || i >= int64(len(l.Items)) {
		panic(fail("IndexError", "pop index out of range"))
	}
	v := l.Items[i]
	if i == int64(len(l.Items))-1 {
		c.change(0)
		l.Items = l.Items[:i:i]
		return v
	}
	c.change(len(l.Items))
	l.Items = slices.Delete(slices.Clone(l.Items), int(i), int(i)+1)
	return v
}

func (st *state) indexOf(items []any, v any) int {
	return slices.IndexFunc(items, func(x any) bool { return st.same(x, v) })
}

func (c *call) index(items []any, kind string) any {
	start, stop, _ := sliceBounds(int64(len(items)), [3]any{c.arg(1, nil), c.arg(2, nil), nil})
	if start < stop {
		if i := c.st.indexOf(items[start:stop], c.a[0]); i >= 0 {
			return int64(i) + start
		}
	}
	if kind == "tuple" {
		panic(valueErr("tuple.index(x): x not in tuple"))
	}
	panic(valueErr("%s is not in list", c.st.repr(c.a[0])))
}

func (c *call) count(items []any) any {
	n := int64(0)
	for _, x := range items {
		if c.st.same(x, c.a[0]) {
			n++
		}
	}
	return n
}
