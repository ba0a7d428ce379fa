package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"hls/internal/hls"
)

// history is what a repository has of commits, milestones and deployments. Its zero value has none.
type history struct {
	commits     []*commit         // in the order in which they were made
	refs        map[string]string // SHAs by the name of a branch or tag
	milestones  []*milestone
	deployments []*deployment
}

type commit struct {
	hls.Commit
	parent *commit
	files  []hls.File
}

type milestone struct {
	hls.Milestone
	issues []int
}

type deployment struct {
	hls.Deployment
	statuses []hls.DeploymentStatus
}

// CommitSeed describes a commit to add on top of a branch.
type CommitSeed struct {
	Branch      string // by default the repository's
	From        string // of a new branch: the branch or tag that it starts at; "" starts it anew
	Message     string
	Files       []hls.File
	Tag         string        // put on it
	PullRequest int           // that it merges
	Age         time.Duration // how long ago it was made
}

// AddCommit adds a commit and returns its SHA.
func (g *GitHub) AddCommit(repo string, seed CommitSeed) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(repo)
	h := &r.history
	if h.refs == nil {
		h.refs = map[string]string{}
	}
	if seed.Branch == "" {
		seed.Branch = r.DefaultBranch
	}
	made := &commit{Commit: hls.Commit{
		SHA: commitName(repo, fmt.Sprintf("history/%d", len(h.commits))), Message: seed.Message, At: g.now().Add(-seed.Age),
	}}
	if made.parent = h.find(seed.Branch); made.parent == nil {
		made.parent = h.find(seed.From)
	}
	for _, f := range seed.Files {
		made.files = append(made.files, count(f))
	}
	h.commits = append(h.commits, made)
	h.refs[seed.Branch] = made.SHA
	if seed.Tag != "" {
		h.refs[seed.Tag] = made.SHA
	}
	if s := r.subjects[seed.PullRequest]; s != nil && s.pull != nil {
		g.setState(s, s.User, "closed", "")
		s.pull.merged, s.pull.mergeSHA, s.closedAt, s.UpdatedAt = true, made.SHA, made.At, made.At
	}
	return made.SHA
}

// MilestoneSeed describes a milestone to add.
type MilestoneSeed struct {
	Title  string
	Issues []int // numbers
}

// AddMilestone adds a milestone.
func (g *GitHub) AddMilestone(repo string, seed MilestoneSeed) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := &g.known(repo).history
	h.milestones = append(h.milestones, &milestone{
		hls.Milestone{Number: len(h.milestones) + 1, Title: seed.Title, State: "open"}, seed.Issues,
	})
}

// DeploymentSeed describes a deployment of the newest commit of a branch, a tag or a commit.
type DeploymentSeed struct {
	ID          int64
	Ref         string
	Environment string
	Creator     string // login
}

// AddDeployment adds a deployment.
func (g *GitHub) AddDeployment(repo string, seed DeploymentSeed) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := &g.known(repo).history
	h.deployments = append(h.deployments, &deployment{Deployment: hls.Deployment{
		ID: seed.ID, Ref: seed.Ref, Environment: seed.Environment, Task: "deploy", Creator: g.account(seed.Creator), CreatedAt: g.now(),
	}})
}

// AddDeploymentStatus says how far a deployment has come.
func (g *GitHub) AddDeploymentStatus(repo string, id int64, state, description string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.known(repo).history.deployment(id)
	d.statuses = append(d.statuses, hls.DeploymentStatus{
		ID: g.id(), State: state, Description: description, Environment: d.Environment, CreatedAt: g.now(),
	})
}

// DeleteLabel takes a label out of a repository, as a person does.
func (g *GitHub) DeleteLabel(repo, name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(repo)
	r.labels = slices.DeleteFunc(r.labels, func(l *label) bool { return strings.EqualFold(l.Name, name) })
	for _, s := range r.subjects {
		s.labels = slices.DeleteFunc(s.labels, func(l string) bool { return strings.EqualFold(l, name) })
	}
}

// PushPayload is the body of a push of the last n commits of the default branch.
func (g *GitHub) PushPayload(repo, sender string, n int) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(repo)
	last := r.history.find(r.DefaultBranch)
	first, commits := last, []object{}
	for range n {
		commits = append(commits, object{"id": first.SHA, "message": first.Message, "timestamp": stamp(first.At)})
		first = first.parent
	}
	slices.Reverse(commits)
	return g.payload(r, "", sender, nil, object{
		"ref": "refs/heads/" + r.DefaultBranch, "before": first.SHA, "after": last.SHA, "created": false, "deleted": false,
		"forced": false, "commits": commits, "head_commit": commits[len(commits)-1],
	})
}

// DeploymentPayload is the body of a deployment_status event about the newest status of a deployment.
func (g *GitHub) DeploymentPayload(repo string, id int64, sender string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(repo)
	d := r.history.deployment(id)
	sha := ""
	if c := r.history.find(d.Ref); c != nil {
		sha = c.SHA
	}
	return g.payload(r, "created", sender, nil, object{
		"deployment_status": wireStatus(d.statuses[len(d.statuses)-1]),
		"deployment": object{
			"id": d.ID, "sha": sha, "ref": d.Ref, "task": d.Task, "environment": d.Environment, "created_at": stamp(d.CreatedAt),
			"creator": links{api: apiHost}.user(d.Creator),
		},
	})
}

func wireStatus(s hls.DeploymentStatus) object {
	return object{
		"id": s.ID, "state": s.State, "description": s.Description, "environment": s.Environment, "created_at": stamp(s.CreatedAt),
		"target_url": "", "log_url": "",
	}
}

func (h *history) deployment(id int64) *deployment {
	for _, d := range h.deployments {
		if d.ID == id {
			return d
		}
	}
	return nil
}

// find is the commit of a branch, a tag or a SHA, nil when there is none.
func (h *history) find(name string) *commit {
	if sha, ok := h.refs[name]; ok {
		name = sha
	}
	for _, c := range h.commits {
		if c.SHA == name {
			return c
		}
	}
	return nil
}

// beyond are the commits that c has and base has not, the oldest first.
func (c *commit) beyond(base *commit) []*commit {
	has := map[*commit]bool{}
	for at := base; at != nil; at = at.parent {
		has[at] = true
	}
	var own []*commit
	for at := c; at != nil && !has[at]; at = at.parent {
		own = append(own, at)
	}
	slices.Reverse(own)
	return own
}

func (g *GitHub) historyRoutes() map[string]endpoint {
	const repo = "/repos/{owner}/{repo}"
	return map[string]endpoint{
		"GET " + repo + "/compare/{ends...}":         g.compare,
		"GET " + repo + "/pulls":                     g.pulls,
		"GET " + repo + "/milestones":                g.listMilestones,
		"GET " + repo + "/deployments/{id}/statuses": g.deploymentStatuses,
	}
}

// compare pages through commits, or tells of two heads of a pull request; files come with the first page, at most 300 ("Compare two commits").
func (g *GitHub) compare(x *exchange) reply {
	from, to, _ := strings.Cut(x.vars["ends"], "...")
	base, head := x.repo.history.find(from), x.repo.history.find(to)
	if base == nil || head == nil {
		return g.compareHeads(x, from, to)
	}
	ahead, behind := head.beyond(base), base.beyond(head)
	status := "identical"
	switch {
	case len(ahead) > 0 && len(behind) > 0:
		status = "diverged"
	case len(ahead) > 0:
		status = "ahead"
	case len(behind) > 0:
		status = "behind"
	}
	items, files := []object{}, []object{}
	for _, c := range ahead {
		items = append(items, object{"sha": c.SHA, "commit": object{"message": c.Message, "committer": object{"date": stamp(c.At)}}})
		for _, f := range c.files {
			files = append(files, object{
				"filename": f.Filename, "status": f.Status, "additions": f.Additions, "deletions": f.Deletions, "patch": f.Patch,
			})
		}
	}
	out := x.list(items)
	if _, page := x.paging(); page > 1 {
		files = []object{}
	}
	out.body = object{
		"status": status, "ahead_by": len(ahead), "behind_by": len(behind), "total_commits": len(ahead), "commits": out.body,
		"files": files[:min(len(files), 300)],
	}
	return out
}

// pulls lists pull requests, the last created first unless by change.
func (g *GitHub) pulls(x *exchange) reply {
	var found []*subject
	for _, s := range x.repo.subjects {
		if s.pull != nil && x.wanted(g, s) && x.ofHead(s) {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, x.order)
	items := []object{}
	for _, s := range found {
		items = append(items, x.as.pull(s))
	}
	return x.list(items)
}

// ofHead tells whether a pull request comes from the branch that a query asks for as owner:branch, if it asks for one.
func (x *exchange) ofHead(s *subject) bool {
	head := x.query.Get("head")
	return head == "" || strings.EqualFold(head, cmp.Or(s.pull.headOwner, x.repo.Owner.Login)+":"+s.pull.head.Ref)
}

func (g *GitHub) listMilestones(x *exchange) reply {
	items := []object{}
	for _, m := range x.repo.history.milestones {
		if state := x.query.Get("state"); state == "all" || m.State == state || state == "" && m.State == "open" {
			items = append(items, object{"number": m.Number, "title": m.Title, "state": m.State})
		}
	}
	return x.list(items)
}

// ofMilestone tells whether a subject is in the milestone that a query asks for, if it asks for one.
func (x *exchange) ofMilestone(s *subject) bool {
	n, err := strconv.Atoi(x.query.Get("milestone"))
	if err != nil {
		return true
	}
	for _, m := range x.repo.history.milestones {
		if m.Number == n {
			return slices.Contains(m.issues, s.Number)
		}
	}
	return false
}

func (g *GitHub) deploymentStatuses(x *exchange) reply {
	d := x.repo.history.deployment(x.number("id"))
	if d == nil {
		return notFound()
	}
	items := []object{}
	for _, s := range slices.Backward(d.statuses) {
		items = append(items, wireStatus(s))
	}
	return x.list(items)
}
