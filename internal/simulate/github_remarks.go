package simulate

import (
	"fmt"
	"net/http"

	"hls/internal/hls"
)

// remark finds a comment on a line by its number, with the pull request and the review that it belongs to.
func (r *repository) remark(id int64) (*subject, *review, *remark) {
	for _, s := range r.subjects {
		if s.pull == nil {
			continue
		}
		for _, v := range s.pull.reviews {
			for _, m := range v.remarks {
				if m.id == id {
					return s, v, m
				}
			}
		}
	}
	return nil, nil, nil
}

// Remark is a comment on a line of a pull request as it stands.
type Remark struct {
	ID        int64
	InReplyTo int64 // 0 for the first of its thread
	Review    int64
	User      hls.Account
	Hidden    bool
	hls.Remark
}

// Remarks returns all comments on lines of a pull request, replies among them, oldest first.
func (g *GitHub) Remarks(repo string, number int) []Remark {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	if s.pull == nil {
		return nil
	}
	var out []Remark
	for _, v := range s.pull.reviews {
		for _, m := range v.remarks {
			out = append(out, Remark{ID: m.id, InReplyTo: m.inReplyTo, Review: v.ID, User: v.User, Hidden: m.hidden, Remark: m.Remark})
		}
	}
	return out
}

// ReplyAs answers a comment on a line, as a person, and returns the reply's number.
func (g *GitHub) ReplyAs(repo string, login string, remark int64, body string) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, v, m := g.known(repo).remark(remark)
	if m == nil {
		panic(fmt.Sprintf("simulate: no remark %d in %s", remark, repo))
	}
	_, made := g.reply(s, thread{v, m}, g.account(login), body)
	return made.id
}

// RemarkPayload is the body of a pull_request_review_comment event about a comment on a line.
func (g *GitHub) RemarkPayload(repo string, remark int64, action, sender string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, v, m := g.known(repo).remark(remark)
	l := links{api: apiHost}
	return g.payload(s.repo, action, sender, nil, object{"comment": l.remark(s, v, m), "pull_request": l.pull(s)})
}

// thread is where a reply goes.
type thread struct {
	*review
	first *remark
}

// reply is, as on GitHub, a remark of a review of its own, which has no text.
func (g *GitHub) reply(s *subject, to thread, author hls.Account, body string) (*review, *remark) {
	v := &review{at: g.now()}
	v.ID, v.User, v.State, v.CommitID = g.id(), author, "COMMENTED", to.CommitID
	v.HTMLURL = fmt.Sprintf("%s#pullrequestreview-%d", s.html(), v.ID)
	m := &remark{Remark: to.first.Remark, id: g.id(), startSide: to.first.startSide, hunk: to.first.hunk, inReplyTo: to.first.id}
	if to.first.inReplyTo != 0 {
		m.inReplyTo = to.first.inReplyTo
	}
	m.Body = body
	v.remarks = []*remark{m}
	s.pull.reviews = append(s.pull.reviews, v)
	g.touch(s)
	g.did(s, Deed{Kind: Replied, Actor: author, ID: m.id, Body: body})
	return v, m
}

func (g *GitHub) readReview(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	for _, v := range s.pull.reviews {
		if v.ID == x.number("review") {
			return reply{status: http.StatusOK, body: x.as.review(s, v)}
		}
	}
	return notFound()
}

func (g *GitHub) readRemark(x *exchange) reply {
	s, v, m := x.repo.remark(x.number("id"))
	if m == nil {
		return notFound()
	}
	return reply{status: http.StatusOK, body: x.as.remark(s, v, m)}
}

// editRemark: whoever may write may edit what others wrote.
func (g *GitHub) editRemark(x *exchange) reply {
	s, v, m := x.repo.remark(x.number("id"))
	if m == nil {
		return notFound()
	}
	body, out, ok := x.text()
	if !ok {
		return out
	}
	if !v.User.Same(x.actor) && !x.mayWrite() {
		return forbidden()
	}
	m.Body, m.edited = body, g.now()
	g.did(s, Deed{Kind: RemarkEdited, Actor: x.actor, ID: m.id, Body: body})
	return reply{status: http.StatusOK, body: x.as.remark(s, v, m), effect: true}
}

func (g *GitHub) replyToRemark(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	on, v, m := x.repo.remark(x.number("id"))
	if on != s {
		return notFound()
	}
	body, out, ok := x.text()
	if !ok {
		return out
	}
	made, answer := g.reply(s, thread{v, m}, x.actor, body)
	return reply{status: http.StatusCreated, body: x.as.remark(s, made, answer), effect: true}
}
