package hls

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
)

// Event is what a delivery says, read for decisions. Templates see the whole payload, in Body.
type Event struct {
	Name        string // X-GitHub-Event
	Action      string
	DeliveryID  string
	RequestID   string
	ReceivedAt  time.Time
	OccurredAt  time.Time // the object's updated_at; ReceivedAt when it has none, or one to come
	Repo        Repository
	Sender      Account
	Subject     Subject
	Issue       *Issue
	PullRequest *PullRequest
	Reviewer    *Account        // requested_reviewer
	Changed     map[string]bool // what an edit changed: "title", "body", "base"
	Comment     *ReviewComment  // of any kind; one of a conversation has no place in a diff
	Review      *Review
	Run         *WorkflowRun
	Job         *WorkflowJob
	CheckRun    *CheckRun
	Release     *Release
	Deployment  *Deployment
	Status      *DeploymentStatus
	Discussion  *Discussion
	Label       *Label
	Thread      int64  // the first comment of the thread that was resolved or unresolved
	Former      string // the name that a label or a repository had before this event renamed it
	Push        Push   // of a push alone
	Body        []byte // the payload as GitHub sent it
}

// String is the event as settings name it: "issues.opened".
func (e Event) String() string {
	if e.Action == "" {
		return e.Name
	}
	return e.Name + "." + e.Action
}

// DecodeEvent reads the decisive part of a delivery's body. It fails only on bodies whose known members have
// types other than GitHub's ("Webhook events and payloads").
func DecodeEvent(d Delivery) (Event, error) {
	p := payload{Changes: changes{}}
	if err := json.Unmarshal(d.Body, &p); err != nil {
		return Event{}, fmt.Errorf("decode event %s: %w", d.Event, err)
	}
	e := Event{
		Name: d.Event, Action: p.Action, DeliveryID: d.ID, RequestID: d.RequestID,
		ReceivedAt: d.ReceivedAt, OccurredAt: d.ReceivedAt,
		Repo: p.Repository, Sender: p.Sender,
		Reviewer: p.Reviewer, Changed: p.Changes, Body: d.Body,
		Comment: p.Comment.value, Review: p.Review.value, Release: p.Release.value, Deployment: p.Deployment.value,
		Status: p.Status.value, Discussion: p.Discussion.value, Label: p.Label.value,
		Thread: idOf(p.Thread, func(t threadObject) int64 { return t.Comments.ID }),
	}
	if d.Event == "push" {
		e.Push = p.Push
	}
	e.Former = former(d)
	e.takeObjects(p)
	e.Subject = e.subject(p)
	e.Subject.Scope = d.Scope
	return e, nil
}

func (e *Event) takeObjects(p payload) {
	if issue := p.Issue.value; issue != nil {
		e.Issue = &issue.Issue
		e.Issue.Labels = issue.Labels
		e.occurred(e.Issue.UpdatedAt)
	}
	if pull := p.PullRequest.value; pull != nil {
		e.PullRequest = &pull.PullRequest
		e.PullRequest.Labels = pull.Labels
		e.occurred(e.PullRequest.UpdatedAt)
	}
	if run := p.WorkflowRun.value; run != nil {
		e.Run = &run.WorkflowRun
		e.occurred(e.Run.UpdatedAt)
	}
	if job := p.WorkflowJob.value; job != nil {
		e.Job = &job.WorkflowJob
	}
	if check := p.CheckRun.value; check != nil {
		e.CheckRun = &check.CheckRun
	}
}

// occurred takes GitHub's time of the event, which orders the events of a subject. One in the future would outdate
// all that are to come, so the time of receipt stands in for it.
func (e *Event) occurred(at time.Time) {
	if at.Unix() > birth && at.Before(e.ReceivedAt) {
		e.OccurredAt = at
	}
}

// birth is 2008-01-01 in Unix time, before the first event of GitHub.
const birth = 1_199_145_600

// subject names the object that the event is about. An event about no known object is its own subject, so that
// it waits for no other and supersedes none.
func (e *Event) subject(p payload) Subject {
	s := Subject{RepoID: e.Repo.ID, Repo: e.Repo.FullName, Kind: KindOther, Ref: e.Name + "/" + e.DeliveryID}
	switch {
	case e.PullRequest != nil && e.PullRequest.Number > 0:
		return Subject{RepoID: s.RepoID, Repo: s.Repo, Kind: KindPullRequest, Number: e.PullRequest.Number}
	case e.Issue != nil && e.Issue.Number > 0 && e.Issue.PullRequest != nil:
		return Subject{RepoID: s.RepoID, Repo: s.Repo, Kind: KindPullRequest, Number: e.Issue.Number}
	case e.Issue != nil && e.Issue.Number > 0:
		return Subject{RepoID: s.RepoID, Repo: s.Repo, Kind: KindIssue, Number: e.Issue.Number}
	}
	if name, id := e.object(p); id > 0 {
		s.Ref = fmt.Sprintf("%s/%d", name, id)
	}
	return s
}

// object is what an event about neither an issue nor a pull request is about, by GitHub's number of it; 0 for an event
// that is about no lasting thing.
func (e *Event) object(p payload) (name string, id int64) {
	switch e.Name {
	case "workflow_run":
		return e.Name, idOf(p.WorkflowRun, func(r runObject) int64 { return r.ID })
	case "workflow_job":
		return e.Name, idOf(p.WorkflowJob, func(j jobObject) int64 { return j.ID })
	case "check_run":
		return e.Name, idOf(p.CheckRun, func(c checkObject) int64 { return c.ID })
	case "check_suite":
		return e.Name, idOf(p.CheckSuite, func(o object) int64 { return o.ID })
	case "release":
		return e.Name, idOf(p.Release, func(r Release) int64 { return r.ID })
	case "discussion", "discussion_comment":
		return "discussion", idOf(p.Discussion, func(d Discussion) int64 { return d.ID })
	case "deployment", "deployment_status":
		return "deployment", idOf(p.Deployment, func(d Deployment) int64 { return d.ID })
	}
	return "", 0
}

func idOf[T any](o optional[T], id func(T) int64) int64 {
	if o.value == nil {
		return 0
	}
	return id(*o.value)
}
