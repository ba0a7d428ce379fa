package handler

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"hls/internal/hls"
)

// hunkHeader is the first line of a hunk in the unified format.
var hunkHeader = regexp.MustCompile(`^@@ -(\d{1,9})(?:,\d{1,9})? \+(\d{1,9})(?:,\d{1,9})? @@ ?(.*)$`)

// hunkLine is one line of a hunk. Old and New are its numbers in the two files, 0 where it is not in one.
type hunkLine struct {
	sign     byte // ' ', '+' or '-'
	old, new int
	text     string
}

// hunk is a run of changed lines with their context. Index counts the hunks of one patch, also over its parts.
type hunk struct {
	index   int
	start   int    // number of its first line in the new file
	section string // what stands after the second @@, usually the enclosing function
	lines   []hunkLine
}

// parsePatch reads the hunks of a patch as GitHub gives it, without a file header. What stands before the first
// hunk, or is no line of the format, is passed over.
func parsePatch(patch string) []hunk {
	var hunks []hunk
	var old, next int
	for raw := range strings.SplitSeq(patch, "\n") {
		raw = strings.TrimSuffix(raw, "\r")
		if m := hunkHeader.FindStringSubmatch(raw); m != nil {
			old, _ = strconv.Atoi(m[1]) // at most nine digits
			next, _ = strconv.Atoi(m[2])
			hunks = append(hunks, hunk{index: len(hunks), start: next, section: m[3]})
			continue
		}
		if len(hunks) == 0 || raw == "" {
			continue
		}
		line := hunkLine{sign: raw[0], text: raw[1:]}
		switch line.sign {
		case ' ':
			line.old, line.new = old, next
			old, next = old+1, next+1
		case '+':
			line.new = next
			next++
		case '-':
			line.old = old
			old++
		default: // "\ No newline at end of file"
			continue
		}
		last := &hunks[len(hunks)-1]
		last.lines = append(last.lines, line)
	}
	return hunks
}

// parts splits a hunk into runs of at most size lines, so that the head of a long one fits where the whole does not.
func (h hunk) parts(size int) []hunk {
	var parts []hunk
	for lines := h.lines; len(lines) > 0; {
		n := min(size, len(lines))
		parts = append(parts, hunk{index: h.index, section: h.section, lines: lines[:n]})
		lines = lines[n:]
	}
	return parts
}

// header is the line that begins the hunk in the unified format.
func (h hunk) header() string {
	var olds, news, old, next int
	for _, l := range h.lines {
		if l.old > 0 {
			olds++
			old = cmp.Or(old, l.old)
		}
		if l.new > 0 {
			news++
			next = cmp.Or(next, l.new)
		}
	}
	return fmt.Sprintf("@@ -%d,%d +%d,%d @@", old, olds, next, news)
}

// longLine is how many bytes of a line the model is shown, as it is shown them.
const longLine = 400

// lineCut stands where a line was cut.
const lineCut = " [line cut]"

// render shows a hunk with the new file's numbers, which are those that remarks stand on.
func (h hunk) render() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", h.header(), shownLine(h.section))
	for _, l := range h.lines {
		text := shownLine(l.text)
		if l.new > 0 {
			fmt.Fprintf(&b, "%6d %c%s\n", l.new, l.sign, text)
		} else {
			fmt.Fprintf(&b, "       %c%s\n", l.sign, text)
		}
	}
	return b.String()
}

func shownLine(text string) string {
	head, left := hls.Cut(text, longLine)
	if left > 0 {
		return hls.Visible(head) + lineCut
	}
	return hls.Visible(text)
}
