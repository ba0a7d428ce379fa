package handler

import (
	"errors"
	"testing"

	"hls/internal/hls"
)

func TestE1_TheLabelFollowsTheReviews(t *testing.T) {
	t.Parallel()
	said := func(all ...hls.Review) []hls.Review { return all }
	changes := func(id int64, who hls.Account) hls.Review {
		return hls.Review{ID: id, User: who, State: "CHANGES_REQUESTED"}
	}
	approves := func(id int64, who hls.Account) hls.Review { return hls.Review{ID: id, User: who, State: "APPROVED"} }
	comments := func(id int64, who hls.Account) hls.Review { return hls.Review{ID: id, User: who, State: "COMMENTED"} }
	dismissed := func(id int64, who hls.Account) hls.Review { return hls.Review{ID: id, User: who, State: "DISMISSED"} }
	for name, tc := range map[string]struct {
		reviews []hls.Review
		draft   bool
		want    string
	}{
		"nobody":                       {nil, false, "status/needs-review"},
		"nobody, a draft":              {nil, true, ""},
		"changes asked for":            {said(changes(1, person)), false, "status/needs-changes"},
		"by a stranger":                {said(changes(1, olga)), false, "status/needs-review"},
		"by a bot":                     {said(changes(1, robot)), false, "status/needs-review"},
		"by nobody who is there":       {said(changes(1, ghost)), false, "status/needs-review"},
		"by HLS":                       {said(changes(1, self)), false, "status/needs-review"},
		"approved":                     {said(approves(1, person)), false, "status/approved"},
		"approved by a stranger":       {said(approves(1, olga)), false, "status/needs-review"},
		"approved, a draft":            {said(approves(1, person)), true, "status/approved"},
		"one against":                  {said(changes(1, person), approves(2, rita)), false, "status/needs-changes"},
		"changed their mind":           {said(changes(1, person), approves(2, person)), false, "status/approved"},
		"a comment changes nothing":    {said(changes(1, person), comments(2, person)), false, "status/needs-changes"},
		"nor of an approval":           {said(approves(1, person), comments(2, person)), false, "status/approved"},
		"dismissed":                    {said(dismissed(1, person)), false, "status/needs-review"},
		"dismissed after an approval":  {said(approves(1, person), dismissed(2, person)), false, "status/needs-review"},
		"approved after one dismissed": {said(dismissed(1, person), approves(2, person)), false, "status/approved"},
		"pending":                      {said(hls.Review{ID: 1, User: person, State: "PENDING"}), false, "status/needs-review"},
	} {
		g := asked()
		g.talk.reviews, g.talk.comments, g.pull.Draft = tc.reviews, nil, tc.draft
		if got := labelsIn(g.plan(t, reviewEvent("submitted"), reviewRule(), nil), hls.AddLabels); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestE8_LabelsOfReviewsArePeoples(t *testing.T) {
	t.Parallel()
	categories := func(r *hls.Rule) {
		r.Labels.Categories = []hls.Category{{Name: "kind", Labels: []hls.Label{{Name: "bug"}, {Name: "status/approved"}, {Name: "status/needs-changes"}}}}
	}
	renamed := func(r *hls.Rule) {
		r.Reviews = hls.ReviewPolicy{NeedsChanges: "bug", Approved: "status/approved", NeedsReview: ""}
	}
	on := func(name string, who hls.Account) hls.LabelEvent {
		return hls.LabelEvent{Label: name, Added: true, Actor: who}
	}
	for name, tc := range map[string]struct {
		present     string
		history     []hls.LabelEvent
		rule        func(*hls.Rule)
		add, remove string
	}{
		"own one gives way":          {"status/approved", []hls.LabelEvent{on("status/approved", self)}, nil, "status/needs-changes", "status/approved"},
		"a person's stays":           {"status/approved", []hls.LabelEvent{on("status/approved", person)}, nil, "", ""},
		"a person took it away":      {"", []hls.LabelEvent{on("status/needs-changes", self), {Label: "status/needs-changes", Actor: person}}, nil, "", ""},
		"own stale one without more": {"status/approved", []hls.LabelEvent{on("status/approved", self), {Label: "status/needs-changes", Actor: person}}, nil, "", "status/approved"},
		"not of a category":          {"status/approved", []hls.LabelEvent{on("status/approved", self)}, categories, "status/needs-changes", "status/approved"},
		"under other names":          {"status/approved", []hls.LabelEvent{on("status/approved", self)}, renamed, "bug", "status/approved"},
		"not applied":                {"status/approved", []hls.LabelEvent{on("status/approved", self)}, func(r *hls.Rule) { r.Labels.AutoApply = false }, "", ""},
		"switched off":               {"status/approved", []hls.LabelEvent{on("status/approved", self)}, func(r *hls.Rule) { r.Reviews.NeedsChanges = "" }, "", "status/approved"},
		"all switched off":           {"status/approved", []hls.LabelEvent{on("status/approved", self)}, func(r *hls.Rule) { r.Reviews = hls.ReviewPolicy{} }, "", ""},
	} {
		g, r := asked(), reviewRule()
		g.history = tc.history
		if tc.present != "" {
			g.pull.Labels = []hls.Label{{Name: tc.present}}
		}
		if tc.rule != nil {
			tc.rule(&r)
		}
		p := g.plan(t, reviewEvent("submitted"), r, bothRequests())
		if add, remove := labelsIn(p, hls.AddLabels), labelsIn(p, hls.RemoveLabels); add != tc.add || remove != tc.remove {
			t.Errorf("%s: adds %q and removes %q, want %q and %q", name, add, remove, tc.add, tc.remove)
		}
	}
}

func TestLabelsNeedKnowledgeOfWhoMayWrite(t *testing.T) {
	t.Parallel()
	g := asked()
	g.errs = map[string]error{"Access": &hls.Permanent{Err: errors.New("forbidden"), Reason: "github_forbidden"}}
	p := g.plan(t, reviewEvent("submitted"), reviewRule(), bothRequests())
	if labelsIn(p, hls.AddLabels) != "" || bodyIn(p, hls.UpsertComment) == "" || whyDropped(p, "reviews") != "permissions_unreadable" {
		t.Errorf("%+v", p)
	}
	g.errs["Access"] = &hls.RetryAfter{Err: errors.New("later")}
	if _, err := For("pull_request_review").Gather(t.Context(), g, reviewEvent("submitted"), reviewRule()); err == nil {
		t.Error("an outage is taken for an answer")
	}
}

// Anybody can review a public repository, and crowd out the one who has a say.
func TestE1_ManyStrangersOutvoteNobody(t *testing.T) {
	t.Parallel()
	g := asked()
	for n := range int64(mostReviewers) {
		stranger := hls.Account{ID: 1000 + n, Login: "sock", Type: "User"}
		g.talk.reviews = append(g.talk.reviews, hls.Review{ID: 1000 + n, User: stranger, State: stateApproved})
	}
	p := g.plan(t, reviewEvent("submitted"), reviewRule(), bothRequests())
	if labelsIn(p, hls.AddLabels) != "" || whyDropped(p, "reviews") != "permissions_unreadable" {
		t.Errorf("%+v", p)
	}
}

// The review of a pull request goes on when its reviews by people cannot be read, and is not read for where nobody
// wants to hear of them.
func TestReviewsBesideTheReview(t *testing.T) {
	t.Parallel()
	g, r := asked(), reviewRule()
	g.files = []hls.File{{Filename: "save.go", Status: "modified", Patch: goPatch}}
	g.errs = map[string]error{"ReviewComments": &hls.Permanent{Err: errors.New("too many"), Reason: "github_too_many"}}
	f := gatherReviewed(t, g, pullEvent("synchronize"), r)
	p := planPull(t, f, goodReviewAnswer(goodFinding()), r)
	if len(remarksIn(p)) != 1 || labelsIn(p, hls.AddLabels) != "" {
		t.Errorf("%+v", p)
	}
	g.errs, r.Events = nil, []string{"pull_request"}
	if _, ok := reviewedIn(gatherReviewed(t, g, pullEvent("synchronize"), r)); ok {
		t.Error("reviews are read though their events are not enabled")
	}
	r.Events = []string{"pull_request", "pull_request_review"}
	p = planPull(t, gatherReviewed(t, g, pullEvent("synchronize"), r), goodReviewAnswer(goodFinding()), r)
	if labelsIn(p, hls.AddLabels) != "status/needs-changes" || len(remarksIn(p)) != 1 {
		t.Errorf("%+v", p)
	}
}
