package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/app"
	"hls/internal/backtest"
	"hls/internal/simulate"
)

// byHand is what was read in the recorded history of ten issues, with the labels that the rules of the stand-in for Claude
// come to by the issue's first title and text: written down by hand, and not computed.
var byHand = []struct {
	number             int
	decided, open      string // labels that people set, and that nobody decided about
	proposed           string
	duplicate, repeats int // 1 for one, and of which issue
}{
	{13, "area-checkout bug priority-medium", "", "bug priority-medium area-checkout", 0, 0}, // wontfix came a day after its end, the crash with a new title
	{21, "", "area-login bug", "priority-high area-login", 0, 0},                             // HLS itself set bug, a bot the area
	{22, "enhancement priority-low", "", "priority-low area-reports", 0, 0},                  // question was taken away again
	{26, "bug priority-high duplicate", "area-login", "priority-high area-login", 1, 21},
	{32, "documentation priority-medium", "area-login", "documentation priority-low area-login", 0, 0},
	{34, "priority-high", "bug", "priority-high area-invoices", 1, 7}, // it was opened with bug
	{47, "documentation priority-low", "area-checkout", "documentation priority-low area-checkout", 0, 0},
	{66, "bug priority-medium duplicate", "", "bug priority-high area-invoices", 1, 9},
	{75, "priority-medium", "bug area-catalog", "priority-low area-catalog", 0, 0},
	{136, "area-search question priority-medium", "", "question priority-low area-search", 0, 0},
}

// countedByHand are the sums of the ten above, counted on paper: proposed, agreed, missed, undecided.
var countedByHand = map[string][4]int{
	"bug": {2, 2, 1, 0}, "documentation": {2, 2, 0, 0}, "question": {1, 1, 0, 0}, "enhancement": {0, 0, 1, 0}, "duplicate": {0, 0, 2, 0},
	"priority-high": {4, 2, 0, 0}, "priority-medium": {1, 1, 4, 0}, "priority-low": {5, 2, 0, 0},
	"area-search": {1, 1, 0, 0}, "area-catalog": {0, 0, 0, 1}, "area-invoices": {2, 0, 0, 0}, "area-checkout": {1, 1, 0, 1},
	"area-login": {0, 0, 0, 3}, "area-reports": {1, 0, 0, 0},
}

// only rewrites a recorded history so that these issues alone are held against what people decided.
func only(t *testing.T, file string, keep func(number int) bool) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i, line := range lines[1:] {
		var one map[string]json.RawMessage
		var issue struct{ Number int }
		if json.Unmarshal([]byte(line), &one) != nil || json.Unmarshal(one["issue"], &issue) != nil {
			t.Fatal(line)
		}
		if !keep(issue.Number) {
			one["timeline"] = json.RawMessage("null")
		}
		short, err := json.Marshal(one)
		if err != nil {
			t.Fatal(err)
		}
		lines[i+1] = string(short)
	}
	out := filepath.Join(filepath.Dir(file), "some.jsonl")
	if err := os.WriteFile(out, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// Of a recorded history of more than a hundred issues the figures agree with a count by hand of ten, and with a second count
// of all.
func TestBacktestAgreesWithACountByHand(t *testing.T) {
	t.Parallel()
	p := newPast(t)
	file := p.history()
	some := p.backtest("--from", only(t, file, func(n int) bool {
		return slices.ContainsFunc(byHand, func(h struct {
			number             int
			decided, open      string
			proposed           string
			duplicate, repeats int
		}) bool {
			return h.number == n
		})
	}))
	if some.Score.Issues != len(byHand) {
		t.Fatalf("%d issues were looked at", some.Score.Issues)
	}
	for _, want := range byHand {
		i := slices.IndexFunc(some.Cases, func(c backtest.Case) bool { return c.Number == want.number })
		c := some.Cases[i]
		got := fmt.Sprint(sorted(c.Decision.Labels), sorted(c.Decision.Open), sorted(c.Proposed), c.Decision.Duplicate, c.Decision.Of)
		if got != fmt.Sprint(words(want.decided), words(want.open), words(want.proposed), want.duplicate == 1, want.repeats) {
			t.Errorf("#%d: decided, open, proposed, duplicate: %s\nwant %+v", want.number, got, want)
		}
	}
	for _, row := range some.Score.Labels {
		if got := [4]int{row.Proposed, row.Agreed, row.Missed, row.Undecided}; got != countedByHand[row.Label] {
			t.Errorf("%s: proposed, agreed, missed, undecided %v, counted %v", row.Label, got, countedByHand[row.Label])
		}
	}
	if len(some.Score.Labels) != len(countedByHand) {
		t.Errorf("%d labels, counted %d", len(some.Score.Labels), len(countedByHand))
	}
	if want := (backtest.GroupRow{Group: "priority", Decided: 9, Same: 5, Other: 4, Unwanted: 1}); !slices.Equal(some.Score.Groups, []backtest.GroupRow{want}) {
		t.Errorf("groups %+v", some.Score.Groups)
	}
	if d := some.Score.Duplicates; d.Decided != 3 || d.Agreed+d.Missed != 3 {
		t.Errorf("duplicates %+v", d)
	}
	whole := p.backtest("--from", file)
	if whole.Score.Issues < 100 {
		t.Errorf("only %d issues", whole.Score.Issues)
	}
	recount(t, file, whole)
}

func words(text string) []string { return sorted(strings.Fields(text)) }

func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return names
}

// recount counts a report once more from the recorded history and the proposals, in a way of its own.
func recount(t *testing.T, file string, r app.BacktestReport) {
	t.Helper()
	proposals, issues := map[int]backtest.Case{}, 0
	for _, c := range r.Cases {
		proposals[c.Number] = c
	}
	counts, dup := map[string]*[4]int{}, [3]int{}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		var one struct {
			Issue    map[string]any
			Timeline []map[string]any
		}
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		c, among := proposals[int(one.Issue["number"].(float64))]
		if !among {
			continue
		}
		issues++
		stands, duplicate := whoSet(one.Issue, one.Timeline)
		for _, l := range simulate.PastLabels() {
			if counts[l.Name] == nil {
				counts[l.Name] = &[4]int{}
			}
			n, proposed := counts[l.Name], slices.Contains(c.Proposed, l.Name)
			tallied(n, proposed, stands[l.Name])
		}
		if named := duplicate; named != 0 {
			dup[0]++
			if slices.Contains(c.Duplicates, named) {
				dup[1]++
			}
		}
		if len(c.Duplicates) > 0 {
			dup[2]++
		}
	}
	if issues != r.Score.Issues {
		t.Errorf("%d issues, counted %d", r.Score.Issues, issues)
	}
	for _, row := range r.Score.Labels {
		if got := [4]int{row.Proposed, row.Agreed, row.Missed, row.Undecided}; got != *counts[row.Label] {
			t.Errorf("%s: %v, counted %v", row.Label, got, *counts[row.Label])
		}
	}
	if d := r.Score.Duplicates; [3]int{d.Decided, d.Agreed, d.Proposed} != dup {
		t.Errorf("duplicates %+v, counted %v", d, dup)
	}
}

// tallied adds to proposed, agreed, missed and undecided.
func tallied(n *[4]int, proposed bool, by string) {
	switch {
	case by == "nobody" && proposed:
		n[3]++
	case by == "nobody":
	case proposed && by == "person":
		n[0]++
		n[1]++
	case proposed:
		n[0]++
	case by == "person":
		n[2]++
	}
}

// whoSet is who put each label there that stood on an issue when it was closed ("person" or "nobody"), and the issue that it
// was said to repeat.
func whoSet(issue map[string]any, timeline []map[string]any) (map[string]string, int) {
	stands, at := map[string]string{}, func(s any) time.Time {
		when, _ := time.Parse(time.RFC3339, fmt.Sprint(s))
		return when
	}
	named, template := 0, map[string]bool{}
	for _, e := range timeline {
		if at(e["created_at"]).After(at(issue["closed_at"]).Add(time.Minute)) {
			continue
		}
		actor, _ := e["actor"].(map[string]any)
		label, _ := e["label"].(map[string]any)
		name := fmt.Sprint(label["name"])
		switch e["event"] {
		case "labeled":
			stands[name] = "person"
			if actor["type"] == "Bot" || actor["login"] == "hls-bot" || template[name] {
				stands[name] = "nobody"
			}
			if at(e["created_at"]).Equal(at(issue["created_at"])) {
				stands[name], template[name] = "nobody", true
			}
		case "unlabeled":
			delete(stands, name)
		case "commented":
			_, _ = fmt.Sscanf(fmt.Sprint(e["body"]), "Duplicate of #%d", &named)
		}
	}
	return stands, named
}
