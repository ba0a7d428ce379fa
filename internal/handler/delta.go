package handler

import (
	"slices"
	"strings"

	"hls/internal/hls"
)

// delta is what of a pull request came after an earlier head of it.
type delta struct {
	files   []hls.File              // cut down to the hunks with lines of the pull request's own
	touched map[string]map[int]bool // by file: numbers of the new lines that came, or that stand where some went
}

// lastSeen is what is known of the diff that the last review saw.
type lastSeen struct {
	unseen []string   // files that it was not shown, or not in full
	own    []hls.File // the diff, where the base branch was merged since
}

// between finds the delta: what a comparison of the two heads tells, as far as the pull request's own diff has it too. The
// rest came with a merge of the base branch, or is again as it is there. A file of which the last review did not see all is
// in it as a whole.
func between(files, compared []hls.File, last lastSeen, ignored []string) delta {
	d := delta{touched: map[string]map[int]bool{}}
	changed := map[string]hls.File{}
	for _, c := range compared {
		changed[c.Filename] = c
	}
	for _, own := range files {
		c, ok := changed[own.Filename]
		left := leftOut(own, ignored) != ""
		switch {
		case !left && (last.missed(own, c) || last.differs(own, c)):
			d.add(own, wholly(own))
		case !ok:
		case left: // It is named with the reason, which only the whole file may tell.
			d.files = append(d.files, own)
		case c.Patch == "" && c.Additions+c.Deletions > 0: // Too large: nobody tells which lines.
			d.add(own, wholly(own))
		case c.Patch != "":
			d.cut(own, c)
		}
	}
	return d
}

// missed tells whether a file was not shown in full, under this name or a former one.
func (l lastSeen) missed(own, compared hls.File) bool {
	return slices.ContainsFunc([]string{own.Filename, own.PreviousFilename, compared.PreviousFilename}, func(name string) bool {
		return name != "" && slices.Contains(l.unseen, nameKey(name))
	})
}

// differs tells whether a file's diff adds or removes a line that it did not then, and that the comparison does not tell of.
func (l lastSeen) differs(own, compared hls.File) bool {
	if l.own == nil {
		return false
	}
	type change struct {
		line string
		at   int
	}
	pushed, left := map[change]bool{}, map[string]int{}
	eachChange(compared, func(line string, at int) { pushed[change{line, at}] = true })
	if at := slices.IndexFunc(l.own, func(f hls.File) bool { return f.Filename == own.Filename }); at >= 0 {
		eachChange(l.own[at], func(line string, _ int) { left[line]++ })
	}
	found := false
	eachChange(own, func(line string, at int) {
		if !pushed[change{line, at}] {
			left[line]--
			found = found || left[line] < 0
		}
	})
	return found
}

// eachChange goes through the lines that a file's diff adds and removes, each behind its sign and with its place in the new
// file.
func eachChange(f hls.File, visit func(line string, at int)) {
	for _, h := range parsePatch(f.Patch) {
		h.walk(func(l hunkLine, at int) {
			if l.sign != ' ' {
				visit(string(l.sign)+l.text, at)
			}
		})
	}
}

func (d *delta) add(f hls.File, touched map[int]bool) {
	d.files = append(d.files, f)
	d.touched[f.Filename] = touched
}

// cut adds the hunks of a comparison that touch a file's own lines.
func (d *delta) cut(own, compared hls.File) {
	lines, touched := placesOf(own), map[int]bool{}
	var kept []hunk
	for _, h := range parsePatch(compared.Patch) {
		if h.touch(lines, touched) {
			kept = append(kept, h)
		}
	}
	if len(kept) == 0 {
		return
	}
	part := own
	part.Patch, part.Additions, part.Deletions = unparse(kept)
	d.add(part, touched)
}

// wholly are all the lines of a file's diff.
func wholly(f hls.File) map[int]bool {
	touched := map[int]bool{}
	for line := range rightOf(f) {
		touched[line] = true
	}
	return touched
}

// places are where a diff changes the new file: the lines that it adds, and those before which it removes some.
type places struct{ added, removed, shown map[int]bool }

func placesOf(f hls.File) places {
	p := places{map[int]bool{}, map[int]bool{}, map[int]bool{}}
	for _, h := range parsePatch(f.Patch) {
		h.walk(func(l hunkLine, at int) {
			switch l.sign {
			case '+':
				p.added[l.new] = true
			case '-':
				p.removed[at] = true
			}
			if l.new > 0 {
				p.shown[l.new] = true
			}
		})
	}
	return p
}

// touch notes the lines that a hunk changes and the places have, and tells whether there are any.
func (h hunk) touch(own places, touched map[int]bool) (found bool) {
	h.walk(func(l hunkLine, at int) {
		switch {
		case l.sign == '+' && own.added[l.new]:
			touched[l.new], found = true, true
		case l.sign == '-' && (own.removed[at] || own.added[at] || own.added[at-1]):
			for _, beside := range []int{at - 1, at} {
				if own.shown[beside] {
					touched[beside], found = true, true
				}
			}
		}
	})
	return found
}

// walk goes through a hunk's lines. At is the number of the new line that comes next, for a removed line the one that it
// stood before.
func (h hunk) walk(visit func(l hunkLine, at int)) {
	at := h.start
	for _, l := range h.lines {
		if l.new > 0 {
			at = l.new
		}
		visit(l, at)
		if l.new > 0 {
			at++
		}
	}
}

// unparse is the inverse of parsePatch, and how many lines are added and removed.
func unparse(hunks []hunk) (patch string, additions, deletions int) {
	var b strings.Builder
	for _, h := range hunks {
		b.WriteString(strings.TrimRight(h.header()+" "+h.section, " ") + "\n")
		for _, l := range h.lines {
			b.WriteString(string(l.sign) + l.text + "\n")
			switch l.sign {
			case '+':
				additions++
			case '-':
				deletions++
			}
		}
	}
	return strings.TrimSuffix(b.String(), "\n"), additions, deletions
}

// holds tells whether a finding stands on lines that came, or where some went.
func (d delta) holds(f finding) bool {
	touched := d.touched[f.File]
	for line := f.Line; line <= f.EndLine; line++ {
		if touched[line] {
			return true
		}
	}
	return false
}
