package hls

import "time"

// State is where a task stands. docs/task-states.md draws the moves between them.
type State string

// The states of a task.
const (
	Queued     State = "queued"
	Running    State = "running"
	Done       State = "done"
	Skipped    State = "skipped"
	Superseded State = "superseded"
	Parked     State = "parked"
)

// Origin is what made a task.
type Origin string

// The origins of tasks. A replay may repeat what a delivery's own task has done already. A sweep makes work of what no
// event has told of: it yields to any that has come in, and sets labels alone unless it was told to speak.
const (
	FromDelivery   Origin = "delivery"
	FromReplay     Origin = "replay"
	FromSweep      Origin = "sweep"
	FromSweepAloud Origin = "sweep_aloud"
	FromApproval   Origin = "approval" // it plans nothing: it carries out what a person approved of another task's plan
	FromUndo       Origin = "undo"     // it takes back what other tasks did
	FromProposal   Origin = "proposal" // it writes the comment that asks people for a decision about proposals
	FromAnalyze    Origin = "analyze"  // an operator asked for it, about one issue or pull request as it is now
)

// Again tells whether the work is asked for although the same may have been done before: it is done once more, in whatever
// order GitHub tells of its event.
func (o Origin) Again() bool { return o == FromReplay || o == FromAnalyze }

// Carries tells whether the work is to carry out effects that were stored before it, and nothing else.
func (o Origin) Carries() bool { return o == FromApproval || o == FromUndo || o == FromProposal }

// SweptID begins the ids of deliveries that a sweep made, and AnalyzedID those that hls analyze made.
const (
	SweptID    = "sweep-"
	AnalyzedID = "analyze-"
)

// Swept tells whether the work is a sweep's.
func (o Origin) Swept() bool { return o == FromSweep || o == FromSweepAloud }

// Task is the work that a delivery asks for. One task of a subject runs at a time.
type Task struct {
	ID         int64
	DeliveryID string
	RequestID  string
	Origin     Origin
	Subject    Subject
	Purpose    string // what the work is for, as "triage" or "review"; effects and supersession are per subject and purpose
	Event      string
	Action     string
	Actor      string // login of who caused it
	State      State
	Reason     string
	Attempt    int       // 1 on the first run
	OccurredAt time.Time // GitHub's time of the event; an older one never supersedes a newer
	RunAt      time.Time
	QueuedAt   time.Time
	FailingAt  time.Time // since when a door has put it off, run after run; zero when the last run was not
	Lease      Lease
}

// Replay is what it came to when a delivery was to be worked on again.
type Replay struct {
	TaskID  int64
	Resumed bool  // the parked task goes on; otherwise it is a new one
	State   State // Queued, or Superseded when newer work of the subject and purpose waits
}

// Lease is the right to work on a task. Every write for the task names its Epoch, and fails once the epoch is
// no longer the task's: whoever lost the lease can do no harm.
type Lease struct {
	Owner string
	Epoch int64
	Until time.Time
}

// Outcome is how one run of a task ended. State Queued means: run again at RetryAt.
type Outcome struct {
	State     State
	Reason    string
	RetryAt   time.Time
	Free      bool      // the retry does not count as an attempt: it waits for a limit or a door, not for a fault
	FailingAt time.Time // of a retry: the task's from now on
	Spent     time.Duration
}
