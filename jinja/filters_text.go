package jinja

import (
	"regexp"
	"strings"
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
		self := c.st.mark(s, markup)
		return c.st.callMethod(self, name, c.args)
	}
}

func filterCenter(c *call) any {
	s, markup := c.st.soft(c.self)
	return c.st.callMethod(c.st.mark(s, markup), "center", &args{pos: []any{c.arg(0, int64(80))}})
}

var reWordBeginning = regexp.MustCompile(`[-\s\x{85}\x{a0}\x{1c}-\x{1f}\pZ({\[<]+`)

func filterTitle(c *call) any {
	s := c.selfStr()
	c.st.use(int64(len(s)) * 2)
	var b strings.Builder
	word := func(w string) {
		_, n := utf8.DecodeRuneInString(w)
		b.WriteString(upper(w[:n]) + lower(w[n:]))
	}
	last := 0
	for _, m := range reWordBeginning.FindAllStringIndex(s, -1) {
		word(s[last:m[0]])
		b.WriteString(s[m[0]:m[1]])
		last = m[1]
	}
	word(s[last:])
	return b.String()
}

func filterString(c *call) any {
	s, markup := c.st.soft(c.self)
	return c.st.mark(s, markup)
}

func filterReplace(c *call) any {
	st, old, repl, n := c.st, c.a[0], c.a[1], c.optInt(2, -1)
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
			n := max(mustInt(w), 0)
			st.use(n)
			by = strings.Repeat(" ", int(n))
		}
	}
	lines := splitLines(s+"\n", false)
	st.use(int64(len(s)))
	st.useTimes(len(by), int64(len(lines)))
	for i := range lines {
		if i > 0 && (lines[i] != "" || c.bool(2, false)) {
			lines[i] = by + lines[i]
		}
	}
	out := strings.Join(lines, "\n")
	if c.bool(1, false) {
		out = by + out
	}
	return st.mark(out, markup)
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
	w := wrapper{width: int(min(width, 1<<30)), breakLong: c.bool(1, true), hyphens: c.bool(3, true)}
	c.st.useTimes(len(s), int64(2+len(glue)))
	var out []string
	for _, line := range splitLines(s, false) {
		c.st.stepN(len(line))
		out = append(out, strings.Join(w.wrap(line), glue))
	}
	return strings.Join(out, glue)
}

var reWord = regexp.MustCompile(`[\p{L}\p{N}_]+`)

func filterWordcount(c *call) any {
	return int64(len(reWord.FindAllStringIndex(c.selfStr(), -1)))
}
