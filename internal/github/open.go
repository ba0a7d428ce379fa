package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"hls/internal/hls"
)

// OpenSubjects reads a page of a repository's open issues and pull requests, the first created first, as GitHub has them:
// both are issues there, and a pull request has the member pull_request ("List repository issues").
func (c *Client) OpenSubjects(ctx context.Context, repo string, number int) (items []json.RawMessage, more bool, err error) {
	at := place{page: number, size: perPage}
	items, resp, err := page[json.RawMessage](ctx, c, listing{
		repo: repo, path: "issues", query: "state=open&sort=created&direction=asc", most: perPage,
	}, at)
	if err != nil {
		return nil, false, err
	}
	return items, at.more(resp, len(items)), nil
}

// WholeRepository reads a repository as GitHub has it.
func (c *Client) WholeRepository(ctx context.Context, repo string) (whole json.RawMessage, err error) {
	_, err = c.do(ctx, repo, call{method: http.MethodGet, path: "repos/" + repo, into: &whole})
	return whole, err
}

// WholePullRequest reads a pull request as GitHub has it.
func (c *Client) WholePullRequest(ctx context.Context, s hls.Subject) (whole json.RawMessage, err error) {
	err = c.get(ctx, s, fmt.Sprintf("pulls/%d", s.Number), &whole)
	if err != nil {
		return nil, fmt.Errorf("read pull request %s: %w", s, err)
	}
	return whole, nil
}
