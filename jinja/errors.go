package jinja

import (
	"fmt"
	"strings"
)

// A Kind is the name of the exception that Jinja2 or Python raises in the same case, such as "TypeError".
type Kind string

// The kinds that callers may want to tell apart.
const (
	KindSyntax    Kind = "TemplateSyntaxError"
	KindAssertion Kind = "TemplateAssertionError" // an unknown filter or test, a block defined twice
	KindRuntime   Kind = "TemplateRuntimeError"
	KindNotFound  Kind = "TemplateNotFound"
	KindUndefined Kind = "UndefinedError"
	KindSecurity  Kind = "SecurityError" // what Jinja2's sandbox refuses
	KindType      Kind = "TypeError"
	KindLimit     Kind = "LimitError"    // a limit or the context's deadline; has no counterpart in Python
	KindCallback  Kind = "CallbackError" // a filter, test or function of the caller's failed
)

// kindPython is what Python itself says of the code that Jinja2 generates.
const kindPython Kind = "SyntaxError"

// Error is every failure of loading, parsing or rendering a template.
type Error struct {
	Kind     Kind
	Message  string
	Template string  // empty when the failure is not in a template
	Line     int     // from 1
	Column   int     // in code points from 1; 0 when not known
	Source   string  // the line of the template
	Stack    []Frame // how the rendering came to Template, innermost first
	cause    error
	off      int // of the failure in the source
}

// A Frame is a place that called, included or extended what failed.
type Frame struct {
	Template string
	Line     int
}

// Position is "template:line:column" as far as known.
func (e *Error) Position() string {
	if e.Template == "" {
		return ""
	}
	s := e.Template
	if e.Line > 0 {
		s += fmt.Sprintf(":%d", e.Line)
	}
	if e.Column > 0 {
		s += fmt.Sprintf(":%d", e.Column)
	}
	return s
}

// Error gives position, kind and message, then the source line and the stack on lines of their own.
func (e *Error) Error() string {
	var b strings.Builder
	if p := e.Position(); p != "" {
		b.WriteString(p + ": ")
	}
	b.WriteString(string(e.Kind) + ": " + e.Message)
	if s := strings.TrimSpace(e.Source); s != "" {
		b.WriteString("\n    " + s)
	}
	for _, f := range e.Stack {
		fmt.Fprintf(&b, "\n  from %s:%d", f.Template, f.Line)
	}
	return b.String()
}

// Unwrap gives the cause: ErrLimit, the context's error, the loader's or a callback's.
func (e *Error) Unwrap() error { return e.cause }

func fail(kind Kind, format string, a ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, a...)}
}

func typeErr(format string, a ...any) *Error { return fail(KindType, format, a...) }

func valueErr(format string, a ...any) *Error { return fail("ValueError", format, a...) }

func limitErr(format string, a ...any) *Error {
	e := fail(KindLimit, format, a...)
	e.cause = ErrLimit
	return e
}
