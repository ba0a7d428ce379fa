package jinja

import (
	"cmp"
	"math"
	"math/big"
	"strings"
)

// equal is Python's ==.
func (st *state) equal(a, b any) bool { return st.equalAt(a, b, 0) }

func (st *state) equalAt(a, b any, depth int) bool {
	st.step()
	if depth > maxDepth {
		panic(fail("RecursionError", "maximum recursion depth exceeded in comparison"))
	}
	if isNumber(a) && isNumber(b) {
		return compareNumbers(a, b) == 0
	}
	if x, ok := asStr(a); ok {
		y, ok := asStr(b)
		if ok && len(x) == len(y) {
			st.stepN(len(x) / bytesPerStep)
		}
		if ok || !isUndefined(b) {
			return ok && x == y
		}
	}
	if u, ok := b.(*Undefined); ok {
		st.useUndefined(u, "compare")
	}
	switch x := a.(type) {
	case *List:
		y, ok := b.(*List)
		return ok && (x == y || st.equalItems(x.Items, y.Items, depth))
	case *Tuple:
		y, ok := b.(*Tuple)
		return ok && (x == y || st.equalItems(x.Items, y.Items, depth))
	case *Dict:
		y, ok := b.(*Dict)
		return ok && (x == y || st.equalDicts(x, y, depth))
	case *dictView:
		y, ok := b.(*dictView)
		return ok && st.equalViews(x, y, depth)
	case *rangeValue:
		y, ok := b.(*rangeValue)
		return ok && x.len() == y.len() && (x.len() == 0 || x.start == y.start && (x.len() == 1 || x.step == y.step))
	case *Undefined:
		st.useUndefined(x, "compare")
		return isUndefined(b) && x.policy == b.(*Undefined).policy
	}
	return a == b
}

func isUndefined(v any) bool { _, ok := v.(*Undefined); return ok }

func (st *state) equalItems(x, y []any, depth int) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if !st.equalAt(x[i], y[i], depth+1) {
			return false
		}
	}
	return true
}

func (st *state) equalDicts(x, y *Dict, depth int) bool {
	if x.Len() != y.Len() {
		return false
	}
	for i, k := range x.keys {
		v, ok := y.Get(k)
		if !ok || !st.equalAt(x.vals[i], v, depth+1) {
			return false
		}
	}
	return true
}

func (st *state) equalViews(x, y *dictView, depth int) bool {
	switch {
	case x == y:
		return true
	case x.kind != y.kind || x.d.Len() != y.d.Len() || x.kind == "dict_values":
		return false
	case x.kind == "dict_items":
		return st.equalDicts(x.d, y.d, depth)
	}
	for _, k := range x.d.keys {
		if _, ok := y.d.Get(k); !ok {
			return false
		}
	}
	return true
}

// unordered is the result of comparing a number with NaN.
const unordered = 2

// compareNumbers gives -1, 0, 1 or unordered. Integers and floats are compared exactly.
func compareNumbers(a, b any) int {
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	}
	f, fa := a.(float64)
	g, fb := b.(float64)
	if fa && fb {
		switch {
		case f < g:
			return -1
		case f > g:
			return 1
		case f == g:
			return 0
		}
		return unordered
	}
	if fb {
		return -flip(compareFloatInt(g, a))
	}
	if fa {
		return compareFloatInt(f, b)
	}
	x, _ := toBig(a)
	y, _ := toBig(b)
	return x.Cmp(y)
}

func flip(c int) int {
	if c == unordered {
		return -unordered
	}
	return c
}

func compareFloatInt(f float64, v any) int {
	switch {
	case math.IsNaN(f):
		return unordered
	case math.IsInf(f, 0):
		return int(math.Copysign(1, f))
	}
	z, _ := toBig(v)
	return new(big.Float).SetFloat64(f).Cmp(new(big.Float).SetInt(z))
}

// order compares two values as Python's < and its like do; op is what the message names.
func (st *state) order(a, b any, op string) int { return st.orderAt(a, b, op, 0) }

func (st *state) orderAt(a, b any, op string, depth int) int {
	st.step()
	if depth > maxDepth {
		panic(fail("RecursionError", "maximum recursion depth exceeded in comparison"))
	}
	needDefined(a)
	needDefined(b)
	if isNumber(a) && isNumber(b) {
		return compareNumbers(a, b)
	}
	if x, ok := asStr(a); ok {
		if y, ok := asStr(b); ok {
			st.stepN(min(len(x), len(y)) / bytesPerStep)
			return strings.Compare(x, y) // the order of UTF-8 is that of code points
		}
	}
	switch x := a.(type) {
	case *List:
		if y, ok := b.(*List); ok {
			return st.orderItems(x.Items, y.Items, op, depth)
		}
	case *Tuple:
		if y, ok := b.(*Tuple); ok {
			return st.orderItems(x.Items, y.Items, op, depth)
		}
	}
	panic(typeErr("'%s' not supported between instances of '%s' and '%s'", op, typeName(a), typeName(b)))
}

func (st *state) orderItems(x, y []any, op string, depth int) int {
	for i := range min(len(x), len(y)) {
		if !st.equalAt(x[i], y[i], depth+1) {
			return st.orderAt(x[i], y[i], op, depth+1)
		}
	}
	return len(x) - len(y)
}

// less is Python's <.
func (st *state) less(a, b any) bool { c := st.order(a, b, "<"); return c < 0 }

// compareOp evaluates one comparison operator.
func (st *state) compareOp(op string, l, r any) bool {
	if x, ok := l.(int64); ok {
		if y, ok := r.(int64); ok {
			switch op {
			case "==":
				return x == y
			case "!=":
				return x != y
			case "<", "<=", ">", ">=":
				return ordered(op, cmp.Compare(x, y))
			}
		}
	}
	switch op {
	case "==":
		return st.equal(l, r)
	case "!=":
		return !st.equal(l, r)
	case "in":
		return st.contains(r, l)
	case "not in":
		return !st.contains(r, l)
	}
	c := st.order(l, r, op)
	return c != unordered && ordered(op, c)
}

// ordered says whether an operator holds of what a comparison gave.
func ordered(op string, c int) bool {
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// contains is Python's "v in c".
func (st *state) contains(c, v any) bool {
	st.weigh(c, v)
	switch t := c.(type) {
	case string, Markup:
		s, _ := asStr(t)
		sub, ok := asStr(v)
		if !ok {
			panic(typeErr("'in <string>' requires string as left operand, not %s", typeName(v)))
		}
		return strings.Contains(s, sub)
	case *Dict:
		_, ok := t.Get(v)
		return ok
	case *dictView:
		if t.kind == "dict_keys" {
			_, ok := t.d.Get(v)
			return ok
		}
	case *rangeValue:
		return t.contains(v)
	case *generator:
		for x, ok := t.next(); ok; x, ok = t.next() {
			if st.same(x, v) {
				return true
			}
		}
		return false
	}
	items, ok := st.tryIter(c)
	if !ok {
		panic(typeErr("argument of type '%s' is not iterable", typeName(c)))
	}
	for _, x := range items {
		if st.same(x, v) {
			return true
		}
	}
	return false
}

// same is the comparison that Python's containers use: identical or equal.
func (st *state) same(a, b any) bool {
	if u, ok := a.(*Undefined); ok && a == b {
		st.useUndefined(u, "compare")
		return true
	}
	return st.equal(a, b)
}
