package handler

import (
	stdjson "encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hls/internal/handler/joblog"
	"hls/internal/hls"
)

func ciRule() hls.Rule {
	r := rule()
	r.Workflows = hls.WorkflowPolicy{Issues: true, Rerun: true}
	r.Also = []hls.EffectKind{hls.CreateIssue, hls.RerunFailedJobs}
	return r
}

// ciTold are facts of a failed run with one cause that Claude is asked about.
func ciTold() (hls.Facts, *ciFacts) {
	pr := openPull()
	target := hls.Subject{RepoID: 9, Repo: "acme/widgets", Kind: hls.KindPullRequest, Number: 8}
	c := &ciFacts{
		Main: "main", Commits: []suspect{{SHA: "abc1234def", Subject: "Empty `the` @shelf"}, {SHA: "abc1235def"}},
		Run: ciRun{Key: "workflow/40", Name: "CI", ID: 71, Number: 5, Attempt: 1, Conclusion: "failure", HeadSHA: "abc", Branch: "save", actions: 71,
			URL: "https://github.com/acme/widgets/actions/runs/71"},
		Causes: []ciCause{{Print: "00112233aabbccdd", Jobs: []string{"test"}, Step: "Run", Tests: []string{"TestShelf"}, Asked: true,
			Lines: []joblog.Line{{Number: 4, Text: "--- FAIL: TestShelf (0.02s)", Weight: 5}, {Number: 5, Text: "    shelf_test.go:31: the shelf is empty", Weight: 4}, {Number: 6, Text: "FAIL"}}}},
	}
	return hls.Facts{Revision: "run-71-1-failure", Target: &target, PullRequest: &pr, Values: map[string]any{"ci": c}}, c
}

func goodCause() causeAnswer {
	return causeAnswer{ID: "00112233aabbccdd", Verdict: "flaky_test", Confidence: 0.8, Cause: "The shelf is filled too late", Evidence: []string{"the shelf is empty"}, NextStep: "Wait for it"}
}

func planRun(t testing.TB, f hls.Facts, r hls.Rule, causes ...causeAnswer) hls.Plan {
	t.Helper()
	return For("workflow_run").Plan(runEvent("failure"), f, analysisOf(t, ciAnswer{Causes: causes}), r)
}

// Each case is an answer, and why it is dropped; "" when it is told.
func TestE1_VerdictsStandOnTheLog(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*causeAnswer)
		what   string
		want   string
	}{
		{"proved", func(*causeAnswer) {}, "verdict", ""},
		{"whole line, other blanks", func(a *causeAnswer) { a.Evidence = []string{"shelf_test.go:31:   the SHELF is empty"} }, "verdict", ""},
		{"an invented line", func(a *causeAnswer) { a.Evidence = []string{"panic: no shelf"} }, "verdict", "evidence_not_found"},
		{"no line", func(a *causeAnswer) { a.Evidence = nil }, "verdict", "evidence_not_found"},
		{"next to nothing", func(a *causeAnswer) { a.Evidence = []string{"FAIL"} }, "verdict", "evidence_not_found"},
		{"two lines as one", func(a *causeAnswer) { a.Evidence = []string{"TestShelf (0.02s)\nshelf_test.go:31"} }, "verdict", "evidence_not_found"},
		{"one of two is invented", func(a *causeAnswer) { a.Evidence = append(a.Evidence, "panic: no shelf") }, "evidence", "not_in_log"},
		{"another failure", func(a *causeAnswer) { a.ID = "ffffffffffffffff" }, "verdict", "no_such_failure"},
		{"a verdict of its own", func(a *causeAnswer) { a.Verdict = "cosmic_rays" }, "verdict", "unknown_verdict"},
		{"a guess", func(a *causeAnswer) { a.Confidence = 0.3 }, "verdict", "low_confidence"},
		{"more than sure", func(a *causeAnswer) { a.Confidence = 7 }, "verdict", "confidence_out_of_range"},
		{"main, which nobody saw failing", func(a *causeAnswer) { a.Verdict = "broken_main" }, "verdict", "main_not_seen_failing"},
		{"no words", func(a *causeAnswer) { a.Cause = " " }, "verdict", "no_cause_told"},
		{"an invented commit", func(a *causeAnswer) { a.IntroducedBy = "deadbeef00" }, "commit", "not_a_suspect"},
		{"two commits", func(a *causeAnswer) { a.IntroducedBy = "abc123" }, "commit", "not_a_suspect"},
	} {
		f, _ := ciTold()
		a := goodCause()
		tc.change(&a)
		p := planRun(t, f, rule(), a)
		body := bodyIn(p, hls.UpsertComment)
		if got := whyDropped(p, tc.what); got != tc.want || !strings.Contains(body, "--- FAIL: TestShelf") && !strings.Contains(body, "the shelf is empty") {
			t.Errorf("%s: dropped for %q, want %q\n%s", tc.name, got, tc.want, body)
		}
		if said := strings.Contains(body, "filled too late"); said != (tc.what != "verdict" || tc.want == "") {
			t.Errorf("%s: said %v", tc.name, said)
		}
	}
	f, _ := ciTold()
	if p := planRun(t, f, rule(), goodCause(), goodCause()); whyDropped(p, "verdict") != "repeated" {
		t.Error("the same failure is judged twice")
	}
}

// What only a dry run has planned was never on GitHub: that it is green again is no news there.
func TestADryRunLeavesNothingToTurnGreen(t *testing.T) {
	t.Parallel()
	for _, dry := range []bool{true, false} {
		f, c := ciTold()
		r := rule()
		r.DryRun = dry
		for _, m := range planRun(t, f, r, goodCause()).Remember {
			if m.Kind == kindPart {
				part := ciPart{}
				if err := stdjson.Unmarshal(m.Value, &part); err != nil {
					t.Fatal(err)
				}
				c.Parts = []ciPart{part}
			}
		}
		c.Run.ID, c.Run.Number, c.Run.Conclusion, c.Causes = 72, 6, succeeded, nil
		r.DryRun = false
		p := planRun(t, f, r)
		if told := bodyIn(p, hls.UpsertComment) != ""; told == dry || len(c.Parts) != 1 {
			t.Errorf("after a dry run %v: told %v, %q", dry, told, p.Silent)
		}
	}
}

func TestTheCommentOnARunReads(t *testing.T) {
	t.Parallel()
	f, c := ciTold()
	elsewhere := func(s seenCause, n int) recalledCause {
		s.Pull = n
		return recalledCause{seenCause: s, where: hls.Subject{RepoID: 9, Kind: hls.KindPullRequest, Number: n}}
	}
	c.Causes[0].Seen = []recalledCause{elsewhere(seenCause{}, 12), elsewhere(seenCause{}, 12), elsewhere(seenCause{}, 8), elsewhere(seenCause{}, 15),
		{seenCause: seenCause{Branch: "main", First: "1234567890"}}, {seenCause: seenCause{Branch: "main", First: "ffff", Foreign: true}}}
	a := goodCause()
	a.Verdict, a.IntroducedBy = "code", "abc1234"
	p := planRun(t, f, rule(), a)
	want := "`CI` failed ([run 5](https://github.com/acme/widgets/actions/runs/71)).\n\nIn `test`, step `Run`:\n\nFailing tests: `TestShelf`.\n\n" +
		"```\n    shelf_test.go:31: the shelf is empty\n```\n\n" +
		"The same failure is on `main` since `1234567`. It failed the same way on 2 other pull requests: #15, #12.\n\n" +
		"Likely **the change itself** (confidence 0.80): The shelf is filled too late. Likely introduced by `abc1234` (`Empty 'the' @shelf`).\n\n" +
		"Next: Wait for it.\n\n" + automatedLog
	if got := bodyIn(p, hls.UpsertComment); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if e := p.Effects[0]; e.Subject != *f.Target || e.Head != "abc" || e.Purpose != "ci" {
		t.Errorf("%+v", e)
	}
}

// Each case is what is remembered of a cause elsewhere, and what is taken over without asking.
func TestE1_AForksVerdictSpeaksOnlyAtItsOwnPlace(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	said := &causeVerdict{Verdict: "flaky_test", Confidence: 0.9, Cause: "It waits.", NextStep: "Run it."}
	here, there := hls.Subject{RepoID: 9, Number: 8}, hls.Subject{RepoID: 9, Number: 12}
	for _, tc := range []struct {
		name string
		seen recalledCause
		weak bool
		want string
	}{
		{"elsewhere", recalledCause{seenCause{Pull: 12, Verdict: said}, "", now, there}, false, "#12: It waits. 0.9"},
		{"here", recalledCause{seenCause{Pull: 8, Verdict: said}, "", now, here}, false, ": It waits. 0.9"},
		{"a fork's, elsewhere", recalledCause{seenCause{Pull: 12, Verdict: said, Foreign: true}, "", now, there}, false, "asked"},
		{"a fork's, here", recalledCause{seenCause{Pull: 8, Verdict: said, Foreign: true}, "", now, here}, false, ": It waits. 0.9"},
		{"long ago", recalledCause{seenCause{Pull: 12, Verdict: said}, "", now.Add(-31 * 24 * time.Hour), there}, false, "asked"},
		{"without a verdict", recalledCause{seenCause{Pull: 12}, "", now, there}, false, "asked"},
		{"too weak", recalledCause{seenCause{Pull: 12, Verdict: said}, "", now, there}, true, "asked"},
	} {
		c := ciCause{Weak: tc.weak, Seen: []recalledCause{tc.seen}}
		c.answer(here.Key(), now)
		got := "asked"
		if !c.Asked {
			got = fmt.Sprintf("%s: %s %v", c.From, c.Known.Cause, c.Known.Confidence)
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// Each case is a failed run, and whether its failed jobs run again.
func TestE1_OnlyChanceRunsAgain(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*hls.Event, *ciFacts, *causeAnswer, *hls.Rule)
		want   bool
	}{
		{"flaky", func(*hls.Event, *ciFacts, *causeAnswer, *hls.Rule) {}, true},
		{"infrastructure", func(_ *hls.Event, _ *ciFacts, a *causeAnswer, _ *hls.Rule) { a.Verdict = "infrastructure" }, true},
		{"code", func(_ *hls.Event, _ *ciFacts, a *causeAnswer, _ *hls.Rule) { a.Verdict = "code" }, false},
		{"not sure enough", func(_ *hls.Event, _ *ciFacts, a *causeAnswer, _ *hls.Rule) { a.Confidence = 0.69 }, false},
		{"second attempt", func(_ *hls.Event, c *ciFacts, _ *causeAnswer, _ *hls.Rule) { c.Run.Attempt = 2 }, false},
		{"not proved", func(_ *hls.Event, _ *ciFacts, a *causeAnswer, _ *hls.Rule) { a.Evidence = nil }, false},
		{"another cause is not known", func(_ *hls.Event, c *ciFacts, _ *causeAnswer, _ *hls.Rule) {
			other := c.Causes[0]
			other.Print = "ffeeddccbbaa9988"
			c.Causes = append(c.Causes, other)
		}, false},
		{"switched off", func(_ *hls.Event, _ *ciFacts, _ *causeAnswer, r *hls.Rule) { r.Workflows.Rerun = false }, false},
		{"the event of a job", func(e *hls.Event, _ *ciFacts, _ *causeAnswer, _ *hls.Rule) { e.Subject.Ref = "workflow_job/710" }, false},
		{"a check", func(_ *hls.Event, c *ciFacts, _ *causeAnswer, _ *hls.Rule) { c.Run.actions = 0 }, false},
	} {
		f, c := ciTold()
		e, a, r := runEvent("failure"), goodCause(), ciRule()
		tc.change(&e, c, &a, &r)
		p := For("workflow_run").Plan(e, f, analysisOf(t, ciAnswer{Causes: []causeAnswer{a}}), r)
		got := false
		for _, effect := range p.Effects {
			got = got || effect.Kind == hls.RerunFailedJobs && effect.Run == 71 && effect.Attempt == 1 && effect.Subject == e.Subject
		}
		if got != tc.want || strings.Contains(bodyIn(p, hls.UpsertComment), "run once more") != tc.want {
			t.Errorf("%s: %v\n%+v", tc.name, got, p.Effects)
		}
	}
}

func TestCausesOnTheDefaultBranchBecomeIssues(t *testing.T) {
	t.Parallel()
	f, c := ciTold()
	f.Target, f.PullRequest, c.Branch = nil, nil, "main"
	f.Labels = []hls.Label{{Name: "CI"}, {Name: "flaky"}, {Name: "bug"}, {Name: "infrastructure"}}
	weakCause := c.Causes[0]
	weakCause.Print, weakCause.Weak, weakCause.Asked = "1111111111111111", true, false
	c.Causes = append(c.Causes, weakCause)
	p := planRun(t, f, ciRule(), goodCause())
	if len(p.Effects) != 1 || p.Effects[0].Kind != hls.CreateIssue || p.Effects[0].Subject.Ref != "cause/00112233aabbccdd" ||
		p.Effects[0].Title != "CI fails on main: TestShelf" || labelsIn(p, hls.CreateIssue) != "CI,flaky" {
		t.Errorf("%+v", p.Effects)
	}
	if why := whyDropped(p, "1111111111111111"); why != "cause_too_weak" {
		t.Errorf("a weak cause: %q", why)
	}
	if p := planRun(t, f, rule(), goodCause()); len(p.Effects) != 0 || p.Silent != "issues_off" || len(p.Remember) != 1 {
		t.Errorf("switched off: %+v", p)
	}
}

// What is remembered: where the cause was seen first, and that it is gone when the run succeeds.
func TestCausesAreRememberedUntilTheyAreGone(t *testing.T) {
	t.Parallel()
	f, c := ciTold()
	place := c.place(runEvent("failure"), f)
	c.Past = []recalledCause{
		{seenCause{First: "older", Key: "workflow/40"}, "00112233aabbccdd", time.Time{}, place},
		{seenCause{First: "gone", Key: "workflow/40"}, "9999999999999999", time.Time{}, place},
	}
	p := planRun(t, f, rule(), goodCause())
	kept := map[string]seenCause{}
	for _, m := range p.Remember {
		var s seenCause
		if err := stdjson.Unmarshal(m.Value, &s); err != nil || m.Subject != place {
			t.Fatalf("%+v, %v", m, err)
		}
		if m.Kind == kindCause {
			kept[m.Key] = s
		}
	}
	if s := kept["00112233aabbccdd"]; s.First != "older" || s.Fixed || s.Pull != 8 || s.Verdict == nil || s.Verdict.Verdict != "flaky_test" {
		t.Errorf("%+v", s)
	}
	if s := kept["9999999999999999"]; !s.Fixed {
		t.Errorf("%+v", s)
	}
}

func TestE1_ALogThatSteersIsNeitherToldNorRemembered(t *testing.T) {
	t.Parallel()
	f, _ := ciTold()
	a := analysisOf(t, ciAnswer{Injection: true, Causes: []causeAnswer{goodCause()}})
	if p := For("workflow_run").Plan(runEvent("failure"), f, a, rule()); len(p.Remember)+len(p.Effects) != 0 || p.Silent != "injection_suspected" {
		t.Errorf("what tries to steer is remembered: %+v", p)
	}
}

func TestPartsMakeOneComment(t *testing.T) {
	t.Parallel()
	parts := []ciPart{
		{Key: "4", Name: "Lint", Head: "abc", Text: "lint failed."}, {Key: "1", Name: "Build", Head: "abc", Text: "build failed."},
		{Key: "2", Name: "CI", Head: "abc", Green: true}, {Key: "3", Name: "Docs", Head: "older00", Text: "docs failed."},
		{Key: "5", Name: "Old", Head: "older00", Green: true},
	}
	want := "build failed.\n\nlint failed.\n\n`CI` is green again at `abc`.\n`Docs` failed at `older00` and has no result of `abc` yet.\n\n" + automatedLog
	if got := compose(parts, "abc"); got != want {
		t.Errorf("got\n%s", got)
	}
	for i := range 9 {
		parts = append(parts, ciPart{Key: fmt.Sprint("x", i), Name: fmt.Sprint("X", i), Head: "abc", Text: "x"})
	}
	if got := compose(parts, "abc"); !strings.Contains(got, "`X8` failed as well.") {
		t.Errorf("got\n%s", got)
	}
}

// ciAnswer is what a model that has gone mad may say of the failures of ciTold.
func (c chaos) ciAnswer() ciAnswer {
	a := ciAnswer{Injection: c.flag()}
	for range c.IntN(5) {
		a.Causes = append(a.Causes, causeAnswer{
			ID: c.pick("00112233aabbccdd", "00112233aabbccdd", c.text()), Verdict: c.pick("flaky_test", "infrastructure", "broken_main", c.text()),
			Confidence: c.share(), Cause: c.text(), Evidence: append(c.texts(), c.pick("the shelf is empty", c.text())),
			IntroducedBy: c.pick("abc1234", c.text()), NextStep: c.text(),
		})
	}
	return a
}

func TestE1_RandomAnswersAboutRunsStayInTheClosedSet(t *testing.T) {
	t.Parallel()
	for seed := range uint64(randomAnswers) {
		c := chaos{rand.New(rand.NewPCG(seed, 2))}
		r := c.rule()
		r.Workflows = hls.WorkflowPolicy{Issues: c.IntN(2) == 0, Rerun: c.IntN(2) == 0}
		f, told := ciTold()
		told.Run.Name, told.Causes[0].Jobs, told.Causes[0].Tests = c.text(), c.texts(), c.texts()
		told.Causes[0].Lines = append(told.Causes[0].Lines, joblog.Line{Number: 9, Text: c.text(), Weight: 5})
		told.Commits[0].Subject = c.text()
		if c.IntN(3) == 0 {
			f.Target, f.PullRequest, told.Branch = nil, nil, "main"
			f.Labels = issueFacts().Labels
		}
		e := runEvent("failure")
		p := For(e.Name).Plan(e, f, analysisOf(t, c.ciAnswer()), r)
		for _, effect := range p.Effects {
			about := map[hls.EffectKind]hls.Subject{hls.RerunFailedJobs: e.Subject, hls.CreateIssue: e.Subject.Cause("00112233aabbccdd")}
			if f.Target != nil {
				about[hls.UpsertComment] = *f.Target
			}
			if effect.Subject != about[effect.Kind] || !r.Workflows.Rerun && effect.Kind == hls.RerunFailedJobs || !r.Workflows.Issues && effect.Kind == hls.CreateIssue {
				t.Errorf("%s on %s", effect.Kind, effect.Subject)
			}
			if effect.Kind == hls.CreateIssue && strings.ContainsAny(effect.Title, "\n\u202e\u200b") {
				t.Errorf("title %q", effect.Title)
			}
			harmless(t, effect.Body)
		}
		if len(p.Effects) > 2 || len(p.Effects) > 1 && !r.Workflows.Rerun {
			t.Errorf("%d effects", len(p.Effects))
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
