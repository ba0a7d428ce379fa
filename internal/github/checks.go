package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"hls/internal/hls"
)

var commit = regexp.MustCompile(`^[0-9a-fA-F]{7,64}$`)

// Checks reads the state of continuous integration at a commit, from commit statuses and check runs together. Both are
// extras: a part that the server does not offer, refuses or answers with more than is read counts as empty.
func (c *Client) Checks(ctx context.Context, repo, sha string) (hls.Checks, error) {
	if !commit.MatchString(sha) {
		return hls.Checks{}, nil
	}
	var tally tally
	if err := c.statuses(ctx, repo, sha, &tally); err != nil {
		return hls.Checks{}, err
	}
	if err := c.checkRuns(ctx, repo, sha, &tally); err != nil {
		return hls.Checks{}, err
	}
	return tally.checks(), nil
}

func (c *Client) statuses(ctx context.Context, repo, sha string, t *tally) error {
	var combined struct {
		Statuses []struct {
			State   string `json:"state"`
			Context string `json:"context"`
		} `json:"statuses"`
	}
	path := fmt.Sprintf("repos/%s/commits/%s/status?per_page=%d", repo, sha, perPage)
	_, err := c.do(ctx, repo, call{method: http.MethodGet, path: path, into: &combined})
	for _, s := range combined.Statuses {
		t.add(s.Context, s.State)
	}
	return optional(err)
}

func (c *Client) checkRuns(ctx context.Context, repo, sha string, t *tally) error {
	var runs struct {
		CheckRuns []struct {
			Name       string `json:"name"`
			Status     string `json:"status"`
			Conclusion string `json:"conclusion"`
		} `json:"check_runs"`
	}
	path := fmt.Sprintf("repos/%s/commits/%s/check-runs?per_page=%d", repo, sha, perPage)
	_, err := c.do(ctx, repo, call{method: http.MethodGet, path: path, into: &runs})
	for _, r := range runs.CheckRuns {
		state := r.Conclusion
		if r.Status != "completed" {
			state = "pending"
		}
		t.add(r.Name, state)
	}
	return optional(err)
}

// optional drops the error of a part that the server does not offer or refuses.
func optional(err error) error {
	if errors.Is(notOffered(err), hls.ErrNotFound) {
		return nil
	}
	return err
}

// tally sums up states of statuses and conclusions of check runs.
type tally struct {
	failed           []string
	pending, succeed int
}

func (t *tally) add(name, state string) {
	switch state {
	case "success", "neutral", "skipped":
		t.succeed++
	case "pending", "stale":
		t.pending++
	default: // all the others mean that something went wrong or needs a person
		t.failed = append(t.failed, name)
	}
}

func (t *tally) checks() hls.Checks {
	switch {
	case len(t.failed) > 0:
		return hls.Checks{State: "failure", Failed: t.failed}
	case t.pending > 0:
		return hls.Checks{State: "pending"}
	case t.succeed > 0:
		return hls.Checks{State: "success"}
	}
	return hls.Checks{}
}
