package handler

import (
	stdjson "encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

// planCommand goes through all stages of a command, with this answer where Claude is asked.
func planCommand(t testing.TB, g *github, e hls.Event, r hls.Rule, answer any) (hls.Facts, hls.Plan) {
	t.Helper()
	f, err := Of(e).Gather(t.Context(), g, e, r)
	if err != nil {
		t.Fatal(err)
	}
	a := analysisOf(t, answer)
	if q := Of(e).Question(e, f, r); q.Known != nil {
		a.Answer = q.Known
	}
	return f, Of(e).Plan(e, f, a, r)
}

func TestE1_ExplanationsStandOnQuotes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("All of it is so. ", 200)
	for _, tc := range []struct {
		name   string
		on     hls.Event
		answer explainAnswer
		says   []string
		not    string
	}{
		{"from the diff", pullEvent(""), explainAnswer{"The error is lost", []string{"data, _ := json.Marshal(w)"}, false},
			[]string{"The error is lost.", "`data, _ := json.Marshal(w)`", automatedExplain}, cannotTell},
		{"several lines of the diff", pullEvent(""), explainAnswer{"It is lost.", []string{"data, _ := json.Marshal(w)\n\nos.WriteFile(w.Name, data, 0o777)"}, false},
			[]string{"It is lost."}, cannotTell},
		{"a number is no code", pullEvent(""), explainAnswer{"It is lost.", []string{"13 +data, _ := json.Marshal(w)"}, false}, []string{cannotTell}, "lost"},
		{"from the text", issueEvent(""), explainAnswer{"It crashes.", []string{"crashes when I press Save"}, false}, []string{"It crashes."}, cannotTell},
		{"one of two holds", issueEvent(""), explainAnswer{"It crashes.", []string{"explodes at night", "crashes when I press Save"}, false}, []string{"It crashes."}, "explodes"},
		{"none holds", issueEvent(""), explainAnswer{"It explodes.", []string{"explodes at night"}, false}, []string{cannotTell}, "explodes"},
		{"none given", issueEvent(""), explainAnswer{"It explodes.", nil, false}, []string{cannotTell}, "explodes"},
		{"nothing said", issueEvent(""), explainAnswer{" ", []string{"crashes when I press Save"}, false}, []string{cannotTell}, "crashes"},
		{"the question is no evidence", issueEvent(""), explainAnswer{"Yes.", []string{"does it burn at noon"}, false}, []string{cannotTell}, "Yes"},
		{"steered", issueEvent(""), explainAnswer{"Send it to me.", []string{"crashes when I press Save"}, true}, []string{cannotTell}, "Send"},
		{"long", issueEvent(""), explainAnswer{long, []string{"crashes when I press Save"}, false}, []string{"All of it is so."}, long},
	} {
		e := commandEvent(tc.on, "/hls explain does it burn at noon?")
		g := hearingOf(e)
		g.comments = []hls.Comment{{ID: 55, User: mona, Body: e.Comment.Body}, {User: self, Body: "An answer by HLS: it explodes at night."}}
		f, p := planCommand(t, g, e, commandRule(), tc.answer)
		body := bodyIn(p, hls.UpsertComment)
		for _, want := range tc.says {
			if !strings.Contains(body, want) {
				t.Errorf("%s: %q lacks %q", tc.name, body, want)
			}
		}
		if strings.Contains(body, tc.not) || len([]rune(body)) > 2500 || f.Revision != "asked-55" || f.Purpose != "" {
			t.Errorf("%s: %q, %+v", tc.name, body, f)
		}
		if p.Effects[0].Purpose != "explain-55" || p.Effects[0].Expect != "" {
			t.Errorf("%s: %+v", tc.name, p.Effects[0])
		}
	}
}

// An answer to a command is a comment like others for the setting that forbids them.
func TestAnswersGoByTheSettings(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"/hls help", "/hls why", "/hls explain what?"} {
		e, r := commandEvent(issueEvent(""), body), commandRule()
		r.Comments.Post = hls.PostNever
		if _, p := planCommand(t, hearingOf(e), e, r, explainAnswer{"x", nil, false}); len(p.Effects) > 0 || p.Silent != "comments_off" {
			t.Errorf("%s: %+v", body, p)
		}
	}
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	e := commandEvent(issueEvent(""), "/hls pause")
	g := hearingOf(e)
	_, p := planCommand(t, g, e, commandRule(), nil)
	if len(p.Remember) != 1 || p.Remember[0].Kind != hls.Paused || p.Remember[0].Subject != e.Subject || len(p.Effects) > 0 {
		t.Fatalf("%+v", p)
	}
	g.memories = p.Remember
	if by, err := whoPaused(t.Context(), g, e.Subject); err != nil || by != mona.Login {
		t.Errorf("paused by %q, %v", by, err)
	}
	e = commandEvent(issueEvent(""), "/hls resume")
	_, p = planCommand(t, hearingOf(e), e, commandRule(), nil)
	if len(p.Remember) != 1 || p.Remember[0].Kind != hls.Paused || p.Remember[0].Key != g.memories[0].Key || p.Remember[0].Value != nil {
		t.Errorf("%+v", p)
	}
}

func TestE1_IgnoredFindingsAreMeantPlainly(t *testing.T) {
	t.Parallel()
	pull := pullEvent("").Subject
	one := raisedFinding{ID: findingID("save.go", "a"), Path: "save.go", Code: "a", Problem: "The error is lost", State: stillOpen}
	two := raisedFinding{ID: findingID("save.go", "b"), Path: "save.go", Code: "b", Problem: "It races", State: stillOpen}
	root := hls.ReviewComment{ID: 40, User: self, Path: "save.go", Body: "**Major.** The error is *lost*.", PullRequestURL: "https://x/pulls/8"}
	in := func(change func(*hls.ReviewComment)) func(*github, *hls.Event) {
		return func(g *github, e *hls.Event) {
			e.Name, e.Comment.InReplyTo = remarkEvent, 40
			remark := root
			change(&remark)
			g.remarks = map[int64]hls.ReviewComment{40: remark, 55: {User: mona, Body: e.Comment.Body, PullRequestURL: "https://x/pulls/8"}}
		}
	}
	for _, tc := range []struct {
		name, body string
		change     func(*github, *hls.Event)
		want       string
	}{
		{"by id", "/hls ignore " + two.ID, nil, two.ID},
		{"as it is written in a text", "/hls ignore `" + strings.ToUpper(two.ID) + "` it is fine", nil, two.ID},
		{"an id that there is not", "/hls ignore 00000000", nil, ""},
		{"none", "/hls ignore", nil, ""},
		{"in its thread", "/hls ignore", in(func(*hls.ReviewComment) {}), one.ID},
		{"in a thread that shows the id", "/hls ignore", in(func(c *hls.ReviewComment) {
			c.Body = "**Major.** Not *Finding " + one.ID + "*.\n\n*Finding " + two.ID + "*"
		}), two.ID},
		{"in another's thread", "/hls ignore", in(func(c *hls.ReviewComment) { c.User = author }), ""},
		{"in a thread elsewhere", "/hls ignore", in(func(c *hls.ReviewComment) { c.PullRequestURL = "https://x/pulls/9" }), ""},
		{"in a thread about two", "/hls ignore", in(func(c *hls.ReviewComment) { c.Body += " It races." }), ""},
		{"in a thread about another file", "/hls ignore", in(func(c *hls.ReviewComment) { c.Path = "load.go" }), ""},
	} {
		e := commandEvent(pullEvent(""), tc.body)
		g := hearingOf(e)
		g.memories = []hls.Memory{one.remember(pull), two.remember(pull)}
		if tc.change != nil {
			tc.change(g, &e)
		}
		_, p := planCommand(t, g, e, commandRule(), nil)
		got := ""
		for _, m := range p.Remember {
			var f raisedFinding
			if err := stdjson.Unmarshal(m.Value, &f); err != nil || f.State != ignored || f.By != mona.Login || m.Key != f.ID || m.Subject != pull {
				t.Errorf("%s: %+v, %v", tc.name, m, err)
			}
			got += f.ID
		}
		if got != tc.want || (got == "") != (p.Silent == "unknown_finding") {
			t.Errorf("%s: ignored %q, want %q: %+v", tc.name, got, tc.want, p)
		}
	}
}

func TestWhyTellsWhatIsRecorded(t *testing.T) {
	t.Parallel()
	e := commandEvent(issueEvent(""), "/hls why")
	g := hearingOf(e)
	hostileText := "/merge @team\n# Heading <img src=x>"
	at := time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)
	g.runs = []Run{{
		Task: hls.Task{Event: "issues", Action: "opened", State: hls.Done, QueuedAt: at}, Model: "claude-haiku-5-5", CostMicroUSD: 1234,
		Dropped: slices.Repeat([]hls.Drop{{What: quoted("label", hostileText), Why: "quote_not_found"}}, 12), Silent: "nothing_to_say",
		Effects: []hls.Entry{
			{State: hls.EffectDone, Effect: hls.Effect{Kind: hls.AddLabels, Labels: []hls.Label{{Name: "b`ug"}, {Name: "a"}}}},
			{State: hls.EffectFailed, Error: hostileText, Effect: hls.Effect{Kind: hls.UpsertComment}},
		},
	}, {Task: hls.Task{Event: "push", State: hls.Parked, Reason: "refusal", QueuedAt: at}}}
	_, p := planCommand(t, g, e, commandRule(), nil)
	body := bodyIn(p, hls.UpsertComment)
	for _, want := range []string{
		"- 2026-01-15 09:00 UTC, `issues.opened`: done; asked `claude-haiku-5-5` for 0.0012 USD", "  - add labels `a`, `b'ug`: done",
		"  - upsert comment: failed (`/merge @team# Heading <img src=x>`)", "  - dropped 4 more", "  - said nothing: `nothing_to_say`",
		"`push`: parked (`refusal`)",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%q lacks %q", body, want)
		}
	}
	harmless(t, body)
	if strings.Count(body, "\n") > 30 || p.Effects[0].Purpose != "why-55" {
		t.Errorf("%+v", p)
	}
}

// Whatever a command says and Claude answers, a command comes to the kinds of its work, on its own subject, and to what is
// remembered of it.
func TestE1_RandomCommandsStayInTheClosedSet(t *testing.T) {
	t.Parallel()
	remembered := []string{hls.Paused, kindFinding, kindReviewed, kindTriaged}
	for seed := range uint64(randomAnswers / 4) {
		c := chaos{rand.New(rand.NewPCG(seed, 55))}
		body := "/hls " + c.pick("review", "triage", "explain", "why", "pause", "resume", "ignore", "help", c.text()) + " " + c.text()
		on := pullEvent("")
		if c.IntN(2) == 0 {
			on = issueEvent("")
		}
		e, r := commandEvent(on, body), c.rule()
		r.Commands, r.Also = commandRule().Commands, commandRule().Also
		g := hearingOf(e)
		for range c.IntN(3) {
			g.runs = append(g.runs, Run{Task: hls.Task{Event: c.text(), Reason: c.text()}, Model: c.text(), Silent: c.text(),
				Dropped: []hls.Drop{{What: c.text(), Why: c.text()}}, Effects: []hls.Entry{{Error: c.text(), Effect: hls.Effect{Labels: []hls.Label{{Name: c.text()}}}}}})
		}
		var answer any = explainAnswer{c.text(), c.texts(), c.flag()}
		switch c.IntN(3) {
		case 0:
			answer = c.issueAnswer()
		case 1:
			answer = c.reviewAnswer()
		}
		f, p := planCommand(t, g, e, r, answer)
		confined(t, e, p, May(e)...)
		confined(t, e, Acknowledgment(e, f, r), hls.AddReaction)
		for _, m := range p.Remember {
			if m.Subject != e.Subject || !slices.Contains(remembered, m.Kind) {
				t.Errorf("remembers %s of %s", m.Kind, m.Subject)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d: %q", seed, body)
		}
	}
}
