package history

import (
	"fmt"
	"strings"
)

// Harm is what breaking a promise came to.
type Harm string

// The harms: something that was to be there is not, or something is there that should not be, once more than it
// should, or undecided.
const (
	Loss   Harm = "loss"
	Double Harm = "double"
)

// Violation is one promise that was not kept.
type Violation struct {
	Promise string // as PROMISES.md names it: "I1", "E5"
	Harm    Harm
	Text    string
}

func (v Violation) String() string { return fmt.Sprintf("%s (%s): %s", v.Promise, v.Harm, v.Text) }

// Verdict is what a history came to.
type Verdict struct {
	Violations []Violation
	Unknown    int // rows of the ledger that reading back could not decide, shown and not repeated
	Parked     int // tasks
}

// Losses is how much was lost.
func (v Verdict) Losses() int { return v.count(Loss) }

// Doubles is how much was done that should not have been.
func (v Verdict) Doubles() int { return v.count(Double) }

func (v Verdict) count(h Harm) (n int) {
	for _, violation := range v.Violations {
		if violation.Harm == h {
			n++
		}
	}
	return n
}

// String is a line for each violation.
func (v Verdict) String() string {
	var b strings.Builder
	for _, violation := range v.Violations {
		b.WriteString(violation.String() + "\n")
	}
	return b.String()
}

// checks are the promises that a history can decide.
var checks = []struct {
	promise string
	check   func(*book)
}{
	{"I1", (*book).durable},
	{"I2", (*book).classed},
	{"I3", (*book).replayProof},
	{"E1", (*book).closedSet},
	{"E4", (*book).answered},
	{"E5", (*book).once},
	{"E5", (*book).decided},
	{"E5", (*book).paidOnce},
	{"E6", (*book).fresh},
	{"E7", (*book).noLoops},
	{"E8", (*book).peopleWin},
	{"O1", (*book).ended},
	{"O1", (*book).served},
	{"O3", (*book).stopped},
}

// Check decides which promises a history shows to be broken.
func Check(entries []Entry) Verdict {
	b := read(entries)
	for _, c := range checks {
		b.promise = c.promise
		c.check(b)
	}
	return b.verdict
}

// book is a history sorted by what it is about.
type book struct {
	rules      Rules
	timeline   []Entry // in order
	sent       []Sent
	answers    map[int][]Answered
	deliveries map[string]Delivery
	tasks      []Task
	analyses   map[int64]Analysis
	effects    []Effect
	spends     []Spend
	counts     map[string]int64
	wanted     []Wanted

	promise string // that is being checked
	verdict Verdict
}

func read(entries []Entry) *book {
	b := &book{
		timeline: entries, answers: map[int][]Answered{}, deliveries: map[string]Delivery{}, analyses: map[int64]Analysis{},
		counts: map[string]int64{},
	}
	for _, e := range entries {
		switch {
		case e.Rules != nil:
			b.rules = *e.Rules
		case e.Sent != nil:
			b.sent = append(b.sent, *e.Sent)
		case e.Answered != nil:
			b.answers[e.Answered.N] = append(b.answers[e.Answered.N], *e.Answered)
		case e.Wanted != nil:
			b.wanted = append(b.wanted, *e.Wanted)
		case e.Counts != nil:
			b.counts = e.Counts
		default:
			b.row(e)
		}
	}
	return b
}

func (b *book) row(e Entry) {
	switch {
	case e.Delivery != nil:
		b.deliveries[e.Delivery.ID] = *e.Delivery
	case e.Task != nil:
		b.tasks = append(b.tasks, *e.Task)
	case e.Analysis != nil:
		b.analyses[e.Analysis.Task] = *e.Analysis
	case e.Effect != nil:
		b.effects = append(b.effects, *e.Effect)
	case e.Spend != nil:
		b.spends = append(b.spends, *e.Spend)
	}
}

func (b *book) violated(h Harm, format string, args ...any) {
	b.verdict.Violations = append(b.verdict.Violations, Violation{b.promise, h, fmt.Sprintf(format, args...)})
}

// own tells whether HLS made a change.
func (b *book) own(d *Deed) bool { return d != nil && strings.EqualFold(d.Actor, b.rules.Self) }
