package handler

import (
	"errors"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

func TestOrderIn(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]order{
		"/hls review":                        {"review", ""},
		"/HLS Review  please \r\nand thanks": {"review", "please"},
		"\n/hls\texplain  What is x?":        {"explain", "What is x?"},
		"/hls":                               {},
		"/hls ":                              {},
	} {
		if got, ok := orderIn(body); !ok || got != want {
			t.Errorf("%q: %+v, %v", body, got, ok)
		}
	}
	for _, body := range []string{
		"", "review", "> /hls review", "    /hls review", " /hls review", "```\n/hls review\n```", "`/hls review`", "Please /hls review",
		"Hello\n/hls review", "/hlsreview", "/hls-review", "/hl review", "//hls review", "<!-- x -->/hls review", "/\u200bhls review", "- /hls review",
	} {
		if got, ok := orderIn(body); ok {
			t.Errorf("%q is a command: %+v", body, got)
		}
	}
}

func TestCommandsRoute(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change func(*hls.Event, *hls.Rule)
		want   hls.Verdict
	}{
		{"review", func(*hls.Event, *hls.Rule) {}, hls.Verdict{Do: true, Purpose: "command-55", Now: true, Unasked: true}},
		{"no analysis", func(e *hls.Event, _ *hls.Rule) { e.Comment.Body = "/hls why" }, hls.Verdict{Do: true, Purpose: "command-55", Now: true, Unasked: true}},
		{"unknown", func(e *hls.Event, _ *hls.Rule) { e.Comment.Body = "/hls x" }, hls.Verdict{Do: true, Purpose: "command-55", Now: true, Unasked: true}},
		{"in a thread", func(e *hls.Event, _ *hls.Rule) { e.Name = remarkEvent }, hls.Verdict{Do: true, Purpose: "command-line-55", Now: true, Unasked: true}},
		{"switched off", func(_ *hls.Event, r *hls.Rule) { r.Commands.Enabled = false }, hls.Pass("commands_off")},
		{"a bot", func(e *hls.Event, _ *hls.Rule) { e.Sender.Type = "Bot" }, hls.Pass("not_by_a_person")},
		{"an App in a person's name", func(e *hls.Event, _ *hls.Rule) { e.Comment.App = &struct{}{} }, hls.Pass("not_by_a_person")},
		{"sent by another", func(e *hls.Event, _ *hls.Rule) { e.Sender = author }, hls.Pass("not_by_a_person")},
		{"nobody", func(e *hls.Event, _ *hls.Rule) { e.Sender, e.Comment.User = hls.Account{}, hls.Account{} }, hls.Pass("not_by_a_person")},
		{"on nothing", func(e *hls.Event, _ *hls.Rule) { e.Subject = hls.Subject{Kind: hls.KindOther, Ref: "x/1"} }, hls.Pass("nothing_to_command")},
	} {
		e, r := commandEvent(pullEvent(""), "/hls review"), commandRule()
		tc.change(&e, &r)
		if got := Of(e).Route(e, r); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.name, got, tc.want)
		}
	}
	e := commandEvent(pullEvent(""), "/hls review")
	e.Action = "edited"
	if _, ok := Of(e).(commands); ok {
		t.Error("an edited comment is a command")
	}
}

// Whoever has no write access, as GitHub tells it now, and whatever no longer stands as it was given, does nothing.
func TestE1_CommandsAreOfPeopleWithWriteAccess(t *testing.T) {
	t.Parallel()
	level := func(permission string) func(*github, *hls.Event, *hls.Rule) {
		return func(g *github, _ *hls.Event, _ *hls.Rule) {
			g.access[mona.Login] = hls.Access{User: mona, Permission: permission}
		}
	}
	fails := func(method string, err error) func(*github, *hls.Event, *hls.Rule) {
		return func(g *github, _ *hls.Event, _ *hls.Rule) { g.errs = map[string]error{method: err} }
	}
	for _, tc := range []struct {
		name   string
		change func(*github, *hls.Event, *hls.Rule)
		want   string
	}{
		{"admin", level("admin"), ""},
		{"write", level("write"), ""},
		{"read", level("read"), "no_write_access"},
		{"none", level("none"), "no_write_access"},
		{"a word that GitHub does not use yet", level("superb"), "no_write_access"},
		{"no word", level(""), "no_write_access"},
		{"a stranger", func(g *github, _ *hls.Event, _ *hls.Rule) { delete(g.access, mona.Login) }, "no_write_access"},
		{"the login is another's now", func(g *github, _ *hls.Event, _ *hls.Rule) {
			g.access[mona.Login] = hls.Access{User: author, Permission: "admin"}
		}, "no_write_access"},
		{"said to be an owner", func(g *github, e *hls.Event, _ *hls.Rule) {
			delete(g.access, mona.Login)
			e.Comment.AuthorAssociation = "OWNER"
		}, "no_write_access"},
		{"not shown", fails("Access", &hls.Permanent{Err: errors.New("403"), Reason: "x"}), "access_not_shown"},
		{"edited since", func(g *github, _ *hls.Event, _ *hls.Rule) {
			g.said[55] = hls.Comment{User: mona, Body: "/hls pause now"}
		}, "comment_edited"},
		{"another's comment", func(g *github, e *hls.Event, _ *hls.Rule) {
			g.said[55] = hls.Comment{User: author, Body: e.Comment.Body}
		}, "comment_edited"},
		{"deleted since", func(g *github, _ *hls.Event, _ *hls.Rule) { delete(g.said, 55) }, "comment_deleted"},
	} {
		for _, body := range []string{"/hls review", "/hls triage", "/hls explain why?", "/hls why", "/hls pause", "/hls help", "/hls nonsense"} {
			e, r := commandEvent(pullEvent(""), body), commandRule()
			g := hearingOf(e)
			tc.change(g, &e, &r)
			f, err := Of(e).Gather(t.Context(), g, e, r)
			if err != nil || f.Skip != tc.want {
				t.Errorf("%s, %s: skip %q, %v; want %q", tc.name, body, f.Skip, err, tc.want)
			}
			if early := Acknowledgment(e, f, r); tc.want != "" && (f.Asked != 0 || len(early.Effects)+len(early.Remember) > 0) {
				t.Errorf("%s, %s: %+v", tc.name, body, early)
			}
			if p := Of(e).Plan(e, f, hls.Analysis{Answer: []byte(`{}`)}, r); tc.want != "" && len(p.Effects)+len(p.Remember) > 0 {
				t.Errorf("%s, %s: %+v", tc.name, body, p)
			}
		}
	}
	down := &hls.RetryAfter{Err: errors.New("down")}
	for _, method := range []string{"Access", "Comment", "Recall", "PullRequest"} {
		e := commandEvent(pullEvent(""), "/hls why")
		g := hearingOf(e)
		fails(method, down)(g, nil, nil)
		if f, err := Of(e).Gather(t.Context(), g, e, commandRule()); !errors.Is(err, down) || f.Asked != 0 {
			t.Errorf("%s fails: %+v, %v", method, f, err)
		}
	}
}

// A person has so many commands an hour in a repository, on whatever they stand.
func TestE7_CommandsAreCapped(t *testing.T) {
	t.Parallel()
	r := commandRule()
	r.Commands.PerHour = 2
	g := hearingOf(commandEvent(pullEvent(""), "/hls help"))
	give := func(number int, id int64, after time.Duration) string {
		e := commandEvent(pullEvent(""), "/hls help")
		e.Subject.Number, e.Comment.ID, e.ReceivedAt = number, id, e.ReceivedAt.Add(after)
		g.said[id] = hls.Comment{User: mona, Body: e.Comment.Body}
		f, err := Of(e).Gather(t.Context(), g, e, r)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range Acknowledgment(e, f, r).Remember {
			if !m.Subject.Beside(e.Subject) {
				t.Errorf("remembered of %s", m.Subject)
			}
			g.memories = []hls.Memory{m}
		}
		return f.Skip
	}
	for i, want := range []string{give(8, 1, 0), give(9, 2, time.Minute), give(9, 2, 2*time.Minute), give(10, 3, 3*time.Minute),
		give(10, 4, time.Hour+30*time.Second), give(10, 5, time.Hour+40*time.Second)} {
		if over := i == 3 || i == 5; over != (want == "too_many_commands") {
			t.Errorf("command %d: skip %q", i+1, want)
		}
	}
	r.Commands.PerHour = 0
	if skip := give(8, 9, time.Hour); skip != "" {
		t.Errorf("without a cap: %q", skip)
	}
}

// What a person may ask for and HLS cannot do is told by a reaction alone.
func TestRefusedCommands(t *testing.T) {
	t.Parallel()
	closed := func(g *github) {
		issue := openIssue()
		issue.State, g.pull.State = "closed", "closed"
		g.issues[7] = issue
	}
	for _, tc := range []struct {
		on     hls.Event
		body   string
		change func(*github)
		want   string
	}{
		{pullEvent(""), "/hls", nil, "unknown_command"},
		{pullEvent(""), "/hls aprove", nil, "unknown_command"},
		{pullEvent(""), "/hls triage", nil, "not_for_pull_request"},
		{issueEvent(""), "/hls review", nil, "not_for_issue"},
		{issueEvent(""), "/hls ignore 3f2a91c2", nil, "not_for_issue"},
		{pullEvent(""), "/hls ignore 3f2a91c2", nil, "unknown_finding"},
		{pullEvent(""), "/hls ignore", nil, "unknown_finding"},
		{issueEvent(""), "/hls explain", nil, "no_question"},
		{issueEvent(""), "/hls triage", closed, "closed"},
		{pullEvent(""), "/hls review", closed, "closed"},
		{pullEvent(""), "/hls review", func(g *github) { g.pull.Locked = true }, "locked"},
		{pullEvent(""), "/hls review", func(g *github) { g.pull.Draft = true }, ""},
		{pullEvent(""), "/hls explain what?", closed, ""},
		{issueEvent(""), "/hls pause", closed, ""},
	} {
		e, r := commandEvent(tc.on, tc.body), commandRule()
		r.Ignore.Drafts = true
		g := hearingOf(e)
		if tc.change != nil {
			tc.change(g)
		}
		f, err := Of(e).Gather(t.Context(), g, e, r)
		if err != nil || f.Skip != "" || f.Asked != 55 || commandOf(f).Refused != tc.want {
			t.Errorf("%s: %+v, %v; want %q", tc.body, f, err, tc.want)
			continue
		}
		reactions := func(p hls.Plan) (all string) {
			for _, effect := range p.Effects {
				all += string(effect.Kind) + " " + string(effect.Reaction)
			}
			return all
		}
		if tc.want == "" {
			if got := reactions(Acknowledgment(e, f, r)); got != "add_reaction eyes" {
				t.Errorf("%s: acknowledged by %q", tc.body, got)
			}
			continue
		}
		q := Of(e).Question(e, f, r)
		p := Of(e).Plan(e, f, hls.Analysis{Answer: q.Known}, r)
		if reactions(p) != "add_reaction confused" || p.Silent != tc.want || len(p.Remember) > 0 || reactions(Acknowledgment(e, f, r)) != "" {
			t.Errorf("%s: %+v", tc.body, p)
		}
		r.Also = nil
		if p := Of(e).Plan(e, f, hls.Analysis{Answer: q.Known}, r); len(p.Effects) > 0 {
			t.Errorf("%s, without reactions: %+v", tc.body, p)
		}
	}
}

// A review or triage that was asked for goes on with the ordinary ones, and has their purposes.
func TestOrdinaryWorkByCommand(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		on            hls.Event
		body, purpose string
		answer        any
	}{
		{pullEvent(""), "/hls review", review, goodReviewAnswer(goodFinding())},
		{issueEvent(""), "/hls triage", triage, issueAnswer{Missing: []string{"Which version?"}}},
	} {
		e, r := commandEvent(tc.on, tc.body), commandRule()
		g := hearingOf(e)
		f, err := Of(e).Gather(t.Context(), g, e, r)
		if err != nil || f.Skip != "" || f.Purpose != tc.purpose || f.Asked != 55 || !strings.Contains(strings.Join(g.of, " "), tc.purpose) {
			t.Fatalf("%s: %+v, %v, %v", tc.body, f, err, g.of)
		}
		if q := Of(e).Question(e, f, r); q.Known != nil || q.Step == "explain" || len(q.Schema) == 0 || q.Event == "" || q.Event == e.Name {
			t.Errorf("%s: %+v", tc.body, q)
		}
		p := Of(e).Plan(e, f, analysisOf(t, tc.answer), r)
		if len(p.Effects) == 0 {
			t.Errorf("%s: %+v", tc.body, p)
		}
		for _, effect := range p.Effects {
			if effect.Purpose != tc.purpose || effect.Subject != e.Subject || effect.Expect == "" {
				t.Errorf("%s: %+v", tc.body, effect)
			}
		}
	}
}
