package jinja

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxNesting bounds how deep tags and expressions may nest in one template.
const maxNesting = 400

// maxChain bounds how many operators, attributes or filters may follow each other in one expression.
const maxChain = 1000

type parser struct {
	opt      *Options
	name     string
	toks     []token
	i        int
	tags     []string   // the open tags
	ends     [][]string // what each open body may end with
	depth    int
	blockErr *Error // the first block that is defined twice
	blocks   map[string]*sBlock
}

// parse parses and compiles a template.
func parse(env *Env, name, source string) (t *Template, err error) {
	if len(source) > maxTemplateSize {
		return nil, &Error{Kind: KindLimit, Message: fmt.Sprintf("the template is larger than %d bytes", maxTemplateSize), Template: name, cause: ErrLimit}
	}
	src := normalize(source, env.opt.KeepTrailingNewline)
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		e, ok := r.(*Error)
		if !ok {
			panic(r)
		}
		e.place(src)
		t, err = nil, e
	}()
	p := &parser{opt: &env.opt, name: name, toks: lex(&env.opt, name, src), blocks: map[string]*sBlock{}}
	body := p.body(nil)
	if p.blockErr != nil {
		panic(p.blockErr)
	}
	t = &Template{env: env, name: name, src: src, body: body, blocks: p.blocks}
	compile(t)
	return t, nil
}

// asError is the *Error that err is or wraps.
func asError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

func (p *parser) cur() token { return p.reach(p.i) }

func (p *parser) look() token { return p.reach(min(p.i+1, len(p.toks)-1)) }

// reach gives a token, and fails when the lexer failed there.
func (p *parser) reach(i int) token {
	if e := p.toks[i].err; e != nil {
		panic(e)
	}
	return p.toks[i]
}

func (p *parser) next() token {
	t := p.reach(p.i)
	if p.i < len(p.toks)-1 {
		p.i++
	}
	return t
}

func (p *parser) fail(pos at, format string, a ...any) { panic(syntaxErr(p.name, pos, format, a...)) }

func (p *parser) isOp(s string) bool { t := p.cur(); return t.kind == tokOperator && t.val == s }

func (p *parser) isName(s string) bool { t := p.cur(); return t.kind == tokName && t.val == s }

func (p *parser) lookName(s string) bool { t := p.look(); return t.kind == tokName && t.val == s }

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
		p.unexpected(s)
	}
	return p.next()
}

func (p *parser) expectName() token {
	if p.cur().kind != tokName {
		p.unexpected("name")
	}
	return p.next()
}

func (p *parser) expectKeyword(s string) {
	if !p.isName(s) {
		p.unexpected(s)
	}
	p.next()
}

func (p *parser) expectKind(k tokenKind) {
	if p.cur().kind != k {
		p.unexpected(token{kind: k}.describe())
	}
	p.next()
}

func (p *parser) unexpected(want string) {
	t := p.cur()
	if t.kind == tokEOF {
		p.fail(t.at, "unexpected end of template, expected %s.", quote(want))
	}
	p.fail(t.at, "expected token %s, got %s", quote(want), quote(t.describe()))
}

// nest counts a level of nesting; the func that it gives ends the level.
func (p *parser) nest() func() {
	if p.depth++; p.depth > maxNesting {
		p.fail(p.cur().at, "nested deeper than %d levels", maxNesting)
	}
	return func() { p.depth-- }
}

// chain bounds the length of a chain that is read in a loop but evaluated recursively.
func (p *parser) chain(n int) {
	if n > maxChain {
		p.fail(p.cur().at, "expression is longer than %d operations", maxChain)
	}
}

// body reads up to one of the end tags, which stays the current token, or with none up to the end of the template.
func (p *parser) body(ends []string) []stmt {
	defer p.nest()()
	if ends != nil {
		p.ends = append(p.ends, ends)
	}
	var out []stmt
	for {
		t := p.cur()
		switch t.kind {
		case tokData:
			p.next()
			out = append(out, &sData{at: t.at, text: t.val})
		case tokVariableBegin:
			p.next()
			x := p.tuple(tupleOf{conditional: true})
			p.expectKind(tokVariableEnd)
			out = append(out, &sOutput{at: x.pos(), x: x})
		case tokBlockBegin:
			p.next()
			if ends != nil && p.cur().kind == tokName && slices.Contains(ends, p.cur().val) {
				p.ends = p.ends[:len(p.ends)-1]
				return out
			}
			out = append(out, p.statement()...)
			p.expectKind(tokBlockEnd)
		default:
			if ends != nil {
				p.unknownTag("", t.at)
			}
			return out
		}
	}
}

// statements reads a tag's end and the body after it. With drop the end tag's name is read too.
func (p *parser) statements(drop bool, ends ...string) []stmt {
	p.skipOp(":")
	p.expectKind(tokBlockEnd)
	b := p.body(ends)
	if drop {
		p.next()
	}
	return b
}

// absentTags says of Jinja2's other tags why they are not there.
var absentTags = map[string]string{
	"do":        "It is an extension: switch it on with Options.Do.",
	"break":     "It is an extension: switch it on with Options.LoopControls.",
	"continue":  "It is an extension: switch it on with Options.LoopControls.",
	"trans":     "Translations (jinja2.ext.i18n) are not built; add a filter or a global that translates.",
	"pluralize": "Translations (jinja2.ext.i18n) are not built; add a filter or a global that translates.",
	"debug":     "The extension jinja2.ext.debug is not built: it shows all values to whoever reads the output.",
}

// unknownTag fails because of a tag that does not belong here, or with no name because the template ended.
func (p *parser) unknownTag(name string, pos at) {
	msg := []string{"Unexpected end of template."}
	if name != "" {
		msg[0] = "Encountered unknown tag " + quote(name) + "."
	}
	if n := len(p.ends); n > 0 {
		var quoted []string
		for _, e := range p.ends[n-1] {
			quoted = append(quoted, quote(e))
		}
		looking := strings.Join(quoted, " or ")
		if name != "" && slices.ContainsFunc(p.ends, func(e []string) bool { return slices.Contains(e, name) }) {
			msg = append(msg, "You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for "+looking+".")
		} else {
			msg = append(msg, "Jinja was looking for the following tags: "+looking+".")
		}
	}
	if n := len(p.tags); n > 0 {
		msg = append(msg, "The innermost block that needs to be closed is "+quote(p.tags[n-1])+".")
	}
	if why := absentTags[name]; why != "" {
		msg = append(msg, why)
	}
	p.fail(pos, "%s", strings.Join(msg, " "))
}
