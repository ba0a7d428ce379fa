package jinja

import "slices"

// compiler binds names to places and settles what Jinja2 settles when it compiles, in the order in which Jinja2
// generates code: which output a child template drops, where values are escaped, which line an error is reported on.
type compiler struct {
	*work
	t           *Template
	autoescape  bool
	volatile    bool // autoescape is known at run time only
	extends     int  // extends statements so far
	knowExtends bool // one of them stood at the root
	line        int  // the last line marked
}

// place is where a statement stands.
type place struct {
	sym   *symbols
	top   bool // at the top level of the template, or in an if statement there
	root  bool // at the top level and not in an if statement
	soft  bool // in an if statement: filters and tests are looked up when it runs
	loop  bool // in the body of a loop
	check bool // output is dropped once a parent template is known
}

// compile annotates the tree of t; it panics with an *Error.
func compile(t *Template) {
	t.height = heightOf(t.name, t.body)
	c := &compiler{work: &work{t.name, maxCompile}, t: t, autoescape: t.env.opt.Autoescape, line: 1}
	body := nodes(t.body)
	sym := c.symbols()
	t.selfSlot = -1
	if c.undeclared(body, "self")["self"] {
		t.selfSlot = sym.parameter("self")
	}
	sym.visitAll(body)
	for _, n := range body {
		c.walk(n, func(n node) bool {
			if _, ok := n.(*sExtends); ok {
				t.extends = true
			}
			return true
		})
	}
	t.frame = &frame{}
	c.body(place{sym: sym, top: true, root: true, check: t.extends}, t.body)
	sym.fill(t.frame)
	for _, b := range c.blocksOf(t.body) {
		c.block(b)
	}
}

// blocksOf lists the blocks in the order of the source.
func (c *compiler) blocksOf(body []stmt) []*sBlock {
	var out []*sBlock
	for _, n := range body {
		c.walk(n, func(n node) bool {
			if b, ok := n.(*sBlock); ok {
				out = append(out, b)
			}
			return true
		})
	}
	return out
}

// block compiles the body of a block, which sees the context and nothing else of the template.
func (c *compiler) block(b *sBlock) {
	c.line = b.line
	body := nodes(b.body)
	sym := c.symbols()
	b.frame, b.selfSlot, b.superSlot = &frame{}, -1, -1
	used := c.undeclared(body, "self", "super")
	if used["self"] {
		b.selfSlot = sym.parameter("self")
	}
	if used["super"] {
		b.superSlot = sym.parameter("super")
	}
	sym.visitAll(body)
	c.body(place{sym: sym}, b.body)
	sym.fill(b.frame)
}

func (c *compiler) symbols() *symbols { return newSymbols(nil, c.work) }

func (c *compiler) mark(line int) int {
	c.line = line
	return line
}

func (c *compiler) fail(pos at, msg string) {
	panic(templateErr(KindAssertion, c.t.name, pos, msg))
}

func (c *compiler) escape() escapeMode {
	switch {
	case c.volatile:
		return escapeDynamic
	case c.autoescape:
		return escapeOn
	}
	return escapeOff
}

// knownEscape is what Jinja2 goes by for what it computes when it compiles.
func (c *compiler) knownEscape() escapeMode {
	if c.autoescape {
		return escapeOn
	}
	return escapeOff
}

func (p place) inner(sym *symbols) place { return place{sym: sym, check: p.check, loop: p.loop} }

func (p place) softened() place {
	p.root, p.soft = false, true
	return p
}

func (c *compiler) body(p place, body []stmt) {
	for _, s := range body {
		if !c.stmt(p, s) {
			return // nothing is generated after a second extends, which fails when it runs
		}
	}
}

// expr binds the names of an expression and checks its filters and tests.
func (c *compiler) expr(p place, x expr) {
	if x == nil {
		return
	}
	switch x := x.(type) {
	case *eName:
		p.sym.load(x.name)
		x.ref, _ = p.sym.find(x.name)
	case *eAttrTarget:
		p.sym.load(x.name)
		x.ref, _ = p.sym.find(x.name)
	case *eAttr:
		x.method = c.t.env.methods.dict[x.name] != nil
	case *eConcat:
		x.markup = c.autoescape && !c.volatile && !c.isConstant(x)
	case *eCond:
		p.soft = true
	case *eFilter:
		x.fn = c.t.env.filters[x.name]
		if x.fn == nil && !p.soft {
			c.fail(x.at, "No filter named "+quote(x.name)+".")
		}
	case *eTest:
		x.fn = c.t.env.tests[x.name]
		if x.fn == nil && !p.soft {
			c.fail(x.at, "No test named "+quote(x.name)+".")
		}
	}
	for _, n := range exprChildren(x) {
		c.expr(p, n)
	}
}

func (c *compiler) exprs(p place, list []expr) {
	for _, x := range list {
		c.expr(p, x)
	}
}

// macro compiles the body of a macro or of a call block.
func (c *compiler) macro(p place, d *macroDef) {
	sym := newSymbols(p.sym, c.work)
	for _, n := range d.params {
		sym.parameter(n.name)
	}
	d.callerSlot, d.kwargsSlot, d.argsSlot = -1, -1, -1
	has := func(name string) int {
		return slices.IndexFunc(d.params, func(n *eName) bool { return n.name == name })
	}
	used := c.undeclared(nodes(d.body), "caller", "kwargs", "varargs")
	d.callsExplicit = used["caller"] && has("caller") >= 0
	if used["caller"] {
		if i := has("caller"); i < 0 {
			d.callerSlot = sym.parameter("caller")
		} else if i < len(d.params)-len(d.defaults) {
			c.fail(d.at, `When defining macros or call blocks the special "caller" argument must be omitted or be given a default.`)
		}
	}
	d.explicit = has("caller") >= 0
	if used["kwargs"] && has("kwargs") < 0 {
		d.kwargsSlot = sym.parameter("kwargs")
	}
	if used["varargs"] && has("varargs") < 0 {
		d.argsSlot = sym.parameter("varargs")
	}
	sym.visitAll(nodes(d.defaults))
	sym.visitAll(nodes(d.body))
	in := place{sym: sym}
	for _, n := range d.params {
		c.expr(in, n)
	}
	c.mark(d.line)
	c.exprs(in, d.defaults)
	c.body(in, d.body)
	d.frame = &frame{}
	sym.fill(d.frame)
}

// contextFilters are the filters that Jinja2 does not apply when it compiles.
var contextFilters = map[string]bool{
	"map": true, "select": true, "reject": true, "selectattr": true, "rejectattr": true, "random": true,
}

// isConstant says whether Jinja2 computes an expression when it compiles.
func (c *compiler) isConstant(x expr) bool {
	constant := true
	c.walk(x, func(n node) bool {
		switch n := n.(type) {
		case *eName, *eCall:
			constant = false
		case *eFilter:
			constant = constant && !contextFilters[n.name]
		}
		return constant
	})
	return constant
}

// filters says whether an expression has filters or tests.
func (c *compiler) filters(x expr) bool {
	found := false
	c.walk(x, func(n node) bool {
		switch n.(type) {
		case *eFilter, *eTest:
			found = true
		}
		return !found
	})
	return found
}

// fold marks the items of an output that is constant: there, slicing what has no slices gives an undefined value.
func (c *compiler) fold(x expr) {
	if !c.isConstant(x) {
		return
	}
	c.walk(x, func(n node) bool {
		if i, ok := n.(*eItem); ok {
			i.folded = true
		}
		return true
	})
}
