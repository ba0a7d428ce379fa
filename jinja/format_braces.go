package jinja

import (
	"strconv"
	"strings"
)

// bracesFormat is the state of "format".format(values).
type bracesFormat struct {
	st     *state
	args   *args
	auto   int // the next field without a number; -1 once fields are numbered
	escape bool
}

// format is str.format. With escape the format is Markup, and what is inserted is escaped.
func (st *state) format(f string, a *args, escape bool) string {
	b := &bracesFormat{st: st, args: a, escape: escape}
	return b.expand(f, 2)
}

func (b *bracesFormat) expand(f string, depth int) string {
	if depth < 0 {
		panic(valueErr("Max string recursion exceeded"))
	}
	var out strings.Builder
	for f != "" {
		n := strings.IndexAny(f, "{}")
		if n < 0 {
			n = len(f)
		}
		b.st.use(int64(n))
		out.WriteString(f[:n])
		if f = f[n:]; f == "" {
			break
		}
		if len(f) > 1 && f[0] == f[1] {
			out.WriteByte(f[0])
			f = f[2:]
			continue
		}
		if f[0] == '}' {
			panic(valueErr("Single '}' encountered in format string"))
		}
		size := fieldSize(f)
		s := b.field(f[1:size-1], depth)
		b.st.use(int64(len(s)))
		out.WriteString(s)
		f = f[size:]
	}
	return out.String()
}

// fieldSize is the length of the replacement field that f begins with.
func fieldSize(f string) int {
	if len(f) == 1 {
		panic(valueErr("Single '{' encountered in format string"))
	}
	depth := 0
	for i := range len(f) {
		switch f[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	panic(valueErr("expected '}' before end of string"))
}

// field expands one replacement field: name, conversion, format specification.
func (b *bracesFormat) field(f string, depth int) string {
	name, conversion, spec := splitField(f)
	v := b.value(name)
	switch conversion {
	case "":
	case "s":
		v = b.st.str(v)
	case "r":
		v = b.st.repr(v)
	case "a":
		v = ascii(b.st.repr(v))
	default:
		panic(valueErr("Unknown conversion specifier %s", conversion))
	}
	if strings.ContainsAny(spec, "{}") {
		spec = b.expand(spec, depth-1)
	}
	if !b.escape {
		return b.st.formatSpec(v, spec)
	}
	if m, ok := v.(Markup); ok {
		if spec != "" {
			panic(valueErr("Unsupported format specification for Markup."))
		}
		return string(m)
	}
	return b.st.escapeStr(b.st.formatSpec(v, spec))
}

func splitField(f string) (name, conversion, spec string) {
	i := 0
	for depth := 0; i < len(f); i++ {
		if f[i] == '[' {
			depth++
		}
		if f[i] == ']' {
			depth--
		}
		if depth <= 0 && (f[i] == '!' || f[i] == ':') {
			break
		}
	}
	name = f[:i]
	rest := f[i:]
	if strings.HasPrefix(rest, "!") {
		conversion, spec, _ = strings.Cut(rest[1:], ":")
		if conversion == "" {
			panic(valueErr("end of string while looking for conversion specifier"))
		}
		return name, conversion, spec
	}
	return name, "", strings.TrimPrefix(rest, ":")
}

// value follows a field's name: an argument, then attributes and items of it.
func (b *bracesFormat) value(name string) any {
	end := strings.IndexAny(name, ".[")
	if end < 0 {
		end = len(name)
	}
	v := b.argument(name[:end])
	rest := name[end:]
	for rest != "" {
		if rest[0] == '.' {
			n := strings.IndexAny(rest[1:], ".[")
			if n < 0 {
				n = len(rest) - 1
			}
			v = b.attribute(v, rest[1:1+n])
			rest = rest[1+n:]
			continue
		}
		n := strings.IndexByte(rest, ']')
		if rest[0] != '[' || n < 0 {
			panic(valueErr("Missing ']' in format string"))
		}
		v = b.item(v, rest[1:n])
		rest = rest[n+1:]
	}
	return v
}

func (b *bracesFormat) argument(name string) any {
	n, err := strconv.Atoi(name)
	switch {
	case name == "":
		if b.auto < 0 {
			panic(valueErr("cannot switch from manual field specification to automatic field numbering"))
		}
		n = b.auto
		b.auto++
	case err == nil:
		if b.auto > 0 {
			panic(valueErr("cannot switch from automatic field numbering to manual field specification"))
		}
		b.auto = -1
	default:
		v, ok := b.args.keyword(name)
		if !ok {
			panic(fail("KeyError", "%s", quote(name)))
		}
		return v
	}
	if n < 0 || n >= len(b.args.pos) {
		panic(fail("IndexError", "Replacement index %d out of range for positional args tuple", n))
	}
	return b.args.pos[n]
}

func (b *bracesFormat) attribute(v any, name string) any {
	if name == "" {
		panic(valueErr("Empty attribute in format string"))
	}
	if u, ok := v.(*Undefined); ok {
		return chained(u)
	}
	x, ok := b.st.attribute(v, name)
	if !ok {
		panic(attrError(v, name))
	}
	return x
}

func (b *bracesFormat) item(v any, key string) any {
	if u, ok := v.(*Undefined); ok {
		return chained(u)
	}
	var k any = key
	if i, err := strconv.ParseInt(key, 10, 64); err == nil && i >= 0 {
		k = i
	}
	x, ok := b.st.item(v, k)
	if ok {
		return x
	}
	_, isNumber := k.(int64)
	switch v.(type) {
	case *Dict:
		panic(fail("KeyError", "%s", b.st.repr(k)))
	case *List, *Tuple, string, Markup:
		if isNumber {
			panic(fail("IndexError", "%s index out of range", typeName(v)))
		}
		panic(typeErr("%s indices must be integers or slices, not str", typeName(v)))
	}
	panic(typeErr("'%s' object is not subscriptable", typeName(v)))
}
