package simulate

import (
	"regexp"
	"slices"
	"strings"
)

// kindNames are the words by which labels name a type of issue, with what proves it.
var kindNames = map[string]struct {
	names []string
	words *regexp.Regexp
}{
	"bug":           {[]string{"bug", "defect", "crash"}, bugWords},
	"feature":       {[]string{"feature", "enhancement", "feature request"}, featureWords},
	"question":      {[]string{"question", "support", "help"}, questionWords},
	"documentation": {[]string{"documentation", "docs", "doc"}, docWords},
}

// groups are the words that begin the names of labels which exclude one another.
var groups = map[string]bool{
	"type": true, "kind": true, "priority": true, "severity": true, "difficulty": true, "effort": true, "area": true,
	"component": true,
}

var (
	anyWord   = regexp.MustCompile(`\w{3,}`)
	labelPart = regexp.MustCompile(`[^a-z0-9]+`)
)

// labels proposes of the allowed labels those that the report's words speak for, each with a sentence of it.
func (r report) labels(names []string, kind, priority, difficulty string) []any {
	out := []any{}
	add := func(name string, confidence float64, words *regexp.Regexp) {
		if quote := r.quote(words); quote != "" {
			out = append(out, map[string]any{"name": name, "confidence": confidence, "evidence": quote})
		}
	}
	for _, name := range names {
		group, rest := labelWords(name)
		switch {
		case slices.Contains(kindNames[kind].names, rest) && group != "priority":
			add(name, 0.93, kindNames[kind].words)
		case group == "priority" || group == "severity":
			if rest == priority {
				add(name, 0.85, r.proof(priority))
			}
		case group == "difficulty" || group == "effort":
			if rest == difficulty {
				add(name, 0.82, anyWord)
			}
		case rest == "good first issue" && difficulty == "easy" && kind == "documentation":
			add(name, 0.82, docWords)
		case rest == "security":
			add(name, 0.9, securityWords)
		case group == "area" || group == "component":
			add(name, 0.84, regexp.MustCompile(`(?i)\b`+regexp.QuoteMeta(rest)+`\b`))
		}
	}
	return out
}

// proof is what stands for a priority.
func (r report) proof(priority string) *regexp.Regexp {
	if priority == "high" {
		return highPriority
	}
	return anyWord
}

// labelWords cuts a label into its group and the rest: "priority-high", "priority: high" and "Priority/High" alike.
func labelWords(name string) (group, rest string) {
	words := strings.Fields(labelPart.ReplaceAllString(strings.ToLower(name), " "))
	if len(words) > 1 {
		if groups[words[0]] {
			return words[0], strings.Join(words[1:], " ")
		}
	}
	return "", strings.Join(words, " ")
}
