package jinja

import (
	"html"
	"regexp"
	"strings"
)

func markupFilters() []entry {
	return []entry{
		{"escape", "", func(c *call) any { return Markup(c.st.escape(c.self)) }},
		{"forceescape", "", filterForceEscape},
		{"safe", "", func(c *call) any { return Markup(c.selfStr()) }},
		{"striptags", "", func(c *call) any {
			s := c.selfStr()
			c.st.use(int64(len(s)) * 2)
			return stripTags(s)
		}},
		{"xmlattr", "autospace?", filterXMLAttr},
		{"urlencode", "", filterURLEncode},
		{"urlize", "trim_url_limit? nofollow? target? rel? extra_schemes?", filterURLize},
	}
}

func filterForceEscape(c *call) any { return Markup(c.st.escapeStr(c.selfStr())) }

var (
	reComments = regexp.MustCompile(`(?s)<!--.*?-->`)
	reTags     = regexp.MustCompile(`(?s)<.*?>`)
)

func stripTags(s string) string {
	if !strings.ContainsAny(s, "<&") {
		return collapse(s)
	}
	s = reTags.ReplaceAllString(reComments.ReplaceAllString(s, ""), "")
	return html.UnescapeString(collapse(s))
}

// collapse makes one blank of blanks that follow each other, and none of those at the ends.
func collapse(s string) string {
	var b strings.Builder
	for s = strings.TrimLeftFunc(s, isSpace); s != ""; {
		n := strings.IndexFunc(s, isSpace)
		if n < 0 {
			n = len(s)
		}
		b.WriteString(s[:n])
		if s = strings.TrimLeftFunc(s[n:], isSpace); s != "" {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func filterXMLAttr(c *call) any {
	st := c.st
	d, ok := c.self.(*Dict)
	if !ok {
		panic(attrError(c.self, "items"))
	}
	var out []string
	for i, k := range d.keys {
		v := d.vals[i]
		if v == nil || isUndefined(v) {
			continue
		}
		if strings.ContainsAny(mustStr(k), " \t\n\r\f\v/>=") {
			panic(valueErr("Invalid character in attribute name: %s", st.repr(k)))
		}
		out = append(out, st.escape(k)+`="`+st.escape(v)+`"`)
		st.use(int64(len(out[len(out)-1])))
	}
	s := strings.Join(out, " ")
	if c.bool(0, true) && s != "" {
		s = " " + s
	}
	return st.mark(s, c.ctx.eval.autoescape)
}

func filterURLEncode(c *call) any {
	st := c.st
	if s, ok := asStr(c.self); ok {
		return st.quoteURL(s, false)
	}
	var items []any
	if d, ok := c.self.(*Dict); ok {
		st.useTimes(entrySize, int64(d.Len()))
		items = d.pairs()
	} else if items, ok = st.tryIter(c.self); !ok {
		return st.quoteURL(c.selfStr(), false)
	}
	var out []string
	for _, x := range items {
		kv := st.unpack(x, 2)
		out = append(out, st.quoteURL(st.str(kv[0]), true)+"="+st.quoteURL(st.str(kv[1]), true))
	}
	return strings.Join(out, "&")
}

// unpack is the assignment of an iterable to n names.
func (st *state) unpack(v any, n int) []any {
	items, ok := st.tryIter(v)
	if !ok {
		panic(typeErr("cannot unpack non-iterable %s object", typeName(v)))
	}
	if len(items) < n {
		panic(valueErr("not enough values to unpack (expected %d, got %d)", n, len(items)))
	}
	if len(items) > n {
		panic(valueErr("too many values to unpack (expected %d)", n))
	}
	return items
}

// quoteURL is urllib's quote; in a query a slash is quoted too and a blank becomes a plus.
func (st *state) quoteURL(s string, query bool) string {
	const hex = "0123456789ABCDEF"
	st.useTimes(len(s), 3)
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == '-', c == '~',
			c == '/' && !query:
			b.WriteByte(c)
		case c == ' ' && query:
			b.WriteByte('+')
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
