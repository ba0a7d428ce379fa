package hls

import (
	"encoding/json"
	"time"
)

// Weight says how strong a model a question wants.
type Weight string

// The weights of questions.
const (
	Light Weight = "light"
	Heavy Weight = "heavy"
)

// Question is what a handler wants to know: which template asks it, and the shape of the answer.
type Question struct {
	Group  string          // folder of templates: "issues", "pull_requests", "generic"
	Step   string          // "analyze", "review"
	Schema json.RawMessage // JSON Schema of the answer, with additionalProperties false; byte-stable for one repository
	Weight Weight

	// Event and Action are those of the work that a command asks for, "" for the task's own: the models named for them are asked.
	Event, Action string

	// Labels marks a question whose answer leads to labels: it is of use although nothing may be said.
	Labels bool

	// Beside marks a question that is not the main work on its subject, and that others than its author bring about at will. It
	// has half of what the subject may have in a day, so that it takes nothing from that work.
	Beside bool

	// Known is the answer when the facts alone give it: Claude is not asked, and nothing is spent. It is held against
	// Schema all the same.
	Known json.RawMessage
}

// Prompt is the text that goes to Claude. System is the stable part, equal byte for byte between two events of
// one repository, so that it can be cached; User holds the event's text between fences made for this call alone.
type Prompt struct {
	System   string
	User     string
	Template string // the file that made User
	Hash     string // of the templates' sources, hexadecimal
	Schema   json.RawMessage

	Masked Masked         // secrets that stand as [redacted]
	Hidden map[string]int // characters that readers do not see, by the field of the event that has them
}

// Request is one call of Claude.
type Request struct {
	Model     string
	Prompt    Prompt
	MaxTokens int // 0 means the door's default
	Repo      string
	Batch     bool // it is asked in a batch, at half the price
}

// Answer is what Claude returned for one call that ended normally with text.
type Answer struct {
	Text       string
	Model      string
	StopReason string
	RequestID  string
	Usage      Usage
}

// Usage is what one call cost. Money is in micro-dollars (a millionth of a US dollar), so that sums are exact.
type Usage struct {
	InputTokens      int64 `json:"input_tokens"`
	OutputTokens     int64 `json:"output_tokens"`
	CacheReadTokens  int64 `json:"cache_read_tokens"`
	CacheWriteTokens int64 `json:"cache_write_tokens"`
	CostMicroUSD     int64 `json:"cost_micro_usd"`
}

// Analysis is an answer that passed: one valid object in the question's schema.
type Analysis struct {
	TaskID     int64
	DeliveryID string
	Subject    Subject
	Purpose    string
	Revision   string // of the subject when it was read
	Answer     json.RawMessage
	Model      string
	Template   string
	PromptHash string
	Prompt     Prompt // what was sent
	Usage      Usage
	At         time.Time
	Step       Step // of the budget's ladder that it was made on; it is not stored
}

// Drop is something the model proposed and code refused.
type Drop struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// SubjectCap is the key of the settings that caps Reservation.SubjectDaily, as Capped names it.
const SubjectCap = "processing.analyses_per_subject_per_day"

// Reservation is money and work set aside before a call of Claude.
type Reservation struct {
	Task         Task
	MicroUSD     int64 // the most that the call can cost
	Budget       Budget
	Step         Step // of the budget's ladder: money is set aside only while no cap is further down
	Asked        bool // a person asked for the work: no ladder holds it back, and it may spend the whole of each cap
	SubjectDaily int  // analyses of one subject in 24 hours; 0 means no cap

	// Counted is what SubjectDaily counts the analysis under, where that is not the task's own subject: see Facts.
	Counted *Subject
}

// CountedKey names what the analyses of a subject are counted under.
func (r Reservation) CountedKey() string {
	if r.Counted != nil {
		return r.Counted.Key()
	}
	return r.Task.Subject.Key()
}
