package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

func textFilters() []entry {
	return []entry{
		{"capitalize", "", softMethod("capitalize")},
		{"lower", "", softMethod("lower")},
		{"upper", "", softMethod("upper")},
		{"trim", "chars?", softMethod("strip")},
		{"center", "width?", filterCenter},
		{"title", "", filterTitle},
		{"string", "", filterString},
		{"replace", "old new count?", filterReplace},
		{"format", "*", filterFormat},
		{"indent", "width? first? blank?", filterIndent},
		{"truncate", "length? killwords? end? leeway?", filterTruncate},
		{"wordwrap", "width? break_long_words? wrapstring? break_on_hyphens?", filterWordwrap},
		{"wordcount", "", filterWordcount},
	}
}

// softMethod is a filter that is the method of that name of the value as a string.
func softMethod(name string) func(c *call) any {
	return func(c *call) any {
		s, markup := c.st.soft(c.self)
		if !markup {
			return c.st.env.methods.str[name].fn(&call{st: c.st, self: s, a: c.a})
		}
		a := &args{}
		for _, v := range c.a {
			if v != missing {
				a.pos = append(a.pos, v)
			}
		}
		return c.st.callMethod(Markup(s), name, a)
	}
}

func filterCenter(c *call) any {
	s, markup := c.st.soft(c.self)
	return c.st.mark(c.st.pad(s, c.size(0, 80), " ", padLeft|padRight), markup)
}

func filterTitle(c *call) any {
	s := c.selfStr()
	c.st.use(int64(len(s)) * 2)
	var b strings.Builder
	for s != "" {
		n := strings.IndexFunc(s, isWord)
		if n < 0 {
			n = len(s)
		}
		b.WriteString(s[:n])
		s = s[n:]
		if n = strings.IndexFunc(s, betweenWords); n < 0 {
			n = len(s)
		}
		_, first := utf8.DecodeRuneInString(s)
		b.WriteString(upper(s[:first]) + lower(s[first:n]))
		s = s[n:]
	}
	return b.String()
}

// betweenWords says of what stands between words for the filter title.
func betweenWords(r rune) bool { return isSpace(r) || strings.ContainsRune("-({[<", r) }

func isWord(r rune) bool { return !betweenWords(r) }

func filterString(c *call) any {
	s, markup := c.st.soft(c.self)
	return c.st.mark(s, markup)
}

func filterReplace(c *call) any {
	st, old, repl, n := c.st, c.a[0], c.a[1], int64(-1)
	if c.has(2) {
		n = sizeOf(c.a[2])
	}
	if !c.ctx.eval.autoescape {
		return st.replace(c.selfStr(), st.str(old), st.str(repl), n)
	}
	s, markup := st.soft(c.self)
	if isMarkup(old) || isMarkup(repl) && !markup {
		s, markup = st.escape(c.self), true
	}
	o, _ := st.soft(old)
	r, _ := st.soft(repl)
	if markup {
		o, r = st.escape(old), st.escape(repl)
	}
	return st.mark(st.replace(s, o, r, n), markup)
}

func filterFormat(c *call) any {
	s, markup := c.st.soft(c.self)
	if len(c.args.pos) > 0 && len(c.args.names) > 0 {
		panic(fail("FilterArgumentError", "can't handle positional and keyword arguments at the same time"))
	}
	var v any = &Tuple{Items: c.args.pos}
	if len(c.args.names) > 0 {
		v = c.args.dict()
	}
	return c.st.mark(c.st.percent(s, v, markup), markup)
}

func filterIndent(c *call) any {
	st := c.st
	needDefined(c.self)
	s, ok := asStr(c.self)
	if !ok {
		if _, isList := c.self.(*List); isList {
			panic(attrError(c.self, "splitlines"))
		}
		panic(operandErr("+=", c.self, "\n"))
	}
	markup := isMarkup(c.self)
	by := "    "
	if w := c.arg(0, nil); c.a[0] != missing {
		if by, ok = asStr(w); !ok {
			n := max(sizeOf(w), 0)
			st.use(n)
			by = strings.Repeat(" ", int(n))
		}
	}
	first, blank := c.bool(1, false), c.bool(2, false)
	st.use(int64(len(s) + len(by)))
	st.useTimes(len(by), breaks(s))
	var b strings.Builder
	if first {
		b.WriteString(by)
	}
	for n := 0; ; n++ {
		end, size := nextBreak(s)
		if n > 0 {
			b.WriteByte('\n')
			if end > 0 || blank {
				b.WriteString(by)
			}
		}
		b.WriteString(s[:end])
		if size == 0 || s[end:] == "\r" { // Jinja2 adds a newline, which makes one line break with the return
			return st.mark(b.String(), markup)
		}
		s = s[end+size:]
	}
}

func filterTruncate(c *call) any {
	st := c.st
	length, end, leeway := c.int(0, 255), c.arg(2, "..."), c.optInt(3, 5)
	size := int64(st.mustLength(end))
	if length < size {
		panic(fail("AssertionError", "expected length >= %d, got %d", size, length))
	}
	if leeway < 0 {
		panic(fail("AssertionError", "expected leeway >= 0, got %d", leeway))
	}
	if int64(st.mustLength(c.self)) <= length+leeway {
		return c.self
	}
	head := st.slice(c.self, [3]any{nil, length - size, nil})
	s, ok := asStr(head)
	if !ok && !c.bool(1, false) {
		panic(attrError(head, "rsplit"))
	}
	if ok && !c.bool(1, false) {
		if i := strings.LastIndexByte(s, ' '); i >= 0 {
			head = st.mark(s[:i], isMarkup(head))
		}
	}
	return st.binary("+", head, end)
}

func filterWordwrap(c *call) any {
	s, ok := asStr(c.self)
	if !ok {
		panic(attrError(c.self, "splitlines"))
	}
	width := c.int(0, 79)
	glue := c.str(2, c.st.env.opt.NewlineSequence)
	if s != "" && width <= 0 {
		panic(valueErr("invalid width %d (must be > 0)", width))
	}
	w := &wrapper{width: int(min(width, 1<<30)), breakLong: c.bool(1, true), hyphens: c.bool(3, true)}
	c.st.useTimes(len(s), int64(2+len(glue)))
	var out []string
	for _, line := range c.st.lines(s, false) {
		c.st.stepN(len(line))
		c.st.room(int64(len(line)) * itemSize)
		wrapped := w.wrap(line)
		for i := range wrapped {
			if isMarkup(c.a[2]) {
				wrapped[i] = c.st.escapeStr(wrapped[i])
			}
		}
		out = append(out, strings.Join(wrapped, glue))
	}
	return c.st.mark(strings.Join(out, glue), isMarkup(c.a[2]))
}

func filterWordcount(c *call) any {
	n, inside := int64(0), false
	for _, r := range c.selfStr() {
		was := inside
		if inside = r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r); inside && !was {
			n++
		}
	}
	return n
}
