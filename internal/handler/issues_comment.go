package handler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

const (
	mostDuplicates = 3
	// duplicateConfidence is the least for a duplicate to be named in public, whatever lower value labels have.
	duplicateConfidence = 0.75

	automated = "*This is an automated first look; a maintainer decides.*"
)

// issueReply is what a comment on an issue is made from.
type issueReply struct {
	answer    issueAnswer
	questions []string // worth asking
	silent    string   // why nothing is said, or ""
	policy    hls.CommentPolicy
	minimum   float64 // labels.min_confidence
	asked     bool    // an earlier comment has questions in it
}

// asks tells whether the reply puts questions to the author.
func (r issueReply) asks() bool { return r.silent == "" && len(r.questions) > 0 }

// planIssueComment speaks only where the author can act on it, unless the rule wants a comment always.
func planIssueComment(d *draft, f hls.Facts, r issueReply) hls.Plan {
	duplicates := likely(d, f, r)
	if r.silent != "" {
		return d.silent(r.silent)
	}
	var parts []string
	if r.policy.Post == hls.PostAlways {
		if text := cmp.Or(sentence(r.answer.Comment, 1200), sentence(r.answer.Summary, 1200)); text != "" {
			parts = append(parts, ended(text))
		}
	}
	parts = append(parts, duplicateLines(duplicates)...)
	switch {
	case r.asks():
		parts = append(parts, questionLines(r.questions))
	case r.asked && len(parts) == 0:
		parts = append(parts, nothingMissing)
	}
	if len(parts) == 0 {
		return d.silent("nothing_to_say")
	}
	d.comment(strings.Join(append(parts, automated), "\n\n"))
	return d.plan
}

// delicate is why nothing is said in public whatever the rule says, or "".
func delicate(a issueAnswer) string {
	switch {
	case a.Security:
		return hls.SecurityReport
	case a.Injection:
		return "injection_suspected"
	case a.NeedsHuman:
		return "needs_human"
	}
	return ""
}

// likely are the duplicates worth naming, the surest first.
func likely(d *draft, f hls.Facts, r issueReply) []duplicate {
	minimum := max(r.minimum, duplicateConfidence)
	var kept []duplicate
	for _, dup := range r.answer.Duplicates {
		known := slices.ContainsFunc(f.Similar, func(i hls.Issue) bool { return i.Number == dup.Number })
		why := ""
		switch {
		case !known || dup.Number == f.Issue.Number:
			why = "not_a_candidate"
		case dup.Confidence > 1:
			why = "confidence_out_of_range"
		case dup.Confidence < minimum:
			why = "low_confidence"
		case slices.ContainsFunc(kept, func(k duplicate) bool { return k.Number == dup.Number }):
			why = "repeated"
		case len(kept) == mostDuplicates:
			why = "over_three"
		}
		if why != "" {
			d.drop(fmt.Sprintf("duplicate #%d", dup.Number), why)
			continue
		}
		kept = append(kept, dup)
	}
	slices.SortStableFunc(kept, func(a, b duplicate) int { return cmp.Compare(b.Confidence, a.Confidence) })
	return kept
}

// Duplicates are the issues that an analysis would lead to be named as likely the same, the surest first.
func Duplicates(f hls.Facts, a hls.Analysis, r hls.Rule) (numbers []int) {
	var answer issueAnswer
	if f.Issue == nil || json.Unmarshal(a.Answer, &answer) != nil || reportsVulnerability(f, answer) || delicate(answer) != "" {
		return nil
	}
	for _, d := range likely(&draft{}, f, issueReply{answer: answer, minimum: r.Labels.MinConfidence}) {
		numbers = append(numbers, d.Number)
	}
	return numbers
}

// duplicateLines name likely duplicates. They avoid the words by which GitHub marks or closes one.
func duplicateLines(duplicates []duplicate) []string {
	if len(duplicates) == 0 {
		return nil
	}
	lines := []string{"This looks like something that was reported before:", ""}
	for _, d := range duplicates {
		line := fmt.Sprintf("- #%d", d.Number)
		if reason := ended(sentence(d.Reason, 300)); reason != "" {
			line += ": " + reason
		}
		lines = append(lines, line)
	}
	return []string{strings.Join(lines, "\n"), "If yours is different, please say in what."}
}

// The lines above questions, by which a comment with questions is known again, and the text that stands in their place
// once they are answered.
const (
	oneMissing     = "To look into this, one thing is missing:"
	someMissing    = "To look into this, some things are missing:"
	nothingMissing = "What was asked here has been answered."
)

func questionLines(questions []string) string {
	if len(questions) == 1 {
		return oneMissing + "\n\n- " + questions[0]
	}
	var b strings.Builder
	b.WriteString(someMissing + "\n")
	for i, q := range questions {
		fmt.Fprintf(&b, "\n%d. %s", i+1, q)
	}
	return b.String()
}
