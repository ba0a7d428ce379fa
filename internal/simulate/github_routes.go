package simulate

import (
	"net/http"
	"net/url"
	"strings"
)

// routes is the whole surface. A segment in braces matches any one segment and names it; with dots it matches the
// rest, because clients send the slash in a label's name as it is, and GitHub takes it.
func (g *GitHub) routes() map[string]endpoint {
	return map[string]endpoint{
		"GET /user":       g.self,
		"GET /meta":       g.meta,
		"GET /rate_limit": g.rateLimit,

		"GET /repos/{owner}/{repo}":                                 g.repository,
		"GET /repos/{owner}/{repo}/collaborators/{user}/permission": g.permission,
		"GET /repos/{owner}/{repo}/labels":                          g.repositoryLabels,
		"POST /repos/{owner}/{repo}/labels":                         g.createLabel,
		"GET /repos/{owner}/{repo}/labels/{name...}":                g.repositoryLabel,

		"GET /repos/{owner}/{repo}/issues":                              g.issues,
		"GET /repos/{owner}/{repo}/issues/{number}":                     g.issue,
		"PATCH /repos/{owner}/{repo}/issues/{number}":                   g.editIssue,
		"GET /repos/{owner}/{repo}/issues/{number}/comments":            g.comments,
		"POST /repos/{owner}/{repo}/issues/{number}/comments":           g.createComment,
		"GET /repos/{owner}/{repo}/issues/comments/{id}":                g.readComment,
		"PATCH /repos/{owner}/{repo}/issues/comments/{id}":              g.editComment,
		"DELETE /repos/{owner}/{repo}/issues/comments/{id}":             g.deleteComment,
		"GET /repos/{owner}/{repo}/issues/{number}/events":              g.events,
		"GET /repos/{owner}/{repo}/issues/{number}/timeline":            g.timeline,
		"GET /repos/{owner}/{repo}/issues/{number}/labels":              g.labels,
		"POST /repos/{owner}/{repo}/issues/{number}/labels":             g.addLabels,
		"PUT /repos/{owner}/{repo}/issues/{number}/labels":              g.setLabels,
		"DELETE /repos/{owner}/{repo}/issues/{number}/labels":           g.clearLabels,
		"DELETE /repos/{owner}/{repo}/issues/{number}/labels/{name...}": g.removeLabel,
		"GET /search/issues":                                            g.search,

		"GET /repos/{owner}/{repo}/pulls/{number}":           g.pullRequest,
		"PATCH /repos/{owner}/{repo}/pulls/{number}":         g.editIssue,
		"GET /repos/{owner}/{repo}/pulls/{number}/files":     g.pullFiles,
		"GET /repos/{owner}/{repo}/pulls/{number}/reviews":   g.reviews,
		"POST /repos/{owner}/{repo}/pulls/{number}/reviews":  g.createReview,
		"GET /repos/{owner}/{repo}/pulls/{number}/comments":  g.remarks,
		"GET /repos/{owner}/{repo}/commits/{sha}/status":     g.commitStatus,
		"GET /repos/{owner}/{repo}/commits/{sha}/check-runs": g.checkRuns,

		"GET /repos/{owner}/{repo}/hooks":                                        g.listHooks,
		"POST /repos/{owner}/{repo}/hooks":                                       g.createHook,
		"PATCH /repos/{owner}/{repo}/hooks/{hook}":                               g.editHook,
		"GET /repos/{owner}/{repo}/hooks/{hook}/deliveries":                      g.deliveries,
		"GET /repos/{owner}/{repo}/hooks/{hook}/deliveries/{delivery}":           g.delivery,
		"POST /repos/{owner}/{repo}/hooks/{hook}/deliveries/{delivery}/attempts": g.redeliver,
		"GET /orgs/{org}/hooks":                                                  g.listHooks,
		"GET /orgs/{org}/hooks/{hook}/deliveries":                                g.deliveries,
		"GET /orgs/{org}/hooks/{hook}/deliveries/{delivery}":                     g.delivery,
		"POST /orgs/{org}/hooks/{hook}/deliveries/{delivery}/attempts":           g.redeliver,
	}
}

type pattern struct {
	method   string
	segments []string
	run      endpoint
}

// patterns joins tables of endpoints. One that stands in two of them is a mistake, and panics.
func patterns(tables ...map[string]endpoint) []pattern {
	var out []pattern
	seen := map[string]bool{}
	for _, table := range tables {
		for line, run := range table {
			if seen[line] {
				panic("simulate: two endpoints for " + line)
			}
			seen[line] = true
			method, route, _ := strings.Cut(line, " ")
			out = append(out, pattern{method, strings.Split(route, "/"), run})
		}
	}
	return out
}

// match finds the endpoint of a request; one with a literal segment wins over one with a name there.
func (g *GitHub) match(method, route string) (endpoint, map[string]string, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	segments := strings.Split(route, "/")
	var best *pattern
	var vars map[string]string
	for i, p := range g.table {
		found, ok := p.match(method, segments)
		if ok && (best == nil || len(found) < len(vars)) {
			best, vars = &g.table[i], found
		}
	}
	if best == nil {
		return nil, nil, false
	}
	return best.run, vars, true
}

func (p pattern) match(method string, segments []string) (map[string]string, bool) {
	n := len(p.segments)
	if last := p.segments[n-1]; strings.HasSuffix(last, "...}") && len(segments) > n {
		segments = append(segments[:n-1:n-1], strings.Join(segments[n-1:], "/"))
	}
	if p.method != method || n != len(segments) {
		return nil, false
	}
	vars := map[string]string{}
	for i, want := range p.segments {
		name, named := strings.CutPrefix(want, "{")
		switch value, err := url.PathUnescape(segments[i]); {
		case err != nil:
			return nil, false
		case named && value != "":
			vars[strings.TrimRight(name, ".}")] = value
		case want != value:
			return nil, false
		}
	}
	return vars, true
}
