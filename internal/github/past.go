package github

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"hls/internal/hls"
)

// AllSubjects reads a page of a repository's issues and pull requests, whatever their state, the last created first, as
// GitHub has them ("List repository issues").
func (c *Client) AllSubjects(ctx context.Context, repo string, number int) (items []json.RawMessage, more bool, err error) {
	at := place{page: number, size: perPage}
	items, resp, err := page[json.RawMessage](ctx, c, listing{
		repo: repo, path: "issues", query: "state=all&sort=created&direction=desc", most: perPage,
	}, at)
	if err != nil {
		return nil, false, err
	}
	return items, at.more(resp, len(items)), nil
}

// Timeline reads what happened to an issue, oldest first, as GitHub has it ("List timeline events for an issue").
func (c *Client) Timeline(ctx context.Context, s hls.Subject) iter.Seq2[json.RawMessage, error] {
	return each[json.RawMessage](ctx, c, ofSubject(s, "issues/%d/timeline", maxHistory))
}

// WholeIssue reads an issue, or a pull request as one, as GitHub has it.
func (c *Client) WholeIssue(ctx context.Context, s hls.Subject) (whole json.RawMessage, err error) {
	if err = c.get(ctx, s, fmt.Sprintf("issues/%d", s.Number), &whole); err != nil {
		return nil, fmt.Errorf("read issue %s: %w", s, err)
	}
	return whole, nil
}

// mostEdits is how many edits of a text are read: of one that was edited more often it is not told how it began.
const mostEdits = 20

// edits is what GraphQL tells of the edits of a text. Each has the whole text as it was after it, and the first of them is
// the text's making ("UserContentEdit" of GitHub's GraphQL reference). REST tells of none.
type edits struct {
	UserContentEdits struct {
		TotalCount int `json:"totalCount"`
		Nodes      []struct {
			EditedAt time.Time `json:"editedAt"`
			Diff     *string   `json:"diff"`
		} `json:"nodes"`
	} `json:"userContentEdits"`
}

// first is the text as it was made; ok is false where it was never edited, or where that is not told.
func (e *edits) first() (text string, ok bool) {
	var at time.Time
	if e == nil || e.UserContentEdits.TotalCount > len(e.UserContentEdits.Nodes) {
		return "", false
	}
	for _, n := range e.UserContentEdits.Nodes {
		if at.IsZero() || n.EditedAt.Before(at) {
			at, text, ok = n.EditedAt, "", n.Diff != nil
			if ok {
				text = *n.Diff
			}
		}
	}
	return text, ok
}

// OpeningBodies are the texts that issues were opened with, of those that were edited since. Without a credential GitHub
// does not tell, which is hls.ErrNotFound.
func (c *Client) OpeningBodies(ctx context.Context, repo string, numbers []int) (map[int]string, error) {
	if by := c.credential(repo); by.app == nil && by.token == "" {
		return nil, fmt.Errorf("edits of issues of %s: %w: GraphQL takes no request without a token", repo, hls.ErrNotFound)
	}
	owner, name, _ := strings.Cut(repo, "/")
	var q strings.Builder
	q.WriteString("query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {")
	for _, n := range numbers {
		fmt.Fprintf(&q, " i%d: issue(number: %d) { userContentEdits(first: %d) { totalCount nodes { editedAt diff } } }", n, n, mostEdits)
	}
	q.WriteString(" } }")
	var answer struct {
		Data struct {
			Repository map[string]*edits `json:"repository"`
		} `json:"data"`
	}
	_, err := c.do(ctx, repo, call{
		method: http.MethodPost, path: graphqlOf(c.settings.base), into: &answer,
		body: map[string]any{"query": q.String(), "variables": map[string]string{"owner": owner, "name": name}},
	})
	if err = notOffered(err); err != nil {
		return nil, err
	}
	bodies := map[int]string{}
	for _, n := range numbers {
		if text, ok := answer.Data.Repository[fmt.Sprintf("i%d", n)].first(); ok {
			bodies[n] = text
		}
	}
	return bodies, nil
}
