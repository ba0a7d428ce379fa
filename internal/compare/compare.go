// Package compare tells what differs between two plans for one event. It is functions of its arguments.
package compare

import (
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

// Side is what came of an event once.
type Side struct {
	Ended    string // why it ended before there was a plan; "" when there is one
	Analysis hls.Analysis
	Plan     hls.Plan
}

// Lists is what only one side has, in order.
type Lists struct {
	Added   []string `json:"added"`   // by the new side
	Removed []string `json:"removed"` // that only the old side had
}

func (l Lists) empty() bool { return len(l.Added)+len(l.Removed) == 0 }

// Difference is what the new side does that the old one did not, and the other way round.
type Difference struct {
	Changed  bool   `json:"changed"`  // whether anything that people would see differs
	Labels   Lists  `json:"labels"`   // those set, and with "-" before them those taken away
	Findings Lists  `json:"findings"` // remarks on lines
	Effects  Lists  `json:"effects"`  // kinds of effects
	Dropped  Lists  `json:"dropped"`  // what code refused, and why
	Comment  string `json:"comment"`  // all other text that is posted, as a unified diff; "" when it is the same
	Answer   string `json:"answer"`   // Claude's, as a unified diff
	Silent   Pair   `json:"silent"`   // why nothing is said
	Ended    Pair   `json:"ended"`    // why it ended before there was a plan
}

// Pair is a word of both sides.
type Pair struct {
	Old string `json:"old"`
	New string `json:"new"`
}

func (p Pair) same() bool { return p.Old == p.New }

// Between compares two sides.
func Between(was, is Side) Difference {
	d := Difference{
		Labels:   lists(labels(was.Plan), labels(is.Plan)),
		Findings: lists(findings(was.Plan), findings(is.Plan)),
		Effects:  lists(kinds(was.Plan), kinds(is.Plan)),
		Dropped:  lists(drops(was.Plan), drops(is.Plan)),
		Comment:  Unified(posted(was.Plan), posted(is.Plan)),
		Answer:   Unified(pretty(was.Analysis.Answer), pretty(is.Analysis.Answer)),
		Silent:   Pair{was.Plan.Silent, is.Plan.Silent},
		Ended:    Pair{was.Ended, is.Ended},
	}
	d.Changed = !d.Labels.empty() || !d.Findings.empty() || !d.Effects.empty() || d.Comment != "" || !d.Ended.same()
	return d
}

// lists compares what both sides have, however often.
func lists(was, is []string) Lists {
	left := slices.Clone(was)
	l := Lists{Added: []string{}, Removed: []string{}}
	for _, one := range is {
		if i := slices.Index(left, one); i >= 0 {
			left = slices.Delete(left, i, i+1)
			continue
		}
		l.Added = append(l.Added, one)
	}
	l.Removed = append(l.Removed, left...)
	slices.Sort(l.Added)
	slices.Sort(l.Removed)
	return l
}

func labels(p hls.Plan) (names []string) {
	for _, e := range p.Effects {
		sign := ""
		switch e.Kind {
		case hls.AddLabels:
		case hls.RemoveLabels:
			sign = "-"
		default:
			continue
		}
		for _, l := range e.Labels {
			names = append(names, sign+l.Name)
		}
	}
	return names
}

// findings are the remarks on lines, each by its place and its first line.
func findings(p hls.Plan) (found []string) {
	for _, e := range p.Effects {
		for _, r := range e.Remarks {
			found = append(found, fmt.Sprintf("%s:%d: %s", r.Path, r.EndLine, firstLine(r.Body)))
		}
	}
	return found
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(line)
}

// kinds are those of the effects, each as often as it is planned. Labels are compared by name, and what is held of them by
// what people make of labels meanwhile.
func kinds(p hls.Plan) (names []string) {
	for _, e := range p.Effects {
		labeling := e.Kind == hls.AddLabels || e.Kind == hls.RemoveLabels
		if !labeling || !slices.Contains(names, string(e.Kind)) {
			names = append(names, string(e.Kind))
		}
	}
	return names
}

func drops(p hls.Plan) (told []string) {
	for _, d := range p.Dropped {
		told = append(told, d.What+": "+d.Why)
	}
	return told
}

// posted is all text of a plan but that of its remarks, each piece under the kind of its effect.
func posted(p hls.Plan) string {
	var parts []string
	for _, e := range p.Effects {
		text := strings.TrimSpace(e.Title + "\n\n" + e.Body)
		if text == "" {
			continue
		}
		parts = append(parts, fmt.Sprintf("[%s]\n%s", e.Kind, text))
	}
	return strings.Join(parts, "\n\n")
}
