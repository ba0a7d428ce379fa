package github

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"hls/internal/hls"
)

// Issue reads an issue, or a pull request as one.
func (c *Client) Issue(ctx context.Context, s hls.Subject) (issue hls.Issue, err error) {
	err = c.get(ctx, s, fmt.Sprintf("issues/%d", s.Number), &issue)
	return issue, err
}

// PullRequest reads a pull request.
func (c *Client) PullRequest(ctx context.Context, s hls.Subject) (pr hls.PullRequest, err error) {
	err = c.get(ctx, s, fmt.Sprintf("pulls/%d", s.Number), &pr)
	return pr, err
}

// Comment reads one comment of a subject's conversation, or fails with hls.ErrNotFound.
func (c *Client) Comment(ctx context.Context, s hls.Subject, id int64) (hls.Comment, error) {
	var comment struct {
		hls.Comment
		IssueURL string `json:"issue_url"`
	}
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodGet, path: fmt.Sprintf("repos/%s/issues/comments/%d", s.Repo, id),
		into: &comment, repoID: s.RepoID,
	})
	if err == nil && !strings.HasSuffix(comment.IssueURL, fmt.Sprintf("/issues/%d", s.Number)) {
		err = asking(fmt.Errorf("%w: comment %d is on %q", hls.ErrNotFound, id, comment.IssueURL))
	}
	if err != nil {
		return hls.Comment{}, err
	}
	return comment.Comment, nil
}

// Labels reads all labels of a repository.
func (c *Client) Labels(ctx context.Context, repo string) ([]hls.Label, error) {
	return whole[hls.Label](ctx, c, listing{repo: repo, path: "labels", most: maxLabels})
}

// Comments reads the conversation, oldest first: of a long one only its beginning and its end.
func (c *Client) Comments(ctx context.Context, s hls.Subject) ([]hls.Comment, error) {
	return ends[hls.Comment](ctx, c, conversation(s))
}

// AllComments reads the conversation to its last page, oldest first, and keeps none of it.
func (c *Client) AllComments(ctx context.Context, s hls.Subject) iter.Seq2[hls.Comment, error] {
	return each[hls.Comment](ctx, c, conversation(s))
}

func conversation(s hls.Subject) listing { return ofSubject(s, "issues/%d/comments", maxComments) }

// AllReviews reads the submitted reviews of a pull request, oldest first, and keeps none of them.
func (c *Client) AllReviews(ctx context.Context, s hls.Subject) iter.Seq2[hls.Review, error] {
	return each[hls.Review](ctx, c, ofSubject(s, "pulls/%d/reviews", maxComments))
}

// History reads who added and removed which label, oldest first.
func (c *Client) History(ctx context.Context, s hls.Subject) ([]hls.LabelEvent, error) {
	type issueEvent struct {
		Event     string      `json:"event"`
		Actor     hls.Account `json:"actor"`
		CreatedAt time.Time   `json:"created_at"`
		Label     hls.Label   `json:"label"`
	}
	var events []hls.LabelEvent
	for e, err := range each[issueEvent](ctx, c, ofSubject(s, "issues/%d/events", maxHistory)) {
		if err != nil {
			return nil, err
		}
		if e.Event == "labeled" || e.Event == "unlabeled" {
			events = append(events, hls.LabelEvent{
				Label: e.Label.Name, Added: e.Event == "labeled", Actor: e.Actor, At: e.CreatedAt,
			})
		}
	}
	return events, nil
}

// Files reads the changed files of a pull request, at most 3,000.
func (c *Client) Files(ctx context.Context, s hls.Subject) ([]hls.File, error) {
	l := ofSubject(s, "pulls/%d/files", maxFiles)
	l.cut = true
	return whole[hls.File](ctx, c, l)
}

// get reads what is at a path below the subject's repository; what is not there is gone.
func (c *Client) get(ctx context.Context, s hls.Subject, path string, into any) error {
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodGet, path: fmt.Sprintf("repos/%s/%s", s.Repo, path),
		into: into, does: readsSubject, repoID: s.RepoID,
	})
	return err
}
