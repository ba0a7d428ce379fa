package jinja

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokKind uint8

const (
	tData tokKind = iota
	tVarBegin
	tVarEnd
	tBlockBegin
	tBlockEnd
	tName
	tString
	tInt
	tFloat
	tOp
	tEOF
)

type token struct {
	kind tokKind
	val  string
	line int
}

func (t token) describe() string {
	switch t.kind {
	case tVarBegin:
		return "begin of print statement"
	case tVarEnd:
		return "end of print statement"
	case tBlockBegin:
		return "begin of statement block"
	case tBlockEnd:
		return "end of statement block"
	case tEOF:
		return "end of template"
	case tData:
		return "template data / text"
	}
	return t.val
}

var (
	reInt   = regexp.MustCompile(`(?i)\A(0b(_?[01])+|0o(_?[0-7])+|0x(_?[\da-f])+|[1-9](_?\d)*|0(_?0)*)`)
	reFloat = regexp.MustCompile(`(?i)\A(\d+_)*\d+((\.(\d+_)*\d+)?e[+\-]?(\d+_)*\d+|\.(\d+_)*\d+)`)
	reStr   = regexp.MustCompile(`(?s)\A('([^'\\]*(?:\\.[^'\\]*)*)'|"([^"\\]*(?:\\.[^"\\]*)*)")`)
	ops     = []string{"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"}
)

type lexer struct {
	env  *Env
	name string
	src  string
	pos  int
	line int
	out  []token
	ls   bool // at the start of a line
	seen bool
	hit  [3]int // where each kind of tag comes next; -1 when there is none left
}

func isSpace(r rune) bool { return unicode.IsSpace(r) || (r >= 0x1c && r <= 0x1f) }

func rstrip(s string) string { return strings.TrimRightFunc(s, isSpace) }

func (l *lexer) fail(line int, f string, a ...any) {
	panic(&Error{Kind: "TemplateSyntaxError", Template: l.name, Line: line, Message: fmt.Sprintf(f, a...)})
}

func (l *lexer) emit(k tokKind, v string) { l.out = append(l.out, token{k, v, l.line}) }

func (l *lexer) advance(n int) {
	l.line += strings.Count(l.src[l.pos:l.pos+n], "\n")
	l.pos += n
}

var reNewline = regexp.MustCompile(`\r\n|\r|\n`)

func lex(env *Env, name, src string) []token {
	src = strings.TrimPrefix(src, "\ufeff")
	if strings.ContainsRune(src, '\r') {
		src = reNewline.ReplaceAllString(src, "\n")
	}
	if !env.opt.KeepTrailingNewline {
		src = strings.TrimSuffix(src, "\n")
	}
	l := &lexer{env: env, name: name, src: src, line: 1, ls: true}
	l.run()
	l.emit(tEOF, "")
	return l.out
}

type delim struct {
	s    string
	kind byte // c comment, b block, v variable, s line statement, l line comment
}

func (l *lexer) run() {
	e := l.env
	ds := []delim{{e.opt.Delimiters.CommentStart, 'c'}, {e.opt.Delimiters.BlockStart, 'b'}, {e.opt.Delimiters.VariableStart, 'v'}}
	sort.SliceStable(ds, func(i, j int) bool { return len(ds[i].s) > len(ds[j].s) })
	for l.pos < len(l.src) {
		at, d, skip := l.next(ds)
		if at < 0 {
			l.data(l.src[l.pos:])
			l.advance(len(l.src) - l.pos)
			return
		}
		text := l.src[l.pos:at]
		after := at + skip
		sign := byte(0)
		if d.kind == 'c' || d.kind == 'b' || d.kind == 'v' {
			if after < len(l.src) && (l.src[after] == '-' || l.src[after] == '+') {
				sign = l.src[after]
				if d.kind == 'v' && sign == '+' {
					sign = 0 // {{+ x }} is a unary plus
				}
			}
		}
		keep := text
		switch {
		case sign == '-':
			keep = rstrip(text)
			after++
		case sign == '+':
			after++
		case e.opt.LstripBlocks && (d.kind == 'b' || d.kind == 'c'):
			keep = l.lstrip(text)
		}
		start := l.line
		l.data(keep)
		_ = start
		l.advance(after - l.pos)
		l.ls = false
		switch d.kind {
		case 'c':
			l.comment()
		case 'l':
			if i := strings.IndexByte(l.src[l.pos:], '\n'); i >= 0 {
				l.advance(i)
			} else {
				l.advance(len(l.src) - l.pos)
			}
		case 'v':
			l.emit(tVarBegin, "")
			l.inside(tVarEnd, e.opt.Delimiters.VariableEnd)
		case 's':
			l.emit(tBlockBegin, "")
			l.inside(tBlockEnd, "")
		case 'b':
			if n := l.rawBegin(); n > 0 {
				l.advance(n)
				l.raw()
				continue
			}
			l.emit(tBlockBegin, "")
			l.inside(tBlockEnd, e.opt.Delimiters.BlockEnd)
		}
	}
}

// lstrip removes the blanks before a block tag when nothing else stands on its line.
func (l *lexer) lstrip(text string) string {
	p := strings.LastIndexByte(text, '\n') + 1
	if p > 0 || l.ls {
		if strings.TrimFunc(text[p:], isSpace) == "" {
			return text[:p]
		}
	}
	return text
}

func (l *lexer) data(s string) {
	if s != "" {
		if l.env.opt.NewlineSequence != "\n" {
			s = strings.ReplaceAll(s, "\n", l.env.opt.NewlineSequence)
		}
		l.emit(tData, s)
	}
}

// next finds the earliest tag; with line prefixes it looks at every position.
func (l *lexer) next(ds []delim) (int, delim, int) {
	best, bd := -1, delim{}
	for k, d := range ds {
		if l.hit[k] >= 0 && (l.hit[k] < l.pos || !l.seen) {
			if l.hit[k] = strings.Index(l.src[l.pos:], d.s); l.hit[k] >= 0 {
				l.hit[k] += l.pos
			}
		}
		if i := l.hit[k]; i >= 0 && (best < 0 || i < best) {
			best, bd = i, d
		}
	}
	l.seen = true
	skip := len(bd.s)
	ls, lc := l.env.opt.LineStatementPrefix, l.env.opt.LineCommentPrefix
	if ls == "" && lc == "" {
		return best, bd, skip
	}
	end := best
	if end < 0 {
		end = len(l.src)
	}
	for p := l.pos; p < end; p++ {
		bol := p == 0 || l.src[p-1] == '\n'
		q := p
		for q < len(l.src) && (l.src[q] == ' ' || l.src[q] == '\t' || l.src[q] == '\v' || l.src[q] == '\f') {
			q++
		}
		isC := lc != "" && strings.HasPrefix(l.src[q:], lc) && (bol || (p > 0 && !isSpace(rune(l.src[p-1]))))
		isS := ls != "" && bol && strings.HasPrefix(l.src[q:], ls)
		switch {
		case isC && (!isS || len(lc) > len(ls)):
			return p, delim{lc, 'l'}, q - p + len(lc)
		case isS:
			n := q - p + len(ls)
			return p, delim{ls, 's'}, n
		}
	}
	return best, bd, skip
}

func (l *lexer) blockSuffix(p int) int {
	if l.env.opt.TrimBlocks && p < len(l.src) && l.src[p] == '\n' {
		return 1
	}
	return 0
}

func spaces(s string) int { return len(s) - len(strings.TrimLeftFunc(s, isSpace)) }

// closing matches "-END\s*", "+END" or "END" (with the newline of trim_blocks) and returns its length.
func (l *lexer) closing(end string, plus, trim bool) int {
	s := l.src[l.pos:]
	switch {
	case strings.HasPrefix(s, "-"+end):
		n := 1 + len(end)
		return n + spaces(s[n:])
	case plus && strings.HasPrefix(s, "+"+end):
		return 1 + len(end)
	case strings.HasPrefix(s, end):
		if trim {
			return len(end) + l.blockSuffix(l.pos+len(end))
		}
		return len(end)
	}
	return 0
}

func (l *lexer) comment() {
	start := l.line
	for l.pos < len(l.src) {
		if n := l.closing(l.env.opt.Delimiters.CommentEnd, true, true); n > 0 {
			l.advance(n)
			l.ls = l.pos > 0 && l.src[l.pos-1] == '\n'
			return
		}
		l.advance(1)
	}
	l.fail(start, "Missing end of comment tag")
}

func (l *lexer) rawBegin() int {
	p := l.pos
	p += spaces(l.src[p:])
	if !strings.HasPrefix(l.src[p:], "raw") {
		return 0
	}
	p += 3
	p += spaces(l.src[p:])
	if s := l.src[p:]; strings.HasPrefix(s, "-"+l.env.opt.Delimiters.BlockEnd) {
		p += 1 + len(l.env.opt.Delimiters.BlockEnd)
		p += spaces(l.src[p:])
		return p - l.pos
	}
	if strings.HasPrefix(l.src[p:], l.env.opt.Delimiters.BlockEnd) {
		return p + len(l.env.opt.Delimiters.BlockEnd) - l.pos
	}
	return 0
}

func (l *lexer) raw() {
	start, from := l.line, l.pos
	l.ls = l.pos > 0 && l.src[l.pos-1] == '\n'
	for p := l.pos; ; {
		i := strings.Index(l.src[p:], l.env.opt.Delimiters.BlockStart)
		if i < 0 {
			l.fail(start, "Missing end of raw directive")
		}
		at := p + i
		q := at + len(l.env.opt.Delimiters.BlockStart)
		sign := byte(0)
		if q < len(l.src) && (l.src[q] == '-' || l.src[q] == '+') {
			sign = l.src[q]
			q++
		}
		q += spaces(l.src[q:])
		if !strings.HasPrefix(l.src[q:], "endraw") {
			p = at + 1
			continue
		}
		q += 6
		q += spaces(l.src[q:])
		save := l.pos
		l.pos = q
		n := l.closing(l.env.opt.Delimiters.BlockEnd, true, true)
		l.pos = save
		if n == 0 {
			p = at + 1
			continue
		}
		text := l.src[from:at]
		switch {
		case sign == '-':
			text = rstrip(text)
		case sign != '+' && l.env.opt.LstripBlocks:
			text = l.lstrip(text)
		}
		l.data(text)
		l.advance(q + n - l.pos)
		l.ls = l.src[l.pos-1] == '\n'
		return
	}
}

// inside reads the tokens of one tag. end == "" means a line statement.
func (l *lexer) inside(endKind tokKind, end string) {
	var stack []byte
	for {
		if l.pos >= len(l.src) {
			if end == "" {
				l.emit(endKind, "")
			}
			return // the parser reports the missing end
		}
		if len(stack) == 0 {
			if end == "" {
				n := spaces(l.src[l.pos:])
				if l.pos+n < len(l.src) {
					n = strings.LastIndexByte(l.src[l.pos:l.pos+n], '\n') + 1
				}
				if n > 0 || l.pos >= len(l.src) {
					l.emit(endKind, "")
					l.advance(n)
					l.ls = true
					return
				}
			} else if n := l.closing(end, endKind == tBlockEnd, endKind == tBlockEnd); n > 0 {
				l.emit(endKind, "")
				l.advance(n)
				l.ls = l.src[l.pos-1] == '\n'
				return
			}
		}
		rest := l.src[l.pos:]
		if n := spaces(rest); n > 0 {
			l.advance(n)
			continue
		}
		if c := rest[0]; c >= '0' && c <= '9' {
			if l.pos == 0 || l.src[l.pos-1] != '.' {
				if m := reFloat.FindString(rest); m != "" {
					l.emit(tFloat, strings.ReplaceAll(m, "_", ""))
					l.advance(len(m))
					continue
				}
			}
			m := reInt.FindString(rest)
			if m != "" {
				l.emit(tInt, strings.ReplaceAll(m, "_", ""))
				l.advance(len(m))
				continue
			}
		}
		if r, _ := utf8.DecodeRuneInString(rest); r == '_' || unicode.IsLetter(r) {
			n := len(rest)
			for i, r := range rest {
				if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
					n = i
					break
				}
			}
			l.emit(tName, rest[:n])
			l.advance(n)
			continue
		}
		if rest[0] == '\'' || rest[0] == '"' {
			if m := reStr.FindString(rest); m != "" {
				l.emit(tString, l.unescape(m[1:len(m)-1]))
				l.advance(len(m))
				continue
			}
		}
		op := ""
		for _, o := range ops {
			if strings.HasPrefix(rest, o) {
				op = o
				break
			}
		}
		if op == "" {
			r, _ := utf8.DecodeRuneInString(rest)
			l.fail(l.line, "unexpected char %s at %d", reprStr(string(r)), utf8.RuneCountInString(l.src[:l.pos]))
		}
		switch op {
		case "(", "[", "{":
			stack = append(stack, map[string]byte{"(": ')', "[": ']', "{": '}'}[op])
		case ")", "]", "}":
			if len(stack) == 0 {
				l.fail(l.line, "unexpected '%s'", op)
			}
			if want := stack[len(stack)-1]; want != op[0] {
				l.fail(l.line, "unexpected '%s', expected '%c'", op, want)
			}
			stack = stack[:len(stack)-1]
		}
		l.emit(tOp, op)
		l.advance(len(op))
	}
}

func (l *lexer) unescape(s string) string {
	if !strings.ContainsRune(s, '\\') {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		hex := func(n int) {
			if i+n >= len(s)+0 && i+n > len(s)-1+0 && i+n >= len(s) {
				l.fail(l.line, "truncated escape in string literal")
			}
			v, err := strconv.ParseUint(s[i+1:i+1+n], 16, 32)
			if err != nil {
				l.fail(l.line, "invalid escape in string literal")
			}
			b.WriteRune(rune(v))
			i += n
		}
		switch c := s[i]; c {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r':
			b.WriteByte('\r')
		case 'a':
			b.WriteByte(7)
		case 'b':
			b.WriteByte(8)
		case 'f':
			b.WriteByte(12)
		case 'v':
			b.WriteByte(11)
		case '\\', '\'', '"':
			b.WriteByte(c)
		case '\n':
		case 'x':
			hex(2)
		case 'u':
			hex(4)
		case 'U':
			hex(8)
		default:
			if c >= '0' && c <= '7' {
				n := 1
				for n < 3 && i+n < len(s) && s[i+n] >= '0' && s[i+n] <= '7' {
					n++
				}
				v, _ := strconv.ParseUint(s[i:i+n], 8, 32)
				b.WriteRune(rune(v))
				i += n - 1
			} else {
				b.WriteByte('\\')
				b.WriteByte(c)
			}
		}
	}
	return b.String()
}
