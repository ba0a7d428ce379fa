// Package record is what is stored: deliveries, tasks, analyses, the ledger of effects, spend and counters.
//
// Store is implemented by record/sqlite and record/postgres. record/recordtest.Exercise is what every implementation must pass.
package record

import (
	"context"
	"errors"
	"strings"
	"time"

	"hls/internal/hls"
)

// ErrNone says that no task is ready.
var ErrNone = errors.New("no task is ready")

// ErrUnavailable wraps every failure that a later try may not meet: disk full, database locked or down.
var ErrUnavailable = errors.New("the store cannot be written")

// ErrNewerSchema says that the database was written by a newer version of the program.
var ErrNewerSchema = errors.New("the database has a newer schema than this program knows")

// ErrOlderSchema says that the database is not up to date, and that it was not to be changed.
var ErrOlderSchema = errors.New("the database has an older schema than this program needs")

// ErrInUse says that the database belongs to one process, and that it is another.
var ErrInUse = errors.New("another process has it open")

// ErrNotParked says that only a parked task can be resumed.
var ErrNotParked = errors.New("the task is not parked")

// Intake is a delivery and what is to become of it, stored together or not at all.
type Intake struct {
	Delivery hls.Delivery
	Ignored  string   // the rule's name, when the delivery asks for no work
	Work     *NewTask // nil when Ignored
}

// NewTask is work to be queued. Debounce puts off its start so that a burst on one subject and purpose becomes one
// task; bursts that do not end start after ten debounces.
type NewTask struct {
	Subject    hls.Subject
	Purpose    string
	Event      string
	Action     string
	Actor      string
	Origin     hls.Origin
	OccurredAt time.Time
	Debounce   time.Duration
	Title      string // of the issue, the pull request or the like, without secrets: for people to find it by
}

// Cutoff says what is old. A zero time spares everything.
type Cutoff struct {
	Payloads time.Time
	Analyses time.Time
	Records  time.Time
	Audit    time.Time
}

// Query selects deliveries for a list, newest first. Zero fields select all.
type Query struct {
	Delivery string // id
	Repo     string
	Event    string
	State    hls.State
	Reason   string
	Subject  string // key
	Purpose  string
	Number   int    // of issues and pull requests
	Ref      string // of subjects that have no number
	Actor    string
	Text     string // anywhere in the title, or in what a list shows of a task; letter case does not matter
	Newest   bool   // leave out tasks of deliveries that have a newer one
	Before   int64  // task id: keyset paging
	After    int64  // task id: none so old is looked at, see Reach
	Limit    int    // at most 200; 0 means 50
}

// Summary is one row of that list.
type Summary struct {
	Task     hls.Task
	Title    string // of what the delivery is about; "" once its payload is no longer kept
	Class    hls.Class
	Duration time.Duration // spent processing, over all attempts
	Effects  int           // done
}

// Store keeps everything. Its methods are safe for concurrent use, and return only once what they wrote is durable.
// Methods that take a Task write only while its lease's epoch is the one in force, and otherwise return hls.ErrLost.
type Store interface {
	// Add stores a delivery, with its task when it asks for work, in one transaction. A delivery id that was accepted
	// before, or a body that was in the last 30 days, is a Duplicate; the same id with another body is a Duplicate
	// ("alias") from another hook and a Conflict from the same one. A delivery ignored before is accepted when it now
	// asks for work. New work supersedes what is queued for its subject and purpose, unless GitHub's time of it is
	// older than that of work already known: then it is superseded itself. So is a sweep's, whatever its time, by work that
	// has not failed and was not superseded either. When ctx ends, either nothing is written and
	// an error returned, or the receipt.
	Add(context.Context, Intake) (hls.Receipt, error)
	// Count adds one to the counter of requests that ended without being stored: pong, rejected, deferred.
	Count(ctx context.Context, class hls.Class, reason string) error
	// Tally adds n to a total of what happens outside the record, as calls of GitHub.
	Tally(ctx context.Context, name string, n int64) error
	// Enqueue queues new work on a stored delivery: a replay, or the comment about what was proposed.
	Enqueue(ctx context.Context, deliveryID string, work NewTask) (taskID int64, err error)
	// Known tells which of the ids belong to deliveries that are stored, those that were ignored among them.
	Known(ctx context.Context, ids []string) (map[string]bool, error)
	// Delivery returns a stored delivery with its body, or hls.ErrNotFound. The body is empty when the delivery was
	// ignored, or has aged out.
	Delivery(ctx context.Context, id string) (hls.Delivery, error)

	// Claim takes the oldest ready task whose subject has nothing running, from the repository with the fewest tasks
	// running, and returns it under a lease; no older one of its subject and purpose is left queued. A task whose
	// lease has run out is queued again first, its attempt used up. It returns ErrNone when nothing is ready.
	Claim(ctx context.Context, owner string, lease time.Duration) (hls.Task, error)
	// Take is Claim for one task: it returns ErrNone unless the task is queued and due, and nothing of its subject runs.
	Take(ctx context.Context, taskID int64, owner string, lease time.Duration) (hls.Task, error)
	// Renew prolongs the lease.
	Renew(ctx context.Context, task hls.Task, lease time.Duration) error
	// Finish ends a run: done, skipped, superseded or parked for good, or queued again at the outcome's RetryAt
	// (superseded instead when newer work of the subject and purpose is queued).
	Finish(context.Context, hls.Task, hls.Outcome) error
	// Release hands a running task back at once, without using up its attempt: the process is stopping.
	Release(context.Context, hls.Task) error
	// Resume queues a parked task again, with all its attempts and as if no door had put it off yet; it returns ErrNotParked
	// for any other.
	Resume(ctx context.Context, taskID int64) error
	// Superseded tells whether newer work of the task's subject and purpose has come in since it was queued.
	Superseded(context.Context, hls.Task) (bool, error)
	// Wake receives when work may have become ready. It is a hint: Next tells the time to look again.
	Wake() <-chan struct{}
	// Next returns when Claim will find something: the earliest time that a queued task of a subject with nothing
	// running is due, or a lease runs out; ok is false when there is neither.
	Next(context.Context) (at time.Time, ok bool, err error)
	// Task returns a task by id, or hls.ErrNotFound.
	Task(ctx context.Context, id int64) (hls.Task, error)
	// TaskOf returns the newest task of a delivery, or hls.ErrNotFound.
	TaskOf(ctx context.Context, deliveryID string) (hls.Task, error)
	// List returns tasks with what is known of them.
	List(context.Context, Query) ([]Summary, error)
	// Reach is the id of the n-th newest task that List looks at for a query, 0 when it looks at fewer. With it as After,
	// List takes no longer than n tasks take, however many there are.
	Reach(ctx context.Context, q Query, n int) (after int64, err error)

	// SaveAnalysis stores the analysis of a task and settles its reservation (0 for none) in one transaction. Saved
	// twice, the first stands.
	SaveAnalysis(ctx context.Context, task hls.Task, reservation int64, a hls.Analysis) error
	// Analysis returns the analysis of a task, or hls.ErrNotFound.
	Analysis(ctx context.Context, taskID int64) (hls.Analysis, error)
	// Previous returns the newest analysis of a subject and purpose by another task that ended as done, or hls.ErrNotFound.
	Previous(context.Context, hls.Task) (hls.Analysis, error)
	// SavePlan keeps what was planned and dropped, for people to read, and with it what the plan says to remember; a
	// memory of a subject that is neither the task's nor beside it is an error.
	SavePlan(context.Context, hls.Task, hls.Plan) error
	// Plan returns what SavePlan kept, or hls.ErrNotFound.
	Plan(ctx context.Context, taskID int64) (hls.Plan, error)

	// Recall returns memories, newest first.
	Recall(context.Context, hls.Recall) ([]hls.Memory, error)
	// Touch remembers who set or removed labels on subjects, and counts what people made of HLS's own. A touch that is
	// older than what is remembered, or told again, changes nothing.
	Touch(context.Context, []hls.Touch) error
	// LabelUses returns what became of the labels of a repository, by name of the label. Of labels that HLS set, those
	// count that a move of the ledger told of.
	LabelUses(context.Context, LabelQuery) ([]LabelUse, error)
	// ForgetLabel has what became of a label of a repository so far count no more, and returns what that was, since ever;
	// hls.ErrNotFound when there is nothing.
	ForgetLabel(ctx context.Context, repo, label, by string) ([]LabelUse, error)

	// Intend writes the task's planned effects to the ledger as intents and returns their rows in the given order.
	// A row that exists under the effect's key is returned as it stands, whichever task wrote it. Effects on a subject
	// that is neither the task's nor beside it, or outside the closed set, are an error.
	Intend(context.Context, hls.Task, []hls.Effect) ([]hls.Entry, error)
	// Move takes a row from one state to another and fails with hls.ErrLost when it is not in From. A row that becomes a
	// proposal takes the place of earlier ones: of its kind, for its subject and purpose, out of another task's plan.
	Move(ctx context.Context, task hls.Task, entry int64, m hls.Move) error
	// Effects returns the ledger rows that a task planned or carries out, in order.
	Effects(ctx context.Context, taskID int64) ([]hls.Entry, error)
	// Posted returns the newest done entry of a kind for a subject and purpose, or hls.ErrNotFound: the comment to edit.
	Posted(ctx context.Context, subject hls.Subject, purpose string, kind hls.EffectKind) (hls.Entry, error)
	// Ledger returns rows of the ledger, newest first unless the query says otherwise.
	Ledger(context.Context, LedgerQuery) ([]hls.Entry, error)
	// Approve makes intents of proposals and queues the tasks that carry them out, one for each task that planned some of
	// them, all or none. A row that is not there is hls.ErrNotFound, and one that is no proposal any more *NotProposed.
	Approve(ctx context.Context, entries []int64, by string) (tasks []int64, err error)
	// Reject ends proposals for good, all or none, with the errors of Approve.
	Reject(ctx context.Context, entries []int64, by string) error
	// Undo writes the effects that take rows back to the ledger as intents, and queues the tasks that carry them out in the
	// given order, one for each subject that it was done on: all or none. A row that is not there is hls.ErrNotFound, one that
	// is not done *NotDone, and one that a task is to take back which has not ended *BeingUndone. When such an effect is
	// done, the row that it takes back is undone.
	Undo(ctx context.Context, rows []Undoing, by string) (tasks []int64, err error)
	// Undecided returns the rows that are sending or unknown, oldest first: those about a subject, whichever task wrote
	// them, and those that tasks of the subject wrote about others. Live tells which belong to a running task.
	Undecided(ctx context.Context, subject hls.Subject) ([]hls.Entry, error)

	// Raised returns what all done reviews and comments of a subject and purpose have said, oldest first: the text as a
	// remark without a path, then the remarks on lines. It need not be said again.
	Raised(ctx context.Context, subject hls.Subject, purpose string) ([]hls.Remark, error)

	// Reserve sets money aside for one call and counts the analysis, atomically with every cap: it returns *hls.Capped
	// when one would be exceeded. A reservation that is never settled stays spent: a crash errs on the safe side. One of
	// no task (its ID is 0) needs no lease.
	Reserve(context.Context, hls.Reservation) (id int64, err error)
	// Settle replaces a reservation by what the call cost; settled twice, the first stands. A call that cost nothing
	// was not answered: it does not count as an analysis.
	Settle(ctx context.Context, reservation int64, model string, u hls.Usage) error

	// Purge removes the bodies of deliveries received before Payloads and the texts of analyses made before Analyses, as
	// far as no task of theirs is open, a bounded number at a time; more tells that a further call would find some.
	// What prevents doing anything twice stays: ids, hashes, revisions and the ledger. Of deliveries received before
	// Records, and 31 days ago at the least, these go too, whole, once nothing can refer to them any more. The audit log
	// loses the days before Audit, from its beginning, and an entry of it says so.
	Purge(context.Context, Cutoff) (more bool, err error)

	// Audit appends an entry to the audit log: what somebody other than the record did or decided. What the record itself
	// writes is told of in the same transaction. An entry has its number, time and hashes from the log.
	Audit(context.Context, hls.AuditEntry) error
	// Audited returns entries of the audit log in their order, all that was committed before among them.
	Audited(context.Context, AuditQuery) ([]hls.AuditEntry, error)
	// AuditHead returns the last entry of the audit log, the zero entry when there is none.
	AuditHead(context.Context) (hls.AuditEntry, error)

	// Secret returns 32 random bytes kept under a name, made on first use and equal on every instance.
	Secret(ctx context.Context, name string) ([]byte, error)
	// Note keeps a value under a name, in place of the one before.
	Note(ctx context.Context, name string, value []byte) error
	// Noted returns what Note kept, or hls.ErrNotFound.
	Noted(ctx context.Context, name string) ([]byte, error)
	// Stats sums the counters. It scans no deliveries.
	Stats(context.Context) (Stats, error)
	// Hours returns what was counted of requests, outcomes, durations and calls of Claude in each hour since a time, the
	// oldest first, without the hours in which nothing was.
	Hours(ctx context.Context, since time.Time) ([]Hour, error)
	// Healthy tells whether a write commits now.
	Healthy(context.Context) error
	// Backup writes a consistent copy to a file that does not exist yet.
	Backup(ctx context.Context, path string) error
	// Close ends the store after the writes under way.
	Close() error
}

// Stats is what the counters say, over all time and all instances.
type Stats struct {
	Requests   map[string]int64 // by class
	Reasons    map[string]int64 // by "class/reason"
	Events     map[string]int64 // accepted, by event
	Repos      map[string]int64 // accepted, by repository
	Outcomes   map[string]int64 // finished tasks, by state
	Why        map[string]int64 // finished tasks that were skipped or parked, by "state/reason"
	Effects    map[string]int64 // moves of ledger rows, by "kind/state"
	Tallies    map[string]int64 // of Tally, by name
	Labels     []LabelCount     // what people made of labels that HLS set or removed, in no order
	Retries    int64
	Processing Latency // of finished tasks
	Spend      hls.Usage
	Calls      int64 // of Claude, settled
	Models     map[string]Bill
	Work       map[string]Bill  // by "event/purpose"
	RepoSpend  map[string]int64 // micro-dollars, by repository
	Today      Money            // by the record's own clock, over all repositories
	Month      Money
	Days       []DaySpend // what was spent or set aside, the newest first, as many as a month can have
	Pending    int64
	Running    int64
	Oldest     time.Duration // how long the oldest due task has waited
}

// Bill is what calls of Claude came to.
type Bill struct{ Calls, MicroUSD int64 }

// DaySpend is what was spent or set aside on a UTC day.
type DaySpend struct {
	Day      time.Time
	MicroUSD int64
}

// Masked is how many secrets were masked in what people wrote, by "place/kind".
func (s Stats) Masked() map[string]int64 {
	out := map[string]int64{}
	for name, n := range s.Tallies {
		if rest, ok := strings.CutPrefix(name, TallyMasked); ok {
			out[rest] = n
		}
	}
	return out
}

// Latency is a histogram of seconds in fixed buckets: Counts[i] fell at or below Bounds[i], the last above all.
type Latency struct {
	Bounds []float64
	Counts []int64
	Sum    float64
}
