package simulate

import (
	"fmt"
	"strings"

	"hls/internal/hls"
)

// EditIssue changes title and body of an issue or pull request, as its author.
func (g *GitHub) EditIssue(repo string, number int, title, body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	g.rename(s, s.User, title)
	g.rewrite(s, s.User, body)
}

// CloseIssue closes an issue or pull request, as its author.
func (g *GitHub) CloseIssue(repo string, number int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	g.setState(s, s.User, "closed", "completed")
}

// ReopenIssue opens it again.
func (g *GitHub) ReopenIssue(repo string, number int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	g.setState(s, s.User, "open", "reopened")
}

// DeleteIssue deletes an issue: it answers 410 from then on.
func (g *GitHub) DeleteIssue(repo string, number int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.subject(repo, number).deleted = true
}

// LockIssue locks the conversation: only collaborators may comment.
func (g *GitHub) LockIssue(repo string, number int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	s.Locked = true
	g.happen(s, &event{kind: "locked", actor: s.repo.Owner})
}

// SetDraft makes a pull request a draft, or ready for review.
func (g *GitHub) SetDraft(repo string, number int, draft bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	s.pull.draft = draft
	g.touch(s)
}

// AddLabelAs puts a label on, as a person.
func (g *GitHub) AddLabelAs(repo string, number int, login, name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.attach(g.subject(repo, number), g.account(login), name)
}

// RemoveLabelAs takes a label off, as a person.
func (g *GitHub) RemoveLabelAs(repo string, number int, login, name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.detach(g.subject(repo, number), g.account(login), name)
}

// CommentAs comments as a person, or as another bot.
func (g *GitHub) CommentAs(repo string, number int, login, body string) hls.Comment {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.comment(g.subject(repo, number), g.account(login), body).Comment
}

// RenameRepository gives a repository a new full name. The old one redirects, as on GitHub.
func (g *GitHub) RenameRepository(from, to string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(from)
	g.moved[strings.ToLower(r.FullName)] = r
	owner, name, _ := strings.Cut(to, "/")
	r.FullName, r.Name, r.Owner = to, name, g.account(owner)
}

// attach puts a label on and tells whether it was not there. One that the repository lacks is created.
func (g *GitHub) attach(s *subject, actor hls.Account, name string) bool {
	if s.has(name) {
		return false
	}
	l := s.repo.label(name)
	if l == nil {
		l = g.addLabel(s.repo, hls.Label{Name: name})
	}
	s.labels = append(s.labels, l.Name)
	g.happen(s, &event{kind: "labeled", actor: actor, label: l.Name})
	return true
}

func (g *GitHub) detach(s *subject, actor hls.Account, name string) bool {
	for i, l := range s.labels {
		if strings.EqualFold(l, name) {
			s.labels = append(s.labels[:i:i], s.labels[i+1:]...)
			g.happen(s, &event{kind: "unlabeled", actor: actor, label: l})
			return true
		}
	}
	return false
}

func (g *GitHub) setState(s *subject, actor hls.Account, state, reason string) {
	if s.State == state {
		return
	}
	s.State, s.StateReason, s.ClosedBy = state, reason, nil
	e := &event{kind: "reopened", actor: actor}
	if state == "closed" {
		e.kind, e.reason, s.closedAt, s.ClosedBy = "closed", reason, g.now(), &actor
	}
	g.happen(s, e)
}

func (g *GitHub) rename(s *subject, actor hls.Account, title string) {
	if s.Title != title {
		g.happen(s, &event{kind: "renamed", actor: actor, from: s.Title, to: title})
		s.Title = title
	}
}

// rewrite replaces the text of an issue or pull request.
func (g *GitHub) rewrite(s *subject, actor hls.Account, body string) {
	if s.Body != body {
		if s.bodies == nil {
			s.bodies = []textEdit{{s.CreatedAt, s.Body}}
		}
		s.bodies = append(s.bodies, textEdit{g.now(), body})
		s.Body = body
		g.did(s, Deed{Kind: BodySet, Actor: actor, Body: body})
	}
	g.touch(s)
}

func (g *GitHub) happen(s *subject, e *event) {
	e.id, e.at = g.id(), g.now()
	s.events = append(s.events, e)
	g.touch(s)
	g.did(s, Deed{Kind: DeedKind(e.kind), Actor: e.actor, Label: e.label})
}

func (g *GitHub) comment(s *subject, author hls.Account, body string) *comment {
	c := &comment{subject: s}
	c.ID, c.User, c.Body = g.id(), author, body
	c.CreatedAt, c.UpdatedAt = g.now(), g.now()
	c.AuthorAssociation = s.repo.association(author)
	c.HTMLURL = fmt.Sprintf("%s#issuecomment-%d", s.html(), c.ID)
	s.comments = append(s.comments, c)
	g.touch(s)
	g.did(s, Deed{Kind: Commented, Actor: author, ID: c.ID, Body: body})
	return c
}

func (r *repository) association(a hls.Account) string {
	switch {
	case r.Owner.Same(a):
		return "OWNER"
	case r.permission(a.Login) != "":
		return "COLLABORATOR"
	}
	return "NONE"
}

// html is the address of the subject's page on the simulated host.
func (s *subject) html() string {
	part := "issues"
	if s.pull != nil {
		part = "pull"
	}
	return fmt.Sprintf("%s/%s/%s/%d", htmlHost, s.repo.FullName, part, s.Number)
}
