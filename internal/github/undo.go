package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"hls/internal/hls"
)

// DeleteComment deletes a comment of a conversation; one that is not there counts as deleted.
func (c *Client) DeleteComment(ctx context.Context, s hls.Subject, id int64) error {
	return c.remove(ctx, s, fmt.Sprintf("issues/comments/%d", id))
}

// remove deletes what stands at a path below the subject's repository, unless it is gone.
func (c *Client) remove(ctx context.Context, s hls.Subject, path string) error {
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodDelete, path: fmt.Sprintf("repos/%s/%s", s.Repo, escapePercent(path)), does: writes, repoID: s.RepoID,
	})
	if errors.Is(err, hls.ErrNotFound) || errors.Is(err, hls.ErrGone) {
		return nil
	}
	return err
}

// ReopenIssue opens a closed issue again.
func (c *Client) ReopenIssue(ctx context.Context, s hls.Subject) error {
	_, err := c.write(ctx, s, call{method: http.MethodPatch, path: "issues/%d", body: map[string]string{"state": "open"}, does: writes})
	return err
}

// RemoveReaction takes the own emoji off a comment of a conversation or, inline, off one that stands on a line.
func (c *Client) RemoveReaction(ctx context.Context, s hls.Subject, id int64, inline bool, r hls.Reaction) error {
	self, err := c.SelfFor(ctx, s.Repo)
	if err != nil {
		return err
	}
	of := "issues"
	if inline {
		of = "pulls"
	}
	var there []struct {
		ID      int64       `json:"id"`
		Content string      `json:"content"`
		User    hls.Account `json:"user"`
	}
	at := fmt.Sprintf("%s/comments/%d/reactions", of, id)
	_, err = c.do(ctx, s.Repo, call{
		method: http.MethodGet, path: fmt.Sprintf("repos/%s/%s?content=%s&per_page=100", s.Repo, at, r), into: &there, repoID: s.RepoID,
	})
	if errors.Is(err, hls.ErrNotFound) || errors.Is(err, hls.ErrGone) {
		return nil
	}
	for _, one := range there {
		if err == nil && one.Content == string(r) && one.User.Same(self) {
			err = c.remove(ctx, s, fmt.Sprintf("%s/%d", at, one.ID))
		}
	}
	return err
}

// minimize hides what people read, as outdated ("Mutations: minimizeComment" of GitHub's GraphQL reference). REST cannot.
const minimize = `mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { minimizedComment { isMinimized } } }`

// Minimize hides a review, or a comment on a line, by its node id.
func (c *Client) Minimize(ctx context.Context, s hls.Subject, node string) error {
	var answer struct {
		Data struct {
			MinimizeComment *struct {
				MinimizedComment struct {
					IsMinimized bool `json:"isMinimized"`
				} `json:"minimizedComment"`
			} `json:"minimizeComment"`
		} `json:"data"`
		Errors []struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"errors"`
	}
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodPost, path: graphqlOf(c.settings.base), body: map[string]any{"query": minimize, "variables": map[string]string{"id": node}},
		into: &answer, does: writes, repoID: s.RepoID,
	})
	switch {
	case err != nil:
		return err
	case answer.Data.MinimizeComment != nil && answer.Data.MinimizeComment.MinimizedComment.IsMinimized:
		return nil
	case len(answer.Errors) > 0 && answer.Errors[0].Type == "NOT_FOUND":
		return nil
	case len(answer.Errors) > 0 && answer.Errors[0].Type == "RATE_LIMITED": // which is told with status 200
		return &hls.RetryAfter{Err: fmt.Errorf("hide %s: %s", node, answer.Errors[0].Message), After: time.Minute, Free: true}
	case len(answer.Errors) > 0:
		return &hls.Permanent{Err: fmt.Errorf("hide %s: %s", node, answer.Errors[0].Message), Reason: "github_refused"}
	}
	return &hls.RetryAfter{Err: fmt.Errorf("hide %s: %w", node, errNotHidden)}
}

var errNotHidden = errors.New("the answer does not say that it is hidden")

// graphqlOf is the path of GraphQL: below the root of REST on github.com, and beside it on Enterprise Server.
func graphqlOf(home *url.URL) string {
	if rest, server := strings.CutSuffix(home.Path, "/v3/"); server {
		return rest + "/graphql"
	}
	return "graphql"
}
