package jinja

import "fmt"

type tokenKind uint8

const (
	tokData tokenKind = iota
	tokVariableBegin
	tokVariableEnd
	tokBlockBegin
	tokBlockEnd
	tokName
	tokString
	tokInteger
	tokFloat
	tokOperator
	tokEOF
	tokError // the lexer failed here
)

// at is a place in a template: the line that Jinja2 would report, and the byte offset in the normalized source.
type at struct {
	line int
	off  int
}

func (a at) pos() at { return a }

type token struct {
	at
	kind tokenKind
	val  string
	err  *Error // of a tokError
}

func (t token) is(k tokenKind, val string) bool { return t.kind == k && t.val == val }

// describe names a token as Jinja2's messages do.
func (t token) describe() string {
	switch t.kind {
	case tokVariableBegin:
		return "begin of print statement"
	case tokVariableEnd:
		return "end of print statement"
	case tokBlockBegin:
		return "begin of statement block"
	case tokBlockEnd:
		return "end of statement block"
	case tokEOF:
		return "end of template"
	case tokData:
		return "template data / text"
	case tokString:
		return "string"
	case tokInteger:
		return "integer"
	case tokFloat:
		return "float"
	}
	return t.val
}

func syntaxErr(name string, p at, format string, a ...any) *Error {
	return templateErr(KindSyntax, name, p, fmt.Sprintf(format, a...))
}

func templateErr(kind Kind, name string, p at, msg string) *Error {
	return &Error{Kind: kind, Template: name, Line: p.line, off: p.off, Message: msg}
}
