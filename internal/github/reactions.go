package github

import (
	"context"
	"fmt"
	"net/http"

	"hls/internal/hls"
)

// AddReaction puts an emoji on a comment of a conversation or, inline, on one that stands on a line. One that is there
// already stays.
func (c *Client) AddReaction(ctx context.Context, s hls.Subject, id int64, inline bool, r hls.Reaction) error {
	of := "issues"
	if inline {
		of = "pulls"
	}
	var made struct {
		ID int64 `json:"id"`
	}
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodPost, path: fmt.Sprintf("repos/%s/%s/comments/%d/reactions", s.Repo, of, id),
		body: map[string]string{"content": string(r)}, into: &made, does: writes, content: true, repoID: s.RepoID,
	})
	if err == nil && made.ID == 0 {
		err = asking(&hls.RetryAfter{Err: fmt.Errorf("%w: %w", hls.ErrAmbiguous, errNoID)})
	}
	return err
}

// mostVotes is how many reactions of one comment are looked at, the first put on first.
const mostVotes = 300

// Votes reads the reactions on a comment of a conversation.
func (c *Client) Votes(ctx context.Context, s hls.Subject, id int64) ([]hls.Vote, error) {
	return whole[hls.Vote](ctx, c, listing{
		repo: s.Repo, repoID: s.RepoID, path: fmt.Sprintf("issues/comments/%d/reactions", id), most: mostVotes, cut: true,
	})
}
