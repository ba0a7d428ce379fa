package handler

import (
	"errors"
	"strings"
	"testing"

	"hls/internal/hls"
)

func TestIssuesRoute(t *testing.T) {
	t.Parallel()
	edited := func(what string) hls.Event {
		e := issueEvent("edited")
		e.Changed[what] = true
		return e
	}
	for _, tc := range []struct {
		event hls.Event
		want  hls.Verdict
	}{
		{issueEvent("opened"), hls.Go("triage")},
		{issueEvent("reopened"), hls.Go("triage")},
		{issueEvent("closed"), hls.Go("triage")},
		{edited("title"), hls.Go("triage")},
		{edited("body"), hls.Go("triage")},
		{edited("labels"), hls.Pass("nothing_to_analyze")},
		{issueEvent("edited"), hls.Pass("nothing_to_analyze")},
		{issueEvent("labeled"), hls.Pass("action_not_handled")},
		{issueEvent(""), hls.Pass("action_not_handled")},
	} {
		if got := For("issues").Route(tc.event, rule()); got != tc.want {
			t.Errorf("%s %v: %+v, want %+v", tc.event, tc.event.Changed, got, tc.want)
		}
	}
}

// Only what sets labels is of use where nothing may be said: triage, where the rule lets labels be set, and nothing else.
func TestS3_OnlyTriageIsAskedForLabels(t *testing.T) {
	t.Parallel()
	for _, applies := range []bool{true, false} {
		r := rule()
		r.Labels.AutoApply = applies
		for _, name := range Names() {
			triages := name == "issues" || name == "issue_comment"
			if q := For(name).Question(hls.Event{Name: name}, hls.Facts{}, r); q.Labels != (triages && applies) {
				t.Errorf("%s with labels applied %t: %t", name, applies, q.Labels)
			}
		}
	}
}

func TestE6_GatherGoesByThePresentIssue(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, action, want string
		change             func(*hls.Issue)
	}{
		{"open", "opened", "", func(*hls.Issue) {}},
		{"closed meanwhile", "opened", "closed", func(i *hls.Issue) { i.State = "closed" }},
		{"closed, and open again", "closed", "", func(*hls.Issue) {}},
		{"locked", "opened", "locked", func(i *hls.Issue) { i.Locked = true }},
		{"a pull request's number", "opened", "not_an_issue", func(i *hls.Issue) { i.PullRequest = &struct{}{} }},
	} {
		issue := openIssue()
		tc.change(&issue)
		f, err := For("issues").Gather(t.Context(), &github{issues: map[int]hls.Issue{7: issue}}, issueEvent(tc.action), rule())
		if err != nil || f.Skip != tc.want {
			t.Errorf("%s: skip %q, %v; want %q", tc.name, f.Skip, err, tc.want)
		}
		if f.Revision != issue.Revision() {
			t.Errorf("%s: revision %q", tc.name, f.Revision)
		}
	}
	f, err := For("issues").Gather(t.Context(), &github{}, issueEvent("opened"), rule())
	if err != nil || f.Skip != "deleted" {
		t.Errorf("deleted: skip %q, %v", f.Skip, err)
	}
}

func TestIssuesGather(t *testing.T) {
	t.Parallel()
	found := []hls.Issue{{Number: 7}, {Number: 1}, {Number: 2, PullRequest: &struct{}{}}, {Number: 3}, {Number: 4}, {Number: 5}}
	g := &github{issues: map[int]hls.Issue{7: openIssue()}, results: map[string][]hls.Issue{"crash saving": found}}
	f, err := For("issues").Gather(t.Context(), g, issueEvent("opened"), rule())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(g.queries, "|"), "crash saving widget|crash saving"; got != want {
		t.Errorf("searched for %q, want %q", got, want)
	}
	var numbers []int
	for _, i := range f.Similar {
		numbers = append(numbers, i.Number)
	}
	if len(numbers) != 4 || numbers[0] != 1 || numbers[1] != 3 {
		t.Errorf("candidates %v", numbers)
	}

	none := map[string]error{"Labels": hls.ErrNotFound, "Comments": hls.ErrNotFound, "History": hls.ErrNotFound, "Search": hls.ErrNotFound}
	if _, err := For("issues").Gather(t.Context(), &github{issues: g.issues, errs: none}, issueEvent("opened"), rule()); err != nil {
		t.Errorf("what a server does not offer: %v", err)
	}
	for _, method := range []string{"Issue", "Labels", "Comments", "History", "Search"} {
		down := &hls.RetryAfter{Err: errors.New("down")}
		_, err := For("issues").Gather(t.Context(), &github{issues: g.issues, errs: map[string]error{method: down}}, issueEvent("opened"), rule())
		if !errors.Is(err, down) {
			t.Errorf("%s fails: %v", method, err)
		}
	}
}

func TestDistinctiveWordsAreNoQualifiers(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"How can I use this?":                              "",
		"repo:evil/secret -label:bug OR author:me":         "repo secret label author",
		`"is:private" NOT [CrAsH] org:acme`:                "private crash org acme",
		"Panic in ParseHeader on HTTP2 frames, panic: E42": "parseheader http2 frames e42",
		"Ошибка при сохранении виджета":                    "ошибка при сохранении виджета",
	} {
		if got := strings.Join(distinctive(title), " "); got != want {
			t.Errorf("%q: %q, want %q", title, got, want)
		}
	}
}

// Each case is one proposal for a label, and what becomes of it.
func TestIssueLabels(t *testing.T) {
	t.Parallel()
	categories := []hls.Category{
		{Name: "type", Labels: []hls.Label{{Name: "bug"}, {Name: "docs"}}},
		{Name: "priority", Exclusive: true, Labels: []hls.Label{{Name: "P: high"}, {Name: "P: low"}}},
		{Name: "new", Labels: []hls.Label{{Name: "fresh"}}},
	}
	good := "crashes when i press save"
	for _, tc := range []struct {
		name, label, quote string
		confidence         float64
		change             func(*hls.Facts, *hls.Rule)
		want               string // the reason for dropping it, "" when it is set
	}{
		{"fits", "bug", good, 0.9, nil, ""},
		{"other case", "BUG", "The app crashes  when\nI press Save", 0.9, nil, ""},
		{"quote from the author's comment", "bug", "on version 2.3.1 too", 0.9, nil, ""},
		{"quote in a script without blanks", "bug", "保存时崩溃", 0.9, func(f *hls.Facts, _ *hls.Rule) { f.Issue.Body = "应用在保存时崩溃了" }, ""},
		{"at the threshold", "bug", good, 0.6, nil, ""},
		{"unknown label", "urgent", good, 0.9, nil, "not_allowed"},
		{"unsure", "bug", good, 0.59, nil, "low_confidence"},
		{"more than sure", "bug", good, 1.5, nil, "confidence_out_of_range"},
		{"own threshold", "bug", good, 0.7, func(_ *hls.Facts, r *hls.Rule) { r.Labels.MinConfidence = 0.8 }, "low_confidence"},
		{"made-up quote", "bug", "it explodes at night", 0.9, nil, "quote_not_found"},
		{"quote across texts", "bug", "saving a widget the app", 0.9, nil, "quote_not_found"},
		{"someone else's words", "docs", "I think the docs are wrong", 0.9, nil, "quote_not_found"},
		{"hidden words", "bug", "please describe the steps", 0.9, nil, "quote_not_found"},
		{"one short word", "bug", "crashes", 0.9, nil, "quote_not_found"},
		{"no quote", "bug", "", 0.9, nil, "quote_not_found"},
		{"there already", "bug", good, 0.9, func(f *hls.Facts, _ *hls.Rule) { f.Issue.Labels = []hls.Label{{Name: "Bug"}} }, "present_already"},
		{"suggest only", "bug", good, 0.9, func(_ *hls.Facts, r *hls.Rule) { r.Labels.AutoApply = false }, "auto_apply_off"},
		{"configured", "bug", good, 0.9, func(_ *hls.Facts, r *hls.Rule) { r.Labels.Categories = categories }, ""},
		{"only the repository's", "Needs Info", good, 0.9, func(_ *hls.Facts, r *hls.Rule) { r.Labels.Categories = categories }, "not_allowed"},
		{"lacking", "fresh", good, 0.9, func(_ *hls.Facts, r *hls.Rule) { r.Labels.Categories = categories }, "not_in_repository"},
		{"lacking, to be created", "fresh", good, 0.9, func(_ *hls.Facts, r *hls.Rule) {
			r.Labels.Categories, r.Labels.CreateMissing = categories, true
		}, ""},
		{"group taken by a person", "priority-high", good, 0.9, func(f *hls.Facts, _ *hls.Rule) {
			f.Issue.Labels = []hls.Label{{Name: "priority-low"}}
		}, "group_taken_by_person"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f, r, a := issueFacts(), rule(), goodIssueAnswer()
			if tc.change != nil {
				tc.change(&f, &r)
			}
			a.Priority.Level = ""
			a.Labels = []namedLabel{{tc.label, tc.confidence, tc.quote}}
			p := planIssue(t, f, a, r)
			if got := whyDropped(p, tc.label); got != tc.want {
				t.Errorf("dropped for %q, want %q", got, tc.want)
			}
			if got := labelsIn(p, hls.AddLabels); (got != "") != (tc.want == "") {
				t.Errorf("set %q", got)
			}
		})
	}
}

func TestMinConfidenceOfARuleHolds(t *testing.T) {
	t.Parallel()
	quote := "crashes when I press Save"
	a := goodIssueAnswer()
	a.Labels = []namedLabel{{" Bug ", 0.1, quote}, {"docs", 0.7, quote}}
	a.Duplicates = []duplicate{{3, 0.7, "Same"}, {4, 0.8, "Same"}}
	for minimum, want := range map[float64]string{0: "docs,bug", 0.1: "docs,bug", 0.5: "docs", 0.9: ""} {
		r := rule()
		r.Labels.MinConfidence = minimum
		p := planIssue(t, issueFacts(), a, r)
		if got := labelsIn(p, hls.AddLabels); got != want {
			t.Errorf("min_confidence %g sets %q, want %q", minimum, got, want)
		}
		if got := bodyIn(p, hls.UpsertComment); strings.Contains(got, "#3") || strings.Contains(got, "#4") != (minimum < 0.8) {
			t.Errorf("min_confidence %g: duplicates in %q", minimum, got)
		}
	}
}

func TestOneLabelOfAGroup(t *testing.T) {
	t.Parallel()
	quote := "crashes when I press Save"
	a := goodIssueAnswer()
	a.Labels = []namedLabel{{"priority-low", 0.7, quote}, {"priority-high", 0.9, quote}, {"bug", 0.8, quote}, {"bug", 0.9, quote}}
	p := planIssue(t, issueFacts(), a, rule())
	if got, want := labelsIn(p, hls.AddLabels), "priority-high,bug"; got != want {
		t.Errorf("set %q, want %q", got, want)
	}
	if why := whyDropped(p, "priority-low"); why != "group_has_better" {
		t.Errorf("priority-low: %q", why)
	}
	if why := whyDropped(p, "bug"); why != "repeated" {
		t.Errorf("bug: %q", why)
	}
}

func TestE8_PeopleWin(t *testing.T) {
	t.Parallel()
	quote := "crashes when I press Save"
	added := func(label string, by hls.Account) hls.LabelEvent {
		return hls.LabelEvent{Label: label, Added: true, Actor: by}
	}
	removed := func(label string, by hls.Account) hls.LabelEvent { return hls.LabelEvent{Label: label, Actor: by} }
	for _, tc := range []struct {
		name        string
		present     string
		history     []hls.LabelEvent
		self        hls.Account
		add, remove string
	}{
		{"untouched", "", nil, self, "priority-high", ""},
		{"removed by a person", "", []hls.LabelEvent{added("priority-high", self), removed("Priority-High", person)}, self, "", ""},
		{"removed by a person, then by HLS", "", []hls.LabelEvent{removed("priority-high", person), added("priority-high", person), removed("priority-high", self)}, self, "", ""},
		{"removed by HLS", "", []hls.LabelEvent{added("priority-high", self), removed("priority-high", self)}, self, "priority-high", ""},
		{"a person's choice", "priority-low", []hls.LabelEvent{added("priority-low", person)}, self, "", ""},
		{"HLS's own choice", "priority-low", []hls.LabelEvent{added("priority-low", self)}, self, "priority-high", "priority-low"},
		{"HLS's choice, set again by a person", "priority-low", []hls.LabelEvent{added("priority-low", self), added("priority-low", person)}, self, "", ""},
		{"HLS was cut short between the two", "priority-low priority-high", []hls.LabelEvent{added("priority-low", self), added("priority-high", self)}, self, "", "priority-low"},
		{"a person's choice beside HLS's own", "priority-low priority-high", []hls.LabelEvent{added("priority-high", self), added("priority-low", person)}, self, "", ""},
		{"a label of unknown origin", "priority-low", nil, self, "", ""},
		{"HLS does not know itself", "priority-low", []hls.LabelEvent{added("priority-low", hls.Account{})}, hls.Account{}, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f, r, a := issueFacts(), rule(), goodIssueAnswer()
			f.History, r.Self = tc.history, tc.self
			for name := range strings.FieldsSeq(tc.present) {
				f.Issue.Labels = append(f.Issue.Labels, hls.Label{Name: name})
			}
			a.Labels = []namedLabel{{"priority-high", 0.9, quote}}
			p := planIssue(t, f, a, r)
			if got := labelsIn(p, hls.AddLabels); got != tc.add {
				t.Errorf("adds %q, want %q (%v)", got, tc.add, p.Dropped)
			}
			if got := labelsIn(p, hls.RemoveLabels); got != tc.remove {
				t.Errorf("removes %q, want %q", got, tc.remove)
			}
		})
	}
}

func TestLevelsBecomeConfiguredLabels(t *testing.T) {
	t.Parallel()
	r := rule()
	r.Labels.Categories = []hls.Category{
		{Name: "Priority", Exclusive: true, Labels: []hls.Label{{Name: "priority-high"}, {Name: "priority-low"}}},
		{Name: "difficulty", Exclusive: true, Labels: []hls.Label{{Name: "effort/hard"}, {Name: "effort/easy"}}},
	}
	r.Labels.CreateMissing = true
	a := goodIssueAnswer()
	a.Priority, a.Difficulty = level{"high", "All users lose data"}, level{"complex", "It needs a design"}
	p := planIssue(t, issueFacts(), a, r)
	if got, want := labelsIn(p, hls.AddLabels), "priority-high,effort/hard"; got != want {
		t.Errorf("set %q, want %q", got, want)
	}
	a.Labels = []namedLabel{{"priority-low", 0.2, "nothing"}}
	if got, want := labelsIn(planIssue(t, issueFacts(), a, r), hls.AddLabels), "effort/hard"; got != want {
		t.Errorf("the model named a label of the category, badly: set %q, want %q", got, want)
	}
	a.Labels = nil
	if got := labelsIn(planIssue(t, issueFacts(), a, rule()), hls.AddLabels); got != "" {
		t.Errorf("no categories: set %q", got)
	}
}

func TestIssueComment(t *testing.T) {
	t.Parallel()
	ask := func(a *issueAnswer) { a.Missing = []string{"Which version do you use?"} }
	for _, tc := range []struct {
		name   string
		answer func(*issueAnswer)
		policy hls.CommentPolicy
		want   string // in the comment, or the reason for silence after "silent: "
	}{
		{"nothing to act on", func(a *issueAnswer) { a.Comment = "Have a nice day." }, hls.CommentPolicy{}, "silent: nothing_to_say"},
		{"a question", ask, hls.CommentPolicy{}, "- Which version do you use?"},
		{"a question, never", ask, hls.CommentPolicy{Post: hls.PostNever}, "silent: comments_off"},
		{"a question, not for this event", ask, hls.CommentPolicy{EventTypes: []string{"pull_request", "issues.closed"}}, "silent: event_type_not_commented"},
		{"a question, for this event", ask, hls.CommentPolicy{EventTypes: []string{"issues.opened"}}, "Which version"},
		{"always", func(a *issueAnswer) { a.Comment = "Saving runs twice here" }, hls.CommentPolicy{Post: hls.PostAlways}, "Saving runs twice here."},
		{"always, without a text", func(*issueAnswer) {}, hls.CommentPolicy{Post: hls.PostAlways}, "Saving crashes."},
		{"security", func(a *issueAnswer) { ask(a); a.Security = true }, hls.CommentPolicy{Post: hls.PostAlways}, "Please tell the maintainers in private"},
		{"injection", func(a *issueAnswer) { ask(a); a.Injection = true }, hls.CommentPolicy{Post: hls.PostAlways}, "silent: injection_suspected"},
		{"for a person", func(a *issueAnswer) { ask(a); a.NeedsHuman = true }, hls.CommentPolicy{}, "silent: needs_human"},
		{"duplicate", func(a *issueAnswer) { a.Duplicates = []duplicate{{3, 0.9, "Same stack"}} }, hls.CommentPolicy{}, "- #3: Same stack."},
		{"unsure duplicate", func(a *issueAnswer) { a.Duplicates = []duplicate{{3, 0.7, "Same"}} }, hls.CommentPolicy{}, "silent: nothing_to_say"},
		{"duplicate of no candidate", func(a *issueAnswer) { a.Duplicates = []duplicate{{666, 1, "Same"}} }, hls.CommentPolicy{}, "silent: nothing_to_say"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a, r := goodIssueAnswer(), rule()
			tc.answer(&a)
			r.Comments = tc.policy
			p := planIssue(t, issueFacts(), a, r)
			got := bodyIn(p, hls.UpsertComment)
			if p.Silent != "" {
				got += "silent: " + p.Silent
			}
			if !strings.Contains(got, tc.want) || (got == "") != (tc.want == "") {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestIssueCommentReads(t *testing.T) {
	t.Parallel()
	a := goodIssueAnswer()
	a.Missing = []string{"Which version do you use?", "  # Which\nbrowser is it", "Which version do you use?", "Does it happen offline?", "One more?"}
	a.Duplicates = []duplicate{{4, 0.8, "Same button"}, {3, 0.95, "Same stack trace."}}
	p := planIssue(t, issueFacts(), a, rule())
	want := `This looks like something that was reported before:

- #3: Same stack trace.
- #4: Same button.

If yours is different, please say in what.

To look into this, some things are missing:

1. Which version do you use?
2. Which browser is it.
3. Does it happen offline?

*This is an automated first look; a maintainer decides.*`
	if got := bodyIn(p, hls.UpsertComment); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if why := whyDropped(p, "One more"); why != "over_three" {
		t.Errorf("fourth question: %q", why)
	}
}

func TestE4_UnreadableAnswerPlansNothing(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"", "null", "[]", "{", `{"labels":"bug"}`, `{"labels":[],"labels":[]}`,
		`{"missing_information":["Which version?"],"labels":"bug"}`, `{"risk":"high","missing_tests":["Saving"],"findings":7}`} {
		for _, name := range []string{"issues", "pull_request"} {
			f := issueFacts()
			f.PullRequest = &hls.PullRequest{Number: 8}
			p := For(name).Plan(hls.Event{Name: name}, f, hls.Analysis{Answer: []byte(answer)}, rule())
			if len(p.Effects) > 0 || p.Silent == "" {
				t.Errorf("%s, %q: %+v", name, answer, p)
			}
		}
	}
}
