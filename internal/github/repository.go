package github

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"hls/internal/hls"
)

// Repository reads which repository a subject's name stands for now: another than the subject's when the name was
// given away and taken anew. An answer holds for a minute.
func (c *Client) Repository(ctx context.Context, s hls.Subject) (hls.Repository, error) {
	name, now := strings.ToLower(s.Repo), time.Now()
	if known, ok := c.names.find(name, now); ok {
		return known, nil
	}
	var repo hls.Repository
	_, err := c.do(ctx, s.Repo, call{
		method: http.MethodGet, path: "repos/" + s.Repo, into: &repo, does: readsSubject, repoID: s.RepoID,
	})
	if err != nil {
		return hls.Repository{}, err
	}
	c.names.keep(name, repo, now.Add(time.Minute))
	return repo, nil
}

// names remembers for a while which repository a name stands for.
type names struct {
	mu    sync.Mutex
	known map[string]named
}

type named struct {
	repo  hls.Repository
	until time.Time
}

func (n *names) find(name string, now time.Time) (hls.Repository, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	known, ok := n.known[name]
	return known.repo, ok && now.Before(known.until)
}

// keep forgets the others whenever there are many: they are quickly asked for again.
func (n *names) keep(name string, repo hls.Repository, until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil || len(n.known) >= maxNames {
		n.known = map[string]named{}
	}
	n.known[name] = named{repo, until}
}

const maxNames = 1000
