package handler

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

func TestTells(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "+1", "-1", ":+1:", "👍👍", "🙏", "Any news?", "any updates on this", "Thanks!", "Thank you so much, great work", "bump", "ping @mona",
		"me too", "Same here.", "Same problem", "still waiting...", "It is still not working", "Hello? Anyone?", "please fix ASAP",
		"When will this be fixed?", "> Which version do you use?\n\n+1", "<!-- version 2.3 -->", "The app crashes when I press Save", "ok", "up",
	} {
		if tells(text, openIssue()) {
			t.Errorf("%q tells something", text)
		}
	}
	for _, text := range []string{
		"2.3.1", "It's version 2.3.1", "> Which version?\n\nv2.4", "On Debian 13.", "```\npanic: nil map\n```", "再現手順は設定画面です", "Version is on the page about",
		"Thanks! I use Firefox.", "still happening with 2.4", "I pressed Ctrl+S",
	} {
		if !tells(text, openIssue()) {
			t.Errorf("%q tells nothing", text)
		}
	}
}

var noon = time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)

func at(minute int) time.Time { return noon.Add(time.Duration(minute) * time.Minute) }

func TestIssueCommentRoute(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*hls.Event)
		want   hls.Verdict
	}{
		{"the author tells", func(*hls.Event) {}, hls.Go("answer")},
		{"the author adds to it", func(e *hls.Event) { e.Action = "edited" }, hls.Go("answer")},
		{"+1", func(e *hls.Event) { e.Comment.Body = "+1" }, hls.Pass("says_nothing_new")},
		{"someone else", func(e *hls.Event) { e.Comment.User, e.Sender = person, person }, hls.Pass("not_by_the_author")},
		{"someone else edits", func(e *hls.Event) { e.Action, e.Sender = "edited", person }, hls.Pass("not_by_the_author")},
		{"deleted", func(e *hls.Event) { e.Action = "deleted" }, hls.Pass("action_not_handled")},
		{"a command, edited", func(e *hls.Event) { e.Action, e.Comment.Body = "edited", "/hls review" }, hls.Pass("command_edited")},
		{"on a pull request", func(e *hls.Event) { e.Subject.Kind = hls.KindPullRequest }, hls.Pass("not_on_an_issue")},
		{"without a comment", func(e *hls.Event) { e.Comment = nil }, hls.Pass("not_on_an_issue")},
		{"by nobody", func(e *hls.Event) {
			e.Comment.User, e.Sender, e.Issue.User = hls.Account{}, hls.Account{}, hls.Account{}
		}, hls.Pass("not_by_the_author")},
	} {
		e := commandEvent(issueEvent(""), "It is version 2.3.1")
		e.Comment.User, e.Sender = author, author
		tc.change(&e)
		if got := Of(e).Route(e, rule()); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

// Only what was asked for is looked at, and money is spent on nothing else.
func TestIssueCommentGather(t *testing.T) {
	t.Parallel()
	question := hls.Comment{ID: 1, User: self, Body: questionLines([]string{"Which version?"}), CreatedAt: at(1)}
	answer := hls.Comment{ID: 2, User: author, Body: "It is version 2.3.1", CreatedAt: at(2)}
	copied := question
	copied.User = person
	early := answer
	early.CreatedAt = at(0)
	closed := question
	closed.Body = nothingMissing
	labeled := func(g *github) {
		issue := openIssue()
		issue.Labels = []hls.Label{{Name: "needs info"}}
		g.issues[7] = issue
	}
	for _, tc := range []struct {
		name     string
		comments []hls.Comment
		change   func(*github)
		want     string
	}{
		{"asked and answered", []hls.Comment{question, answer}, nil, ""},
		{"never asked", []hls.Comment{answer}, nil, "nothing_asked"},
		{"asked by a copy", []hls.Comment{copied, answer}, nil, "nothing_asked"},
		{"answered before", []hls.Comment{closed, answer}, nil, "nothing_asked"},
		{"told before it was asked", []hls.Comment{early, question}, nil, "nothing_answered"},
		{"the comment is gone again", []hls.Comment{question}, nil, "nothing_answered"},
		{"a command is no answer", []hls.Comment{question, {ID: 3, User: author, Body: "/hls triage version 2.3.1", CreatedAt: at(3)}}, nil, "nothing_answered"},
		{"asked by a label", []hls.Comment{answer}, labeled, ""},
		{"told before the label", []hls.Comment{early}, func(g *github) {
			labeled(g)
			g.history = []hls.LabelEvent{{Label: "Needs Info", Added: true, Actor: person, At: at(1)}}
		}, "nothing_answered"},
	} {
		r := rule()
		r.Labels.NeedsInformation = "Needs Info"
		e := commandEvent(issueEvent(""), answer.Body)
		e.Comment.User, e.Sender = author, author
		g := hearingOf(e)
		g.comments = tc.comments
		if tc.change != nil {
			tc.change(g)
		}
		f, err := Of(e).Gather(t.Context(), g, e, r)
		if err != nil || f.Skip != tc.want || f.Purpose != triage {
			t.Errorf("%s: skip %q, %q, %v; want %q", tc.name, f.Skip, f.Purpose, err, tc.want)
		}
		if searched := len(g.queries) > 0; searched != (tc.want == "") {
			t.Errorf("%s: searched for %v", tc.name, g.queries)
		}
		if own := strings.HasPrefix(f.Revision, openIssue().Revision()+"+2."); own != (tc.want == "" || tc.name == "answered before") {
			t.Errorf("%s: revision %s", tc.name, f.Revision)
		}
	}
}

// Each case is a triage of an issue that HLS has asked about before, or not.
func TestE8_NeedsInformationGoesWhereHLSPutIt(t *testing.T) {
	t.Parallel()
	mine := hls.LabelEvent{Label: "Needs Info", Added: true, Actor: self}
	theirs := hls.LabelEvent{Label: "Needs Info", Added: true, Actor: person}
	taken := hls.LabelEvent{Label: "Needs Info", Actor: person}
	for _, tc := range []struct {
		name        string
		ask         bool
		present     bool
		history     []hls.LabelEvent
		change      func(*issueAnswer, *hls.Rule)
		add, remove string
	}{
		{"asks", true, false, nil, nil, "Needs Info", ""},
		{"asks again", true, true, []hls.LabelEvent{mine}, nil, "", ""},
		{"a person took it away", true, false, []hls.LabelEvent{mine, taken}, nil, "", ""},
		{"answered", false, true, []hls.LabelEvent{mine}, nil, "", "Needs Info"},
		{"answered, and a person had set it", false, true, []hls.LabelEvent{theirs}, nil, "", ""},
		{"nobody knows who set it", false, true, nil, nil, "", ""},
		{"comments are off", true, false, nil, func(_ *issueAnswer, r *hls.Rule) { r.Comments.Post = hls.PostNever }, "", ""},
		{"nothing may be said", true, false, nil, func(a *issueAnswer, _ *hls.Rule) { a.NeedsHuman = true }, "", ""},
		{"answered, but steered", false, true, []hls.LabelEvent{mine}, func(a *issueAnswer, _ *hls.Rule) { a.Injection = true }, "", ""},
		{"labels are off", false, true, []hls.LabelEvent{mine}, func(_ *issueAnswer, r *hls.Rule) { r.Labels.AutoApply = false }, "", ""},
		{"the model proposes it", false, false, nil, func(a *issueAnswer, _ *hls.Rule) {
			a.Labels = []namedLabel{{"needs info", 1, "crashes when I press Save"}}
		}, "", ""},
		{"not configured", true, false, nil, func(_ *issueAnswer, r *hls.Rule) { r.Labels.NeedsInformation = "" }, "", ""},
		{"not in the repository", true, false, nil, func(_ *issueAnswer, r *hls.Rule) { r.Labels.NeedsInformation = "waiting" }, "", ""},
	} {
		f, r, a := issueFacts(), rule(), goodIssueAnswer()
		r.Labels.NeedsInformation = "Needs Info"
		f.History = tc.history
		if tc.present {
			f.Issue.Labels = []hls.Label{{Name: "Needs Info"}}
		}
		if tc.ask {
			a.Missing = []string{"Which version?"}
		}
		if tc.change != nil {
			tc.change(&a, &r)
		}
		p := planIssue(t, f, a, r)
		if got := labelsIn(p, hls.AddLabels); got != tc.add {
			t.Errorf("%s: added %q, want %q", tc.name, got, tc.add)
		}
		if got := labelsIn(p, hls.RemoveLabels); got != tc.remove {
			t.Errorf("%s: removed %q, want %q", tc.name, got, tc.remove)
		}
	}
}

// The one comment says so when its questions are answered, and nothing is said where none were asked.
func TestAnsweredQuestionsAreSaidToBe(t *testing.T) {
	t.Parallel()
	f := issueFacts()
	if p := planIssue(t, f, goodIssueAnswer(), rule()); p.Silent != "nothing_to_say" {
		t.Errorf("never asked: %+v", p)
	}
	f.Comments = append(f.Comments, hls.Comment{User: self, Body: questionLines([]string{"Which version?", "Which steps?"})})
	if body := bodyIn(planIssue(t, f, goodIssueAnswer(), rule()), hls.UpsertComment); !strings.HasPrefix(body, nothingMissing) {
		t.Errorf("answered: %q", body)
	}
	a := goodIssueAnswer()
	a.NeedsHuman = true
	if p := planIssue(t, f, a, rule()); len(p.Effects) > 0 {
		t.Errorf("delicate: %+v", p)
	}
}

// A triage sees the one before, what people did since, and the issues that the text names.
func TestIssuesGatherWhatCameBefore(t *testing.T) {
	t.Parallel()
	issue := openIssue()
	issue.Body += " See #3, #4 (and #4), acme/other#5, #7, #6 <!-- #9 --> and #12."
	g := &github{issues: map[int]hls.Issue{7: issue, 3: {Number: 3}, 4: {Number: 4, PullRequest: &struct{}{}}, 6: {Number: 6}, 12: {Number: 12}}}
	f, err := For("issues").Gather(t.Context(), g, issueEvent("opened"), rule())
	if err != nil || len(f.Linked) != 2 || f.Linked[0].Number != 3 || f.Linked[1].Number != 6 || f.Values != nil {
		t.Fatalf("first: %+v, %v", f, err)
	}
	a := goodIssueAnswer()
	a.Missing, a.Labels = []string{"Which version?\nReally?"}, []namedLabel{{Name: "bug"}}
	previous := analysisOf(t, a)
	previous.At = at(5)
	g.previous = &previous
	g.history = []hls.LabelEvent{
		{Label: "old", Added: true, Actor: person, At: at(1)}, {Label: "bug", Actor: person, At: at(6)}, {Label: "mine", Added: true, Actor: self, At: at(6)},
	}
	g.memories = []hls.Memory{triagedIssue{Title: "Crash"}.memory(issueEvent("").Subject)}
	f, err = For("issues").Gather(t.Context(), g, issueEvent("edited"), rule())
	got, _ := f.Values["earlier"].(earlierTriage)
	want := `mona removed the label "bug".|The title was "Crash".`
	if err != nil || got.Summary != a.Summary || got.Questions[0] != "Which version? Really?" || got.Labels[0] != "bug" || strings.Join(got.Changes, "|") != want {
		t.Errorf("%+v, %v", got, err)
	}
	g.previous = &hls.Analysis{Answer: []byte(`null?`)}
	if f, err = For("issues").Gather(t.Context(), g, issueEvent("edited"), rule()); err != nil || f.Values != nil {
		t.Errorf("an answer that cannot be read: %+v, %v", f.Values, err)
	}
	down := errors.New("down")
	for _, method := range []string{"Previous", "Recall"} {
		g.errs, g.previous = map[string]error{method: down}, &previous
		if _, err := For("issues").Gather(t.Context(), g, issueEvent("edited"), rule()); !errors.Is(err, down) {
			t.Errorf("%s fails: %v", method, err)
		}
	}
}

func TestE1_RandomAnswersToAnAnsweredIssueStayInTheClosedSet(t *testing.T) {
	t.Parallel()
	for seed := range uint64(randomAnswers / 4) {
		c := chaos{rand.New(rand.NewPCG(seed, 7))}
		f, r := issueFacts(), c.rule()
		f.Issue.Labels, f.History = past()
		f.Issue.Labels = append(f.Issue.Labels, hls.Label{Name: "Needs Info"})
		f.History = append(f.History, hls.LabelEvent{Label: "Needs Info", Added: true, Actor: [...]hls.Account{self, person}[c.IntN(2)]})
		f.Comments = append(f.Comments, hls.Comment{User: self, Body: questionLines([]string{c.text()})})
		r.Labels.NeedsInformation = c.pick("Needs Info", "", "admin")
		e := commandEvent(issueEvent(""), "It is version 2.3.1")
		p := For(e.Name).Plan(e, f, analysisOf(t, c.issueAnswer()), r)
		confined(t, e, p, hls.AddLabels, hls.RemoveLabels, hls.UpsertComment)
		if f.History[len(f.History)-1].Actor == person && strings.Contains(labelsIn(p, hls.RemoveLabels), "Needs Info") {
			t.Error("takes away what a person set")
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
