package jinja

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

type parser struct {
	env      *Env
	name     string
	toks     []token
	i        int
	tagStack []string
	endStack [][]string
	blocks   map[string]*sBlock
	used     []map[string]bool // names read, for the macro being parsed
	depth    int
	tagLine  int
	unknown  []*Error // names of filters and tests that do not exist
	soft     int      // inside an if statement
}

func (p *parser) cur() token  { return p.toks[p.i] }
func (p *parser) look() token { return p.toks[min(p.i+1, len(p.toks)-1)] }
func (p *parser) next() token {
	t := p.toks[p.i]
	if p.i < len(p.toks)-1 {
		p.i++
	}
	return t
}

func (p *parser) fail(line int, f string, a ...any) {
	panic(&Error{Kind: "TemplateSyntaxError", Template: p.name, Line: line, Message: fmt.Sprintf(f, a...)})
}
func (p *parser) assertFail(line int, f string, a ...any) {
	panic(&Error{Kind: "TemplateAssertionError", Template: p.name, Line: line, Message: fmt.Sprintf(f, a...)})
}

func (p *parser) isOp(s string) bool   { t := p.cur(); return t.kind == tOp && t.val == s }
func (p *parser) isName(s string) bool { t := p.cur(); return t.kind == tName && t.val == s }
func (p *parser) skipOp(s string) bool {
	if p.isOp(s) {
		p.next()
		return true
	}
	return false
}
func (p *parser) skipName(s string) bool {
	if p.isName(s) {
		p.next()
		return true
	}
	return false
}
func (p *parser) expectOp(s string) token {
	if !p.isOp(s) {
		p.expected("'" + s + "'")
	}
	return p.next()
}
func (p *parser) expectNameTok() token {
	if p.cur().kind != tName {
		p.expected("'name'")
	}
	return p.next()
}
func (p *parser) expectKeyword(s string) {
	if !p.isName(s) {
		p.expected("'" + s + "'")
	}
	p.next()
}
func (p *parser) expectKind(k tokKind) token {
	if p.cur().kind != k {
		p.expected("'" + token{kind: k}.describe() + "'")
	}
	return p.next()
}
func (p *parser) expected(what string) {
	t := p.cur()
	if t.kind == tEOF {
		p.fail(t.line, "unexpected end of template, expected %s.", what)
	}
	p.fail(t.line, "expected token %s, got %s", what, reprStr(t.describe()))
}

func (p *parser) read(name string) {
	for _, m := range p.used {
		m[name] = true
	}
}

func parse(env *Env, name, src string) (t *Template, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			e.Source = sourceLine(src, e.Line)
			err = e
		}
	}()
	p := &parser{env: env, name: name, toks: lex(env, name, src), blocks: map[string]*sBlock{}}
	body := p.body(nil)
	return &Template{env: env, name: name, src: src, body: body, blocks: p.blocks}, nil
}

// body reads statements up to one of the end tags (left as the current token).
func (p *parser) body(ends []string) []stmt {
	if p.depth++; p.depth > 200 {
		p.fail(p.cur().line, "template nesting too deep")
	}
	defer func() { p.depth-- }()
	if ends != nil {
		p.endStack = append(p.endStack, ends)
		defer func() { p.endStack = p.endStack[:len(p.endStack)-1] }()
	}
	var out []stmt
	for {
		t := p.cur()
		switch t.kind {
		case tEOF:
			if ends != nil {
				line := t.line
				if len(p.tagStack) > 0 {
					line = p.tagLine
				}
				p.failUnknown("", line)
			}
			return out
		case tData:
			p.next()
			out = append(out, &sData{at{t.line}, t.val})
		case tVarBegin:
			p.next()
			x := p.tuple(true, nil, false)
			p.expectKind(tVarEnd)
			p.checkKnown()
			out = append(out, &sOutput{at{t.line}, x})
		case tBlockBegin:
			p.next()
			if ends != nil && p.cur().kind == tName && slices.Contains(ends, p.cur().val) {
				return out
			}
			if s := p.statement(); s != nil {
				out = append(out, s...)
			}
			p.expectKind(tBlockEnd)
			p.checkKnown()
		default:
			p.fail(t.line, "internal: unexpected token %s", t.describe())
		}
	}
}

func (p *parser) checkKnown() {
	if p.soft > 0 {
		return
	}
	if len(p.unknown) > 0 {
		panic(p.unknown[0])
	}
}

// statements parses "%} ... {% end", optionally eating the end name.
func (p *parser) statements(drop bool, ends ...string) []stmt {
	p.skipOp(":")
	p.expectKind(tBlockEnd)
	b := p.body(ends)
	if drop {
		p.next()
	}
	return b
}

func (p *parser) failUnknown(name string, line int) {
	var m []string
	if name == "" {
		m = append(m, "Unexpected end of template.")
	} else {
		m = append(m, fmt.Sprintf("Encountered unknown tag %s.", reprStr(name)))
	}
	if n := len(p.endStack); n > 0 {
		var q []string
		for _, e := range p.endStack[n-1] {
			q = append(q, reprStr(e))
		}
		look := strings.Join(q, " or ")
		nested := false
		for _, es := range p.endStack {
			nested = nested || slices.Contains(es, name)
		}
		if name != "" && nested {
			m = append(m, "You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for "+look+".")
		} else {
			m = append(m, "Jinja was looking for the following tags: "+look+".")
		}
	}
	if n := len(p.tagStack); n > 0 {
		m = append(m, fmt.Sprintf("The innermost block that needs to be closed is %s.", reprStr(p.tagStack[n-1])))
	}
	p.fail(line, "%s", strings.Join(m, " "))
}

func (p *parser) statement() []stmt {
	t := p.cur()
	if t.kind != tName {
		p.fail(t.line, "tag name expected")
	}
	a := at{t.line}
	p.tagStack = append(p.tagStack, t.val)
	lines := p.tagLine
	p.tagLine = t.line
	pop := func() { p.tagStack = p.tagStack[:len(p.tagStack)-1]; p.tagLine = lines }
	one := func(s stmt) []stmt { pop(); return []stmt{s} }
	switch t.val {
	case "if":
		p.next()
		s := &sIf{at: a}
		p.soft++
		known := len(p.unknown)
		defer func() {
			p.soft--
			p.unknown = p.unknown[:min(known, len(p.unknown))]
		}()
		for {
			s.tests = append(s.tests, p.tuple(false, nil, false))
			s.bodies = append(s.bodies, p.statements(false, "elif", "else", "endif"))
			e := p.next()
			if e.val == "elif" {
				continue
			}
			if e.val == "else" {
				s.els = p.statements(true, "endif")
			}
			return one(s)
		}
	case "for":
		p.next()
		s := &sFor{at: a}
		s.target = p.target([]string{"in"}, false)
		p.expectKeyword("in")
		s.iter = p.tuple(false, []string{"recursive"}, false)
		if p.skipName("if") {
			s.test = p.expression()
		}
		s.recursive = p.skipName("recursive")
		u := map[string]bool{}
		p.used = append(p.used, u)
		s.body = p.statements(false, "endfor", "else")
		p.used = p.used[:len(p.used)-1]
		s.usesLoop = u["loop"] || s.recursive
		if p.next().val == "else" {
			s.els = p.statements(true, "endfor")
		}
		return one(s)
	case "set":
		p.next()
		tg := p.target(nil, true)
		if p.skipOp("=") {
			return one(&sSet{a, tg, p.tuple(true, nil, false)})
		}
		f := p.filters(nil, false)
		return one(&sSetBlock{a, tg, f, p.statements(true, "endset")})
	case "with":
		p.next()
		s := &sWith{at: a}
		for p.cur().kind != tBlockEnd {
			if len(s.targets) > 0 {
				p.expectOp(",")
			}
			s.targets = append(s.targets, p.target(nil, false))
			p.expectOp("=")
			s.vals = append(s.vals, p.expression())
		}
		s.body = p.statements(true, "endwith")
		return one(s)
	case "macro":
		p.next()
		n := p.expectNameTok()
		d := &macroDef{at: a, name: n.val}
		p.signature(d)
		p.macroBody(d, "endmacro")
		return one(&sMacro{a, d})
	case "call":
		p.next()
		d := &macroDef{at: a, name: "caller"}
		if p.isOp("(") {
			p.signature(d)
		}
		x := p.expression()
		c, ok := x.(*eCall)
		if !ok {
			p.fail(t.line, "expected call")
		}
		p.macroBody(d, "endcall")
		return one(&sCall{a, c, d})
	case "filter":
		p.next()
		f := p.filters(nil, true)
		return one(&sFilterBlock{a, f, p.statements(true, "endfilter")})
	case "block":
		p.next()
		s := &sBlock{at: a, name: p.expectNameTok().val}
		s.scoped = p.skipName("scoped")
		s.required = p.skipName("required")
		if p.isOp("-") {
			p.fail(p.cur().line, "Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore instead.")
		}
		if p.blocks[s.name] != nil {
			p.assertFail(t.line, "block %s defined twice", reprStr(s.name))
		}
		p.blocks[s.name] = s
		s.body = p.statements(true, "endblock")
		if s.required {
			for _, c := range s.body {
				if d, ok := c.(*sData); !ok || strings.TrimFunc(d.s, isSpace) != "" {
					p.fail(t.line, "Required blocks can only contain comments or whitespace")
				}
			}
		}
		p.skipName(s.name)
		return one(s)
	case "extends":
		p.next()
		return one(&sExtends{a, p.expression()})
	case "include":
		p.next()
		s := &sInclude{at: a, x: p.expression(), withContext: true}
		if p.isName("ignore") && p.look().kind == tName && p.look().val == "missing" {
			p.next()
			p.next()
			s.ignoreMissing = true
		}
		s.withContext = p.context(true)
		return one(s)
	case "import":
		p.next()
		s := &sImport{at: a, x: p.expression()}
		p.expectKeyword("as")
		s.as = p.expectNameTok().val
		s.withContext = p.context(false)
		return one(s)
	case "from":
		p.next()
		s := &sFromImport{at: a, x: p.expression()}
		p.expectKeyword("import")
		for {
			if (p.isName("with") || p.isName("without")) && p.look().kind == tName && p.look().val == "context" && len(s.names) > 0 {
				break
			}
			if p.cur().kind != tName {
				p.expectNameTok()
			}
			n := p.next()
			if strings.HasPrefix(n.val, "_") {
				p.assertFail(n.line, "names starting with an underline can not be imported")
			}
			as := n.val
			if p.skipName("as") {
				as = p.expectNameTok().val
			}
			s.names = append(s.names, [2]string{n.val, as})
			if !p.skipOp(",") {
				break
			}
			if p.cur().kind != tName {
				break
			}
		}
		s.withContext = p.context(false)
		return one(s)
	case "print":
		p.next()
		return one(&sOutput{a, p.tuple(true, nil, false)})
	case "autoescape":
		p.next()
		x := p.expression()
		return one(&sAutoescape{a, x, p.statements(true, "endautoescape")})
	case "do":
		if p.env.opt.Do {
			p.next()
			return one(&sDo{a, p.tuple(true, nil, false)})
		}
	case "break":
		if p.env.opt.LoopControls {
			p.next()
			return one(&sBreak{a})
		}
	case "continue":
		if p.env.opt.LoopControls {
			p.next()
			return one(&sContinue{a})
		}
	}
	pop()
	p.failUnknown(t.val, t.line)
	return nil
}

func (p *parser) context(def bool) bool {
	if (p.isName("with") || p.isName("without")) && p.look().kind == tName && p.look().val == "context" {
		v := p.next().val == "with"
		p.next()
		return v
	}
	return def
}

func (p *parser) signature(d *macroDef) {
	p.expectOp("(")
	for !p.isOp(")") {
		if len(d.params) > 0 {
			p.expectOp(",")
		}
		n := p.expectNameTok()
		d.params = append(d.params, n.val)
		if p.skipOp("=") {
			d.defaults = append(d.defaults, p.expression())
		} else if len(d.defaults) > 0 {
			p.fail(n.line, "non-default argument follows default argument")
		}
	}
	p.expectOp(")")
}

func (p *parser) macroBody(d *macroDef, end string) {
	u := map[string]bool{}
	p.used = append(p.used, u)
	d.body = p.statements(true, end)
	p.used = p.used[:len(p.used)-1]
	d.caller = u["caller"] && !slices.Contains(d.params, "caller")
	d.varargs, d.kwargs = u["varargs"], u["kwargs"]
}

// target parses an assignment target.
func (p *parser) target(end []string, ns bool) expr {
	if ns && p.cur().kind == tName && p.look().kind == tOp && p.look().val == "." {
		n := p.next()
		p.next()
		return &eNS{at{n.line}, n.val, p.expectNameTok().val}
	}
	n := len(p.used)
	saved := p.used
	p.used = nil // a target is not a read
	line := p.cur().line
	var x expr
	x = p.simpleTuple(end)
	p.used = saved[:n]
	p.checkTarget(x, line)
	return x
}

func (p *parser) checkTarget(x expr, line int) {
	switch t := x.(type) {
	case *eName:
		switch t.name {
		case "true", "false", "none", "True", "False", "None":
			p.fail(line, "can't assign to 'const'")
		}
	case *eTuple:
		for _, i := range t.items {
			p.checkTarget(i, line)
		}
	case *eList:
		for _, i := range t.items {
			p.checkTarget(i, line)
		}
	default:
		p.fail(line, "can't assign to this expression")
	}
}

func (p *parser) simpleTuple(end []string) expr {
	line := p.cur().line
	var items []expr
	isTuple := false
	for {
		if len(items) > 0 && p.tupleEnd(end) {
			break
		}
		items = append(items, p.primary())
		if !p.isOp(",") {
			break
		}
		p.next()
		isTuple = true
	}
	if !isTuple {
		return items[0]
	}
	return &eTuple{at{line}, items}
}

func (p *parser) tupleEnd(extra []string) bool {
	t := p.cur()
	if t.kind == tVarEnd || t.kind == tBlockEnd || (t.kind == tOp && t.val == ")") {
		return true
	}
	return t.kind == tName && slices.Contains(extra, t.val)
}

// tuple parses an expression or a comma separated tuple of them.
func (p *parser) tuple(cond bool, end []string, parens bool) expr {
	line := p.cur().line
	var items []expr
	isTuple := false
	for {
		if len(items) > 0 || parens {
			if p.tupleEnd(end) {
				break
			}
		}
		if cond {
			items = append(items, p.expression())
		} else {
			items = append(items, p.or())
		}
		if !p.isOp(",") {
			break
		}
		p.next()
		isTuple = true
	}
	if !isTuple {
		if len(items) > 0 {
			return items[0]
		}
		if !parens {
			p.fail(line, "Expected an expression, got %s", reprStr(p.cur().describe()))
		}
	}
	return &eTuple{at{line}, items}
}

func (p *parser) expression() expr {
	if p.depth++; p.depth > 200 {
		p.fail(p.cur().line, "expression nesting too deep")
	}
	defer func() { p.depth-- }()
	line := p.cur().line
	known := len(p.unknown)
	x := p.or()
	for p.skipName("if") {
		test := p.or()
		var els expr
		if p.skipName("else") {
			els = p.expression()
		}
		x = &eCond{at{line}, x, test, els}
		p.unknown = p.unknown[:known] // reported when it runs
	}
	return x
}

func (p *parser) or() expr {
	l := p.and()
	for p.isName("or") {
		line := p.next().line
		l = &eBin{at{line}, "or", l, p.and()}
	}
	return l
}
func (p *parser) and() expr {
	l := p.not()
	for p.isName("and") {
		line := p.next().line
		l = &eBin{at{line}, "and", l, p.not()}
	}
	return l
}
func (p *parser) not() expr {
	if p.isName("not") {
		if p.depth++; p.depth > 200 {
			p.fail(p.cur().line, "expression nesting too deep")
		}
		defer func() { p.depth-- }()
		line := p.next().line
		return &eNot{at{line}, p.not()}
	}
	return p.compare()
}

func (p *parser) compare() expr {
	line := p.cur().line
	x := p.add()
	var c *eCompare
	for {
		t := p.cur()
		op := ""
		switch {
		case t.kind == tOp && (t.val == "==" || t.val == "!=" || t.val == "<" || t.val == ">" || t.val == "<=" || t.val == ">="):
			op = t.val
			p.next()
		case p.isName("in"):
			op = "in"
			p.next()
		case p.isName("not") && p.look().kind == tName && p.look().val == "in":
			op = "notin"
			p.next()
			p.next()
		}
		if op == "" {
			break
		}
		if c == nil {
			c = &eCompare{at: at{line}, x: x}
		}
		c.ops = append(c.ops, op)
		c.args = append(c.args, p.add())
	}
	if c != nil {
		return c
	}
	return x
}

func (p *parser) add() expr {
	l := p.concat()
	for p.isOp("+") || p.isOp("-") {
		t := p.next()
		l = &eBin{at{t.line}, t.val, l, p.concat()}
	}
	return l
}
func (p *parser) concat() expr {
	line := p.cur().line
	items := []expr{p.mul()}
	for p.skipOp("~") {
		items = append(items, p.mul())
	}
	if len(items) == 1 {
		return items[0]
	}
	return &eConcat{at{line}, items}
}
func (p *parser) mul() expr {
	l := p.pow()
	for p.isOp("*") || p.isOp("/") || p.isOp("//") || p.isOp("%") {
		t := p.next()
		l = &eBin{at{t.line}, t.val, l, p.pow()}
	}
	return l
}
func (p *parser) pow() expr {
	l := p.unary(true)
	for p.isOp("**") { // left-associative, as in Jinja2
		t := p.next()
		l = &eBin{at{t.line}, "**", l, p.unary(true)}
	}
	return l
}
func (p *parser) unary(withFilter bool) expr {
	if p.depth++; p.depth > 200 {
		p.fail(p.cur().line, "expression nesting too deep")
	}
	defer func() { p.depth-- }()
	t := p.cur()
	var x expr
	switch {
	case p.skipOp("-"):
		x = &eNeg{at{t.line}, true, p.unary(false)}
	case p.skipOp("+"):
		x = &eNeg{at{t.line}, false, p.unary(false)}
	default:
		x = p.primary()
	}
	x = p.postfix(x)
	if withFilter {
		x = p.filterExpr(x)
	}
	return x
}

func (p *parser) primary() expr {
	t := p.cur()
	a := at{t.line}
	switch t.kind {
	case tName:
		p.next()
		switch t.val {
		case "true", "True":
			return &eConst{a, true}
		case "false", "False":
			return &eConst{a, false}
		case "none", "None":
			return &eConst{a, nil}
		}
		p.read(t.val)
		return &eName{a, t.val}
	case tString:
		var b strings.Builder
		for p.cur().kind == tString {
			b.WriteString(p.next().val)
		}
		return &eConst{a, b.String()}
	case tInt:
		p.next()
		if v, err := strconv.ParseInt(t.val, 0, 64); err == nil && !strings.HasPrefix(t.val, "00") {
			return &eConst{a, v}
		}
		z, ok := new(big.Int).SetString(t.val, 0)
		if !ok {
			p.fail(t.line, "invalid integer literal")
		}
		return &eConst{a, normInt(z)}
	case tFloat:
		p.next()
		f, _ := strconv.ParseFloat(t.val, 64)
		return &eConst{a, f}
	case tOp:
		switch t.val {
		case "(":
			p.next()
			x := p.tuple(true, nil, true)
			p.expectOp(")")
			return x
		case "[":
			p.next()
			l := &eList{at: a}
			for !p.isOp("]") {
				if len(l.items) > 0 {
					p.expectOp(",")
				}
				if p.isOp("]") {
					break
				}
				l.items = append(l.items, p.expression())
			}
			p.expectOp("]")
			return l
		case "{":
			p.next()
			d := &eDict{at: a}
			for !p.isOp("}") {
				if len(d.k) > 0 {
					p.expectOp(",")
				}
				if p.isOp("}") {
					break
				}
				d.k = append(d.k, p.expression())
				p.expectOp(":")
				d.v = append(d.v, p.expression())
			}
			p.expectOp("}")
			return d
		}
	}
	p.fail(t.line, "unexpected %s", reprStr(t.describe()))
	return nil
}

func (p *parser) postfix(x expr) expr {
	for {
		t := p.cur()
		switch {
		case p.isOp("."):
			p.next()
			n := p.next()
			switch n.kind {
			case tName:
				x = &eAttr{at{t.line}, x, n.val}
			case tInt:
				v, _ := strconv.ParseInt(n.val, 10, 64)
				x = &eItem{at{t.line}, x, &eConst{at{n.line}, v}}
			default:
				p.fail(n.line, "expected name or number")
			}
		case p.isOp("["):
			p.next()
			var ks []expr
			for !p.isOp("]") {
				if len(ks) > 0 {
					p.expectOp(",")
				}
				ks = append(ks, p.subscript())
			}
			p.expectOp("]")
			if len(ks) == 1 {
				x = &eItem{at{t.line}, x, ks[0]}
			} else {
				x = &eItem{at{t.line}, x, &eTuple{at{t.line}, ks}}
			}
		case p.isOp("("):
			x = &eCall{at{t.line}, x, p.callArgs()}
		default:
			return x
		}
	}
}

func (p *parser) subscript() expr {
	line := p.cur().line
	var s [3]expr
	if p.isOp(":") {
		p.next()
	} else {
		x := p.expression()
		if !p.isOp(":") {
			return x
		}
		p.next()
		s[0] = x
	}
	if !p.isOp(":") && !p.isOp("]") && !p.isOp(",") {
		s[1] = p.expression()
	}
	if p.skipOp(":") && !p.isOp("]") && !p.isOp(",") {
		s[2] = p.expression()
	}
	return &eSlice{at{line}, s[0], s[1], s[2]}
}

func (p *parser) callArgs() callArgs {
	tok := p.expectOp("(")
	var c callArgs
	first := true
	ensure := func(ok bool) {
		if !ok {
			p.fail(tok.line, "invalid syntax for function call expression")
		}
	}
	for !p.isOp(")") {
		if !first {
			p.expectOp(",")
			if p.isOp(")") {
				break
			}
		}
		first = false
		switch {
		case p.isOp("*"):
			ensure(c.star == nil && c.dstar == nil)
			p.next()
			c.star = p.expression()
		case p.isOp("**"):
			ensure(c.dstar == nil)
			p.next()
			c.dstar = p.expression()
		case p.cur().kind == tName && p.look().kind == tOp && p.look().val == "=":
			ensure(c.dstar == nil)
			n := p.next()
			p.next()
			c.kwn = append(c.kwn, n.val)
			c.kwv = append(c.kwv, p.expression())
		default:
			ensure(c.star == nil && c.dstar == nil && len(c.kwn) == 0)
			c.pos = append(c.pos, p.expression())
		}
	}
	p.expectOp(")")
	return c
}

func (p *parser) filterExpr(x expr) expr {
	for {
		switch {
		case p.isOp("|"):
			x = p.filters(x, false)
		case p.isName("is"):
			x = p.test(x)
		case p.isOp("("):
			x = &eCall{at{p.cur().line}, x, p.callArgs()}
		default:
			return x
		}
	}
}

func (p *parser) dotted() (string, int) {
	t := p.expectNameTok()
	n := t.val
	for p.skipOp(".") {
		n += "." + p.expectNameTok().val
	}
	return n, t.line
}

func (p *parser) filters(x expr, inline bool) expr {
	for inline || p.isOp("|") {
		if !inline {
			p.next()
		}
		inline = false
		n, line := p.dotted()
		if _, ok := p.env.filters[n]; !ok {
			p.unknown = append(p.unknown, &Error{Kind: "TemplateAssertionError", Template: p.name, Line: line, Message: "No filter named " + reprStr(n) + "."})
		}
		f := &eFilter{at: at{line}, x: x, name: n}
		if p.isOp("(") {
			f.args = p.callArgs()
		}
		x = f
	}
	return x
}

func (p *parser) test(x expr) expr {
	p.next()
	neg := p.skipName("not")
	n, line := p.dotted()
	if _, ok := p.env.tests[n]; !ok {
		p.unknown = append(p.unknown, &Error{Kind: "TemplateAssertionError", Template: p.name, Line: line, Message: "No test named " + reprStr(n) + "."})
	}
	t := &eTest{at: at{line}, x: x, name: n}
	c := p.cur()
	switch {
	case p.isOp("("):
		t.args = p.callArgs()
	case (c.kind == tName && c.val != "else" && c.val != "or" && c.val != "and") || c.kind == tString || c.kind == tInt || c.kind == tFloat || p.isOp("[") || p.isOp("{"):
		if p.isName("is") {
			p.fail(c.line, "You cannot chain multiple tests with is")
		}
		t.args.pos = []expr{p.postfix(p.primary())}
	}
	if neg {
		return &eNot{at{line}, t}
	}
	return t
}
