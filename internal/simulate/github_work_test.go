package simulate_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-github/v92/github"

	"hls/internal/hls"
	"hls/internal/simulate"
)

func TestGitHubOpensIssues(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	made, _, err := c.Issues.Create(t.Context(), owner, name, github.CreateIssueRequest{
		Title: "Main is broken", Body: new("text"), Labels: []string{"bug", "ci"},
	})
	must(t, err)
	if made.GetNumber() != 3 || made.GetUser().GetLogin() != "hls-bot" || !slices.Equal(g.Labels(shop, 3), []string{"bug", "ci"}) {
		t.Errorf("made %+v with %v", made, g.Labels(shop, 3))
	}
	for _, c2 := range []struct {
		options github.IssueListByRepoOptions
		want    []int
	}{
		{github.IssueListByRepoOptions{Creator: "HLS-bot"}, []int{3}},
		{github.IssueListByRepoOptions{State: "all", Sort: "created", Direction: "asc"}, []int{1, 2, 3}},
		{github.IssueListByRepoOptions{Labels: []string{"bug", "ci"}}, []int{3}},
		{github.IssueListByRepoOptions{Labels: []string{"docs"}}, nil},
		{github.IssueListByRepoOptions{Since: time.Now().Add(time.Hour)}, nil},
		{github.IssueListByRepoOptions{State: "closed"}, nil},
	} {
		found, _, err := c.Issues.ListByRepo(t.Context(), owner, name, &c2.options)
		must(t, err)
		var numbers []int
		for _, i := range found {
			numbers = append(numbers, i.GetNumber())
		}
		if !slices.Equal(numbers, c2.want) {
			t.Errorf("%+v: %v, want %v", c2.options, numbers, c2.want)
		}
	}
	for _, bad := range []github.CreateIssueRequest{{Body: new("x")}, {Title: fmt.Sprintf("%257d", 1)}} {
		if _, _, err := c.Issues.Create(t.Context(), owner, name, bad); status(err) != http.StatusUnprocessableEntity {
			t.Errorf("a bad issue: %v", err)
		}
	}
}

func TestGitHubRunsAgain(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	made := g.AddRun(shop, simulate.RunSeed{Name: "CI", SHA: "abc", PullRequests: []int{2}})
	_, err := c.Actions.RerunFailedJobsByID(t.Context(), owner, name, made.ID)
	must(t, err)
	run, _, err := c.Actions.GetWorkflowRunByID(t.Context(), owner, name, made.ID)
	must(t, err)
	if run.GetRunAttempt() != 2 || run.GetStatus() != "queued" || run.PullRequests[0].GetNumber() != 2 {
		t.Errorf("run %+v", run)
	}
	if _, err := c.Actions.RerunFailedJobsByID(t.Context(), owner, name, made.ID); status(err) != http.StatusForbidden {
		t.Errorf("while it runs: %v", err)
	}
	g.EndRun(shop, made.ID, "success")
	if _, err := c.Actions.RerunFailedJobsByID(t.Context(), owner, name, made.ID); status(err) != http.StatusForbidden {
		t.Errorf("once it passed: %v", err)
	}
	if _, err := c.Actions.RerunFailedJobsByID(t.Context(), owner, name, 1); status(err) != http.StatusNotFound {
		t.Errorf("one that is not there: %v", err)
	}
	all, _, err := c.Actions.ListRepositoryWorkflowRuns(t.Context(), owner, name, &github.ListWorkflowRunsOptions{HeadSHA: "abc"})
	if err != nil || all.GetTotalCount() != 1 {
		t.Errorf("runs %+v, %v", all, err)
	}
	e, err := hls.DecodeEvent(hls.Delivery{Event: "workflow_run", Body: g.RunPayload(shop, made.ID, "completed", "mona")})
	if err != nil || e.Subject.Ref != fmt.Sprintf("workflow_run/%d", made.ID) {
		t.Errorf("event on %s, %v", e.Subject, err)
	}
}

func TestGitHubKeepsReactions(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	comment := g.CommentAs(shop, 1, "mona", "/hls review")
	for _, want := range []int{http.StatusCreated, http.StatusOK} {
		_, answer, err := c.Reactions.CreateIssueCommentReaction(t.Context(), owner, name, comment.ID, "eyes")
		if err != nil || answer.StatusCode != want {
			t.Errorf("%v, %v, want %d", answer, err, want)
		}
	}
	if got := g.Reactions(shop, comment.ID); len(got) != 1 || got[0].Content != "eyes" || !got[0].User.Same(g.Self()) {
		t.Errorf("reactions %+v", got)
	}
	listed, _, err := c.Reactions.ListIssueCommentReactions(t.Context(), owner, name, comment.ID, nil)
	if err != nil || len(listed) != 1 {
		t.Errorf("listed %v, %v", listed, err)
	}
	g.ReactAs(shop, comment.ID, "mona", "+1")
	g.ReactAs(shop, comment.ID, "mona", "+1")
	up := &github.ListReactionOptions{Content: "+1"}
	listed, _, err = c.Reactions.ListIssueCommentReactions(t.Context(), owner, name, comment.ID, up)
	if err != nil || len(listed) != 1 || listed[0].GetUser().GetLogin() != "mona" || listed[0].GetCreatedAt().IsZero() {
		t.Errorf("thumbs %v, %v", listed, err)
	}
	g.UnreactAs(shop, comment.ID, "mona", "+1")
	if got := g.Reactions(shop, comment.ID); len(got) != 1 {
		t.Errorf("reactions %+v", got)
	}
	if _, _, err := c.Reactions.CreateIssueCommentReaction(t.Context(), owner, name, comment.ID, "shrug"); status(err) != http.StatusUnprocessableEntity {
		t.Errorf("an unknown one: %v", err)
	}
	if _, _, err := c.Reactions.CreatePullRequestCommentReaction(t.Context(), owner, name, comment.ID, "eyes"); status(err) != http.StatusNotFound {
		t.Errorf("on a line: %v", err)
	}
}

func TestGitHubKeepsThreads(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	sha := g.PullRequest(shop, 2).Head.SHA
	_, _, err := c.PullRequests.CreateReview(t.Context(), owner, name, 2, &github.PullRequestReviewRequest{
		CommitID: &sha, Event: new("COMMENT"), Body: new("One thing."),
		Comments: []*github.DraftReviewComment{{Path: new("cart/save.go"), Line: new(11), Side: new("RIGHT"), Body: new("A panic.")}},
	})
	must(t, err)
	first := g.Remarks(shop, 2)[0]
	mine := g.ReplyAs(shop, "paul", first.ID, "It cannot be empty.")
	request, err := c.NewRequest(t.Context(), http.MethodPost, fmt.Sprintf("repos/%s/pulls/2/comments/%d/replies", shop, mine), map[string]string{"body": "Then it is fine."})
	must(t, err)
	_, err = c.Do(request, nil)
	must(t, err)
	edited, _, err := c.PullRequests.UpdateComment(t.Context(), owner, name, first.ID, github.UpdatePullRequestCommentRequest{Body: "Withdrawn."})
	must(t, err)
	listed, _, err := c.PullRequests.ListComments(t.Context(), owner, name, 2, nil)
	must(t, err)
	if len(listed) != 3 || edited.GetBody() != "Withdrawn." || listed[1].GetInReplyTo() != first.ID || listed[1].GetUser().GetLogin() != "paul" {
		t.Errorf("listed %+v", listed)
	}
	all := g.Remarks(shop, 2)
	review, _, err := c.PullRequests.GetReview(t.Context(), owner, name, 2, first.Review)
	if err != nil || review.GetBody() != "One thing." || all[0].Body != "Withdrawn." || all[1].InReplyTo != first.ID || all[1].Review == first.Review {
		t.Errorf("remarks %+v, review %+v, %v", all, review, err)
	}
	e, err := hls.DecodeEvent(hls.Delivery{Event: "pull_request_review_comment", Body: g.RemarkPayload(shop, mine, "created", "paul")})
	if err != nil || e.Subject.Number != 2 || e.Subject.Kind != hls.KindPullRequest {
		t.Errorf("event on %s, %v", e.Subject, err)
	}
}

func TestGitHubKeepsReleases(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	g.AddRelease(shop, simulate.ReleaseSeed{Tag: "v1", Name: "One", Body: "By hand.", Author: "mona", Age: time.Hour})
	two := g.AddRelease(shop, simulate.ReleaseSeed{ID: 88, Tag: "v2", Author: "mona", Prerelease: true})
	edited, _, err := c.Repositories.UpdateRelease(t.Context(), owner, name, 88, github.UpdateReleaseRequest{Body: new("Notes.")})
	must(t, err)
	latest, _, err := c.Repositories.GetLatestRelease(t.Context(), owner, name)
	must(t, err)
	all, _, err := c.Repositories.ListReleases(t.Context(), owner, name, nil)
	must(t, err)
	tagged, _, err := c.Repositories.GetReleaseByTag(t.Context(), owner, name, "v1")
	must(t, err)
	if edited.GetBody() != "Notes." || edited.GetTagName() != "v2" || latest.GetTagName() != "v1" || all[0].GetID() != two.ID || tagged.GetName() != "One" {
		t.Errorf("edited %+v, latest %+v, all %+v", edited, latest, all)
	}
	g.EditRelease(shop, 88, "By hand after all.")
	if got := g.Release(shop, 88); got.Body != "By hand after all." || g.Release(shop, 1).ID != 0 {
		t.Errorf("release %+v", got)
	}
	var body struct {
		Release struct {
			ID int64 `json:"id"`
		} `json:"release"`
	}
	must(t, json.Unmarshal(g.ReleasePayload(shop, 88, "edited", "mona", simulate.Change{"body": "Notes."}), &body))
	if body.Release.ID != 88 {
		t.Errorf("payload of %d", body.Release.ID)
	}
}
