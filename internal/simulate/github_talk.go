package simulate

import "slices"

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
