package jinja

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	reInteger = regexp.MustCompile(`(?i)\A(0b(_?[01])+|0o(_?[0-7])+|0x(_?[\da-f])+|[1-9](_?\d)*|0(_?0)*)`)
	reFloat   = regexp.MustCompile(`(?i)\A(\d+_)*\d+((\.(\d+_)*\d+)?e[+\-]?(\d+_)*\d+|\.(\d+_)*\d+)`)
	reString  = regexp.MustCompile(`(?s)\A('([^'\\]*(?:\\.[^'\\]*)*)'|"([^"\\]*(?:\\.[^"\\]*)*)")`)
	operators = []string{
		"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
		">", "<", "=", ".", ":", "|", ",", ";",
	}
	closers = map[string]string{"(": ")", "[": "]", "{": "}"}
)

// inside reads the tokens of one tag up to its end; end is empty in a line statement, which a newline ends.
func (l *lexer) inside(endKind tokenKind, end string) {
	var open []string // the closing brackets that are awaited
	for {
		if len(open) == 0 && l.tagEnd(endKind, end) {
			return
		}
		if l.pos >= len(l.src) {
			return // the parser reports what is missing
		}
		rest := l.src[l.pos:]
		if n := countSpace(rest); n > 0 {
			l.advance(n)
			continue
		}
		if l.number(rest) || l.identifier(rest) || l.str(rest) {
			continue
		}
		op := l.operator(rest)
		if c, ok := closers[op]; ok {
			open = append(open, c)
		}
		if op == ")" || op == "]" || op == "}" {
			open = l.closeBracket(open, op)
		}
		l.emit(tokOperator, op)
		l.advance(len(op))
	}
}

func (l *lexer) tagEnd(kind tokenKind, end string) bool {
	n := 0
	if end == "" {
		n = countSpace(l.src[l.pos:])
		if l.pos+n < len(l.src) {
			n = strings.LastIndexByte(l.src[l.pos:l.pos+n], '\n') + 1
			if n == 0 {
				return false
			}
		}
	} else if n = l.closing(l.pos, end, kind == tokBlockEnd); n == 0 {
		return false
	}
	l.emit(kind, "")
	l.advance(n)
	return true
}

func (l *lexer) number(rest string) bool {
	if rest[0] < '0' || rest[0] > '9' {
		return false
	}
	kind, m := tokFloat, ""
	if l.pos == 0 || l.src[l.pos-1] != '.' {
		m = reFloat.FindString(rest)
	}
	if m == "" {
		kind, m = tokInteger, reInteger.FindString(rest)
	}
	if m == "" {
		return false
	}
	l.emit(kind, strings.ReplaceAll(m, "_", ""))
	l.advance(len(m))
	return true
}

func (l *lexer) identifier(rest string) bool {
	n := strings.IndexFunc(rest, func(r rune) bool { return !isWordRune(r) })
	if n < 0 {
		n = len(rest)
	}
	if n == 0 {
		return false
	}
	if !isIdentifier(rest[:n]) {
		l.fail("Invalid character in identifier")
	}
	l.emit(tokName, rest[:n])
	l.advance(n)
	return true
}

// isWordRune is the \w of Python's regular expressions, with the marks that identifiers may contain.
func isWordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

func (l *lexer) str(rest string) bool {
	if rest[0] != '\'' && rest[0] != '"' {
		return false
	}
	m := reString.FindString(rest)
	if m == "" {
		return false
	}
	l.emit(tokString, l.unescape(m[1:len(m)-1]))
	l.advance(len(m))
	return true
}

func (l *lexer) operator(rest string) string {
	for _, o := range operators {
		if strings.HasPrefix(rest, o) {
			return o
		}
	}
	r, _ := utf8.DecodeRuneInString(rest)
	l.fail("unexpected char %s at %d", quote(string(r)), utf8.RuneCountInString(l.src[:l.pos]))
	return ""
}

func (l *lexer) closeBracket(open []string, op string) []string {
	if len(open) == 0 {
		l.fail("unexpected '%s'", op)
	}
	want := open[len(open)-1]
	if want != op {
		l.fail("unexpected '%s', expected '%s'", op, want)
	}
	return open[:len(open)-1]
}

var simpleEscapes = map[byte]string{
	'n': "\n", 't': "\t", 'r': "\r", 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v", '\\': `\`, '\'': "'", '"': `"`, '\n': "",
}

// unescape decodes a string literal as Python's unicode-escape does.
func (l *lexer) unescape(s string) string {
	if l.opt.NewlineSequence != "\n" {
		s = strings.ReplaceAll(s, "\n", l.opt.NewlineSequence)
	}
	if !strings.ContainsRune(s, '\\') {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		i++
		if v, ok := simpleEscapes[s[i]]; ok {
			b.WriteString(v)
			continue
		}
		digits, base, skip := l.escapeDigits(s[i:])
		if digits == "" {
			b.WriteByte('\\')
			b.WriteByte(s[i])
			continue
		}
		v, _ := strconv.ParseUint(digits, base, 32)
		if v > unicode.MaxRune {
			l.fail("illegal Unicode character")
		}
		b.WriteRune(rune(v))
		i += skip + len(digits) - 1
	}
	return b.String()
}

// escapeDigits gives the digits of a numeric escape, their base, and how many bytes stand before them.
func (l *lexer) escapeDigits(s string) (digits string, base, skip int) {
	if s[0] == 'N' {
		l.fail("unknown Unicode character name") // names of characters are not supported
	}
	if s[0] >= '0' && s[0] <= '7' {
		n := 1
		for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		return s[:n], 8, 0
	}
	n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if n == 0 {
		return "", 0, 0
	}
	if len(s) <= n || strings.Trim(s[1:1+n], "0123456789abcdefABCDEF") != "" {
		l.fail("truncated \\%c escape", s[0])
	}
	return s[1 : 1+n], 16, 1
}
