package github

import (
	"context"
	"fmt"
	"iter"
	"net/http"

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

// perEndPage is the size of a page where only the ends of a list are read. A comment may have 65,536 characters.
const perEndPage = 50

// listing is a list that is read page by page.
type listing struct {
	repo   string
	repoID int64
	path   string // below the repository
	query  string // besides the page, "" for none
	does   consequence
	most   int
	cut    bool // a longer list is cut; otherwise it is an error
}

func ofSubject(s hls.Subject, path string, most int) listing {
	return listing{repo: s.Repo, repoID: s.RepoID, path: fmt.Sprintf(path, s.Number), does: readsSubject, most: most}
}

// place is a page of a list in pages of a size.
type place struct{ page, size int }

// page reads one page.
func page[T any](ctx context.Context, c *Client, l listing, at place) (part []T, resp *github.Response, err error) {
	query := fmt.Sprintf("per_page=%d&page=%d", at.size, at.page)
	if l.query != "" {
		query = l.query + "&" + query
	}
	resp, err = c.do(ctx, l.repo, call{
		method: http.MethodGet, path: fmt.Sprintf("repos/%s/%s?%s", l.repo, l.path, query),
		into: &part, does: l.does, repoID: l.repoID,
	})
	return part, resp, err
}

// more tells whether another page follows. A page may be short though more follow, and a proxy may drop Link.
func (at place) more(resp *github.Response, got int) bool {
	return got > 0 && (resp.NextPage != 0 || got >= at.size)
}

// each reads all pages. It counts them itself: of the Link header only the word that there is more is believed.
func each[T any](ctx context.Context, c *Client, l listing) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		read := 0
		for at := (place{1, perPage}); ; at.page++ {
			part, resp, err := page[T](ctx, c, l, at)
			if err == nil && !l.cut && read+len(part) > l.most {
				err = asking(&hls.Permanent{Err: errTooMany, Reason: reasonTooMany})
			}
			if err != nil {
				yield(none, err)
				return
			}
			for _, item := range part[:min(len(part), l.most-read)] {
				if !yield(item, nil) {
					return
				}
			}
			read += len(part)
			if !at.more(resp, len(part)) || l.cut && read >= l.most || at.page > l.most/perPage {
				return
			}
		}
	}
}

// whole reads all pages and keeps them.
func whole[T any](ctx context.Context, c *Client, l listing) ([]T, error) {
	var all []T
	for item, err := range each[T](ctx, c, l) {
		if err != nil {
			return nil, err
		}
		all = append(all, item)
	}
	return all, nil
}

// ends reads the first page and the last two, and what lies between only where the Link header does not tell which
// the last one is. Nothing that lies between is kept.
func ends[T any](ctx context.Context, c *Client, l listing) ([]T, error) {
	at := place{1, perEndPage}
	first, resp, err := page[T](ctx, c, l, at)
	if err != nil || !at.more(resp, len(first)) {
		return first, err
	}
	var before, last []T
	at.page = max(2, resp.LastPage-1)
	for n, got := 0, first; at.more(resp, len(got)) && n < l.most/perEndPage; n++ {
		if got, resp, err = page[T](ctx, c, l, at); err != nil {
			return nil, err
		}
		if len(got) > 0 {
			before, last = last, got
		}
		at.page++
	}
	return append(append(first, before...), last...), nil
}
