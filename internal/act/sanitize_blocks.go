package act

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// deepest is how many quotes and lists may stand in one another. What is deeper is pulled out.
const deepest = 8

// reader parses Markdown as GitHub does, but knows no HTML: a tag is text.
func reader() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(extension.NewTaskCheckBoxParser(), 0),
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewEmphasisParser(), 500),
			util.Prioritized(extension.NewStrikethroughParser(), 500),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(parser.LinkReferenceParagraphTransformer, 100),
			util.Prioritized(extension.NewTableParagraphTransformer(), 200),
		),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0)),
	)
}

// page writes a parsed text anew.
type page struct {
	Options
	source []byte
}

// block is a written block: its lines, and what its neighbors must know of it.
type block struct {
	lines  []string
	text   bool   // a paragraph
	marker string // of a list: "-", "*", "." or ")"
	start  int    // of an ordered list
	tight  bool   // of a list: no blank lines in it
}

// rewrite reads a text and writes what was read.
func (o Options) rewrite(markdown string) string {
	source := []byte(markdown)
	p := &page{Options: o, source: source}
	root := reader().Parse(text.NewReader(source))
	return visible(strings.Join(spaced(p.blocks(root, 0)), "\n"))
}

// spaced puts a blank line between blocks.
func spaced(blocks []block) []string {
	var lines []string
	for i, b := range blocks {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, b.lines...)
	}
	return lines
}

// blocks writes the blocks within a node. Empty ones are left out.
func (p *page) blocks(parent ast.Node, depth int) []block {
	var all []block
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		before := ""
		if len(all) > 0 {
			before = all[len(all)-1].marker
		}
		for _, b := range p.block(n, depth, before) {
			if len(b.lines) > 0 {
				all = append(all, b)
			}
		}
	}
	return all
}

// block writes one node. before is the marker of the list right before it, which a list of its own must not share.
func (p *page) block(n ast.Node, depth int, before string) []block {
	switch n := n.(type) {
	case *ast.Heading:
		if line := p.line(n, inHeading); line != "" {
			return []block{{lines: []string{strings.Repeat("#", n.Level) + " " + line}}}
		}
		return nil
	case *ast.ThematicBreak:
		return []block{{lines: []string{"___"}}}
	case *ast.FencedCodeBlock:
		return []block{{lines: fenced(p.info(n), p.raw(n), !listed(n))}}
	case *ast.CodeBlock:
		return []block{{lines: fenced("", p.raw(n), !listed(n))}}
	case *east.Table:
		return []block{{lines: p.table(n)}}
	case *ast.Blockquote:
		inner := p.blocks(n, depth+1)
		if depth >= deepest || len(inner) == 0 {
			return inner
		}
		return []block{{lines: prefixed(spaced(inner), "> ", "> ")}}
	case *ast.List:
		if depth >= deepest {
			return p.unlisted(n, depth)
		}
		return []block{p.list(n, depth, before)}
	}
	return []block{{lines: p.lines(n), text: true}}
}

// listed tells whether a node stands in a list, where it is put in already, and two spaces more would make it another.
func listed(n ast.Node) bool { return n.Parent().Kind() == ast.KindListItem }

func prefixed(lines []string, first, rest string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		prefix := rest
		if i == 0 {
			prefix = first
		}
		out[i] = strings.TrimRight(prefix+line, " ")
	}
	return out
}

func (p *page) unlisted(list *ast.List, depth int) []block {
	var all []block
	for item := list.FirstChild(); item != nil; item = item.NextSibling() {
		all = append(all, p.blocks(item, depth+1)...)
	}
	return all
}

// maxStart keeps an ordered list's numbers within the nine digits that Markdown knows.
const maxStart = 99_999_999

func (p *page) list(list *ast.List, depth int, before string) block {
	var items [][]block
	for item := list.FirstChild(); item != nil; item = item.NextSibling() {
		if inner := p.blocks(item, depth+1); len(inner) > 0 {
			items = append(items, inner)
		}
	}
	b := block{marker: "-", tight: true}
	if list.IsOrdered() {
		b.marker, b.start = ".", list.Start
		if b.start < 0 || b.start > maxStart {
			b.start = 1
		}
	}
	if other := map[string]string{"-": "*", ".": ")"}[b.marker]; before == b.marker {
		b.marker = other
	}
	for _, item := range items {
		b.tight = b.tight && tight(item)
	}
	for i, item := range items {
		if i > 0 && !b.tight {
			b.lines = append(b.lines, "")
		}
		marker := b.marker + " "
		if list.IsOrdered() {
			marker = strconv.Itoa(b.start+i) + marker
		}
		b.lines = append(b.lines, prefixed(joined(item, b.tight), marker, strings.Repeat(" ", len(marker)))...)
	}
	return b
}

// tight tells whether an item can do without blank lines: one block, or a text with a list that may follow it at once.
func tight(item []block) bool {
	last := item[len(item)-1]
	switch {
	case last.marker != "" && !last.tight:
		return false
	case len(item) == 1:
		return true
	}
	follows := last.marker == "-" || last.marker == "*" || last.marker != "" && last.start == 1
	return len(item) == 2 && item[0].text && follows
}

func joined(item []block, tight bool) []string {
	if !tight || len(item) == 1 {
		return spaced(item)
	}
	return append(append([]string{}, item[0].lines...), item[1].lines...)
}

// raw is the content of a block of code, line by line.
func (p *page) raw(n ast.Node) []string {
	var lines []string
	for i := range n.Lines().Len() {
		segment := n.Lines().At(i)
		lines = append(lines, strings.TrimRight(string(segment.Value(p.source)), "\n"))
	}
	return lines
}

// Blocks of these languages are not shown as code by GitHub but drawn, or offered as a change to commit.
var drawn = map[string]bool{"mermaid": true, "geojson": true, "topojson": true, "stl": true, "math": true}

var infoPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+#._-]{0,31}$`)

func (p *page) info(n *ast.FencedCodeBlock) string {
	info := decode(string(n.Language(p.source)))
	name := strings.ToLower(info)
	switch {
	case !infoPattern.MatchString(info):
		return ""
	case drawn[name], name == "suggestion" && !p.Suggestions:
		return "text"
	}
	return info
}

// Bots take a line that starts like this for a command, wherever it stands.
var commandPattern = regexp.MustCompile(`^[> ]*[/!@]\w`)

// fenced writes code between fences that nothing in it can close. indent puts the block in by two spaces when a line
// of it would give a command; it looks the same.
func fenced(info string, lines []string, indent bool) []string {
	if strings.TrimSpace(strings.Join(lines, "")) == "" && info != "suggestion" {
		return nil
	}
	fence, command := "```", false
	for _, line := range lines {
		for strings.Contains(line, fence) {
			fence += "`"
		}
		command = command || commandPattern.MatchString(line)
	}
	out := append(append([]string{fence + info}, lines...), fence)
	if indent && command {
		for i, line := range out {
			out[i] = strings.TrimRight("  "+line, " ")
		}
	}
	return out
}

func (p *page) table(n *east.Table) []string {
	var lines []string
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, p.line(cell, inTable))
		}
		lines = append(lines, "| "+strings.Join(cells, " | ")+" |")
		if len(lines) == 1 {
			lines = append(lines, aligned(n.Alignments))
		}
	}
	return lines
}

func aligned(columns []east.Alignment) string {
	var cells []string
	for _, a := range columns {
		switch a {
		case east.AlignLeft:
			cells = append(cells, ":--")
		case east.AlignRight:
			cells = append(cells, "--:")
		case east.AlignCenter:
			cells = append(cells, ":-:")
		case east.AlignNone:
			cells = append(cells, "---")
		}
	}
	return "| " + strings.Join(cells, " | ") + " |"
}
