package simulate

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// titleLimit is how many characters GitHub takes in a title.
const titleLimit = 256

// createIssue opens an issue. Labels that the repository lacks are created; those of whoever may not triage are left out.
func (g *GitHub) createIssue(x *exchange) reply {
	var in struct {
		Title  *string  `json:"title"`
		Body   string   `json:"body"`
		Labels []string `json:"labels"`
	}
	if out, ok := x.decode(&in); !ok {
		return out
	}
	switch {
	case in.Title == nil || strings.TrimSpace(*in.Title) == "":
		return invalid("Issue", "title", "missing_field", "")
	case utf8.RuneCountInString(*in.Title) > titleLimit:
		return invalid("Issue", "title", "custom", "title is too long (maximum is 256 characters)")
	case overlong(in.Body):
		return tooLong("Issue")
	}
	s := g.addSubject(x.repo, IssueSeed{Title: *in.Title, Body: in.Body, Author: x.actor.Login})
	s.AuthorAssociation = x.repo.association(x.actor)
	if x.repo.work.shown == nil {
		x.repo.work.shown = map[int]time.Time{}
	}
	x.repo.work.shown[s.Number] = g.shown(x)
	g.did(s, Deed{Kind: Opened, Actor: x.actor, ID: int64(s.Number), Body: s.Body})
	for _, name := range in.Labels {
		if x.mayTriage() {
			g.attach(s, x.actor, name)
		}
	}
	return reply{status: http.StatusCreated, body: x.as.issue(s), effect: true}
}

// wanted tells whether a list of issues asks for one: by its creator, its labels and its last change.
func (x *exchange) wanted(g *GitHub, s *subject) bool {
	state := x.query.Get("state")
	if state == "" {
		state = "open"
	}
	if s.deleted || state != "all" && s.State != state || !g.visible(x.repo.work.shown[s.Number]) || !x.ofMilestone(s) {
		return false
	}
	if creator := x.query.Get("creator"); creator != "" && !equalName(creator, s.User.Login) {
		return false
	}
	since, err := time.Parse(time.RFC3339, x.query.Get("since"))
	if err == nil && s.UpdatedAt.Before(since) {
		return false
	}
	if names := x.query.Get("labels"); names != "" {
		for name := range strings.SplitSeq(names, ",") {
			if !s.has(name) {
				return false
			}
		}
	}
	return true
}

// order is how a list of issues is sorted: by creation, by number among those of one second, unless by change.
func (x *exchange) order(a, b *subject) int {
	by := 0
	switch x.query.Get("sort") {
	case "updated":
		by = b.UpdatedAt.Compare(a.UpdatedAt)
	case "created":
		by = b.CreatedAt.Compare(a.CreatedAt)
	case "comments":
		by = len(b.comments) - len(a.comments)
	}
	if by == 0 {
		by = b.Number - a.Number
	}
	return by
}
