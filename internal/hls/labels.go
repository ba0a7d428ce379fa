package hls

import (
	"cmp"
	"slices"
)

// OptOut is the label with which people take an issue or a pull request out of everything that HLS does.
const OptOut = "no-hls"

// OptsOut tells whether the label takes its bearer out.
func (l Label) OptsOut() bool { return Fold(l.Name) == OptOut }

// Suggests tells whether a label waits for a person's approval where others are set.
func (p LabelPolicy) Suggests(name string) bool { return amongNames(p.Suggest, name) }

// Leaves tells whether a label is left to people.
func (p LabelPolicy) Leaves(name string) bool { return amongNames(p.Leave, name) }

func amongNames(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return Fold(n) == Fold(name) })
}

// Allowed are the labels that may be set, by name and each once: the configured ones or, where none are, those that the
// repository has.
func (p LabelPolicy) Allowed(repo []Label) []Label {
	labels := slices.Clone(repo)
	if len(p.Categories) > 0 {
		labels = nil
	}
	for _, c := range p.Categories {
		labels = append(labels, c.Labels...)
	}
	slices.SortFunc(labels, func(a, b Label) int {
		return cmp.Or(cmp.Compare(Fold(a.Name), Fold(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return slices.CompactFunc(labels, func(a, b Label) bool { return Fold(a.Name) == Fold(b.Name) })
}
