package simulate

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// smell is a pattern that the simulated reviewer remarks on, in added lines only.
type smell struct {
	pattern    *regexp.Regexp
	severity   string
	category   string
	problem    string
	suggestion string
}

var smells = []smell{
	{regexp.MustCompile(`(?i)Sprintf\(\s*"\s*(select|insert|update|delete)\b|"\s*(select|insert|update|delete)\b[^"]*"\s*\+`), "critical", "security", "Text is put into an SQL statement, so whoever chooses the text chooses the statement.", "Pass the value as a parameter of the query."},
	{regexp.MustCompile(`InsecureSkipVerify:\s*true`), "critical", "security", "Certificates are not checked, so anyone on the way can read and change what is sent.", "Remove InsecureSkipVerify, or add the certificate authority to RootCAs."},
	{regexp.MustCompile(`(?i)(password|passwd|secret|api_?key|token)\w*"?\s*(:=|=|:)\s*"[^"]{6,}"`), "critical", "security", "A secret stands in the source, where everyone with access to the repository can read it.", "Read it from the environment, and change the secret."},
	{regexp.MustCompile(`^\s*_\s*(,\s*_\s*)?=\s*\w|,\s*_\s*:?=\s*\w+[.\w]*\(`), "major", "correctness", "The error is ignored: when the call fails, the program goes on as if it had not.", "Return or handle the error."},
	{regexp.MustCompile(`\bpanic\(`), "major", "correctness", "A panic here ends the whole process when this state is reached.", "Return an error to the caller."},
	{regexp.MustCompile(`\bif \w+ == nil \{?\s*(return )?\w*\.`), "major", "correctness", "The value is used where it was just found to be nil.", "Turn the condition around."},
	{regexp.MustCompile(`\b(TODO|FIXME)\b`), "minor", "maintainability", "Work is left undone at this line.", "Do it, or open an issue and name it here."},
}

var (
	diffFile   = regexp.MustCompile(`^(?:diff --git a/.+ b/(.+)|\+\+\+ b/(.+)|=== (.+?)(?: from .+)? \(\w+, \+\d+ -\d+\))$`)
	numbered   = regexp.MustCompile(`^ *(\d+) ([ +])(.*)$`)
	testFile   = regexp.MustCompile(`(?i)(_test\.|\.test\.|\.spec\.|/tests?/|^tests?/)`)
	sourceFile = regexp.MustCompile(`\.(go|py|js|ts|rb|rs|java|c|cpp|cs|php)$`)
)

// changed is one file of a diff in a prompt.
type changed struct {
	name  string
	lines []diffLine
}

// readDiff finds the changed files in a text: as git writes a diff, or with the new file's number before each line.
func readDiff(text string) []changed {
	var out []changed
	var patch strings.Builder
	flush := func() {
		if len(out) > 0 {
			last := &out[len(out)-1]
			last.lines = append(last.lines, parsePatch(patch.String())...)
		}
		patch.Reset()
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if m := diffFile.FindStringSubmatch(line); m != nil {
			flush()
			if name := m[1] + m[2] + m[3]; len(out) == 0 || out[len(out)-1].name != name {
				out = append(out, changed{name: name})
			}
			continue
		}
		if m := numbered.FindStringSubmatch(line); m != nil && len(out) > 0 {
			n, _ := strconv.Atoi(m[1])
			last := &out[len(out)-1]
			last.lines = append(last.lines, diffLine{Mark: m[2][0], New: n, Text: m[3]})
			continue
		}
		patch.WriteString(line + "\n")
	}
	flush()
	return out
}

func (c changed) findings() []any {
	var out []any
	for _, l := range c.lines {
		if l.Mark != '+' {
			continue
		}
		for _, s := range smells {
			if !s.pattern.MatchString(l.Text) {
				continue
			}
			out = append(out, map[string]any{
				"severity": s.severity, "category": s.category, "file": c.name, "line": l.New, "end_line": l.New,
				"quote": strings.TrimSpace(l.Text), "problem": s.problem + " (simulated finding)", "suggestion": s.suggestion,
			})
			break
		}
	}
	return out
}

func reviewDraft(r Request, properties map[string]any) map[string]any {
	var findings []any
	missing := []string{}
	added, tested := 0, false
	blocks := fenced(r.User)
	files := readDiff(part(blocks, "diff"))
	for _, f := range files {
		findings = append(findings, f.findings()...)
		tested = tested || testFile.MatchString(f.name)
		for _, l := range f.lines {
			if l.Mark == '+' {
				added++
			}
		}
	}
	for _, f := range files {
		if !tested && sourceFile.MatchString(f.name) && len(missing) < 3 {
			missing = append(missing, "Nothing tests the change of "+f.name+" (simulated remark).")
		}
	}
	findings = strongest(findings, 5)
	kind := changeKind(part(blocks, "title"), properties)
	return map[string]any{
		"summary": "Simulated review of " + plural(len(files), "file") + ": " + plural(len(findings), "finding") + ".",
		"risk":    riskOf(findings), "type": kind, "effort": effortOf(added),
		"findings": orEmpty(findings), "missing_tests": missing, "earlier": orEmpty(stillOpen(blocks)),
	}
}

// stillOpen says of each finding that is listed that nothing is known to have become of it.
func stillOpen(blocks []block) []any {
	var out []any
	for _, b := range blocks {
		if id, ok := strings.CutPrefix(b.head, "open finding "); ok {
			out = append(out, object{"id": id, "state": "open", "reason": "Nothing mends it (simulated).", "quote": ""})
		}
	}
	return out
}

func orEmpty(list []any) []any {
	if list == nil {
		return []any{}
	}
	return list
}

func severityOf(finding any) string { return finding.(map[string]any)["severity"].(string) }

func strongest(findings []any, limit int) []any {
	order := []string{"critical", "major", "minor"}
	slices.SortStableFunc(findings, func(a, b any) int {
		return slices.Index(order, severityOf(a)) - slices.Index(order, severityOf(b))
	})
	return findings[:min(limit, len(findings))]
}

func riskOf(findings []any) string {
	risk := "low"
	for _, f := range findings {
		switch severityOf(f) {
		case "critical":
			return "high"
		case "major":
			risk = "medium"
		}
	}
	return risk
}

func effortOf(added int) int {
	for i, limit := range []int{20, 100, 300, 1000} {
		if added < limit {
			return i + 1
		}
	}
	return 5
}

// changeKind picks, of the types that the schema offers, the one that the words speak for.
func changeKind(text string, properties map[string]any) string {
	p, _ := properties["type"].(map[string]any)
	enum, _ := p["enum"].([]any)
	for _, k := range []struct {
		words *regexp.Regexp
		names []string
	}{
		{regexp.MustCompile(`(?i)\b(fix(es|ed)?|bug|crash|panic)\b`), []string{"bug", "bugfix", "fix", "bug_fix"}},
		{regexp.MustCompile(`(?i)\b(docs?|readme|documentation|typo)\b`), []string{"documentation", "docs"}},
		{regexp.MustCompile(`(?i)\brefactor`), []string{"refactor", "refactoring"}},
		{regexp.MustCompile(`(?i)\b(add|support|introduce|implement)`), []string{"feature", "enhancement"}},
	} {
		if !k.words.MatchString(text) {
			continue
		}
		for _, name := range k.names {
			if slices.Contains(enum, any(name)) {
				return name
			}
		}
	}
	return "other"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
