package simulate

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	bugWords       = regexp.MustCompile(`(?i)\b(crash\w*|panic\w*|exception|stack ?trace|segfault|errors?|fail(s|ed|ing|ure)?|broken|regression|wrong|hangs?|freezes?|leaks?|bug|doesn't work|does not work|incorrect(ly)?|race|deadlock)\b`)
	notBug         = regexp.MustCompile(`(?i)\b(not|isn't|no) (really )?an? (bug|error|crash)\b`)
	featureWords   = regexp.MustCompile(`(?i)\b(feature request|feature|would be (nice|great|useful|helpful)|please add|add (an? )?(support|option|flag|way|button)|support for|proposal|allow (us|users|me) to|wish)\b`)
	questionWords  = regexp.MustCompile(`(?i)(\bhow (do|can|should|to)\b|\bis (it|there)\b[^.\n]*\?|\bwhat is\b|\bwhy does\b|\bcan i\b|\bquestion\b|\?\s*$)`)
	docWords       = regexp.MustCompile(`(?i)\b(documentation|docs?|readme|typos?|misspell\w*|changelog|broken link)\b`)
	highPriority   = regexp.MustCompile(`(?i)\b(crash\w*|panic\w*|data loss|loses? data|lost (data|orders?)|security|vulnerab\w*|production|outage|all users|corrupt\w*|injection)\b`)
	hardWords      = regexp.MustCompile(`(?i)\b(race|deadlock|concurren\w*|architecture|migrat\w*|data loss|memory leak|distributed)\b`)
	securityWords  = regexp.MustCompile(`(?i)\b(security|vulnerab\w*|exploit\w*|xss|csrf|sql injection|cve-\d+|leak\w* (password|token|secret|key)s?|remote code)\b`)
	stepWords      = regexp.MustCompile(`(?i)(steps? to reproduce|reproduc\w*|\bsteps\b|(?m)^\s*1[.)]\s|` + "```" + `)`)
	versionWords   = regexp.MustCompile(`(?i)(\bversion\b|\bv?\d+\.\d+(\.\d+)?\b|\bcommit [0-9a-f]{7,})`)
	componentWords = regexp.MustCompile(`(?i)\b(?:in|on|of|from) the (\w+) (?:module|component|page|service|package|screen|command|api|dialog|form)\b`)
	candidateName  = regexp.MustCompile(`#(\d+)\s*(.*)`)
	sentenceEnd    = regexp.MustCompile(`[.!?]\s+|\n+`)
)

// report is an issue as the rules see it.
type report struct {
	title, body string
	said        string // by its author, in comments
	candidates  []candidate
}

type candidate struct {
	number int
	title  string
}

func readReport(r Request) report {
	blocks := fenced(r.User)
	out := report{title: strings.TrimSpace(part(blocks, "title")), body: part(blocks, "body")}
	if out.title == "" {
		out.title, out.body = unfenced(strings.TrimSpace(blocks[0].text))
	}
	for _, b := range blocks {
		switch {
		case strings.HasPrefix(b.head, "candidate"):
			out.candidates = append(out.candidates, readCandidate(b))
		case strings.HasPrefix(b.head, "comment") && strings.HasSuffix(b.head, "the author"):
			out.said += "\n" + b.text
		}
	}
	return out
}

var (
	titleLine = regexp.MustCompile(`(?m)^\W*Title:[ \t]*(.+)$`)
	bodyLines = regexp.MustCompile(`(?ms)^\W*Body:[ \t]*(.*?)(?:\n\W*\w+:|\z)`)
)

// unfenced finds title and body in what a template of people's own made, which may name them, and may not.
func unfenced(text string) (title, body string) {
	if at := titleLine.FindStringSubmatch(text); at != nil {
		if text := bodyLines.FindStringSubmatch(text); text != nil {
			body = text[1]
		}
		return at[1], body
	}
	title, body, _ = strings.Cut(text, "\n")
	return title, body
}

// readCandidate takes the number from the heading of its part or from the first line, before the title.
func readCandidate(b block) candidate {
	title, _, _ := strings.Cut(strings.TrimSpace(b.text), "\n")
	var c candidate
	for _, text := range []string{b.head, title} {
		if m := candidateName.FindStringSubmatch(text); m != nil {
			c.number, _ = strconv.Atoi(m[1])
			title = strings.TrimPrefix(title, "#"+m[1])
			break
		}
	}
	c.title = strings.TrimSpace(title)
	return c
}

func (r report) text() string { return r.title + "\n" + r.body }

// kind weighs the words of the title over those of the body.
func (r report) kind() string {
	weigh := func(words *regexp.Regexp) int {
		return 3*len(words.FindAllString(r.title, 2)) + min(2, len(words.FindAllString(r.body, 3)))
	}
	best, most := "other", 0
	for _, k := range []struct {
		name  string
		words *regexp.Regexp
	}{{"bug", bugWords}, {"documentation", docWords}, {"feature", featureWords}, {"question", questionWords}} {
		weight := weigh(k.words)
		if k.name == "bug" && notBug.MatchString(r.text()) {
			weight = 0
		}
		if weight > most {
			best, most = k.name, weight
		}
	}
	return best
}

func (r report) priority(kind string) string {
	switch {
	case kind != "question" && kind != "documentation" && highPriority.MatchString(r.text()):
		return "high"
	case kind == "bug" || kind == "feature":
		return "medium"
	}
	return "low"
}

func (r report) difficulty(kind string) string {
	switch {
	case kind == "documentation" || kind == "question":
		return "easy"
	case hardWords.MatchString(r.text()):
		return "complex"
	}
	return "moderate"
}

func (r report) components() []string {
	out := []string{}
	for _, m := range componentWords.FindAllStringSubmatch(r.text(), 3) {
		if name := strings.ToLower(m[1]); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// quote is the first sentence of the report that a pattern matches, as it stands there.
func (r report) quote(words *regexp.Regexp) string {
	for _, s := range append([]string{r.title}, sentenceEnd.Split(r.body, -1)...) {
		if s = strings.TrimSpace(s); s != "" && len(s) < 300 && words.MatchString(s) {
			return s
		}
	}
	return ""
}

func (r report) missing(kind string) []string {
	out := []string{}
	if kind != "bug" {
		return out
	}
	told := r.body + r.said
	if !stepWords.MatchString(told) {
		out = append(out, "Which steps lead to the problem? (simulated question)")
	}
	if !versionWords.MatchString(told) {
		out = append(out, "Which version do you use? (simulated question)")
	}
	return out
}

// duplicates are the candidates whose titles share most words with the report's.
func (r report) duplicates() []any {
	out := []any{}
	mine := distinct(r.title)
	for _, c := range r.candidates {
		theirs, shared := distinct(c.title), 0
		for _, w := range mine {
			if slices.Contains(theirs, w) {
				shared++
			}
		}
		if least := min(len(mine), len(theirs)); shared >= 2 && shared*10 >= least*6 && len(out) < 3 {
			out = append(out, map[string]any{
				"number": c.number, "confidence": 0.92, "reason": "Simulated: the titles share most of their words.",
			})
		}
	}
	return out
}

// commonWords tell nothing about what an issue is about.
var commonWords = map[string]bool{
	"the": true, "and": true, "for": true, "with": true, "when": true, "from": true, "not": true, "open": true,
	"closed": true, "that": true, "this": true, "are": true, "was": true, "has": true, "can": true, "its": true,
}

func distinct(title string) []string {
	var out []string
	for _, w := range split(title) {
		if len(w) > 2 && !commonWords[w] && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

func triageDraft(r Request) map[string]any {
	issue := readReport(r)
	kind, text := issue.kind(), issue.text()
	priority, difficulty := issue.priority(kind), issue.difficulty(kind)
	secret, attack := securityWords.MatchString(text), suspicious(text)
	missing, duplicates := issue.missing(kind), issue.duplicates()
	comment := ""
	switch {
	case attack:
	case len(duplicates) > 0:
		comment = "This looks like something that was reported before (simulated remark)."
	case len(missing) > 0:
		comment = "Thanks for the report. Some details would help to find the cause (simulated remark)."
	}
	return map[string]any{
		"type":                kind,
		"priority":            map[string]any{"level": priority, "reason": "Simulated: the words of the issue suggest it."},
		"difficulty":          map[string]any{"level": difficulty, "reason": "Simulated: the words of the issue suggest it."},
		"components":          issue.components(),
		"labels":              issue.labels(allowed(r.System), kind, priority, difficulty),
		"duplicates":          duplicates,
		"missing_information": missing,
		"security_sensitive":  secret,
		"injection_suspected": attack,
		"needs_human":         secret || attack,
		"summary":             "Simulated summary: " + kind + ", " + priority + " priority: " + shorten(issue.title, 120),
		"comment":             comment,
	}
}
