package record

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"hls/internal/hls"
)

// Counter names one count. Counts are kept in hourly buckets and as totals, in the transaction that makes them true.
type Counter struct{ Kind, Name string }

// The kinds of counters.
const (
	countRequest = "request"
	countReason  = "reason"
	countEvent   = "event"
	countRepo    = "repo"
	countOutcome = "outcome"
	countWhy     = "why"
	countEffect  = "effect"
	countRetry   = "retry"
	countLatency = "latency" // by upper bound in seconds, "above" past the last; "sum" in microseconds
	countSpend   = "spend"
	countModel   = "spend_model" // by "model/calls" and "model/micro_usd"
	countWork    = "spend_work"  // by "event/purpose/calls" and "event/purpose/micro_usd"
	countPayer   = "spend_repo"  // micro-dollars, by repository
	countTally   = "tally"
	countLabel   = "label"
)

// The names of tallies, by what they begin with.
const (
	TallyMasked   = "masked/" // secrets that were masked, by "place/kind"
	TallySecurity = "security_reports"
)

// Counts collects what one transaction adds to the counters.
type Counts map[Counter]int64

// Merge adds other's counts.
func (c Counts) Merge(other Counts) {
	for k, n := range other {
		c[k] += n
	}
}

// Request counts one request at the door.
func (c Counts) Request(class hls.Class, reason string) {
	c[Counter{countRequest, string(class)}]++
	if reason != "" {
		c[Counter{countReason, string(class) + "/" + reason}]++
	}
}

// Accepted counts what an accepted delivery was about.
func (c Counts) Accepted(event, repo string) {
	c[Counter{countEvent, event}]++
	c[Counter{countRepo, repo}]++
}

// Tally counts n of something outside the record.
func (c Counts) Tally(name string, n int64) { c[Counter{countTally, name}] += n }

// Ended counts a task that reached a final state.
func (c Counts) Ended(state hls.State, reason string) {
	c[Counter{countOutcome, string(state)}]++
	if state == hls.Skipped || state == hls.Parked {
		c[Counter{countWhy, string(state) + "/" + reason}]++
	}
}

// Processed counts the time that a task took, over all attempts.
func (c Counts) Processed(spent time.Duration) {
	c[Counter{countLatency, bucketName(bucket(spent))}]++
	c[Counter{countLatency, "sum"}] += spent.Microseconds()
}

// Retried counts a task that is to run again.
func (c Counts) Retried() { c[Counter{countRetry, "all"}]++ }

// Effect counts a row of the ledger that came to a state.
func (c Counts) Effect(kind hls.EffectKind, state hls.EffectState) {
	c[Counter{countEffect, string(kind) + "/" + string(state)}]++
}

// Call is one answered call of Claude, as it is counted.
type Call struct {
	Model   string
	Event   string // of the task, as the two below; "" once it is gone
	Purpose string
	Repo    string
	Usage   hls.Usage
}

// work names what calls that are alike are for: objections have a purpose each.
func (c Call) work() string {
	return c.Event + "/" + strings.TrimRight(strings.TrimRight(c.Purpose, "0123456789"), "-")
}

// Settled counts one answered call of Claude.
func (c Counts) Settled(call Call) {
	u := call.Usage
	c[Counter{countSpend, "calls"}]++
	for name, n := range map[string]int64{
		"input": u.InputTokens, "output": u.OutputTokens, "cache_read": u.CacheReadTokens,
		"cache_write": u.CacheWriteTokens, "micro_usd": u.CostMicroUSD,
	} {
		if n != 0 {
			c[Counter{countSpend, name}] += n
		}
	}
	c.bill(countModel, call.Model, u)
	if call.Event != "" {
		c.bill(countWork, call.work(), u)
		c[Counter{countPayer, call.Repo}] += u.CostMicroUSD
	}
}

func (c Counts) bill(kind, name string, u hls.Usage) {
	c[Counter{kind, name + "/calls"}]++
	c[Counter{kind, name + "/micro_usd"}] += u.CostMicroUSD
}

// latencyBounds are the upper ends of the buckets, in seconds.
var latencyBounds = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600}

// bucketName is what a bucket is stored under: bounds may be added later without moving the counts.
func bucketName(i int) string {
	if i >= len(latencyBounds) {
		return "above"
	}
	return strconv.FormatFloat(latencyBounds[i], 'f', -1, 64)
}

func bucket(spent time.Duration) int {
	i, _ := slices.BinarySearch(latencyBounds, spent.Seconds())
	return i
}

// NewStats makes the sums of totals.
func NewStats(totals Counts) Stats {
	s := Stats{
		Requests: map[string]int64{}, Reasons: map[string]int64{}, Events: map[string]int64{}, Repos: map[string]int64{},
		Outcomes: map[string]int64{}, Why: map[string]int64{}, Effects: map[string]int64{}, Tallies: map[string]int64{},
		Models: map[string]Bill{}, Work: map[string]Bill{}, RepoSpend: map[string]int64{},
		Labels:     labelCounts(totals),
		Processing: Latency{Bounds: slices.Clone(latencyBounds), Counts: make([]int64, len(latencyBounds)+1)},
	}
	named := map[string]map[string]int64{
		countRequest: s.Requests, countReason: s.Reasons, countEvent: s.Events, countRepo: s.Repos,
		countOutcome: s.Outcomes, countWhy: s.Why, countEffect: s.Effects, countTally: s.Tallies, countPayer: s.RepoSpend,
	}
	for c, n := range totals {
		switch {
		case named[c.Kind] != nil:
			named[c.Kind][c.Name] += n
		case c.Kind == countRetry:
			s.Retries += n
		case c.Kind == countLatency:
			s.Processing.add(c.Name, n)
		case c.Kind == countSpend:
			s.spent(c.Name, n)
		case c.Kind == countModel:
			bill(s.Models, c.Name, n)
		case c.Kind == countWork:
			bill(s.Work, c.Name, n)
		}
	}
	return s
}

func (l *Latency) add(name string, n int64) {
	if name == "sum" {
		l.Sum += time.Duration(n * int64(time.Microsecond)).Seconds()
		return
	}
	for i := range l.Counts {
		if bucketName(i) == name {
			l.Counts[i] += n
		}
	}
}

func (s *Stats) spent(name string, n int64) {
	switch name {
	case "calls":
		s.Calls += n
	case "input":
		s.Spend.InputTokens += n
	case "output":
		s.Spend.OutputTokens += n
	case "cache_read":
		s.Spend.CacheReadTokens += n
	case "cache_write":
		s.Spend.CacheWriteTokens += n
	case "micro_usd":
		s.Spend.CostMicroUSD += n
	}
}

// bill adds to the one of the bills that a counter's name begins with.
func bill(bills map[string]Bill, name string, n int64) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return
	}
	b := bills[name[:i]]
	switch name[i+1:] {
	case "calls":
		b.Calls += n
	case "micro_usd":
		b.MicroUSD += n
	}
	bills[name[:i]] = b
}
