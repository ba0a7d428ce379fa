package github

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/go-github/v92/github"

	"hls/internal/hls"
)

// Bounds of lists. A longer one is an error, but for files: what is decided on a part of it would be wrong.
const (
	perPage     = 100
	maxFiles    = 3000 // "List pull requests files" gives no more
	maxComments = 3000 // GitHub closes an issue to comments at 2,500
	maxHistory  = 10000
	maxLabels   = 5000
)

// Issue reads an issue, or a pull request as one.
func (c *Client) Issue(ctx context.Context, s hls.Subject) (hls.Issue, error) {
	var issue hls.Issue
	err := c.get(ctx, s, "issues/%d", &issue)
	if err != nil {
		return hls.Issue{}, fmt.Errorf("read issue %s: %w", s, err)
	}
	return issue, nil
}

// PullRequest reads a pull request.
func (c *Client) PullRequest(ctx context.Context, s hls.Subject) (hls.PullRequest, error) {
	var pr hls.PullRequest
	err := c.get(ctx, s, "pulls/%d", &pr)
	if err != nil {
		return hls.PullRequest{}, fmt.Errorf("read pull request %s: %w", s, err)
	}
	return pr, nil
}

// Labels reads all labels of a repository.
func (c *Client) Labels(ctx context.Context, repo string) ([]hls.Label, error) {
	labels, err := readAll[hls.Label](ctx, c, pages{repo: repo, path: "labels", most: maxLabels})
	if err != nil {
		return nil, fmt.Errorf("read labels of %s: %w", repo, err)
	}
	return labels, nil
}

// Comments reads the conversation, oldest first.
func (c *Client) Comments(ctx context.Context, s hls.Subject) ([]hls.Comment, error) {
	comments, err := readAll[hls.Comment](ctx, c, ofSubject(s, "issues/%d/comments", maxComments))
	if err != nil {
		return nil, fmt.Errorf("read comments of %s: %w", s, err)
	}
	return comments, nil
}

// Comment reads one comment of a conversation, or fails with hls.ErrNotFound.
func (c *Client) Comment(ctx context.Context, s hls.Subject, id int64) (hls.Comment, error) {
	var comment hls.Comment
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodGet, path: fmt.Sprintf("repos/%s/issues/comments/%d", s.Repo, id),
		into: &comment, repoID: s.RepoID,
	})
	if err != nil {
		return hls.Comment{}, fmt.Errorf("read comment %d of %s: %w", id, s, err)
	}
	return comment, nil
}

// Reviews reads the submitted reviews of a pull request, oldest first.
func (c *Client) Reviews(ctx context.Context, s hls.Subject) ([]hls.Review, error) {
	reviews, err := readAll[hls.Review](ctx, c, ofSubject(s, "pulls/%d/reviews", maxComments))
	if err != nil {
		return nil, fmt.Errorf("read reviews of %s: %w", s, err)
	}
	return reviews, nil
}

// History reads who added and removed which label, oldest first.
func (c *Client) History(ctx context.Context, s hls.Subject) ([]hls.LabelEvent, error) {
	type issueEvent struct {
		Event     string      `json:"event"`
		Actor     hls.Account `json:"actor"`
		CreatedAt time.Time   `json:"created_at"`
		Label     hls.Label   `json:"label"`
	}
	all, err := readAll[issueEvent](ctx, c, ofSubject(s, "issues/%d/events", maxHistory))
	if err != nil {
		return nil, fmt.Errorf("read history of %s: %w", s, err)
	}
	var events []hls.LabelEvent
	for _, e := range all {
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
	p := ofSubject(s, "pulls/%d/files", maxFiles)
	p.cut = true
	files, err := readAll[hls.File](ctx, c, p)
	if err != nil {
		return nil, fmt.Errorf("read files of %s: %w", s, err)
	}
	return files, nil
}

// get reads what is at a path of the subject; what is not there is gone.
func (c *Client) get(ctx context.Context, s hls.Subject, path string, into any) error {
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodGet, path: fmt.Sprintf("repos/%s/"+path, s.Repo, s.Number),
		into: into, does: readsSubject, repoID: s.RepoID,
	})
	return err
}

// pages is a list to be read page by page.
type pages struct {
	repo   string
	repoID int64
	path   string // below the repository
	does   consequence
	most   int
	cut    bool // a longer list is cut; otherwise it is an error
}

func ofSubject(s hls.Subject, path string, most int) pages {
	return pages{repo: s.Repo, repoID: s.RepoID, path: fmt.Sprintf(path, s.Number), does: readsSubject, most: most}
}

// readAll reads all pages. It counts them itself: of the Link header only the word that there is more is believed.
func readAll[T any](ctx context.Context, c *Client, p pages) ([]T, error) {
	var all []T
	for page := 1; ; page++ {
		var part []T
		resp, err := c.do(ctx, p.repo, call{
			method: http.MethodGet,
			path:   fmt.Sprintf("repos/%s/%s?per_page=%d&page=%d", p.repo, p.path, perPage, page),
			into:   &part, does: p.does, repoID: p.repoID,
		})
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if len(all) > p.most && !p.cut {
			return nil, &hls.Permanent{Err: errTooMany, Reason: reasonTooMany}
		}
		if !more(resp, len(part)) || len(all) >= p.most && p.cut || page > p.most/perPage {
			return all[:min(len(all), p.most)], nil
		}
	}
}

// more tells whether another page follows. A page may be short though more follow, and a proxy may drop Link.
func more(resp *github.Response, got int) bool {
	return got > 0 && (resp.NextPage != 0 || got >= perPage)
}
