package simulate

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"hls/internal/hls"
)

// JobSeed describes a job of a run's present attempt. ID 0 takes a new one.
type JobSeed struct {
	ID          int64
	Name        string
	Conclusion  string // by default "failure"
	Steps       []hls.JobStep
	Log         string // as the runner wrote it
	Annotations []hls.Annotation
}

// CheckSeed describes a check run of an App. ID 0 takes a new one.
type CheckSeed struct {
	ID           int64
	Name         string
	App          string // its slug
	SHA          string
	Status       string // by default "completed"
	Conclusion   string // by default "failure"
	Title        string
	Summary      string
	Text         string
	Annotations  []hls.Annotation
	PullRequests []int
}

// actions is what a repository has of jobs and of checks.
type actions struct {
	jobs    []*job
	checks  []*checkRun
	private bool // jobs and logs may not be read
	fetched int  // how often a log was read from the storage
}

type job struct {
	hls.WorkflowJob
	log         string
	annotations []hls.Annotation
}

type checkRun struct {
	CheckSeed
}

// AddJob adds a job to the present attempt of a run.
func (g *GitHub) AddJob(repo string, runID int64, seed JobSeed) hls.WorkflowJob {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.known(repo)
	run := r.run(runID)
	made := &job{log: seed.Log, annotations: seed.Annotations}
	made.ID, made.RunID, made.RunAttempt, made.Name = seed.ID, run.ID, run.RunAttempt, seed.Name
	made.WorkflowName, made.HeadSHA, made.HeadBranch = run.Name, run.HeadSHA, run.HeadBranch
	made.Status, made.Conclusion, made.Steps = completed, cmp.Or(seed.Conclusion, "failure"), seed.Steps
	if made.ID == 0 {
		made.ID = g.id()
	}
	made.StartedAt, made.CompletedAt = g.now(), g.now()
	made.HTMLURL = fmt.Sprintf("%s/job/%d", run.HTMLURL, made.ID)
	r.work.actions.jobs = append(r.work.actions.jobs, made)
	return made.WorkflowJob
}

// AddCheckRun adds a check run of an App.
func (g *GitHub) AddCheckRun(repo string, seed CheckSeed) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if seed.ID == 0 {
		seed.ID = g.id()
	}
	seed.Status = cmp.Or(seed.Status, completed)
	if seed.Status == completed {
		seed.Conclusion = cmp.Or(seed.Conclusion, "failure")
	}
	r := g.known(repo)
	r.work.actions.checks = append(r.work.actions.checks, &checkRun{seed})
	return seed.ID
}

// HideActions makes jobs, logs and annotations unreadable, as for a token without the permissions.
func (g *GitHub) HideActions(repo string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known(repo).work.actions.private = true
}

// LogsFetched is how often a log of the repository was read from the storage.
func (g *GitHub) LogsFetched(repo string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.known(repo).work.actions.fetched
}

// JobPayload is the body of a workflow_job event about a job as it stands.
func (g *GitHub) JobPayload(repo string, id int64, action, sender string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, l := g.known(repo), links{api: apiHost}
	for _, j := range r.work.actions.jobs {
		if j.ID == id {
			return g.payload(r, action, sender, nil, object{"workflow_job": l.job(r, j)})
		}
	}
	panic(fmt.Sprintf("simulate: no job %d in %s", id, repo))
}

// CheckPayload is the body of a check_run event about a check run as it stands.
func (g *GitHub) CheckPayload(repo string, id int64, action, sender string) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	r, l := g.known(repo), links{api: apiHost}
	for _, c := range r.work.actions.checks {
		if c.ID == id {
			return g.payload(r, action, sender, nil, object{"check_run": l.check(r, c)})
		}
	}
	panic(fmt.Sprintf("simulate: no check run %d in %s", id, repo))
}

// actionsRoutes are the endpoints of jobs, of check runs, and of what leads from a run to a pull request and its commits.
func (g *GitHub) actionsRoutes() map[string]endpoint {
	const repo = "/repos/{owner}/{repo}"
	return map[string]endpoint{
		"GET " + repo + "/actions/runs/{run}/attempts/{attempt}/jobs": g.listJobs,
		"GET " + repo + "/actions/jobs/{job}/logs":                    g.jobLog,
		"GET " + repo + "/actions/workflows/{workflow}/runs":          g.workflowRuns,
		"GET " + repo + "/check-runs/{check}":                         g.readCheck,
		"GET " + repo + "/check-runs/{check}/annotations":             g.annotations,
		"GET " + repo + "/pulls/{number}/commits":                     g.pullCommits,
	}
}

func noAccess() reply {
	return failure(http.StatusForbidden, "Resource not accessible by personal access token")
}

func (g *GitHub) listJobs(x *exchange) reply {
	if x.repo.work.actions.private {
		return noAccess()
	}
	items := []object{}
	for _, j := range x.repo.work.actions.jobs {
		if j.RunID == x.number("run") && int64(j.RunAttempt) == x.number("attempt") {
			items = append(items, x.as.job(x.repo, j))
		}
	}
	out := x.list(items)
	out.body = object{"total_count": len(items), "jobs": out.body}
	return out
}

func (x *exchange) job(id int64) *job {
	for _, j := range x.repo.work.actions.jobs {
		if j.ID == id {
			return j
		}
	}
	return nil
}

// storagePath is where the stand-in keeps logs: GitHub has another host for them.
const storagePath = "/_storage/"

// jobLog answers with the address of a log, which is good without a credential.
func (g *GitHub) jobLog(x *exchange) reply {
	j := x.job(x.number("job"))
	switch {
	case j == nil || j.log == "":
		return notFound()
	case x.repo.work.actions.private:
		return noAccess()
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(x.as.api, "http://"), "/")
	at := fmt.Sprintf("http://%s%slogs/%d/%d.txt?sig=simulated", host, storagePath, x.repo.ID, j.ID)
	return reply{status: http.StatusFound, header: http.Header{"Location": {at}}}
}

// serveStorage serves logs, and nothing to whoever shows a credential: that would be one given away.
func (g *GitHub) serveStorage(w http.ResponseWriter, r *http.Request) {
	text, status := g.stored(r)
	w.Header().Set(Mark, "hls")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

func (g *GitHub) stored(r *http.Request) (text string, status int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	repo, job, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, storagePath+"logs/"), ".txt"), "/")
	repoID, _ := strconv.ParseInt(repo, 10, 64)
	jobID, _ := strconv.ParseInt(job, 10, 64)
	known := g.repoByID(repoID)
	if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" || r.URL.Query().Get("sig") != "simulated" {
		return "AuthenticationFailed", http.StatusForbidden
	}
	if known != nil {
		for _, j := range known.work.actions.jobs {
			if j.ID == jobID {
				known.work.actions.fetched++
				return j.log, http.StatusOK
			}
		}
	}
	return "BlobNotFound", http.StatusNotFound
}

func (g *GitHub) workflowRuns(x *exchange) reply {
	items := []object{}
	for _, r := range x.repo.work.runs {
		branch, status := x.query.Get("branch"), x.query.Get("status")
		if r.WorkflowID == x.number("workflow") && (branch == "" || branch == r.HeadBranch) && (status == "" || status == r.Status || status == r.Conclusion) {
			items = append([]object{x.as.run(x.repo, r, r.WorkflowRun)}, items...)
		}
	}
	out := x.list(items)
	out.body = object{"total_count": len(items), "workflow_runs": out.body}
	return out
}

func (x *exchange) check() *checkRun {
	for _, c := range x.repo.work.actions.checks {
		if c.ID == x.number("check") {
			return c
		}
	}
	return nil
}

func (g *GitHub) readCheck(x *exchange) reply {
	c := x.check()
	if c == nil {
		return notFound()
	}
	return reply{status: http.StatusOK, body: x.as.check(x.repo, c)}
}

// annotations are those of an App's check run, or of a job's, which has the job's number.
func (g *GitHub) annotations(x *exchange) reply {
	var all []hls.Annotation
	if c := x.check(); c != nil {
		all = c.Annotations
	} else if j := x.job(x.number("check")); j != nil {
		all = j.annotations
	} else {
		return notFound()
	}
	if x.repo.work.actions.private {
		return noAccess()
	}
	items := []object{}
	for _, a := range all {
		items = append(items, object{
			"path": a.Path, "start_line": a.Line, "end_line": a.Line, "annotation_level": cmp.Or(a.Level, "failure"),
			"title": orNull(a.Title), "message": a.Message, "raw_details": nil, "start_column": nil, "end_column": nil,
		})
	}
	return x.list(items)
}

func (g *GitHub) pullCommits(x *exchange) reply {
	s, out, ok := g.of(x)
	if !ok {
		return out
	}
	items := []object{}
	for i, sha := range s.pull.heads {
		message := s.Title
		if i > 0 {
			message = fmt.Sprintf("%s, part %d", s.Title, i+1)
		}
		items = append(items, x.as.commit(x.repo, sha, message, s.User))
	}
	return x.list(items)
}
