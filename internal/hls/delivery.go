package hls

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// Delivery is one webhook as GitHub sent it. It is written once and never changed.
type Delivery struct {
	ID         string            // X-GitHub-Delivery: names the event; hooks of a repository, an organization and an App share it
	RequestID  string            // ours, in every log line and answer
	HookID     string            // X-GitHub-Hook-ID, "" when absent
	Event      string            // X-GitHub-Event
	Action     string            // the body's action, "" when it has none
	Repo       string            // owner/name as the body has it, "" when it has none
	RepoID     int64             // GitHub's number, which survives renames
	Scope      string            // the entry of the settings whose own secret proved the body; "" when the secret of all did
	Sender     string            // the login of who caused the event
	Headers    map[string]string // allowed ones only
	Body       []byte            // the JSON payload, byte for byte
	Hash       [sha256.Size]byte // of Body
	ReceivedAt time.Time
	Ignored    string // of a stored one: the rule that it was passed over for, "" once it was accepted
}

// Class is what became of a request at the door. Every request ends in exactly one.
type Class string

// The classes of requests. Only Accepted, Duplicate, Ignored and Pong are answered with a 2xx.
const (
	Accepted  Class = "accepted"
	Duplicate Class = "duplicate"
	Ignored   Class = "ignored"
	Pong      Class = "pong"
	Rejected  Class = "rejected" // refused for good, with a reason
	Conflict  Class = "conflict" // the same id with another body from the same hook: a possible forgery
	Deferred  Class = "deferred" // 503: GitHub shows it as failed, and it can be redelivered
)

// Receipt says what the record did with a delivery.
type Receipt struct {
	Class  Class
	Reason string // the rule's name when Ignored; "delivery_id", "body" or "alias" when Duplicate
	TaskID int64  // the work, when Accepted
}

// Kind is what a subject is.
type Kind string

// The kinds of subjects. Issues and pull requests share one sequence of numbers in a repository.
const (
	KindIssue       Kind = "issue"
	KindPullRequest Kind = "pull_request"
	KindOther       Kind = "other"
)

// Subject is the one object that a task is about and that its effects may touch.
type Subject struct {
	Scope  string // of the delivery: what one repository's secret proves says nothing about another's subjects
	RepoID int64
	Repo   string // owner/name, for URLs and for people
	Kind   Kind
	Number int    // of an issue or pull request
	Ref    string // names a subject of KindOther within its repository
}

// Key identifies the subject, across renames of its repository unless a secret of its own ties it to its name. Work on
// one key never runs twice at a time.
func (s Subject) Key() string {
	scope := ""
	if s.Scope != "" {
		scope = s.Scope + ":"
	}
	if s.Kind == KindOther {
		return fmt.Sprintf("%s%d/%s", scope, s.RepoID, s.Ref)
	}
	return fmt.Sprintf("%s%d#%d", scope, s.RepoID, s.Number)
}

// Beside tells whether both are of one repository, and proved by one secret: what one of them causes may reach the
// other.
func (s Subject) Beside(o Subject) bool {
	return s.RepoID != 0 && s.RepoID == o.RepoID && s.Scope == o.Scope
}

// Cause is the subject of issues about one thing that goes wrong, whatever events tell of it. Fingerprint names the
// thing in hexadecimal digits, 8 to 64 of them.
func (s Subject) Cause(fingerprint string) Subject {
	return Subject{Scope: s.Scope, RepoID: s.RepoID, Repo: s.Repo, Kind: KindOther, Ref: "cause/" + fingerprint}
}

// String is the subject as people write it: owner/name#42.
func (s Subject) String() string {
	if s.Kind == KindOther {
		return s.Repo + "/" + s.Ref
	}
	return fmt.Sprintf("%s#%d", s.Repo, s.Number)
}
