package simulate_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v92/github"

	"hls/internal/hls"
	"hls/internal/simulate"
)

const (
	shop  = "acme/widget-shop"
	owner = "acme"
	name  = "widget-shop"
)

// patch adds lines 11 and 12 after line 10 and removes old line 12.
const patch = "@@ -10,3 +10,4 @@ func Save(c Cart) error {\n \tif c.Empty() {\n+\t\tpanic(\"empty\")\n+\t\t_ = c.Close()\n \t}\n-\treturn nil\n"

func seeded(t *testing.T) *simulate.GitHub {
	t.Helper()
	g := simulate.NewGitHub(simulate.GitHubConfig{Token: "right"})
	g.AddRepository(simulate.RepositorySeed{
		FullName: shop, ID: 77, Labels: []hls.Label{{Name: "bug", Description: "Something is broken", Color: "d73a4a"}},
		Collaborators: map[string]string{"mona": "maintain"},
	})
	g.AddIssue(shop, simulate.IssueSeed{Title: "Crash on save", Body: "It crashes.", Author: "rita"})
	g.AddPullRequest(shop, simulate.PullRequestSeed{
		IssueSeed: simulate.IssueSeed{Title: "Fix save", Author: "paul"},
		Files:     []hls.File{{Filename: "cart/save.go", Patch: patch}},
		Checks:    []simulate.Check{{Name: "lint", Conclusion: "failure"}, {Name: "legacy", Conclusion: "success", Status: true}},
	})
	return g
}

func client(t *testing.T, g *simulate.GitHub, token string) *github.Client {
	t.Helper()
	url, stop := g.Start()
	t.Cleanup(stop)
	base := url + "/"
	c, err := github.NewClient(github.WithAuthToken(token), github.WithURLs(&base, &base))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func status(err error) int {
	var e *github.ErrorResponse
	if errors.As(err, &e) {
		return e.Response.StatusCode
	}
	return 0
}

func TestGitHubKnowsWhoAsks(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	me, answer, err := c.Users.Get(t.Context(), "")
	if err != nil || me.GetLogin() != "hls-bot" || me.GetID() != g.Self().ID {
		t.Fatalf("self is %v, %v", me, err)
	}
	if answer.Header.Get(simulate.Mark) != "hls" || answer.Rate.Limit != 5000 || answer.Rate.Remaining != 4999 {
		t.Errorf("headers: %v, rate: %+v", answer.Header, answer.Rate)
	}
	if _, _, err := client(t, g, "wrong").Users.Get(t.Context(), ""); status(err) != http.StatusUnauthorized {
		t.Errorf("a wrong token: %v", err)
	}
	url, stop := g.Start()
	defer stop()
	base := url + "/"
	nobody, err := github.NewClient(github.WithURLs(&base, &base))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := nobody.Issues.Get(t.Context(), owner, name, 1); status(err) != http.StatusUnauthorized {
		t.Errorf("no token: %v", err)
	}
}

func TestGitHubIssueAndLabels(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	issue, _, err := c.Issues.Get(t.Context(), owner, name, 1)
	if err != nil || issue.GetTitle() != "Crash on save" || issue.GetUser().GetLogin() != "rita" || issue.IsPullRequest() {
		t.Fatalf("issue: %v, %v", issue, err)
	}
	if !strings.Contains(issue.GetHTMLURL(), "simulated") {
		t.Errorf("its page is %s", issue.GetHTMLURL())
	}
	labels, _, err := c.Issues.AddLabelsToIssue(t.Context(), owner, name, 1, []string{"BUG", "new one"})
	if err != nil || len(labels) != 2 || labels[0].GetName() != "bug" || labels[0].GetDescription() == "" {
		t.Fatalf("labels: %v, %v", labels, err)
	}
	if _, err := c.Issues.RemoveLabelForIssue(t.Context(), owner, name, 1, "new one"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Issues.RemoveLabelForIssue(t.Context(), owner, name, 1, "new one"); status(err) != http.StatusNotFound {
		t.Errorf("removed twice: %v", err)
	}
	g.RemoveLabelAs(shop, 1, "mona", "bug")
	events, _, err := c.Issues.ListIssueEvents(t.Context(), owner, name, 1, nil)
	if err != nil || len(events) != 4 || events[3].GetEvent() != "unlabeled" || events[3].GetActor().GetLogin() != "mona" {
		t.Fatalf("events: %v, %v", events, err)
	}
	if got := g.Labels(shop, 1); len(got) != 0 {
		t.Errorf("labels left: %v", got)
	}
	if all, _, err := c.Issues.ListLabels(t.Context(), owner, name, nil); err != nil || len(all) != 2 {
		t.Errorf("repository labels: %v, %v", all, err)
	}
}

func TestGitHubLabelRules(t *testing.T) {
	t.Parallel()
	c := client(t, seeded(t), "right")
	create := func(l github.CreateIssueLabelRequest) int {
		_, answer, _ := c.Issues.CreateLabel(t.Context(), owner, name, l)
		return answer.StatusCode
	}
	for _, test := range []struct {
		name   string
		label  github.CreateIssueLabelRequest
		status int
	}{
		{"new", github.CreateIssueLabelRequest{Name: "area/cart", Color: new("aabbcc")}, http.StatusCreated},
		{"exists in another case", github.CreateIssueLabelRequest{Name: "Bug"}, http.StatusUnprocessableEntity},
		{"color", github.CreateIssueLabelRequest{Name: "x", Color: new("#aabbcc")}, http.StatusUnprocessableEntity},
		{"too long", github.CreateIssueLabelRequest{Name: strings.Repeat("x", 51)}, http.StatusUnprocessableEntity},
	} {
		if got := create(test.label); got != test.status {
			t.Errorf("%s: %d, want %d", test.name, got, test.status)
		}
	}
	if l, _, err := c.Issues.GetLabel(t.Context(), owner, name, "area/cart"); err != nil || l.GetColor() != "aabbcc" {
		t.Errorf("label with a slash: %v, %v", l, err)
	}
}

func TestGitHubComments(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	made, answer, err := c.Issues.CreateComment(t.Context(), owner, name, 1, github.IssueCommentRequest{Body: "Hello"})
	if err != nil || answer.StatusCode != http.StatusCreated || made.GetID() == 0 || made.GetUser().GetLogin() != "hls-bot" {
		t.Fatalf("created: %v, %v", made, err)
	}
	edited, _, err := c.Issues.UpdateComment(t.Context(), owner, name, made.GetID(), github.IssueCommentRequest{Body: "Hello again"})
	if err != nil || edited.GetBody() != "Hello again" {
		t.Fatalf("edited: %v, %v", edited, err)
	}
	long := strings.Repeat("é", 65537)
	for _, body := range []string{long, " "} {
		if _, _, err := c.Issues.CreateComment(t.Context(), owner, name, 1, github.IssueCommentRequest{Body: body}); status(err) != 422 {
			t.Errorf("body of %d: %v", len(body), err)
		}
	}
	if got := g.Comments(shop, 1); len(got) != 1 || got[0].Body != "Hello again" {
		t.Errorf("comments: %v", got)
	}
	if _, err := c.Issues.DeleteComment(t.Context(), owner, name, made.GetID()); err != nil || len(g.Comments(shop, 1)) != 0 {
		t.Errorf("delete: %v", err)
	}
	writes := g.Writes()
	if len(writes) != 5 || !writes[0].Effect || writes[2].Effect || writes[0].Status != 201 || !strings.Contains(writes[0].Body, "Hello") {
		t.Errorf("writes: %+v", writes)
	}
}

func TestGitHubPaging(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	for range 101 {
		g.CommentAs(shop, 1, "rita", "One more.")
	}
	c := client(t, g, "right")
	seen, page := 0, 1
	for page != 0 {
		list, answer, err := c.Issues.ListComments(t.Context(), owner, name, 1, &github.IssueListCommentsOptions{
			ListOptions: github.ListOptions{PerPage: 50, Page: page},
		})
		if err != nil {
			t.Fatal(err)
		}
		seen, page = seen+len(list), answer.NextPage
	}
	if seen != 101 {
		t.Errorf("%d comments seen", seen)
	}
}

func TestGitHubPullRequest(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	pull, _, err := c.PullRequests.Get(t.Context(), owner, name, 2)
	if err != nil || pull.GetAdditions() != 2 || pull.GetDeletions() != 1 || len(pull.GetHead().GetSHA()) != 40 {
		t.Fatalf("pull request: %v, %v", pull, err)
	}
	files, _, err := c.PullRequests.ListFiles(t.Context(), owner, name, 2, nil)
	if err != nil || len(files) != 1 || files[0].GetPatch() != patch {
		t.Fatalf("files: %v, %v", files, err)
	}
	diff, _, err := c.PullRequests.GetRaw(t.Context(), owner, name, 2, github.RawOptions{Type: github.Diff})
	if err != nil || !strings.HasPrefix(diff, "diff --git a/cart/save.go b/cart/save.go\n--- a/cart/save.go\n+++ b/cart/save.go\n@@") {
		t.Errorf("diff: %q, %v", diff, err)
	}
	if _, _, err := c.PullRequests.Get(t.Context(), owner, name, 1); status(err) != http.StatusNotFound {
		t.Errorf("an issue asked for as a pull request: %v", err)
	}
	runs, _, err := c.Checks.ListCheckRunsForRef(t.Context(), owner, name, pull.GetHead().GetSHA(), nil)
	if err != nil || runs.GetTotal() != 1 || runs.CheckRuns[0].GetConclusion() != "failure" {
		t.Errorf("check runs: %v, %v", runs, err)
	}
	combined, _, err := c.Repositories.GetCombinedStatus(t.Context(), owner, name, pull.GetHead().GetSHA(), nil)
	if err != nil || combined.GetState() != "success" {
		t.Errorf("status: %v, %v", combined, err)
	}
	old := pull.GetHead().GetSHA()
	if now := g.Push(shop, 2, nil); now == old {
		t.Error("a push kept the head")
	}
}

func TestGitHubReviewStandsOnTheDiff(t *testing.T) {
	t.Parallel()
	on := func(line int, side string) *github.DraftReviewComment {
		return &github.DraftReviewComment{Path: new("cart/save.go"), Line: &line, Side: &side, Body: new("Here")}
	}
	span := on(12, "RIGHT")
	span.StartLine, span.StartSide = new(11), new("RIGHT")
	for _, test := range []struct {
		name     string
		comments []*github.DraftReviewComment
		body     string
		fails    bool
	}{
		{"added line", []*github.DraftReviewComment{on(11, "RIGHT")}, "", false},
		{"context line", []*github.DraftReviewComment{on(10, "RIGHT")}, "", false},
		{"removed line", []*github.DraftReviewComment{on(12, "LEFT")}, "", false},
		{"several lines", []*github.DraftReviewComment{span}, "Summary", false},
		{"body only", nil, "Summary", false},
		{"one of two is not in the diff", []*github.DraftReviewComment{on(11, "RIGHT"), on(99, "RIGHT")}, "Summary", true},
		{"added line on the left", []*github.DraftReviewComment{on(14, "LEFT")}, "", true},
		{"other file", []*github.DraftReviewComment{{Path: new("a.go"), Line: new(11), Body: new("x")}}, "", true},
		{"nothing", nil, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := seeded(t)
			review, _, err := client(t, g, "right").PullRequests.CreateReview(t.Context(), owner, name, 2, &github.PullRequestReviewRequest{
				Event: new("COMMENT"), Body: &test.body, Comments: test.comments,
			})
			kept := g.Reviews(shop, 2)
			if test.fails && (status(err) != 422 || len(kept) != 0) {
				t.Errorf("taken: %v, %v", kept, err)
			}
			if !test.fails && (err != nil || review.GetState() != "COMMENTED" || len(kept) != 1 || len(kept[0].Remarks) != len(test.comments)) {
				t.Errorf("refused: %v, %v, %v", review, kept, err)
			}
		})
	}
}

func TestGitHubSearch(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	g.AddIssue(shop, simulate.IssueSeed{Title: "Saving crashes the cart", Author: "rita", Closed: true})
	g.AddIssue(shop, simulate.IssueSeed{Title: "Dark mode", Body: "Please.", Author: "rita"})
	c := client(t, g, "right")
	for _, test := range []struct {
		query string
		want  []int
	}{
		{"repo:acme/widget-shop is:issue crash", []int{1}},
		{"repo:acme/widget-shop is:issue crashes", []int{3, 1}},
		{"repo:acme/widget-shop crash OR crashes OR dark is:issue is:open", []int{1, 4}},
		{"repo:acme/widget-shop is:pr save", []int{2}},
		{"repo:acme/other crash", nil},
		{"repo:acme/widget-shop save in:title -is:pr", []int{1}},
	} {
		found, _, err := c.Search.Issues(t.Context(), test.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, i := range found.Issues {
			got = append(got, i.GetNumber())
		}
		slices.Sort(got)
		slices.Sort(test.want)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.query, got, test.want)
		}
	}
	if _, _, err := c.Search.Issues(t.Context(), strings.Repeat("word ", 60), nil); status(err) != 422 {
		t.Errorf("a long query: %v", err)
	}
}

func TestGitHubReadByAnyone(t *testing.T) {
	t.Parallel()
	g := simulate.NewGitHub(simulate.GitHubConfig{Anonymous: true})
	g.AddRepository(simulate.RepositorySeed{FullName: shop})
	g.AddRepository(simulate.RepositorySeed{FullName: "acme/vault", Private: true})
	g.AddIssue(shop, simulate.IssueSeed{Title: "Public", Author: "rita"})
	g.AddIssue("acme/vault", simulate.IssueSeed{Title: "Private", Author: "rita"})
	url, stop := g.Start()
	defer stop()
	base := url + "/"
	c, err := github.NewClient(github.WithURLs(&base, &base))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Issues.Get(t.Context(), owner, name, 1); err != nil {
		t.Error(err)
	}
	if _, _, err := c.Issues.Get(t.Context(), owner, "vault", 1); status(err) != http.StatusNotFound {
		t.Errorf("private: %v", err)
	}
	if _, _, err := c.Issues.AddLabelsToIssue(t.Context(), owner, name, 1, []string{"bug"}); status(err) != http.StatusUnauthorized {
		t.Errorf("written: %v", err)
	}
}

func TestGitHubRights(t *testing.T) {
	t.Parallel()
	g := simulate.NewGitHub(simulate.GitHubConfig{Tokens: map[string]string{"r": "rita", "m": "mona"}, Token: "right"})
	g.AddRepository(simulate.RepositorySeed{FullName: shop, Collaborators: map[string]string{"mona": "triage"}})
	g.AddIssue(shop, simulate.IssueSeed{Title: "One", Author: "olaf"})
	g.LockIssue(shop, 1)
	rita, mona := client(t, g, "r"), client(t, g, "m")
	if _, _, err := rita.Issues.AddLabelsToIssue(t.Context(), owner, name, 1, []string{"bug"}); status(err) != http.StatusForbidden {
		t.Errorf("a stranger labels: %v", err)
	}
	if _, _, err := rita.Issues.CreateComment(t.Context(), owner, name, 1, github.IssueCommentRequest{Body: "Hi"}); status(err) != http.StatusForbidden {
		t.Errorf("a stranger comments on a locked issue: %v", err)
	}
	if _, _, err := mona.Issues.AddLabelsToIssue(t.Context(), owner, name, 1, []string{"bug"}); err != nil {
		t.Errorf("triage labels: %v", err)
	}
	level, _, err := client(t, g, "right").Repositories.GetPermissionLevel(t.Context(), owner, name, "mona")
	if err != nil || level.GetPermission() != "read" || level.GetRoleName() != "triage" {
		t.Errorf("permission: %v, %v", level, err)
	}
	g.DeleteIssue(shop, 1)
	if _, _, err := mona.Issues.Get(t.Context(), owner, name, 1); status(err) != http.StatusGone {
		t.Errorf("deleted: %v", err)
	}
}
