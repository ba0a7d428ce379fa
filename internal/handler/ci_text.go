package handler

import (
	"fmt"
	"slices"
	"strings"
)

const longLogLine = 240 // characters

// text is what the comment says of a workflow that failed.
func (p ciPlan) text(causes []judgedCause) string {
	parts := []string{inCode(p.ci.Run.Name) + " failed" + p.link() + "."}
	for _, c := range causes {
		parts = append(parts, p.causeText(c))
	}
	if p.mayRunAgain(causes) {
		parts = append(parts, "The failed jobs run once more.")
	}
	if slices.Contains(p.ci.Unread, "logs") {
		parts = append(parts, "HLS may not read the logs here, so this rests on annotations alone.")
	}
	return strings.Join(parts, "\n\n")
}

// link names the run, with the address that GitHub gave it.
func (p ciPlan) link() string {
	run := p.ci.Run
	name := fmt.Sprintf("run %d", run.Number)
	if run.Number == 0 {
		name = "details"
	}
	if run.Attempt > 1 {
		name += fmt.Sprintf(", attempt %d", run.Attempt)
	}
	if !strings.HasPrefix(run.URL, "https://") || strings.ContainsAny(run.URL, " ()<>\n") {
		return " (" + name + ")"
	}
	return " ([" + name + "](" + run.URL + "))"
}

// causeText is where it went wrong, the lines that prove it, and what follows from them.
func (p ciPlan) causeText(c judgedCause) string {
	where := "In " + names(c.Jobs)
	if c.Step != "" {
		where += ", step " + inCode(c.Step)
	}
	parts := []string{where + ":"}
	if len(c.Tests) > 0 {
		parts = append(parts, "Failing tests: "+names(c.Tests)+".")
	}
	var lines []string
	for _, l := range c.lines {
		lines = append(lines, cut(strings.ReplaceAll(seen(l), "```", "'''"), longLogLine))
	}
	parts = append(parts, codeBlock(strings.Join(lines, "\n")))
	if elsewhere := p.elsewhere(c); elsewhere != "" {
		parts = append(parts, elsewhere)
	}
	if said := verdictText(c); said != "" {
		parts = append(parts, said)
	}
	return strings.Join(parts, "\n\n")
}

// elsewhere tells on which other pull requests, and whether on the default branch, the same went wrong.
func (p ciPlan) elsewhere(c judgedCause) string {
	var sentences []string
	if main := p.onMain(c.ciCause); main != nil {
		sentences = append(sentences, fmt.Sprintf("The same failure is on %s since %s.", inCode(p.ci.Main), inCode(short(main.First))))
	}
	var pulls []int
	for _, s := range c.Seen {
		own := p.facts.Target != nil && s.Pull == p.facts.Target.Number
		if s.Pull > 0 && !own && !slices.Contains(pulls, s.Pull) {
			pulls = append(pulls, s.Pull)
		}
	}
	if n := len(pulls); n > 0 {
		slices.Sort(pulls)
		slices.Reverse(pulls)
		var shown []string
		for _, number := range pulls[:min(n, mostNamed)] {
			shown = append(shown, fmt.Sprintf("#%d", number))
		}
		line := fmt.Sprintf("It failed the same way on %d other pull requests: %s", n, strings.Join(shown, ", "))
		if n == 1 {
			line = "It failed the same way on " + shown[0]
		}
		if n > mostNamed {
			line += " and others"
		}
		sentences = append(sentences, line+".")
	}
	return strings.Join(sentences, " ")
}

// verdictText is what was judged: now, or when the same was seen before.
func verdictText(c judgedCause) string {
	v := c.verdict
	if v == nil {
		return ""
	}
	text := fmt.Sprintf("Likely **%s** (confidence %.2f)", verdictWords[v.Verdict], v.Confidence)
	switch {
	case c.Known == nil:
	case c.From == "":
		text = fmt.Sprintf("As before, likely **%s**", verdictWords[v.Verdict])
	default:
		text = fmt.Sprintf("On %s it was judged **%s**", c.From, verdictWords[v.Verdict])
	}
	text += ": " + v.Cause
	if c.by != nil {
		text += fmt.Sprintf(" Likely introduced by %s (%s).", inCode(short(c.by.SHA)), inCode(c.by.Subject))
	}
	if v.NextStep != "" {
		text += "\n\nNext: " + v.NextStep
	}
	return text
}

// title is that of an issue about a cause.
func (p ciPlan) title(c judgedCause) string {
	what := names(c.Jobs)
	switch {
	case len(c.Tests) > 0:
		what = c.Tests[0]
	case len(c.lines) > 0:
		what = c.lines[0]
	}
	return cut(fmt.Sprintf("%s fails on %s: %s", oneLine(p.ci.Run.Name), p.ci.Main, sentence(what, 100)), 200)
}

func (p ciPlan) issueText(c judgedCause) string {
	head := inCode(p.ci.Run.Name) + " failed on " + inCode(p.ci.Main) + " at " + inCode(short(p.ci.Run.HeadSHA)) + p.link() + "."
	return strings.Join([]string{head, p.causeText(c), automatedLog}, "\n\n")
}
