package handler

import (
	stdjson "encoding/json"
	"fmt"
	"strings"
	"testing"

	"hls/internal/hls"
)

var (
	rita  = hls.Account{ID: 3, Login: "rita", Type: "User"}
	olga  = hls.Account{ID: 4, Login: "olga", Type: "User"}
	robot = hls.Account{ID: 5, Login: "lint[bot]", Type: "Bot"}
	ghost = hls.Account{}
)

func reviewEvent(action string) hls.Event {
	e := pullEvent(action)
	e.Name, e.DeliveryID = "pull_request_review", "d-"+action
	e.Review = &hls.Review{}
	return e
}

func reviewRule() hls.Rule {
	r := rule()
	r.Events = []string{"pull_request", "pull_request_review.submitted"}
	r.Reviews = hls.ReviewPolicy{NeedsChanges: "status/needs-changes", Approved: "status/approved", NeedsReview: "status/needs-review"}
	return r
}

// asked is a pull request of octocat's on which mona asks for two things, and others speak besides.
func asked() *github {
	pull := openPull()
	pull.HTMLURL = "https://github.com/acme/widgets/pull/8"
	return &github{
		pull:   pull,
		labels: []hls.Label{{Name: "status/needs-changes"}, {Name: "status/approved"}, {Name: "status/needs-review"}, {Name: "bug"}},
		talk: talk{
			reviews: []hls.Review{
				{ID: 10, User: person, State: "CHANGES_REQUESTED", Body: "Please add a test for this.\r\n<!-- template -->"},
				{ID: 11, User: robot, State: "CHANGES_REQUESTED", Body: "Please fix the lint errors."},
				{ID: 12, User: self, State: "COMMENTED", Body: "Please read this.\n\n<!-- hls:v1 purpose=review sig=x -->"},
				{ID: 13, User: ghost, State: "CHANGES_REQUESTED", Body: "Please do what I said."},
				{ID: 14, User: author, State: "COMMENTED", Body: "Please wait a moment."},
			},
			comments: []hls.ReviewComment{
				{ID: 20, ReviewID: 10, User: person, Path: "save.go", Line: 13, OriginalLine: 13, Body: "Return the error here, please."},
				{ID: 21, ReviewID: 15, User: author, InReplyTo: 20, Path: "save.go", Line: 13, OriginalLine: 13, Body: "Return the error? I do now."},
				{ID: 22, ReviewID: 12, User: self, Path: "save.go", Line: 15, OriginalLine: 15, Body: "Please use 0o600."},
				{ID: 23, ReviewID: 16, User: person, InReplyTo: 22, Path: "save.go", Line: 15, OriginalLine: 15, Body: "Please listen to the bot."},
			},
			writers: []hls.Account{person, rita},
		},
	}
}

func gatherReviewed(t *testing.T, g *github, e hls.Event, r hls.Rule) hls.Facts {
	t.Helper()
	f, err := For(e.Name).Gather(t.Context(), g, e, r)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func bothRequests() requestsAnswer {
	return requestsAnswer{Requests: []request{
		{Source: "review-10", Quote: "Please add a test for this"}, {Source: "comment-20", Quote: "Return the error here"},
	}}
}

// keep puts what a plan remembers where the next task reads it.
func (g *github) keep(p hls.Plan) {
	for _, m := range p.Remember {
		g.memories = append([]hls.Memory{m}, g.memories...)
	}
	seen := map[string]bool{}
	var newest []hls.Memory
	for _, m := range g.memories {
		if key := m.Kind + "/" + m.Key; !seen[key] {
			seen[key] = true
			newest = append(newest, m)
		}
	}
	g.memories = newest
}

// plan answers an event as Claude would, or as memory does.
func (g *github) plan(t *testing.T, e hls.Event, r hls.Rule, answer any) hls.Plan {
	t.Helper()
	f := gatherReviewed(t, g, e, r)
	a := analysisOf(t, answer)
	if known := For(e.Name).Question(e, f, r).Known; known != nil {
		a.Answer = known
	}
	p := For(e.Name).Plan(e, f, a, r)
	g.keep(p)
	return p
}

func lines(body string) string {
	var kept []string
	for line := range strings.SplitSeq(body, "\n") {
		if strings.HasPrefix(line, "- [") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func TestReviewRoutes(t *testing.T) {
	t.Parallel()
	command := reviewEvent("submitted")
	command.Review.Body, command.Review.State = " /HLS review", "commented"
	approved := reviewEvent("submitted")
	approved.Review = &hls.Review{Body: "/hls why", State: "approved"}
	line := func(action string, replyTo int64, body string) hls.Event {
		e := pullEvent(action)
		e.Name, e.Comment = "pull_request_review_comment", &hls.ReviewComment{ID: 30, InReplyTo: replyTo, Body: body}
		return e
	}
	thread := pullEvent("resolved")
	thread.Name, thread.Thread = "pull_request_review_thread", 20
	nameless := thread
	nameless.Thread = 0
	unasked := hls.Go("thread-20")
	unasked.Unasked = true
	for _, tc := range []struct {
		event hls.Event
		want  hls.Verdict
	}{
		{reviewEvent("submitted"), hls.Go("requests")}, {reviewEvent("edited"), hls.Go("requests")},
		{reviewEvent("dismissed"), hls.Go("requests")}, {command, hls.Pass("command")},
		{approved, hls.Go("requests")},
		{line("created", 0, "x"), hls.Go("requests")}, {line("created", 20, "x"), hls.Go("objection-20")},
		{line("edited", 20, "x"), hls.Go("requests")}, {line("deleted", 20, "/hls why"), hls.Go("requests")},
		{line("created", 20, "/hls ignore"), hls.Pass("command")}, {line("pinned", 0, "x"), hls.Pass("action_not_handled")},
		{thread, unasked}, {nameless, hls.Pass("thread_unnamed")},
	} {
		if got := For(tc.event.Name).Route(tc.event, rule()); got != tc.want {
			t.Errorf("%s: %+v, want %+v", tc.event, got, tc.want)
		}
	}
}

func TestGatherHearsReviewersAlone(t *testing.T) {
	t.Parallel()
	v, ok := reviewedIn(gatherReviewed(t, asked(), reviewEvent("submitted"), reviewRule()))
	if !ok {
		t.Fatal("nothing was gathered")
	}
	var got []string
	for _, s := range v.Said {
		got = append(got, fmt.Sprintf("%s %s %v %q", s.Key, s.By, s.Author, s.Text))
	}
	want := []string{
		`review-10 mona false "Please add a test for this."`, `review-14 octocat true "Please wait a moment."`,
		`comment-20 mona false "Return the error here, please."`, `comment-21 octocat true "Return the error? I do now."`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("said:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestThreadsStandTogether(t *testing.T) {
	t.Parallel()
	g := asked()
	g.talk.comments = append(g.talk.comments,
		hls.ReviewComment{ID: 24, ReviewID: 17, User: rita, Path: "a.go", Body: "Please rename this."},
		hls.ReviewComment{ID: 25, ReviewID: 18, User: person, InReplyTo: 20, Path: "save.go", Body: "I see, thanks."})
	v, _ := reviewedIn(gatherReviewed(t, g, reviewEvent("submitted"), reviewRule()))
	var keys []string
	for _, s := range v.Said {
		keys = append(keys, s.Key)
	}
	if got, want := strings.Join(keys, " "), "review-10 review-14 comment-20 comment-21 comment-25 comment-24"; got != want {
		t.Errorf("said %s, want %s", got, want)
	}
}

// While nobody knows which account HLS acts as, its own reviews are told by their marker.
func TestGatherKnowsOwnReviewsByTheirMarker(t *testing.T) {
	t.Parallel()
	g, r := asked(), reviewRule()
	r.Self = hls.Account{}
	g.talk.reviews[2].User.Type, g.talk.comments[2].User.Type = "User", "User"
	v, _ := reviewedIn(gatherReviewed(t, g, reviewEvent("submitted"), r))
	for _, s := range v.Said {
		if s.Key == "review-12" || s.Key == "comment-22" || s.Key == "comment-23" {
			t.Errorf("%s is taken for a reviewer's", s.Key)
		}
	}
}

func TestGatherIsBounded(t *testing.T) {
	t.Parallel()
	g := asked()
	for i := range 500 {
		g.talk.comments = append(g.talk.comments, hls.ReviewComment{ID: int64(100 + i), ReviewID: 40, User: rita, Path: "save.go", Line: 13,
			Body: strings.Repeat("Please do this. ", 1000)})
	}
	v, _ := reviewedIn(gatherReviewed(t, g, reviewEvent("submitted"), reviewRule()))
	value, err := stdjson.Marshal(v)
	if err != nil || len(value) > 60_000 || v.Left == 0 || v.Said[len(v.Said)-1].Key != "comment-599" {
		t.Errorf("%d bytes, %d left, %v", len(value), v.Left, err)
	}
}

func TestE1_EveryRequestIsProved(t *testing.T) {
	t.Parallel()
	answer := bothRequests()
	answer.Requests = append(answer.Requests,
		request{Source: "review-10", Quote: "Rewrite all of it"}, request{Source: "review-11", Quote: "Please fix the lint errors"},
		request{Source: "comment-23", Quote: "Please listen to the bot"}, request{Source: "review-14", Quote: "Please wait a moment"},
		request{Source: "comment-20", Quote: "the error here, please"}, request{Source: "review-13", Quote: "Please do what I said"},
		request{Source: "comment-20", Quote: "Return the error? I do now"})
	p := asked().plan(t, reviewEvent("submitted"), reviewRule(), answer)
	const want = "- [ ] `mona`, [in the review](https://github.com/acme/widgets/pull/8#pullrequestreview-10): “Please add a test for this”\n" +
		"- [ ] `mona`, [`save.go:13`](https://github.com/acme/widgets/pull/8#discussion_r20): “Return the error here”\n" +
		"- [ ] `mona`, [`save.go:13`](https://github.com/acme/widgets/pull/8#discussion_r20): “the error here, please”"
	if got := lines(bodyIn(p, hls.UpsertComment)); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	for what, why := range map[string]string{
		"Rewrite": "quote_not_found", "review-11": "not_said", "comment-23": "not_said", "review-13": "not_said",
		"review-14": "said_by_author", "I do now": "quote_not_found",
	} {
		if got := whyDropped(p, what); got != why {
			t.Errorf("%s: dropped as %q, want %q", what, got, why)
		}
	}
}

func TestRequestsAreAtMostFifteen(t *testing.T) {
	t.Parallel()
	g := asked()
	var answer requestsAnswer
	for i := range 20 {
		g.talk.comments = append(g.talk.comments, hls.ReviewComment{ID: int64(100 + i), ReviewID: 10, User: person, Path: "a.go", Line: 1, Body: "Please change this"})
		answer.Requests = append(answer.Requests, request{Source: fmt.Sprintf("comment-%d", 100+i), Quote: "Please change this"})
	}
	p := g.plan(t, reviewEvent("submitted"), reviewRule(), answer)
	if n := strings.Count(bodyIn(p, hls.UpsertComment), "- [ ]"); n != mostRequests || whyDropped(p, "comment-119") != "over_fifteen" {
		t.Errorf("%d requests, %+v", n, p.Dropped)
	}
}

// What is done is told by facts, or by later words of the very reviewer; what the model claims is no proof.
func TestE1_DoneNeedsAFactOrTheReviewersWord(t *testing.T) {
	t.Parallel()
	claim := func(proof string) requestsAnswer {
		return requestsAnswer{Requests: []request{{Source: "comment-20", Quote: "Return the error here", Done: true, Proof: proof}}}
	}
	reply := func(who hls.Account, body string) func(*github) {
		return func(g *github) {
			g.talk.comments = append(g.talk.comments, hls.ReviewComment{ID: 30, ReviewID: 31, InReplyTo: 20, User: who, Path: "save.go", Line: 13, Body: body})
		}
	}
	for name, tc := range map[string]struct {
		answer requestsAnswer
		change func(*github)
		want   string
	}{
		"claimed":              {claim("Fixed, thank you"), func(*github) {}, "[ ]"},
		"said by the reviewer": {claim("Fixed, thank you"), reply(person, "Fixed, thank you!"), "confirmed by the reviewer"},
		"said in one word":     {claim("Done."), reply(person, "Done."), "confirmed by the reviewer"},
		"one word of many":     {claim("Done"), reply(person, "Not at all what I call Done, sorry."), "[ ]"},
		"said by the author":   {claim("Fixed, thank you"), reply(author, "Fixed, thank you!"), "[ ]"},
		"said by another":      {claim("Fixed, thank you"), reply(rita, "Fixed, thank you!"), "[ ]"},
		"said before":          {claim("Return the error here"), func(*github) {}, "[ ]"},
		"approved since": {claim(""), func(g *github) {
			g.talk.reviews = append(g.talk.reviews, hls.Review{ID: 32, User: person, State: "APPROVED"})
		}, "approved since"},
		"approved by another": {claim(""), func(g *github) {
			g.talk.reviews = append(g.talk.reviews, hls.Review{ID: 32, User: rita, State: "APPROVED"})
		}, "[ ]"},
		"approved with requests": {claim(""), func(g *github) { g.talk.reviews[0].State = "APPROVED" }, "[ ]"},
		"the code is gone":       {claim(""), func(g *github) { g.talk.comments[0].Line = 0 }, "[ ]"},
	} {
		g := asked()
		tc.change(g)
		body := bodyIn(g.plan(t, reviewEvent("submitted"), reviewRule(), tc.answer), hls.UpsertComment)
		if tc.want == "[ ]" && !strings.Contains(body, "- [ ]") || tc.want != "[ ]" && strings.Contains(body, "- [ ]") {
			t.Errorf("%s: %q", name, body)
		}
	}
	g := asked()
	g.talk.comments[0].Line = 0
	if body := bodyIn(g.plan(t, reviewEvent("submitted"), reviewRule(), claim("")), hls.UpsertComment); !strings.Contains(body, "`save.go:13`") || !strings.Contains(body, "changed since") {
		t.Errorf("outdated: %q", body)
	}
}
