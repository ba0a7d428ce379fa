package hls

import (
	"fmt"
	"time"
)

// EffectKind is one of the closed set of things that HLS can do on GitHub.
type EffectKind string

// The closed set. An effect of another kind cannot be stored or executed; docs/effects.md tells of each.
const (
	AddLabels     EffectKind = "add_labels"
	RemoveLabels  EffectKind = "remove_labels" // only its own
	UpsertComment EffectKind = "upsert_comment"
	CreateReview  EffectKind = "create_review"

	// Those that follow are done only where Rule.Also has them.

	CloseIssue      EffectKind = "close_issue"
	SetBody         EffectKind = "set_body"
	CreateIssue     EffectKind = "create_issue"
	RerunFailedJobs EffectKind = "rerun_failed_jobs"
	AddReaction     EffectKind = "add_reaction"
	EditRemark      EffectKind = "edit_remark" // only its own
	SetSection      EffectKind = "set_section"

	// Those that follow take back what was done, when an operator asks for it. No event brings them about.

	RevertComment  EffectKind = "revert_comment"  // deletes it, or puts back the text that it had
	HideReview     EffectKind = "hide_review"     // as outdated, with its remarks
	ReopenIssue    EffectKind = "reopen_issue"    // that HLS closed
	RemoveReaction EffectKind = "remove_reaction" // only its own
)

// EffectKinds are the closed set.
func EffectKinds() []EffectKind {
	return []EffectKind{
		AddLabels, RemoveLabels, UpsertComment, CreateReview, CloseIssue, SetBody,
		CreateIssue, RerunFailedJobs, AddReaction, EditRemark, SetSection,
	}
}

// UndoKinds are what undoing adds to the closed set.
func UndoKinds() []EffectKind {
	return []EffectKind{RevertComment, HideReview, ReopenIssue, RemoveReaction}
}

// Repeatable tells whether doing an effect twice comes to the same as doing it once.
func (k EffectKind) Repeatable() bool {
	return k != CreateReview && k != CreateIssue && k != RerunFailedJobs
}

// Effect is one write to GitHub, planned.
type Effect struct {
	Kind     EffectKind        `json:"kind"`
	Subject  Subject           `json:"subject"`
	Purpose  string            `json:"purpose"`
	Revision string            `json:"revision"`         // what it answers to, and a part of its key
	Expect   string            `json:"expect,omitempty"` // the subject's own Revision() that must still hold; "" for none
	Head     string            `json:"head,omitempty"`   // commit that must still be the pull request's head; a review is about it
	Labels   []Label           `json:"labels,omitempty"`
	Create   bool              `json:"create,omitempty"` // labels that the repository lacks are created first
	Title    string            `json:"title,omitempty"`  // of an issue to create
	Body     string            `json:"body,omitempty"`   // Markdown of an issue, a comment, a remark, a section or a review's summary
	Remarks  []Remark          `json:"remarks,omitempty"`
	Comment  int64             `json:"comment,omitempty"`  // the comment to react to, or the remark to edit
	Inline   bool              `json:"inline,omitempty"`   // the comment to react to stands on a line
	Reaction Reaction          `json:"reaction,omitempty"` // to Comment
	Run      int64             `json:"run,omitempty"`      // the workflow run to run again
	Attempt  int               `json:"attempt,omitempty"`  // of Run, the one that failed
	Section  string            `json:"section,omitempty"`  // name of the section to set
	Nonce    string            `json:"nonce,omitempty"`    // sets a replay's effects apart from the first run's
	Why      map[string]string `json:"why,omitempty"`      // rationale by label

	Hold string  `json:"hold,omitempty"` // why it waits for a person's approval where its mode would have it written
	Rows []int64 `json:"rows,omitempty"` // of the ledger, that a proposal comment lists for a decision

	Undoes int64  `json:"undoes,omitempty"` // the row of the ledger that it takes back
	Was    string `json:"was,omitempty"`    // the Body of that row, which must still be there
}

// Reaction is an emoji put on a comment.
type Reaction string

// The reactions that HLS uses, of those that GitHub has ("About reactions").
const (
	Eyes     Reaction = "eyes"     // seen, and being worked on
	Confused Reaction = "confused" // not understood
)

// The reactions by which people decide about proposals.
const (
	ThumbsUp   Reaction = "+1"
	ThumbsDown Reaction = "-1"
)

// Vote is a reaction that somebody put on a comment.
type Vote struct {
	User    Account   `json:"user"`
	Content Reaction  `json:"content"`
	At      time.Time `json:"created_at"`
}

// Remark is an inline comment of a review. Line and EndLine are numbers of the new file; Side is "RIGHT" or, for
// a removed line, "LEFT" with numbers of the old one.
type Remark struct {
	Path    string `json:"path"`
	Line    int    `json:"line"`
	EndLine int    `json:"end_line"` // equal to Line for one line
	Side    string `json:"side"`
	Body    string `json:"body"`
	Quote   string `json:"quote,omitempty"` // the code it stands on, as it is compared between rounds; not sent
}

// Key identifies the effect for good: an effect is done at most once for its key.
func (e Effect) Key() string {
	key := fmt.Sprintf("%s|%s|%s|%s", e.Subject.Key(), e.Purpose, e.Revision, e.Kind)
	switch e.Kind { // of which a plan may have several
	case AddReaction:
		key += fmt.Sprintf("|%d/%s", e.Comment, e.Reaction)
	case EditRemark:
		key += fmt.Sprintf("|%d", e.Comment)
	case SetSection:
		key += "|" + e.Section
	}
	if e.Hold != "" {
		for _, l := range e.Labels { // Each label is held by itself.
			key += "|held-" + Fold(l.Name)
		}
	}
	if e.Undoes != 0 {
		key += fmt.Sprintf("|undo-%d", e.Undoes)
	}
	if e.Nonce != "" {
		key += "|" + e.Nonce
	}
	return key
}

// HeldBySettings is why a label is held that labels.suggest names.
const HeldBySettings = "labels.suggest names it"

// EffectState is where an effect stands in the ledger.
type EffectState string

// The states of a ledger row. Sending is committed before the write, so that a crash leaves a trace to read back.
const (
	Intent        EffectState = "intent"
	Sending       EffectState = "sending"
	EffectDone    EffectState = "done"
	EffectFailed  EffectState = "failed"
	EffectUnknown EffectState = "unknown" // what reading back could not decide: shown, not repeated
	EffectStale   EffectState = "stale"   // the subject moved on before it was sent

	EffectShadow   EffectState = "shadow"   // planned where nothing is written, never sent
	EffectProposed EffectState = "proposed" // waits for the approval of a person: approved, it is Intent again
	EffectRejected EffectState = "rejected" // a person decided against it
	EffectUndone   EffectState = "undone"   // it was done, and taken back
)

// Entry is a row of the ledger.
type Entry struct {
	ID       int64
	TaskID   int64
	Effect   Effect
	State    EffectState
	RemoteID int64 // GitHub's id of the comment or review, the number of an issue that was created; when done
	URL      string
	Error    string
	At       time.Time // of the last move
	Live     bool      // the task that carries it out is running; told of undecided rows

	Carrier   int64  // the task that carries out what was approved; 0 for the task that planned it
	DecidedBy string // who approved or rejected it; "" while nobody has
}

// Plan is what follows from an analysis: effects, and what was dropped on the way.
type Plan struct {
	Effects []Effect `json:"effects"`
	Dropped []Drop   `json:"dropped"`
	Silent  string   `json:"silent,omitempty"` // why nothing is said of the analysis, when nothing is
	Target  *Subject `json:"target,omitempty"` // that of the facts: what Plan itself says here does not count

	Remember []Memory  `json:"remember,omitempty"`
	Gathered *Gathered `json:"gathered,omitempty"` // what it rests on
}

// Move is one step of an effect in the ledger.
type Move struct {
	From, To EffectState
	RemoteID int64
	URL      string
	Error    string
	Applied  []string // labels that were set, of an effect that is done
}
