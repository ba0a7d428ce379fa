package jinja_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// production is one line of a grammar: texts with a symbol between each two of them.
type production struct {
	texts   []string
	symbols []string
	height  int // how deep it must at least go
}

// grammar makes random templates of the lines of a file; testdata/differential/grammar.txt says how they are written.
type grammar map[string][]*production

var (
	symbolOf     = regexp.MustCompile(`\$[a-z0-9]+`)
	weightOf     = regexp.MustCompile(`^\*(\d+) `)
	grammarChars = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t")
)

func readGrammar(t testing.TB) grammar {
	t.Helper()
	g := grammar{}
	symbol := ""
	for line := range strings.Lines(string(readFile(t, filepath.Join("testdata", "differential", "grammar.txt")))) {
		line = strings.TrimSuffix(line, "\n")
		text, isProduction := strings.CutPrefix(line, "  ")
		switch {
		case isProduction:
			g.add(symbol, text)
		case line != "" && line[0] != '#':
			symbol = line
		}
	}
	g.measure(t)
	return g
}

func (g grammar) add(symbol, text string) {
	weight := 1
	if m := weightOf.FindStringSubmatch(text); m != nil {
		_, _ = fmt.Sscan(m[1], &weight)
		text = text[len(m[0]):]
	}
	p := &production{height: 1000}
	for i, s := range symbolOf.Split(text, -1) {
		p.texts = append(p.texts, grammarChars.Replace(s))
		if i > 0 {
			p.symbols = append(p.symbols, symbolOf.FindAllString(text, -1)[i-1][1:])
		}
	}
	for range weight {
		g[symbol] = append(g[symbol], p)
	}
}

// measure finds the least height of every line.
func (g grammar) measure(t testing.TB) {
	t.Helper()
	for changed := true; changed; {
		changed = false
		for symbol := range maps.Keys(g) {
			for _, p := range g[symbol] {
				if h := g.heightOf(t, p); h < p.height {
					p.height, changed = h, true
				}
			}
		}
	}
}

func (g grammar) heightOf(t testing.TB, p *production) int {
	t.Helper()
	h := 0
	for _, s := range p.symbols {
		if g[s] == nil {
			t.Fatalf("the grammar has no symbol %s", s)
		}
		h = max(h, 1+g.least(s))
	}
	return h
}

func (g grammar) least(symbol string) int {
	return slices.MinFunc(g[symbol], func(a, b *production) int { return a.height - b.height }).height
}

// maker makes one template.
type maker struct {
	g    grammar
	r    *rand.Rand
	left int // expansions until it hurries to an end
	b    strings.Builder
}

func (m *maker) expand(symbol string, depth int) {
	m.left--
	if m.left < 0 {
		depth = 0
	}
	depth = max(depth, m.g.least(symbol))
	fit := make([]*production, 0, len(m.g[symbol]))
	for _, p := range m.g[symbol] {
		if p.height <= depth {
			fit = append(fit, p)
		}
	}
	p := fit[m.r.IntN(len(fit))]
	m.b.WriteString(p.texts[0])
	for i, s := range p.symbols {
		start := m.b.Len()
		m.expand(s, depth-1)
		chance := 4 // of leaving out the parentheses, one in so many
		if next := p.texts[i+1]; strings.HasPrefix(next, ".") || strings.HasPrefix(next, "[") {
			chance = 40
		}
		if made := m.b.String()[start:]; isExpression(s) && strings.ContainsAny(made, " |") && m.r.IntN(chance) > 0 {
			rest := m.b.String()[:start]
			m.b.Reset()
			m.b.WriteString(rest + "(" + made + ")")
		}
		m.b.WriteString(p.texts[i+1])
	}
}

func isExpression(symbol string) bool {
	switch symbol {
	case "expr", "any", "cond", "num", "int", "float", "str", "list", "intlist", "strlist", "dictlist", "dict", "fs", "posint":
		return true
	}
	return false
}

// pieces are what a broken template gets in the middle.
var pieces = []string{
	"{%", "%}", "{{", "}}", "{#", "#}", "'", "\"", "(", ")", "[", "]", "|", ".", ",", ":", "=", "if", "else", "endif", "endfor", "is", "not",
	"in", " ", "\n", "-", "+", "~", "*", "**", "loop", "x", "1", "0.5", "\\", "{% endblock %}", "{% else %}", "raw", "_", "é", "recursive", "!",
}

// damage cuts a piece out of a template, or puts one in.
func damage(r *rand.Rand, s string) string {
	for range 1 + r.IntN(2) {
		runes := []rune(s)
		at := r.IntN(len(runes) + 1)
		end := at
		if r.IntN(2) == 0 {
			end = min(len(runes), at+1+r.IntN(6))
		}
		piece := ""
		if end == at || r.IntN(3) == 0 {
			piece = pieces[r.IntN(len(pieces))]
		}
		s = string(runes[:at]) + piece + string(runes[end:])
	}
	return s
}

// randomCase is the n-th template of a seed.
func (g grammar) randomCase(seed uint64, n int) differentialCase {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	m := &maker{g: g, r: r, left: 40 + r.IntN(120)}
	m.expand("template", 5+r.IntN(6))
	c := differentialCase{Seed: seed, Number: n, Source: m.b.String(), Env: randomOptions(r)}
	if r.IntN(12) == 0 {
		c.Source = damage(r, c.Source)
	}
	return c
}

func randomOptions(r *rand.Rand) map[string]any {
	o := map[string]any{}
	sometimes := func(percent int, name string, value any) {
		if r.IntN(100) < percent {
			o[name] = value
		}
	}
	sometimes(30, "trim_blocks", true)
	sometimes(30, "lstrip_blocks", true)
	sometimes(20, "keep_trailing_newline", true)
	sometimes(15, "autoescape", true)
	sometimes(5, "newline_sequence", "\r\n")
	sometimes(5, "line_statement_prefix", "#")
	sometimes(5, "line_comment_prefix", "--")
	sometimes(30, "undefined", []string{"strict", "chainable", "debug"}[r.IntN(3)])
	return o
}

// TestGrammarIsWhole: every symbol can be reached and every line can be made, so that nothing of the grammar is idle.
func TestGrammarIsWhole(t *testing.T) {
	t.Parallel()
	g := readGrammar(t)
	seen := map[string]bool{"template": true}
	for todo := []string{"template"}; len(todo) > 0; todo = todo[1:] {
		for _, p := range g[todo[0]] {
			for _, s := range p.symbols {
				if !seen[s] {
					seen[s] = true
					todo = append(todo, s)
				}
			}
		}
	}
	for symbol := range g {
		if !seen[symbol] {
			t.Errorf("nothing leads to %s", symbol)
		}
	}
	if os.Getenv("JINJA_DIFFERENTIAL_PRINT") != "" {
		for n := range 20 {
			t.Logf("%s\n----", g.randomCase(1, n).Source)
		}
	}
}
