package jinja

import (
	"slices"
	"strings"
)

// pprint is Python's pprint.pformat with a width of 80.
func (st *state) pprint(v any) string {
	p := &prettyPrinter{st: st}
	p.write(v, 0, 0, 0)
	st.use(int64(p.b.Len()))
	return p.b.String()
}

const prettyWidth = 80

// prettyPrinter writes containers that do not fit on a line with one element on each line.
type prettyPrinter struct {
	st *state
	b  strings.Builder
}

// repr is the representation with the keys of dicts in order.
func (p *prettyPrinter) repr(v any, depth int) string {
	if depth > maxDepth {
		panic(fail("RecursionError", "maximum recursion depth exceeded"))
	}
	return p.st.repr(p.ordered(v, depth))
}

func (p *prettyPrinter) ordered(v any, depth int) any {
	if depth > maxDepth {
		panic(fail("RecursionError", "maximum recursion depth exceeded"))
	}
	p.st.step()
	switch t := v.(type) {
	case *List:
		return &List{Items: p.orderedAll(t.Items, depth)}
	case *Tuple:
		if t.Names == nil {
			return &Tuple{Items: p.orderedAll(t.Items, depth)}
		}
	case *Dict:
		d := NewDict()
		for _, k := range p.keys(t) {
			x, _ := t.Get(k)
			d.Set(k, p.ordered(x, depth+1))
		}
		return d
	}
	return v
}

func (p *prettyPrinter) orderedAll(items []any, depth int) []any {
	p.st.useItems(len(items))
	out := make([]any, len(items))
	for i, x := range items {
		out[i] = p.ordered(x, depth+1)
	}
	return out
}

// keys are in order where Python can order them, and else ordered by the names of their types.
func (p *prettyPrinter) keys(d *Dict) []any {
	keys := slices.Clone(d.keys)
	slices.SortStableFunc(keys, func(a, b any) int {
		_, sa := asStr(a)
		_, sb := asStr(b)
		if sa == sb && (sa || isNumber(a) && isNumber(b)) {
			return p.st.order(a, b, "<")
		}
		return strings.Compare(typeName(a), typeName(b))
	})
	return keys
}

// write puts v at a column; allowance is what follows it on its last line.
func (p *prettyPrinter) write(v any, column, allowance, depth int) {
	s := p.repr(v, depth)
	if runeLen(s) <= prettyWidth-column-allowance {
		p.b.WriteString(s)
		return
	}
	switch t := v.(type) {
	case *List:
		p.b.WriteByte('[')
		p.items(t.Items, column+1, allowance+1, depth)
		p.b.WriteByte(']')
	case *Tuple:
		if t.Names != nil {
			p.b.WriteString(s)
			return
		}
		end := ")"
		if len(t.Items) == 1 {
			end = ",)"
		}
		p.b.WriteByte('(')
		p.items(t.Items, column+1, allowance+len(end), depth)
		p.b.WriteString(end)
	case *Dict:
		p.dict(t, column+1, allowance+1, depth)
	case string:
		p.str(t, column, allowance, depth)
	default:
		p.b.WriteString(s)
	}
}

func (p *prettyPrinter) separator(column int) {
	p.st.use(int64(column))
	p.b.WriteString(",\n" + strings.Repeat(" ", column))
}

func (p *prettyPrinter) items(items []any, column, allowance, depth int) {
	for i, x := range items {
		if i > 0 {
			p.separator(column)
		}
		last := 1
		if i == len(items)-1 {
			last = allowance
		}
		p.write(x, column, last, depth+1)
	}
}

func (p *prettyPrinter) dict(d *Dict, column, allowance, depth int) {
	p.b.WriteByte('{')
	keys := p.keys(d)
	for i, k := range keys {
		if i > 0 {
			p.separator(column)
		}
		key := p.repr(k, depth)
		p.b.WriteString(key + ": ")
		last := 1
		if i == len(keys)-1 {
			last = allowance
		}
		v, _ := d.Get(k)
		p.write(v, column+runeLen(key)+2, last, depth+1)
	}
	p.b.WriteByte('}')
}

// str writes a long string as several literals, one on each line.
func (p *prettyPrinter) str(s string, column, allowance, depth int) {
	parts := p.strParts(s, column, allowance, depth)
	if len(parts) == 1 {
		p.b.WriteString(parts[0])
		return
	}
	if depth == 0 {
		p.b.WriteByte('(')
	}
	for i, part := range parts {
		if i > 0 {
			p.b.WriteString("\n" + strings.Repeat(" ", column+boolInt(depth == 0)))
		}
		p.b.WriteString(part)
	}
	if depth == 0 {
		p.b.WriteByte(')')
	}
}

func (p *prettyPrinter) strParts(s string, column, allowance, depth int) []string {
	if depth == 0 {
		column++
		allowance++
	}
	width := prettyWidth - column
	var out []string
	lines := splitLines(s, true)
	for i, line := range lines {
		room := width
		if i == len(lines)-1 {
			room -= allowance
		}
		if q := quote(line); runeLen(q) <= room {
			out = append(out, q)
			continue
		}
		out = append(out, strWords(line, width, allowance, i == len(lines)-1)...)
	}
	return out
}

// strWords breaks a line between its words.
func strWords(line string, width, allowance int, lastLine bool) []string {
	var out []string
	words := splitWords(line)
	current := ""
	for j, w := range words {
		room := width
		if j == len(words)-1 && lastLine {
			room -= allowance
		}
		if current != "" && runeLen(quote(current+w)) > room {
			out = append(out, quote(current))
			current = w
		} else {
			current += w
		}
	}
	if current != "" {
		out = append(out, quote(current))
	}
	return out
}

// splitWords splits after each run of blanks.
func splitWords(s string) []string {
	var out []string
	for s != "" {
		n := strings.IndexFunc(s, isSpace)
		if n < 0 {
			return append(out, s)
		}
		n += countSpace(s[n:])
		out = append(out, s[:n])
		s = s[n:]
	}
	return out
}
