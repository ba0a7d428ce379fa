package handler

import (
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

// The list goes on without Claude: by pushes, by threads that are resolved, by an approval without a word.
func TestTheChecklistIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	g, r := asked(), reviewRule()
	first := g.plan(t, reviewEvent("submitted"), r, bothRequests())
	if !strings.Contains(bodyIn(first, hls.UpsertComment), "What the reviewers ask for") || labelsIn(first, hls.AddLabels) != "status/needs-changes" {
		t.Fatalf("%+v", first)
	}

	thread := pullEvent("resolved")
	thread.Name, thread.DeliveryID, thread.Thread, thread.OccurredAt = "pull_request_review_thread", "d2", 20, time.Unix(100, 0)
	p := g.plan(t, thread, r, nil)
	if body := bodyIn(p, hls.UpsertComment); !strings.Contains(body, "“Return the error here” (resolved)") || !strings.Contains(body, "- [ ]") {
		t.Errorf("resolved: %q", body)
	}

	// The push is work of another purpose: it reads and tells the same list.
	g.files = []hls.File{{Filename: "save.go", Status: "modified", Patch: goPatch}}
	push := pullEvent("synchronize")
	f := gatherReviewed(t, g, push, r)
	p = For(push.Name).Plan(push, f, analysisOf(t, goodReviewAnswer()), r)
	if body := bodyIn(p, hls.UpsertComment); !strings.Contains(body, "(resolved)") || !strings.Contains(body, "“Please add a test for this”") {
		t.Errorf("pushed: %q", body)
	}
	for _, effect := range p.Effects {
		if effect.Kind == hls.UpsertComment && effect.Purpose != "requests" {
			t.Errorf("the list has the purpose %q", effect.Purpose)
		}
	}

	g.talk.reviews = append(g.talk.reviews, hls.Review{ID: 40, User: person, State: "APPROVED"})
	p = g.plan(t, reviewEvent("submitted"), r, nil)
	if body := bodyIn(p, hls.UpsertComment); !strings.Contains(body, "All that the reviewers asked for is done") || labelsIn(p, hls.AddLabels) != "status/approved" {
		t.Errorf("approved: %q, %+v", body, p.Effects)
	}
}

func TestE6_LateEventsOfAThreadUndoNothing(t *testing.T) {
	t.Parallel()
	g, r := asked(), reviewRule()
	g.plan(t, reviewEvent("submitted"), r, bothRequests())
	e := pullEvent("resolved")
	e.Name, e.Thread = "pull_request_review_thread", 20
	for _, step := range []struct {
		action string
		at     int64
		done   bool
	}{{"resolved", 100, true}, {"unresolved", 50, true}, {"unresolved", 150, false}, {"resolved", 150, true}} {
		e.Action, e.DeliveryID, e.OccurredAt = step.action, step.action, time.Unix(step.at, 0)
		body := bodyIn(g.plan(t, e, r, nil), hls.UpsertComment)
		if strings.Contains(body, "(resolved)") != step.done {
			t.Errorf("%s at %d: %q", step.action, step.at, body)
		}
	}
}

// Two threads that are resolved in a burst are two tasks, of which neither outdates the other.
func TestE6_ThreadsDoNotOutdateOneAnother(t *testing.T) {
	t.Parallel()
	purposes := map[string]bool{}
	for _, id := range []int64{20, 24} {
		e := pullEvent("resolved")
		e.Name, e.Thread = "pull_request_review_thread", id
		purposes[For(e.Name).Route(e, rule()).Purpose] = true
	}
	if len(purposes) != 2 {
		t.Errorf("purposes %v", purposes)
	}
}

func TestClaudeIsAskedOnlyWhenAReviewerSaysSomethingNew(t *testing.T) {
	t.Parallel()
	g, r, e := asked(), reviewRule(), reviewEvent("submitted")
	known := func(r hls.Rule) bool { return For(e.Name).Question(e, gatherReviewed(t, g, e, r), r).Known != nil }
	if known(r) {
		t.Error("the first review is known")
	}
	off := r
	off.Comments.Post = hls.PostNever
	if !known(off) {
		t.Error("Claude is asked though nothing may be said")
	}
	g.plan(t, e, r, bothRequests())
	if !known(r) {
		t.Error("Claude is asked again about the same")
	}
	g.talk.comments = append(g.talk.comments, hls.ReviewComment{ID: 50, ReviewID: 51, InReplyTo: 20, User: author, Body: "I did all of that."})
	if !known(r) {
		t.Error("Claude is asked about what the author says")
	}
	g.talk.reviews[0].Body = "Please add two tests for this."
	if known(r) {
		t.Error("an edited review is not read")
	}
}

func TestReviewsThatLostTheirRequests(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*github){
		"edited":    func(g *github) { g.talk.reviews[0].Body = "Thanks." },
		"dismissed": func(g *github) { g.talk.reviews[0].State = "DISMISSED" },
		"deleted":   func(g *github) { g.talk.reviews = g.talk.reviews[1:] },
	} {
		g, r := asked(), reviewRule()
		g.plan(t, reviewEvent("submitted"), r, bothRequests())
		change(g)
		if name != "edited" {
			g.talk.comments = nil
		}
		body := bodyIn(g.plan(t, reviewEvent("edited"), r, requestsAnswer{Requests: []request{}}), hls.UpsertComment)
		if !strings.Contains(body, "ask for nothing any more") {
			t.Errorf("%s: %q", name, body)
		}
	}
}

func TestSilenceAboutReviews(t *testing.T) {
	t.Parallel()
	all := requestsAnswer{Requests: []request{{Source: "review-10", Quote: "Please add a test", Done: true, Proof: "Good, thanks a lot"}}}
	for name, tc := range map[string]struct {
		want   string
		answer requestsAnswer
		change func(*github, *hls.Rule)
	}{
		"nothing asked": {"nothing_asked", requestsAnswer{}, func(*github, *hls.Rule) {}},
		"nothing open": {"nothing_open", all, func(g *github, _ *hls.Rule) {
			g.talk.reviews = append(g.talk.reviews, hls.Review{ID: 30, User: person, State: "COMMENTED", Body: "Good, thanks a lot."})
		}},
		"off":           {"comments_off", bothRequests(), func(_ *github, r *hls.Rule) { r.Comments.Post = hls.PostNever }},
		"another event": {"event_type_not_commented", bothRequests(), func(_ *github, r *hls.Rule) { r.Comments.EventTypes = []string{"pull_request"} }},
		"always, done": {"", all, func(g *github, r *hls.Rule) {
			r.Comments.Post = hls.PostAlways
			g.talk.reviews = append(g.talk.reviews, hls.Review{ID: 30, User: person, State: "APPROVED"})
		}},
		"always, nobody": {"nothing_asked", requestsAnswer{}, func(_ *github, r *hls.Rule) { r.Comments.Post = hls.PostAlways }},
	} {
		g, r := asked(), reviewRule()
		tc.change(g, &r)
		p := g.plan(t, reviewEvent("submitted"), r, tc.answer)
		if p.Silent != tc.want || (bodyIn(p, hls.UpsertComment) == "") != (tc.want != "") {
			t.Errorf("%s: silent %q, %+v", name, p.Silent, p.Effects)
		}
	}
}

// What only a dry run has planned was never on GitHub: the end of it is no news there.
func TestADryRunLeavesNoListToEnd(t *testing.T) {
	t.Parallel()
	g, r, dry := asked(), reviewRule(), reviewRule()
	dry.DryRun = true
	g.plan(t, reviewEvent("submitted"), dry, bothRequests())
	g.talk.reviews = append(g.talk.reviews, hls.Review{ID: 40, User: person, State: "APPROVED"})
	if p := g.plan(t, reviewEvent("submitted"), dry, nil); !strings.Contains(bodyIn(p, hls.UpsertComment), "is done") {
		t.Errorf("in the dry run: %+v", p)
	}
	if p := g.plan(t, reviewEvent("edited"), r, nil); p.Silent != "nothing_open" {
		t.Errorf("afterwards: %q, %q", p.Silent, bodyIn(p, hls.UpsertComment))
	}
	g.talk.reviews = g.talk.reviews[:len(g.talk.reviews)-1]
	if p := g.plan(t, reviewEvent("dismissed"), r, nil); !strings.Contains(bodyIn(p, hls.UpsertComment), "- [ ]") {
		t.Errorf("open again: %+v", p)
	}
	g.talk.reviews = append(g.talk.reviews, hls.Review{ID: 41, User: person, State: "APPROVED"})
	if p := g.plan(t, reviewEvent("submitted"), r, nil); !strings.Contains(bodyIn(p, hls.UpsertComment), "is done") {
		t.Errorf("posted, and done: %+v", p)
	}
}

// A state that comes back is told again: its effects have keys of their own, and a repeated run has the same ones.
func TestStatesOfReviewsHaveTheirOwnKeys(t *testing.T) {
	t.Parallel()
	g, r := asked(), reviewRule()
	one, two := reviewEvent("submitted"), reviewEvent("edited")
	keys := map[string]int{}
	for _, e := range []hls.Event{one, two, one} {
		for _, effect := range g.plan(t, e, r, bothRequests()).Effects {
			keys[effect.Key()]++
		}
	}
	if len(keys) != 4 {
		t.Errorf("keys %v", keys)
	}
}

// What was remembered and cannot be read is no reason to begin anew in silence.
func TestBrokenMemoriesAreTold(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{kindThread, kindRequests} {
		g, e := asked(), reviewEvent("submitted")
		g.memories = []hls.Memory{{Subject: e.Subject, Kind: kind, Key: keyRequests, Value: []byte(`[`)}}
		if _, err := For(e.Name).Gather(t.Context(), g, e, reviewRule()); err == nil {
			t.Errorf("%s: no error", kind)
		}
	}
}
