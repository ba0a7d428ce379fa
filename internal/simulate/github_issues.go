package simulate

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func (g *GitHub) self(x *exchange) reply {
	if x.actor.Login == "" {
		return failure(http.StatusUnauthorized, "Requires authentication")
	}
	return reply{status: http.StatusOK, body: x.as.user(x.actor)}
}

func (g *GitHub) repository(x *exchange) reply {
	o := x.as.repository(x.repo)
	level := x.repo.permission(x.actor.Login)
	write := level == "admin" || level == "maintain" || level == "write"
	o["permissions"] = object{
		"admin": level == "admin", "maintain": level == "admin" || level == "maintain", "push": write,
		"triage": write || level == "triage", "pull": true,
	}
	return reply{status: http.StatusOK, body: o}
}

func (g *GitHub) permission(x *exchange) reply {
	account, ok := g.accounts[strings.ToLower(x.vars["user"])]
	if !ok {
		return failure(http.StatusNotFound, x.vars["user"]+" is not a user")
	}
	role := x.repo.permission(account.Login)
	if role == "" && !x.repo.Private {
		role = "read"
	}
	if role == "" {
		role = "none"
	}
	// GitHub tells maintain as write and triage as read in permission, and the role itself in role_name.
	permission := map[string]string{"maintain": "write", "triage": "read"}[role]
	if permission == "" {
		permission = role
	}
	return reply{status: http.StatusOK, body: object{"permission": permission, "role_name": role, "user": x.as.user(account)}}
}

// of finds the issue or pull request that the path names.
func (g *GitHub) of(x *exchange) (*subject, reply, bool) {
	n, err := strconv.Atoi(x.vars["number"])
	if err != nil || x.repo.subjects[n] == nil {
		return nil, notFound(), false
	}
	s := x.repo.subjects[n]
	if s.deleted {
		return nil, failure(http.StatusGone, "This issue was deleted"), false
	}
	if strings.Contains(x.path, "/pulls/") && s.pull == nil {
		return nil, notFound(), false
	}
	return s, reply{}, true
}

func (g *GitHub) issues(x *exchange) reply {
	var found []*subject
	for _, s := range x.repo.subjects {
		if x.wanted(g, s) {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, x.order)
	if x.query.Get("direction") == "asc" {
		slices.Reverse(found)
	}
	items := []object{}
	for _, s := range found {
		items = append(items, x.as.issue(s))
	}
	return x.list(items)
}

func (g *GitHub) issue(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	return reply{status: http.StatusOK, body: x.as.issue(s)}
}

type issueEdit struct {
	Title       *string  `json:"title"`
	Body        *string  `json:"body"`
	State       *string  `json:"state"`
	StateReason *string  `json:"state_reason"`
	Labels      []string `json:"labels"`
}

// editIssue serves PATCH of issues and of pull requests, which share these members.
func (g *GitHub) editIssue(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	var edit issueEdit
	if out, ok := x.decode(&edit); !ok {
		return out
	}
	if !x.mayTriage() && !s.User.Same(x.actor) {
		return forbidden()
	}
	switch {
	case edit.Body != nil && overlong(*edit.Body):
		return tooLong("Issue")
	case edit.State != nil && *edit.State != "open" && *edit.State != "closed":
		return invalid("Issue", "state", "invalid", "")
	case edit.Title != nil && *edit.Title == "":
		return invalid("Issue", "title", "missing_field", "")
	}
	g.apply(x, s, edit)
	body := x.as.issue(s)
	if strings.Contains(x.path, "/pulls/") {
		body = x.as.pull(s)
	}
	return reply{status: http.StatusOK, body: body, effect: true}
}

func (g *GitHub) apply(x *exchange, s *subject, edit issueEdit) {
	if edit.Title != nil {
		g.rename(s, x.actor, *edit.Title)
	}
	if edit.Body != nil {
		g.rewrite(s, x.actor, *edit.Body)
	}
	if edit.State != nil {
		reason := "completed"
		if *edit.State == "open" {
			reason = "reopened"
		}
		if edit.StateReason != nil {
			reason = *edit.StateReason
		}
		g.setState(s, x.actor, *edit.State, reason)
	}
	if edit.Labels != nil {
		g.replace(x, s, edit.Labels)
	}
	g.touch(s)
}

func (x *exchange) mayTriage() bool {
	return slices.Contains([]string{"admin", "maintain", "write", "triage"}, x.repo.permission(x.actor.Login))
}

func (g *GitHub) events(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	items := []object{}
	for _, e := range s.events {
		items = append(items, x.as.event(s, e))
	}
	return x.list(items)
}

// timeline has the events and, among them by time, comments and reviews.
func (g *GitHub) timeline(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	items := []object{}
	for _, e := range s.events {
		items = append(items, x.as.event(s, e))
	}
	for _, c := range s.comments {
		if g.visible(c.shown) {
			o := x.as.comment(c)
			o["event"], o["actor"] = "commented", o["user"]
			items = append(items, o)
		}
	}
	if s.pull != nil {
		for _, r := range s.pull.reviews {
			o := x.as.review(s, r)
			o["event"], o["created_at"] = "reviewed", o["submitted_at"]
			items = append(items, o)
		}
	}
	slices.SortStableFunc(items, func(a, b object) int {
		return strings.Compare(a["created_at"].(string), b["created_at"].(string))
	})
	return x.list(items)
}
