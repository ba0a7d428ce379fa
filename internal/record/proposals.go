package record

import (
	"fmt"
	"time"

	"hls/internal/hls"
)

// LedgerQuery selects rows of the ledger, newest first. Zero fields select all.
type LedgerQuery struct {
	State    hls.EffectState
	Kind     hls.EffectKind
	Repo     string
	Delivery string // id
	Subject  string // key
	Purpose  string
	Key      string    // of the effect
	Prompt   string    // hash of the templates that the analysis was asked with, or its beginning: letters and digits
	Since    time.Time // of the last move
	Before   int64     // row id: keyset paging
	After    int64     // row id: keyset paging, where the oldest come first
	Oldest   bool      // come first
	Limit    int       // at most 200; 0 means 50
}

// Rows is how many rows a page has at most.
func (q LedgerQuery) Rows() int { return Query{Limit: q.Limit}.Rows() }

// NotProposed says that a row cannot be approved or rejected: it waits for nobody's decision.
type NotProposed struct {
	ID    int64
	State hls.EffectState
}

func (e *NotProposed) Error() string {
	return fmt.Sprintf("effect %d is %s: it waits for no decision", e.ID, e.State)
}

// Approval is the work of carrying out what was approved of a task's plan, first of which is a row. Its purpose is its own,
// so that neither it nor work on the subject supersedes the other: whether the plan is outdated is seen when it is carried out.
func Approval(planner hls.Task, first int64, by string) NewTask {
	return NewTask{
		Subject: planner.Subject, Purpose: fmt.Sprintf("approval-%d", first), Event: planner.Event, Action: planner.Action,
		Actor: by, Origin: hls.FromApproval, OccurredAt: planner.OccurredAt,
	}
}

// NewerProposal is the note of a proposal that a later one took the place of.
const NewerProposal = "a newer proposal takes its place"

// Undoing takes back a row that is done, by an effect whose Undoes is that row.
type Undoing struct {
	Row    int64
	Effect hls.Effect
}

// NotDone says that a row cannot be taken back: it is not done, or was taken back already.
type NotDone struct {
	ID    int64
	State hls.EffectState
}

func (e *NotDone) Error() string {
	return fmt.Sprintf("effect %d is %s: there is nothing to take back", e.ID, e.State)
}

// BeingUndone says that a row is being taken back already, by a task that has not ended.
type BeingUndone struct{ ID, TaskID int64 }

func (e *BeingUndone) Error() string {
	return fmt.Sprintf("effect %d is being taken back by task %d", e.ID, e.TaskID)
}

// Decisions are what a person decides about rows in one transaction, by the task that carries it out, or that planned them.
type Decisions struct {
	Kind hls.AuditKind
	By   string

	tasks []hls.Task
	rows  map[int64][]int64 // by task
}

// Add tells of a decision about a row.
func (d *Decisions) Add(task hls.Task, row int64) {
	if d.rows == nil {
		d.rows = map[int64][]int64{}
	}
	if len(d.rows[task.ID]) == 0 {
		d.tasks = append(d.tasks, task)
	}
	d.rows[task.ID] = append(d.rows[task.ID], row)
}

// Undo is the work of taking back what was done on a subject, whichever tasks did it, and first of it a row that planner did:
// what stands on one subject is taken back by one task, step by step.
func Undo(planner hls.Task, first Undoing, by string) NewTask {
	work := Approval(planner, first.Row, by)
	work.Subject, work.Purpose, work.Origin = first.Effect.Subject, fmt.Sprintf("undo-%d", first.Row), hls.FromUndo
	return work
}

// Of tells why a row cannot be one that a task did.
func (u Undoing) Of(planner hls.Task) error {
	if s := u.Effect.Subject; s.Key() != planner.Subject.Key() && !s.Beside(planner.Subject) {
		return fmt.Errorf("effect %d: it is on %s, and the task on %s", u.Row, s, planner.Subject)
	}
	return nil
}
