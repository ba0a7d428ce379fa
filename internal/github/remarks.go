package github

import (
	"context"
	"fmt"
	"net/http"

	"hls/internal/hls"
)

// ReviewComments reads all comments on lines of a pull request, replies among them, oldest first.
func (c *Client) ReviewComments(ctx context.Context, s hls.Subject) ([]hls.ReviewComment, error) {
	return whole[hls.ReviewComment](ctx, c, ofSubject(s, "pulls/%d/comments", maxComments))
}

// ReviewComment reads one comment on a line of a pull request, or fails with hls.ErrNotFound.
func (c *Client) ReviewComment(ctx context.Context, s hls.Subject, id int64) (comment hls.ReviewComment, err error) {
	_, err = c.do(ctx, s.Repo, call{
		method: http.MethodGet, path: fmt.Sprintf("repos/%s/pulls/comments/%d", s.Repo, id), into: &comment, repoID: s.RepoID,
	})
	return comment, err
}

// Review reads one review of a pull request, or fails with hls.ErrNotFound.
func (c *Client) Review(ctx context.Context, s hls.Subject, id int64) (review hls.Review, err error) {
	_, err = c.do(ctx, s.Repo, call{
		method: http.MethodGet, path: fmt.Sprintf("repos/%s/pulls/%d/reviews/%d", s.Repo, s.Number, id),
		into: &review, repoID: s.RepoID,
	})
	return review, err
}

// EditReviewComment replaces the text of a comment on a line.
func (c *Client) EditReviewComment(ctx context.Context, s hls.Subject, id int64, body string) (hls.ReviewComment, error) {
	var comment hls.ReviewComment
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodPatch, path: fmt.Sprintf("repos/%s/pulls/comments/%d", s.Repo, id),
		body: map[string]string{"body": body}, into: &comment, does: writes, repoID: s.RepoID,
	})
	if err == nil && comment.ID != id {
		err = asking(&hls.RetryAfter{Err: fmt.Errorf("%w: %w", hls.ErrAmbiguous, errNoID)})
	}
	if err != nil {
		return hls.ReviewComment{}, err
	}
	return comment, nil
}
