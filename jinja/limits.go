package jinja

import "errors"

// Limits bound what one rendering may use.
type Limits struct {
	Output int64 // bytes of the result
	Memory int64 // bytes of the strings and containers that expressions build, added up over the rendering
	Steps  int64 // statements, expressions and loop turns
	Depth  int   // nested macros, includes, blocks and recursive loops
	Range  int64 // elements of a range()
}

// DefaultLimits suit texts of some megabytes.
var DefaultLimits = Limits{Output: 8 << 20, Memory: 64 << 20, Steps: 20_000_000, Depth: 200, Range: 100_000} //nolint:gochecknoglobals // a constant that Go cannot spell as const

// ErrLimit is what an Error wraps when a limit was exceeded.
var ErrLimit = errors.New("limit exceeded")

func (l *Limits) fill() error {
	if l.Output < 0 || l.Memory < 0 || l.Steps < 0 || l.Depth < 0 || l.Range < 0 {
		return errors.New("a limit is negative")
	}
	def := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	def(&l.Output, DefaultLimits.Output)
	def(&l.Memory, DefaultLimits.Memory)
	def(&l.Steps, DefaultLimits.Steps)
	def(&l.Range, DefaultLimits.Range)
	if l.Depth == 0 {
		l.Depth = DefaultLimits.Depth
	}
	return nil
}
