package handler

import (
	"context"
	"time"

	"hls/internal/hls"
)

// spoken is what a test puts into a reader about commands.
type spoken struct {
	access  map[string]hls.Access // by login
	said    map[int64]hls.Comment
	remarks map[int64]hls.ReviewComment
	runs    []Run
	of      []string // purposes that were asked for
}

func (g *github) Access(_ context.Context, _ hls.Subject, login string) (hls.Access, error) {
	a, ok := g.access[login]
	for _, writer := range g.talk.writers {
		if writer.Login == login {
			a, ok = hls.Access{User: writer, Permission: "write"}, true
		}
	}
	if !ok && g.errs["Access"] == nil {
		return a, hls.ErrNotFound
	}
	return a, g.errs["Access"]
}

func (g *github) Comment(_ context.Context, _ hls.Subject, id int64) (hls.Comment, error) {
	c, ok := g.said[id]
	if !ok && g.errs["Comment"] == nil {
		return c, hls.ErrNotFound
	}
	return c, g.errs["Comment"]
}

func (g *github) ReviewComment(_ context.Context, _ hls.Subject, id int64) (hls.ReviewComment, error) {
	c, ok := g.remarks[id]
	if !ok && g.errs["ReviewComment"] == nil {
		return c, hls.ErrNotFound
	}
	return c, g.errs["ReviewComment"]
}

func (g *github) Of(purpose string) Memory {
	g.of = append(g.of, purpose)
	return g
}

func (g *github) Runs(_ context.Context, limit int) ([]Run, error) {
	return g.runs[:min(limit, len(g.runs))], g.errs["Runs"]
}

// mona has write access.
var mona = person

// commandEvent is a comment by mona on the issue or pull request of the fixtures.
func commandEvent(on hls.Event, body string) hls.Event {
	on.Name, on.Action, on.Sender = "issue_comment", "created", mona
	on.Comment = &hls.ReviewComment{ID: 55, User: mona, Body: body}
	on.ReceivedAt = time.Date(2026, 1, 15, 9, 30, 0, 0, time.UTC)
	if on.Subject.Kind == hls.KindIssue {
		issue := openIssue()
		on.Issue = &issue
	}
	return on
}

// hearingOf is a reader that knows mona and her comment.
func hearingOf(e hls.Event) *github {
	return &github{
		issues: map[int]hls.Issue{7: openIssue()}, pull: openPull(), files: pullFacts().Files, labels: issueFacts().Labels,
		spoken: spoken{
			access: map[string]hls.Access{mona.Login: {User: mona, Permission: "write"}},
			said:   map[int64]hls.Comment{55: {ID: 55, User: mona, Body: e.Comment.Body}},
		},
	}
}

func commandRule() hls.Rule {
	r := rule()
	r.Commands = hls.CommandPolicy{Enabled: true, PerHour: 30}
	r.Also = []hls.EffectKind{hls.AddReaction}
	return r
}
