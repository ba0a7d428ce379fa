package jinja

// loop is the loop variable.
type loop struct {
	items    []any
	i        int
	depth    int
	sized    bool
	recurse  func(items []any, depth int) any
	seen     *Tuple // the last arguments of changed
	changing bool
}

func (st *state) execFor(sc *scope, s *sFor) {
	st.goTo(s)
	if !s.recursive {
		st.runFor(sc, s, st.iter(st.eval(sc, s.iter)), nil, 0)
		return
	}
	var recurse func(items []any, depth int) any
	recurse = func(items []any, depth int) any {
		defer st.enter(st.tpl, s.line)()
		text := st.capture(func() { st.runFor(sc, s, items, recurse, depth) })
		return st.mark(text, st.escapes(sc, s.esc))
	}
	v := recurse(st.iter(st.eval(sc, s.iter)), 0)
	st.write(st.concatStr(v))
}

func (st *state) runFor(sc *scope, s *sFor, items []any, recurse func([]any, int) any, depth int) {
	if s.test != nil {
		items = st.selectItems(sc, s, items)
	}
	var l *loop
	if s.loopSlot >= 0 {
		l = &loop{items: items, depth: depth, recurse: recurse}
	}
	ran := false
	for i, item := range items {
		st.step()
		st.goTo(s)
		in := &scope{parent: sc, ctx: sc.ctx, unit: sc.unit, slots: make([]any, s.frame.slots)}
		for i := range in.slots {
			in.slots[i] = missing
		}
		if l != nil {
			l.i = i
			in.slots[s.loopSlot] = l
		}
		st.assign(in, s.target, item)
		st.loadSlots(s.frame, in)
		f := st.exec(in, s.body)
		ran = ran || f == flowNext
		if f == flowBreak {
			break
		}
	}
	// As in Python's generated code, a loop of which no turn came to its end runs the else branch.
	if !ran && len(s.els) > 0 {
		st.exec(st.inner(s.elseFrame, sc), s.els)
	}
}

func (st *state) selectItems(sc *scope, s *sFor, items []any) []any {
	in := st.inner(s.testFrame, sc)
	st.useItems(len(items))
	var out []any
	for _, item := range items {
		st.step()
		st.line, st.off = s.testLine, s.test.pos().off
		st.assign(in, s.testTarget, item)
		if st.truth(st.eval(in, s.test)) {
			out = append(out, item)
		}
	}
	return out
}

func (l *loop) call(st *state, a *args) any {
	if l.recurse == nil {
		panic(typeErr("The loop must have the 'recursive' marker to be called recursively."))
	}
	items := mustSig("iterable").bind("LoopContext.__call__", a)
	return l.recurse(st.iter(items[0]), l.depth+1)
}

func (l *loop) attribute(st *state, name string) (any, bool) {
	i, n := int64(l.i), int64(len(l.items))
	switch name {
	case "index":
		return i + 1, true
	case "index0":
		return i, true
	case "revindex":
		return n - i, true
	case "revindex0":
		return n - i - 1, true
	case "first":
		return i == 0, true
	case "last":
		return i == n-1, true
	case "length":
		return n, true
	case "depth":
		return int64(l.depth) + 1, true
	case "depth0":
		return int64(l.depth), true
	case "previtem":
		if i == 0 {
			return st.undefinedHint("loop.previtem", "there is no previous item"), true
		}
		return l.items[i-1], true
	case "nextitem":
		if i+1 >= n {
			return st.undefinedHint("loop.nextitem", "there is no next item"), true
		}
		return l.items[i+1], true
	case "cycle":
		return &function{"method", l.cycle}, true
	case "changed":
		return &function{"method", l.changed}, true
	}
	return nil, false
}

func (l *loop) cycle(_ *state, a *args) any {
	if len(a.pos) == 0 {
		panic(typeErr("no items for cycling given"))
	}
	return a.pos[l.i%len(a.pos)]
}

func (l *loop) changed(st *state, a *args) any {
	now := &Tuple{Items: a.pos}
	if l.changing && st.equal(l.seen, now) {
		return false
	}
	l.seen, l.changing = now, true
	return true
}

// execExtends names the parent template, whose blocks come after the ones known so far.
func (st *state) execExtends(sc *scope, s *sExtends) {
	if s.again && (s.known || sc.unit.parent != nil) {
		panic(fail(KindRuntime, "extended multiple times"))
	}
	st.goTo(s)
	t := st.template(st.eval(sc, s.x))
	sc.ctx.addBlocks(t)
	sc.unit.parent = t
}

// execBlock renders the most derived version of a block.
func (st *state) execBlock(sc *scope, s *sBlock) {
	st.goTo(s)
	ctx := sc.ctx
	if s.scoped {
		ctx = ctx.derived(sc.collect(s.locals))
	}
	if s.required && len(ctx.blocks[s.name]) <= 1 {
		panic(fail(KindRuntime, "Required block %s not found", quote(s.name)))
	}
	st.runBlock(ctx, s.name, 0)
}

func (st *state) runBlock(ctx *tplContext, name string, depth int) {
	refs := ctx.blocks[name]
	b := refs[depth]
	defer st.enter(b.tpl, b.block.line)()
	inner := *ctx
	inner.tpl = b.tpl
	sc := st.open(b.block.frame, nil, &inner, &unit{})
	if n := b.block.selfSlot; n >= 0 {
		sc.slots[n] = &selfValue{&inner}
	}
	if n := b.block.superSlot; n >= 0 {
		sc.slots[n] = st.super(&inner, name, depth+1)
	}
	st.exec(sc, b.block.body)
}

func (st *state) super(ctx *tplContext, name string, depth int) any {
	if depth >= len(ctx.blocks[name]) {
		return st.undefinedHint("super", "there is no parent block called %s.", quote(name))
	}
	return &blockCall{ctx, name, depth}
}

func (b *blockCall) attribute(st *state, n string) (any, bool) {
	switch n {
	case "super":
		return st.super(b.ctx, b.name, b.depth+1), true
	case "name":
		return b.name, true
	}
	return nil, false
}

func (st *state) callBlock(b *blockCall) any {
	text := st.capture(func() { st.runBlock(b.ctx, b.name, b.depth) })
	return st.mark(text, b.ctx.eval.autoescape)
}
