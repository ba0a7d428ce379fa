package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

// str is Python's str().
func (st *state) str(v any) string {
	switch t := v.(type) {
	case string:
		return t
	case Markup:
		return string(t)
	case int64:
		return strconv.FormatInt(t, 10)
	case *Undefined:
		return st.printed(t)
	case *module:
		return t.out
	}
	return st.repr(v)
}

// repr is Python's repr().
func (st *state) repr(v any) string {
	w := &reprWriter{st: st}
	w.write(v, 0)
	st.use(int64(w.b.Len()))
	return w.b.String()
}

type reprWriter struct {
	st   *state
	b    strings.Builder
	open []any // the containers being written
}

func (w *reprWriter) write(v any, depth int) { //nolint:funlen // a dispatch over every kind of value
	if depth > maxDepth || int64(w.b.Len()) > w.st.lim.Memory-w.st.memory {
		panic(limitErr("a value is too deep or too large to print"))
	}
	w.st.step()
	b := &w.b
	switch t := v.(type) {
	case nil:
		b.WriteString("None")
	case bool:
		if t {
			b.WriteString("True")
		} else {
			b.WriteString("False")
		}
	case int64:
		b.WriteString(strconv.FormatInt(t, 10))
	case *big.Int:
		b.WriteString(t.String())
	case float64:
		b.WriteString(floatRepr(t))
	case string:
		w.str(t)
	case Markup:
		b.WriteString("Markup(")
		w.str(string(t))
		b.WriteByte(')')
	case *List:
		w.nested(t, "[...]", func() { w.items("[", t.Items, "]", depth) })
	case *Tuple:
		end := ")"
		if len(t.Items) == 1 {
			end = ",)"
		}
		w.nested(t, "(...)", func() { w.items("(", t.Items, end, depth) })
	case *Dict:
		w.nested(t, "{...}", func() { w.dict(t, depth) })
	case *dictView:
		w.nested(t, "...", func() { w.items(t.kind+"([", t.items(), "])", depth) })
	case *rangeValue:
		fmt.Fprintf(b, "range(%d, %d", t.start, t.stop)
		if t.step != 1 {
			fmt.Fprintf(b, ", %d", t.step)
		}
		b.WriteByte(')')
	case *Undefined:
		b.WriteString("Undefined")
	case *namespace:
		b.WriteString("<Namespace ")
		w.write(t.d, depth+1)
		b.WriteByte('>')
	case *macro:
		if t.def.name == "" {
			b.WriteString("<Macro anonymous>")
			return
		}
		b.WriteString("<Macro " + quote(t.name) + ">")
	case *module:
		b.WriteString("<TemplateModule " + quote(t.ctx.tpl.name) + ">")
	case *selfValue:
		b.WriteString("<TemplateReference " + quote(t.ctx.tpl.name) + ">")
	case *loop:
		fmt.Fprintf(b, "<LoopContext %d/%d>", t.count, t.total())
	case *function:
		b.WriteString(t.repr())
	default:
		b.WriteString("<" + typeName(v) + " object>")
	}
}

// classes are the names in Python of the types among the globals.
var classes = map[string]string{
	"range": "range", "dict": "dict", "namespace": "jinja2.utils.Namespace", "cycler": "jinja2.utils.Cycler", "joiner": "jinja2.utils.Joiner",
}

func (f *function) repr() string {
	if c := classes[f.name]; c != "" {
		return "<class " + quote(c) + ">"
	}
	return "<" + f.typeName + " object>"
}

// str writes a string in quotes. That of a long one is only made where there is room for it.
func (w *reprWriter) str(s string) {
	const long = 4096
	if len(s) > long {
		size := int64(w.b.Len())
		for part := s; part != ""; {
			n := byteOffset(part, long)
			w.st.room(size)
			size += int64(len(quote(part[:n])))
			part = part[n:]
		}
		w.st.room(size)
	}
	w.b.WriteString(quote(s))
}

// nested writes a container, or dots when it is inside itself.
func (w *reprWriter) nested(v any, dots string, f func()) {
	for _, o := range w.open {
		if o == v {
			w.b.WriteString(dots)
			return
		}
	}
	w.open = append(w.open, v)
	f()
	w.open = w.open[:len(w.open)-1]
}

func (w *reprWriter) items(start string, items []any, end string, depth int) {
	w.b.WriteString(start)
	for i, x := range items {
		if i > 0 {
			w.b.WriteString(", ")
		}
		w.write(x, depth+1)
	}
	w.b.WriteString(end)
}

func (w *reprWriter) dict(d *Dict, depth int) {
	w.b.WriteByte('{')
	for i, k := range d.keys {
		if i > 0 {
			w.b.WriteString(", ")
		}
		w.write(k, depth+1)
		w.b.WriteString(": ")
		w.write(d.vals[i], depth+1)
	}
	w.b.WriteByte('}')
}

// quote is the repr of a string.
func quote(s string) string {
	q := byte('\'')
	if strings.ContainsRune(s, '\'') && !strings.ContainsRune(s, '"') {
		q = '"'
	}
	var b strings.Builder
	b.WriteByte(q)
	for _, r := range s {
		switch {
		case r == rune(q) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case printable(r):
			b.WriteRune(r)
		default:
			escapeRune(&b, r)
		}
	}
	b.WriteByte(q)
	return b.String()
}

func escapeRune(b *strings.Builder, r rune) {
	switch {
	case r <= 0xff:
		fmt.Fprintf(b, `\x%02x`, r)
	case r <= 0xffff:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}

// ascii is quote with everything outside of ASCII escaped.
func ascii(quoted string) string {
	var b strings.Builder
	for _, r := range quoted {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			escapeRune(&b, r)
		}
	}
	return b.String()
}

// printable is Python's str.isprintable for one character.
func printable(r rune) bool { return r == ' ' || unicode.IsPrint(r) }

// floatRepr is the repr of a float: the shortest digits that give it back.
func floatRepr(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	e := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(e, "e")
	exp, _ := strconv.Atoi(exponent)
	if exp < -4 || exp >= 16 {
		return fmt.Sprintf("%se%+03d", mantissa, exp)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.ContainsRune(s, '.') {
		s += ".0"
	}
	return s
}
