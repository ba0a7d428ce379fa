package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"hls/internal/hls"
)

const (
	maxSearchQuery   = 256 // characters of words; "Search": longer queries are refused
	maxSearchResults = 100
)

// Search finds issues of a repository by words. A server that does not offer or refuses it is hls.ErrNotFound:
// nobody depends on what a search finds. So is one that GitHub has no more room for in this minute.
func (c *Client) Search(ctx context.Context, repo, query string, limit int) ([]hls.Issue, error) {
	words := searchWords(query)
	if words == "" || limit <= 0 {
		return nil, nil
	}
	var found struct {
		Items []hls.Issue `json:"items"`
	}
	values := url.Values{
		"q":        {fmt.Sprintf("repo:%s is:issue %s", repo, words)},
		"per_page": {fmt.Sprint(min(limit, maxSearchResults))},
	}
	_, err := c.do(ctx, repo, call{
		method: http.MethodGet, path: "search/issues?" + values.Encode(), into: &found, search: true,
	})
	if err = notOffered(err); err != nil {
		return nil, fmt.Errorf("search issues of %s: %w", repo, err)
	}
	var issues []hls.Issue
	for _, issue := range found.Items {
		if issue.PullRequest == nil && len(issues) < limit {
			issues = append(issues, issue)
		}
	}
	return issues, nil
}

// searchWords leaves the words of a query and nothing that GitHub's search gives a meaning to: qualifiers,
// quotes, exclusions, operators and parentheses.
func searchWords(query string) string {
	fields := strings.FieldsFunc(query, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '_' && r != '-' && r != '.'
	})
	var words strings.Builder
	for _, word := range fields {
		word = strings.Trim(word, "-_.")
		switch strings.ToUpper(word) {
		case "", "AND", "OR", "NOT":
			continue
		}
		if words.Len()+len(word)+1 > maxSearchQuery {
			break
		}
		if words.Len() > 0 {
			words.WriteByte(' ')
		}
		words.WriteString(word)
	}
	return words.String()
}
