package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

func dataFilters() []entry {
	return []entry{
		{"default", "default_value? boolean?", filterDefault},
		{"attr", "name", filterAttr},
		{"tojson", "indent?", filterToJSON},
		{"pprint", "", func(c *call) any { return c.st.pprint(c.self) }},
	}
}

func filterDefault(c *call) any {
	if isUndefined(c.self) || c.bool(1, false) && !c.st.truth(c.self) {
		return c.arg(0, "")
	}
	return c.self
}

func filterAttr(c *call) any {
	name := mustStr(c.a[0])
	if u, ok := c.self.(*Undefined); ok {
		return chained(u)
	}
	if v, ok := c.st.attribute(c.self, name); ok {
		return v
	}
	return c.st.undefinedIn(c.self, name)
}

var jsonHTML = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`)

func filterToJSON(c *call) any {
	w := &jsonWriter{st: c.st}
	if _, isStr := asStr(c.self); c.has(0) && !isStr {
		w.pretty = true
		if s, ok := asStr(c.a[0]); ok {
			w.indent = s
		} else {
			n := max(sizeOf(c.a[0]), 0)
			c.st.use(n)
			w.indent = strings.Repeat(" ", int(n))
		}
	}
	w.write(c.self, 0)
	s := w.b.String()
	more := strings.Count(s, "<") + strings.Count(s, ">") + strings.Count(s, "&") + strings.Count(s, "'")
	c.st.use(int64(len(s) + more*len(`\u003c`)))
	return Markup(jsonHTML.Replace(s))
}

// jsonWriter is Python's json.dumps with sorted keys and ASCII output.
type jsonWriter struct {
	st     *state
	b      strings.Builder
	pretty bool
	indent string
}

func (w *jsonWriter) write(v any, depth int) {
	if depth > maxDepth {
		panic(fail("RecursionError", "maximum recursion depth exceeded while encoding a JSON object"))
	}
	if int64(w.b.Len()) > w.st.lim.Memory-w.st.memory {
		w.st.use(-1)
	}
	w.st.step()
	switch t := v.(type) {
	case nil:
		w.b.WriteString("null")
	case bool:
		w.b.WriteString(strconv.FormatBool(t))
	case float64:
		w.b.WriteString(jsonFloat(t))
	case int64:
		w.b.WriteString(strconv.FormatInt(t, 10))
	case *big.Int:
		w.b.WriteString(t.String())
	case string:
		w.str(t)
	case Markup:
		w.str(string(t))
	case *List:
		w.list(t.Items, depth)
	case *Tuple:
		w.list(t.Items, depth)
	case *Dict:
		w.dict(t, depth)
	default:
		panic(typeErr("Object of type %s is not JSON serializable", typeName(v)))
	}
}

func jsonFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return floatRepr(f)
}

func (w *jsonWriter) newline(depth int) {
	if w.pretty {
		w.b.WriteByte('\n')
		w.st.useTimes(len(w.indent), int64(depth))
		w.b.WriteString(strings.Repeat(w.indent, depth))
	}
}

func (w *jsonWriter) comma(i, depth int) {
	switch {
	case i > 0 && w.pretty:
		w.b.WriteByte(',')
	case i > 0:
		w.b.WriteString(", ")
	}
	w.newline(depth)
}

func (w *jsonWriter) list(items []any, depth int) {
	if len(items) == 0 {
		w.b.WriteString("[]")
		return
	}
	w.b.WriteByte('[')
	for i, x := range items {
		w.comma(i, depth+1)
		w.write(x, depth+1)
	}
	w.newline(depth)
	w.b.WriteByte(']')
}

func (w *jsonWriter) dict(d *Dict, depth int) {
	if d.Len() == 0 {
		w.b.WriteString("{}")
		return
	}
	keys := w.st.sorted(d.keys, func(k any) any { return k }, false)
	w.b.WriteByte('{')
	for i, k := range keys {
		w.comma(i, depth+1)
		w.str(w.key(k))
		w.b.WriteString(": ")
		v, _ := d.Get(k)
		w.write(v, depth+1)
	}
	w.newline(depth)
	w.b.WriteByte('}')
}

func (w *jsonWriter) key(k any) string {
	switch t := k.(type) {
	case string, Markup:
		s, _ := asStr(t)
		return s
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(t)
	case float64:
		return jsonFloat(t)
	case int64, *big.Int:
		return w.st.repr(t)
	}
	panic(typeErr("keys must be str, int, float, bool or None, not %s", typeName(k)))
}

var jsonEscapes = map[rune]string{
	'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`,
}

func (w *jsonWriter) str(s string) {
	b := &w.b
	b.WriteByte('"')
	for i, r := range s {
		if i%4096 == 0 {
			w.st.room(int64(b.Len()))
		}
		e, special := jsonEscapes[r]
		switch {
		case special:
			b.WriteString(e)
		case r >= ' ' && r <= '~':
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(b, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		default:
			fmt.Fprintf(b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
}
