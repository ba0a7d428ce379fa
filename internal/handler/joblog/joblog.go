// Package joblog finds in the log of a failed job what went wrong: the lines that tell of it with what stands around them,
// the tests that failed, and a fingerprint of the cause. A log goes through line by line and is never held; the same lines
// give the same result. It knows nothing of GitHub but how its runners write.
package joblog

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"hls/internal/hls"
)

// Bounds of what is kept of a log.
const (
	longestLine = 400 // bytes of a line
	before      = 3   // lines of context
	after       = 6
	tailLines   = 20 // before the end of a step that failed without a line that tells why
	mostBlocks  = 24
	blockLines  = 60
	mostTests   = 20
	mostSeen    = 4096 // lines that are known to have been told
	mostGround  = 20   // lines that a fingerprint rests on
)

// Log is what was found.
type Log struct {
	Lines   int      // that the log has
	Masked  int      // secrets that were taken out of what is shown
	Tests   []string // that failed, in their order
	Print   string   // the fingerprint of the cause, "" when no line tells of one
	Weak    bool     // the fingerprint rests on lines that could stand for anything
	Excerpt []Line   // what is worth reading, in the log's order
}

// Line is a line of the excerpt. Number counts from 1.
type Line struct {
	Number int
	Text   string
	Weight int // how much it tells of the cause; 0 is context
}

// Extractor takes a log line by line.
type Extractor struct {
	lines  int
	group  bool   // within the head of a step: its script and its environment
	recent []Line // the last lines, the oldest first
	blocks []*block
	open   *block // takes the lines that follow
	seen   map[string]bool
	tests  []string
}

// block is some lines in a row.
type block struct {
	lines  []Line
	weight int
	left   int // lines of context that it takes yet
}

// New makes an extractor for one log.
func New() *Extractor { return &Extractor{seen: map[string]bool{}} }

// Add takes the next line, without colors and secrets.
func (x *Extractor) Add(text string) {
	x.lines++
	text, command := bare(text)
	switch command {
	case "group":
		x.group = true
		x.close()
		return
	case "endgroup":
		x.group = false
		return
	case "hidden":
		return
	}
	line := Line{Number: x.lines, Text: shorten(text, longestLine)}
	if x.group {
		return
	}
	if test := failedTest(text); test != "" && len(x.tests) < mostTests && !slices.Contains(x.tests, test) {
		x.tests = append(x.tests, test)
	}
	line.Weight = weigh(text, command)
	x.take(line)
	if command == "error" {
		x.ended()
	}
}

// take puts a line where it belongs: into the open block, or at the beginning of a new one.
func (x *Extractor) take(line Line) {
	fresh := line.Weight > 0 && x.fresh(line)
	switch {
	case fresh && x.open == nil:
		x.begin(line, before)
	case x.open != nil:
		x.open.add(line, fresh)
		if x.open.left < 0 || len(x.open.lines) >= blockLines {
			x.close()
		}
	}
	x.recent = append(x.recent, line)
	if len(x.recent) > tailLines {
		x.recent = slices.Delete(x.recent, 0, 1)
	}
}

// fresh tells whether a line says something that none before it has said.
func (x *Extractor) fresh(line Line) bool {
	text := Normalize(line.Text)
	if text == "" || x.seen[text] {
		return false
	}
	if len(x.seen) < mostSeen {
		x.seen[text] = true
	}
	return true
}

// begin opens a block with the lines before it that stand in no other.
func (x *Extractor) begin(line Line, context int) {
	x.open = &block{left: after}
	last := 0
	if n := len(x.blocks); n > 0 {
		last = x.blocks[n-1].end()
	}
	for _, l := range x.recent[max(0, len(x.recent)-context):] {
		if l.Number > last {
			x.open.lines = append(x.open.lines, l)
		}
	}
	x.blocks = append(x.blocks, x.open)
	x.open.add(line, true)
	x.spare()
}

// ended closes the block of a step that failed. When no line of the step's end tells why, its last lines may.
func (x *Extractor) ended() {
	x.close()
	n := len(x.blocks)
	if n > 0 && x.blocks[n-1].weight > weak {
		return
	}
	last := 0
	if n > 0 {
		last = x.blocks[n-1].lines[0].Number
		if last < x.lines-tailLines {
			last = x.blocks[n-1].end()
		} else {
			x.blocks, last = x.blocks[:n-1], last-1
		}
	}
	tail := &block{weight: weak}
	for _, l := range x.recent {
		if l.Number > last {
			tail.lines = append(tail.lines, l)
		}
	}
	if len(tail.lines) > 0 {
		x.blocks = append(x.blocks, tail)
		x.spare()
	}
}

func (x *Extractor) close() { x.open = nil }

// spare lets go of a block when there are too many: of the lightest the newest, but for the very last, which may be the
// end of everything.
func (x *Extractor) spare() {
	if len(x.blocks) <= mostBlocks {
		return
	}
	lightest := 0
	for i, b := range x.blocks[:len(x.blocks)-1] {
		if b.weight <= x.blocks[lightest].weight {
			lightest = i
		}
	}
	x.blocks = slices.Delete(x.blocks, lightest, lightest+1)
}

func (b *block) add(line Line, tells bool) {
	b.lines = append(b.lines, line)
	b.left--
	if tells {
		b.weight, b.left = max(b.weight, line.Weight), after
	}
}

func (b *block) end() int { return b.lines[len(b.lines)-1].Number }

func (b *block) size() int {
	size := 0
	for _, l := range b.lines {
		size += len(l.Text) + 1
	}
	return size
}

// Log is what was found, with at most limit bytes of excerpt.
func (x *Extractor) Log(limit int) Log {
	x.close()
	found := Log{Lines: x.lines, Tests: slices.Clone(x.tests)}
	found.Print, found.Weak = x.print()
	kept := slices.Clone(x.blocks)
	slices.SortStableFunc(kept, func(a, b *block) int { return cmp.Compare(b.weight, a.weight) })
	chosen := kept[:0]
	for _, b := range kept {
		if size := b.size(); size <= limit {
			chosen, limit = append(chosen, b), limit-size
		} else if len(chosen) == 0 {
			chosen, limit = append(chosen, b.within(limit)), 0
		}
	}
	slices.SortFunc(chosen, func(a, b *block) int { return cmp.Compare(a.lines[0].Number, b.lines[0].Number) })
	for _, b := range chosen {
		for _, l := range b.lines {
			found.Excerpt = append(found.Excerpt, l)
			found.Masked += hls.Redactions(l.Text)
		}
	}
	return found
}

// within is the part of a block around its heaviest line that has room.
func (b *block) within(limit int) *block {
	heaviest := 0
	for i, l := range b.lines {
		if l.Weight > b.lines[heaviest].Weight {
			heaviest = i
		}
	}
	part := &block{weight: b.weight}
	for _, l := range b.lines[heaviest:] {
		if l.Text = shorten(l.Text, limit-1); l.Text == "" {
			break
		}
		part.lines, limit = append(part.lines, l), limit-len(l.Text)-1
	}
	if len(part.lines) == 0 {
		part.lines = []Line{{Number: b.lines[heaviest].Number}}
	}
	return part
}

// shorten cuts a line at limit bytes and splits no character.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	const dots = "…"
	end := max(limit-len(dots), 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	if end == 0 {
		return ""
	}
	return text[:end] + dots
}

// Text is the excerpt as people and models read it, with a line where something was left out.
func (l Log) Text() string {
	var b strings.Builder
	last := 0
	for _, line := range l.Excerpt {
		if line.Number > last+1 {
			b.WriteString("[…]\n")
		}
		b.WriteString(line.Text + "\n")
		last = line.Number
	}
	return b.String()
}
