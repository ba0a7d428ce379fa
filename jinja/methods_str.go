package jinja

import (
	"html"
	"math"
	"slices"
	"strings"
	"unicode"
)

func unescapeHTML(s string) string { return html.UnescapeString(s) }

// ofStr is a method without arguments that makes one string of another; grow bounds how much longer it may be.
func ofStr(f func(string) string) func(c *call) any {
	return func(c *call) any {
		s := c.selfStr()
		c.st.use(int64(len(s)) * 2)
		return f(s)
	}
}

func strCaseMethods() []entry {
	return []entry{
		{"upper", "/", ofStr(upper)},
		{"lower", "/", ofStr(lower)},
		{"casefold", "/", ofStr(casefold)},
		{"title", "/", ofStr(titleCase)},
		{"capitalize", "/", ofStr(capitalize)},
		{"swapcase", "/", ofStr(swapCase)},
		{"strip", "chars? /", func(c *call) any { return strings.TrimFunc(c.selfStr(), c.cutset()) }},
		{"lstrip", "chars? /", func(c *call) any { return strings.TrimLeftFunc(c.selfStr(), c.cutset()) }},
		{"rstrip", "chars? /", func(c *call) any { return strings.TrimRightFunc(c.selfStr(), c.cutset()) }},
		{"removeprefix", "prefix /", func(c *call) any { return strings.TrimPrefix(c.selfStr(), c.need(0)) }},
		{"removesuffix", "suffix /", func(c *call) any { return strings.TrimSuffix(c.selfStr(), c.need(0)) }},
		{"format", "*", func(c *call) any { return c.st.format(c.selfStr(), c.args, false) }},
		{"format_map", "mapping /", strFormatMap},
	}
}

// need is an argument that must be a string.
func (c *call) need(i int) string { return mustStr(c.a[i]) }

func (c *call) cutset() func(rune) bool {
	if !c.has(0) {
		return isSpace
	}
	set := c.need(0)
	return func(r rune) bool { return strings.ContainsRune(set, r) }
}

func strFormatMap(c *call) any {
	d, ok := c.a[0].(*Dict)
	if !ok {
		needDefined(c.a[0])
		panic(typeErr("format_map needs a mapping, not %s", typeName(c.a[0])))
	}
	a := &args{}
	for i, k := range d.keys {
		if s, ok := asStr(k); ok {
			a.names = append(a.names, s)
			a.values = append(a.values, d.vals[i])
		}
	}
	return c.st.format(c.selfStr(), a, false)
}

func strSearchMethods() []entry {
	return []entry{
		{"startswith", "prefix start? end? /", func(c *call) any { return c.affix(strings.HasPrefix, "startswith") }},
		{"endswith", "suffix start? end? /", func(c *call) any { return c.affix(strings.HasSuffix, "endswith") }},
		{"find", "sub start? end? /", func(c *call) any { return c.find(strings.Index) }},
		{"rfind", "sub start? end? /", func(c *call) any { return c.find(strings.LastIndex) }},
		{"index", "sub start? end? /", func(c *call) any { return found(c.find(strings.Index)) }},
		{"rindex", "sub start? end? /", func(c *call) any { return found(c.find(strings.LastIndex)) }},
		{"count", "sub start? end? /", strCount},
		{"replace", "old new count? /", func(c *call) any {
			return c.st.replace(c.selfStr(), c.need(0), c.need(1), c.size(2, -1))
		}},
	}
}

// window is the part of the string that start and end select, and where it begins; ok is false when there is none.
func (c *call) window() (s string, offset int64, ok bool) {
	s = c.selfStr()
	if !c.has(1) && !c.has(2) {
		return s, 0, true
	}
	n := int64(runeLen(s))
	from, to := c.optInt(1, 0), c.optInt(2, n)
	if from < 0 {
		from = max(from+n, 0)
	}
	if to < 0 {
		to = max(to+n, 0)
	}
	to = min(to, n)
	if from > to {
		return "", 0, false
	}
	return s[byteOffset(s, int(from)):byteOffset(s, int(to))], from, true
}

func (c *call) affix(has func(s, affix string) bool, name string) bool {
	s, _, ok := c.window()
	switch t := c.a[0].(type) {
	case *Tuple:
		return ok && slices.ContainsFunc(t.Items, func(v any) bool { return has(s, mustStr(v)) })
	case string:
		return ok && has(s, t)
	case Markup:
		return ok && has(s, string(t))
	}
	needDefined(c.a[0])
	panic(typeErr("%s first arg must be str or a tuple of str, not %s", name, typeName(c.a[0])))
}

func (c *call) find(index func(s, sub string) int) int64 {
	sub := c.need(0)
	s, offset, ok := c.window()
	if !ok {
		return -1
	}
	i := index(s, sub)
	if i < 0 {
		return -1
	}
	return int64(runeLen(s[:i])) + offset
}

func found(i int64) int64 {
	if i < 0 {
		panic(valueErr("substring not found"))
	}
	return i
}

func strCount(c *call) any {
	sub := c.need(0)
	s, _, ok := c.window()
	if !ok {
		return int64(0)
	}
	return int64(strings.Count(s, sub))
}

func strSplitMethods() []entry {
	return []entry{
		{"split", "sep? maxsplit?", func(c *call) any { return c.split(false) }},
		{"rsplit", "sep? maxsplit?", func(c *call) any { return c.split(true) }},
		{"splitlines", "keepends?", func(c *call) any {
			return strList(c.st.lines(c.selfStr(), c.size(0, 0) != 0))
		}},
		{"partition", "sep /", func(c *call) any {
			s, sep := c.selfStr(), c.separator()
			if before, after, ok := strings.Cut(s, sep); ok {
				return tuple(before, sep, after)
			}
			return tuple(s, "", "")
		}},
		{"rpartition", "sep /", func(c *call) any {
			s, sep := c.selfStr(), c.separator()
			if i := strings.LastIndex(s, sep); i >= 0 {
				return tuple(s[:i], sep, s[i+len(sep):])
			}
			return tuple("", "", s)
		}},
		{"join", "iterable /", strJoin},
	}
}

func strList(ss []string) *List {
	l := &List{Items: make([]any, len(ss))}
	for i, s := range ss {
		l.Items[i] = s
	}
	return l
}

func (c *call) separator() string {
	sep := c.need(0)
	if sep == "" {
		panic(valueErr("empty separator"))
	}
	return sep
}

func (c *call) split(right bool) any {
	s, limit := c.selfStr(), c.size(1, -1)
	blanks := !c.has(0)
	most := fields(s)
	if !blanks {
		most = int64(strings.Count(s, c.separator())) + 1
	}
	if limit >= 0 {
		most = min(most, limit+1)
	}
	c.st.use(most * textSize)
	if !right {
		switch {
		case blanks:
			return strList(splitBlanks(s, limit))
		case limit < 0 || limit > int64(len(s)):
			return strList(strings.Split(s, c.separator()))
		}
		return strList(strings.SplitN(s, c.separator(), int(limit)+1))
	}
	var parts []string
	if blanks {
		parts = rsplitBlanks(s, limit)
	} else {
		parts = rsplitStr(s, c.separator(), limit)
	}
	slices.Reverse(parts)
	return strList(parts)
}

func strJoin(c *call) any {
	sep := c.selfStr()
	var b strings.Builder
	for i, x := range c.st.iter(c.a[0]) {
		s, ok := asStr(x)
		if !ok {
			panic(typeErr("sequence item %d: expected str instance, %s found", i, typeName(x)))
		}
		if i > 0 {
			b.WriteString(sep)
		}
		c.st.use(int64(len(s) + len(sep)))
		b.WriteString(s)
	}
	return b.String()
}

func strPadMethods() []entry {
	return []entry{
		{"center", "width fillchar? /", func(c *call) any { return c.pad(padLeft | padRight) }},
		{"ljust", "width fillchar? /", func(c *call) any { return c.pad(padRight) }},
		{"rjust", "width fillchar? /", func(c *call) any { return c.pad(padLeft) }},
		{"zfill", "width /", strZfill},
		{"expandtabs", "tabsize?", strExpandTabs},
	}
}

func strExpandTabs(c *call) any {
	n := c.size(0, 8)
	if n > math.MaxInt32 || n < math.MinInt32 {
		panic(fail("OverflowError", "Python int too large to convert to C int"))
	}
	return expandTabs(c.st, c.selfStr(), n)
}

func (c *call) pad(sides padSide) any {
	width, fill := sizeOf(c.a[0]), " "
	if c.a[1] != missing {
		fill = c.need(1)
	}
	if runeLen(fill) != 1 {
		panic(typeErr("The fill character must be exactly one character long"))
	}
	return c.st.pad(c.selfStr(), width, fill, sides)
}

func strZfill(c *call) any {
	s, width := c.selfStr(), sizeOf(c.a[0])
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[:1] + c.st.pad(s[1:], width-1, "0", padLeft)
	}
	return c.st.pad(s, width, "0", padLeft)
}

func strTestMethods() []entry {
	is := func(name string, f func(string) bool) entry {
		return entry{name, "/", func(c *call) any { return f(c.selfStr()) }}
	}
	each := func(name string, f func(rune) bool) entry {
		return is(name, func(s string) bool { return allRunes(s, f) })
	}
	return []entry{
		each("isdigit", isDigit),
		each("isdecimal", unicode.IsDigit),
		each("isnumeric", isNumeric),
		each("isalpha", unicode.IsLetter),
		each("isalnum", isAlnum),
		each("isspace", isSpace),
		is("isupper", isUpper),
		is("islower", isLower),
		is("istitle", isTitle),
		is("isascii", isASCII),
		is("isprintable", func(s string) bool { return s == "" || allRunes(s, printable) }),
		is("isidentifier", isIdentifier),
	}
}
