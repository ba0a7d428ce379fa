package jinja

import "strings"

// getItem is o[k]: the item, or else the attribute of that name, or else undefined.
func (st *state) getItem(o, k any) any {
	if v, ok := st.item(o, k); ok {
		return v
	}
	if n, ok := asStr(k); ok {
		if v, ok := st.attribute(o, n); ok {
			return v
		}
	}
	return st.undefinedIn(o, k)
}

// getAttr is o.n: the attribute, or else the item of that name, or else undefined.
func (st *state) getAttr(o any, n string) any {
	if u, ok := o.(*Undefined); ok {
		return chained(u)
	}
	if v, ok := st.attribute(o, n); ok {
		return v
	}
	if v, ok := st.item(o, n); ok {
		return v
	}
	return st.undefinedIn(o, n)
}

func chained(u *Undefined) any {
	if u.policy != Chainable {
		panic(u.err())
	}
	return u
}

// item is Python's o[k].
func (st *state) item(o, k any) (any, bool) {
	st.weigh(k)
	switch t := o.(type) {
	case *Undefined:
		return chained(t), true
	case *Dict:
		return t.lookup(k)
	case *List:
		return itemAt(t.Items, k)
	case *Tuple:
		return itemAt(t.Items, k)
	case *rangeValue:
		if i, ok := toInt(k); ok {
			return t.index(i)
		}
	case string:
		return st.charAt(t, k)
	case Markup:
		v, ok := st.charAt(string(t), k)
		if s, isStr := v.(string); isStr {
			return Markup(s), ok
		}
		return v, ok
	case *selfValue:
		if n, ok := asStr(k); ok && t.ctx.blocks[n] != nil {
			return &blockCall{t.ctx, n, 0}, true
		}
	}
	return nil, false
}

// lookup is Get for a key that may be unhashable.
func (d *Dict) lookup(k any) (any, bool) {
	switch k.(type) {
	case *List, *Dict, *dictView, *namespace:
		return nil, false
	}
	return d.Get(k)
}

func itemAt(items []any, k any) (any, bool) {
	i, ok := toInt(k)
	if !ok {
		return nil, false
	}
	if i < 0 {
		i += int64(len(items))
	}
	if i < 0 || i >= int64(len(items)) {
		return nil, false
	}
	return items[i], true
}

func (st *state) charAt(s string, k any) (any, bool) {
	i, ok := toInt(k)
	if !ok {
		return nil, false
	}
	st.stepN(len(s) / stepsPerCheck)
	if i < 0 {
		i += int64(runeLen(s))
	}
	if i < 0 {
		return nil, false
	}
	for _, r := range s {
		if i == 0 {
			return string(r), true
		}
		i--
	}
	return nil, false
}

// outOfReach says of an attribute that Python's objects have it and that Jinja2's sandbox does not let a template use it.
func (st *state) outOfReach(o any, n string) bool {
	return len(n) > 4 && strings.HasPrefix(n, "__") && strings.HasSuffix(n, "__") || st.env.opt.Immutable && changes(o, n)
}

// changes says whether a method changes the list or dict that it is called on.
func changes(o any, method string) bool {
	switch o.(type) {
	case *List:
		switch method {
		case "append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove":
			return true
		}
	case *Dict:
		switch method {
		case "clear", "pop", "popitem", "setdefault", "update":
			return true
		}
	}
	return false
}

// attribute is Python's getattr, without what begins with an underscore or is out of reach.
func (st *state) attribute(o any, n string) (any, bool) {
	if strings.HasPrefix(n, "_") || st.env.opt.Immutable && changes(o, n) {
		return nil, false
	}
	switch t := o.(type) {
	case *Tuple:
		for i, x := range t.Names {
			if x == n {
				return t.Items[i], true
			}
		}
	case *rangeValue:
		if v, ok := t.attribute(n); ok {
			return v, true
		}
	case *loop:
		return t.attribute(st, n)
	case *namespace:
		return t.d.text(n)
	case *module:
		return t.attribute(n)
	case *macro:
		return t.attribute(n)
	case *selfValue:
		return nil, false
	case *blockCall:
		return t.attribute(st, n)
	case *cycler:
		return t.attribute(n)
	}
	return st.method(o, n)
}

func (r *rangeValue) attribute(n string) (any, bool) {
	switch n {
	case "start":
		return r.start, true
	case "stop":
		return r.stop, true
	case "step":
		return r.step, true
	}
	return nil, false
}

func (m *module) attribute(n string) (any, bool) {
	if !m.ctx.exported[n] {
		return nil, false
	}
	return m.ctx.vars[n], true
}

// slice is o[a:b:c].
func (st *state) slice(o any, bounds [3]any) any {
	if u, ok := o.(*Undefined); ok {
		return chained(u)
	}
	switch t := o.(type) {
	case *List:
		return &List{Items: sliceOf(st, t.Items, bounds)}
	case *Tuple:
		return &Tuple{Items: sliceOf(st, t.Items, bounds)}
	case *rangeValue:
		return st.sliceRange(t, bounds)
	case string:
		return st.sliceStr(t, bounds)
	case Markup:
		return Markup(st.sliceStr(string(t), bounds))
	case *Dict:
		panic(typeErr("unhashable type: 'slice'"))
	}
	panic(typeErr("'%s' object is not subscriptable", typeName(o)))
}

func (st *state) sliceStr(s string, bounds [3]any) string {
	if isASCII(s) {
		if start, stop, step := sliceBounds(int64(len(s)), bounds); step == 1 {
			return s[start:max(start, stop)]
		}
	}
	st.use(int64(len(s)) * 4)
	return string(sliceOf(st, []rune(s), bounds))
}

func (st *state) sliceRange(r *rangeValue, bounds [3]any) any {
	start, stop, step := sliceBounds(r.len(), bounds)
	return &rangeValue{r.start + start*r.step, r.start + stop*r.step, r.step * step}
}

// sliceBounds turns the bounds into positions in a sequence of n elements.
func sliceBounds(n int64, bounds [3]any) (start, stop, step int64) {
	step = 1
	if bounds[2] != nil {
		step = sliceIndex(bounds[2])
	}
	if step == 0 {
		panic(valueErr("slice step cannot be zero"))
	}
	lo, hi := int64(0), n
	start, stop = 0, n
	if step < 0 {
		lo, hi = -1, n-1
		start, stop = n-1, -1
	}
	fix := func(v any, def int64) int64 {
		if v == nil {
			return def
		}
		i := sliceIndex(v)
		if i < 0 {
			i += n
		}
		return max(lo, min(i, hi))
	}
	return fix(bounds[0], start), fix(bounds[1], stop), step
}

func sliceIndex(v any) int64 {
	if i, ok := v.(int64); ok {
		return i
	}
	if _, ok := toBig(v); !ok {
		panic(typeErr("slice indices must be integers or None or have an __index__ method"))
	}
	return mustInt(v)
}

func sliceOf[T any](st *state, s []T, bounds [3]any) []T {
	start, stop, step := sliceBounds(int64(len(s)), bounds)
	var out []T
	st.useItems(len(s))
	for i := start; (step > 0 && i < stop) || (step < 0 && i > stop); i += step {
		out = append(out, s[i])
		if step > int64(len(s)) || step < -int64(len(s)) {
			break
		}
	}
	return out
}
