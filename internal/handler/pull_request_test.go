package handler

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hls/internal/hls"
)

func openPull() hls.PullRequest {
	return hls.PullRequest{Number: 8, Title: "Save", Body: "Fixes #7, closes: #7 and resolves #3. See #5. fix #8 Fixed #4 fixes #6 <!-- fixes #2 -->",
		State: "open", User: author, Head: hls.Branch{Ref: "save", SHA: "abc"}, Base: hls.Branch{Ref: "main", SHA: "def"}}
}

func pullFacts() hls.Facts {
	pr := openPull()
	return hls.Facts{PullRequest: &pr, Revision: "r1", Labels: issueFacts().Labels,
		Files: []hls.File{{Filename: "save.go", Status: "modified", Additions: 4, Deletions: 1, Patch: goPatch}}}
}

func goodFinding() finding {
	return finding{Severity: "major", Category: "correctness", File: "save.go", Line: 13, EndLine: 13,
		Quote: "data, _ := json.Marshal(w)", Problem: "The error is lost, so an empty file is written", Suggestion: "Return the error."}
}

func goodReviewAnswer(findings ...finding) reviewAnswer {
	return reviewAnswer{Summary: "Saves widgets to files", Risk: "medium", Type: "feature", Effort: 2, Findings: findings, MissingTests: []string{}}
}

func planPull(t testing.TB, f hls.Facts, a reviewAnswer, r hls.Rule) hls.Plan {
	t.Helper()
	return For("pull_request").Plan(pullEvent("opened"), f, analysisOf(t, a), r)
}

func remarksIn(p hls.Plan) []hls.Remark {
	for _, e := range p.Effects {
		if e.Kind == hls.CreateReview {
			return e.Remarks
		}
	}
	return nil
}

func TestPullRequestRoute(t *testing.T) {
	t.Parallel()
	base := pullEvent("edited")
	base.Changed["base"] = true
	title := pullEvent("edited")
	title.Changed["title"] = true
	asked := func(whom hls.Account) hls.Event {
		e := pullEvent("review_requested")
		e.Reviewer = &whom
		return e
	}
	for _, tc := range []struct {
		event hls.Event
		want  hls.Verdict
	}{
		{pullEvent("opened"), hls.Go("review")}, {pullEvent("reopened"), hls.Go("review")},
		{pullEvent("ready_for_review"), hls.Go("review")}, {pullEvent("synchronize"), hls.Go("review")},
		{pullEvent("closed"), hls.Go("review")}, {base, hls.Go("review")}, {title, hls.Pass("nothing_to_analyze")},
		{asked(self), hls.Go("review")}, {asked(person), hls.Pass("reviewer_is_another")},
		{asked(hls.Account{Login: self.Login}), hls.Pass("reviewer_is_another")},
		{pullEvent("review_requested"), hls.Pass("reviewer_is_another")}, {pullEvent("labeled"), hls.Pass("action_not_handled")},
	} {
		if got := For("pull_request").Route(tc.event, rule()); got != tc.want {
			t.Errorf("%s %v: %+v, want %+v", tc.event, tc.event.Changed, got, tc.want)
		}
	}
}

func TestE6_GatherGoesByThePresentPullRequest(t *testing.T) {
	t.Parallel()
	code := []hls.File{{Filename: "save.go", Patch: goPatch}}
	for _, tc := range []struct {
		name, want string
		files      []hls.File
		change     func(*hls.PullRequest, *hls.Rule)
	}{
		{"open", "", code, func(*hls.PullRequest, *hls.Rule) {}},
		{"merged", "merged", code, func(p *hls.PullRequest, _ *hls.Rule) { p.Merged, p.State = true, "closed" }},
		{"closed", "closed", code, func(p *hls.PullRequest, _ *hls.Rule) { p.State = "closed" }},
		{"locked", "locked", code, func(p *hls.PullRequest, _ *hls.Rule) { p.Locked = true }},
		{"draft", "", code, func(p *hls.PullRequest, _ *hls.Rule) { p.Draft = true }},
		{"draft, by the rule", "draft", code, func(p *hls.PullRequest, r *hls.Rule) { p.Draft, r.Ignore.Drafts = true, true }},
		{"ignored paths", "paths_ignored", []hls.File{{Filename: "docs/a/b.md", Patch: goPatch}}, func(_ *hls.PullRequest, r *hls.Rule) {
			r.Ignore.Paths = []string{"docs/**"}
		}},
		{"lock files only", "nothing_to_review", []hls.File{{Filename: "go.sum", Patch: goPatch}}, func(*hls.PullRequest, *hls.Rule) {}},
		{"no files", "no_files", nil, func(*hls.PullRequest, *hls.Rule) {}},
	} {
		g, r := &github{pull: openPull(), files: tc.files}, rule()
		tc.change(&g.pull, &r)
		f, err := For("pull_request").Gather(t.Context(), g, pullEvent("synchronize"), r)
		if err != nil || f.Skip != tc.want {
			t.Errorf("%s: skip %q, %v; want %q", tc.name, f.Skip, err, tc.want)
		}
	}
	f, err := For("pull_request").Gather(t.Context(), &github{errs: map[string]error{"PullRequest": hls.ErrGone}}, pullEvent("opened"), rule())
	if err != nil || f.Skip != "deleted" {
		t.Errorf("deleted: skip %q, %v", f.Skip, err)
	}
}

func TestPullRequestGather(t *testing.T) {
	t.Parallel()
	g := &github{pull: openPull(), files: []hls.File{{Filename: "save.go", Status: "modified", Patch: goPatch}},
		issues: map[int]hls.Issue{7: {Number: 7}, 3: {Number: 3, PullRequest: &struct{}{}}, 6: {Number: 6}}, checks: hls.Checks{State: "failure"}}
	f, err := For("pull_request").Gather(t.Context(), g, pullEvent("opened"), rule())
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(linked(closing, g.pull.Body, 8)) != "[7 3 4]" {
		t.Errorf("linked numbers %v", linked(closing, g.pull.Body, 8))
	}
	if len(f.Linked) != 1 || f.Linked[0].Number != 7 {
		t.Errorf("linked issues %+v", f.Linked)
	}
	if f.Checks.State != "failure" || f.Revision != g.pull.Revision() || !strings.Contains(f.Diff, "=== save.go") {
		t.Errorf("facts %+v", f)
	}
	g.errs = map[string]error{"Checks": hls.ErrNotFound, "Labels": hls.ErrNotFound, "Comments": hls.ErrNotFound, "History": hls.ErrNotFound}
	if _, err := For("pull_request").Gather(t.Context(), g, pullEvent("opened"), rule()); err != nil {
		t.Errorf("what a server does not offer: %v", err)
	}
	for _, method := range []string{"PullRequest", "Files", "Checks", "Labels", "Comments", "History"} {
		down := &hls.RetryAfter{Err: errors.New("down")}
		g.errs = map[string]error{method: down}
		if _, err := For("pull_request").Gather(t.Context(), g, pullEvent("opened"), rule()); !errors.Is(err, down) {
			t.Errorf("%s fails: %v", method, err)
		}
	}
}

// Each case is a finding, and the lines that it comes to stand on or the reason for dropping it.
func TestFindingsStandOnTheDiff(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*finding)
		want   string
	}{
		{"exact", func(*finding) {}, "13-13"},
		{"two lines off", func(f *finding) { f.Line, f.EndLine = 15, 15 }, "13-13"},
		{"three lines off", func(f *finding) { f.Line, f.EndLine = 10, 10 }, "13-13"},
		{"four lines off", func(f *finding) { f.Line, f.EndLine = 17, 17 }, "quote_not_found"},
		{"part of a line, other blanks", func(f *finding) { f.Quote = "  json.Marshal( w )" }, "13-13"},
		{"with the sign", func(f *finding) { f.Quote = "+\tdata, _ := json.Marshal(w)" }, "13-13"},
		{"two lines over a blank one", func(f *finding) {
			f.Quote, f.EndLine = "data, _ := json.Marshal(w)\n\nos.WriteFile(w.Name, data, 0o777)", 15
		}, "13-15"},
		{"longer than the hunk", func(f *finding) { f.EndLine = 99 }, "13-16"},
		{"end before start", func(f *finding) { f.EndLine = 2 }, "13-13"},
		{"a line of context", func(f *finding) { f.Line, f.EndLine, f.Quote = 42, 42, "a()\nb()" }, "42-43"},
		{"a removed line", func(f *finding) { f.Line, f.Quote = 11, "return nil, removed" }, "quote_not_found"},
		{"over the edge of a hunk", func(f *finding) { f.Line, f.Quote = 16, "return nil\na()" }, "quote_not_found"},
		{"another file", func(f *finding) { f.File = "other.go" }, "not_in_diff"},
		{"a line outside of the diff", func(f *finding) { f.Line = 500 }, "not_in_diff"},
		{"a negative line", func(f *finding) { f.Line = -13 }, "not_in_diff"},
		{"other code", func(f *finding) { f.Quote = "panic(42)" }, "quote_not_found"},
		{"next to no code", func(f *finding) { f.Quote = " } " }, "quote_too_short"},
		{"nothing told", func(f *finding) { f.Problem = " \n" }, "no_problem_told"},
		{"a severity of its own", func(f *finding) { f.Severity = "apocalyptic" }, "unknown_severity"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := goodFinding()
			tc.change(&f)
			p := planPull(t, pullFacts(), goodReviewAnswer(f), rule())
			got := whyDropped(p, "finding")
			for _, r := range remarksIn(p) {
				got += fmt.Sprintf("%d-%d", r.Line, r.EndLine)
				if r.Side != "RIGHT" || r.Path != "save.go" {
					t.Errorf("remark %+v", r)
				}
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestReviewReads(t *testing.T) {
	t.Parallel()
	minor, again, write := goodFinding(), goodFinding(), goodFinding()
	minor.Severity, minor.Line, minor.EndLine, minor.Quote, minor.Problem = "minor", 43, 43, "b()\n\tc()", "It runs twice"
	write.Severity, write.Category, write.Line, write.EndLine = "critical", "security", 15, 15
	write.Quote, write.Problem = "os.WriteFile(w.Name, data, 0o777)", "Everyone can write the file"
	write.Suggestion = "```suggestion\nif err := os.WriteFile(w.Name, data, 0o600); err != nil {\n\treturn err\n}\n```"
	f := pullFacts()
	f.Omitted = []hls.Omission{{Filename: "go.sum", Why: "lock_file"}, {Filename: "a`b\n@team.go", Why: "over_budget"}}
	a := goodReviewAnswer(minor, goodFinding(), again, write)
	a.MissingTests = []string{"Saving an unnamed widget"}
	p := planPull(t, f, a, rule())

	if len(p.Effects) != 1 || p.Effects[0].Head != "abc" || p.Effects[0].Kind != hls.CreateReview {
		t.Fatalf("%+v", p.Effects)
	}
	want := "Saves widgets to files.\n\nRisk: medium · effort to review: 2 of 5\n\nNot covered by a test in this diff:\n\n" +
		"- Saving an unnamed widget.\n\nNot looked at: `go.sum` (lock file), `a'b@team.go` (over budget).\n\n" + automatedReview
	if got := p.Effects[0].Body; got != want {
		t.Errorf("body\n%s\nwant\n%s", got, want)
	}
	var bodies []string
	for _, r := range remarksIn(p) {
		body, id, _ := strings.Cut(r.Body, "\n\n*Finding ")
		bodies = append(bodies, body)
		if id != findingID(r.Path, r.Quote)+"*" {
			t.Errorf("a remark is named %q", id)
		}
	}
	wanted := []string{
		"**Critical, security.** Everyone can write the file.\n\nSuggestion:\n\n```\nif err := os.WriteFile(w.Name, data, 0o600); err != nil {\n\treturn err\n}\n```",
		"**Major, correctness.** The error is lost, so an empty file is written.\n\nSuggestion: Return the error.",
		"**Minor, correctness.** It runs twice.\n\nSuggestion: Return the error.",
	}
	if got := strings.Join(bodies, "\n====\n"); got != strings.Join(wanted, "\n====\n") {
		t.Errorf("remarks\n%s", got)
	}
	if why := whyDropped(p, "save.go:13"); why != "repeated" {
		t.Errorf("the same finding again: %q", why)
	}
}

func TestReviewOrCommentOrSilence(t *testing.T) {
	t.Parallel()
	lost := goodFinding()
	lost.Quote = "made up by the model"
	risky := goodReviewAnswer(lost)
	risky.Risk, risky.MissingTests = "high", []string{"Saving offline"}
	for _, tc := range []struct {
		name   string
		answer reviewAnswer
		policy hls.CommentPolicy
		want   string
	}{
		{"a finding", goodReviewAnswer(goodFinding()), hls.CommentPolicy{}, "create_review"},
		{"no finding", goodReviewAnswer(), hls.CommentPolicy{}, "nothing_to_say"},
		{"an unproven finding", goodReviewAnswer(lost), hls.CommentPolicy{}, "nothing_to_say"},
		{"untested risk", risky, hls.CommentPolicy{}, "upsert_comment"},
		{"always", goodReviewAnswer(), hls.CommentPolicy{Post: hls.PostAlways}, "upsert_comment"},
		{"never", goodReviewAnswer(goodFinding()), hls.CommentPolicy{Post: hls.PostNever}, "comments_off"},
		{"other events only", goodReviewAnswer(goodFinding()), hls.CommentPolicy{EventTypes: []string{"issues"}}, "event_type_not_commented"},
	} {
		r := rule()
		r.Comments = tc.policy
		p := planPull(t, pullFacts(), tc.answer, r)
		got := p.Silent
		for _, e := range p.Effects {
			if e.Kind != hls.AddLabels {
				got += string(e.Kind)
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// Each case is a round after others, and what it posts: the kind, and whether the text names the missing test.
func TestMissingTestsAreToldOnce(t *testing.T) {
	t.Parallel()
	review := goodReviewAnswer(goodFinding())
	review.MissingTests = []string{"Saving offline"}
	risky := goodReviewAnswer()
	risky.Risk, risky.MissingTests = "high", []string{"No test saves without a network"}
	told := hls.Remark{Body: "Saves.\n\nRisk: low\n\nNot covered by a test in this diff:\n\n- Saving while offline.\n\n" + automatedReview}
	silent := hls.Remark{Body: "Saves.\n\nRisk: low\n\n" + automatedReview}
	line := hls.Remark{Path: "save.go", Quote: "other", Body: "Not covered by a test in this diff:"}
	always := hls.CommentPolicy{Post: hls.PostAlways}
	for _, tc := range []struct {
		name   string
		raised []hls.Remark
		answer reviewAnswer
		policy hls.CommentPolicy
		want   string
	}{
		{"first review", nil, review, hls.CommentPolicy{}, "create_review, named"},
		{"after a review without tests", []hls.Remark{silent, line}, review, hls.CommentPolicy{}, "create_review, named"},
		{"after a text that names some", []hls.Remark{silent, told}, review, hls.CommentPolicy{}, "create_review"},
		{"first comment", nil, risky, hls.CommentPolicy{}, "upsert_comment, named"},
		{"comment after a text that names some", []hls.Remark{told}, risky, hls.CommentPolicy{}, "nothing_to_say"},
		{"the comment that always says all", []hls.Remark{told}, risky, always, "upsert_comment, named"},
		{"review in place of that comment", []hls.Remark{told}, review, always, "create_review"},
	} {
		f, r := pullFacts(), rule()
		f.Raised, r.Comments = tc.raised, tc.policy
		p := planPull(t, f, tc.answer, r)
		got := p.Silent
		for _, e := range p.Effects {
			got += string(e.Kind)
			if strings.Contains(e.Body, "Not covered") {
				got += ", named"
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
		if why := whyDropped(p, "missing test"); (why == "raised_before") != !strings.HasSuffix(tc.want, "named") {
			t.Errorf("%s: dropped for %q", tc.name, why)
		}
	}
}

func TestAtMostFiveFindings(t *testing.T) {
	t.Parallel()
	var all []finding
	f := pullFacts()
	f.Files[0].Patch = "@@ -0,0 +1,9 @@\n"
	for i := 1; i <= 9; i++ {
		f.Files[0].Patch += fmt.Sprintf("+call(%d000)\n", i)
		found := goodFinding()
		found.Line, found.EndLine, found.Quote, found.Problem = i, i, fmt.Sprintf("call(%d000)", i), fmt.Sprintf("Problem %d", i)
		all = append(all, found)
	}
	p := planPull(t, f, goodReviewAnswer(all...), rule())
	if n := len(remarksIn(p)); n != 5 {
		t.Errorf("%d remarks", n)
	}
	if why := whyDropped(p, "save.go:6"); why != "over_five" {
		t.Errorf("the sixth: %q", why)
	}
}

func TestSizeLabelIsCounted(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		lines int
		want  string
	}{{3, ""}, {10, "size/S"}, {29, "size/S"}, {30, "size/M"}, {5000, "size/M"}} {
		f, r := pullFacts(), rule()
		f.Files = []hls.File{{Filename: "a.go", Additions: tc.lines, Patch: goPatch}, {Filename: "go.sum", Additions: 4000, Patch: goPatch}}
		p := planPull(t, f, goodReviewAnswer(), r)
		if got := labelsIn(p, hls.AddLabels); got != tc.want {
			t.Errorf("%d lines: %q, want %q", tc.lines, got, tc.want)
		}
	}
	f := pullFacts()
	f.Files[0].Additions = 50
	f.PullRequest.Labels = []hls.Label{{Name: "size/S"}}
	f.History = []hls.LabelEvent{{Label: "size/S", Added: true, Actor: self}}
	p := planPull(t, f, goodReviewAnswer(), rule())
	if add, remove := labelsIn(p, hls.AddLabels), labelsIn(p, hls.RemoveLabels); add != "size/M" || remove != "size/S" {
		t.Errorf("grown: adds %q, removes %q", add, remove)
	}
}

// whilePushed is a reader of a pull request that is pushed to while its files are listed.
type whilePushed struct{ *github }

func (w whilePushed) Files(ctx context.Context, s hls.Subject) ([]hls.File, error) {
	w.pull.Head.SHA = "newer"
	return w.github.Files(ctx, s)
}

// Files of a newer head are not taken for those of the one that was read.
func TestE6_APushWhileFilesAreReadIsNotPassedOver(t *testing.T) {
	t.Parallel()
	_, err := For("pull_request").Gather(t.Context(), whilePushed{pushedTo()}, pullEvent("synchronize"), rule())
	if !errors.Is(err, hls.ErrStale) {
		t.Errorf("got %v", err)
	}
}
