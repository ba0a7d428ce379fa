package hls

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// payload is the part of a body that decisions rest on. Names are matched exactly, and duplicates are refused:
// see encoding/json, which folds case and takes the last. No member is kept whose size GitHub does not bound.
type payload struct {
	Action      string                     `json:"action"`
	Repository  Repository                 `json:"repository"`
	Sender      Account                    `json:"sender"`
	Issue       optional[issueObject]      `json:"issue"`
	PullRequest optional[pullObject]       `json:"pull_request"`
	Reviewer    *Account                   `json:"requested_reviewer"`
	Changes     changes                    `json:"changes"`
	Comment     optional[ReviewComment]    `json:"comment"`
	Review      optional[Review]           `json:"review"`
	WorkflowRun optional[runObject]        `json:"workflow_run"`
	WorkflowJob optional[jobObject]        `json:"workflow_job"`
	CheckRun    optional[checkObject]      `json:"check_run"`
	CheckSuite  optional[object]           `json:"check_suite"`
	Release     optional[Release]          `json:"release"`
	Discussion  optional[Discussion]       `json:"discussion"`
	Deployment  optional[Deployment]       `json:"deployment"`
	Status      optional[DeploymentStatus] `json:"deployment_status"`
	Label       optional[Label]            `json:"label"`
	Thread      optional[threadObject]     `json:"thread"`
	Push
}

type object struct {
	ID int64 `json:"id"`
}

type issueObject struct {
	Issue
	Labels labels `json:"labels"`
}

type pullObject struct {
	PullRequest
	Labels labels `json:"labels"`
}

// What a run, a job or a check lists is read of GitHub when it is needed.
type (
	runObject struct {
		WorkflowRun
		PullRequests skipped `json:"pull_requests"`
	}
	jobObject struct {
		WorkflowJob
		Steps skipped `json:"steps"`
	}
	checkObject struct {
		CheckRun
		PullRequests skipped `json:"pull_requests"`
	}
)

// threadObject is a thread of comments on a line. It is known by its first comment, as replies to it are.
type threadObject struct {
	Comments first `json:"comments"`
}

// first reads the first object of a list, and passes over the others.
type first struct{ object }

// UnmarshalJSONFrom reads the next value.
func (f *first) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '[' {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	if d.PeekKind() == '{' {
		if err := json.UnmarshalDecode(d, &f.object); err != nil {
			return err
		}
	}
	for d.PeekKind() != ']' {
		if err := d.SkipValue(); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// skipped passes over a value of any kind.
type skipped struct{}

// UnmarshalJSONFrom passes over the next value.
func (*skipped) UnmarshalJSONFrom(d *jsontext.Decoder) error { return d.SkipValue() }

// optional reads an object, and passes over a value of any other kind: some events have a URL in an object's place.
type optional[T any] struct{ value *T }

// UnmarshalJSONFrom reads the next value.
func (o *optional[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return d.SkipValue()
	}
	o.value = new(T)
	return json.UnmarshalDecode(d, o.value)
}

// The most that one event has of each, with room above what GitHub allows: 100 labels, and fewer than ten changes.
const (
	mostLabels  = 1000
	mostChanges = 1000
)

// labels ends the reading of a list that is longer than any of GitHub's, before it takes memory.
type labels []Label

// UnmarshalJSONFrom reads the next value.
func (l *labels) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '[' {
		return json.UnmarshalDecode(d, (*[]Label)(l))
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		if len(*l) == mostLabels {
			return fmt.Errorf("more than %d labels", mostLabels)
		}
		var one Label
		if err := json.UnmarshalDecode(d, &one); err != nil {
			return err
		}
		*l = append(*l, one)
	}
	_, err := d.ReadToken()
	return err
}

// changes are the names of what an edit changed; the former values are passed over.
type changes map[string]bool

// UnmarshalJSONFrom reads the next value.
func (c *changes) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return json.UnmarshalDecode(d, new(map[string]bool))
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		if len(*c) == mostChanges {
			return fmt.Errorf("more than %d changes", mostChanges)
		}
		(*c)[name.String()] = true
		if err := d.SkipValue(); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}
