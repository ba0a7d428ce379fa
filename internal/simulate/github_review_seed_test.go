package simulate_test

import (
	"testing"

	"github.com/google/go-github/v92/github"

	"hls/internal/hls"
	"hls/internal/simulate"
)

func TestGitHubShowsWhatPeopleReview(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	patch := func(code string) []hls.File {
		return []hls.File{{Filename: "a.go", Patch: "@@ -1 +1,2 @@\n package a\n+" + code + "\n"}}
	}
	g.Push(shop, 2, patch("var x = 1"))
	made := g.ReviewAs(shop, 2, "mona", simulate.ReviewSeed{
		State: "CHANGES_REQUESTED", Body: "Please rename it.", Remarks: []hls.Remark{{Path: "a.go", Line: 2, Body: "Here."}},
	})
	first := func() *github.PullRequestComment {
		all, _, err := c.PullRequests.ListComments(t.Context(), owner, name, 2, nil)
		must(t, err)
		return all[0]
	}
	if got := first(); got.GetLine() != 2 || got.GetUser().GetLogin() != "mona" || got.GetPullRequestReviewID() != made.ID {
		t.Errorf("remark %+v", got)
	}
	g.Push(shop, 2, []hls.File{{Filename: "a.go", Patch: "@@ -1 +1,3 @@\n package a\n+\n+var x = 1\n"}})
	if got := first(); got.GetLine() != 3 || got.GetOriginalLine() != 2 {
		t.Errorf("moved: %+v", got)
	}
	g.Push(shop, 2, patch("var y = 1"))
	if got := first(); got.Line != nil || got.GetOriginalLine() != 2 {
		t.Errorf("outdated: %+v", got)
	}
	g.DismissReview(shop, 2, made.ID)
	reviews, _, err := c.PullRequests.ListReviews(t.Context(), owner, name, 2, nil)
	must(t, err)
	if reviews[0].GetState() != "DISMISSED" {
		t.Errorf("dismissed: %+v", reviews[0])
	}
	thread := g.ThreadPayload(shop, first().GetID(), "resolved", "mona")
	e, err := hls.DecodeEvent(hls.Delivery{Event: "pull_request_review_thread", Body: thread})
	if err != nil || e.Thread != first().GetID() || e.Subject.Number != 2 {
		t.Errorf("thread %d of %s, %v", e.Thread, e.Subject, err)
	}
	g.SetPermission(shop, "mona", "maintain")
	level, _, err := c.Repositories.GetPermissionLevel(t.Context(), owner, name, "mona")
	must(t, err)
	if level.GetPermission() != "write" || level.GetRoleName() != "maintain" {
		t.Errorf("permission %+v", level)
	}
	g.DeleteRemark(shop, first().GetID())
	if all, _, err := c.PullRequests.ListComments(t.Context(), owner, name, 2, nil); err != nil || len(all) != 0 {
		t.Errorf("deleted: %v, %v", all, err)
	}
}
