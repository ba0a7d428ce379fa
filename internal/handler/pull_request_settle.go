package handler

import (
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

// settling is what findings are settled by.
type settling struct {
	facts hls.Facts
	self  hls.Account
}

// settle returns the findings that are no longer open and of which nobody has read so yet: those settled silently, those
// whose code is gone, and those of which the answer says so and proves it.
func (r round) settle(d *draft, by settling, said []earlierFinding) []raisedFinding {
	settled := slices.Clone(r.untold)
	told := map[string]bool{}
	for _, s := range said {
		found, why := r.judge(by, s)
		if why == "" && told[s.ID] {
			why = "repeated"
		}
		told[s.ID] = true
		switch {
		case why != "":
			d.drop(quoted("word on finding", s.ID), why)
		case found.State != stillOpen:
			settled = append(settled, found)
		}
	}
	return settled
}

// judge is what the answer makes of an open finding, or why it does not count.
func (r round) judge(by settling, s earlierFinding) (found raisedFinding, why string) {
	asked := slices.ContainsFunc(r.Open, func(f openFinding) bool { return f.ID == s.ID })
	at := slices.IndexFunc(r.raised, func(f raisedFinding) bool { return f.ID == s.ID })
	if !asked || at < 0 {
		return found, "not_an_open_finding"
	}
	found = r.raised[at]
	switch state := findingState(s.State); {
	case state == stillOpen:
		return found, ""
	case state != resolved && state != justified:
		return found, "unknown_state"
	case state == resolved && !r.mends(by.facts, found, s.Quote), state == justified && !by.speaksFor(r, found, s.Quote):
		return found, "quote_not_found"
	}
	found.State, found.Why = findingState(s.State), sentence(s.Reason, 300)
	return found, ""
}

// mends tells whether a quote is code that came with the changes shown.
func (r round) mends(f hls.Facts, found raisedFinding, quote string) bool {
	lines := found.others(quote)
	return slices.ContainsFunc(r.shown(f.Files), func(file hls.File) bool { return len(addedTo(file).find(lines)) > 0 })
}

// speaksFor tells whether a quote stands in what people wrote on the pull request, or in its code.
func (by settling) speaksFor(r round, found raisedFinding, quote string) bool {
	pr := by.facts.PullRequest
	proven := evidence{plain(pr.Title), seenText(pr.Body)}
	for _, c := range by.facts.Comments {
		if !by.self.Same(c.User) {
			proven = append(proven, seenText(c.Body))
		}
	}
	for _, open := range r.Open {
		if open.ID == found.ID {
			proven = append(proven, plain(strings.Join(open.Replies, "\n")))
		}
	}
	lines := found.others(quote)
	return proven.supports(quote) ||
		slices.ContainsFunc(by.facts.Files, func(file hls.File) bool { return len(rightOf(file).find(lines)) > 0 })
}

// others are the lines of code that are quoted about a finding, none where that is next to nothing, or the finding's own code.
func (f raisedFinding) others(quote string) []string {
	lines := codeLines(quote)
	if len(strings.Join(lines, "")) < minCode || strings.Contains(f.Code, strings.Join(lines, "\n")) {
		return nil
	}
	return lines
}

// shown is what the model sees of the changed files: all, or what came since.
func (r round) shown(files []hls.File) []hls.File {
	if r.Since != "" {
		return r.delta.files
	}
	return files
}

// refuses is why a finding is not posted: it stands where nothing is new, or it was raised before.
func (r round) refuses(found finding, now sides) string {
	if r.Since != "" && !r.delta.holds(found) {
		return "outside_delta"
	}
	for _, before := range r.raised {
		if before.Path == found.File && (before.Code == found.code() || before.over(found, now)) {
			return before.State.before()
		}
	}
	return ""
}

// over tells whether a finding of the same category stands where an earlier one does: it says the same in other words.
func (f raisedFinding) over(found finding, now sides) bool {
	if f.Category == "" || plain(f.Category) != plain(found.Category) {
		return false
	}
	lines := f.lines()
	return slices.ContainsFunc(now.of(f.Path).find(lines), func(line int) bool {
		return line <= found.EndLine && found.Line < line+len(lines)
	})
}

// before is the reason for not raising a finding again that is in a state.
func (s findingState) before() string {
	if s == stillOpen {
		return "raised_before"
	}
	return string(s) + "_before"
}

// settledLine tells what became of earlier findings, "" where nothing did.
func settledLine(r round, settled []raisedFinding) string {
	if len(settled) == 0 {
		return ""
	}
	var parts []string
	for _, state := range []findingState{resolved, justified} {
		var ids []string
		for _, f := range settled {
			if f.State == state {
				ids = append(ids, f.ID)
			}
		}
		if len(ids) > 0 {
			parts = append(parts, listed(ids)+" "+string(state))
		}
	}
	open := len(r.untold) - len(settled)
	for _, f := range r.raised {
		if f.State == stillOpen {
			open++
		}
	}
	if open > 0 {
		parts = append(parts, fmt.Sprintf("%d still open", open))
	}
	return "Earlier findings: " + strings.Join(parts, "; ") + "."
}
