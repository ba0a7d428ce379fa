package handler

import (
	"testing"

	"hls/internal/hls"
)

// What an effect answers to has to hold still: the state that gathering saw, and not some name of the analysis.
func TestE6_EffectsExpectWhatWasGathered(t *testing.T) {
	t.Parallel()
	issue, pull := hls.Issue{Title: "It breaks"}, hls.PullRequest{Head: hls.Branch{SHA: "abc123"}, Base: hls.Branch{Ref: "main"}}
	for name, c := range map[string]struct {
		kind  hls.Kind
		facts hls.Facts
		want  string
	}{
		"issue":                      {hls.KindIssue, hls.Facts{Issue: &issue, Revision: "comment/5"}, issue.Revision()},
		"pull request":               {hls.KindPullRequest, hls.Facts{PullRequest: &pull, Issue: &issue, Revision: "review/5"}, pull.Revision()},
		"nothing gathered":           {hls.KindIssue, hls.Facts{Revision: "comment/5"}, ""},
		"run, and its pull request":  {hls.KindOther, hls.Facts{PullRequest: &pull, Revision: "run/9/1"}, ""},
		"pull request by its number": {hls.KindPullRequest, hls.Facts{Issue: &issue}, ""},
	} {
		e := newDraft(hls.Event{Subject: hls.Subject{Kind: c.kind}}, c.facts, hls.Analysis{Revision: c.facts.Revision}, "p").base
		if e.Expect != c.want || e.Revision != c.facts.Revision {
			t.Errorf("%s: expects %q of revision %q, want %q of %q", name, e.Expect, e.Revision, c.want, c.facts.Revision)
		}
	}
}
