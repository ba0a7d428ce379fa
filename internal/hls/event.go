package hls

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Event is what a delivery says, read for decisions. Templates see the whole payload, in Body.
type Event struct {
	Name         string // X-GitHub-Event
	Action       string
	DeliveryID   string
	RequestID    string
	ReceivedAt   time.Time
	OccurredAt   time.Time // the object's updated_at; ReceivedAt when it has none, or one to come
	Repo         Repository
	Sender       Account
	Installation int64
	Subject      Subject
	Issue        *Issue
	PullRequest  *PullRequest
	Reviewer     *Account        // requested_reviewer
	Changed      map[string]bool // what an edit changed: "title", "body", "base"
	Body         []byte          // the payload as GitHub sent it
}

// String is the event as settings name it: "issues.opened".
func (e Event) String() string {
	if e.Action == "" {
		return e.Name
	}
	return e.Name + "." + e.Action
}

// payload is the part of a body that decisions rest on. Names are matched exactly, and duplicates are refused:
// see encoding/json, which folds case and takes the last.
type payload struct {
	Action       string     `json:"action"`
	Repository   Repository `json:"repository"`
	Sender       Account    `json:"sender"`
	Installation struct {
		ID int64 `json:"id"`
	} `json:"installation"`
	Issue       jsontext.Value            `json:"issue"`
	PullRequest jsontext.Value            `json:"pull_request"`
	Reviewer    *Account                  `json:"requested_reviewer"`
	Changes     map[string]jsontext.Value `json:"changes"`
	WorkflowRun object                    `json:"workflow_run"`
	WorkflowJob object                    `json:"workflow_job"`
	CheckRun    object                    `json:"check_run"`
	CheckSuite  object                    `json:"check_suite"`
	Release     object                    `json:"release"`
	Discussion  object                    `json:"discussion"`
	Deployment  object                    `json:"deployment"`
}

type object struct {
	ID int64 `json:"id"`
}

// DecodeEvent reads the decisive part of a delivery's body. It fails only on bodies whose known members have
// types other than GitHub's ("Webhook events and payloads").
func DecodeEvent(d Delivery) (Event, error) {
	var p payload
	if err := json.Unmarshal(d.Body, &p); err != nil {
		return Event{}, fmt.Errorf("decode event %s: %w", d.Event, err)
	}
	e := Event{
		Name: d.Event, Action: p.Action, DeliveryID: d.ID, RequestID: d.RequestID,
		ReceivedAt: d.ReceivedAt, OccurredAt: d.ReceivedAt,
		Repo: p.Repository, Sender: p.Sender, Installation: p.Installation.ID,
		Reviewer: p.Reviewer, Changed: map[string]bool{}, Body: d.Body,
	}
	for name := range p.Changes {
		e.Changed[name] = true
	}
	if err := e.decodeObjects(p); err != nil {
		return Event{}, fmt.Errorf("decode event %s: %w", d.Event, err)
	}
	e.Subject = e.subject(p)
	e.Subject.Scope = d.Scope
	return e, nil
}

func (e *Event) decodeObjects(p payload) error {
	if isObject(p.Issue) {
		e.Issue = new(Issue)
		if err := json.Unmarshal(p.Issue, e.Issue); err != nil {
			return err
		}
		e.occurred(e.Issue.UpdatedAt)
	}
	if isObject(p.PullRequest) {
		e.PullRequest = new(PullRequest)
		if err := json.Unmarshal(p.PullRequest, e.PullRequest); err != nil {
			return err
		}
		e.occurred(e.PullRequest.UpdatedAt)
	}
	return nil
}

// occurred takes GitHub's time of the event, which orders the events of a subject. One in the future would outdate
// all that are to come, so the time of receipt stands in for it.
func (e *Event) occurred(at time.Time) {
	if at.After(birth) && at.Before(e.ReceivedAt) {
		e.OccurredAt = at
	}
}

// birth is before the first event of GitHub.
var birth = time.Date(2008, 1, 1, 0, 0, 0, 0, time.UTC)

func isObject(v jsontext.Value) bool { return v.Kind() == '{' }

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
	for _, o := range []struct {
		name string
		id   int64
	}{
		{"workflow_run", p.WorkflowRun.ID}, {"workflow_job", p.WorkflowJob.ID}, {"check_run", p.CheckRun.ID},
		{"check_suite", p.CheckSuite.ID}, {"release", p.Release.ID}, {"discussion", p.Discussion.ID},
		{"deployment", p.Deployment.ID},
	} {
		if o.name == e.Name && o.id != 0 {
			s.Ref = fmt.Sprintf("%s/%d", o.name, o.id)
		}
	}
	return s
}
