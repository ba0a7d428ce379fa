package simulate

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func equalName(a, b string) bool { return strings.EqualFold(a, b) }

func (g *GitHub) visible(shown time.Time) bool { return !g.cfg.Now().Before(shown) }

func (g *GitHub) shown(x *exchange) time.Time {
	if x.late == 0 {
		return time.Time{}
	}
	return g.cfg.Now().Add(x.late)
}

func (g *GitHub) comments(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	since, _ := time.Parse(time.RFC3339, x.query.Get("since"))
	items := []object{}
	for _, c := range s.comments {
		if g.visible(c.shown) && !c.UpdatedAt.Before(since) {
			items = append(items, x.as.comment(c))
		}
	}
	return x.list(items)
}

type bodyInput struct {
	Body *string `json:"body"`
}

// text reads and checks {"body": …}.
func (x *exchange) text() (string, reply, bool) {
	var in bodyInput
	if out, ok := x.decode(&in); !ok {
		return "", out, false
	}
	switch {
	case in.Body == nil:
		return "", invalid("IssueComment", "body", "missing_field", ""), false
	case strings.TrimSpace(*in.Body) == "":
		return "", invalid("IssueComment", "body", "custom", "Body cannot be blank"), false
	case overlong(*in.Body):
		return "", tooLong("IssueComment"), false
	}
	return *in.Body, reply{}, true
}

func (g *GitHub) createComment(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	body, out, ok := x.text()
	if !ok {
		return out
	}
	if s.Locked && x.repo.permission(x.actor.Login) == "" {
		return failure(http.StatusForbidden, "Unable to create comment because issue is locked.")
	}
	c := g.comment(s, x.actor, body)
	c.shown = g.shown(x)
	out = reply{status: http.StatusCreated, body: x.as.comment(c), effect: true, header: http.Header{}}
	out.header.Set("Location", x.as.comment(c)["url"].(string))
	return out
}

// commentByID finds a comment of the repository.
func (g *GitHub) commentByID(x *exchange) *comment {
	id, _ := strconv.ParseInt(x.vars["id"], 10, 64)
	for _, s := range x.repo.subjects {
		for _, c := range s.comments {
			if c.ID == id {
				return c
			}
		}
	}
	return nil
}

func (g *GitHub) readComment(x *exchange) reply {
	c := g.commentByID(x)
	if c == nil {
		return notFound()
	}
	return reply{status: http.StatusOK, body: x.as.comment(c)}
}

func (g *GitHub) editComment(x *exchange) reply {
	c := g.commentByID(x)
	if c == nil {
		return notFound()
	}
	body, out, ok := x.text()
	if !ok {
		return out
	}
	if !x.mayEdit(c) {
		return forbidden()
	}
	c.Body, c.UpdatedAt = body, g.now()
	g.did(c.subject, Deed{Kind: CommentEdited, Actor: x.actor, ID: c.ID, Body: body})
	return reply{status: http.StatusOK, body: x.as.comment(c), effect: true}
}

func (g *GitHub) deleteComment(x *exchange) reply {
	c := g.commentByID(x)
	switch {
	case c == nil:
		return notFound()
	case !x.mayEdit(c):
		return forbidden()
	}
	s := c.subject
	s.comments = slices.DeleteFunc(s.comments, func(other *comment) bool { return other == c })
	g.touch(s)
	g.did(s, Deed{Kind: CommentDeleted, Actor: x.actor, ID: c.ID, Body: c.Body})
	return reply{status: http.StatusNoContent, effect: true}
}

func (x *exchange) mayEdit(c *comment) bool {
	level := x.repo.permission(x.actor.Login)
	return c.User.Same(x.actor) || level == "admin" || level == "maintain" || level == "write"
}

// EditCommentAs changes the newest comment of a conversation.
func (g *GitHub) EditCommentAs(repo string, number int, login, body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	c := s.comments[len(s.comments)-1]
	c.Body, c.UpdatedAt = body, g.now()
	g.did(s, Deed{Kind: CommentEdited, Actor: g.account(login), ID: c.ID, Body: body})
}

// DeleteCommentAs deletes the newest comment of a conversation.
func (g *GitHub) DeleteCommentAs(repo string, number int, login string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	last := len(s.comments) - 1
	c := s.comments[last]
	s.comments = slices.Delete(s.comments, last, last+1)
	g.touch(s)
	g.did(s, Deed{Kind: CommentDeleted, Actor: g.account(login), ID: c.ID, Body: c.Body})
}
