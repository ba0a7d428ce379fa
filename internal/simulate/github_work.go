package simulate

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"hls/internal/hls"
)

// work is what a repository has besides its issues and pull requests. Its zero value has none of it.
type work struct {
	runs      []*run
	releases  []*release
	reactions []*Reaction
	actions   actions
	shown     map[int]time.Time // by number, when a fault lets a new issue appear in lists
}

// workRoutes are the endpoints of Actions, of releases, of reactions and of single remarks.
func (g *GitHub) workRoutes() map[string]endpoint {
	const repo = "/repos/{owner}/{repo}"
	return map[string]endpoint{
		"POST " + repo + "/issues": g.createIssue,

		"GET " + repo + "/actions/runs":                          g.listRuns,
		"GET " + repo + "/actions/runs/{run}":                    g.readRun,
		"POST " + repo + "/actions/runs/{run}/rerun-failed-jobs": g.rerunFailedJobs,

		"GET " + repo + "/releases":              g.listReleases,
		"GET " + repo + "/releases/latest":       g.latestRelease,
		"GET " + repo + "/releases/tags/{tag}":   g.releaseByTag,
		"GET " + repo + "/releases/{release}":    g.readRelease,
		"PATCH " + repo + "/releases/{release}":  g.editRelease,
		"GET " + repo + "/pulls/comments/{id}":   g.readRemark,
		"PATCH " + repo + "/pulls/comments/{id}": g.editRemark,

		"GET " + repo + "/pulls/{number}/reviews/{review}":       g.readReview,
		"POST " + repo + "/pulls/{number}/comments/{id}/replies": g.replyToRemark,
		"GET " + repo + "/issues/comments/{id}/reactions":        g.listReactions,
		"POST " + repo + "/issues/comments/{id}/reactions":       g.react,
		"GET " + repo + "/pulls/comments/{id}/reactions":         g.listReactions,
		"POST " + repo + "/pulls/comments/{id}/reactions":        g.react,
	}
}

func (x *exchange) number(name string) int64 {
	n, _ := strconv.ParseInt(x.vars[name], 10, 64)
	return n
}

func (x *exchange) mayWrite() bool {
	level := x.repo.permission(x.actor.Login)
	return level == "admin" || level == "maintain" || level == "write"
}

// Reaction is an emoji on a comment.
type Reaction struct {
	ID      int64
	Comment int64
	Inline  bool // the comment stands on a line of a pull request
	Content string
	User    hls.Account
	At      time.Time
}

// ReactAs puts an emoji on a comment of a conversation for a person. One that is there already stays.
func (g *GitHub) ReactAs(repo string, comment int64, login, content string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, user := g.known(repo), g.account(login)
	for _, other := range r.work.reactions {
		if other.Comment == comment && other.Content == content && other.User.Same(user) {
			return
		}
	}
	r.work.reactions = append(r.work.reactions, &Reaction{ID: g.id(), Comment: comment, Content: content, User: user, At: g.now()})
}

// UnreactAs takes an emoji off again.
func (g *GitHub) UnreactAs(repo string, comment int64, login, content string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w, user := &g.known(repo).work, g.account(login)
	w.reactions = slices.DeleteFunc(w.reactions, func(r *Reaction) bool {
		return r.Comment == comment && r.Content == content && r.User.Same(user)
	})
}

// Reactions returns the emojis on a comment, the first put on first.
func (g *GitHub) Reactions(repo string, comment int64) []Reaction {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []Reaction
	for _, r := range g.known(repo).work.reactions {
		if r.Comment == comment {
			out = append(out, *r)
		}
	}
	return out
}

// emojis are those that GitHub knows ("About reactions").
const emojis = "+1 -1 laugh confused heart hooray rocket eyes"

// commented finds the subject of the comment that the path names, in a conversation or on a line.
func (g *GitHub) commented(x *exchange) (s *subject, inline bool) {
	if !strings.Contains(x.path, "/pulls/comments/") {
		if c := g.commentByID(x); c != nil {
			return c.subject, false
		}
		return nil, false
	}
	s, _, _ = x.repo.remark(x.number("id"))
	return s, true
}

func (g *GitHub) listReactions(x *exchange) reply {
	s, inline := g.commented(x)
	if s == nil {
		return notFound()
	}
	items := []object{}
	only := x.query.Get("content")
	for _, r := range x.repo.work.reactions {
		if r.Comment == x.number("id") && r.Inline == inline && (only == "" || only == r.Content) {
			items = append(items, x.as.reaction(r))
		}
	}
	return x.list(items)
}

// react answers 200 to an emoji that the account has put there before, and 201 to a new one.
func (g *GitHub) react(x *exchange) reply {
	s, inline := g.commented(x)
	if s == nil {
		return notFound()
	}
	var in struct {
		Content string `json:"content"`
	}
	if out, ok := x.decode(&in); !ok {
		return out
	}
	if in.Content == "" || !strings.Contains(" "+emojis+" ", " "+in.Content+" ") {
		return invalid("Reaction", "content", "invalid", "")
	}
	for _, r := range x.repo.work.reactions {
		if r.Comment == x.number("id") && r.Inline == inline && r.Content == in.Content && r.User.Same(x.actor) {
			return reply{status: http.StatusOK, body: x.as.reaction(r)}
		}
	}
	r := &Reaction{ID: g.id(), Comment: x.number("id"), Inline: inline, Content: in.Content, User: x.actor, At: g.now()}
	x.repo.work.reactions = append(x.repo.work.reactions, r)
	g.did(s, Deed{Kind: Reacted, Actor: x.actor, ID: r.Comment, Body: r.Content})
	return reply{status: http.StatusCreated, body: x.as.reaction(r), effect: true}
}

func (l links) reaction(r *Reaction) object {
	return object{"id": r.ID, "node_id": node("REA", r.ID), "user": l.user(r.User), "content": r.Content, "created_at": stamp(r.At)}
}
