package hls

import (
	"strconv"
	"strings"
	"time"
)

// Account is a GitHub user, organization or bot. Type is GitHub's: "User", "Organization", "Bot", "Mannequin".
type Account struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Type  string `json:"type"`
}

// Same tells whether both are the same account. Identity is the numeric id: logins are renamed and reused, and
// anyone may register a name that looks like a bot's. An unknown account (id 0) is the same as no other.
func (a Account) Same(b Account) bool { return a.ID != 0 && a.ID == b.ID }

// Repository is what HLS needs to know of one.
type Repository struct {
	ID            int64   `json:"id"`
	Name          string  `json:"name"`
	FullName      string  `json:"full_name"`
	Owner         Account `json:"owner"`
	Private       bool    `json:"private"`
	Archived      bool    `json:"archived"`
	DefaultBranch string  `json:"default_branch"`
}

// Label is a repository's label. Color is six hexadecimal digits without '#'.
type Label struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Color       string `json:"color,omitempty"`
}

// LabelEvent is one entry of a subject's history: Actor added or removed Label.
type LabelEvent struct {
	Label string    `json:"label"`
	Added bool      `json:"added"`
	Actor Account   `json:"actor"`
	At    time.Time `json:"at"`
}

// Issue is an issue as GitHub's REST API has it. PullRequest is set when the number is a pull request's.
type Issue struct {
	ID                int64     `json:"id"`
	Number            int       `json:"number"`
	Title             string    `json:"title"`
	Body              string    `json:"body"`
	State             string    `json:"state"`
	StateReason       string    `json:"state_reason"`
	Locked            bool      `json:"locked"`
	User              Account   `json:"user"`
	Labels            []Label   `json:"labels"`
	AuthorAssociation string    `json:"author_association"`
	HTMLURL           string    `json:"html_url"`
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
	PullRequest       *struct{} `json:"pull_request,omitempty"`
	ClosedBy          *Account  `json:"closed_by,omitempty"`
}

// Branch is one end of a pull request.
type Branch struct {
	Ref string `json:"ref"`
	SHA string `json:"sha"`
}

// PullRequest is a pull request as GitHub's REST API has it.
type PullRequest struct {
	ID                int64     `json:"id"`
	Number            int       `json:"number"`
	Title             string    `json:"title"`
	Body              string    `json:"body"`
	State             string    `json:"state"`
	Draft             bool      `json:"draft"`
	Merged            bool      `json:"merged"`
	Locked            bool      `json:"locked"`
	User              Account   `json:"user"`
	Labels            []Label   `json:"labels"`
	Head              Branch    `json:"head"`
	Base              Branch    `json:"base"`
	Additions         int       `json:"additions"`
	Deletions         int       `json:"deletions"`
	ChangedFiles      int       `json:"changed_files"`
	AuthorAssociation string    `json:"author_association"`
	HTMLURL           string    `json:"html_url"`
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
}

// Comment is a comment on an issue or on a pull request's conversation.
type Comment struct {
	ID                int64     `json:"id"`
	User              Account   `json:"user"`
	Body              string    `json:"body"`
	AuthorAssociation string    `json:"author_association"`
	HTMLURL           string    `json:"html_url"`
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
	App               *struct{} `json:"performed_via_github_app,omitempty"` // that wrote it in the name of User
}

// Marked begins the hidden markers that HLS signs. Whether one is signed is checked before anything is written.
const Marked = "<!-- hls:v1 "

// PostedBy tells whether HLS posted the comment, acting as an account: people may share it.
func (c Comment) PostedBy(self Account) bool {
	return self.Same(c.User) && strings.Contains(c.Body, Marked)
}

// Review is a submitted review of a pull request.
type Review struct {
	ID       int64   `json:"id"`
	NodeID   string  `json:"node_id"`
	User     Account `json:"user"`
	Body     string  `json:"body"`
	State    string  `json:"state"`
	CommitID string  `json:"commit_id"`
	HTMLURL  string  `json:"html_url"`
}

// File is one changed file of a pull request. Patch is a unified diff without its header, empty for binary files
// and for those that GitHub finds too large.
type File struct {
	Filename         string `json:"filename"`
	PreviousFilename string `json:"previous_filename,omitempty"`
	Status           string `json:"status"`
	Additions        int    `json:"additions"`
	Deletions        int    `json:"deletions"`
	Patch            string `json:"patch,omitempty"`
}

// Checks is the state of continuous integration at one commit. State is "success", "failure", "pending" or ""
// when there is none.
type Checks struct {
	State  string   `json:"state"`
	Failed []string `json:"failed,omitempty"`
}

// ReviewComment is a comment on a line of a pull request: a remark of a review, or a reply to one. GitHub wraps a reply
// in a review of its own, without a text.
type ReviewComment struct {
	ID                int64     `json:"id"`
	NodeID            string    `json:"node_id"`
	ReviewID          int64     `json:"pull_request_review_id"`
	InReplyTo         int64     `json:"in_reply_to_id,omitempty"` // the first comment of the thread
	User              Account   `json:"user"`
	Body              string    `json:"body"`
	Path              string    `json:"path"`
	Line              int       `json:"line"` // the last line; 0 once the line is gone from the diff
	StartLine         int       `json:"start_line,omitempty"`
	OriginalLine      int       `json:"original_line"`
	Side              string    `json:"side"`
	CommitID          string    `json:"commit_id"`
	OriginalCommitID  string    `json:"original_commit_id"`
	AuthorAssociation string    `json:"author_association"`
	HTMLURL           string    `json:"html_url"`
	PullRequestURL    string    `json:"pull_request_url"`
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
	App               *struct{} `json:"performed_via_github_app,omitempty"` // that wrote it in the name of User; told of a conversation's alone
}

// On tells whether the comment is a pull request's.
func (c ReviewComment) On(s Subject) bool {
	return s.Number > 0 && strings.HasSuffix(c.PullRequestURL, "/pulls/"+strconv.Itoa(s.Number))
}

// WorkflowRun is a run of GitHub Actions. RunAttempt counts how often it was run.
type WorkflowRun struct {
	ID           int64     `json:"id"`
	Name         string    `json:"name"`
	WorkflowID   int64     `json:"workflow_id"`
	RunNumber    int       `json:"run_number"`
	RunAttempt   int       `json:"run_attempt"`
	Event        string    `json:"event"`
	Status       string    `json:"status"`     // "queued", "in_progress", "completed", …
	Conclusion   string    `json:"conclusion"` // "" until it is completed
	HeadBranch   string    `json:"head_branch"`
	HeadSHA      string    `json:"head_sha"`
	HTMLURL      string    `json:"html_url"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
	PullRequests []struct {
		Number int `json:"number"`
	} `json:"pull_requests"` // none for a fork's
	HeadRepository *struct {
		ID    int64   `json:"id"`
		Owner Account `json:"owner"`
	} `json:"head_repository"` // null once the fork is deleted
}

// WorkflowJob is a job of a run of GitHub Actions.
type WorkflowJob struct {
	ID           int64     `json:"id"`
	RunID        int64     `json:"run_id"`
	RunAttempt   int       `json:"run_attempt"`
	Name         string    `json:"name"`
	WorkflowName string    `json:"workflow_name"`
	HeadSHA      string    `json:"head_sha"`
	HeadBranch   string    `json:"head_branch"`
	Status       string    `json:"status"`
	Conclusion   string    `json:"conclusion"`
	HTMLURL      string    `json:"html_url"`
	Steps        []JobStep `json:"steps"`
	StartedAt    time.Time `json:"started_at"`
	CompletedAt  time.Time `json:"completed_at"`
}

// Annotation is what a check says about a line of a file. Level is "notice", "warning" or "failure".
type Annotation struct {
	Path    string `json:"path"`
	Line    int    `json:"start_line"`
	Level   string `json:"annotation_level"`
	Title   string `json:"title"`
	Message string `json:"message"`
}

// JobStep is one step of a job. Number counts from 1.
type JobStep struct {
	Name       string `json:"name"`
	Number     int    `json:"number"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
}

// CheckRun is what an App says of a commit; GitHub Actions makes one for each job.
type CheckRun struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	HeadSHA    string `json:"head_sha"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
	HTMLURL    string `json:"html_url"`
	Output     struct {
		Title            string `json:"title"`
		Summary          string `json:"summary"`
		Text             string `json:"text"`
		AnnotationsCount int    `json:"annotations_count"`
	} `json:"output"`
	App struct {
		ID   int64  `json:"id"`
		Slug string `json:"slug"`
	} `json:"app"`
	PullRequests []struct {
		Number int `json:"number"`
	} `json:"pull_requests"`
}

// Deployment is one of a commit to an environment.
type Deployment struct {
	ID          int64     `json:"id"`
	SHA         string    `json:"sha"`
	Ref         string    `json:"ref"`
	Task        string    `json:"task"`
	Environment string    `json:"environment"`
	Creator     Account   `json:"creator"`
	CreatedAt   time.Time `json:"created_at"`
}

// DeploymentStatus is how far a deployment has come. State is "success", "failure", "error", "in_progress", …
type DeploymentStatus struct {
	ID          int64     `json:"id"`
	State       string    `json:"state"`
	Description string    `json:"description"`
	Environment string    `json:"environment"`
	CreatedAt   time.Time `json:"created_at"`
}

// Discussion is a thread of the repository's discussions. Its number is of the sequence of issues and pull requests.
type Discussion struct {
	ID       int64   `json:"id"`
	Number   int     `json:"number"`
	Title    string  `json:"title"`
	Body     string  `json:"body"`
	State    string  `json:"state"`
	Locked   bool    `json:"locked"`
	User     Account `json:"user"`
	Category struct {
		Name string `json:"name"`
		Slug string `json:"slug"`
	} `json:"category"`
	AuthorAssociation string    `json:"author_association"`
	HTMLURL           string    `json:"html_url"`
	CreatedAt         time.Time `json:"created_at"`
	UpdatedAt         time.Time `json:"updated_at"`
}

// Push is a move of a branch or a tag. Before and After are all zeros where it is created or deleted.
type Push struct {
	Ref     string `json:"ref"` // refs/heads/main
	Before  string `json:"before"`
	After   string `json:"after"`
	Created bool   `json:"created"`
	Deleted bool   `json:"deleted"`
	Forced  bool   `json:"forced"`
}

// Branch is the branch that a push moved, "" for a tag.
func (p Push) Branch() string {
	name, ok := strings.CutPrefix(p.Ref, "refs/heads/")
	if !ok {
		return ""
	}
	return name
}

// Release is a release of a repository.
type Release struct {
	ID          int64     `json:"id"`
	TagName     string    `json:"tag_name"`
	Target      string    `json:"target_commitish"`
	Name        string    `json:"name"`
	Body        string    `json:"body"`
	Draft       bool      `json:"draft"`
	Prerelease  bool      `json:"prerelease"`
	Author      Account   `json:"author"`
	HTMLURL     string    `json:"html_url"`
	CreatedAt   time.Time `json:"created_at"`
	PublishedAt time.Time `json:"published_at"`
}
