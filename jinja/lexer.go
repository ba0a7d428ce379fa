package jinja

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A tagKind is what begins in template text. The order is Jinja2's when two begin at the same place with the same length.
type tagKind uint8

const (
	tagBlock tagKind = iota
	tagComment
	tagLineComment
	tagLineStatement
	tagVariable
)

type tag struct {
	kind  tagKind
	start string
}

type lexer struct {
	opt       *Options
	name      string
	src       string
	pos       int
	line      int
	out       []token
	tags      []tag
	next      []int // where each of tags comes next, or -1
	lineStart bool  // the last thing read ended with a newline, or nothing was read yet
}

// normalize makes every newline "\n" and drops the last one, as Jinja2 does before anything else.
func normalize(src string, keepTrailing bool) string {
	if strings.ContainsRune(src, '\r') {
		src = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(src)
	}
	if !keepTrailing {
		src = strings.TrimSuffix(src, "\n")
	}
	return src
}

// lex splits a normalized source into tokens. A failure becomes the last token, so that the parser may fail before it.
func lex(opt *Options, name, src string) (tokens []token) {
	d := opt.Delimiters
	l := &lexer{opt: opt, name: name, src: src, line: 1, lineStart: true}
	l.tags = []tag{{tagComment, d.CommentStart}, {tagBlock, d.BlockStart}, {tagVariable, d.VariableStart}}
	slices.SortStableFunc(l.tags, func(a, b tag) int {
		return cmp.Or(cmp.Compare(len(b.start), len(a.start)), cmp.Compare(b.kind, a.kind))
	})
	l.next = make([]int, len(l.tags))
	for i, t := range l.tags {
		l.next[i] = strings.Index(src, t.start)
	}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			tokens = append(l.out, token{at: at{e.Line, e.off}, kind: tokError, err: e})
		}
	}()
	for l.pos < len(src) {
		l.text()
	}
	last := at{line: 1}
	if len(l.out) > 0 {
		last.line = l.out[len(l.out)-1].line
	}
	last.off = len(src)
	return append(l.out, token{at: last, kind: tokEOF})
}

func (l *lexer) here() at { return at{l.line, l.pos} }

func (l *lexer) emit(k tokenKind, v string) {
	l.out = append(l.out, token{at: l.here(), kind: k, val: v})
}

func (l *lexer) fail(format string, a ...any) { panic(syntaxErr(l.name, l.here(), format, a...)) }

// advance moves over n bytes and counts the lines.
func (l *lexer) advance(n int) {
	s := l.src[l.pos : l.pos+n]
	l.line += strings.Count(s, "\n")
	l.pos += n
	if n > 0 {
		l.lineStart = strings.HasSuffix(s, "\n")
	}
}

// text reads the text up to the next tag, and that tag.
func (l *lexer) text() {
	at, t, n := l.find()
	if at < 0 {
		l.data(l.src[l.pos:])
		l.advance(len(l.src) - l.pos)
		return
	}
	text, after := l.src[l.pos:at], at+n
	rawLen := 0
	if t.kind == tagBlock {
		rawLen = l.rawBegin(at)
	}
	sign := byte(0)
	if after < len(l.src) && (l.src[after] == '-' || l.src[after] == '+') {
		sign = l.src[after]
		after++
	}
	if rawLen > 0 {
		after = at + rawLen
	}
	l.data(l.strip(text, sign, t.kind != tagVariable))
	l.advance(at - l.pos)
	begin := l.here()
	l.advance(after - l.pos)
	switch {
	case rawLen > 0:
		l.raw()
	case t.kind == tagComment:
		l.comment()
	case t.kind == tagLineComment:
		l.lineComment()
	case t.kind == tagVariable:
		l.out = append(l.out, token{at: begin, kind: tokVariableBegin})
		l.inside(tokVariableEnd, l.opt.Delimiters.VariableEnd)
	case t.kind == tagLineStatement:
		l.out = append(l.out, token{at: begin, kind: tokBlockBegin})
		l.inside(tokBlockEnd, "")
	default:
		l.out = append(l.out, token{at: begin, kind: tokBlockBegin})
		l.inside(tokBlockEnd, l.opt.Delimiters.BlockEnd)
	}
}

// strip removes the blanks at the end of text that the following tag asks to remove.
func (l *lexer) strip(text string, sign byte, lstrip bool) string {
	if sign == '-' {
		return strings.TrimRightFunc(text, isSpace)
	}
	if sign == '+' || !lstrip || !l.opt.LstripBlocks {
		return text
	}
	p := strings.LastIndexByte(text, '\n') + 1
	if (p > 0 || l.lineStart) && strings.TrimFunc(text[p:], isSpace) == "" {
		return text[:p]
	}
	return text
}

func (l *lexer) data(s string) {
	if s == "" {
		return
	}
	if l.opt.NewlineSequence != "\n" {
		s = strings.ReplaceAll(s, "\n", l.opt.NewlineSequence)
	}
	l.emit(tokData, s)
}

// find gives the place, kind and length of the next tag's start.
func (l *lexer) find() (int, tag, int) {
	best, found := -1, tag{}
	for i, t := range l.tags {
		if l.next[i] >= 0 && l.next[i] < l.pos {
			l.next[i] = strings.Index(l.src[l.pos:], t.start)
			if l.next[i] >= 0 {
				l.next[i] += l.pos
			}
		}
		if n := l.next[i]; n >= 0 && (best < 0 || n < best) {
			best, found = n, t
		}
	}
	if l.opt.LineStatementPrefix == "" && l.opt.LineCommentPrefix == "" {
		return best, found, len(found.start)
	}
	end := best
	if end < 0 {
		end = len(l.src)
	}
	for p := l.pos; p <= end && p < len(l.src); p++ {
		t, n := l.lineTag(p)
		if n == 0 {
			continue
		}
		if p == best && (len(t.start) < len(found.start) || (len(t.start) == len(found.start) && t.kind < found.kind)) {
			break
		}
		return p, t, n
	}
	return best, found, len(found.start)
}

// lineTag reports the line statement or line comment that begins at p, and its length with the blanks before it.
func (l *lexer) lineTag(p int) (tag, int) {
	bol := p == 0 || l.src[p-1] == '\n'
	prev, _ := utf8.DecodeLastRuneInString(l.src[:p])
	if !bol && isSpace(prev) {
		return tag{}, 0
	}
	var best tag
	size := 0
	if s := l.opt.LineStatementPrefix; s != "" && bol {
		q := p + len(l.src[p:]) - len(strings.TrimLeft(l.src[p:], " \t\v"))
		if strings.HasPrefix(l.src[q:], s) {
			best, size = tag{tagLineStatement, s}, q-p+len(s)
		}
	}
	if s := l.opt.LineCommentPrefix; s != "" && len(s) > len(best.start) {
		blank := func(r rune) bool { return isSpace(r) && r != '\n' && r != '\r' }
		q := p + len(l.src[p:]) - len(strings.TrimLeftFunc(l.src[p:], blank))
		if strings.HasPrefix(l.src[q:], s) {
			best, size = tag{tagLineComment, s}, q-p+len(s)
		}
	}
	return best, size
}

// closing gives the length of a tag's end at p: "-END" with the blanks after it, "+END", or "END" with the newline
// that trim_blocks removes; 0 when there is none.
func (l *lexer) closing(p int, end string, block bool) int {
	s := l.src[p:]
	switch {
	case strings.HasPrefix(s, "-"+end):
		n := 1 + len(end)
		return n + countSpace(s[n:])
	case block && strings.HasPrefix(s, "+"+end):
		return 1 + len(end)
	case strings.HasPrefix(s, end):
		if n := len(end); block && l.opt.TrimBlocks && strings.HasPrefix(s[n:], "\n") {
			return n + 1
		}
		return len(end)
	}
	return 0
}

func (l *lexer) comment() {
	if l.pos >= len(l.src) {
		return
	}
	end := l.opt.Delimiters.CommentEnd
	i := strings.Index(l.src[l.pos:], end)
	if i < 0 {
		l.fail("Missing end of comment tag")
	}
	p := l.pos + i
	if i > 0 && (l.src[p-1] == '-' || l.src[p-1] == '+') {
		p--
	}
	l.advance(p - l.pos)
	l.advance(l.closing(p, end, true))
}

func (l *lexer) lineComment() {
	n := strings.IndexByte(l.src[l.pos:], '\n')
	if n < 0 {
		n = len(l.src) - l.pos
	}
	l.advance(n)
}

// rawBegin gives the length of a raw tag at p, 0 when there is none.
func (l *lexer) rawBegin(p int) int {
	end := l.opt.Delimiters.BlockEnd
	q := p + len(l.opt.Delimiters.BlockStart)
	if q < len(l.src) && (l.src[q] == '-' || l.src[q] == '+') {
		q++
	}
	q += countSpace(l.src[q:])
	if !strings.HasPrefix(l.src[q:], "raw") {
		return 0
	}
	q += len("raw")
	q += countSpace(l.src[q:])
	switch s := l.src[q:]; {
	case strings.HasPrefix(s, "-"+end):
		n := 1 + len(end)
		return q + n + countSpace(s[n:]) - p
	case strings.HasPrefix(s, end):
		return q + len(end) - p
	}
	return 0
}

func (l *lexer) raw() {
	if l.pos >= len(l.src) {
		return
	}
	for p := l.pos; ; p++ {
		i := strings.Index(l.src[p:], l.opt.Delimiters.BlockStart)
		if i < 0 {
			l.fail("Missing end of raw directive")
		}
		p += i
		sign, n := l.rawEnd(p)
		if n == 0 {
			continue
		}
		l.data(l.strip(l.src[l.pos:p], sign, true))
		l.advance(p - l.pos)
		l.advance(n)
		return
	}
}

// rawEnd gives the sign and the length of an endraw tag at p; length 0 when there is none.
func (l *lexer) rawEnd(p int) (byte, int) {
	q := p + len(l.opt.Delimiters.BlockStart)
	sign := byte(0)
	if q < len(l.src) && (l.src[q] == '-' || l.src[q] == '+') {
		sign = l.src[q]
		q++
	}
	q += countSpace(l.src[q:])
	if !strings.HasPrefix(l.src[q:], "endraw") {
		return 0, 0
	}
	q += len("endraw")
	q += countSpace(l.src[q:])
	n := l.closing(q, l.opt.Delimiters.BlockEnd, true)
	if n == 0 {
		return 0, 0
	}
	return sign, q + n - p
}

// isSpace is Python's str.isspace and the \s of its regular expressions.
func isSpace(r rune) bool { return unicode.IsSpace(r) || (r >= 0x1c && r <= 0x1f) }

// countSpace is the length in bytes of the blanks that s begins with.
func countSpace(s string) int { return len(s) - len(strings.TrimLeftFunc(s, isSpace)) }
