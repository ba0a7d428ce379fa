package hls

// The keys of log attributes and metric labels. A delivery's journey is followed by RequestID and DeliveryID,
// which every line on it carries, and by Stage, which is one of the eight words.
const (
	KeyRequestID  = "request_id"
	KeyDeliveryID = "delivery_id"
	KeyEvent      = "event"
	KeyAction     = "action"
	KeyRepo       = "repo"
	KeySubject    = "subject"
	KeyStage      = "stage"
	KeyAttempt    = "attempt"
	KeyTask       = "task"
	KeyOutcome    = "outcome"
	KeyReason     = "reason"
	KeyError      = "error"
)

// Stage is one of the eight words of the journey, in their order.
type Stage string

// The journey of a delivery.
const (
	StageReceive Stage = "receive"
	StageRecord  Stage = "record"
	StageRoute   Stage = "route"
	StageGather  Stage = "gather"
	StagePrompt  Stage = "prompt"
	StageAnalyze Stage = "analyze"
	StagePlan    Stage = "plan"
	StageAct     Stage = "act"
)
