package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

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

// mostVotes is how many reactions of one kind to one comment are looked at, the first put on first.
const mostVotes = 300

// Votes reads the reactions on a comment of a conversation by which people decide. Where there are many it asks for those
// alone: an account can put eight kinds on a comment, and some dozens of accounts would hide what others put there. all is
// false where more of a kind were put on than are looked at.
func (c *Client) Votes(ctx context.Context, s hls.Subject, id int64) (votes []hls.Vote, all bool, err error) {
	l := listing{
		repo: s.Repo, repoID: s.RepoID, path: fmt.Sprintf("issues/comments/%d/reactions", id), most: mostVotes + 1, cut: true,
	}
	first := place{1, perPage}
	votes, resp, err := page[hls.Vote](ctx, c, l, first)
	if err != nil || !first.more(resp, len(votes)) {
		return votes, err == nil, err
	}
	votes, all = nil, true
	for _, kind := range []hls.Reaction{hls.ThumbsUp, hls.ThumbsDown} { // What is put on meanwhile is against.
		l.query = url.Values{"content": {string(kind)}}.Encode()
		some, err := whole[hls.Vote](ctx, c, l)
		if err != nil {
			return nil, false, err
		}
		all = all && len(some) <= mostVotes
		votes = append(votes, some[:min(len(some), mostVotes)]...)
	}
	return votes, all, nil
}
