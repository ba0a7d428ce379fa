package handler

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

const (
	causeConfidence = 0.5 // below it a verdict is not told
	rerunConfidence = 0.7 // below it nothing runs again
	mostEvidence    = 3
	mostIssues      = 3 // of one run of the default branch
)

// judgedCause is what a comment says of a cause: always the lines that code found, and a verdict where one is proved.
type judgedCause struct {
	ciCause
	verdict *causeVerdict
	lines   []string // of the log, as evidence
	by      *suspect
}

// Plan: one part of the one comment on the pull request, an issue for a cause on the default branch where the rule lets
// it, and the failed jobs once more where the rule lets that.
func (ci) Plan(e hls.Event, f hls.Facts, a hls.Analysis, r hls.Rule) hls.Plan {
	d := newDraft(e, f, a, ciPurpose)
	var answer ciAnswer
	if err := json.Unmarshal(a.Answer, &answer); err != nil {
		return d.silent("answer_unreadable")
	}
	c := ciOf(f)
	if c == nil || f.Skip != "" {
		return d.silent("nothing_to_plan")
	}
	if part := partOf(c.Parts, c.Run.Key); part != nil && c.Run.later(part.Number, part.Attempt, part.Run) {
		return d.silent("newer_run")
	}
	p := ciPlan{draft: d, event: e, facts: f, ci: c, rule: r}
	p.mend()
	switch {
	case !c.Run.failed():
		return p.green()
	case answer.Injection:
		return d.silent("injection_suspected")
	}
	causes := p.judge(answer)
	p.remember(causes)
	p.speak(causes)
	if p.mayRunAgain(causes) {
		p.runAgain()
	}
	return d.plan
}

// ciPlan is a plan about a run in the making.
type ciPlan struct {
	draft *draft
	event hls.Event
	facts hls.Facts
	ci    *ciFacts
	rule  hls.Rule
}

// mend marks the causes as gone that this workflow failed for at the same place and does not fail for any more.
func (p ciPlan) mend() {
	for _, past := range p.ci.Past {
		if slices.ContainsFunc(p.ci.Causes, func(c ciCause) bool { return c.Print == past.print }) {
			continue
		}
		past.Fixed = true
		p.draft.remember(memory(past.where, kindCause, past.print, past.seenCause))
	}
}

// judge joins causes with what is known of them or what Claude says, as far as that is proved.
func (p ciPlan) judge(answer ciAnswer) []judgedCause {
	var causes []judgedCause
	for _, c := range p.ci.Causes {
		causes = append(causes, judgedCause{ciCause: c, verdict: c.Known, lines: strongest(c)})
	}
	judged := map[string]bool{}
	for _, a := range answer.Causes {
		i := slices.IndexFunc(causes, func(c judgedCause) bool { return c.Print == a.ID && c.Asked })
		why := ""
		switch {
		case i < 0:
			why = "no_such_failure"
		case judged[a.ID]:
			why = "repeated"
		default:
			judged[a.ID] = true
			why = p.prove(&causes[i], a)
		}
		if why != "" {
			p.draft.drop(quoted("verdict", a.Verdict+" on "+a.ID), why)
		}
	}
	return causes
}

// prove takes an answer about a cause over as far as code can hold it against the log and the facts, or says why not.
func (p ciPlan) prove(c *judgedCause, a causeAnswer) string {
	_, known := verdictWords[a.Verdict]
	switch {
	case !known:
		return "unknown_verdict"
	case a.Confidence > 1:
		return "confidence_out_of_range"
	case !(a.Confidence >= causeConfidence):
		return "low_confidence"
	case a.Verdict == "broken_main" && p.onMain(c.ciCause) == nil:
		return "main_not_seen_failing"
	case sentence(a.Cause, 10) == "":
		return "no_cause_told"
	}
	var lines []string
	for _, quote := range a.Evidence {
		line, ok := quotedLine(c.ciCause, quote)
		switch {
		case !ok:
			p.draft.drop(quoted("evidence", quote), "not_in_log")
		case slices.Contains(lines, line):
		case len(lines) == mostEvidence:
			p.draft.drop(quoted("evidence", quote), "over_three")
		default:
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return "evidence_not_found"
	}
	c.lines = lines
	c.by = p.commit(a.IntroducedBy)
	c.verdict = &causeVerdict{
		Verdict: a.Verdict, Confidence: a.Confidence,
		Cause: ended(sentence(a.Cause, 400)), NextStep: ended(sentence(a.NextStep, 300)),
	}
	return ""
}

// quotedLine is the line of the log that a quote stands in.
func quotedLine(c ciCause, quote string) (string, bool) {
	for _, l := range c.Lines {
		if (evidence{plain(l.Text)}).supports(quote) {
			return l.Text, true
		}
	}
	return "", false
}

// strongest are the lines that tell most of a cause, and those that tell nearly as much.
func strongest(c ciCause) []string {
	most := 0
	for _, l := range c.Lines {
		most = max(most, l.Weight)
	}
	var lines []string
	for _, l := range c.Lines {
		if l.Weight >= max(most-1, 1) && len(lines) < 2*mostEvidence && l.Text != "" {
			lines = append(lines, l.Text)
		}
	}
	return lines
}

// commit is the one of the gathered commits that a SHA names.
func (p ciPlan) commit(sha string) *suspect {
	sha = strings.ToLower(strings.TrimSpace(sha))
	if sha == "" {
		return nil
	}
	var found *suspect
	for i, c := range p.ci.Commits {
		if len(sha) >= 7 && strings.HasPrefix(c.SHA, sha) {
			if found != nil {
				found = nil
				break
			}
			found = &p.ci.Commits[i]
		}
	}
	if found == nil {
		p.draft.drop(quoted("commit", sha), "not_a_suspect")
	}
	return found
}

// onMain is the same failure on the default branch, where it lasts.
func (p ciPlan) onMain(c ciCause) *recalledCause {
	if p.ci.Branch != "" {
		return nil
	}
	for i, s := range c.Seen {
		if s.Pull == 0 && s.Branch == p.ci.Main && !s.Foreign && !s.Fixed {
			return &c.Seen[i]
		}
	}
	return nil
}

// remember keeps each cause at the place where it was seen, with what was said of it.
func (p ciPlan) remember(causes []judgedCause) {
	place := p.ci.place(p.event, p.facts)
	for _, c := range causes {
		if c.Weak {
			continue
		}
		seen := seenCause{
			Run: p.ci.Run.ID, Key: p.ci.Run.Key, Branch: p.ci.Run.Branch, SHA: p.ci.Run.HeadSHA, First: p.ci.Run.HeadSHA,
			Foreign: p.ci.Run.Foreign, Verdict: c.verdict,
		}
		if p.facts.Target != nil {
			seen.Pull = p.facts.Target.Number
		}
		if i := slices.IndexFunc(p.ci.Past, func(s recalledCause) bool { return s.print == c.Print }); i >= 0 {
			seen.First = p.ci.Past[i].First
		}
		p.draft.remember(memory(place, kindCause, c.Print, seen))
	}
}

// speak says it where the run belongs: on its pull request, in issues about the default branch, or nowhere.
func (p ciPlan) speak(causes []judgedCause) {
	switch {
	case p.facts.Target != nil:
		p.comment(causes)
	case p.ci.Branch == "":
		p.draft.plan.Silent = "no_pull_request"
	case !p.rule.Workflows.Issues:
		p.draft.plan.Silent = "issues_off"
	default:
		p.issues(causes)
	}
}

// comment composes the comment of what all workflows say, and remembers the part of this one.
func (p ciPlan) comment(causes []judgedCause) {
	if why := muted(p.event, p.rule.Comments); why != "" {
		p.draft.plan.Silent = why
		return
	}
	p.say(ciPart{Text: p.text(causes)})
}

func (p ciPlan) say(part ciPart) {
	run, head := p.ci.Run, p.facts.PullRequest.Head.SHA
	part.Key, part.Name, part.Run, part.Number, part.Attempt, part.Head = run.Key, run.Name, run.ID, run.Number, run.Attempt, head
	part.Dry = !p.rule.Writes(hls.UpsertComment)
	p.draft.remember(memory(*p.facts.Target, kindPart, part.Key, part))
	others := slices.DeleteFunc(slices.Clone(p.ci.Parts), func(o ciPart) bool { return o.Key == part.Key })
	effect := p.draft.base
	effect.Kind, effect.Subject, effect.Head = hls.UpsertComment, *p.facts.Target, head
	effect.Body = compose(append(others, part), head)
	effect.Revision += "-" + digest(effect.Body)[:shortDigest] // What else it says may change while the run stays what it is.
	p.draft.plan.Effects = append(p.draft.plan.Effects, effect)
}

// green turns the part of the comment that told of a failure.
func (p ciPlan) green() hls.Plan {
	part := partOf(p.ci.Parts, p.ci.Run.Key)
	switch why := muted(p.event, p.rule.Comments); {
	case p.facts.Target == nil || part == nil || part.Dry && p.rule.Writes(hls.UpsertComment) || part.Green && part.Run != p.ci.Run.ID:
		return p.draft.silent("green_again")
	case why != "":
		return p.draft.silent(why)
	}
	p.say(ciPart{Green: true})
	return p.draft.plan
}

// mayRunAgain: only failures that another run may not have, each of them surely such, and only after the first attempt.
func (p ciPlan) mayRunAgain(causes []judgedCause) bool {
	run := p.ci.Run
	if !p.rule.Workflows.Rerun || run.Attempt != 1 || run.actions == 0 || !strings.HasPrefix(p.event.Subject.Ref, "workflow_run/") {
		return false
	}
	for _, c := range causes {
		if c.verdict == nil || c.verdict.Confidence < rerunConfidence || c.verdict.Verdict != "flaky_test" && c.verdict.Verdict != "infrastructure" {
			return false
		}
	}
	return len(causes) > 0
}

func (p ciPlan) runAgain() {
	effect := p.draft.base
	effect.Kind, effect.Run, effect.Attempt = hls.RerunFailedJobs, p.ci.Run.actions, p.ci.Run.Attempt
	p.draft.plan.Effects = append(p.draft.plan.Effects, effect)
}

// issues opens one for each cause on the default branch: a cause that could be anything is none.
func (p ciPlan) issues(causes []judgedCause) {
	opened := 0
	for _, c := range causes {
		if c.Weak || opened == mostIssues {
			p.draft.drop(quoted("issue", c.Print), map[bool]string{true: "cause_too_weak", false: "over_three"}[c.Weak])
			continue
		}
		opened++
		p.draft.issue(p.event.Subject.Cause(c.Print), p.title(c), p.issueText(c), p.labels(c)...)
	}
	if opened == 0 {
		p.draft.plan.Silent = "cause_too_weak"
	}
}

// issueLabels are the names of labels for issues about causes, by verdict; "" is for all. A repository has those it likes.
var issueLabels = map[string][]string{
	"": {"ci", "build"}, "flaky_test": {"flaky", "flaky-test"}, "infrastructure": {"infrastructure"}, "dependency": {"dependencies"},
}

func (p ciPlan) labels(c judgedCause) []hls.Label {
	wanted := slices.Clone(issueLabels[""])
	if c.verdict != nil {
		wanted = append(wanted, issueLabels[c.verdict.Verdict]...)
	}
	var labels []hls.Label
	for _, l := range p.rule.Labels.Allowed(p.facts.Labels) {
		if slices.Contains(wanted, hls.Fold(l.Name)) {
			labels = append(labels, l)
		}
	}
	return labels
}
