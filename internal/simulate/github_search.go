package simulate

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

var (
	queryTerm = regexp.MustCompile(`-?[\w.-]+:"[^"]*"|"[^"]*"|[^\s()]+`)
	wordSplit = regexp.MustCompile(`[^\p{L}\p{N}_]+`)
)

// query is a search as "Searching issues and pull requests" describes it: qualifiers and words that must all
// hold, where words joined by OR count as one.
type query struct {
	repos      []string
	qualifiers []qualifier
	words      [][]string
	operators  int
}

type qualifier struct {
	name, value string
	not         bool
}

func parseQuery(text string) query {
	var q query
	joined := false
	for _, term := range queryTerm.FindAllString(text, -1) {
		switch term {
		case "OR":
			joined = true
			q.operators++
			continue
		case "AND", "NOT":
			q.operators++
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(term, "-"), ":")
		if ok && name != "" && value != "" && !strings.HasPrefix(term, `"`) {
			q.qualify(qualifier{strings.ToLower(name), strings.ToLower(strings.Trim(value, `"`)), term[0] == '-'})
			joined = false
			continue
		}
		words := split(term)
		if joined && len(q.words) > 0 {
			last := len(q.words) - 1
			q.words[last] = append(q.words[last], words...)
		} else {
			for _, w := range words {
				q.words = append(q.words, []string{w})
			}
		}
		joined = false
	}
	return q
}

func (q *query) qualify(f qualifier) {
	if f.name == "repo" && !f.not {
		q.repos = append(q.repos, f.value)
		return
	}
	q.qualifiers = append(q.qualifiers, f)
}

// split is a text's words in lower case, without a plural s.
func split(text string) []string {
	var out []string
	for _, w := range wordSplit.Split(strings.ToLower(text), -1) {
		if len(w) > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") {
			w = w[:len(w)-1]
		}
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}

// search serves issues and pull requests together, the best match first.
func (g *GitHub) search(x *exchange) reply {
	text := x.query.Get("q")
	q := parseQuery(text)
	switch {
	case strings.TrimSpace(text) == "":
		return invalid("Search", "q", "missing", "")
	case len(text) > 256:
		return invalid("Search", "q", "invalid", "The search is longer than 256 characters.")
	case q.operators > 5:
		return invalid("Search", "q", "invalid", "More than five AND / OR / NOT operators were used.")
	}
	type hit struct {
		s     *subject
		score int
	}
	var hits []hit
	for _, r := range g.repos {
		if len(q.repos) > 0 && !slices.Contains(q.repos, strings.ToLower(r.FullName)) || r.Private && x.actor.Login == "" {
			continue
		}
		for _, s := range r.subjects {
			if score, ok := q.score(s); ok && !s.deleted {
				hits = append(hits, hit{s, score})
			}
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		if a.score != b.score {
			return b.score - a.score
		}
		return int(b.s.ID - a.s.ID)
	})
	items := []object{}
	for _, h := range hits {
		o := x.as.issue(h.s)
		o["score"] = 1.0
		items = append(items, o)
	}
	total := len(items)
	out := x.list(items[:min(total, 1000)])
	out.status = http.StatusOK
	out.body = object{"total_count": total, "incomplete_results": false, "items": out.body}
	return out
}

// score is how well an issue matches; ok is false when it does not.
func (q query) score(s *subject) (score int, ok bool) {
	for _, f := range q.qualifiers {
		if f.holds(s) == f.not {
			return 0, false
		}
	}
	title, body := split(s.Title), split(s.Body)
	for _, any := range q.words {
		found := 0
		for _, w := range any {
			switch {
			case slices.Contains(title, w):
				found += 3
			case slices.Contains(body, w):
				found++
			}
		}
		if found == 0 {
			return 0, false
		}
		score += found
	}
	return score, true
}

func (f qualifier) holds(s *subject) bool {
	switch f.name {
	case "is", "type", "state":
		switch f.value {
		case "issue":
			return s.pull == nil
		case "pr", "pull-request":
			return s.pull != nil
		case "open", "closed":
			return s.State == f.value
		}
	case "author":
		return strings.EqualFold(s.User.Login, f.value)
	case "label":
		return s.has(f.value)
	case "in", "sort", "archived", "org", "user":
		return !f.not
	}
	return true
}
