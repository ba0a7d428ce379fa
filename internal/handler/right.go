package handler

import (
	"slices"
	"strings"

	"hls/internal/hls"
)

// right is the new side of a file's diff: the lines that a remark can stand on, by number.
type right map[int]spot

type spot struct {
	text string
	hunk int // a remark stays within one
}

func rightOf(f hls.File) right { return linesOf(f, " +") }

// addedTo are the lines that a file's diff adds.
func addedTo(f hls.File) right { return linesOf(f, "+") }

func linesOf(f hls.File, signs string) right {
	side := right{}
	patch, _ := hls.MaskShapes(f.Patch) // A quote is of what the model was shown.
	for _, h := range parsePatch(patch) {
		for _, l := range h.lines {
			if strings.IndexByte(signs, l.sign) >= 0 {
				side[l.new] = spot{blankless(l.text), h.index}
			}
		}
	}
	return side
}

// sides are the new sides of a diff's files. Each file is read once.
type sides struct {
	files []hls.File
	read  map[string]right
}

func sidesOf(files []hls.File) sides { return sides{files, map[string]right{}} }

// of is the new side of a file, nil for one that the diff does not have.
func (s sides) of(name string) right {
	side, ok := s.read[name]
	if at := slices.IndexFunc(s.files, func(f hls.File) bool { return f.Filename == name }); !ok && at >= 0 {
		side = rightOf(s.files[at])
		s.read[name] = side
	}
	return side
}

// blankless is code as quotes are compared: blanks do not count.
func blankless(code string) string {
	return strings.ToLower(strings.Join(strings.Fields(shownEscape.ReplaceAllString(code, "")), ""))
}

// codeLines are the lines of a quote that say something. The signs of a diff are taken off when every line has one.
func codeLines(quote string) []string {
	var lines []string
	signed := true
	for line := range strings.SplitSeq(quote, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		signed = signed && strings.HasPrefix(line, "+")
		lines = append(lines, line)
	}
	for i, line := range lines {
		if signed {
			line = line[1:]
		}
		lines[i] = blankless(line)
	}
	return lines
}

// holds tells whether the quote's lines stand from line on. Blank lines, which the quote leaves out, are passed over.
func (r right) holds(line int, quote []string) bool {
	hunk := r[line].hunk
	for i, q := range quote {
		for i > 0 && r[line].text == "" && r.has(line, hunk) {
			line++
		}
		if !r.has(line, hunk) || !strings.Contains(r[line].text, q) {
			return false
		}
		line++
	}
	return true
}

func (r right) has(line, hunk int) bool {
	s, ok := r[line]
	return ok && s.hunk == hunk
}

// find is every line that the quote's lines stand from, in order.
func (r right) find(quote []string) []int {
	if len(quote) == 0 {
		return nil
	}
	var lines []int
	for line := range r {
		if r.holds(line, quote) {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}
