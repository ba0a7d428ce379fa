package jinja

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
