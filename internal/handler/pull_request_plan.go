package handler

import (
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

const (
	fewOmitted  = 10     // files, each named with its reason
	longOmitted = 12_000 // bytes of names of more

	// untested stands above the missing tests, also in texts of earlier rounds.
	untested = "Not covered by a test in this diff:"

	automatedReview = "*This is an automated first look at the diff; a maintainer decides.*"
)

// reviewReply is what a review is made from.
type reviewReply struct {
	answer  reviewAnswer
	policy  hls.CommentPolicy
	before  round
	settled []raisedFinding // earlier ones that are no longer open
}

// planReview is one review when a finding stands on a line; one comment when only untested risk, or the rule, gives
// reason to speak; otherwise silence. The comment is edited in place and always says all; a review says only what is new.
func planReview(d *draft, e hls.Event, f hls.Facts, r reviewReply) hls.Plan {
	findings := verify(d, f.Files, r.before, r.answer.Findings)
	if why := muted(e, r.policy); why != "" {
		return d.silent(why)
	}
	tests := d.sentences("missing test", r.answer.MissingTests)
	always := r.policy.Post == hls.PostAlways
	switch {
	case f.Diff == "" && r.before.Since != "" && (!always || len(r.settled) == 0):
		return d.silent("nothing_new")
	case always && len(findings) == 0:
		d.comment(r.body(f, tests))
		return d.plan
	}
	tests = unraised(d, f.Raised, tests)
	switch {
	case len(findings) > 0:
		var remarks []hls.Remark
		for _, found := range findings {
			remarks = append(remarks, remark(found))
			d.remember(raise(found, f.PullRequest.Head.SHA).remember(e.Subject))
		}
		d.review(f.PullRequest.Head.SHA, r.body(f, tests), remarks)
		return d.plan
	case r.answer.Risk == "high" && len(tests) > 0:
		d.comment(r.body(f, tests))
		return d.plan
	}
	return d.silent("nothing_to_say")
}

// unraised drops the missing tests when any were named before. The model words them anew each time, so that nobody can
// tell an old one from a new one, and silence is better than the same thing after every push.
func unraised(d *draft, raised []hls.Remark, tests []string) []string {
	before := slices.ContainsFunc(raised, func(r hls.Remark) bool { return r.Path == "" && strings.Contains(r.Body, untested) })
	if !before {
		return tests
	}
	for _, test := range tests {
		d.drop(quoted("missing test", test), "raised_before")
	}
	return nil
}

// body is the text above the remarks.
func (r reviewReply) body(f hls.Facts, tests []string) string {
	var parts []string
	if summary := ended(sentence(r.answer.Summary, 600)); summary != "" {
		parts = append(parts, summary)
	}
	parts = append(parts, assessment(r.answer))
	if len(tests) > 0 {
		parts = append(parts, untested+"\n\n- "+strings.Join(tests, "\n- "))
	}
	if line := settledLine(r.before, r.settled); line != "" {
		parts = append(parts, line)
	}
	if since := r.before.Since; since != "" {
		parts = append(parts, "Looked at: what came since "+inCode(short(since))+".")
	}
	if len(f.Omitted) > 0 {
		parts = append(parts, omittedLine(f.Omitted))
	}
	return strings.Join(append(parts, automatedReview), "\n\n")
}

func assessment(a reviewAnswer) string {
	text := "Risk: " + sentence(a.Risk, 20)
	if a.Effort >= 1 && a.Effort <= 5 {
		text += fmt.Sprintf(" · effort to review: %d of 5", a.Effort)
	}
	return text
}

// omittedLine names what the model did not see, so that nobody takes silence about it for approval. Many are named by their
// reason.
func omittedLine(omitted []hls.Omission) string {
	if len(omitted) <= fewOmitted {
		var names []string
		for _, o := range omitted {
			names = append(names, fmt.Sprintf("%s (%s)", inCode(o.Filename), strings.ReplaceAll(o.Why, "_", " ")))
		}
		return "Not looked at: " + strings.Join(names, ", ") + "."
	}
	names, reasons := map[string][]string{}, []string{}
	for _, o := range omitted {
		if names[o.Why] == nil {
			reasons = append(reasons, o.Why)
		}
		names[o.Why] = append(names[o.Why], inCode(o.Filename))
	}
	room := longOmitted
	var parts []string
	for _, why := range reasons {
		text := within(names[why], &room)
		parts = append(parts, fmt.Sprintf("Not looked at (%s): %s.", strings.ReplaceAll(why, "_", " "), text))
	}
	return strings.Join(parts, "\n\n")
}

// within lists the names for which there is room, in bytes, and counts the rest.
func within(names []string, room *int) string {
	n := 0
	for n < len(names) && *room > 0 {
		*room -= len(names[n]) + len(", ")
		n++
	}
	if n == len(names) {
		return strings.Join(names, ", ")
	}
	return strings.Join(append(names[:n:n], fmt.Sprintf("%d more", len(names)-n)), ", ")
}
