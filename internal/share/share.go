// Package share is how a door keeps limits together with the other instances that work on the same record.
//
// What a call uses is drawn before it is made and given back when it has ended, from a store that all instances have
// open. The store's clock decides. A name of a limit is the same on every instance, and holds no credential.
package share

import (
	"context"
	"time"
)

// Store keeps what instances share. Its methods are safe for concurrent use.
type Store interface {
	// Draw takes what a call needs, of every limit or of none, and otherwise tells how long to wait.
	Draw(context.Context, Draw) (Drawn, error)
	// Give ends what a ticket stands for.
	Give(context.Context, Use) error
	// Pause holds back, for a time, every draw that names it. One that lasts longer stays.
	Pause(ctx context.Context, name string, lasts time.Duration) error
	// Pauses returns how long those in force still last, by name.
	Pauses(context.Context) (map[string]time.Duration, error)
}

// Quota is a limit of ours: at most Limit in any Span. A use counts from its start until Span after its end, so that a
// server, whenever it looked at the call, never sees more.
type Quota struct {
	Name  string
	Limit int64 // positive
	Span  time.Duration
	Need  int64 // more than Limit waits until nothing else counts
}

// Draw is what a call needs before it is made.
type Draw struct {
	Quotas  []Quota
	Buckets map[string]float64 // of limits that the server told, by name; of those not told yet there is enough
	Pauses  []string           // that hold the call back
	Longest time.Duration      // from the draw to the end of the call: a use that nobody ends counts as if it had ended then
}

// Drawn is what came of it.
type Drawn struct {
	Ticket string        // names the use until it is given back; "" when nothing was taken
	Wait   time.Duration // at least, until there may be room; 0 when it was taken
	Held   string        // the name of what makes the wait
	Theirs bool          // it is the server that asks to wait, by a bucket or a pause
}

// Use is what became of a ticket.
type Use struct {
	Ticket string
	Void   bool             // the call was never made
	Used   map[string]int64 // what it used, by name of the quota; what is not there, as drawn
	Told   []Bucket
}

// Bucket is a limit of a server, as it told last: it fills steadily up to its size.
type Bucket struct {
	Name  string
	Size  float64
	Level float64 // negative when more was used than there was
	Rate  float64 // a second
}

// Counted is a use that may still count.
type Counted struct {
	Amount int64
	Flying bool      // the call has not ended, as far as is known
	Until  time.Time // counts before then
}
