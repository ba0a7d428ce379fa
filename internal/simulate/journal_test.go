package simulate_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-github/v92/github"

	"hls/internal/hls"
	"hls/internal/simulate"
)

func TestJournalTellsEverythingInItsOrder(t *testing.T) {
	t.Parallel()
	var told []string
	g := simulate.NewGitHub(simulate.GitHubConfig{Token: "right", Journal: func(e simulate.Entry) {
		switch {
		case e.Deed != nil:
			told = append(told, fmt.Sprintf("%s %s#%d by %s: %s%s", e.Deed.Kind, e.Deed.Repo, e.Deed.Number, e.Deed.Actor.Login, e.Deed.Label, e.Deed.Body))
		case e.Call != nil:
			told = append(told, fmt.Sprintf("%s %s %d", e.Call.Method, e.Call.Path, e.Call.Status))
		}
	}})
	g.AddRepository(simulate.RepositorySeed{FullName: shop, Labels: []hls.Label{{Name: "bug"}}})
	g.AddIssue(shop, simulate.IssueSeed{Number: 1, Title: "Crash", Author: "rita"})
	c := client(t, g, "right")
	comment, _, err := c.Issues.CreateComment(t.Context(), owner, name, 1, github.IssueCommentRequest{Body: "Hello"})
	must(t, err)
	_, _, err = c.Issues.UpdateComment(t.Context(), owner, name, comment.GetID(), github.IssueCommentRequest{Body: "Hello again"})
	must(t, err)
	_, _, err = c.Issues.AddLabelsToIssue(t.Context(), owner, name, 1, []string{"bug", "bug"})
	must(t, err)
	g.EditIssue(shop, 1, "Crash", "More")
	g.RemoveLabelAs(shop, 1, "mona", "bug")
	g.CloseIssue(shop, 1)
	at := "/repos/" + shop + "/issues"
	want := []string{
		"commented " + shop + "#1 by hls-bot: Hello", "POST " + at + "/1/comments 201",
		"comment_edited " + shop + "#1 by hls-bot: Hello again", fmt.Sprintf("PATCH %s/comments/%d 200", at, comment.GetID()),
		"labeled " + shop + "#1 by hls-bot: bug", "POST " + at + "/1/labels 200",
		"body_set " + shop + "#1 by rita: More", "unlabeled " + shop + "#1 by mona: bug", "closed " + shop + "#1 by rita: ",
	}
	if !slices.Equal(told, want) {
		t.Errorf("told\n%q\nwant\n%q", told, want)
	}
}

func TestJournalTellsOfClaude(t *testing.T) {
	t.Parallel()
	var asked []simulate.ClaudeCall
	c := simulate.NewClaude(simulate.ClaudeConfig{Journal: func(e simulate.Entry) { asked = append(asked, *e.Asked) }})
	c.Queue(simulate.Overloaded)
	for range 2 {
		_, _ = ask(t, c, nil)
	}
	if len(asked) != 2 || asked[0].Status != 529 || asked[1].Status != http.StatusOK || asked[1].StopReason != "end_turn" {
		t.Errorf("told %+v", asked)
	}
}

// A write that is never answered, and one that lists show only later.
func TestGitHubMakesWhatItDoesNotTell(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	c := client(t, g, "right")
	g.Fail(simulate.Fault{Method: http.MethodPost, PathGlob: commentsGlob, Kind: simulate.HangAfter, Hidden: 500 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, err := c.Issues.CreateComment(ctx, owner, name, 1, github.IssueCommentRequest{Body: "Hello"}); err == nil {
		t.Error("it was answered")
	}
	listed := func() int {
		all, _, err := c.Issues.ListComments(t.Context(), owner, name, 1, nil)
		must(t, err)
		return len(all)
	}
	if made, seen := len(g.Comments(shop, 1)), listed(); made != 1 || seen != 0 {
		t.Errorf("%d comments made, %d listed", made, seen)
	}
	for deadline := time.Now().Add(5 * time.Second); listed() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("it is never listed")
		}
		<-time.After(10 * time.Millisecond)
	}
	if call := g.Writes()[0]; call.Status != 0 || !call.Effect {
		t.Errorf("call: %+v", call)
	}
}

func TestGitHubMakesWhatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	g := seeded(t)
	g.Fail(simulate.Fault{Method: http.MethodPost, PathGlob: commentsGlob, Kind: simulate.Outlived, Wait: 300 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, err := client(t, g, "right").Issues.CreateComment(ctx, owner, name, 1, github.IssueCommentRequest{Body: "Hello"}); err == nil {
		t.Error("it was answered")
	}
	if n := len(g.Comments(shop, 1)); n != 0 {
		t.Errorf("%d comments at once", n)
	}
	for deadline := time.Now().Add(5 * time.Second); len(g.Comments(shop, 1)) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("it is never made")
		}
		<-time.After(10 * time.Millisecond)
	}
}
