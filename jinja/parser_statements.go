package jinja

import (
	"slices"
	"strings"
)

// statement reads one tag with everything up to its end tag.
func (p *parser) statement() []stmt {
	t := p.cur()
	if t.kind != tokName {
		p.fail(t.at, "tag name expected")
	}
	read := p.statementFor(t.val)
	if read == nil {
		p.unknownTag(t.val, t.at)
	}
	p.tags = append(p.tags, t.val)
	p.next()
	out := read(t.at)
	p.tags = p.tags[:len(p.tags)-1]
	return out
}

func one(f func(at) stmt) func(at) []stmt {
	return func(a at) []stmt { return []stmt{f(a)} }
}

func (p *parser) statementFor(tag string) func(at) []stmt {
	switch tag {
	case "if":
		return one(p.ifTag)
	case "for":
		return one(p.forTag)
	case "set":
		return one(p.setTag)
	case "with":
		return one(p.withTag)
	case "macro":
		return one(p.macroTag)
	case "call":
		return one(p.callTag)
	case "filter":
		return one(p.filterTag)
	case "block":
		return one(p.blockTag)
	case "extends":
		return one(func(a at) stmt { return &sExtends{at: a, x: p.expression()} })
	case "include":
		return one(p.includeTag)
	case "import":
		return one(p.importTag)
	case "from":
		return one(p.fromTag)
	case "print":
		return p.printTag
	case "autoescape":
		return one(p.autoescapeTag)
	}
	switch {
	case tag == "do" && p.opt.Do:
		return one(func(a at) stmt { return &sDo{a, p.tuple(tupleOf{conditional: true})} })
	case tag == "break" && p.opt.LoopControls:
		return one(func(a at) stmt { return &sBreak{a} })
	case tag == "continue" && p.opt.LoopControls:
		return one(func(a at) stmt { return &sContinue{a} })
	}
	return nil
}

func (p *parser) ifTag(a at) stmt {
	s := &sIf{at: a}
	for {
		b := ifBranch{at: a, test: p.tuple(tupleOf{})}
		b.body = p.statements(false, "elif", "else", "endif")
		s.branches = append(s.branches, b)
		switch p.next().val {
		case "elif":
			a = p.cur().at
			continue
		case "else":
			s.els = p.statements(true, "endif")
		}
		return s
	}
}

func (p *parser) forTag(a at) stmt {
	s := &sFor{at: a, loopSlot: -1}
	s.target = p.target(tupleOf{simple: true})
	p.expectKeyword("in")
	s.iter = p.tuple(tupleOf{})
	if p.skipName("if") {
		s.test = p.expression()
	}
	s.recursive = p.skipName("recursive")
	s.body = p.statements(false, "endfor", "else")
	if p.next().val == "else" {
		s.els = p.statements(true, "endfor")
	}
	return s
}

func (p *parser) setTag(a at) stmt {
	target := p.target(tupleOf{simple: true, namespaces: true})
	if p.skipOp("=") {
		return &sSet{at: a, target: target, x: p.tuple(tupleOf{conditional: true})}
	}
	f := p.filters(nil, false)
	return &sSetBlock{at: a, target: target, filter: f, body: p.statements(true, "endset")}
}

func (p *parser) withTag(a at) stmt {
	s := &sWith{at: a}
	for p.cur().kind != tokBlockEnd {
		if len(s.targets) > 0 {
			p.expectOp(",")
		}
		s.targets = append(s.targets, p.target(tupleOf{simple: true}))
		p.expectOp("=")
		s.vals = append(s.vals, p.expression())
	}
	s.body = p.statements(true, "endwith")
	return s
}

func (p *parser) macroTag(a at) stmt {
	n := p.targetName()
	d := &macroDef{at: a, name: n.name}
	p.signature(d)
	d.body = p.statements(true, "endmacro")
	return &sMacro{at: a, def: d, target: n}
}

func (p *parser) callTag(a at) stmt {
	d := &macroDef{at: a}
	if p.isOp("(") {
		p.signature(d)
	}
	c, ok := p.expression().(*eCall)
	if !ok {
		p.fail(a, "expected call")
	}
	d.body = p.statements(true, "endcall")
	return &sCallBlock{at: a, call: c, def: d}
}

func (p *parser) signature(d *macroDef) {
	p.expectOp("(")
	for !p.isOp(")") {
		if len(d.params) > 0 {
			p.expectOp(",")
		}
		n := p.targetName()
		d.params = append(d.params, n)
		if p.skipOp("=") {
			d.defaults = append(d.defaults, p.expression())
		} else if len(d.defaults) > 0 {
			p.fail(p.cur().at, "non-default argument follows default argument")
		}
	}
	p.expectOp(")")
}

func (p *parser) filterTag(a at) stmt {
	f := p.filters(nil, true)
	return &sFilterBlock{at: a, filter: f, body: p.statements(true, "endfilter")}
}

func (p *parser) blockTag(a at) stmt {
	s := &sBlock{at: a, name: p.expectName().val}
	s.scoped = p.skipName("scoped")
	s.required = p.skipName("required")
	if p.isOp("-") {
		p.fail(p.cur().at, "Block names in Jinja have to be valid Python identifiers and may not contain hyphens,"+
			" use an underscore instead.")
	}
	s.body = p.statements(true, "endblock")
	if s.required && slices.ContainsFunc(s.body, notBlank) {
		p.fail(p.cur().at, "Required blocks can only contain comments or whitespace")
	}
	p.skipName(s.name)
	if p.blocks[s.name] != nil && p.blockErr == nil {
		p.blockErr = templateErr(KindAssertion, p.name, a, "block "+quote(s.name)+" defined twice")
	}
	p.blocks[s.name] = s
	return s
}

func notBlank(s stmt) bool {
	d, ok := s.(*sData)
	return !ok || strings.TrimFunc(d.text, isSpace) != ""
}

func (p *parser) includeTag(a at) stmt {
	s := &sInclude{at: a, x: p.expression()}
	if p.isName("ignore") && p.lookName("missing") {
		p.next()
		p.next()
		s.ignoreMissing = true
	}
	s.withContext = p.importContext(true)
	return s
}

func (p *parser) importTag(a at) stmt {
	s := &sImport{at: a, x: p.expression()}
	p.expectKeyword("as")
	s.target = p.targetName()
	s.withContext = p.importContext(false)
	return s
}

func (p *parser) fromTag(a at) stmt {
	s := &sFromImport{at: a, x: p.expression()}
	p.expectKeyword("import")
	for {
		if len(s.names) > 0 {
			p.expectOp(",")
		}
		if p.cur().kind != tokName {
			p.expectName()
		}
		if p.atContext() {
			s.withContext = p.importContext(false)
			return s
		}
		n := p.targetName()
		if strings.HasPrefix(n.name, "_") {
			panic(templateErr(KindAssertion, p.name, n.at, "names starting with an underline can not be imported"))
		}
		s.names = append(s.names, n.name)
		if p.skipName("as") {
			n = p.targetName()
		}
		s.targets = append(s.targets, n)
		if p.atContext() || !p.isOp(",") {
			s.withContext = p.importContext(false)
			return s
		}
	}
}

func (p *parser) atContext() bool {
	return (p.isName("with") || p.isName("without")) && p.lookName("context")
}

func (p *parser) importContext(def bool) bool {
	if !p.atContext() {
		return def
	}
	with := p.next().val == "with"
	p.next()
	return with
}

func (p *parser) printTag(at) []stmt {
	var out []stmt
	for p.cur().kind != tokBlockEnd {
		if len(out) > 0 {
			p.expectOp(",")
		}
		x := p.expression()
		out = append(out, &sOutput{at: x.pos(), x: x})
	}
	return out
}

func (p *parser) autoescapeTag(a at) stmt {
	s := &sAutoescape{at: a, x: p.expression()}
	s.body = p.statements(true, "endautoescape")
	return s
}

// targetName reads a name that is assigned to.
func (p *parser) targetName() *eName {
	t := p.expectName()
	return &eName{at: t.at, name: t.val, store: true}
}

// namespaceTarget reads "namespace.attribute".
func (p *parser) namespaceTarget() expr {
	n := p.expectName()
	p.next()
	return &eAttrTarget{at: n.at, name: n.val, attr: p.expectName().val}
}

// target reads a name or a tuple of names.
func (p *parser) target(of tupleOf) expr {
	x := p.tuple(of)
	p.storeTarget(x)
	return x
}

func (p *parser) storeTarget(x expr) {
	switch t := x.(type) {
	case *eName:
		t.store = true
	case *eAttrTarget:
	case *eTuple:
		for _, i := range t.items {
			p.storeTarget(i)
		}
	default:
		p.fail(x.pos(), "can't assign to %s", quote(nodeName(x)))
	}
}

// nodeName is the name of Jinja2's class for a literal.
func nodeName(x expr) string {
	switch x.(type) {
	case *eConst:
		return "const"
	case *eList:
		return "list"
	case *eDict:
		return "dict"
	}
	return "expression"
}
