package hls

import (
	"fmt"
	"time"
)

// EffectKind is one of the closed set of things that HLS can do on GitHub.
type EffectKind string

// The closed set. An effect of another kind cannot be stored or executed.
const (
	AddLabels     EffectKind = "add_labels"
	RemoveLabels  EffectKind = "remove_labels" // only its own
	UpsertComment EffectKind = "upsert_comment"
	CreateReview  EffectKind = "create_review"
	CloseIssue    EffectKind = "close_issue"
	SetBody       EffectKind = "set_body"
)

// Effect is one write to GitHub, planned.
type Effect struct {
	Kind     EffectKind        `json:"kind"`
	Subject  Subject           `json:"subject"`
	Purpose  string            `json:"purpose"`
	Revision string            `json:"revision"` // the state of the subject that it answers to
	Labels   []Label           `json:"labels,omitempty"`
	Create   bool              `json:"create,omitempty"` // labels that the repository lacks are created first
	Body     string            `json:"body,omitempty"`   // Markdown of a comment or of a review's summary
	Remarks  []Remark          `json:"remarks,omitempty"`
	Head     string            `json:"head,omitempty"`  // commit that a review is about
	Nonce    string            `json:"nonce,omitempty"` // sets a replay's effects apart from the first run's
	Why      map[string]string `json:"why,omitempty"`   // rationale by label
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
	if e.Nonce != "" {
		key += "|" + e.Nonce
	}
	return key
}

// EffectState is where an effect stands in the ledger.
type EffectState string

// The states of a ledger row. Sending is committed before the write, so that a crash leaves a trace to read back.
const (
	Intent        EffectState = "intent"
	Sending       EffectState = "sending"
	EffectDone    EffectState = "done"
	EffectFailed  EffectState = "failed"
	EffectUnknown EffectState = "unknown" // what reading back could not decide: shown, not repeated
	EffectShadow  EffectState = "shadow"  // planned in dry-run, never sent
	EffectStale   EffectState = "stale"   // the subject moved on before it was sent
)

// Entry is a row of the ledger.
type Entry struct {
	ID       int64
	TaskID   int64
	Effect   Effect
	State    EffectState
	RemoteID int64 // GitHub's id of the comment or review, when done
	URL      string
	Error    string
	At       time.Time // of the last move
}

// Plan is what follows from an analysis: effects, and what was dropped on the way.
type Plan struct {
	Effects []Effect `json:"effects"`
	Dropped []Drop   `json:"dropped"`
	Silent  string   `json:"silent,omitempty"` // why nothing is said, when nothing is
}

// Move is one step of an effect in the ledger.
type Move struct {
	From, To EffectState
	RemoteID int64
	URL      string
	Error    string
}
