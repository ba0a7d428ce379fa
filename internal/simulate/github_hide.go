package simulate

import (
	"net/http"
	"slices"
	"strings"
)

// hideRoutes are the endpoints that take something back.
func (g *GitHub) hideRoutes() map[string]endpoint {
	const repo = "/repos/{owner}/{repo}"
	return map[string]endpoint{
		"POST /graphql": g.graphql,
		"DELETE " + repo + "/issues/comments/{id}/reactions/{reaction}": g.unreact,
		"DELETE " + repo + "/pulls/comments/{id}/reactions/{reaction}":  g.unreact,
	}
}

// graphql knows one mutation, minimizeComment, and one query, for the edits of issues.
func (g *GitHub) graphql(x *exchange) reply {
	var in struct {
		Query     string `json:"query"`
		Variables struct {
			ID    string `json:"id"`
			Owner string `json:"owner"`
			Name  string `json:"name"`
		} `json:"variables"`
	}
	if out, ok := x.decode(&in); !ok {
		return out
	}
	if strings.Contains(in.Query, "userContentEdits(") {
		return g.editsOf(x, in.Query, in.Variables.Owner+"/"+in.Variables.Name)
	}
	wrong := func(kind, message string) reply {
		return reply{status: http.StatusOK, body: object{"data": nil, "errors": []object{{"type": kind, "message": message}}}}
	}
	if !strings.Contains(in.Query, "minimizeComment(") {
		return wrong("NOT_SIMULATED", "the stand-in knows minimizeComment alone")
	}
	s, hidden, id := g.hideable(in.Variables.ID)
	if s == nil {
		return wrong("NOT_FOUND", "Could not resolve to a node with the global id of '"+in.Variables.ID+"'")
	}
	x.repo = s.repo
	if !x.mayWrite() {
		return wrong("FORBIDDEN", "Resource not accessible by personal access token")
	}
	changed := !*hidden
	*hidden = true
	if changed {
		g.did(s, Deed{Kind: Hidden, Actor: x.actor, ID: id})
	}
	return reply{status: http.StatusOK, effect: changed, body: object{
		"data": object{"minimizeComment": object{"minimizedComment": object{"isMinimized": true}}},
	}}
}

// hideable finds a review or a comment on a line by its node id.
func (g *GitHub) hideable(id string) (*subject, *bool, int64) {
	for _, r := range g.repos {
		for _, s := range r.subjects {
			if s.pull == nil {
				continue
			}
			for _, v := range s.pull.reviews {
				if node("PRR", v.ID) == id {
					return s, &v.hidden, v.ID
				}
				for _, m := range v.remarks {
					if node("PRRC", m.id) == id {
						return s, &m.hidden, m.id
					}
				}
			}
		}
	}
	return nil, nil, 0
}

func (g *GitHub) unreact(x *exchange) reply {
	s, inline := g.commented(x)
	if s == nil {
		return notFound()
	}
	such := func(r *Reaction) bool {
		return r.ID == x.number("reaction") && r.Comment == x.number("id") && r.Inline == inline && r.User.Same(x.actor)
	}
	if !slices.ContainsFunc(x.repo.work.reactions, such) {
		return notFound()
	}
	x.repo.work.reactions = slices.DeleteFunc(x.repo.work.reactions, such)
	g.did(s, Deed{Kind: Unreacted, Actor: x.actor, ID: x.number("id")})
	return reply{status: http.StatusNoContent, effect: true}
}
