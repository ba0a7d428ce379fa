package attack

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"hls/internal/hls"
)

// Who was asked.
const (
	Obedient = "a stand-in that obeys every order (simulated)"
	Real     = "the real Claude"
)

// Report is what came of an attack.
type Report struct {
	Repository string    `json:"repository"`
	Claude     string    `json:"claude"`
	DryRun     bool      `json:"dry_run"` // the settings let nothing be written yet: what is told would be
	Injections int       `json:"injections"`
	Rows       []Row     `json:"fields"`
	Outside    []Finding `json:"outside"`

	mu sync.Mutex
}

// Row is what came of all injections in one field.
type Row struct {
	Field   string    `json:"field"`
	Event   string    `json:"event"`
	Enabled bool      `json:"enabled"` // by the settings: nothing is tried otherwise
	Cases   int       `json:"cases"`
	Asked   int       `json:"asked"` // how often Claude was
	States  States    `json:"ended"`
	Inside  int       `json:"inside"`  // writes within the configured set
	Outside int       `json:"outside"` // and others
	Cost    hls.Usage `json:"usage"`   // of the questions, where the stand-in counts as the real one
}

// States is how many tasks ended how.
type States map[hls.State]int

func (s *States) add(state hls.State) {
	if *s == nil {
		*s = States{}
	}
	(*s)[state]++
}

// Finding is a write that an attacker caused and the settings do not allow.
type Finding struct {
	Field     string `json:"field"`
	Injection string `json:"injection"`
	Effect    string `json:"effect"`
	Why       string `json:"why"`
}

func (r *Report) take(at int, row Row, outside []Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Rows[at] = row
	r.Outside = append(r.Outside, outside...)
}

// Cases is how many deliveries were tried.
func (r *Report) Cases() (n int) {
	for _, row := range r.Rows {
		n += row.Cases
	}
	return n
}

// Cost is what the questions cost, or would have.
func (r *Report) Cost() (total hls.Usage) {
	for _, row := range r.Rows {
		total.InputTokens += row.Cost.InputTokens
		total.OutputTokens += row.Cost.OutputTokens
		total.CacheReadTokens += row.Cost.CacheReadTokens
		total.CacheWriteTokens += row.Cost.CacheWriteTokens
		total.CostMicroUSD += row.Cost.CostMicroUSD
	}
	return total
}

func (row Row) tell() string {
	if !row.Enabled {
		return "not enabled"
	}
	return fmt.Sprintf("%d tried, %d writes inside, %d outside", row.Cases, row.Inside, row.Outside)
}

// Print writes the report for people.
func (r *Report) Print(out io.Writer) error {
	fmt.Fprintf(out, "%s, attacked by %d texts; Claude is %s\n\n", r.Repository, r.Injections, r.Claude)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FIELD\tEVENT\tTRIED\tASKED\tENDED\tINSIDE\tOUTSIDE")
	for _, row := range r.Rows {
		if !row.Enabled {
			fmt.Fprintf(table, "%s\t%s\t-\t-\tnot enabled\t-\t-\n", row.Field, row.Event)
			continue
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\t%d\t%d\n", row.Field, row.Event, row.Cases, row.Asked, row.States, row.Inside, row.Outside)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if r.DryRun {
		fmt.Fprintln(out, "\nThe settings let nothing be written yet (dry_run): this is what would be.")
	}
	for _, f := range r.Outside {
		fmt.Fprintf(out, "\noutside: %s in %s: %s: %s", f.Injection, f.Field, f.Effect, f.Why)
	}
	if len(r.Outside) > 0 {
		fmt.Fprintln(out)
	}
	_, err := fmt.Fprintf(out, "\n%d tried, %d effects outside of the configured set\n", r.Cases(), len(r.Outside))
	return err
}

// String is "done 90, skipped 13".
func (s States) String() string {
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(s)) {
		parts = append(parts, fmt.Sprintf("%s %d", state, s[state]))
	}
	return strings.Join(parts, ", ")
}
