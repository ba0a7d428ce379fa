package jinja

// stmt compiles a statement. It reports false when no statement after it in the same body can run.
func (c *compiler) stmt(p place, s stmt) bool { //nolint:funlen // a dispatch over every kind of statement
	switch s := s.(type) {
	case *sData:
		s.check = p.check
	case *sOutput:
		s.check, s.drop, s.esc = p.check, p.check && c.knowExtends, c.escape()
		if !s.drop {
			s.mark.line = s.at.line
			if _, literal := s.x.(*eConst); !literal { // Jinja2 joins a literal with the text around it
				c.mark(s.at.line)
			}
			c.expr(p, s.x)
			c.fold(s.x)
			if c.volatile && c.isConstant(s.x) && !c.filters(s.x) {
				s.esc = c.knownEscape()
			}
		}
	case *sIf:
		c.ifStmt(p.softened(), s)
	case *sFor:
		c.forStmt(p, s)
	case *sSet:
		s.export = p.top
		c.mark(s.line)
		c.expr(p, s.target)
		c.expr(p, s.x)
	case *sSetBlock:
		c.setBlock(p, s)
	case *sWith:
		s.mark.line = c.line
		in := p.inner(newSymbols(p.sym, c.work))
		for _, t := range s.targets {
			in.sym.parameters(t)
		}
		in.sym.visitAll(nodes(s.body))
		c.exprs(in, s.targets)
		c.exprs(p, s.vals)
		c.body(in, s.body)
		s.frame = in.plan()
	case *sMacro:
		c.macro(p, s.def)
		c.expr(p, s.target)
		s.export = p.top
	case *sCallBlock:
		c.macro(p, s.def)
		c.mark(s.line)
		c.expr(p, s.call)
	case *sFilterBlock:
		in := p.inner(newSymbols(p.sym, c.work))
		in.sym.visitAll(nodes(s.body))
		in.sym.visit(s.filter)
		c.body(in, s.body)
		c.mark(s.line)
		c.expr(in, s.filter)
		s.frame, s.esc = in.plan(), c.escape()
	case *sBlock:
		s.check, s.drop = p.top && c.extends > 0, p.top && c.knowExtends
		if s.scoped {
			s.locals = p.sym.locals()
		}
		c.mark(s.line)
	case *sExtends:
		return c.extendsStmt(p, s)
	case *sInclude:
		c.mark(s.line)
		c.expr(p, s.x)
		s.locals = p.sym.locals()
	case *sImport:
		c.mark(s.line)
		c.expr(p, s.x)
		c.expr(p, s.target)
		s.locals, s.export = p.sym.locals(), p.top
	case *sFromImport:
		c.mark(s.line)
		c.expr(p, s.x)
		for _, t := range s.targets {
			c.expr(p, t)
		}
		s.locals, s.export = p.sym.locals(), p.top
	case *sDo:
		c.mark(s.line)
		c.expr(p, s.x)
	case *sAutoescape:
		c.autoescapeStmt(p, s)
	case *sBreak:
		c.needLoop(p, s.at, "'break' outside loop")
	case *sContinue:
		c.needLoop(p, s.at, "'continue' not properly in loop")
	}
	return true
}

func (c *compiler) needLoop(p place, pos at, msg string) {
	if !p.loop {
		panic(templateErr(kindPython, c.t.name, pos, msg))
	}
}

func (p place) plan() *frame {
	f := &frame{}
	p.sym.fill(f)
	return f
}

func (c *compiler) ifStmt(p place, s *sIf) {
	for _, b := range s.branches {
		c.mark(b.line)
		c.expr(p, b.test)
		c.body(p, b.body)
	}
	c.body(p, s.els)
}

func (c *compiler) forStmt(p place, s *sFor) {
	in, els := p.inner(newSymbols(p.sym, c.work)), p.inner(newSymbols(p.sym, c.work))
	in.loop, els.loop = true, p.loop && !s.recursive
	if s.recursive || c.undeclared(nodes(s.body), "loop")["loop"] || len(c.scopedBlocks(s)) > 0 {
		s.loopSlot = in.sym.parameter("loop")
	}
	in.sym.parameters(s.target)
	in.sym.visitAll(nodes(s.body))
	els.sym.visitAll(nodes(s.els))
	if s.test != nil {
		c.forTest(p, s)
	}
	c.walk(s, func(n node) bool {
		if n, ok := n.(*eName); ok && n.store && n.name == "loop" {
			c.fail(n.at, "Can't assign to special loop variable in for-loop target")
		}
		return true
	})
	s.reuse = !c.definesMacros(s.body)
	c.mark(s.line)
	c.expr(in, s.target)
	c.expr(p, s.iter)
	s.esc = c.escape()
	c.body(in, s.body)
	c.body(els, s.els)
	if s.recursive {
		c.mark(s.line)
	}
	s.frame, s.elseFrame = in.plan(), els.plan()
}

// definesMacros says whether a body has macros, which keep the variables around them.
func (c *compiler) definesMacros(body []stmt) bool {
	found := false
	for _, n := range body {
		c.walk(n, func(n node) bool {
			switch n.(type) {
			case *sMacro, *sCallBlock:
				found = true
			}
			return !found
		})
	}
	return found
}

// forTest compiles the condition of a loop, which sees the target but not the loop variable.
func (c *compiler) forTest(p place, s *sFor) {
	in := p.inner(newSymbols(p.sym, c.work))
	in.sym.parameters(s.target)
	in.sym.visit(s.test)
	s.testTarget = copyTarget(s.target)
	s.testLine = c.mark(s.test.pos().line)
	c.expr(in, s.testTarget)
	c.expr(in, s.test)
	s.testFrame = in.plan()
}

func copyTarget(x expr) expr {
	switch t := x.(type) {
	case *eName:
		n := *t
		return &n
	case *eTuple:
		n := &eTuple{at: t.at}
		for _, i := range t.items {
			n.items = append(n.items, copyTarget(i))
		}
		return n
	}
	return x
}

func (c *compiler) scopedBlocks(s stmt) []*sBlock {
	var out []*sBlock
	c.walk(s, func(n node) bool {
		if b, ok := n.(*sBlock); ok && b.scoped {
			out = append(out, b)
		}
		return true
	})
	return out
}

func (c *compiler) setBlock(p place, s *sSetBlock) {
	in := p.inner(newSymbols(p.sym, c.work))
	in.check = false
	in.sym.visitAll(nodes(s.body))
	in.sym.visitAll(optional(s.filter))
	c.body(in, s.body)
	c.mark(s.line)
	c.expr(p, s.target)
	c.expr(in, s.filter)
	s.frame, s.export = in.plan(), p.top
}

func (c *compiler) extendsStmt(p place, s *sExtends) bool {
	if !p.top {
		c.fail(s.at, "cannot use extend from a non top-level scope")
	}
	s.again, s.known = c.extends > 0, c.knowExtends
	if s.known {
		return false
	}
	c.mark(s.line)
	c.expr(p, s.x)
	c.knowExtends = c.knowExtends || p.root
	c.extends++
	return true
}

func (c *compiler) autoescapeStmt(p place, s *sAutoescape) {
	in := p.inner(newSymbols(p.sym, c.work))
	in.sym.visit(s.x)
	in.sym.visitAll(nodes(s.body))
	c.expr(in, s.x)
	autoescape, volatile := c.autoescape, c.volatile
	if k, ok := s.x.(*eConst); ok {
		c.autoescape = k.v != nil && k.v != false
	} else {
		c.volatile = true
	}
	c.body(in, s.body)
	c.autoescape, c.volatile = autoescape, volatile
	s.frame = in.plan()
}
