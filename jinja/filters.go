package jinja

import (
	"fmt"
	"html"
	"math"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	filters = map[string]*builtin{}
	globals = map[string]any{}
)

type cyclerObj struct {
	items []any
	i     int
}

func (c *cyclerObj) attr(n string) (any, bool) {
	switch n {
	case "next":
		return &Func{"next", func(*state, *args) any {
			v := c.items[c.i]
			c.i = (c.i + 1) % len(c.items)
			return v
		}}, true
	case "current":
		return c.items[c.i], true
	case "reset":
		return &Func{"reset", func(*state, *args) any { c.i = 0; return nil }}, true
	}
	return nil, false
}

type joinerObj struct {
	sep  string
	used bool
}

// getter follows an attribute path such as "user.login" or 0.
func (st *state) getter(attr any) func(any) any {
	if attr == missing || attr == nil {
		return func(v any) any { return v }
	}
	var path []any
	switch t := attr.(type) {
	case string, Markup:
		for _, p := range strings.Split(str(t), ".") {
			if n, err := strconv.ParseInt(p, 10, 64); err == nil {
				path = append(path, n)
			} else {
				path = append(path, p)
			}
		}
	default:
		path = []any{t}
	}
	return func(v any) any {
		for _, p := range path {
			v = st.getitem(v, p)
		}
		return v
	}
}

func fold(v any) any {
	if s, ok := asStr(v); ok {
		return lower(s)
	}
	return v
}

func multi(st *state, attr any, ci, list bool) func(any) any {
	key := func(v any) any {
		if ci {
			return fold(v)
		}
		return v
	}
	if s, ok := asStr(attr); ok && strings.Contains(s, ",") {
		var gs []func(any) any
		for _, p := range strings.Split(s, ",") {
			gs = append(gs, st.getter(p))
		}
		return func(v any) any {
			l := &List{}
			for _, g := range gs {
				l.Items = append(l.Items, key(g(v)))
			}
			return l
		}
	}
	g := st.getter(attr)
	if list { // Jinja2 sorts by a list of keys, so equal keys that cannot be ordered are fine
		return func(v any) any { return &List{Items: []any{key(g(v))}} }
	}
	return func(v any) any { return key(g(v)) }
}

func (st *state) sorted(items []any, key func(any) any, reverse bool) []any {
	n := int64(len(items))
	st.use(n * 32)
	type kv struct{ k, v any }
	ks := make([]kv, len(items))
	for i, v := range items {
		ks[i] = kv{key(v), v}
	}
	sort.SliceStable(ks, func(i, j int) bool {
		st.step()
		if reverse {
			return compare(ks[j].k, ks[i].k, "<") < 0
		}
		return compare(ks[i].k, ks[j].k, "<") < 0
	})
	out := make([]any, len(ks))
	for i := range ks {
		out[i] = ks[i].v
	}
	return out
}

// selector builds the predicate of select, reject and their attr forms.
func (st *state) selector(a *args, byAttr bool) func(any) bool {
	pos := a.pos
	get := func(v any) any { return v }
	if byAttr {
		if len(pos) == 0 {
			panic(rerr("FilterArgumentError", "Missing parameter for attribute name"))
		}
		get = st.getter(pos[0])
		pos = pos[1:]
	}
	if len(pos) == 0 {
		return func(v any) bool { return truth(get(v)) }
	}
	name := str(pos[0])
	t, ok := st.env.tests[name]
	if !ok {
		panic(rerr("TemplateRuntimeError", "No test named %s.", reprStr(name)))
	}
	rest := pos[1:]
	return func(v any) bool { st.step(); return t(st, get(v), rest) }
}

var reWord = regexp.MustCompile(`[\p{L}\p{N}\p{Mn}\p{Mc}_]+`)
var reTags = regexp.MustCompile(`(?s)(<!--.*?-->|<[^>]*>)`)
var reStart = regexp.MustCompile(`[-\s({\[<]+`)

func init() {
	reg := func(name, params string, f func(st *state, v any, a []any) any) {
		filters[name] = &builtin{name: "do_" + name, sig: mkSig(params), fn: f}
	}
	raw := func(name string, f func(st *state, v any, a *args) any) {
		filters[name] = &builtin{name: "do_" + name, raw: f}
	}
	alias := func(n, old string) { filters[n] = filters[old] }

	reg("abs", "", func(_ *state, v any, _ []any) any {
		if f, ok := v.(float64); ok {
			return math.Abs(f)
		}
		z, ok := toBig(v)
		if !ok {
			panic(typeErr("bad operand type for abs(): '%s'", typeName(v)))
		}
		return normInt(new(big.Int).Abs(z))
	})
	reg("attr", "name", func(st *state, v any, a []any) any {
		n := str(a[0])
		if x, ok := st.attr(v, n); ok {
			return x
		}
		return st.undefAttr(v, n)
	})
	reg("batch", "linecount fill_with?", func(st *state, v any, a []any) any {
		n := int(mustInt(a[0]))
		if n < 1 {
			panic(rerr("ValueError", "batch needs a positive line count"))
		}
		items := st.iter(v)
		g := &Gen{}
		for i := 0; i < len(items); i += n {
			row := append([]any(nil), items[i:min(i+n, len(items))]...)
			if has(a[1]) && a[1] != nil && len(row) < n {
				st.use(int64(n) * 16)
				for len(row) < n {
					row = append(row, a[1])
				}
			}
			g.items = append(g.items, &List{Items: row})
		}
		return g
	})
	reg("slice", "slices fill_with?", func(st *state, v any, a []any) any {
		items, n := st.iter(v), int(mustInt(a[0]))
		if n < 1 {
			panic(rerr("ZeroDivisionError", "integer division or modulo by zero"))
		}
		st.use(int64(n) * 16)
		per, extra := len(items)/n, len(items)%n
		off := 0
		g := &Gen{}
		for i := range n {
			s := off + i*per
			if i < extra {
				off++
			}
			e := off + (i+1)*per
			row := append([]any(nil), items[s:e]...)
			if has(a[1]) && a[1] != nil && i >= extra {
				row = append(row, a[1])
			}
			g.items = append(g.items, &List{Items: row})
		}
		return g
	})
	reg("capitalize", "", func(_ *state, v any, _ []any) any { return capitalize(str(v)) })
	reg("center", "width?", func(st *state, v any, a []any) any {
		return st.pad(str(v), optInt(a[0], 80), " ", true, true)
	})
	reg("default", "default_value? boolean?", func(_ *state, v any, a []any) any {
		_, u := v.(*Undefined)
		if u || (optBool(a[1], false) && !truth(v)) {
			if has(a[0]) {
				return a[0]
			}
			return ""
		}
		return v
	})
	alias("d", "default")
	reg("dictsort", "case_sensitive? by? reverse?", func(st *state, v any, a []any) any {
		d, ok := v.(*Dict)
		if !ok {
			panic(typeErr("dictsort needs a dict, not %s", typeName(v)))
		}
		pos := int64(0)
		switch optStr(a[1], "key") {
		case "key":
		case "value":
			pos = 1
		default:
			panic(rerr("FilterArgumentError", `You can only sort by either "key" or "value"`))
		}
		ci := !optBool(a[0], false)
		items := st.iter(dictMethods["items"].fn(st, d, nil))
		return &List{Items: st.sorted(items, func(x any) any {
			k := x.(*Tuple).Items[pos]
			if ci {
				return fold(k)
			}
			return k
		}, optBool(a[2], false))}
	})
	reg("escape", "", func(st *state, v any, _ []any) any { st.use(int64(len(str(v)))); return escape(v) })
	alias("e", "escape")
	reg("forceescape", "", func(_ *state, v any, _ []any) any { return Markup(escapeHTML(str(v))) })
	reg("safe", "", func(_ *state, v any, _ []any) any { return Markup(str(v)) })
	reg("filesizeformat", "binary?", func(_ *state, v any, a []any) any {
		b, ok := toFloat(v)
		if !ok {
			f, err := strconv.ParseFloat(str(v), 64)
			if err != nil {
				panic(rerr("ValueError", "could not convert string to float: %s", repr(v)))
			}
			b = f
		}
		bin := optBool(a[0], false)
		base, pre := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
		if bin {
			base, pre = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
		}
		if b == 1 {
			return "1 Byte"
		}
		if b < base {
			return fmt.Sprintf("%d Bytes", int64(b))
		}
		var unit float64
		for i, p := range pre {
			unit = math.Pow(base, float64(i+2))
			if b < unit {
				return fmt.Sprintf("%.1f %s", base*b/unit, p)
			}
		}
		return fmt.Sprintf("%.1f %s", base*b/unit, pre[len(pre)-1])
	})
	reg("first", "", func(st *state, v any, _ []any) any {
		if it := st.iter(v); len(it) > 0 {
			return it[0]
		}
		u := st.undef("first")
		u.hint = "No first item, sequence was empty."
		return u
	})
	reg("last", "", func(st *state, v any, _ []any) any {
		if it := st.iter(v); len(it) > 0 {
			return it[len(it)-1]
		}
		u := st.undef("last")
		u.hint = "No last item, sequence was empty."
		return u
	})
	reg("random", "", func(st *state, v any, _ []any) any {
		it := st.iter(v)
		if len(it) == 0 {
			u := st.undef("random")
			u.hint = "No random item, sequence was empty."
			return u
		}
		return it[rand.IntN(len(it))]
	})
	reg("float", "default?", func(_ *state, v any, a []any) any {
		if f, ok := parseFloat(v); ok {
			return f
		}
		if has(a[0]) {
			return a[0]
		}
		return 0.0
	})
	reg("int", "default? base?", func(_ *state, v any, a []any) any {
		def := any(int64(0))
		if has(a[0]) {
			def = a[0]
		}
		if s, ok := asStr(v); ok {
			if z, ok := parseInt(s, int(optInt(a[1], 10))); ok {
				return z
			}
		} else if z, ok := toBig(v); ok {
			return normInt(z)
		}
		f, ok := parseFloat(v)
		if !ok || math.IsNaN(f) || math.IsInf(f, 0) {
			return def
		}
		z, _ := big.NewFloat(math.Trunc(f)).Int(nil)
		return normInt(z)
	})
	raw("format", func(st *state, v any, a *args) any {
		if len(a.pos) > 0 && len(a.kwn) > 0 {
			panic(rerr("FilterArgumentError", "can't handle positional and keyword arguments at the same time"))
		}
		if len(a.kwn) > 0 {
			d := NewDict()
			for i, n := range a.kwn {
				d.Set(n, a.kwv[i])
			}
			return st.percent(str(v), d)
		}
		return st.percent(str(v), &Tuple{Items: a.pos})
	})
	reg("groupby", "attribute default? case_sensitive?", func(st *state, v any, a []any) any {
		g := st.getter(a[0])
		get := func(x any) any {
			r := g(x)
			if _, u := r.(*Undefined); u && has(a[1]) {
				return a[1]
			}
			return r
		}
		key := get
		if !optBool(a[2], false) {
			key = func(x any) any { return fold(get(x)) }
		}
		out := &List{}
		var last any
		for i, x := range st.sorted(st.iter(v), key, false) {
			k := key(x)
			if i == 0 || !equal(k, last) {
				out.Items = append(out.Items, &Tuple{Items: []any{get(x), &List{}}, Names: []string{"grouper", "list"}})
				last = k
			}
			l := out.Items[len(out.Items)-1].(*Tuple).Items[1].(*List)
			l.Items = append(l.Items, x)
		}
		return out
	})
	reg("indent", "width? first? blank?", func(st *state, v any, a []any) any {
		ind := "    "
		if has(a[0]) {
			if s, ok := asStr(a[0]); ok {
				ind = s
			} else {
				n := mustInt(a[0])
				st.use(n)
				ind = strings.Repeat(" ", int(max(n, 0)))
			}
		}
		s := str(v) + "\n"
		lines := splitlines(s, false)
		st.use(int64(len(s)))
		st.useMul(int64(len(ind)), int64(len(lines)))
		blank := optBool(a[2], false)
		for i := 1; i < len(lines); i++ {
			if blank || lines[i] != "" {
				lines[i] = ind + lines[i]
			}
		}
		out := strings.Join(lines, "\n")
		if optBool(a[1], false) {
			out = ind + out
		}
		return out
	})
	reg("items", "", func(st *state, v any, _ []any) any {
		switch t := v.(type) {
		case *Undefined:
			return &Gen{}
		case *Dict:
			return &Gen{items: st.iter(dictMethods["items"].fn(st, t, nil))}
		}
		panic(typeErr("Can only get item pairs from a mapping."))
	})
	reg("join", "d? attribute?", func(st *state, v any, a []any) any {
		g := st.getter(a[1])
		var parts []string
		n := 0
		d := optStr(a[0], "")
		safe := false
		items := slices.Clone(st.iter(v))
		for i, x := range items {
			items[i] = g(x)
			_, m := items[i].(Markup)
			safe = safe || m
		}
		safe = safe && st.autoescape
		for _, x := range items {
			s := ""
			if safe {
				s = string(escape(x))
			} else {
				s = str(x)
			}
			n += len(s) + len(d)
			parts = append(parts, s)
		}
		st.use(int64(n))
		if safe {
			return Markup(strings.Join(parts, string(escape(d))))
		}
		return strings.Join(parts, d)
	})
	reg("length", "", func(st *state, v any, _ []any) any { return int64(st.length(v)) })
	alias("count", "length")
	reg("list", "", func(st *state, v any, _ []any) any {
		it := st.iter(v)
		st.use(int64(16 * len(it)))
		return &List{Items: append([]any(nil), it...)}
	})
	reg("lower", "", func(st *state, v any, _ []any) any { s := str(v); st.use(int64(len(s))); return lower(s) })
	reg("upper", "", func(st *state, v any, _ []any) any { s := str(v); st.use(int64(len(s))); return upper(s) })
	raw("map", func(st *state, v any, a *args) any {
		g := &Gen{}
		if !truth(v) {
			return g
		}
		items := st.iter(v)
		st.use(int64(16 * len(items)))
		if len(a.pos) == 0 {
			attr, ok := a.kw("attribute")
			if !ok {
				panic(rerr("FilterArgumentError", "map requires a filter argument"))
			}
			def, hasDef := a.kw("default")
			for _, n := range a.kwn {
				if n != "attribute" && n != "default" {
					panic(rerr("FilterArgumentError", "Unexpected keyword argument %s", reprStr(n)))
				}
			}
			get := st.getter(attr)
			for _, x := range items {
				st.step()
				r := get(x)
				if _, u := r.(*Undefined); u && hasDef {
					r = def
				}
				g.items = append(g.items, r)
			}
			return g
		}
		name := str(a.pos[0])
		f, ok := st.env.filters[name]
		if !ok {
			panic(rerr("TemplateRuntimeError", "No filter named %s.", reprStr(name)))
		}
		rest := &args{pos: a.pos[1:], kwn: a.kwn, kwv: a.kwv}
		for _, x := range items {
			st.step()
			g.items = append(g.items, f.call(st, x, rest))
		}
		return g
	})
	mm := func(sign int) func(*state, any, []any) any {
		return func(st *state, v any, a []any) any {
			key := multi(st, a[1], !optBool(a[0], false), false)
			items := st.iter(v)
			if len(items) == 0 {
				u := st.undef("max")
				u.hint = "No aggregated item, sequence was empty."
				return u
			}
			best, bk := items[0], key(items[0])
			for _, x := range items[1:] {
				if k := key(x); compare(k, bk, "<")*sign > 0 {
					best, bk = x, k
				}
			}
			return best
		}
	}
	reg("max", "case_sensitive? attribute?", mm(1))
	reg("min", "case_sensitive? attribute?", mm(-1))
	reg("pprint", "", func(_ *state, v any, _ []any) any { return pprint(v) })
	sel := func(name string, attr, want bool) {
		raw(name, func(st *state, v any, a *args) any {
			p := st.selector(a, attr)
			g := &Gen{}
			if !truth(v) {
				return g
			}
			for _, x := range st.iter(v) {
				if p(x) == want {
					g.items = append(g.items, x)
				}
			}
			st.use(int64(16 * len(g.items)))
			return g
		})
	}
	sel("select", false, true)
	sel("reject", false, false)
	sel("selectattr", true, true)
	sel("rejectattr", true, false)
	reg("replace", "old new count?", func(st *state, v any, a []any) any {
		return st.replace(str(v), str(a[0]), str(a[1]), optInt(a[2], -1))
	})
	reg("reverse", "", func(st *state, v any, _ []any) any {
		if s, ok := asStr(v); ok {
			st.use(int64(len(s)))
			r := []rune(s)
			slices.Reverse(r)
			return string(r)
		}
		it := slices.Clone(st.iter(v))
		slices.Reverse(it)
		return &Gen{items: it}
	})
	reg("round", "precision? method?", func(_ *state, v any, a []any) any {
		p, m := optInt(a[0], 0), optStr(a[1], "common")
		if m == "common" {
			if z, ok := toBig(v); ok {
				if p >= 0 {
					return normInt(z)
				}
				if p < -400 {
					return int64(0)
				}
				unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(-p), nil)
				q, r := new(big.Int).QuoRem(z, unit, new(big.Int))
				r.Abs(r).Mul(r, big.NewInt(2))
				if c := r.Cmp(unit); c > 0 || (c == 0 && q.Bit(0) == 1) {
					q.Add(q, big.NewInt(int64(z.Sign())))
				}
				return normInt(q.Mul(q, unit))
			}
			f, ok := v.(float64)
			if !ok {
				panic(typeErr("type %s doesn't define __round__ method", typeName(v)))
			}
			if p > 300 || math.IsNaN(f) || math.IsInf(f, 0) {
				return f
			}
			if p >= 0 {
				r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'f', int(p), 64), 64)
				return r
			}
			u := math.Pow(10, float64(-p))
			return math.RoundToEven(f/u) * u
		}
		f, ok := toFloat(v)
		if !ok {
			panic(typeErr("must be real number, not %s", typeName(v)))
		}
		u := math.Pow(10, float64(p))
		switch m {
		case "ceil":
			return math.Ceil(f*u) / u
		case "floor":
			return math.Floor(f*u) / u
		}
		panic(rerr("FilterArgumentError", "method must be common, ceil or floor"))
	})
	reg("sort", "reverse? case_sensitive? attribute?", func(st *state, v any, a []any) any {
		return &List{Items: st.sorted(st.iter(v), multi(st, a[2], !optBool(a[1], false), true), optBool(a[0], false))}
	})
	reg("string", "", func(_ *state, v any, _ []any) any {
		if m, ok := v.(Markup); ok {
			return m
		}
		return str(v)
	})
	reg("striptags", "", func(_ *state, v any, _ []any) any {
		s := reTags.ReplaceAllString(str(v), "")
		return html.UnescapeString(strings.Join(strings.FieldsFunc(s, isSpace), " "))
	})
	reg("sum", "attribute? start?", func(st *state, v any, a []any) any {
		g := st.getter(a[0])
		acc := any(int64(0))
		if has(a[1]) {
			acc = a[1]
		}
		for _, x := range st.iter(v) {
			st.step()
			acc = st.arith("+", acc, g(x))
		}
		return acc
	})
	reg("title", "", func(_ *state, v any, _ []any) any {
		s := str(v)
		var b strings.Builder
		word := func(w string) {
			if w == "" {
				return
			}
			_, n := utf8.DecodeRuneInString(w)
			b.WriteString(upper(w[:n]) + lower(w[n:]))
		}
		at := 0
		for _, m := range reStart.FindAllStringIndex(s, -1) {
			word(s[at:m[0]])
			b.WriteString(s[m[0]:m[1]])
			at = m[1]
		}
		word(s[at:])
		return b.String()
	})
	reg("tojson", "indent?", func(st *state, v any, a []any) any {
		ind := int64(0)
		if has(a[0]) && a[0] != nil {
			ind = mustInt(a[0])
		}
		var b strings.Builder
		writeJSON(st, &b, v, int(min(ind, 64)), 0)
		r := strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`).Replace(b.String())
		st.use(int64(len(r)))
		return Markup(r)
	})
	reg("trim", "chars?", func(_ *state, v any, a []any) any {
		if m, ok := v.(Markup); ok {
			return Markup(strings.TrimFunc(string(m), cut(a[0])))
		}
		return strings.TrimFunc(str(v), cut(a[0]))
	})
	reg("truncate", "length? killwords? end? leeway?", func(st *state, v any, a []any) any {
		s := str(v)
		n, end, lee := optInt(a[0], 255), optStr(a[2], "..."), optInt(a[3], 5)
		el := int64(runeLen(end))
		if n < el {
			panic(rerr("AssertionError", "expected length >= %d, got %d", el, n))
		}
		if lee < 0 {
			panic(rerr("AssertionError", "expected leeway >= 0, got %d", lee))
		}
		if int64(len(s)) <= n+lee || int64(runeLen(s)) <= n+lee {
			return s
		}
		cutAt := 0
		for i := int64(0); i < n-el; i++ {
			_, w := utf8.DecodeRuneInString(s[cutAt:])
			cutAt += w
		}
		head := s[:cutAt]
		if !optBool(a[1], false) {
			if i := strings.LastIndexByte(head, ' '); i >= 0 {
				head = head[:i]
			}
		}
		return head + end
	})
	reg("unique", "case_sensitive? attribute?", func(st *state, v any, a []any) any {
		key := multi(st, a[1], !optBool(a[0], false), false)
		seen := map[any]bool{}
		g := &Gen{}
		for _, x := range st.iter(v) {
			k := hashKey(key(x))
			if !seen[k] {
				seen[k] = true
				g.items = append(g.items, x)
			}
		}
		st.use(int64(32 * len(g.items)))
		return g
	})
	reg("urlencode", "", func(st *state, v any, _ []any) any {
		var items []any
		switch t := v.(type) {
		case *Dict:
			items = st.iter(dictMethods["items"].fn(st, t, nil))
		case *List, *Tuple, *Gen:
			items = st.iter(t)
		default:
			return quoteURL(str(v), false)
		}
		var out []string
		for _, x := range items {
			kv := st.iter(x)
			if len(kv) != 2 {
				panic(rerr("ValueError", "not enough values to unpack (expected 2, got %d)", len(kv)))
			}
			out = append(out, quoteURL(str(kv[0]), true)+"="+quoteURL(str(kv[1]), true))
		}
		return strings.Join(out, "&")
	})
	reg("wordcount", "", func(_ *state, v any, _ []any) any { return int64(len(reWord.FindAllStringIndex(str(v), -1))) })
	reg("wordwrap", "width? break_long_words? wrapstring? break_on_hyphens?", func(st *state, v any, a []any) any {
		w := optStr(a[2], st.env.opt.NewlineSequence)
		width := int(optInt(a[0], 79))
		if width < 1 {
			panic(rerr("ValueError", "invalid width %d (must be > 0)", width))
		}
		var out []string
		s := str(v)
		st.useMul(int64(len(s)), int64(2+len(w)))
		for _, line := range splitlines(s, false) {
			out = append(out, strings.Join(wrap(line, width, optBool(a[1], true), optBool(a[3], true)), w))
		}
		return strings.Join(out, w)
	})
	reg("xmlattr", "autospace?", func(st *state, v any, a []any) any {
		d, ok := v.(*Dict)
		if !ok {
			panic(typeErr("xmlattr needs a dict"))
		}
		var out []string
		for i, k := range d.keys {
			if _, u := d.vals[i].(*Undefined); u || d.vals[i] == nil {
				continue
			}
			if strings.ContainsAny(str(k), " \t\n\r\f\v/>=") {
				panic(rerr("ValueError", "Invalid character in attribute name: %s", repr(k)))
			}
			out = append(out, string(escape(k))+`="`+string(escape(d.vals[i]))+`"`)
		}
		s := strings.Join(out, " ")
		if optBool(a[0], true) && s != "" {
			s = " " + s
		}
		return st.mark(s)
	})

	globals["range"] = &Func{"range", func(st *state, a *args) any {
		r := &Range{0, 0, 1}
		switch len(a.pos) {
		case 1:
			r.stop = mustInt(a.pos[0])
		case 2, 3:
			r.start, r.stop = mustInt(a.pos[0]), mustInt(a.pos[1])
			if len(a.pos) == 3 {
				r.step = mustInt(a.pos[2])
			}
		default:
			panic(typeErr("range expected at least 1 argument, got %d", len(a.pos)))
		}
		if r.step == 0 {
			panic(rerr("ValueError", "range() arg 3 must not be zero"))
		}
		if n := r.len(); n > st.lim.Range || n < 0 {
			panic(rerr("LimitError", "range is longer than %d", st.lim.Range))
		}
		return r
	}}
	globals["dict"] = &Func{"dict", func(st *state, a *args) any {
		d := NewDict()
		dictMethods["update"].raw(st, d, a)
		return d
	}}
	globals["namespace"] = &Func{"namespace", func(st *state, a *args) any {
		d := NewDict()
		dictMethods["update"].raw(st, d, a)
		return &Namespace{d}
	}}
	globals["cycler"] = &Func{"cycler", func(_ *state, a *args) any {
		if len(a.pos) == 0 {
			panic(rerr("RuntimeError", "at least one item has to be provided"))
		}
		return &cyclerObj{items: a.pos}
	}}
	globals["joiner"] = &Func{"joiner", func(_ *state, a *args) any {
		return &joinerObj{sep: optStr(mkSig("sep?").bind("joiner", a)[0], ", ")}
	}}
}

func parseFloat(v any) (float64, bool) {
	if f, ok := toFloat(v); ok {
		return f, true
	}
	s, ok := asStr(v)
	if !ok {
		return 0, false
	}
	s = strings.TrimFunc(s, isSpace)
	if strings.ContainsAny(s, "xXpP") {
		return 0, false
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	return f, err == nil || math.IsInf(f, 0)
}

func parseInt(s string, base int) (any, bool) {
	s = strings.TrimFunc(s, isSpace)
	neg := false
	if s != "" && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	l := strings.ToLower(s)
	for p, b := range map[string]int{"0x": 16, "0o": 8, "0b": 2} {
		if strings.HasPrefix(l, p) && (base == b || base == 0) {
			s, base = s[2:], b
		}
	}
	if base == 0 {
		base = 10
	}
	if s == "" || strings.ContainsAny(s, "+-") || base < 2 || base > 36 || len(s) > 4300 {
		return nil, false
	}
	z, ok := new(big.Int).SetString(strings.ReplaceAll(s, "_", ""), base)
	if !ok {
		return nil, false
	}
	if neg {
		z.Neg(z)
	}
	return normInt(z), true
}

func quoteURL(s string, qs bool) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == '-', c == '~', c == '/' && !qs:
			b.WriteByte(c)
		case c == ' ' && qs:
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func jsonStr(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r < 0x20 || r >= 0x7f && r <= 0xffff && r != 0x7f:
			fmt.Fprintf(b, `\u%04x`, r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

func writeJSON(st *state, b *strings.Builder, v any, ind, depth int) {
	if depth > 200 || int64(b.Len()) > st.lim.Memory {
		panic(rerr("LimitError", "value too deep or too large for tojson"))
	}
	st.step()
	nl := func(d int) {
		if ind > 0 {
			b.WriteByte('\n')
			b.WriteString(strings.Repeat(" ", ind*d))
		}
	}
	sep := ", "
	if ind > 0 {
		sep = ","
	}
	seq := func(items []any) {
		if len(items) == 0 {
			b.WriteString("[]")
			return
		}
		b.WriteByte('[')
		for i, x := range items {
			if i > 0 {
				b.WriteString(sep)
			}
			nl(depth + 1)
			writeJSON(st, b, x, ind, depth+1)
		}
		nl(depth)
		b.WriteByte(']')
	}
	switch t := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(t))
	case float64:
		switch {
		case math.IsNaN(t):
			b.WriteString("NaN")
		case math.IsInf(t, 1):
			b.WriteString("Infinity")
		case math.IsInf(t, -1):
			b.WriteString("-Infinity")
		default:
			b.WriteString(floatRepr(t))
		}
	case int64, *big.Int:
		b.WriteString(repr(t))
	case string, Markup:
		jsonStr(b, str(t))
	case *List:
		seq(t.Items)
	case *Tuple:
		seq(t.Items)
	case *Dict:
		if t.Len() == 0 {
			b.WriteString("{}")
			return
		}
		idx := make([]int, t.Len())
		for i := range idx {
			idx[i] = i
		}
		sort.SliceStable(idx, func(i, j int) bool { return compare(t.keys[idx[i]], t.keys[idx[j]], "<") < 0 })
		b.WriteByte('{')
		for n, i := range idx {
			if n > 0 {
				b.WriteString(sep)
			}
			nl(depth + 1)
			switch k := t.keys[i].(type) {
			case string, Markup:
				jsonStr(b, str(k))
			case nil:
				jsonStr(b, "null")
			case bool:
				jsonStr(b, strconv.FormatBool(k))
			default:
				jsonStr(b, str(k))
			}
			b.WriteString(": ")
			writeJSON(st, b, t.vals[i], ind, depth+1)
		}
		nl(depth)
		b.WriteByte('}')
	default:
		panic(typeErr("Object of type %s is not JSON serializable", typeName(v)))
	}
}

func pprint(v any) string {
	if d, ok := v.(*Dict); ok {
		n := NewDict()
		ks := slices.Clone(d.keys)
		sort.SliceStable(ks, func(i, j int) bool { return compare(ks[i], ks[j], "<") < 0 })
		for _, k := range ks {
			x, _ := d.Get(k)
			n.Set(k, x)
		}
		return repr(n)
	}
	return repr(v)
}

// wrap follows Python's textwrap.
func wrap(s string, width int, breakLong, hyphens bool) []string {
	ch := chunks(s, hyphens)
	var out []string
	for len(ch) > 0 {
		if len(out) > 0 && strings.TrimFunc(ch[0], isSpace) == "" {
			ch = ch[1:]
			if len(ch) == 0 {
				break
			}
		}
		var cur []string
		n := 0
		for len(ch) > 0 {
			l := lenUpTo(ch[0], width+1)
			if n+l > width {
				break
			}
			cur = append(cur, ch[0])
			n += l
			ch = ch[1:]
		}
		if len(ch) > 0 && lenUpTo(ch[0], width+1) > width {
			if breakLong {
				word := ch[0]
				space := max(width-n, 1)
				end := byteAt(word, space)
				if hyphens {
					if h := lastHyphen([]rune(word[:end]), space); h > 0 {
						end = byteAt(word, h+1)
					}
				}
				cur = append(cur, word[:end])
				ch[0] = word[end:]
			} else if len(cur) == 0 {
				cur = append(cur, ch[0])
				ch = ch[1:]
			}
		}
		for len(cur) > 0 && strings.TrimFunc(cur[len(cur)-1], isSpace) == "" {
			cur = cur[:len(cur)-1]
		}
		if len(cur) > 0 {
			out = append(out, strings.Join(cur, ""))
		}
	}
	return out
}

// lenUpTo counts runes but stops at max.
func lenUpTo(s string, max int) int {
	n := 0
	for range s {
		if n++; n >= max {
			break
		}
	}
	return n
}

func byteAt(s string, n int) int {
	i := 0
	for ; n > 0 && i < len(s); n-- {
		_, w := utf8.DecodeRuneInString(s[i:])
		i += w
	}
	return i
}

func lastHyphen(r []rune, space int) int {
	for i := min(space, len(r)) - 1; i > 0; i-- {
		if r[i] == '-' {
			for _, c := range r[:i] {
				if c != '-' {
					return i
				}
			}
			return -1
		}
	}
	return -1
}

func chunks(s string, hyphens bool) []string {
	var out []string
	isWS := func(r rune) bool { return r == ' ' || (r >= '\t' && r <= '\r') }
	r := []rune(s)
	for i := 0; i < len(r); {
		j := i
		if isWS(r[i]) {
			for j < len(r) && isWS(r[j]) {
				j++
			}
			out = append(out, string(r[i:j]))
			i = j
			continue
		}
		for j < len(r) && !isWS(r[j]) {
			j++
		}
		w := r[i:j]
		i = j
		if !hyphens {
			out = append(out, string(w))
			continue
		}
		let := func(k int) bool { return k >= 0 && k < len(w) && unicode.IsLetter(w[k]) }
		wp := func(k int) bool {
			return k >= 0 && k < len(w) && (unicode.IsLetter(w[k]) || unicode.IsDigit(w[k]) || strings.ContainsRune("_!\"'&.,?", w[k]))
		}
		word := func(k int) bool {
			return k < len(w) && (unicode.IsLetter(w[k]) || unicode.IsDigit(w[k]) || w[k] == '_')
		}
		start := 0
		for k := 0; k < len(w); k++ {
			if w[k] != '-' {
				continue
			}
			e := k
			for e < len(w) && w[e] == '-' {
				e++
			}
			if e-k >= 2 { // a dash between words
				if wp(k-1) && word(e) {
					if k > start {
						out = append(out, string(w[start:k]))
					}
					out = append(out, string(w[k:e]))
					start = e
				}
				k = e - 1
				continue
			}
			before := (let(k-1) && let(k-2)) || (k >= 2 && wp(k-1) && w[k-2] == '-' && let(k-3))
			after := let(k+1) && (let(k+2) || (k+2 < len(w) && w[k+2] == '-' && let(k+3)))
			if before && after {
				out = append(out, string(w[start:k+1]))
				start = k + 1
			}
		}
		if start < len(w) {
			out = append(out, string(w[start:]))
		}
	}
	return out
}
