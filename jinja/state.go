package jinja

import (
	"context"
	"fmt"
	"math/big"
	"runtime"
	"strings"
)

// state is one rendering. Failures travel as panics with an *Error and are turned into errors by Template.Render.
type state struct {
	env     *Env
	ctx     context.Context
	vars    *Dict       // the caller's values
	private bool        // values from vars are copied before use
	copies  map[any]any // what was copied, so that aliases stay aliases
	mutated bool

	out  []byte
	lim  Limits
	uses []UndefinedUse

	modules map[*Template]*module // imported without context

	tpl   *Template
	line  int // where tpl is at, as Jinja2 would report it
	off   int // the same as an offset in the source
	depth int
	stack int // the heights of the templates that are open, as a measure of Go's stack
	lazy  int // generators that read from each other

	steps, memory, written int64
	pause                  int64 // the step at which the limit and the context are looked at

	vals   []any   // the arguments of the builtins that are being called
	calls  []*call // those calls, and more to be used again
	active int     // how many of them are being made
}

const stepsPerCheck = 1024

func (st *state) step() { st.stepN(1) }

func (st *state) stepN(n int) {
	if st.steps += int64(n); st.steps >= st.pause {
		st.paused()
	}
}

// paused looks at the limit and at the context.
func (st *state) paused() {
	if st.steps > st.lim.Steps {
		panic(limitErr("the template ran for more than %d steps", st.lim.Steps))
	}
	st.checkContext()
	st.pause = min(st.steps+stepsPerCheck, st.lim.Steps+1)
}

func (st *state) checkContext() {
	if st.ctx == nil {
		return
	}
	if err := st.ctx.Err(); err != nil {
		panic(&Error{Kind: KindLimit, Message: "rendering stopped: " + err.Error(), cause: err})
	}
}

// use accounts for n bytes of new values, before they are made.
func (st *state) use(n int64) {
	if n < 0 || n > st.lim.Memory-st.memory {
		panic(limitErr("the template built more than %d bytes of values", st.lim.Memory))
	}
	st.memory += n
}

// room makes sure that n bytes could be had for a while.
func (st *state) room(n int64) {
	if n > st.lim.Memory-st.memory {
		st.use(-1)
	}
}

// weigh accounts for the time that it takes to read texts and tuples from end to end.
func (st *state) weigh(vs ...any) {
	for _, v := range vs {
		switch t := v.(type) {
		case string:
			st.stepN(len(t) / bytesPerStep)
		case Markup:
			st.stepN(len(t) / bytesPerStep)
		case *Tuple:
			st.stepN(len(t.Items) / 4)
		}
	}
}

// bytesPerStep is how much text is read in the time of a step.
const bytesPerStep = 256

// made accounts for what a builtin gave, where that is not accounted for as it is made.
func (st *state) made(v any) any {
	if z, ok := v.(*big.Int); ok {
		st.use(int64(z.BitLen() / 8))
	}
	return v
}

// useItems accounts for containers of n elements.
func (st *state) useItems(n int) { st.use(int64(n) * itemSize) }

// useTimes accounts for n times size bytes.
func (st *state) useTimes(size int, n int64) {
	if size > 0 && n > st.lim.Memory/int64(size) {
		st.use(-1)
	}
	st.use(int64(size) * max(n, 0))
}

// What values take, in bytes, with the header of what they hold.
const (
	itemSize  = 32  // an element of a list
	textSize  = 48  // an element of a list that is a new string
	entrySize = 128 // an entry of a dict
	boundSize = 96  // a macro, a method of a value, a scope that is kept
)

func (st *state) write(s string) {
	st.written += int64(len(s))
	if st.written > st.lim.Output {
		panic(limitErr("the output is larger than %d bytes", st.lim.Output))
	}
	st.out = append(st.out, s...)
}

// captured is where output begins that does not go to the result.
type captured struct {
	start   int
	written int64
}

// begin captures the output up to end.
func (st *state) begin() captured { return captured{len(st.out), st.written} }

// end gives what was printed since begin.
func (st *state) end(c captured) string {
	s := string(st.out[c.start:])
	st.out, st.written = st.out[:c.start], c.written
	st.use(int64(len(s)))
	return s
}

// capture runs f and gives what it printed.
func (st *state) capture(f func()) string {
	c := st.begin()
	f()
	return st.end(c)
}

// enter goes into a macro, block or template t at a line. What it gives must be deferred: it goes back, and notes in a
// failure that passes where it came from.
func (st *state) enter(t *Template, line int) func() {
	if st.depth++; st.depth > st.lim.Depth {
		e := fail("RecursionError", "more than %d macros, includes and blocks inside each other", st.lim.Depth)
		e.cause = ErrLimit
		panic(e)
	}
	if st.stack += t.height; st.stack > maxStackHeight {
		panic(limitErr("the expressions of open templates are nested deeper than %d levels", maxStackHeight))
	}
	tpl, old, off := st.tpl, st.line, st.off
	st.tpl, st.line, st.off = t, line, -1
	return func() {
		st.depth--
		st.stack -= t.height
		r := recover()
		if r != nil {
			if e := st.locate(r); e != nil {
				r = e
				if tpl != nil && len(e.Stack) < maxStack {
					e.Stack = append(e.Stack, Frame{tpl.name, old})
				}
			}
		}
		st.tpl, st.line, st.off = tpl, old, off
		if r != nil {
			panic(r)
		}
	}
}

const (
	maxStack       = 20      // entries of Error.Stack
	maxStackHeight = 100_000 // levels of Go's stack, roughly
	maxLazy        = 200
	maxMessage     = 2000
)

// locate makes an *Error with a position of what was recovered; nil when it is not a failure of the template.
func (st *state) locate(r any) *Error {
	e, ok := r.(*Error)
	if !ok {
		re, isRuntime := r.(runtime.Error)
		if !isRuntime {
			return nil
		}
		e = &Error{Kind: kindInternal, Message: re.Error(), cause: re}
	}
	if len(e.Message) > maxMessage {
		e.Message = strings.ToValidUTF8(e.Message[:maxMessage], "") + "…"
	}
	if e.Template == "" && st.tpl != nil {
		e.Template, e.Line, e.off = st.tpl.name, st.line, st.off
		e.place(st.tpl.src)
	}
	return e
}

// kindInternal is a fault of this package.
const kindInternal Kind = "InternalError"

// report tells that a missing value was used.
func (st *state) report(u *Undefined, use string) {
	if st.env.opt.OnUndefined == nil || st.tpl == nil || len(st.uses) >= maxUses {
		return
	}
	e := &Error{Line: st.line, off: st.off}
	if p := startOf(u.source); p.line == st.line {
		e.off = p.off
	}
	e.place(st.tpl.src)
	st.uses = append(st.uses, UndefinedUse{
		Name: u.path(), Template: st.tpl.name, Line: st.line, Column: e.Column, Use: use,
	})
}

const maxUses = 1000

// own is called before a value is changed. The caller's values are not changed: the rendering begins again on a copy.
func (st *state) own() {
	if !st.private {
		st.mutated = true
		panic(restart{})
	}
}

func (st *state) mark(s string, markup bool) any {
	if markup {
		return Markup(s)
	}
	return s
}

// callbackErr is the failure of a function of the caller's.
func callbackErr(name string, err error) *Error {
	return &Error{Kind: KindCallback, Message: fmt.Sprintf("%s: %v", name, err), cause: err}
}
