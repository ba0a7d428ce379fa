package simulate

import (
	"fmt"
	"slices"
	"strings"
)

// placed is a line of a file's new side. A gap stands for lines of the base that no patch shows.
type placed struct {
	number int
	text   string
	gap    bool
}

func (p placed) same(o placed) bool { return p.text == o.text && p.gap == o.gap }

// repatch is the patch from what one patch makes of a file to what another makes of it, as far as the two show the file.
func repatch(before, after string) string {
	known := map[int]string{}
	for _, patch := range []string{before, after} {
		for _, l := range parsePatch(patch) {
			if l.Mark != '+' {
				known[l.Old] = l.Text
			}
		}
	}
	from, to := applied(before, known), applied(after, known)
	return hunks(aligned(from, to))
}

// applied is the new side of a patch over the lines of the base that are known.
func applied(patch string, known map[int]string) []placed {
	gone, come := map[int]bool{}, map[int][]string{} // by the line of the base before which they come
	at, hunk := 1, -1
	for _, l := range parsePatch(patch) {
		if l.Hunk != hunk {
			hunk, at = l.Hunk, firstOld(patch, l.Hunk)
		}
		switch l.Mark {
		case '+':
			come[at] = append(come[at], l.Text)
		case '-':
			gone[l.Old] = true
			at = l.Old + 1
		default:
			at = l.Old + 1
		}
	}
	lines := slices.Collect(func(yield func(int) bool) {
		for n := range known {
			if !yield(n) {
				return
			}
		}
		for n := range come {
			if _, ok := known[n]; !ok && !yield(n) {
				return
			}
		}
	})
	slices.Sort(lines)
	var out []placed
	shift, last := 0, 0
	for _, n := range lines {
		if n > last+1 {
			out = append(out, placed{gap: true, text: fmt.Sprint(n)})
		}
		for i, text := range come[n] {
			out = append(out, placed{number: n + shift + i, text: text})
		}
		shift += len(come[n])
		text, isKnown := known[n]
		switch {
		case !isKnown:
			last = n - 1
			continue
		case gone[n]:
			shift--
		default:
			out = append(out, placed{number: n + shift, text: text})
		}
		last = n
	}
	return out
}

// firstOld is the line of the base that a hunk begins at; where it has none of them, the one after which it stands.
func firstOld(patch string, hunk int) int {
	n := 0
	for line := range strings.Lines(patch) {
		if m := hunkHeader.FindStringSubmatch(line); m != nil {
			if n == hunk {
				var start int
				_, _ = fmt.Sscan(m[1], &start)
				return max(start, 1)
			}
			n++
		}
	}
	return 1
}

// aligned is the shortest way from one list of lines to another, each with its sign.
func aligned(from, to []placed) []diffLine {
	long := make([][]int, len(from)+1)
	for i := range long {
		long[i] = make([]int, len(to)+1)
	}
	for i := len(from) - 1; i >= 0; i-- {
		for j := len(to) - 1; j >= 0; j-- {
			if long[i][j] = max(long[i+1][j], long[i][j+1]); from[i].same(to[j]) {
				long[i][j] = long[i+1][j+1] + 1
			}
		}
	}
	var out []diffLine
	i, j := 0, 0
	for i < len(from) || j < len(to) {
		switch {
		case i < len(from) && j < len(to) && from[i].same(to[j]):
			line := diffLine{Mark: ' ', Old: from[i].number, New: to[j].number, Text: to[j].text}
			if from[i].gap {
				line.Mark = '~'
			}
			out = append(out, line)
			i, j = i+1, j+1
		case i < len(from) && (j == len(to) || long[i+1][j] >= long[i][j+1]):
			out = append(out, diffLine{Mark: '-', Old: from[i].number, Text: from[i].text})
			i++
		default:
			out = append(out, diffLine{Mark: '+', New: to[j].number, Text: to[j].text})
			j++
		}
	}
	return out
}

// hunks writes the changed lines with three lines around them, and none across a gap.
func hunks(lines []diffLine) string {
	const around = 3
	near := make([]bool, len(lines))
	for i, l := range lines {
		if l.Mark != '+' && l.Mark != '-' {
			continue
		}
		near[i] = true
		for _, way := range []int{-1, 1} {
			for k := i + way; k >= 0 && k < len(lines) && k != i+way*(around+1) && lines[k].Mark != '~'; k += way {
				near[k] = true
			}
		}
	}
	var b strings.Builder
	for i := 0; i < len(lines); i++ {
		end := i
		for end < len(lines) && near[end] {
			end++
		}
		if end > i {
			b.WriteString(written(lines[i:end]))
			i = end
		}
	}
	return b.String()
}

func written(lines []diffLine) string {
	var b strings.Builder
	var old, next, olds, news int
	for _, l := range lines {
		if l.Old > 0 {
			olds++
			if olds == 1 {
				old = l.Old
			}
		}
		if l.New > 0 {
			news++
			if news == 1 {
				next = l.New
			}
		}
		b.WriteString(string(l.Mark) + l.Text + "\n")
	}
	return fmt.Sprintf("@@ -%d,%d +%d,%d @@\n", old, olds, next, news) + b.String()
}
