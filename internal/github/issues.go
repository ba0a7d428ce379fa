package github

import (
	"context"
	"fmt"
	"iter"
	"net/http"

	"hls/internal/hls"
)

// maxRecent is how many of a repository's newest issues and pull requests are looked through.
const maxRecent = 3000

// RecentIssues reads the issues of the subject's repository, pull requests and closed ones among them, the last created
// first. They are not asked for by their creator: GitHub answers with none when it does not take a bot's login there.
func (c *Client) RecentIssues(ctx context.Context, s hls.Subject) iter.Seq2[hls.Issue, error] {
	return each[hls.Issue](ctx, c, listing{
		repo: s.Repo, repoID: s.RepoID, path: "issues", query: "state=all&sort=created&direction=desc", most: maxRecent,
	})
}

// CreateIssue opens an issue in the subject's repository. A label that the repository lacks would be created with it.
func (c *Client) CreateIssue(ctx context.Context, s hls.Subject, title, body string, labels []string) (hls.Issue, error) {
	request := struct {
		Title  string   `json:"title"`
		Body   string   `json:"body"`
		Labels []string `json:"labels,omitempty"`
	}{title, body, labels}
	var issue hls.Issue
	resp, err := c.do(ctx, s.Repo, call{
		method: http.MethodPost, path: fmt.Sprintf("repos/%s/issues", s.Repo), body: request,
		into: &issue, does: creates, content: true, repoID: s.RepoID,
	})
	if err == nil && (resp.StatusCode != http.StatusCreated || issue.Number <= 0) {
		err = asking(fmt.Errorf("%w: %w", hls.ErrAmbiguous, errNoID))
	}
	if err != nil {
		return hls.Issue{}, err
	}
	c.learn(s.Repo, issue.User)
	return issue, nil
}
