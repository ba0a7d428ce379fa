package jinja

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// tupleOf says what a tuple is made of and where it may end.
type tupleOf struct {
	simple      bool // names and literals only
	conditional bool // "a if b else c" too
	parens      bool // it stands in parentheses, so that it may be empty
	namespaces  bool // "name.attr" too, where simple
}

// tuple reads an expression, or several with commas between them.
func (p *parser) tuple(of tupleOf) expr {
	pos := p.cur().at
	var items []expr
	isTuple := false
	for {
		if len(items) > 0 {
			p.expectOp(",")
		}
		if p.tupleEnd() {
			break
		}
		items = append(items, p.tupleItem(of))
		if !p.isOp(",") {
			break
		}
		isTuple = true
		pos.line = p.cur().line
	}
	if isTuple || (len(items) == 0 && of.parens) {
		return &eTuple{pos, items}
	}
	if len(items) == 0 {
		p.fail(p.cur().at, "Expected an expression, got %s", quote(p.cur().describe()))
	}
	return items[0]
}

func (p *parser) tupleItem(of tupleOf) expr {
	switch {
	case of.namespaces && p.cur().kind == tokName && p.look().is(tokOperator, "."):
		return p.namespaceTarget()
	case of.simple:
		return p.primary()
	case of.conditional:
		return p.expression()
	}
	return p.or()
}

func (p *parser) tupleEnd() bool {
	t := p.cur()
	return t.kind == tokVariableEnd || t.kind == tokBlockEnd || p.isOp(")")
}

func (p *parser) expression() expr {
	defer p.nest()()
	pos := p.cur().at
	x := p.or()
	for n := 0; p.skipName("if"); n++ {
		p.chain(n)
		c := &eCond{at: pos, then: x, test: p.or()}
		if p.skipName("else") {
			c.els = p.expression()
		}
		x = c
		pos.line = p.cur().line
	}
	return x
}

// binary reads operands with any of the operators between them, from left to right.
func (p *parser) binary(operand func() expr, is func() bool) expr {
	pos := p.cur().at
	l := operand()
	for n := 0; is(); n++ {
		p.chain(n)
		op := p.next().val
		l = &eBinary{pos, op, l, operand()}
		pos.line = p.cur().line
	}
	return l
}

func (p *parser) anyOp(ops ...string) func() bool {
	return func() bool { return p.cur().kind == tokOperator && slices.Contains(ops, p.cur().val) }
}

func (p *parser) or() expr { return p.binary(p.and, func() bool { return p.isName("or") }) }

func (p *parser) and() expr { return p.binary(p.not, func() bool { return p.isName("and") }) }

func (p *parser) not() expr {
	if !p.isName("not") {
		return p.compare()
	}
	defer p.nest()()
	return &eNot{p.next().at, p.not()}
}

func (p *parser) compare() expr {
	c := &eCompare{at: p.cur().at}
	c.x = p.sum()
	isOp := p.anyOp("==", "!=", "<", ">", "<=", ">=")
	for {
		op := ""
		switch {
		case isOp():
			op = p.next().val
		case p.skipName("in"):
			op = "in"
		case p.isName("not") && p.lookName("in"):
			p.next()
			p.next()
			op = "not in"
		}
		if op == "" {
			break
		}
		c.ops = append(c.ops, op)
		c.args = append(c.args, p.sum())
		c.line = p.cur().line
	}
	if len(c.ops) == 0 {
		return c.x
	}
	return c
}

func (p *parser) sum() expr { return p.binary(p.concat, p.anyOp("+", "-")) }

func (p *parser) concat() expr {
	pos := p.cur().at
	items := []expr{p.product()}
	for p.skipOp("~") {
		items = append(items, p.product())
	}
	if len(items) == 1 {
		return items[0]
	}
	return &eConcat{at: pos, items: items}
}

func (p *parser) product() expr { return p.binary(p.power, p.anyOp("*", "/", "//", "%")) }

// power is left-associative in Jinja2's parser; the Python code that it generates is parenthesized accordingly.
func (p *parser) power() expr {
	return p.binary(func() expr { return p.unary(true) }, p.anyOp("**"))
}

func (p *parser) unary(withFilters bool) expr {
	defer p.nest()()
	t := p.cur()
	var x expr
	if p.isOp("-") || p.isOp("+") {
		p.next()
		x = &eUnary{t.at, t.val, p.unary(false)}
	} else {
		x = p.primary()
	}
	x = p.postfix(x)
	if withFilters {
		x = p.filterExpr(x)
	}
	return x
}

func (p *parser) primary() expr {
	t := p.cur()
	switch t.kind {
	case tokName:
		p.next()
		switch t.val {
		case "true", "True":
			return &eConst{t.at, true}
		case "false", "False":
			return &eConst{t.at, false}
		case "none", "None":
			return &eConst{t.at, nil}
		}
		return &eName{at: t.at, name: t.val}
	case tokString:
		var b strings.Builder
		for p.cur().kind == tokString {
			b.WriteString(p.next().val)
		}
		return &eConst{t.at, b.String()}
	case tokInteger, tokFloat:
		p.next()
		return &eConst{t.at, p.numberOf(t)}
	case tokOperator:
		if x := p.brackets(t); x != nil {
			return x
		}
	}
	p.fail(t.at, "unexpected %s", quote(t.describe()))
	return nil
}

func (p *parser) numberOf(t token) any {
	if t.kind == tokFloat {
		f, _ := strconv.ParseFloat(t.val, 64)
		return f
	}
	if len(t.val) > maxIntBits {
		p.fail(t.at, "integer literal is too large")
	}
	z, ok := new(big.Int).SetString(t.val, 0)
	if strings.Trim(t.val, "0") == "" {
		return int64(0)
	}
	if !ok || z.BitLen() > maxIntBits {
		p.fail(t.at, "integer literal is too large")
	}
	return normInt(z)
}

func (p *parser) brackets(t token) expr {
	switch t.val {
	case "(":
		p.next()
		x := p.tuple(tupleOf{conditional: true, parens: true})
		p.expectOp(")")
		return x
	case "[":
		p.next()
		return &eList{t.at, p.commaList("]", p.expression)}
	case "{":
		p.next()
		d := &eDict{at: t.at}
		p.commaList("}", func() expr {
			d.keys = append(d.keys, p.expression())
			p.expectOp(":")
			d.vals = append(d.vals, p.expression())
			return nil
		})
		return d
	}
	return nil
}

// commaList reads items up to the closing bracket; a comma may stand before it.
func (p *parser) commaList(end string, item func() expr) []expr {
	var items []expr
	for !p.isOp(end) {
		if len(items) > 0 {
			p.expectOp(",")
		}
		if p.isOp(end) {
			break
		}
		items = append(items, item())
	}
	p.expectOp(end)
	return items
}

func (p *parser) postfix(x expr) expr {
	for n := 0; ; n++ {
		p.chain(n)
		switch {
		case p.isOp("."):
			x = p.attribute(x, p.next().at)
		case p.isOp("["):
			x = p.subscript(x, p.next().at)
		case p.isOp("("):
			x = &eCall{p.cur().at, x, p.callArgs()}
		default:
			return x
		}
	}
}

func (p *parser) attribute(x expr, dot at) expr {
	n := p.next()
	switch n.kind {
	case tokName:
		return &eAttr{at: dot, x: x, name: n.val}
	case tokInteger:
		return &eItem{at: dot, x: x, key: &eConst{n.at, p.numberOf(n)}}
	}
	p.fail(n.at, "expected name or number")
	return nil
}

func (p *parser) subscript(x expr, bracket at) expr {
	var keys []expr
	for !p.isOp("]") {
		if len(keys) > 0 {
			p.expectOp(",")
		}
		keys = append(keys, p.subscripted())
	}
	p.expectOp("]")
	if len(keys) == 1 {
		return &eItem{at: bracket, x: x, key: keys[0]}
	}
	return &eItem{at: bracket, x: x, key: &eTuple{bracket, keys}}
}

func (p *parser) subscripted() expr {
	s := &eSlice{at: p.cur().at}
	if !p.isOp(":") {
		x := p.expression()
		if !p.isOp(":") {
			return x
		}
		s.bounds[0] = x
	}
	p.next()
	if !p.isOp(":") && !p.isOp("]") && !p.isOp(",") {
		s.bounds[1] = p.expression()
	}
	if p.skipOp(":") && !p.isOp("]") && !p.isOp(",") {
		s.bounds[2] = p.expression()
	}
	return s
}
