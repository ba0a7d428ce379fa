package handler

import (
	"context"
	stdjson "encoding/json"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

var (
	self   = hls.Account{ID: 99, Login: "hls[bot]", Type: "Bot"}
	author = hls.Account{ID: 1, Login: "octocat", Type: "User"}
	person = hls.Account{ID: 2, Login: "mona", Type: "User"}
)

// github is a reader over what a test puts into it. A nil error map reads without fault.
type github struct {
	issues   map[int]hls.Issue
	pull     hls.PullRequest
	labels   []hls.Label
	comments []hls.Comment
	history  []hls.LabelEvent
	files    []hls.File
	checks   hls.Checks
	results  map[string][]hls.Issue // of searches, by query
	errs     map[string]error       // by method
	queries  []string
	previous *hls.Analysis
	raised   []hls.Remark
	memories []hls.Memory // newest first

	compared hls.Comparison
	reads    []string // what was compared
	talk     talk
	spoken
	happened
	ci runs
}

func (g *github) Previous(context.Context) (*hls.Analysis, error) {
	return g.previous, g.errs["Previous"]
}

func (g *github) Raised(context.Context) ([]hls.Remark, error) { return g.raised, g.errs["Raised"] }

func (g *github) Recall(_ context.Context, r hls.Recall) (found []hls.Memory, err error) {
	for _, m := range g.memories {
		mine := m.Subject.Key() == r.Subject.Key() || r.Wide && m.Subject.Beside(r.Subject)
		if mine && m.Kind == r.Kind && (r.Key == "" || r.Key == m.Key) {
			found = append(found, m)
		}
	}
	return found, g.errs["Recall"]
}

func (g *github) Repository(context.Context, hls.Subject) (hls.Repository, error) {
	return hls.Repository{ID: 9, FullName: "acme/widgets"}, g.errs["Repository"]
}

func (g *github) Issue(_ context.Context, s hls.Subject) (hls.Issue, error) {
	issue, ok := g.issues[s.Number]
	if !ok && g.errs["Issue"] == nil {
		return issue, hls.ErrGone
	}
	return issue, g.errs["Issue"]
}

func (g *github) PullRequest(context.Context, hls.Subject) (hls.PullRequest, error) {
	return g.pull, g.errs["PullRequest"]
}

func (g *github) Labels(context.Context, string) ([]hls.Label, error) {
	return g.labels, g.errs["Labels"]
}

func (g *github) Comments(context.Context, hls.Subject) ([]hls.Comment, error) {
	return g.comments, g.errs["Comments"]
}

func (g *github) History(context.Context, hls.Subject) ([]hls.LabelEvent, error) {
	return g.history, g.errs["History"]
}

func (g *github) Search(_ context.Context, _, query string, limit int) ([]hls.Issue, error) {
	g.queries = append(g.queries, query)
	found := g.results[query]
	return found[:min(limit, len(found))], g.errs["Search"]
}

func (g *github) Files(context.Context, hls.Subject) ([]hls.File, error) {
	return g.files, g.errs["Files"]
}

func (g *github) Checks(context.Context, string, string) (hls.Checks, error) {
	return g.checks, g.errs["Checks"]
}

func issueEvent(action string) hls.Event {
	return hls.Event{Name: "issues", Action: action, DeliveryID: "d", Sender: author, Changed: map[string]bool{},
		Subject: hls.Subject{RepoID: 9, Repo: "acme/widgets", Kind: hls.KindIssue, Number: 7}}
}

func pullEvent(action string) hls.Event {
	return hls.Event{Name: "pull_request", Action: action, DeliveryID: "d", Sender: author, Changed: map[string]bool{},
		Subject: hls.Subject{RepoID: 9, Repo: "acme/widgets", Kind: hls.KindPullRequest, Number: 8}}
}

func openIssue() hls.Issue {
	return hls.Issue{Number: 7, Title: "Crash when saving a widget", State: "open", User: author,
		Body:      "The app **crashes** when I press Save.\r\n<!-- please describe the steps here -->\nIt is not a security problem.",
		CreatedAt: time.Unix(1, 0)}
}

func issueFacts() hls.Facts {
	issue := openIssue()
	return hls.Facts{Issue: &issue, Revision: "r1",
		Comments: []hls.Comment{{User: author, Body: "Happens on version 2.3.1 too."}, {User: person, Body: "I think the docs are wrong here."}},
		Similar:  []hls.Issue{{Number: 3, Title: "Save crashes"}, {Number: 4, Title: "Crash"}},
		Labels: []hls.Label{{Name: "bug", Description: "Broken"}, {Name: "docs"}, {Name: "Needs Info"}, {Name: "priority-high"},
			{Name: "priority-low"}, {Name: "size/S"}, {Name: "size/M"}},
	}
}

func rule() hls.Rule {
	return hls.Rule{Name: "acme/widgets", Self: self, Labels: hls.LabelPolicy{AutoApply: true, MinConfidence: 0.6}}
}

func goodIssueAnswer() issueAnswer {
	return issueAnswer{Type: "bug", Priority: level{"medium", "It fails."}, Difficulty: level{"easy", "Local."}, Summary: "Saving crashes.",
		Components: []string{}, Labels: []namedLabel{}, Duplicates: []duplicate{}, Missing: []string{}}
}

func analysisOf(t testing.TB, answer any) hls.Analysis {
	t.Helper()
	b, err := stdjson.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	return hls.Analysis{Answer: b, Revision: "r1"}
}

func planIssue(t testing.TB, f hls.Facts, a issueAnswer, r hls.Rule) hls.Plan {
	t.Helper()
	return For("issues").Plan(issueEvent("opened"), f, analysisOf(t, a), r)
}

// labelsIn are the names that effects of one kind carry.
func labelsIn(p hls.Plan, kind hls.EffectKind) string {
	var names []string
	for _, e := range p.Effects {
		if e.Kind == kind {
			for _, l := range e.Labels {
				names = append(names, l.Name)
			}
		}
	}
	return strings.Join(names, ",")
}

func bodyIn(p hls.Plan, kind hls.EffectKind) string {
	for _, e := range p.Effects {
		if e.Kind == kind {
			return e.Body
		}
	}
	return ""
}

// whyDropped is the reason for the first thing dropped whose description contains text.
func whyDropped(p hls.Plan, text string) string {
	for _, d := range p.Dropped {
		if strings.Contains(d.What, text) {
			return d.Why
		}
	}
	return ""
}
