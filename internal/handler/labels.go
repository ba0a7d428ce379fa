package handler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"hls/internal/hls"
)

// exclusivePrefixes are the groups that hold one label at a time where the settings name no categories: labels
// such as priority-high, "priority: high" and size/XL.
const exclusivePrefixes = " priority difficulty severity effort size status "

// proposal is a label that the model, or a count, speaks for. Proven is false when its evidence was not found.
type proposal struct {
	name       string
	confidence float64
	proven     bool
	why        string
}

// choice is what came of the proposals.
type choice struct {
	add     []hls.Label
	remove  []hls.Label // of HLS's own, to make room in an exclusive group
	why     map[string]string
	dropped []hls.Drop

	suggest []hls.Label // labels that wait for a person's approval
	retract []hls.Label // of HLS's own, to make room for those
}

// labeler decides which labels a subject gets. It knows the allowed set, what is on the subject, and who put it there.
type labeler struct {
	policy  hls.LabelPolicy
	allowed map[string]hls.Label // by folded name
	groups  map[string]string    // the exclusive group of an allowed label, by folded name
	lacking map[string]bool      // allowed labels that the repository does not have
	present map[string]bool
	mine    map[string]bool // present, and last added by HLS itself
	removed map[string]bool // removed by someone else at any time: never added again
}

func newLabeler(r hls.Rule, f hls.Facts, present []hls.Label) *labeler {
	l := &labeler{
		policy: r.Labels, allowed: map[string]hls.Label{}, groups: map[string]string{}, lacking: map[string]bool{},
		present: map[string]bool{}, mine: map[string]bool{}, removed: map[string]bool{},
	}
	for _, label := range present {
		l.present[hls.Fold(label.Name)] = true
	}
	for _, h := range f.History {
		name := hls.Fold(h.Label)
		own := r.Self.Same(h.Actor)
		switch {
		case h.Added:
			l.mine[name] = own && l.present[name]
		case !own:
			l.removed[name] = true
		}
	}
	l.allow(r.Labels, f.Labels)
	return l
}

func (l *labeler) allow(policy hls.LabelPolicy, repo []hls.Label) {
	has := map[string]bool{}
	for _, label := range repo {
		has[hls.Fold(label.Name)] = true
	}
	for _, label := range policy.Allowed(repo) {
		name := hls.Fold(label.Name)
		l.allowed[name], l.groups[name], l.lacking[name] = label, prefixGroup(label.Name), !has[name]
	}
	for _, c := range policy.Categories {
		for _, label := range c.Labels {
			if c.Exclusive {
				l.groups[hls.Fold(label.Name)] = "category " + hls.Fold(c.Name)
			}
		}
	}
}

// choose goes through the proposals in two steps: each on its own merits, then the best of each exclusive group.
func (l *labeler) choose(proposals []proposal) choice {
	c := choice{why: map[string]string{}}
	seen := map[string]bool{}
	var fit []proposal
	for _, p := range proposals {
		why := l.refuse(p)
		if why == "" && seen[hls.Fold(p.name)] {
			why = "repeated"
		}
		seen[hls.Fold(p.name)] = true
		if why != "" {
			c.dropped = append(c.dropped, hls.Drop{What: quoted("label", p.name), Why: why})
			continue
		}
		fit = append(fit, p)
	}
	slices.SortStableFunc(fit, func(a, b proposal) int { return cmp.Compare(b.confidence, a.confidence) })
	taken := map[string]bool{}
	for _, p := range fit {
		if why := l.settle(&c, p, taken); why != "" {
			c.dropped = append(c.dropped, hls.Drop{What: quoted("label", p.name), Why: why})
		}
	}
	return c
}

// leftToPeople is why a label that the settings leave to people is not set.
const leftToPeople = "left_to_people"

// refuse says what speaks against a proposal by itself, or "".
func (l *labeler) refuse(p proposal) string {
	name := hls.Fold(p.name)
	_, allowed := l.allowed[name]
	switch {
	case !allowed:
		return "not_allowed"
	case p.confidence < 0 || p.confidence > 1:
		return "confidence_out_of_range"
	case p.confidence < l.policy.MinConfidence:
		return "low_confidence"
	case !p.proven:
		return "quote_not_found"
	case l.removed[name]:
		return "removed_by_person"
	case l.policy.Leaves(name):
		return leftToPeople
	case l.lacking[name] && !l.policy.CreateMissing:
		return "not_in_repository"
	}
	return ""
}

// settle adds a label, unless its exclusive group has a better one, or one that a person chose. HLS's own earlier
// choice gives way, also to a label that is there: an earlier run may have been cut short between the two.
func (l *labeler) settle(c *choice, p proposal, taken map[string]bool) string {
	name := hls.Fold(p.name)
	group := l.groups[name]
	if group != "" && taken[group] {
		return "group_has_better"
	}
	taken[group] = true
	rivals := l.rivals(group, name)
	mine := !slices.ContainsFunc(rivals, func(r string) bool { return !l.mine[r] })
	waits := l.policy.Suggests(name)
	add, remove := &c.add, &c.remove
	if waits {
		add, remove = &c.suggest, &c.retract
	}
	if mine && l.policy.AutoApply && (!waits || !l.present[name]) {
		for _, rival := range rivals {
			*remove = append(*remove, l.allowed[rival])
		}
	}
	switch {
	case l.present[name]:
		return "present_already"
	case !mine:
		return "group_taken_by_person"
	case !l.policy.AutoApply:
		return "auto_apply_off"
	}
	label := l.allowed[name]
	*add = append(*add, label)
	c.why[label.Name] = p.why
	return ""
}

// rivals are the other labels of an exclusive group that are on the subject, in a fixed order.
func (l *labeler) rivals(group, chosen string) []string {
	if group == "" {
		return nil
	}
	var names []string
	for name := range l.present {
		if l.groups[name] == group && name != chosen {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// levels are the words that labels use for the levels of the answer.
var levels = map[string][]string{
	"high": {"high"}, "medium": {"medium"}, "low": {"low"},
	"easy": {"easy"}, "moderate": {"moderate", "medium"}, "complex": {"complex", "hard"},
}

// fromLevel maps a level of the answer to a label of the configured category of that name, unless the model named
// a label of the category itself. The label of a repository without categories is never guessed at.
func (l *labeler) fromLevel(category string, a level, named []proposal) (proposal, bool) {
	for _, c := range l.policy.Categories {
		if hls.Fold(c.Name) != category {
			continue
		}
		for _, label := range c.Labels {
			if slices.ContainsFunc(named, func(p proposal) bool { return hls.Fold(p.name) == hls.Fold(label.Name) }) {
				return proposal{}, false
			}
		}
		for _, label := range c.Labels {
			if slices.Contains(levels[a.Level], lastWord(label.Name)) {
				why := fmt.Sprintf("%s %s: %s", category, a.Level, sentence(a.Reason, 200))
				return proposal{name: label.Name, confidence: 1, proven: true, why: why}, true
			}
		}
	}
	return proposal{}, false
}

// Group is the exclusive group that a label stands in: the name of its category, or the first word that it shares with others
// of the kind, as "priority"; "" for none.
func Group(policy hls.LabelPolicy, label string) string {
	for _, c := range policy.Categories {
		for _, l := range c.Labels {
			if c.Exclusive && hls.Fold(l.Name) == hls.Fold(label) {
				return hls.Fold(c.Name)
			}
		}
	}
	return prefixGroup(label)
}

func nameWords(name string) []string {
	return strings.FieldsFunc(hls.Fold(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func lastWord(name string) string {
	words := nameWords(name)
	if len(words) == 0 {
		return ""
	}
	return words[len(words)-1]
}

// prefixGroup is the exclusive group that a label's first word names, or "".
func prefixGroup(name string) string {
	words := nameWords(name)
	if len(words) < 2 || !strings.Contains(exclusivePrefixes, " "+words[0]+" ") {
		return ""
	}
	return words[0]
}
