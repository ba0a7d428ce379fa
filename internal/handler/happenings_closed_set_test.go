package handler

import (
	"math/rand/v2"
	"strings"
	"testing"

	"hls/internal/hls"
)

// What Plan may do about a happening is one issue or one section, as the settings say, whatever the answer.
func TestE1_RandomAnswersAboutHappeningsStayInTheClosedSet(t *testing.T) {
	t.Parallel()
	release, _ := gatherRelease(t, published())
	for seed := range uint64(randomAnswers / 3) {
		c := chaos{rand.New(rand.NewPCG(seed, 7))}
		r := c.happeningsRule()
		for _, one := range []struct {
			event  hls.Event
			facts  hls.Facts
			answer any
			kinds  []hls.EffectKind
		}{
			{releaseEvent("published"), release, c.releaseAnswer(), notesKinds(r)},
			{pushEvent(), hls.Facts{Files: []hls.File{{Filename: "save.go", Patch: goPatch}}}, c.pushAnswer(), issueKinds(r.Pushes)},
			{failureEvent(), hls.Facts{Values: map[string]any{"deployment_status": deploymentFailure{"failure", c.text(), c.text(), false}}}, c.deploymentAnswer(), issueKinds(r.Deployments)},
			{discussionEvent(), hls.Facts{Similar: []hls.Issue{{Number: 3}, {Number: 4}}}, c.discussionAnswer(), issueKinds(r.Discussions)},
		} {
			p := For(one.event.Name).Plan(one.event, one.facts, analysisOf(t, one.answer), r)
			aboutHappening(t, one.event, p, one.kinds)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// aboutHappening is confined, for what may also be about a cause.
func aboutHappening(t *testing.T, e hls.Event, p hls.Plan, kinds []hls.EffectKind) {
	t.Helper()
	if len(p.Effects) > 1 || len(p.Remember) > 0 {
		t.Errorf("%s: %d effects, %d memories", e.Name, len(p.Effects), len(p.Remember))
	}
	for i, effect := range p.Effects {
		cause := effect.Kind == hls.CreateIssue && strings.HasPrefix(effect.Subject.Ref, "cause/") && effect.Subject.Beside(e.Subject)
		if cause {
			p.Effects[i].Subject = e.Subject
		}
		if strings.ContainsAny(effect.Title, "\n\r\u202e\u200b") || len(effect.Title) > 300 || len(effect.Labels) > 0 {
			t.Errorf("%s: title %q, labels %v", e.Name, effect.Title, effect.Labels)
		}
	}
	confined(t, e, p, kinds...)
}

func issueKinds(p hls.IssuePolicy) []hls.EffectKind {
	if p.Issues {
		return []hls.EffectKind{hls.CreateIssue}
	}
	return nil
}

func notesKinds(r hls.Rule) []hls.EffectKind {
	switch r.Releases.Notes {
	case hls.NotesInSection:
		return []hls.EffectKind{hls.SetSection}
	case hls.NotesInIssue:
		return []hls.EffectKind{hls.CreateIssue}
	}
	return nil
}

func (c chaos) happeningsRule() hls.Rule {
	r := c.rule()
	r.Releases.Notes = [...]hls.NotesPlace{hls.NotesNowhere, hls.NotesInSection, hls.NotesInIssue}[c.IntN(3)]
	r.Pushes.Issues, r.Deployments.Issues, r.Discussions.Issues = c.IntN(2) == 0, c.IntN(2) == 0, c.IntN(2) == 0
	return r
}

func (c chaos) releaseAnswer() releaseAnswer {
	a := releaseAnswer{Summary: c.text(), Version: versionFit{c.flag(), c.pick("major", "minor", "patch", c.text()), c.text()}, Injection: c.flag()}
	for range c.IntN(60) {
		a.Entries = append(a.Entries, releaseEntry{c.IntN(8), c.pick("feature", "fix", "other", c.text()), c.text()})
	}
	for range c.IntN(5) {
		a.Breaking = append(a.Breaking, breakingChange{c.IntN(8), c.pick("no longer runs on Python 2", c.text()), c.text()})
		a.Blockers = append(a.Blockers, openBlocker{c.pick2(40, c.number()), c.text()})
	}
	return a
}

func (c chaos) pick2(a, b int) int {
	if c.IntN(2) == 0 {
		return a
	}
	return b
}

func (c chaos) pushAnswer() pushAnswer {
	a := pushAnswer{Summary: c.text(), Risk: c.pick("high", "low", c.text()), Injection: c.flag()}
	for range c.IntN(9) {
		a.Risky = append(a.Risky, risky{File: c.pick("save.go", c.text()), Quote: c.pick("data, _ := json.Marshal(w)", c.text()), Reason: c.text()})
	}
	return a
}

func (c chaos) deploymentAnswer() deploymentAnswer {
	return deploymentAnswer{c.text(), c.pick("timeout", "unknown", c.text()), c.text(), c.text(), c.flag()}
}

func (c chaos) discussionAnswer() discussionAnswer {
	a := discussionAnswer{Summary: c.text(), Kind: c.pick("bug", "bug", c.text()), Confidence: c.share(), Evidence: c.pick("crashes when I press Save", c.text()),
		Security: c.flag(), Injection: c.flag()}
	for range c.IntN(3) {
		a.Duplicates = append(a.Duplicates, duplicate{c.number(), c.share(), c.text()})
	}
	return a
}
