package simulate

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// aliased is one issue of a query for edits: "i12: issue(number: 12)".
var aliased = regexp.MustCompile(`(\w+): issue\(number: (\d+)\)`)

// editsOf answers which texts issues have had, the newest first. Without a credential GraphQL answers nobody.
func (g *GitHub) editsOf(x *exchange, query, repo string) reply {
	if x.actor.Login == "" {
		return failure(http.StatusUnauthorized, "This endpoint requires you to be authenticated.")
	}
	r := g.repo(repo)
	if r == nil {
		return reply{status: http.StatusOK, body: object{"data": object{"repository": nil}, "errors": []object{{"type": "NOT_FOUND"}}}}
	}
	found := object{}
	for _, m := range aliased.FindAllStringSubmatch(query, -1) {
		n, _ := strconv.Atoi(m[2])
		s := r.subjects[n]
		if s == nil || s.pull != nil || s.deleted {
			found[m[1]] = nil
			continue
		}
		nodes := []object{}
		for _, e := range slices.Backward(s.bodies) {
			nodes = append(nodes, object{"editedAt": e.at.UTC().Format(time.RFC3339), "diff": e.text})
		}
		found[m[1]] = object{"userContentEdits": object{"totalCount": len(nodes), "nodes": nodes}}
	}
	return reply{status: http.StatusOK, body: object{"data": object{"repository": found}}}
}
