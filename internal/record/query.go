package record

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"hls/internal/hls"
)

// Term is a part of a query: columns of tasks, and what they have to be.
type Term struct {
	Columns []string
	Values  []any
	Indexed bool // the tasks of it are read off an index, the newest first
}

// Terms are the parts of a query. Of those that an index serves, the one that the fewest tasks are likely to fit comes first: it is what List
// goes by, and the others are held against the tasks that it finds.
func (q Query) Terms() []Term {
	var terms []Term
	add := func(set, indexed bool, column string, value any) {
		if set {
			terms = append(terms, Term{[]string{column}, []any{value}, indexed})
		}
	}
	add(q.Delivery != "", true, "delivery_id", q.Delivery)
	add(q.Subject != "", true, "subject_key", q.Subject)
	switch {
	case q.Repo != "" && (q.Number > 0 || q.Ref != ""):
		terms = append(terms, Term{[]string{"repo", "number", "ref"}, []any{q.Repo, q.Number, q.Ref}, true})
	default:
		add(q.Number > 0, false, "number", q.Number)
		add(q.Ref != "", false, "ref", q.Ref)
	}
	few := q.State != hls.Done && q.State != hls.Skipped && q.State != hls.Superseded
	add(q.State != "" && few, true, "state", string(q.State))
	add(q.Actor != "", true, "actor", q.Actor)
	add(q.Reason != "", true, "reason", q.Reason)
	add(q.Repo != "" && q.Number == 0 && q.Ref == "", true, "repo", q.Repo)
	add(q.Event != "", true, "event", q.Event)
	add(q.State != "" && !few, true, "state", string(q.State))
	add(q.Purpose != "", false, "purpose", q.Purpose)
	slices.SortStableFunc(terms, func(a, b Term) int { return cmp.Compare(rank(a), rank(b)) })
	return terms
}

func rank(t Term) int {
	if t.Indexed {
		return 0
	}
	return 1
}

// Bounded tells whether an index alone serves a query: List then takes as long as a page is large. Otherwise it looks
// through tasks that do not fit, for as long as there are any unless After ends it.
func (q Query) Bounded() bool {
	terms := q.Terms()
	return q.Text == "" && !q.Newest && (len(terms) == 0 || len(terms) == 1 && terms[0].Indexed)
}

// Like is a pattern of LIKE for a text anywhere, with \ before what stands for itself.
func Like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(text) + "%"
}

// Hour is what was counted in an hour that began at a time. Of its Stats it has Requests, Outcomes, Processing, Spend and
// Calls.
type Hour struct {
	At time.Time
	Stats
}

// hourly are the kinds of counters that Hours returns.
var hourly = []string{countRequest, countOutcome, countLatency, countSpend}

// HourlyKinds are the kinds of counters that Hours is made of.
func HourlyKinds() []string { return slices.Clone(hourly) }

// NewHours makes hours of what was counted, by the time at which each began.
func NewHours(counted map[time.Time]Counts) []Hour {
	hours := make([]Hour, 0, len(counted))
	for at, counts := range counted {
		hours = append(hours, Hour{at, NewStats(counts)})
	}
	slices.SortFunc(hours, func(a, b Hour) int { return a.At.Compare(b.At) })
	return hours
}
