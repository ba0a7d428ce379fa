package simulate

import (
	"crypto/sha1" //nolint:gosec // Commits are named by SHA-1, as git names them.
	"fmt"
	"strings"
	"time"

	"hls/internal/hls"
)

// RepositorySeed describes a repository to add. Only FullName is needed.
type RepositorySeed struct {
	FullName      string
	ID            int64
	Description   string
	Private       bool
	DefaultBranch string // by default "main"
	Labels        []hls.Label
	Collaborators map[string]string // login → "admin", "maintain", "write", "triage" or "read"
}

// IssueSeed describes an issue to add. Number 0 takes the next one.
type IssueSeed struct {
	Number            int
	Title             string
	Body              string
	Author            string // login
	AuthorAssociation string // by default "NONE"
	Labels            []string
	Closed            bool
	Age               time.Duration // how long ago it was opened
}

// PullRequestSeed describes a pull request to add.
type PullRequestSeed struct {
	IssueSeed
	Draft     bool
	HeadRef   string
	HeadOwner string // login of a fork's owner; by default the branch is the repository's
	Files     []hls.File
	Checks    []Check
}

// AddAccount makes an account known. Accounts that seeds name are added as users by themselves.
func (g *GitHub) AddAccount(a hls.Account) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if a.ID == 0 {
		a.ID = g.id()
	}
	if a.Type == "" {
		a.Type = "User"
	}
	g.accounts[strings.ToLower(a.Login)] = a
}

// AddRepository adds a repository.
func (g *GitHub) AddRepository(seed RepositorySeed) hls.Repository {
	g.mu.Lock()
	defer g.mu.Unlock()
	owner, name, _ := strings.Cut(seed.FullName, "/")
	r := &repository{
		description: seed.Description, addedAt: g.now(),
		permissions: map[string]string{strings.ToLower(g.cfg.Self.Login): "admin"},
		subjects:    map[int]*subject{},
	}
	r.Repository = hls.Repository{
		ID: seed.ID, Name: name, FullName: seed.FullName, Owner: g.account(owner), Private: seed.Private,
		DefaultBranch: seed.DefaultBranch,
	}
	if r.ID == 0 {
		r.ID = g.id()
	}
	if r.DefaultBranch == "" {
		r.DefaultBranch = "main"
	}
	for _, l := range seed.Labels {
		g.addLabel(r, l)
	}
	for login, permission := range seed.Collaborators {
		g.account(login)
		r.permissions[strings.ToLower(login)] = permission
	}
	g.repos = append(g.repos, r)
	return r.Repository
}

func (g *GitHub) addLabel(r *repository, l hls.Label) *label {
	if l.Color == "" {
		l.Color = "ededed"
	}
	added := &label{Label: l, id: g.id()}
	r.labels = append(r.labels, added)
	return added
}

// AddIssue opens an issue.
func (g *GitHub) AddIssue(repo string, seed IssueSeed) hls.Issue {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.addSubject(g.known(repo), seed).view()
}

// AddPullRequest opens a pull request from a branch of the repository.
func (g *GitHub) AddPullRequest(repo string, seed PullRequestSeed) hls.PullRequest {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.addPull(g.known(repo), seed).pullView()
}

func (g *GitHub) addPull(r *repository, seed PullRequestSeed) *subject {
	s := g.addSubject(r, seed.IssueSeed)
	ref := seed.HeadRef
	if ref == "" {
		ref = fmt.Sprintf("patch-%d", s.Number)
	}
	s.pull = &pull{
		head: hls.Branch{Ref: ref}, headOwner: seed.HeadOwner, draft: seed.Draft,
		base:  hls.Branch{Ref: s.repo.DefaultBranch, SHA: commitName(s.repo.FullName, "base")},
		files: map[string][]hls.File{}, checks: map[string][]Check{},
	}
	g.push(s, seed.Files)
	s.pull.checks[s.pull.head.SHA] = seed.Checks
	return s
}

func (g *GitHub) addSubject(r *repository, seed IssueSeed) *subject {
	n := seed.Number
	if n == 0 {
		n = r.last + 1
	}
	r.last = max(r.last, n)
	at := g.now().Add(-seed.Age)
	s := &subject{repo: r}
	s.Issue = hls.Issue{
		ID: g.id(), Number: n, Title: seed.Title, Body: seed.Body, State: "open", User: g.account(seed.Author),
		AuthorAssociation: seed.AuthorAssociation, CreatedAt: at, UpdatedAt: at,
	}
	if s.AuthorAssociation == "" {
		s.AuthorAssociation = "NONE"
	}
	for _, name := range seed.Labels {
		g.attach(s, s.User, name)
	}
	if seed.Closed {
		g.setState(s, s.User, "closed", "completed")
	}
	s.UpdatedAt = at
	r.subjects[n] = s
	return s
}

// Push moves a pull request's head to a new commit with these files in all, and returns its SHA.
func (g *GitHub) Push(repo string, number int, files []hls.File) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	g.push(s, files)
	g.touch(s)
	return s.pull.head.SHA
}

func (g *GitHub) push(s *subject, files []hls.File) {
	counted := make([]hls.File, 0, len(files))
	for _, f := range files {
		counted = append(counted, count(f))
	}
	sha := commitName(s.repo.FullName, fmt.Sprintf("%d/%d", s.Number, len(s.pull.heads)))
	s.pull.head.SHA = sha
	s.pull.heads = append(s.pull.heads, sha)
	s.pull.files[sha] = counted
	g.did(s, Deed{Kind: Pushed, Actor: s.User, Commit: sha})
}

// SetChecks sets the results of continuous integration at the present head.
func (g *GitHub) SetChecks(repo string, number int, checks []Check) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.subject(repo, number)
	s.pull.checks[s.pull.head.SHA] = checks
}

func commitName(repo, what string) string {
	return fmt.Sprintf("%x", sha1.Sum([]byte("simulated commit "+repo+" "+what))) //nolint:gosec // See the import.
}

// known returns a repository; naming one that was never added is a mistake of the caller, and panics.
func (g *GitHub) known(repo string) *repository {
	r := g.repo(repo)
	if r == nil {
		panic("simulate: no repository " + repo)
	}
	return r
}

func (g *GitHub) subject(repo string, number int) *subject {
	s := g.known(repo).subjects[number]
	if s == nil {
		panic(fmt.Sprintf("simulate: no issue or pull request %s#%d", repo, number))
	}
	return s
}

// touch sets updated_at, which GitHub moves on every change.
func (g *GitHub) touch(s *subject) {
	if now := g.now(); now.After(s.UpdatedAt) {
		s.UpdatedAt = now
	}
}
