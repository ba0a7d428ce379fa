package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v92/github"

	"hls/internal/hls"
)

// AddLabels adds labels to those that the subject has. It never replaces any (PUT would).
func (c *Client) AddLabels(ctx context.Context, s hls.Subject, names []string) error {
	if len(names) == 0 {
		return nil
	}
	_, err := c.write(ctx, s, call{
		method: http.MethodPost, path: "issues/%d/labels", body: map[string][]string{"labels": names}, does: writes,
	})
	return err
}

// RemoveLabel removes one label from the subject; one that is not on it counts as removed.
func (c *Client) RemoveLabel(ctx context.Context, s hls.Subject, name string) error {
	// As the last part of a path these three would name all the labels of the subject.
	if name == "" || name == "." || name == ".." {
		return &hls.Permanent{Err: fmt.Errorf("a label named %q cannot be removed", name), Reason: reasonInvalid}
	}
	_, err := c.write(ctx, s, call{
		method: http.MethodDelete, path: "issues/%d/labels/" + escapePercent(url.PathEscape(name)), does: writes,
	})
	var refusal *github.ErrorResponse
	if errors.As(err, &refusal) && strings.EqualFold(refusal.Message, "Label does not exist") {
		return nil
	}
	return err
}

// CreateLabel creates a label in the repository; one that exists is left as it is.
func (c *Client) CreateLabel(ctx context.Context, repo string, l hls.Label) error {
	body := map[string]string{"name": l.Name, "description": l.Description}
	if l.Color != "" {
		body["color"] = strings.TrimPrefix(l.Color, "#")
	}
	_, err := c.do(ctx, repo, call{
		method: http.MethodPost, path: fmt.Sprintf("repos/%s/labels", repo), body: body, does: writes, content: true,
	})
	var refusal *github.ErrorResponse
	if errors.As(err, &refusal) && len(refusal.Errors) == 1 && refusal.Errors[0].Code == "already_exists" {
		return nil
	}
	return err
}

// CreateComment adds a comment to the conversation.
func (c *Client) CreateComment(ctx context.Context, s hls.Subject, body string) (hls.Comment, error) {
	var comment hls.Comment
	resp, err := c.write(ctx, s, call{
		method: http.MethodPost, path: "issues/%d/comments", body: map[string]string{"body": body},
		into: &comment, does: creates, content: true,
	})
	if err == nil && (resp.StatusCode != http.StatusCreated || comment.ID == 0) {
		err = asking(fmt.Errorf("%w: %w", hls.ErrAmbiguous, errNoID))
	}
	if err != nil {
		return hls.Comment{}, err
	}
	c.learn(s.Repo, comment.User)
	return comment, nil
}

// EditComment replaces the text of a comment.
func (c *Client) EditComment(ctx context.Context, s hls.Subject, id int64, body string) (hls.Comment, error) {
	var comment hls.Comment
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodPatch, path: fmt.Sprintf("repos/%s/issues/comments/%d", s.Repo, id),
		body: map[string]string{"body": body}, into: &comment, does: writes, repoID: s.RepoID,
	})
	if err == nil && comment.ID != id {
		err = asking(&hls.RetryAfter{Err: fmt.Errorf("%w: %w", hls.ErrAmbiguous, errNoID)})
	}
	if err != nil {
		return hls.Comment{}, err
	}
	return comment, nil
}

// reviewComment is an inline comment as "Create a review for a pull request" takes it. Line is the last line.
type reviewComment struct {
	Path      string `json:"path"`
	Line      int    `json:"line"`
	Side      string `json:"side"`
	StartLine int    `json:"start_line,omitempty"`
	StartSide string `json:"start_side,omitempty"`
	Body      string `json:"body"`
}

// CreateReview posts a review that neither approves nor requests changes.
func (c *Client) CreateReview(ctx context.Context, s hls.Subject, head, body string, remarks []hls.Remark) (hls.Review, error) {
	request := struct {
		CommitID string          `json:"commit_id"`
		Event    string          `json:"event"`
		Body     string          `json:"body"`
		Comments []reviewComment `json:"comments,omitempty"`
	}{CommitID: head, Event: "COMMENT", Body: body}
	for _, r := range remarks {
		request.Comments = append(request.Comments, inline(r))
	}
	var review hls.Review
	_, err := c.write(ctx, s, call{
		method: http.MethodPost, path: "pulls/%d/reviews", body: request, into: &review, does: creates, content: true,
	})
	if err == nil && review.ID == 0 {
		err = asking(fmt.Errorf("%w: %w", hls.ErrAmbiguous, errNoID))
	}
	if err != nil {
		return hls.Review{}, err
	}
	c.learn(s.Repo, review.User)
	return review, nil
}

func inline(r hls.Remark) reviewComment {
	side := r.Side
	if side == "" {
		side = "RIGHT"
	}
	comment := reviewComment{Path: r.Path, Line: r.Line, Side: side, Body: r.Body}
	if r.EndLine > r.Line {
		comment.Line, comment.StartLine, comment.StartSide = r.EndLine, r.Line, side
	}
	return comment
}

// CloseIssue closes an issue. Reason is GitHub's state_reason: "completed" or "not_planned"; "" leaves it out.
func (c *Client) CloseIssue(ctx context.Context, s hls.Subject, reason string) error {
	body := map[string]string{"state": "closed"}
	if reason != "" {
		body["state_reason"] = reason
	}
	_, err := c.write(ctx, s, call{method: http.MethodPatch, path: "issues/%d", body: body, does: writes})
	return err
}

// SetBody replaces the text of an issue or pull request.
func (c *Client) SetBody(ctx context.Context, s hls.Subject, body string) error {
	_, err := c.write(ctx, s, call{
		method: http.MethodPatch, path: "issues/%d", body: map[string]string{"body": body}, does: writes,
	})
	return err
}

// write makes a call whose path is below the subject's repository and holds the subject's number.
func (c *Client) write(ctx context.Context, s hls.Subject, q call) (*github.Response, error) {
	if s.Number <= 0 {
		return nil, &hls.Permanent{Err: fmt.Errorf("%s has no number", s), Reason: reasonInvalid}
	}
	q.path = fmt.Sprintf("repos/%s/"+q.path, s.Repo, s.Number)
	q.repoID = s.RepoID
	return c.do(ctx, s.Repo, q)
}

// escapePercent keeps an escaped path as it is through fmt.
func escapePercent(path string) string { return strings.ReplaceAll(path, "%", "%%") }
