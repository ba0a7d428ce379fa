package backtest

import (
	"cmp"
	"slices"

	"hls/internal/handler"
	"hls/internal/hls"
)

// Case is one issue: what triage would have done, and what people did.
type Case struct {
	Number     int       `json:"number"`
	Title      string    `json:"title"`               // as it was opened
	Ended      string    `json:"ended,omitempty"`     // why triage ends before there is an analysis
	Error      string    `json:"error,omitempty"`     // why there is none although there should be
	Proposed   []string  `json:"proposed"`            // labels
	Duplicates []int     `json:"proposed_duplicates"` // issues that it would be said to repeat
	Decision   Decision  `json:"decided"`
	Reach      bool      `json:"duplicate_in_reach"` // the issue that it repeats is an earlier one of the history, and can be found
	Model      string    `json:"model,omitempty"`
	Usage      hls.Usage `json:"usage"`
}

// Tally counts how often something was proposed, and rightly so.
type Tally struct {
	Decided  int `json:"decided"`  // by people
	Proposed int `json:"proposed"` // where it can be held against what people decided
	Agreed   int `json:"agreed"`
	Missed   int `json:"missed"`
	// Precision is the share of the proposals that people agree with, and Recall that of their decisions that was proposed;
	// nil where there are none.
	Precision *float64 `json:"precision"`
	Recall    *float64 `json:"recall"`
}

func (t *Tally) add(proposed, decided bool) {
	switch {
	case proposed && decided:
		t.Agreed++
	case decided:
		t.Missed++
	}
	if proposed {
		t.Proposed++
	}
	if decided {
		t.Decided++
	}
	t.Precision, t.Recall = share(t.Agreed, t.Proposed), share(t.Agreed, t.Decided)
}

func share(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	s := float64(part) / float64(whole)
	return &s
}

// LabelRow is how one label fares.
type LabelRow struct {
	Label     string `json:"label"`
	Group     string `json:"group,omitempty"` // of labels that exclude one another, as priority
	Undecided int    `json:"undecided"`       // proposals that nobody decided about
	Tally
}

// GroupRow is how the labels of a group fare that exclude one another: which of them people chose, and which would have been
// set.
type GroupRow struct {
	Group    string `json:"group"`
	Decided  int    `json:"decided"`  // issues on which people chose one
	Same     int    `json:"same"`     // of these, those on which the same one would have been set
	Other    int    `json:"other"`    // another
	None     int    `json:"none"`     // none
	Unwanted int    `json:"unwanted"` // issues on which people chose none, and one would have been set
}

// DuplicateRow is how duplicates fare.
type DuplicateRow struct {
	Tally
	Other      int `json:"other"`        // proposed with an issue that is not the one that people named
	BeyondView int `json:"beyond_reach"` // decided, of what is no earlier issue of the history and so could not be found
}

// Score is the result.
type Score struct {
	Issues     int            `json:"issues"`          // held against what people decided
	Ended      map[string]int `json:"ended,omitempty"` // issues that triage passes over, by the reason
	Failed     int            `json:"failed"`          // issues without an analysis
	Labels     []LabelRow     `json:"labels"`
	Groups     []GroupRow     `json:"groups"`
	Duplicates DuplicateRow   `json:"duplicates"`
	Usage      hls.Usage      `json:"usage"`
	Calls      int            `json:"calls"`
}

// ScoreOf counts cases. Of labels only those that the policy allows are counted: no other could be set.
func ScoreOf(cases []Case, policy hls.LabelPolicy, repo []hls.Label) Score {
	s := Score{Ended: map[string]int{}}
	rows := map[string]*LabelRow{}
	for _, l := range policy.Allowed(repo) {
		rows[hls.Fold(l.Name)] = &LabelRow{Label: l.Name, Group: handler.Group(policy, l.Name)}
	}
	groups := map[string]*GroupRow{}
	for _, c := range cases {
		s.Usage = sum(s.Usage, c.Usage)
		if c.Usage != (hls.Usage{}) {
			s.Calls++
		}
		switch {
		case c.Error != "":
			s.Failed++
		case c.Ended != "":
			s.Ended[c.Ended]++
		default:
			s.Issues++
			countLabels(rows, c)
			countGroups(groups, rows, c)
			s.Duplicates.count(c)
		}
	}
	for _, row := range rows {
		if row.Decided+row.Proposed+row.Undecided > 0 {
			s.Labels = append(s.Labels, *row)
		}
	}
	slices.SortFunc(s.Labels, func(a, b LabelRow) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(hls.Fold(a.Label), hls.Fold(b.Label)))
	})
	for _, g := range groups {
		s.Groups = append(s.Groups, *g)
	}
	slices.SortFunc(s.Groups, func(a, b GroupRow) int { return cmp.Compare(a.Group, b.Group) })
	return s
}

func sum(a, b hls.Usage) hls.Usage {
	return hls.Usage{
		InputTokens: a.InputTokens + b.InputTokens, OutputTokens: a.OutputTokens + b.OutputTokens,
		CacheReadTokens: a.CacheReadTokens + b.CacheReadTokens, CacheWriteTokens: a.CacheWriteTokens + b.CacheWriteTokens,
		CostMicroUSD: a.CostMicroUSD + b.CostMicroUSD,
	}
}

func has(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return hls.Fold(n) == hls.Fold(name) })
}

func countLabels(rows map[string]*LabelRow, c Case) {
	for name, row := range rows {
		proposed := has(c.Proposed, name)
		if has(c.Decision.Open, name) {
			if proposed {
				row.Undecided++
			}
			continue
		}
		row.add(proposed, has(c.Decision.Labels, name))
	}
}

// countGroups looks at each group as a whole. A group of which a label stands open is left out for the issue: nothing can
// be said of it.
func countGroups(groups map[string]*GroupRow, rows map[string]*LabelRow, c Case) {
	chosen := func(names []string) map[string]string {
		of := map[string]string{}
		for _, name := range names {
			if row := rows[hls.Fold(name)]; row != nil && row.Group != "" {
				of[row.Group] = hls.Fold(name)
			}
		}
		return of
	}
	people, own, open := chosen(c.Decision.Labels), chosen(c.Proposed), chosen(c.Decision.Open)
	seen := map[string]bool{}
	for _, row := range rows {
		g := row.Group
		if g == "" || seen[g] || open[g] != "" || people[g] == "" && own[g] == "" {
			continue
		}
		seen[g] = true
		if groups[g] == nil {
			groups[g] = &GroupRow{Group: g}
		}
		groups[g].count(people[g], own[g])
	}
}

func (g *GroupRow) count(people, own string) {
	if people == "" {
		g.Unwanted++
		return
	}
	g.Decided++
	switch own {
	case people:
		g.Same++
	case "":
		g.None++
	default:
		g.Other++
	}
}

// count holds the duplicates of a case against what people decided. Where they named the other issue, another one is wrong.
func (d *DuplicateRow) count(c Case) {
	proposed, decided := len(c.Duplicates) > 0, c.Decision.Duplicate
	if decided && c.Decision.Of != 0 && !c.Reach {
		d.BeyondView++
	}
	if proposed && decided && c.Decision.Of != 0 && !slices.Contains(c.Duplicates, c.Decision.Of) {
		d.Other++
		d.add(true, false)
		d.add(false, true)
		return
	}
	d.add(proposed, decided)
}

// Case begins the case of an issue: what people decided, and nothing proposed.
func (h *History) Case(r *Record, ended string) Case {
	c := Case{
		Number: r.issue.Number, Title: r.titleAt(r.issue.CreatedAt), Ended: ended, Proposed: []string{}, Duplicates: []int{},
		Decision: r.Decision(h.Self),
	}
	for _, other := range h.Issues {
		c.Reach = c.Reach || other.issue.Number == c.Decision.Of && other.before(r.issue.Issue)
	}
	return c
}
