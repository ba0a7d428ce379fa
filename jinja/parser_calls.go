package jinja

import "slices"

func (p *parser) callArgs() callArgs {
	open := p.expectOp("(")
	var c callArgs
	for first := true; !p.isOp(")"); first = false {
		if !first {
			p.expectOp(",")
			if p.isOp(")") {
				break
			}
		}
		if !p.callArg(&c) {
			p.fail(open.at, "invalid syntax for function call expression")
		}
	}
	p.expectOp(")")
	return c
}

// callArg reads one argument and reports whether it may stand where it stands.
func (p *parser) callArg(c *callArgs) bool {
	next := p.look()
	switch {
	case p.isOp("*"):
		if c.star != nil || c.dstar != nil {
			return false
		}
		p.next()
		c.star = p.expression()
	case p.isOp("**"):
		if c.dstar != nil {
			return false
		}
		p.next()
		c.dstar = p.expression()
	case p.cur().kind == tokName && next.kind == tokOperator && next.val == "=":
		if c.dstar != nil {
			return false
		}
		name := p.next()
		if slices.Contains(c.names, name.val) {
			panic(templateErr(kindPython, p.name, name.at, "keyword argument repeated: "+name.val))
		}
		c.names = append(c.names, name.val)
		p.next()
		c.values = append(c.values, p.expression())
	default:
		if c.star != nil || c.dstar != nil || len(c.names) > 0 {
			return false
		}
		c.pos = append(c.pos, p.expression())
	}
	return true
}

func (p *parser) filterExpr(x expr) expr {
	for n := 0; ; n++ {
		p.chain(n)
		switch {
		case p.isOp("|"):
			x = p.filters(x, false)
		case p.isName("is"):
			x = p.test(x)
		case p.isOp("("):
			x = &eCall{p.cur().at, x, p.callArgs()}
		default:
			return x
		}
	}
}

func (p *parser) dotted() token {
	t := p.expectName()
	for p.skipOp(".") {
		t.val += "." + p.expectName().val
	}
	return t
}

// filters reads "|name(args)" as often as it stands there; with inline the first bar is left out.
func (p *parser) filters(x expr, inline bool) expr {
	for n := 0; inline || p.isOp("|"); n++ {
		p.chain(n)
		if !inline {
			p.next()
		}
		inline = false
		t := p.dotted()
		f := &eFilter{at: t.at, x: x, name: t.val}
		if p.isOp("(") {
			f.args = p.callArgs()
		}
		x = f
	}
	return x
}

func (p *parser) test(x expr) expr {
	is := p.next()
	negated := p.skipName("not")
	t := &eTest{at: is.at, x: x, name: p.dotted().val}
	switch {
	case p.isOp("("):
		t.args = p.callArgs()
	case p.testOperand():
		if p.isName("is") {
			p.fail(p.cur().at, "You cannot chain multiple tests with is")
		}
		t.args.pos = []expr{p.postfix(p.primary())}
	}
	if negated {
		return &eNot{is.at, t}
	}
	return t
}

// testOperand reports whether an argument without parentheses follows the name of a test.
func (p *parser) testOperand() bool {
	switch t := p.cur(); t.kind {
	case tokName:
		return t.val != "else" && t.val != "or" && t.val != "and"
	case tokString, tokInteger, tokFloat:
		return true
	}
	return p.isOp("[") || p.isOp("{")
}
