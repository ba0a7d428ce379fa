package simulate

import (
	"fmt"
	"net/http"
	"strings"

	"hls/internal/hls"
)

func (g *GitHub) reviews(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	items := []object{}
	for _, r := range s.pull.reviews {
		if g.visible(r.shown) {
			items = append(items, x.as.review(s, r))
		}
	}
	return x.list(items)
}

func (g *GitHub) remarks(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	items := []object{}
	for _, r := range s.pull.reviews {
		for _, m := range r.remarks {
			if g.visible(r.shown) {
				items = append(items, x.as.remark(s, r, m))
			}
		}
	}
	return x.list(items)
}

type reviewInput struct {
	CommitID string        `json:"commit_id"`
	Body     string        `json:"body"`
	Event    string        `json:"event"`
	Comments []remarkInput `json:"comments"`
}

type remarkInput struct {
	Path      string `json:"path"`
	Body      string `json:"body"`
	Line      int    `json:"line"`
	Side      string `json:"side"`
	StartLine int    `json:"start_line"`
	StartSide string `json:"start_side"`
	Position  int    `json:"position"`
}

func (g *GitHub) createReview(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	var in reviewInput
	if out, ok := x.decode(&in); !ok {
		return out
	}
	if in.CommitID == "" {
		in.CommitID = s.pull.head.SHA
	}
	state, out := x.reviewState(s, in)
	if out.status != 0 {
		return out
	}
	r := &review{at: g.now(), shown: g.shown(x)}
	r.ID, r.User, r.Body, r.State, r.CommitID = g.id(), x.actor, in.Body, state, in.CommitID
	r.HTMLURL = fmt.Sprintf("%s#pullrequestreview-%d", s.html(), r.ID)
	for _, c := range in.Comments {
		m, problems := resolve(s.pull.files[in.CommitID], c)
		if len(problems) > 0 {
			return unprocessable(problems...)
		}
		m.id = g.id()
		r.remarks = append(r.remarks, m)
	}
	s.pull.reviews = append(s.pull.reviews, r)
	g.touch(s)
	g.did(s, Deed{Kind: Reviewed, Actor: x.actor, ID: r.ID, Body: r.Body, Commit: r.CommitID})
	return reply{status: http.StatusOK, body: x.as.review(s, r), effect: true}
}

// reviewState checks all of a review but its inline comments.
func (x *exchange) reviewState(s *subject, in reviewInput) (string, reply) {
	states := map[string]string{
		"": "PENDING", "COMMENT": "COMMENTED", "APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED",
	}
	state, known := states[in.Event]
	switch _, commit := s.pull.files[in.CommitID]; {
	case !known:
		return "", invalid("PullRequestReview", "event", "invalid", "")
	case !commit:
		return "", unprocessable("The provided commit_id is not part of the pull request")
	case overlong(in.Body):
		return "", tooLong("PullRequestReview")
	case in.Event == "COMMENT" && in.Body == "" && len(in.Comments) == 0:
		return "", unprocessable("Could not comment pull request review.")
	case in.Event == "REQUEST_CHANGES" && in.Body == "":
		return "", unprocessable("Could not request changes for pull request review.")
	case in.Event == "APPROVE" && s.User.Same(x.actor):
		return "", unprocessable("Can not approve your own pull request")
	case in.Event == "REQUEST_CHANGES" && s.User.Same(x.actor):
		return "", unprocessable("Can not request changes on your own pull request")
	case s.Locked && x.repo.permission(x.actor.Login) == "":
		return "", failure(http.StatusForbidden, "lock prevents review")
	}
	return state, reply{}
}

// resolve finds the lines of an inline comment in the diff, as GitHub does: what it does not find fails the
// whole review.
func resolve(files []hls.File, in remarkInput) (*remark, []string) {
	var lines []diffLine
	known := false
	for _, f := range files {
		if f.Filename == in.Path {
			known, lines = true, parsePatch(f.Patch)
		}
	}
	if !known {
		return nil, []string{"Path could not be resolved"}
	}
	if problem := in.check(); problem != "" {
		return nil, []string{problem}
	}
	side, start := upper(in.Side), upper(in.StartSide)
	if in.StartSide == "" {
		start = side
	}
	end, ok := find(lines, side, in.Line)
	if !ok {
		return nil, []string{"Line could not be resolved"}
	}
	m := &remark{startSide: start, hunk: end.Text}
	m.Path, m.Body, m.Side, m.Line, m.EndLine = in.Path, in.Body, side, in.Line, in.Line
	if in.StartLine == 0 {
		return m, nil
	}
	first, ok := find(lines, start, in.StartLine)
	if !ok || first.Hunk != end.Hunk {
		return nil, []string{"Start line could not be resolved"}
	}
	m.Line = in.StartLine
	return m, nil
}

// check says what is wrong with an inline comment apart from its place.
func (in remarkInput) check() string {
	switch {
	case strings.TrimSpace(in.Body) == "":
		return "Body can't be blank"
	case overlong(in.Body):
		return "Body is too long"
	case in.Line == 0 && in.Position == 0:
		return "Position could not be resolved"
	case in.Line == 0:
		return "simulated: position is not served, use line and side"
	case in.Side != "" && upper(in.Side) != in.Side || in.StartSide != "" && upper(in.StartSide) != in.StartSide:
		return "Side is invalid"
	case in.StartLine >= in.Line && in.StartLine != 0 && upper(in.StartSide) == upper(in.Side):
		return "Pull request review thread start line must precede the end line."
	}
	return ""
}

// upper is a side that GitHub knows; RIGHT is the default.
func upper(side string) string {
	if side == "LEFT" {
		return side
	}
	return "RIGHT"
}
