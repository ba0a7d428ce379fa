package jinja

// missing marks a variable that has no value, and an argument that was not given.
const missing missingType = "missing"

type missingType string

// blockRef is a block with the template that it stands in.
type blockRef struct {
	block *sBlock
	tpl   *Template
}

// evalContext says whether autoescape is on at this moment.
type evalContext struct{ autoescape bool }

// tplContext is what a template's names are looked up in: what its top level set, what it was given, and the globals.
type tplContext struct {
	tpl      *Template
	vars     map[string]any
	exported map[string]bool
	locals   map[string]any // variables of the place that includes, imports or opens it
	up       *tplContext    // the context of that place
	root     bool           // sees the values of the rendering
	blocks   map[string][]blockRef
	eval     *evalContext
}

// newContext opens a template. With up it sees what the place that opens it sees, and locals before that.
func newContext(t *Template, up *tplContext, locals map[string]any) *tplContext {
	c := &tplContext{
		tpl: t, up: up, locals: locals, eval: &evalContext{t.env.opt.Autoescape},
	}
	c.addBlocks(t)
	return c
}

func (c *tplContext) addBlocks(t *Template) {
	if c.blocks == nil && len(t.blocks) > 0 {
		c.blocks = map[string][]blockRef{}
	}
	for name, b := range t.blocks {
		c.blocks[name] = append(c.blocks[name], blockRef{b, t})
	}
}

// derived is the context of a scoped block: the same template, with the variables of the scope around the block.
func (c *tplContext) derived(locals map[string]any) *tplContext {
	d := *c
	d.vars, d.exported, d.up, d.locals, d.root = nil, nil, c, locals, false
	return &d
}

// snapshot keeps the variables as they are now.
func (st *state) snapshot(c *tplContext) *tplContext {
	st.stepN(1 + len(c.vars))
	d := *c
	d.vars = make(map[string]any, len(c.vars))
	for k, v := range c.vars {
		d.vars[k] = v
	}
	if c.up != nil {
		d.up = st.snapshot(c.up)
	}
	return &d
}

func (c *tplContext) set(name string, v any, export bool) {
	if c.vars == nil {
		c.vars, c.exported = map[string]any{}, map[string]bool{}
	}
	c.vars[name] = v
	if export {
		c.exported[name] = true
	} else if name[0] != '_' {
		delete(c.exported, name)
	}
}

// lookup gives the value of a name, or missing.
func (st *state) lookup(c *tplContext, name string) any {
	for ; c != nil; c = c.up {
		if v, ok := c.vars[name]; ok {
			return v
		}
		if v, ok := c.locals[name]; ok {
			return v
		}
		if !c.root {
			continue
		}
		if v, ok := st.vars.text(name); ok {
			return st.borrow(v)
		}
	}
	if v, ok := st.env.globals[name]; ok {
		return st.borrow(v)
	}
	return missing
}

// borrow gives a value of the caller's, or in a private rendering a copy of it.
func (st *state) borrow(v any) any {
	if !st.private {
		return v
	}
	if st.copies == nil {
		st.copies = map[any]any{}
	}
	return st.copyValue(v, 0)
}

func (st *state) copyValue(v any, depth int) any {
	if depth > maxDepth {
		panic(limitErr("a value is nested deeper than %d levels", maxDepth))
	}
	switch v.(type) {
	case *List, *Tuple, *Dict:
	default:
		return v
	}
	if c, ok := st.copies[v]; ok {
		return c
	}
	switch t := v.(type) {
	case *List:
		c := &List{Items: make([]any, len(t.Items))}
		st.copies[v] = c
		st.useItems(len(t.Items))
		for i, x := range t.Items {
			c.Items[i] = st.copyValue(x, depth+1)
		}
		return c
	case *Tuple:
		c := &Tuple{Items: make([]any, len(t.Items)), Names: t.Names}
		st.copies[v] = c
		for i, x := range t.Items {
			c.Items[i] = st.copyValue(x, depth+1)
		}
		return c
	}
	t := v.(*Dict)
	c := NewDict()
	st.copies[v] = c
	st.use(int64(t.Len()) * entrySize)
	for i, k := range t.keys {
		c.Set(k, st.copyValue(t.vals[i], depth+1))
	}
	return c
}

// scope is a run of a body: its variables, and the scope around it.
type scope struct {
	parent *scope
	ctx    *tplContext
	unit   *unit
	slots  []any
	few    [4]any // the slots, where they are few
}

func newScope(f *frame, parent *scope, ctx *tplContext, u *unit) *scope {
	sc := &scope{parent: parent, ctx: ctx, unit: u}
	if f.slots <= len(sc.few) {
		sc.slots = sc.few[:f.slots]
	} else {
		sc.slots = make([]any, f.slots)
	}
	sc.reset()
	return sc
}

// reset leaves all variables unset.
func (sc *scope) reset() {
	for i := range sc.slots {
		sc.slots[i] = missing
	}
}

// unit is a run of a template's root: the parent that an extends statement named.
type unit struct{ parent *Template }

// open begins a scope: variables are looked up, copied from outside, or left unset.
func (st *state) open(f *frame, parent *scope, ctx *tplContext, u *unit) *scope {
	sc := newScope(f, parent, ctx, u)
	st.loadSlots(f, sc)
	return sc
}

func (st *state) inner(f *frame, sc *scope) *scope { return st.open(f, sc, sc.ctx, sc.unit) }

func (st *state) loadSlots(f *frame, sc *scope) {
	for _, l := range f.loads {
		if l.kind == loadContext {
			sc.slots[l.slot] = st.lookup(sc.ctx, l.name)
		} else {
			sc.slots[l.slot] = *sc.at(l.from)
		}
	}
}

// at is the variable that a reference from this scope means.
func (sc *scope) at(r ref) *any {
	for range r.up {
		sc = sc.parent
	}
	return &sc.slots[r.slot]
}

// collect gathers the variables that an include, import or scoped block passes on.
func (sc *scope) collect(locals []local) map[string]any {
	out := make(map[string]any, len(locals))
	for _, l := range locals {
		if v := *sc.at(l.ref); v != missing {
			out[l.name] = v
		}
	}
	return out
}
