package jinja

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
)

func sequenceFilters() []entry {
	return []entry{
		{"length", "", func(c *call) any { return int64(c.st.mustLength(c.self)) }},
		{"list", "", filterList},
		{"first", "", filterFirst},
		{"last", "", filterLast},
		{"random", "", filterRandom},
		{"reverse", "", filterReverse},
		{"join", "d? attribute?", filterJoin},
		{"batch", "linecount fill_with?", filterBatch},
		{"slice", "slices fill_with?", filterSlice},
		{"sort", "reverse? case_sensitive? attribute?", filterSort},
		{"dictsort", "case_sensitive? by? reverse?", filterDictSort},
		{"groupby", "attribute default? case_sensitive?", filterGroupBy},
		{"unique", "case_sensitive? attribute?", filterUnique},
	}
}

func filterList(c *call) any {
	items := c.st.iter(c.self)
	c.st.useItems(len(items))
	return &List{Items: append([]any(nil), items...)}
}

func filterFirst(c *call) any {
	if g, ok := c.self.(*generator); ok {
		if v, ok := g.next(); ok {
			return v
		}
	} else if items := c.st.iter(c.self); len(items) > 0 {
		return items[0]
	}
	return c.st.undefinedHint("first", "No first item, sequence was empty.")
}

// reversible lists what Python's reversed() takes.
func (st *state) reversible(v any) ([]any, bool) {
	if _, ok := v.(*generator); ok {
		return nil, false
	}
	return st.tryIter(v)
}

func filterLast(c *call) any {
	items, ok := c.st.reversible(c.self)
	if !ok {
		panic(typeErr("'%s' object is not reversible", typeName(c.self)))
	}
	if len(items) > 0 {
		last := items[len(items)-1]
		if s, ok := last.(string); ok && isMarkup(c.self) {
			return Markup(s)
		}
		return last
	}
	return c.st.undefinedHint("last", "No last item, sequence was empty.")
}

func filterRandom(c *call) any {
	n := c.st.mustLength(c.self)
	if n == 0 {
		return c.st.undefinedHint("random", "No random item, sequence was empty.")
	}
	v, ok := c.st.item(c.self, int64(rand.IntN(n)))
	if !ok {
		panic(fail("KeyError", "a mapping has no random item"))
	}
	return v
}

func filterReverse(c *call) any {
	st := c.st
	if s, ok := asStr(c.self); ok {
		st.use(int64(len(s)) * 4)
		r := []rune(s)
		slices.Reverse(r)
		return st.mark(string(r), isMarkup(c.self))
	}
	items, ok := st.tryIter(c.self)
	if !ok {
		panic(fail("FilterArgumentError", "argument must be iterable"))
	}
	st.useItems(len(items))
	items = slices.Clone(items)
	slices.Reverse(items)
	if _, lazy := c.self.(*generator); lazy {
		return &List{Items: items}
	}
	return &generator{st: st, typeName: reverseTypeName(c.self), make: func() []any { return items }}
}

func reverseTypeName(v any) string {
	switch v.(type) {
	case *List:
		return "list_reverseiterator"
	case *Dict, *dictView:
		return "dict_reversekeyiterator"
	case *rangeValue:
		return "range_iterator"
	}
	return "reversed"
}

func filterJoin(c *call) any {
	st := c.st
	items := c.st.iter(c.self)
	if c.has(1) {
		get := st.getter(c.a[1], nil)
		items = slices.Clone(items)
		for i, x := range items {
			st.step()
			items[i] = get(x)
		}
	}
	glue := c.arg(0, "")
	markup := c.ctx.eval.autoescape && (isMarkup(glue) || slices.ContainsFunc(items, isMarkup))
	text := st.str
	if markup {
		text = st.escape
	}
	var b strings.Builder
	sep := text(glue)
	for i, x := range items {
		if i > 0 {
			b.WriteString(sep)
		}
		s := text(x)
		st.use(int64(len(s) + len(sep)))
		b.WriteString(s)
	}
	return st.mark(b.String(), markup)
}

func filterBatch(c *call) any {
	st, self, count, fill := c.st, c.self, c.a[0], c.arg(1, nil)
	return st.generate(func() []any {
		var out []any
		row := &List{}
		for _, x := range st.iter(self) {
			if st.equal(int64(len(row.Items)), count) {
				out = append(out, row)
				row = &List{}
			}
			st.useItems(1)
			row.Items = append(row.Items, x)
		}
		if len(row.Items) == 0 {
			return out
		}
		if fill != nil && st.less(int64(len(row.Items)), count) {
			n := mustInt(count) - int64(len(row.Items))
			st.useTimes(itemSize, n)
			for range n {
				row.Items = append(row.Items, fill)
			}
		}
		return append(out, row)
	})
}

func filterSlice(c *call) any {
	st, self, count, fill := c.st, c.self, c.a[0], c.arg(1, nil)
	return st.generate(func() []any {
		items, n := st.iter(self), mustInt(count)
		if n == 0 {
			panic(fail("ZeroDivisionError", "integer division or modulo by zero"))
		}
		if n < 0 {
			return nil
		}
		st.useTimes(itemSize, n)
		st.useItems(len(items))
		size, extra := int64(len(items))/n, int64(len(items))%n
		var out []any
		offset := int64(0)
		for i := range n {
			start := offset + i*size
			if i < extra {
				offset++
			}
			end := offset + (i+1)*size
			row := append([]any(nil), items[start:end]...)
			if fill != nil && i >= extra {
				row = append(row, fill)
			}
			out = append(out, &List{Items: row})
		}
		return out
	})
}

// sorted is Python's sorted(), which is stable also in reverse.
func (st *state) sorted(items []any, key func(any) any, reverse bool) []any {
	st.useItems(len(items) * 3)
	type keyed struct{ key, value any }
	list := make([]keyed, len(items))
	for i, v := range items {
		list[i] = keyed{key(v), v}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		if reverse {
			a, b = b, a
		}
		if c, ok := st.comparePlain(a.key, b.key); ok {
			return c
		}
		// A comparison the other way round decides between "greater" and "equal", as for Python's floats that are not ordered.
		if st.less(a.key, b.key) {
			return -1
		}
		return cmp.Compare(0, -boolInt(st.less(b.key, a.key)))
	})
	out := make([]any, len(list))
	for i := range list {
		out[i] = list[i].value
	}
	return out
}

// comparePlain compares strings and small integers, also where each is alone in a list, as the keys of the filter sort
// are; ok is false for other values.
func (st *state) comparePlain(a, b any) (c int, ok bool) {
	switch x := a.(type) {
	case *List:
		if y, ok := b.(*List); ok && len(x.Items) == 1 && len(y.Items) == 1 && !isList(x.Items[0]) {
			return st.comparePlain(x.Items[0], y.Items[0])
		}
	case string:
		if y, ok := b.(string); ok {
			st.stepN(1 + min(len(x), len(y))/bytesPerStep)
			return strings.Compare(x, y), true
		}
	case int64:
		if y, ok := b.(int64); ok {
			st.step()
			return cmp.Compare(x, y), true
		}
	}
	return 0, false
}

func isList(v any) bool { _, ok := v.(*List); return ok }

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func filterSort(c *call) any {
	key := c.st.multiGetter(c.arg(2, nil), c.bool(1, false))
	return &List{Items: c.st.sorted(c.st.iter(c.self), key, c.size(0, 0) != 0)}
}

func filterDictSort(c *call) any {
	pos := 0
	switch by, _ := asStr(c.arg(1, "key")); by {
	case "key":
	case "value":
		pos = 1
	default:
		panic(fail("FilterArgumentError", `You can only sort by either "key" or "value"`))
	}
	d, ok := c.self.(*Dict)
	if !ok {
		panic(attrError(c.self, "items"))
	}
	get := func(v any) any { return v.(*Tuple).Items[pos] }
	c.st.useTimes(entrySize, int64(d.Len()))
	return &List{Items: c.st.sorted(d.pairs(), c.st.keyOf(get, c.bool(0, false)), c.size(2, 0) != 0)}
}

func filterGroupBy(c *call) any {
	st := c.st
	get := st.getter(c.a[0], c.arg(1, nil))
	key := st.keyOf(get, c.bool(2, false))
	out := &List{}
	var last any
	var group *List
	for _, x := range st.sorted(st.iter(c.self), key, false) {
		k := key(x)
		if group == nil || !st.same(k, last) {
			group, last = &List{}, k
			out.Items = append(out.Items, &Tuple{Items: []any{get(x), group}, Names: []string{"grouper", "list"}})
		}
		group.Items = append(group.Items, x)
	}
	return out
}

func filterUnique(c *call) any {
	st, self := c.st, c.self
	key := st.keyOf(st.getter(c.arg(1, nil), nil), c.bool(0, false))
	return st.generate(func() []any {
		seen := map[any]bool{}
		var out []any
		for _, x := range st.iter(self) {
			k := hashKey(key(x))
			if seen[k] {
				continue
			}
			st.useItems(4)
			seen[k] = true
			out = append(out, x)
		}
		return out
	})
}
