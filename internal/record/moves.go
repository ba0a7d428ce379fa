package record

import (
	"slices"

	"hls/internal/hls"
)

// moves are the changes of state that a task may make; docs/task-states.md draws them. The empty state is the one
// before a task is stored.
var moves = map[hls.State][]hls.State{
	"":             {hls.Queued, hls.Superseded},
	hls.Queued:     {hls.Running, hls.Superseded},
	hls.Running:    {hls.Done, hls.Skipped, hls.Superseded, hls.Parked, hls.Queued},
	hls.Parked:     {hls.Queued, hls.Superseded},
	hls.Done:       {},
	hls.Skipped:    {},
	hls.Superseded: {},
}

// Allowed tells whether a task may go from one state to another.
func Allowed(from, to hls.State) bool { return slices.Contains(moves[from], to) }

// The reasons that the record itself gives for superseding a task.
const (
	ReasonNewer = "newer_event" // newer work of the subject and purpose came in
	ReasonLate  = "late_event"  // it came in after newer work of the subject and purpose
)
