// Package backtest holds what triage would have made of past issues against what maintainers made of them: it takes closed
// issues back to their opening, tells what people decided until they closed them, counts where the two agree, and proposes
// what to let HLS do by itself. It asks nobody but for the history itself.
package backtest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"hls/internal/hls"
)

// History is what is recorded of a repository's issues.
type History struct {
	Repository json.RawMessage // as GitHub's API has it
	Labels     []hls.Label     // the repository's
	Self       hls.Account     // the account that HLS acts as there; the zero Account while it is not known
	FetchedAt  time.Time
	Issues     []*Record // the newest first

	has map[int]bool // their numbers
}

// Record is one issue: with its timeline it can be taken back to its opening, without one it is a candidate for duplicates
// alone.
type Record struct {
	Raw         json.RawMessage // as GitHub's API has it now
	Timeline    []Event         // oldest first; nil for a candidate
	OpeningBody *string         // the text that it was opened with, where it was edited and GitHub tells it

	issue wireIssue
	words wordsOf
}

// wireIssue is an issue as GitHub's API has it, with what hls.Issue leaves out.
type wireIssue struct {
	hls.Issue
	ClosedAt time.Time `json:"closed_at"`
}

// Event is one entry of an issue's timeline, as far as it is of use ("Issue event types").
type Event struct {
	Event       string       `json:"event"`
	Actor       *hls.Account `json:"actor,omitempty"`
	At          time.Time    `json:"created_at"`
	Label       *eventLabel  `json:"label,omitempty"`
	Rename      *rename      `json:"rename,omitempty"`
	StateReason string       `json:"state_reason,omitempty"` // of closed
	User        *hls.Account `json:"user,omitempty"`         // of commented, as the next two
	Association string       `json:"author_association,omitempty"`
	Body        string       `json:"body,omitempty"`
}

type eventLabel struct {
	Name string `json:"name"`
}

type rename struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// kept are the events that are recorded.
var kept = map[string]bool{
	"labeled": true, "unlabeled": true, "renamed": true, "closed": true, "reopened": true, "commented": true,
	"marked_as_duplicate": true, "unmarked_as_duplicate": true,
}

// header is the first line of a recorded history, and line each of those that follow.
type (
	header struct {
		Repository json.RawMessage `json:"repository"`
		Labels     []hls.Label     `json:"labels"`
		Self       hls.Account     `json:"self"`
		FetchedAt  time.Time       `json:"fetched_at"`
	}
	line struct {
		Issue       json.RawMessage `json:"issue"`
		Timeline    []Event         `json:"timeline"`
		OpeningBody *string         `json:"opening_body,omitempty"`
	}
)

// Write records a history as JSON lines.
func (h *History) Write(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	if err := out.Encode(header{h.Repository, h.Labels, h.Self, h.FetchedAt}); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	for _, r := range h.Issues {
		if err := out.Encode(line{r.Raw, r.Timeline, r.OpeningBody}); err != nil {
			return fmt.Errorf("write history: issue #%d: %w", r.issue.Number, err)
		}
	}
	return nil
}

// mostLine bounds a line of a recorded history: an issue has at most 2,500 comments.
const mostLine = 64 << 20

// ErrHistory marks a recorded history that cannot be read.
var ErrHistory = errors.New("the recorded history cannot be used")

// Read reads a recorded history.
func Read(r io.Reader) (*History, error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, mostLine)
	h := &History{}
	for n := 1; in.Scan(); n++ {
		if strings.TrimSpace(in.Text()) == "" {
			continue
		}
		var err error
		if h.Repository == nil {
			err = h.readHeader(in.Bytes())
		} else {
			err = h.readLine(in.Bytes())
		}
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrHistory, n, err)
		}
	}
	switch err := in.Err(); {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrHistory, err)
	case h.Repository == nil:
		return nil, fmt.Errorf("%w: it is empty", ErrHistory)
	}
	return h, nil
}

func (h *History) readHeader(text []byte) error {
	var first header
	if err := json.Unmarshal(text, &first); err != nil {
		return err
	}
	h.Repository, h.Labels, h.Self, h.FetchedAt = first.Repository, first.Labels, first.Self, first.FetchedAt
	repo, err := h.Repo()
	if err == nil && repo.FullName == "" {
		err = errors.New("the first line names no repository")
	}
	return err
}

func (h *History) readLine(text []byte) error {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return err
	}
	r, err := newRecord(l.Issue, l.Timeline)
	if err == nil {
		r.OpeningBody = l.OpeningBody
		h.add(r)
	}
	return err
}

// add takes in an issue, and tells whether it is a new one. A list of GitHub's has one twice where another is opened while its
// pages are read.
func (h *History) add(r *Record) bool {
	if h.has[r.issue.Number] {
		return false
	}
	if h.has == nil {
		h.has = map[int]bool{}
	}
	h.has[r.issue.Number] = true
	h.Issues = append(h.Issues, r)
	return true
}

func newRecord(raw json.RawMessage, timeline []Event) (*Record, error) {
	r := &Record{Raw: raw, Timeline: timeline}
	if err := json.Unmarshal(raw, &r.issue); err != nil {
		return nil, fmt.Errorf("read issue: %w", err)
	}
	if r.issue.Number <= 0 || r.issue.CreatedAt.IsZero() {
		return nil, errors.New("read issue: it has no number, or no time of creation")
	}
	return r, nil
}

// Repo is the repository that the history is of.
func (h *History) Repo() (repo hls.Repository, err error) {
	if err := json.Unmarshal(h.Repository, &repo); err != nil {
		return repo, fmt.Errorf("read repository: %w", err)
	}
	return repo, nil
}

// Number is the issue's.
func (r *Record) Number() int { return r.issue.Number }

// Cases are the issues that can be held against what people decided: closed, labeled, with a timeline; the newest, at most
// so many.
func (h *History) Cases(most int) []*Record {
	var cases []*Record
	for _, r := range h.Issues {
		if r.eligible() && r.Timeline != nil && len(cases) < most {
			cases = append(cases, r)
		}
	}
	return cases
}

func (r *Record) eligible() bool {
	return r.issue.State == "closed" && r.issue.PullRequest == nil && len(r.issue.Labels) > 0
}
