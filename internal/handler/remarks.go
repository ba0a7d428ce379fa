package handler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

const (
	mostFindings = 5
	near         = 3  // lines that a finding's number may be off
	minCode      = 4  // characters other than blanks that a quote needs
	mostLines    = 20 // that one remark spans
)

// severities are in the order in which findings are told.
var severities = []string{"critical", "major", "minor"}

// verify keeps the findings that stand in the diff, at their true lines, that are about what is new, and that no earlier
// review has raised: the gravest first and at most five.
func verify(d *draft, files []hls.File, before round, findings []finding) []finding {
	var kept []finding
	now := sidesOf(files)
	for _, f := range findings {
		found, why := locate(f, files)
		if why == "" && slices.ContainsFunc(kept, func(k finding) bool { return sameFinding(k, found) }) {
			why = "repeated"
		}
		if why == "" {
			why = before.refuses(found, now)
		}
		if why != "" {
			d.drop(quoted("finding", fmt.Sprintf("%s:%d", f.File, f.Line)), why)
			continue
		}
		kept = append(kept, found)
	}
	slices.SortStableFunc(kept, func(a, b finding) int {
		return cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity))
	})
	for _, f := range kept[min(len(kept), mostFindings):] {
		d.drop(quoted("finding", fmt.Sprintf("%s:%d", f.File, f.Line)), "over_five")
	}
	return kept[:min(len(kept), mostFindings)]
}

// sameFinding tells whether two findings would say one thing twice.
func sameFinding(a, b finding) bool {
	overlap := a.File == b.File && a.Line <= b.EndLine && b.Line <= a.EndLine
	return overlap && plain(a.Category) == plain(b.Category) || plain(a.Problem) == plain(b.Problem)
}

// locate finds the true lines of a finding's quote, or says why it cannot stand.
func locate(f finding, files []hls.File) (finding, string) {
	at := slices.IndexFunc(files, func(file hls.File) bool { return file.Filename == f.File })
	switch {
	case at < 0 || files[at].Patch == "":
		return f, "not_in_diff"
	case !slices.Contains(severities, f.Severity):
		return f, "unknown_severity"
	case sentence(f.Problem, 10) == "":
		return f, "no_problem_told"
	}
	quote := codeLines(f.Quote)
	if len(strings.Join(quote, "")) < minCode {
		return f, "quote_too_short"
	}
	side := rightOf(files[at])
	if !slices.ContainsFunc(offsets(), func(o int) bool { _, ok := side[f.Line+o]; return ok }) {
		return f, "not_in_diff"
	}
	for _, o := range offsets() {
		if side.holds(f.Line+o, quote) {
			return f.moved(f.Line+o, len(quote), side), ""
		}
	}
	return f, "quote_not_found"
}

// code is what a finding is known by between rounds: its quote, wherever it stands by then.
func (f finding) code() string { return strings.Join(codeLines(f.Quote), "\n") }

// offsets are 0, 1, -1, 2, -2, …: the nearest line first.
func offsets() []int {
	all := []int{0}
	for n := 1; n <= near; n++ {
		all = append(all, n, -n)
	}
	return all
}

// moved puts a finding at start. Its end moves with it, at least over the quote, as far as the hunk goes.
func (f finding) moved(start, quoted int, side right) finding {
	length := min(max(f.EndLine-f.Line+1, quoted), mostLines)
	f.Line, f.EndLine = start, start
	for f.EndLine-start+1 < length && side.has(f.EndLine+1, side[start].hunk) {
		f.EndLine++
	}
	return f
}

// remark is a finding as an inline comment. Its last line names it, for people to refer to.
func remark(f finding) hls.Remark {
	head := strings.ToUpper(f.Severity[:1]) + f.Severity[1:]
	if category := sentence(f.Category, 30); category != "" {
		head += ", " + strings.ToLower(category)
	}
	body := "**" + strings.ReplaceAll(head, "*", "") + ".** " + ended(sentence(f.Problem, 600))
	if text := suggestion(f.Suggestion); text != "" {
		body += "\n\n" + text
	}
	body += "\n\n*Finding " + findingID(f.File, f.code()) + "*"
	return hls.Remark{Path: f.File, Line: f.Line, EndLine: f.EndLine, Side: "RIGHT", Body: body, Quote: f.code()}
}

// suggestion shows several lines as code, and one as a sentence. Fences that the model wrote are taken away.
func suggestion(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(seen(line), " \t")
		if !strings.HasPrefix(strings.TrimSpace(line), "```") {
			lines = append(lines, strings.ReplaceAll(line, "```", ""))
		}
	}
	text = strings.Trim(strings.Join(lines, "\n"), "\n")
	if !strings.Contains(text, "\n") {
		if text = ended(sentence(text, 400)); text == "" {
			return ""
		}
		return "Suggestion: " + text
	}
	if len(text) > 2000 {
		return ""
	}
	return "Suggestion:\n\n" + codeBlock(text)
}
