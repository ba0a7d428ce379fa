package simulate

import (
	"fmt"
	"hash/crc32"
	"net/http"
	"time"

	"hls/internal/hls"
)

// RunSeed describes a run of a workflow to add. ID 0 takes a new one.
type RunSeed struct {
	ID           int64
	Name         string // of the workflow
	Event        string // by default "push"
	Branch       string
	SHA          string
	Status       string // by default "completed"
	Conclusion   string // by default "failure"
	PullRequests []int  // none for a fork's
	HeadOwner    string // login of a fork's owner; by default the repository's
}

type run struct {
	hls.WorkflowRun
	numbers []int
	owner   string    // of the head's repository
	started time.Time // when a fault lets the last attempt be seen
}

// AddRun adds a run of a workflow, at its first attempt.
func (g *GitHub) AddRun(repo string, seed RunSeed) hls.WorkflowRun {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(repo)
	made := &run{numbers: seed.PullRequests, owner: seed.HeadOwner}
	made.ID, made.Name, made.Event, made.HeadBranch, made.HeadSHA = seed.ID, seed.Name, seed.Event, seed.Branch, seed.SHA
	made.Status, made.Conclusion, made.RunAttempt, made.RunNumber = seed.Status, seed.Conclusion, 1, len(r.work.runs)+1
	if made.ID == 0 {
		made.ID = g.id()
	}
	if made.Event == "" {
		made.Event = "push"
	}
	if made.Status == "" {
		made.Status = completed
	}
	if made.Status == completed && made.Conclusion == "" {
		made.Conclusion = "failure"
	}
	made.WorkflowID = 40_000 + int64(crc32.ChecksumIEEE([]byte(made.Name)))
	made.CreatedAt, made.UpdatedAt = g.now(), g.now()
	made.HTMLURL = fmt.Sprintf("%s/%s/actions/runs/%d", htmlHost, r.FullName, made.ID)
	r.work.runs = append(r.work.runs, made)
	return made.WorkflowRun
}

const completed = "completed"

// EndRun ends the present attempt of a run.
func (g *GitHub) EndRun(repo string, id int64, conclusion string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(repo).run(id)
	r.Status, r.Conclusion, r.UpdatedAt = completed, conclusion, g.now()
}

// StartAgain begins the next attempt of a run, as a person does.
func (g *GitHub) StartAgain(repo string, id int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(repo).run(id)
	r.RunAttempt++
	r.Status, r.Conclusion, r.UpdatedAt = "in_progress", "", g.now()
}

// Run returns a run as it stands.
func (g *GitHub) Run(repo string, id int64) hls.WorkflowRun {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.known(repo).run(id).WorkflowRun
}

// RunPayload is the body of a workflow_run event about a run as it stands.
func (g *GitHub) RunPayload(repo string, id int64, action, sender string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, l := g.known(repo), links{api: apiHost}
	run := r.run(id)
	return g.payload(r, action, sender, nil, object{
		"workflow_run": l.run(r, run, run.WorkflowRun), "workflow": object{"id": run.WorkflowID, "name": run.Name},
	})
}

// run finds a run; naming one that was never added is a mistake of the caller, and panics.
func (r *repository) run(id int64) *run {
	for _, run := range r.work.runs {
		if run.ID == id {
			return run
		}
	}
	panic(fmt.Sprintf("simulate: no run %d in %s", id, r.FullName))
}

func (x *exchange) run() *run {
	for _, r := range x.repo.work.runs {
		if r.ID == x.number("run") {
			return r
		}
	}
	return nil
}

// seen is a run as it is told of: a fault may keep its last attempt back.
func (g *GitHub) seen(r *run) hls.WorkflowRun {
	shown := r.WorkflowRun
	if !g.visible(r.started) {
		shown.RunAttempt, shown.Status, shown.Conclusion = r.RunAttempt-1, completed, "failure"
	}
	return shown
}

func (g *GitHub) listRuns(x *exchange) reply {
	items := []object{}
	for _, r := range x.repo.work.runs {
		head, status := x.query.Get("head_sha"), x.query.Get("status")
		now := g.seen(r)
		if (head == "" || head == r.HeadSHA) && (status == "" || status == now.Status || status == now.Conclusion) {
			items = append([]object{x.as.run(x.repo, r, now)}, items...)
		}
	}
	out := x.list(items)
	out.body = object{"total_count": len(items), "workflow_runs": out.body}
	return out
}

func (g *GitHub) readRun(x *exchange) reply {
	r := x.run()
	if r == nil {
		return notFound()
	}
	return reply{status: http.StatusOK, body: x.as.run(x.repo, r, g.seen(r))}
}

// rerunFailedJobs starts the next attempt of a run that has ended badly.
func (g *GitHub) rerunFailedJobs(x *exchange) reply {
	r := x.run()
	switch {
	case r == nil:
		return notFound()
	case !x.mayWrite():
		return forbidden()
	case r.Status != completed:
		return failure(http.StatusForbidden, "This workflow is already running")
	case r.Conclusion == "success":
		return failure(http.StatusForbidden, "The workflow run cannot be retried, it has no failed jobs")
	}
	r.RunAttempt++
	r.Status, r.Conclusion, r.UpdatedAt, r.started = "queued", "", g.now(), g.shown(x)
	g.didToRepo(x.repo, Deed{Kind: Rerun, Actor: x.actor, ID: r.ID, Commit: r.HeadSHA})
	return reply{status: http.StatusCreated, body: object{}, effect: true}
}

func (l links) run(r *repository, of *run, now hls.WorkflowRun) object {
	at := fmt.Sprintf("%s/repos/%s/actions/runs/%d", l.api, r.FullName, of.ID)
	pulls := []object{}
	for _, n := range of.numbers {
		pulls = append(pulls, object{"number": n, "url": fmt.Sprintf("%s/repos/%s/pulls/%d", l.api, r.FullName, n)})
	}
	return object{
		"id": of.ID, "node_id": node("WFR", of.ID), "name": now.Name, "head_branch": now.HeadBranch, "head_sha": now.HeadSHA,
		"run_number": now.RunNumber, "run_attempt": now.RunAttempt, "event": now.Event, "status": now.Status,
		"conclusion": orNull(now.Conclusion), "workflow_id": now.WorkflowID, "url": at, "html_url": of.HTMLURL,
		"pull_requests": pulls, "created_at": stamp(now.CreatedAt), "updated_at": stamp(now.UpdatedAt),
		"run_started_at": stamp(now.UpdatedAt), "jobs_url": at + "/jobs", "logs_url": at + "/logs",
		"rerun_url": at + "/rerun", "path": ".github/workflows/ci.yml", "display_title": now.Name,
		"actor": l.user(r.Owner), "triggering_actor": l.user(r.Owner), "head_repository": l.headRepository(r, of.owner),
	}
}
