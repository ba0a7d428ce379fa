package act

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// place is where a text stands.
type place int

const (
	inText place = iota
	inHeading
	inTable
)

// line writes a node's text on one line.
func (p *page) line(n ast.Node, at place) string {
	pieces := p.gather(n, true)
	for i, part := range pieces {
		if part.kind == softBreak || part.kind == hardBreak {
			pieces[i] = piece{words, " "}
		}
	}
	return strings.Join(p.emit(pieces, at), " ")
}

func (p *page) lines(n ast.Node) []string { return p.emit(p.gather(n, true), inText) }

func (p *page) emit(pieces []piece, at place) []string {
	pieces = merged(marked(p.defuse(merged(pieces))))
	w := &writer{at: at}
	for i, part := range pieces {
		var next pieceKind
		if i+1 < len(pieces) {
			next = pieces[i+1].kind
		} else {
			next = softBreak
		}
		w.write(part, next)
	}
	w.end(false)
	return w.finish()
}

// merged joins neighbors of one kind, and drops what is empty.
func merged(pieces []piece) []piece {
	var out []piece
	for _, part := range pieces {
		plain := part.kind == words || part.kind == code
		switch {
		case plain && part.value == "":
		case plain && len(out) > 0 && out[len(out)-1].kind == part.kind:
			out[len(out)-1].value += part.value
		default:
			out = append(out, part)
		}
	}
	return out
}

// marked drops the marks of emphasis where a reader could take them for something else: inside a word, around
// spaces, or right beside other marks. A link without text becomes its address.
func marked(pieces []piece) []piece {
	var out []piece
	skip := map[int]bool{}
	for i, part := range pieces {
		switch {
		case part.kind == opens:
			end := closeOf(pieces, i)
			if !plainly(pieces, i, end) {
				skip[i], skip[end] = true, true
			}
		case part.kind == linkOpen && pieces[i+1].kind == linkClose:
			part.kind, skip[i+1] = url, true
		}
		if !skip[i] {
			out = append(out, part)
		}
	}
	return out
}

func closeOf(pieces []piece, open int) int {
	end := open + 1
	for pieces[end].kind != closes {
		end++
	}
	return end
}

// plainly tells whether the emphasis from open to end is plain to every reader of Markdown.
func plainly(pieces []piece, open, end int) bool {
	if end == open+1 {
		return false
	}
	first, last := pieces[open+1], pieces[end-1]
	before, after := piece{kind: softBreak}, piece{kind: softBreak}
	if open > 0 {
		before = pieces[open-1]
	}
	if end+1 < len(pieces) {
		after = pieces[end+1]
	}
	return solid(first, true) && solid(last, false) && apart(before, false) && apart(after, true)
}

func solid(part piece, first bool) bool {
	switch part.kind {
	case words:
		return first && part.value[0] != ' ' || !first && part.value[len(part.value)-1] != ' '
	case code, url:
		return true
	case linkOpen:
		return first
	case linkClose:
		return !first
	}
	return false
}

func apart(part piece, after bool) bool {
	switch part.kind {
	case softBreak, hardBreak:
		return true
	case words:
		if after {
			return strings.ContainsRune(" .,;:!?)", rune(part.value[0]))
		}
		return strings.ContainsRune(" (", rune(part.value[len(part.value)-1]))
	}
	return false
}

// writer puts pieces into lines.
type writer struct {
	at    place
	line  strings.Builder
	lines []string
	hard  []bool // by line: whether a break follows
}

func (w *writer) write(part piece, next pieceKind) {
	switch part.kind {
	case words:
		text := part.value
		start := w.line.Len() == 0
		if start {
			text = strings.TrimLeft(text, " ")
		}
		if next == softBreak || next == hardBreak {
			text = strings.TrimRight(text, " ")
		}
		w.line.WriteString(w.escape(text, start, next == linkOpen))
	case code:
		w.line.WriteString(w.span(part.value))
	case url:
		w.line.WriteString("<" + part.value + ">")
	case opens, closes:
		w.line.WriteString(part.value)
	case linkOpen:
		w.line.WriteString("[")
	case linkClose:
		w.line.WriteString("](" + part.value + ")")
	case checkBox:
		w.line.WriteString(part.value + " ")
	case softBreak:
		w.end(false)
	case hardBreak:
		w.end(true)
	}
}

func (w *writer) end(hard bool) {
	if line := strings.TrimSpace(w.line.String()); line != "" {
		w.lines = append(w.lines, line)
		w.hard = append(w.hard, hard)
	} else if hard && len(w.hard) > 0 {
		w.hard[len(w.hard)-1] = true
	}
	w.line.Reset()
}

func (w *writer) finish() []string {
	for i := range w.lines {
		if w.hard[i] && i+1 < len(w.lines) {
			w.lines[i] += `\`
		}
	}
	return w.lines
}

// span is a code span whose fence is longer than any within.
func (w *writer) span(value string) string {
	if w.at == inTable {
		value = strings.ReplaceAll(value, "|", `\|`)
	}
	fence := "`"
	for strings.Contains(value, fence) {
		fence += "`"
	}
	if strings.HasPrefix(value, "`") || strings.HasSuffix(value, "`") {
		value = " " + value + " "
	}
	return fence + value + fence
}

// What Markdown reads as the start of a block, at the start of a line. Other characters are escaped everywhere.
var (
	numberStart = regexp.MustCompile(`^[0-9]{1,9}[.)](?: |$)`)
	blockStart  = regexp.MustCompile(`^(?:[=>]|[-+:](?:[^0-9A-Za-z]|$)|#(?:[^0-9A-Za-z]|$))`)
)

// escape writes text so that it reads as itself.
func (w *writer) escape(text string, start, beforeLink bool) string {
	var b strings.Builder
	if start {
		if number := numberStart.FindString(text); number != "" {
			digits := strings.TrimRight(number, " .)")
			b.WriteString(digits + `\`)
			b.WriteByte(text[len(digits)])
			text = text[len(digits)+1:]
		} else if blockStart.MatchString(text) {
			b.WriteString(`\` + text[:1])
			text = text[1:]
		}
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '<':
			b.WriteString("&lt;")
			continue
		case c == '&' && entityPattern.MatchString(text[i:]):
			b.WriteString("&amp;")
			continue
		case w.special(text, i), c == '!' && beforeLink && i == len(text)-1:
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// special tells whether the character at i could mean something.
func (w *writer) special(text string, i int) bool {
	switch text[i] {
	case '\\', '`', '*', '[', ']', '~', '|':
		return true
	case '_':
		return i == 0 || i == len(text)-1 || !alphanumeric(text[i-1]) || !alphanumeric(text[i+1])
	case '#':
		return w.at == inHeading && (i == len(text)-1 || !alphanumeric(text[i+1]))
	}
	return false
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
