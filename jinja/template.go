package jinja

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
)

// Template is a parsed template. It is safe for concurrent use.
type Template struct {
	env      *Env
	name     string
	src      string // normalized
	body     []stmt
	blocks   map[string]*sBlock
	frame    *frame
	selfSlot int
	extends  bool
	height   int // how deep its statements and expressions are nested

	mutates atomic.Bool  // it was seen to change the values that it was given
	size    atomic.Int64 // of its last result
}

// Name is the name that the template was loaded or parsed under.
func (t *Template) Name() string { return t.name }

// Render renders the template to w. The values are a *Dict, such as FromJSON gives, or what From turns into one; nil is
// none. They are not changed: a template that changes them works on a copy. Nothing is written unless all of the template
// was rendered.
func (t *Template) Render(ctx context.Context, w io.Writer, values any) error {
	out, err := t.render(ctx, values)
	if err != nil {
		return err
	}
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("write what %s renders to: %w", t.name, err)
	}
	return nil
}

// RenderString is Render into a string.
func (t *Template) RenderString(ctx context.Context, values any) (string, error) {
	out, err := t.render(ctx, values)
	return string(out), err
}

func (t *Template) render(ctx context.Context, values any) ([]byte, error) {
	v, err := From(values)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", t.name, err)
	}
	vars, ok := v.(*Dict)
	if !ok && v != nil {
		return nil, fmt.Errorf("render %s: the values are a %s and not a mapping", t.name, typeName(v))
	}
	st := t.state(ctx, vars, t.mutates.Load())
	out, err := st.render(t)
	if st.mutated && !st.private {
		t.mutates.Store(true)
		st = t.state(ctx, vars, true)
		out, err = st.render(t)
	}
	if f := t.env.opt.OnUndefined; f != nil {
		for _, u := range st.uses {
			f(u)
		}
	}
	return out, err
}

func (t *Template) state(ctx context.Context, vars *Dict, private bool) *state {
	if vars == nil {
		vars = NewDict()
	}
	return &state{
		env: t.env, ctx: ctx, vars: vars, private: private, lim: t.env.opt.Limits,
		out: make([]byte, 0, min(t.size.Load()+64, maxReserved)),
	}
}

// restart ends a rendering that is about to change the caller's values; it is done again on a copy of them.
type restart struct{}

func (st *state) render(t *Template) (out []byte, err error) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if _, ok := r.(restart); ok {
			out, err = nil, nil
			return
		}
		e := st.locate(r)
		if e == nil {
			panic(r)
		}
		out, err = nil, e
	}()
	st.checkContext()
	c := newContext(t, nil, nil)
	c.root = true
	st.runRoot(t, c)
	t.size.Store(int64(len(st.out)))
	return st.out, nil
}

// place fills in the source line and the column of an error in a template with that source.
func (e *Error) place(src string) {
	if e.Source != "" || e.Line == 0 {
		return
	}
	start := 0
	for i := 1; i < e.Line; i++ {
		n := strings.IndexByte(src[start:], '\n')
		if n < 0 {
			return
		}
		start += n + 1
	}
	line, _, _ := strings.Cut(src[start:], "\n")
	if col := e.off - start; col >= 0 && col <= len(line) {
		e.Column = runeLen(line[:col]) + 1
	}
	if len(line) > maxSourceLine {
		line = line[:maxSourceLine] + "…"
	}
	e.Source = strings.ToValidUTF8(line, "")
}

const (
	maxSourceLine = 200
	maxReserved   = 64 << 10 // bytes for a result of which nothing is known
)
