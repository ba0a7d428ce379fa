package handler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

const (
	// diffBudget is how many tokens of diff the model is shown.
	diffBudget = 32_000
	// partLines is how many lines of a hunk are packed as one.
	partLines = 120
)

// piece is a part of a file's diff that is shown whole or not at all.
type piece struct {
	file, order int // where it stands: file among the files, order within it
	weight      int
	heading     string // of the file
	text        string
	shown       bool
}

// pack makes the text of a diff that fits the budget of tokens, headings included, and says what it left out. The first
// pieces of important files come first, then their later pieces; the text keeps the order of the files.
func pack(files []hls.File, ignored []string, budget int) (string, []hls.Omission) {
	var omitted []hls.Omission
	var pieces []*piece
	for i, f := range files {
		if why := leftOut(f, ignored); why != "" {
			omitted = append(omitted, hls.Omission{Filename: f.Filename, Why: why})
			continue
		}
		if cutsCode(f) {
			omitted = append(omitted, hls.Omission{Filename: f.Filename, Why: "lines_cut"})
		}
		pieces = append(pieces, split(f, i)...)
	}
	headed := map[int]bool{}
	for _, p := range slices.SortedStableFunc(slices.Values(pieces), moreImportant) {
		cost := tokens(p.text)
		if !headed[p.file] {
			cost += tokens(p.heading)
		}
		if cost <= budget {
			p.shown, headed[p.file] = true, true
			budget -= cost
		}
	}
	text, cutFiles := join(files, pieces)
	return text, append(omitted, cutFiles...)
}

func split(f hls.File, file int) []*piece {
	var pieces []*piece
	head := heading(f)
	for _, h := range parsePatch(f.Patch) {
		for _, part := range h.parts(partLines) {
			pieces = append(pieces, &piece{file: file, order: len(pieces), weight: weight(f), heading: head, text: part.render()})
		}
	}
	return pieces
}

// cutsCode tells whether a line of code that a file's diff adds is longer than the model is shown it: what stands far to the
// right is easily missed.
func cutsCode(f hls.File) bool {
	cutting := func(l hunkLine) bool { return l.sign == '+' && strings.HasSuffix(shownLine(l.text), lineCut) }
	return weight(f) == codeWeight && slices.ContainsFunc(parsePatch(f.Patch), func(h hunk) bool { return slices.ContainsFunc(h.lines, cutting) })
}

func moreImportant(a, b *piece) int {
	return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.order, b.order))
}

// join puts the shown pieces together, each file under its own heading.
func join(files []hls.File, pieces []*piece) (string, []hls.Omission) {
	var b strings.Builder
	var omitted []hls.Omission
	for rest := pieces; len(rest) > 0; {
		file := rest[0].file
		n := 0
		for n < len(rest) && rest[n].file == file {
			n++
		}
		var text strings.Builder
		shown := 0
		for _, p := range rest[:n] {
			if p.shown {
				text.WriteString(p.text)
				shown++
			}
		}
		if shown > 0 {
			b.WriteString(rest[0].heading + text.String())
		}
		rest = rest[n:]
		switch name := files[file].Filename; {
		case shown == 0:
			omitted = append(omitted, hls.Omission{Filename: name, Why: "over_budget"})
		case shown < n:
			omitted = append(omitted, hls.Omission{Filename: name, Why: "partly_over_budget"})
		}
	}
	return b.String(), omitted
}

// heading is the line that a file's hunks stand under.
func heading(f hls.File) string {
	name := oneLine(f.Filename)
	if f.PreviousFilename != "" {
		name += " from " + oneLine(f.PreviousFilename)
	}
	return fmt.Sprintf("=== %s (%s, +%d -%d)\n", hls.Visible(name), f.Status, f.Additions, f.Deletions)
}

// tokens estimates how many tokens a text has: code has about three bytes to one.
func tokens(text string) int { return len(text)/3 + 1 }
