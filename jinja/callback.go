package jinja

// Args are the arguments of a filter, test or function call in a template, as values of this package.
type Args struct {
	Positional []any
	Keyword    map[string]any
}

// A Filter computes value|name(args). Its result is converted by From.
type Filter func(value any, args Args) (any, error)

// A Test decides "value is name(args)".
type Test func(value any, args Args) (bool, error)

// A Function is a callable value: add it as a global, or put it into the values. Its result is converted by From.
type Function func(args Args) (any, error)
