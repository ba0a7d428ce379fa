package simulate

import (
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

// ReviewSeed is a review by a person. State is GitHub's: "COMMENTED", "APPROVED" or "CHANGES_REQUESTED".
type ReviewSeed struct {
	State   string
	Body    string
	Remarks []hls.Remark // on lines of the new file
}

// ReviewAs submits a review as a person, about the present head. A remark on a line that is not in the diff is a mistake
// of the caller, and panics.
func (g *GitHub) ReviewAs(repo string, number int, login string, seed ReviewSeed) hls.Review {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	r := &review{at: g.now()}
	r.ID, r.User, r.Body, r.State, r.CommitID = g.id(), g.account(login), seed.Body, seed.State, s.pull.head.SHA
	r.HTMLURL = fmt.Sprintf("%s#pullrequestreview-%d", s.html(), r.ID)
	for _, in := range seed.Remarks {
		m, problems := resolve(s.files(), remarkInput{Path: in.Path, Body: in.Body, Line: in.Line})
		if len(problems) > 0 {
			panic("simulate: " + strings.Join(problems, ", "))
		}
		m.id = g.id()
		r.remarks = append(r.remarks, m)
	}
	s.pull.reviews = append(s.pull.reviews, r)
	g.touch(s)
	g.did(s, Deed{Kind: Reviewed, Actor: r.User, ID: r.ID, Body: r.Body, Commit: r.CommitID})
	return r.Review
}

// EditReview replaces the text of a review.
func (g *GitHub) EditReview(repo string, number int, id int64, body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.review(repo, number, id).Body = body
}

// DismissReview takes the yes or no out of a review, as people with write access can.
func (g *GitHub) DismissReview(repo string, number int, id int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.review(repo, number, id).State = "DISMISSED"
}

// DeleteRemark deletes a comment on a line; replies to it stay.
func (g *GitHub) DeleteRemark(repo string, id int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, v, m := g.known(repo).remark(id)
	v.remarks = slices.DeleteFunc(v.remarks, func(o *remark) bool { return o == m })
}

// SetPermission gives a person another role in a repository, "" to take it away.
func (g *GitHub) SetPermission(repo, login, role string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known(repo).permissions[strings.ToLower(login)] = role
}

// ReviewPayload is the body of a pull_request_review event. There the state is in lower case.
func (g *GitHub) ReviewPayload(repo string, number int, id int64, action, sender string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, r, l := g.subject(repo, number), g.review(repo, number, id), links{api: apiHost}
	said := l.review(s, r)
	said["state"] = strings.ToLower(r.State)
	return g.payload(s.repo, action, sender, nil, object{"review": said, "pull_request": l.pull(s)})
}

// ThreadPayload is the body of a pull_request_review_thread event about the thread that a comment on a line began.
func (g *GitHub) ThreadPayload(repo string, first int64, action, sender string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, _, _ := g.known(repo).remark(first)
	l, comments := links{api: apiHost}, []object{}
	for _, v := range s.pull.reviews {
		for _, m := range v.remarks {
			if m.id == first || m.inReplyTo == first {
				comments = append(comments, l.remark(s, v, m))
			}
		}
	}
	thread := object{"node_id": node("PRRT", first), "comments": comments}
	return g.payload(s.repo, action, sender, nil, object{"thread": thread, "pull_request": l.pull(s)})
}

func (g *GitHub) review(repo string, number int, id int64) *review {
	for _, r := range g.subject(repo, number).pull.reviews {
		if r.ID == id {
			return r
		}
	}
	panic(fmt.Sprintf("simulate: no review %d of %s#%d", id, repo, number))
}

// place is the line of the present head that a comment stands on: its own code, wherever that is by now; 0 when it is
// gone from the diff.
func (m *remark) place(s *subject, r *review) int {
	if r.CommitID == s.pull.head.SHA {
		return m.EndLine
	}
	for _, f := range s.files() {
		if f.Filename != m.Path {
			continue
		}
		for _, line := range parsePatch(f.Patch) {
			if line.Text == m.hunk && line.New > 0 {
				return line.New
			}
		}
	}
	return 0
}
