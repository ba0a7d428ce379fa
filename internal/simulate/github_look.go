package simulate

import (
	"slices"

	"hls/internal/hls"
)

// Review is a submitted review with its inline comments.
type Review struct {
	hls.Review
	Hidden  bool
	Remarks []hls.Remark
}

// Issue returns an issue, or a pull request's issue side, as it stands.
func (g *GitHub) Issue(repo string, number int) hls.Issue {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.subject(repo, number).view()
}

// PullRequest returns a pull request as it stands.
func (g *GitHub) PullRequest(repo string, number int) hls.PullRequest {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.subject(repo, number).pullView()
}

// Labels returns the names of the labels on an issue or pull request, in the order of their coming.
func (g *GitHub) Labels(repo string, number int) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.subject(repo, number).labels)
}

// RepositoryLabels returns the repository's own labels.
func (g *GitHub) RepositoryLabels(repo string) []hls.Label {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []hls.Label
	for _, l := range g.known(repo).labels {
		out = append(out, l.Label)
	}
	return out
}

// History returns who put on and took off which label, oldest first.
func (g *GitHub) History(repo string, number int) []hls.LabelEvent {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []hls.LabelEvent
	for _, e := range g.subject(repo, number).events {
		if e.label != "" {
			out = append(out, hls.LabelEvent{Label: e.label, Added: e.kind == "labeled", Actor: e.actor, At: e.at})
		}
	}
	return out
}

// Comments returns all comments of a conversation, oldest first, also those that lists do not show yet.
func (g *GitHub) Comments(repo string, number int) []hls.Comment {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []hls.Comment
	for _, c := range g.subject(repo, number).comments {
		out = append(out, c.Comment)
	}
	return out
}

// Reviews returns all reviews of a pull request, oldest first.
func (g *GitHub) Reviews(repo string, number int) []Review {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	if s.pull == nil {
		return nil
	}
	var out []Review
	for _, r := range s.pull.reviews {
		seen := Review{Review: r.Review, Hidden: r.hidden}
		for _, m := range r.remarks {
			seen.Remarks = append(seen.Remarks, m.Remark)
		}
		out = append(out, seen)
	}
	return out
}

func (s *subject) view() hls.Issue {
	seen := s.Issue
	seen.Labels, seen.HTMLURL = s.labelViews(), s.html()
	if s.pull != nil {
		seen.PullRequest = &struct{}{}
	}
	return seen
}

func (s *subject) labelViews() []hls.Label {
	var out []hls.Label
	for _, name := range s.labels {
		out = append(out, s.repo.label(name).Label)
	}
	return out
}

func (s *subject) pullView() hls.PullRequest {
	seen := hls.PullRequest{
		ID: s.ID, Number: s.Number, Title: s.Title, Body: s.Body, State: s.State, Draft: s.pull.draft,
		Merged: s.pull.merged, Locked: s.Locked, User: s.User, Labels: s.labelViews(), Head: s.pull.head,
		Base: s.pull.base, ChangedFiles: len(s.files()), AuthorAssociation: s.AuthorAssociation,
		HTMLURL: s.html(), CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
	}
	for _, f := range s.files() {
		seen.Additions += f.Additions
		seen.Deletions += f.Deletions
	}
	return seen
}
