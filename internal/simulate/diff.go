package simulate

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"hls/internal/hls"
)

// diffLine is one line of a hunk. Old or New is 0 on the side where the line does not exist.
type diffLine struct {
	Mark byte // ' ', '+' or '-'
	Old  int
	New  int
	Hunk int // counted from 0
	Text string
}

var hunkHeader = regexp.MustCompile(`^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@`)

// parsePatch reads the hunks of one file's unified diff and numbers their lines.
func parsePatch(patch string) []diffLine {
	var lines []diffLine
	before, after, hunk := 0, 0, -1
	for text := range strings.Lines(patch) {
		text = strings.TrimRight(text, "\r\n")
		if m := hunkHeader.FindStringSubmatch(text); m != nil {
			before, _ = strconv.Atoi(m[1])
			after, _ = strconv.Atoi(m[2])
			hunk++
			continue
		}
		if hunk < 0 || strings.HasPrefix(text, `\`) {
			continue
		}
		line, ok := number(text, hunk, &before, &after)
		if !ok {
			hunk = -1
			continue
		}
		lines = append(lines, line)
	}
	return lines
}

func number(text string, hunk int, before, after *int) (diffLine, bool) {
	if text == "" {
		text = " "
	}
	line := diffLine{Mark: text[0], Hunk: hunk, Text: text[1:]}
	switch line.Mark {
	case ' ':
		line.Old, line.New = *before, *after
		*before++
		*after++
	case '+':
		line.New = *after
		*after++
	case '-':
		line.Old = *before
		*before++
	default:
		return diffLine{}, false
	}
	return line, true
}

// find returns the line that a side and a number name.
func find(lines []diffLine, side string, n int) (diffLine, bool) {
	for _, l := range lines {
		if n > 0 && (side == "LEFT" && l.Old == n && l.Mark != '+' || side != "LEFT" && l.New == n) {
			return l, true
		}
	}
	return diffLine{}, false
}

// unified joins changed files to the text that git would print for them.
func unified(files []hls.File) string {
	var out strings.Builder
	for _, f := range files {
		before := f.Filename
		if f.PreviousFilename != "" {
			before = f.PreviousFilename
		}
		fmt.Fprintf(&out, "diff --git a/%s b/%s\n", before, f.Filename)
		from, to := "a/"+before, "b/"+f.Filename
		switch f.Status {
		case "added":
			out.WriteString("new file mode 100644\n")
			from = "/dev/null"
		case "removed":
			out.WriteString("deleted file mode 100644\n")
			to = "/dev/null"
		}
		if f.Patch == "" {
			fmt.Fprintf(&out, "Binary files %s and %s differ\n", from, to)
			continue
		}
		fmt.Fprintf(&out, "--- %s\n+++ %s\n%s\n", from, to, strings.TrimRight(f.Patch, "\n"))
	}
	return out.String()
}

// count fills in what a patch adds and removes where the seed does not say.
func count(f hls.File) hls.File {
	if f.Status == "" {
		f.Status = "modified"
	}
	if f.Additions > 0 || f.Deletions > 0 {
		return f
	}
	for _, l := range parsePatch(f.Patch) {
		switch l.Mark {
		case '+':
			f.Additions++
		case '-':
			f.Deletions++
		}
	}
	return f
}
