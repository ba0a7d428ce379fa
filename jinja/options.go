package jinja

import (
	"errors"
	"fmt"
)

// Options configure an Env. The zero value is Jinja2's default configuration without a loader.
type Options struct {
	Loader Loader // where Env.Template, extends, include and import find templates; may be nil

	TrimBlocks          bool // drop the first newline after a block tag
	LstripBlocks        bool // drop blanks before a block tag that stands first on its line
	KeepTrailingNewline bool // keep the newline at the end of a template
	Autoescape          bool // HTML-escape what is printed, unless it is Markup

	Do           bool // the extension jinja2.ext.do
	LoopControls bool // the extension jinja2.ext.loopcontrols: break and continue

	// Immutable refuses the methods that change a list or a dict, as Jinja2's ImmutableSandboxedEnvironment does. The rules
	// of its SandboxedEnvironment are always in force.
	Immutable bool

	Delimiters          Delimiters // empty strings take Jinja2's defaults
	LineStatementPrefix string
	LineCommentPrefix   string
	NewlineSequence     string // "\n" (the default), "\r\n" or "\r"

	Filters map[string]Filter // added to the built-in ones, or in place of one
	Tests   map[string]Test   // the same for tests
	Globals map[string]any    // values that every template sees, beside range, dict and the like; converted by From

	Undefined   UndefinedPolicy
	OnUndefined func(UndefinedUse) // called for each use of a missing value; from several goroutines when several render

	Limits Limits // zero fields take DefaultLimits
}

// Delimiters begin and end the tags of a template.
type Delimiters struct {
	BlockStart, BlockEnd       string // "{%", "%}"
	VariableStart, VariableEnd string // "{{", "}}"
	CommentStart, CommentEnd   string // "{#", "#}"
}

// UndefinedPolicy says how a missing value behaves.
type UndefinedPolicy int

// The policies are Jinja2's classes of the same names.
const (
	Lenient   UndefinedPolicy = iota // prints as nothing, is false, fails on attribute access
	Strict                           // fails on any use but "is defined"
	Chainable                        // as Lenient, and its attributes are undefined too
	Debug                            // as Lenient, and prints as a description of itself
)

// UndefinedUse tells of a missing value that a template used.
type UndefinedUse struct {
	Name     string // the expression as far as it is known, such as "issue.milestone.title"
	Template string
	Line     int
	Column   int    // in code points from 1; 0 when not known
	Use      string // "print", "test", "iterate", "length", "compare", or "filter" for one of Options.Filters
}

func (d *Delimiters) fill() {
	for _, f := range []struct {
		s   *string
		def string
	}{
		{&d.BlockStart, "{%"}, {&d.BlockEnd, "%}"},
		{&d.VariableStart, "{{"}, {&d.VariableEnd, "}}"},
		{&d.CommentStart, "{#"}, {&d.CommentEnd, "#}"},
	} {
		if *f.s == "" {
			*f.s = f.def
		}
	}
}

func (o *Options) fill() error {
	o.Delimiters.fill()
	d := o.Delimiters
	if d.BlockStart == d.VariableStart || d.BlockStart == d.CommentStart || d.VariableStart == d.CommentStart {
		return errors.New("block, variable and comment start strings must be different")
	}
	switch o.NewlineSequence {
	case "":
		o.NewlineSequence = "\n"
	case "\n", "\r\n", "\r":
	default:
		return fmt.Errorf("newline sequence %q is none of \\n, \\r\\n and \\r", o.NewlineSequence)
	}
	if o.Undefined < Lenient || o.Undefined > Debug {
		return fmt.Errorf("unknown undefined policy %d", o.Undefined)
	}
	return o.Limits.fill()
}
