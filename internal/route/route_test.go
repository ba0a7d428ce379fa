package route_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/route"
)

var features = route.Features{AutoLabeling: true, AutoCommenting: true}

func router(t *testing.T, f route.Features, repositories ...route.Repository) *route.Router {
	t.Helper()
	r, err := route.New(route.Config{Repositories: repositories}, f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// event is mona's, about an issue of octocat's.
func event(name, action string, changes ...func(*hls.Event)) hls.Event {
	e := hls.Event{
		Name: name, Action: action,
		Repo:   hls.Repository{ID: 9, FullName: "o/r"},
		Sender: hls.Account{ID: 3, Login: "mona", Type: "User"},
		Issue:  &hls.Issue{Number: 7, Title: "It breaks", User: hls.Account{ID: 4, Login: "octocat", Type: "User"}},
	}
	for _, change := range changes {
		change(&e)
	}
	return e
}

func bot(login string) func(*hls.Event) {
	return func(e *hls.Event) { e.Sender = hls.Account{ID: 50, Login: login, Type: "Bot"} }
}

func draft(e *hls.Event) {
	e.Issue = nil
	e.PullRequest = &hls.PullRequest{Number: 8, Title: "WIP: x", Draft: true, User: hls.Account{ID: 4, Login: "octocat"}}
}

func ptr[T any](v T) *T { return &v }

func TestVerdicts(t *testing.T) {
	t.Parallel()
	own := hls.Account{ID: 50, Login: "hls[bot]", Type: "Bot"}
	labeled := func(names ...string) func(*hls.Event) {
		return func(e *hls.Event) {
			for _, n := range names {
				e.Issue.Labels = append(e.Issue.Labels, hls.Label{Name: n})
			}
		}
	}
	in := func(name string) func(*hls.Event) { return func(e *hls.Event) { e.Repo.FullName = name } }
	type rule = route.Repository
	for name, tc := range map[string]struct {
		rule  rule
		event hls.Event
		want  string // "" means to work on it
	}{
		"plain":                   {rule{}, event("issues", "opened"), ""},
		"pull request by default": {rule{}, event("pull_request", "opened"), ""},
		"no repository":           {rule{}, event("issues", "opened", in("")), route.NoRepository},
		"another repository":      {rule{}, event("issues", "opened", in("o/other")), route.RepositoryNotConfigured},
		"letter case":             {rule{}, event("issues", "opened", in("O/R")), ""},
		"no unicode folding":      {rule{Name: "kelvin/s"}, event("issues", "opened", in("\u212aelvin/s")), route.RepositoryNotConfigured},
		"disabled":                {rule{Enabled: ptr(false)}, event("issues", "opened"), route.RepositoryDisabled},
		"enabled":                 {rule{Enabled: ptr(true)}, event("issues", "opened"), ""},
		"event not enabled":       {rule{}, event("push", ""), route.EventNotEnabled},
		"no events":               {rule{Events: route.Strings{}}, event("issues", "opened"), route.EventNotEnabled},
		"action enabled":          {rule{Events: route.Strings{"issues.opened"}}, event("issues", "opened"), ""},
		"action not enabled":      {rule{Events: route.Strings{"issues.opened"}}, event("issues", "closed"), route.EventNotEnabled},
		"event is no prefix":      {rule{Events: route.Strings{"issues"}}, event("issue_comment", "created"), route.EventNotEnabled},
		"own event":               {rule{}, event("issues", "labeled", bot("hls[bot]")), route.OwnEvent},
		"own event, bots heard":   {rule{Ignore: route.Ignore{Bots: ptr(false)}}, event("issues", "labeled", bot("hls[bot]")), route.OwnEvent},
		"own event, excepted":     {rule{Ignore: route.Ignore{ExceptBots: route.Strings{"hls[bot]"}}}, event("issues", "labeled", bot("hls[bot]")), route.OwnEvent},
		"own rerun": {rule{Events: route.Strings{"workflow_run"}}, event("workflow_run", "completed", func(e *hls.Event) {
			bot("hls[bot]")(e)
			e.Run = &hls.WorkflowRun{RunAttempt: 2}
		}), ""},
		"own first run": {rule{Events: route.Strings{"workflow_run"}}, event("workflow_run", "completed", func(e *hls.Event) {
			bot("hls[bot]")(e)
			e.Run = &hls.WorkflowRun{RunAttempt: 1}
		}), route.OwnEvent},
		"own event as a user":      {rule{}, event("issues", "labeled", func(e *hls.Event) { e.Sender = hls.Account{ID: 50, Login: "renamed", Type: "User"} }), route.OwnEvent},
		"own login, another id":    {rule{}, event("issues", "labeled", func(e *hls.Event) { e.Sender = hls.Account{ID: 51, Login: "hls[bot]", Type: "User"} }), ""},
		"bot":                      {rule{}, event("issues", "opened", bot("dependabot[bot]"), func(e *hls.Event) { e.Sender.ID = 1 }), route.BotSender},
		"bots heard":               {rule{Ignore: route.Ignore{Bots: ptr(false)}}, event("issues", "opened", bot("x[bot]"), func(e *hls.Event) { e.Sender.ID = 1 }), ""},
		"bot excepted":             {rule{Ignore: route.Ignore{ExceptBots: route.Strings{"dependabot[bot]"}}}, event("issues", "opened", bot("Dependabot[bot]"), func(e *hls.Event) { e.Sender.ID = 1 }), ""},
		"bot excepted, short":      {rule{Ignore: route.Ignore{ExceptBots: route.Strings{"dependabot"}}}, event("issues", "opened", bot("dependabot[bot]"), func(e *hls.Event) { e.Sender.ID = 1 }), ""},
		"another bot excepted":     {rule{Ignore: route.Ignore{ExceptBots: route.Strings{"renovate[bot]"}}}, event("issues", "opened", bot("dependabot[bot]"), func(e *hls.Event) { e.Sender.ID = 1 }), route.BotSender},
		"brackets are no class":    {rule{Ignore: route.Ignore{ExceptBots: route.Strings{"x[bot]"}}}, event("issues", "opened", bot("xb"), func(e *hls.Event) { e.Sender.ID = 1 }), route.BotSender},
		"sender ignored":           {rule{Ignore: route.Ignore{Authors: route.Strings{"MONA"}}}, event("issues", "opened"), route.SenderIgnored},
		"sender ignored by a glob": {rule{Ignore: route.Ignore{Authors: route.Strings{"mo*"}}}, event("issues", "opened"), route.SenderIgnored},
		"author ignored":           {rule{Ignore: route.Ignore{Authors: route.Strings{"octocat"}}}, event("issues", "opened"), route.AuthorIgnored},
		"author of a pull request": {rule{Ignore: route.Ignore{Authors: route.Strings{"octocat"}}}, event("pull_request", "opened", draft), route.AuthorIgnored},
		"nobody ignored":           {rule{Ignore: route.Ignore{Authors: route.Strings{"mon", "cat"}}}, event("issues", "opened"), ""},
		"draft":                    {rule{Ignore: route.Ignore{Drafts: true}}, event("pull_request", "opened", draft), route.Draft},
		"draft heard":              {rule{}, event("pull_request", "opened", draft), ""},
		"draft, review of a person": {rule{Ignore: route.Ignore{Drafts: true}, Events: route.Strings{"pull_request_review"}},
			event("pull_request_review", "submitted", draft), route.Draft},
		"draft, perhaps a command": {rule{Ignore: route.Ignore{Drafts: true}, Events: route.Strings{"pull_request_review_comment"}},
			event("pull_request_review_comment", "created", draft, func(e *hls.Event) { e.Comment = &hls.ReviewComment{ID: 1, Body: "/hls review"} }), ""},
		"draft, review asked for":   {rule{Ignore: route.Ignore{Drafts: true}}, event("pull_request", "review_requested", draft), ""},
		"label ignored":             {rule{Ignore: route.Ignore{Labels: route.Strings{"No-Triage"}}}, event("issues", "opened", labeled("bug", "no-triage")), route.LabelIgnored},
		"opted out":                 {rule{}, event("issues", "opened", labeled("bug", "No-HLS")), route.OptedOut},
		"label ignored by a glob":   {rule{Ignore: route.Ignore{Labels: route.Strings{"skip: *"}}}, event("issues", "opened", labeled("skip: all")), route.LabelIgnored},
		"label not ignored":         {rule{Ignore: route.Ignore{Labels: route.Strings{"no-triage"}}}, event("issues", "opened", labeled("bug")), ""},
		"title ignored":             {rule{Ignore: route.Ignore{TitlePatterns: route.Strings{"^x$", "(?i)breaks"}}}, event("issues", "opened"), route.TitleIgnored},
		"title of a pull request":   {rule{Ignore: route.Ignore{TitlePatterns: route.Strings{"^WIP"}}}, event("pull_request", "opened", draft), route.TitleIgnored},
		"no title, pattern matches": {rule{Events: route.Strings{"push"}, Ignore: route.Ignore{TitlePatterns: route.Strings{".*"}}}, event("push", "", func(e *hls.Event) { e.Issue = nil }), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.rule.Name == "" {
				tc.rule.Name = "o/r"
			}
			rule, verdict := router(t, features, tc.rule).Match(tc.event, own)
			if verdict.Do != (tc.want == "") || verdict.Reason != tc.want {
				t.Errorf("verdict %+v, want %q", verdict, tc.want)
			}
			if verdict.Do && (rule.Self != own || rule.Name != tc.rule.Name) {
				t.Errorf("rule %+v", rule)
			}
		})
	}
}

// An event against which everything speaks is passed over for the first reason; as each is mended the next appears.
func TestReasonsInOrder(t *testing.T) {
	t.Parallel()
	self := hls.Account{ID: 50}
	rule := route.Repository{
		Name: "o/r", Enabled: ptr(false), Events: route.Strings{"push"},
		Ignore: route.Ignore{
			Authors: route.Strings{"hls[bot]", "octocat"}, Drafts: true, Labels: route.Strings{"skip"},
			TitlePatterns: route.Strings{"WIP"},
		},
	}
	e := event("pull_request", "opened", draft, bot("hls[bot]"), func(e *hls.Event) {
		e.Repo.FullName = ""
		e.PullRequest.Labels = []hls.Label{{Name: "skip"}}
		e.Subject = hls.Subject{Repo: "o/r"}
	})
	for _, step := range []struct {
		want string
		mend func()
	}{
		{route.NoRepository, func() { e.Repo.FullName = "other/r" }},
		{route.RepositoryNotConfigured, func() { e.Repo.FullName = "o/r" }},
		{route.RepositoryDisabled, func() { rule.Enabled = nil }},
		{route.EventNotEnabled, func() { rule.Events = nil }},
		{route.OwnEvent, func() { self = hls.Account{} }},
		{route.BotSender, func() { rule.Ignore.ExceptBots = route.Strings{"hls"} }},
		{route.SenderIgnored, func() { e.Sender.Login = "hls-2[bot]"; rule.Ignore.ExceptBots = route.Strings{"hls-2"} }},
		{route.AuthorIgnored, func() { e.PullRequest.User.Login = "someone" }},
		{route.Draft, func() { e.PullRequest.Draft = false }},
		{route.LabelIgnored, func() { e.PullRequest.Labels = nil }},
		{route.TitleIgnored, func() { e.PullRequest.Title = "Done" }},
		{"", func() {}},
	} {
		r := router(t, features, rule)
		if _, verdict := r.Match(e, self); verdict.Reason != step.want {
			t.Fatalf("got %q, want %q", verdict.Reason, step.want)
		}
		trace := r.Trace(e, self)
		if last := trace[len(trace)-1]; last.Stop != step.want || slices.ContainsFunc(trace[:len(trace)-1], func(s hls.RuleStep) bool { return s.Stop != "" || s.Value == "" }) {
			t.Errorf("the trace says %+v, want %q", trace, step.want)
		}
		step.mend()
	}
}

func TestFirstMatchWins(t *testing.T) {
	t.Parallel()
	r := router(t, features,
		route.Repository{Name: "o/special", Model: "first", Token: "t"},
		route.Repository{Name: "o/s*", Model: "second"},
		route.Repository{Name: "o/*", Model: "third"},
		route.Repository{Name: "o/shadowed", Model: "never"},
		route.Repository{Name: "*/docs", Model: "docs"},
		route.Repository{Name: "Big[0-9]/R?", Model: "class"},
	)
	for name, want := range map[string]string{
		"o/special": "first", "O/Special": "first", "o/spec": "second", "o/x": "third", "o/shadowed": "second",
		"z/docs": "docs", "o/docs": "third", "o/a/b": "", "oo/x": "", "big7/rx": "class", "bigx/rx": "",
	} {
		rule, ok := r.Rule(name)
		if rule.Model != want || ok != (want != "") {
			t.Errorf("%s: %q, %v; want %q", name, rule.Model, ok, want)
		}
		if token, own := r.Token(name); own != (want == "first") || own && token.Reveal() != "t" {
			t.Errorf("%s: own token %v", name, own)
		}
	}
}

func TestPoliciesOfRules(t *testing.T) {
	t.Parallel()
	type R = route.Repository
	all := features
	for name, tc := range map[string]struct {
		f    route.Features
		r    R
		want string
	}{
		"defaults":            {all, R{}, "apply create=false 0.6 post= dry=false bots=true"},
		"no auto_labeling":    {route.Features{AutoCommenting: true}, R{Labels: route.Labels{AutoApply: ptr(true)}}, "plan create=false 0.6 post= dry=false bots=true"},
		"auto_apply false":    {all, R{Labels: route.Labels{AutoApply: ptr(false)}}, "plan create=false 0.6 post= dry=false bots=true"},
		"auto_post true":      {all, R{Comments: route.Comments{AutoPost: ptr(true)}}, "apply create=false 0.6 post=always dry=false bots=true"},
		"auto_post false":     {all, R{Comments: route.Comments{AutoPost: ptr(false)}}, "apply create=false 0.6 post=never dry=false bots=true"},
		"no auto_commenting":  {route.Features{AutoLabeling: true}, R{Comments: route.Comments{AutoPost: ptr(true)}}, "apply create=false 0.6 post=never dry=false bots=true"},
		"dry run everywhere":  {route.Features{AutoLabeling: true, AutoCommenting: true, DryRun: true}, R{}, "apply create=false 0.6 post= dry=true bots=true"},
		"dry run here":        {all, R{DryRun: true}, "apply create=false 0.6 post= dry=true bots=true"},
		"setup creates":       {route.Features{AutoLabeling: true, AutoCommenting: true, AutoSetupLabels: true}, R{}, "apply create=true 0.6 post= dry=false bots=true"},
		"setup, not here":     {route.Features{AutoLabeling: true, AutoCommenting: true, AutoSetupLabels: true}, R{Labels: route.Labels{CreateMissing: ptr(false)}}, "apply create=false 0.6 post= dry=false bots=true"},
		"confidence and bots": {all, R{Labels: route.Labels{MinConfidence: ptr(0.0)}, Ignore: route.Ignore{Bots: ptr(false)}}, "apply create=false 0 post= dry=false bots=false"},
	} {
		tc.r.Name = "o/r"
		rule, _ := router(t, tc.f, tc.r).Rule("o/r")
		apply := "plan"
		if rule.Labels.AutoApply {
			apply = "apply"
		}
		got := fmt.Sprintf("%s create=%v %v post=%s dry=%v bots=%v", apply, rule.Labels.CreateMissing,
			rule.Labels.MinConfidence, rule.Comments.Post, rule.DryRun, rule.Ignore.Bots)
		if got != tc.want {
			t.Errorf("%s: %s; want %s", name, got, tc.want)
		}
	}
}

// A label is suggested or left to people, and not both; with categories it is one of theirs.
func TestLabelsThatAreSuggestedOrLeft(t *testing.T) {
	t.Parallel()
	some := route.Categories{{Name: "type", Labels: []hls.Label{{Name: "bug"}, {Name: "docs"}}}}
	rule, _ := router(t, features, route.Repository{Name: "o/r", Labels: route.Labels{Categories: some, Suggest: route.Strings{"Bug"}, Leave: route.Strings{"docs"}}}).Rule("o/r")
	if p := rule.Labels; !p.Suggests("bug") || p.Suggests("docs") || !p.Leaves("DOCS") || p.Leaves("bug") {
		t.Errorf("%+v", p)
	}
	_, err := route.New(route.Config{Repositories: []route.Repository{{Name: "o/r", Labels: route.Labels{
		Categories: some, Suggest: route.Strings{"bug", "other"}, Leave: route.Strings{"nothing", "BUG"},
	}}}}, features)
	want := `repositories[0].labels.suggest[1]: label "other" stands in no group of labels.categories; add it to one` + "\n" +
		`repositories[0].labels.leave[0]: label "nothing" stands in no group of labels.categories; add it to one` + "\n" +
		`repositories[0].labels.leave[1]: label "BUG" stands in suggest, too: leave it out of one of them`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestCategoriesAndBudget(t *testing.T) {
	t.Parallel()
	f := features
	ladder := hls.Ladder{CheaperAt: 0.8, LabelsOnlyAt: 0.9, CommandReserve: 0.1}
	f.Budget = hls.Budget{DailyUSD: 10, MonthlyUSD: 100, PerRepoDailyUSD: 3, PerActorDailyUSD: 1, PerActorDailyTasks: 20, Ladder: ladder}
	labels := func(name string) []hls.Label { return []hls.Label{{Name: name}} }
	r := router(t, f,
		route.Repository{Name: "o/r", Labels: route.Labels{Categories: route.Categories{
			{Name: "zone", Labels: labels("z")}, {Name: "Priority", Labels: labels("p")},
			{Name: "type", Exclusive: ptr(false), Labels: labels("t")}, {Name: "area", Exclusive: ptr(true), Labels: labels("a")},
		}}},
		route.Repository{Name: "o/cheap", Budget: route.Budget{DailyUSD: ptr(0.5), PerActorDailyEvents: ptr(2)}},
		route.Repository{Name: "o/free", Budget: route.Budget{DailyUSD: ptr(0.0)}},
		route.Repository{Name: "o/slow", Budget: route.Budget{MonthlyUSD: ptr(7.0), PerActorDailyUSD: ptr(0.0)}})
	rule, _ := r.Rule("o/r")
	var got []string
	for _, c := range rule.Labels.Categories {
		got = append(got, fmt.Sprintf("%s=%v", c.Name, c.Exclusive))
	}
	if want := "zone=false Priority=true type=false area=true"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	for name, want := range map[string]hls.Budget{
		"o/r":     f.Budget,
		"o/cheap": {DailyUSD: 10, MonthlyUSD: 100, PerRepoDailyUSD: 0.5, PerActorDailyUSD: 1, PerActorDailyTasks: 2, Ladder: ladder},
		"o/free":  {DailyUSD: 10, MonthlyUSD: 100, PerActorDailyUSD: 1, PerActorDailyTasks: 20, Ladder: ladder},
		"o/slow":  {DailyUSD: 10, MonthlyUSD: 100, PerRepoDailyUSD: 3, PerRepoMonthlyUSD: 7, PerActorDailyTasks: 20, Ladder: ladder},
	} {
		if rule, _ := r.Rule(name); rule.Budget != want {
			t.Errorf("%s: %+v", name, rule.Budget)
		}
	}
}

func TestProblemsAreAllReportedAtTheirPlaces(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 51)
	_, err := route.New(route.Config{Repositories: []route.Repository{
		{Name: "o/r", Events: route.Strings{"issues", "isues", "issues.opend", "push.x", "repository_dispatch.own_thing"}},
		{Name: "nonsense"}, {Name: "o/[", Comments: route.Comments{EventTypes: route.Strings{"pull_requests"}}}, {Name: ""},
		{Name: "O/R"}, {Name: "o/.."}, {Name: "*"}, {Name: "https://github.com/o/r"},
		{
			Name: "o/x", WebhookSecret: []hls.Secret{""},
			Ignore: route.Ignore{Paths: route.Strings{"**/*.md", "{a"}, TitlePatterns: route.Strings{"("}},
			Labels: route.Labels{MinConfidence: ptr(1.5), Categories: route.Categories{
				{Name: "empty"}, {Name: "a", Labels: []hls.Label{{Name: "Bug", Color: "red"}, {Name: "bug"}, {Name: long}}},
			}},
			Budget: route.Budget{DailyUSD: ptr(-1.0), MonthlyUSD: ptr(-1.0), PerActorDailyUSD: ptr(-1.0), PerActorDailyEvents: ptr(-1)},
		},
	}}, features)
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("not joined: %v", err)
	}
	var got []string
	for _, one := range joined.Unwrap() {
		var problem *route.Problem
		if !errors.As(one, &problem) || len(problem.Path) < 3 || problem.Path[0] != "repositories" {
			t.Fatalf("not a problem with a path: %v", one)
		}
		got = append(got, one.Error())
	}
	want := []string{
		`repositories[0].events[1]: unknown event "isues" (did you mean "issues"?)`,
		`repositories[0].events[2]: event issues has no action "opend" (did you mean "opened"?); "issues" alone is all of them`,
		`repositories[0].events[3]: event push has no actions; write "push"`,
		`repositories[1].name: want owner/repo, or a glob such as owner/*`,
		`repositories[2].name: the glob is malformed`,
		`repositories[2].comments.event_types[0]: unknown event "pull_requests" (did you mean "pull_request"?)`,
		`repositories[3].name: want owner/repo, or a glob such as owner/*`,
		`repositories[4].name: repositories[0] has the same name, and the first one applies`,
		`repositories[5].name: want owner/repo, or a glob such as owner/*`,
		`repositories[6].name: want owner/repo, or a glob such as owner/*`,
		`repositories[7].name: want owner/repo, or a glob such as owner/*`,
		`repositories[8].ignore.paths[1]: the glob is malformed`,
		`repositories[8].webhook_secret[0]: the secret is empty`,
		`repositories[8].ignore.title_patterns[0]: the regular expression is malformed: error parsing regexp: missing closing ): ` + "`(`",
		`repositories[8].labels.min_confidence: want a number from 0 to 1`,
		`repositories[8].labels.categories.empty: the group has no labels`,
		`repositories[8].labels.categories.a: label "Bug": color "red" is not six hexadecimal digits`,
		`repositories[8].labels.categories.a: label "bug" stands in group a already`,
		`repositories[8].labels.categories.a: label "` + long + `" has 51 characters; GitHub takes 50`,
		`repositories[8].budget.daily_usd: want 0 or more`,
		`repositories[8].budget.monthly_usd: want 0 or more`,
		`repositories[8].budget.per_actor_daily_usd: want 0 or more`,
		`repositories[8].budget.per_actor_daily_events: want 0 or more`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The trace tells each rule in order with what decides, up to the one that stops the event. Of an event that was not decoded
// it tells who did what.
func TestTrace(t *testing.T) {
	t.Parallel()
	r := router(t, features, route.Repository{Name: "a/b"}, route.Repository{Name: "o/*", Ignore: route.Ignore{Labels: route.Strings{"wont*"}}})
	e := event("issues", "opened", func(e *hls.Event) {
		e.Issue.Labels = []hls.Label{{Name: "wontfix"}}
		e.Subject = hls.Subject{Repo: "o/r"}
	})
	var told []string
	for _, s := range r.Trace(e, hls.Account{ID: 9, Login: "hls-bot"}) {
		told = append(told, fmt.Sprintf("%s %s: %s", s.Rule, s.Stop, s.Value))
	}
	want := []string{
		"repository_named : o/r",
		"repository_configured : o/r fits o/* (entry 2)",
		"repository_enabled : enabled: true",
		"event_enabled : issues.opened; events: issues, pull_request",
		"not_own_event : mona; HLS acts as hls-bot",
		"not_a_bot : mona is of type User; ignore.bots: true",
		"sender_not_ignored : mona; ignore.authors: none",
		"not_opted_out : labels: wontfix; ignore.labels: wont*",
		"author_not_ignored : octocat; ignore.authors: none",
		"not_a_draft : draft: false; ignore.drafts: false",
		"labels_not_ignored label_ignored: labels: wontfix; ignore.labels: wont*",
	}
	if !slices.Equal(told, want) {
		t.Errorf("got:\n%s", strings.Join(told, "\n"))
	}
	e.Subject = hls.Subject{}
	if trace := r.Trace(e, hls.Account{}); trace[len(trace)-1].Rule != "sender_not_ignored" || trace[len(trace)-1].Stop != "" {
		t.Errorf("of an event that was not decoded: %+v", trace)
	}
	e.Repo.FullName = "other/r"
	if trace := r.Trace(e, hls.Account{}); len(trace) != 2 || trace[1].Stop != route.RepositoryNotConfigured {
		t.Errorf("of another repository: %+v", trace)
	}
}
