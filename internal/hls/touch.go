package hls

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Touched is the kind of the memory of who set and who removed a label on a subject last, under its folded name. Its value is
// a LabelState.
const Touched = "label"

// MostTouched is how many labels of a subject are looked at. GitHub allows 100 at a time.
const MostTouched = 500

// Fate is what happened to a label on a subject.
type Fate string

// The fates of labels.
const (
	LabelAdded   Fate = "added"
	LabelRemoved Fate = "removed"
	LabelKept    Fate = "kept"    // it was there when the subject was closed
	LabelApplied Fate = "applied" // HLS set it, as the ledger tells

	// LabelTakenBack says that an operator had HLS take off what it had set: see TakenBack.
	LabelTakenBack Fate = "taken_back"
)

// Touch is something that happened to a label on a subject, as an event or the subject's history tells of it.
type Touch struct {
	Subject Subject
	Label   string
	Fate    Fate
	By      Account
	At      time.Time
	Self    Account // the account that HLS acts as there; the zero Account while it is not known
}

// Hand is who set or removed a label, and when.
type Hand struct {
	By  Account   `json:"by"`
	Own bool      `json:"own,omitempty"` // it was HLS itself
	At  time.Time `json:"at"`
}

// LabelState is what is known of a label on a subject.
type LabelState struct {
	Label      string    `json:"label"`
	Added      *Hand     `json:"added,omitempty"`
	Removed    *Hand     `json:"removed,omitempty"`
	Overridden time.Time `json:"overridden,omitzero"` // when a person undid what HLS had done
	Kept       time.Time `json:"kept,omitzero"`       // when the subject was closed with the label as HLS had set it
	TakenBack  time.Time `json:"taken_back,omitzero"` // when an operator had HLS take it off
	Applied    time.Time `json:"applied,omitzero"`    // when the ledger had HLS set it last, until a person takes it off
}

// OverrideWindow is how long after HLS a person has to set or remove a label for that to be said of HLS.
const OverrideWindow = 30 * 24 * time.Hour

// With is the state after a touch, in whatever order touches become known: of two the later one counts.
func (s LabelState) With(t Touch) LabelState {
	s.Label = t.Label
	hand := &Hand{By: t.By, Own: t.By.Same(t.Self), At: t.At.UTC()}
	switch t.Fate {
	case LabelAdded:
		s.Added = later(s.Added, hand)
	case LabelRemoved:
		s.Removed = later(s.Removed, hand)
	case LabelKept:
		if s.Kept.IsZero() && s.Overridden.IsZero() && s.own(t.At) {
			s.Kept = t.At.UTC()
		}
	case LabelTakenBack:
		if t.At.After(s.TakenBack) {
			s.TakenBack = t.At.UTC()
		}
	case LabelApplied:
		s.Applied = t.At.UTC()
	}
	for _, pair := range [][2]*Hand{{s.set(), s.Removed}, {s.Removed, s.Added}} {
		if own, other := pair[0], pair[1]; overrides(own, other) && !own.At.Before(s.Overridden) {
			s.Overridden = other.At
		}
	}
	return s
}

// set is who set the label last. Where no event and no history told of it, the ledger does, by another clock than GitHub's.
func (s LabelState) set() *Hand {
	if s.Added == nil && !s.Applied.IsZero() {
		return &Hand{Own: true, At: s.Applied.Add(-tellingApart)}
	}
	return s.Added
}

// KeptAsApplied tells whether the label was kept when the subject was closed after HLS had set it last.
func (s LabelState) KeptAsApplied() bool {
	return !s.Kept.IsZero() && !s.Kept.Before(s.Applied.Add(-tellingApart))
}

// own tells whether the label stood at a time as HLS had set it.
func (s LabelState) own(at time.Time) bool {
	set := s.set()
	return set != nil && set.Own && !set.At.After(at) && (s.Removed == nil || s.Removed.At.Before(set.At))
}

// TakenOff tells whether the last override was that a person took the label off.
func (s LabelState) TakenOff() bool {
	return s.Removed != nil && !s.Removed.Own && !s.Overridden.IsZero() && s.Overridden.Equal(s.Removed.At)
}

// later is the one of two hands that came later. Of two that came at once the one that is known stays.
func later(known, other *Hand) *Hand {
	if known == nil || other.At.After(known.At) {
		return other
	}
	return known
}

// overrides tells whether a person undid what HLS had done, while that was still remembered as HLS's.
func overrides(own, other *Hand) bool {
	if own == nil || other == nil || !own.Own || other.Own || other.By.Type == "Bot" {
		return false
	}
	after := other.At.Sub(own.At)
	return after >= 0 && after <= OverrideWindow
}

// LabelStates reads memories of the kind Touched.
func LabelStates(memories []Memory) ([]LabelState, error) {
	states := make([]LabelState, len(memories))
	for i, m := range memories {
		if err := json.Unmarshal(m.Value, &states[i]); err != nil {
			return nil, fmt.Errorf("decode what is remembered of label %q: %w", m.Key, err)
		}
	}
	return states, nil
}

// events are those that the state remembers.
func (s LabelState) events() (events []LabelEvent) {
	if s.Added != nil {
		events = append(events, LabelEvent{Label: s.Label, Added: true, Actor: s.Added.By, At: s.Added.At})
	}
	if s.Removed != nil {
		events = append(events, LabelEvent{Label: s.Label, Actor: s.Removed.By, At: s.Removed.At})
	}
	return events
}

// tellingApart is how far the times of one event may be apart, which webhooks and the history tell of differently.
const tellingApart = time.Minute

// Remembered is a subject's history with what the states remember besides: GitHub may show none, or not yet all of it.
func Remembered(history []LabelEvent, states []LabelState) []LabelEvent {
	all := slices.Clone(history)
	for _, s := range states {
		for _, e := range s.events() {
			told := slices.ContainsFunc(history, func(h LabelEvent) bool {
				return h.Added == e.Added && Fold(h.Label) == Fold(e.Label) && !h.At.Before(e.At.Add(-tellingApart))
			})
			if !told {
				all = append(all, e)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b LabelEvent) int { return a.At.Compare(b.At) })
	return all
}

// TakenBack are the labels that HLS does not set again by itself, as removals by an operator: those that it was made to take
// off, and that nobody has set since.
func TakenBack(states []LabelState) (events []LabelEvent) {
	for _, s := range states {
		again := s.Added != nil && s.Added.At.After(s.TakenBack.Add(tellingApart))
		if !s.TakenBack.IsZero() && !again {
			events = append(events, LabelEvent{Label: s.Label, Actor: Account{Login: Operator}, At: s.TakenBack})
		}
	}
	return events
}

// Touches are what a history tells of labels that both HLS and others had a hand in: the last of each kind.
func Touches(s Subject, history []LabelEvent, self Account) []Touch {
	own, others, last := map[string]bool{}, map[string]bool{}, map[string]Touch{}
	for _, e := range history {
		name, fate := Fold(e.Label), LabelRemoved
		if e.Added {
			fate = LabelAdded
		}
		own[name], others[name] = own[name] || e.Actor.Same(self), others[name] || !e.Actor.Same(self)
		last[name+" "+string(fate)] = Touch{Subject: s, Label: e.Label, Fate: fate, By: e.Actor, At: e.At, Self: self}
	}
	var touches []Touch
	for _, t := range last {
		if name := Fold(t.Label); own[name] && others[name] {
			touches = append(touches, t)
		}
	}
	slices.SortFunc(touches, func(a, b Touch) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Label, b.Label)) })
	return touches
}

// LabelTally is what became of a label in a repository. Of those that HLS applied, some were kept until the subject was
// closed, and some taken off by people.
type LabelTally struct {
	Applied    int `json:"applied"`
	Kept       int `json:"kept"`
	Overridden int `json:"overridden"`
	Added      int `json:"added"` // by people, where HLS did not
}

// Plus is the sum of two tallies.
func (t LabelTally) Plus(other LabelTally) LabelTally {
	return LabelTally{t.Applied + other.Applied, t.Kept + other.Kept, t.Overridden + other.Overridden, t.Added + other.Added}
}

// DemotionWindow is how far back what became of a label speaks for it, and against it.
const DemotionWindow = 90 * 24 * time.Hour

// Demotion says when people have taken a label off too often for HLS to set it without being asked.
type Demotion struct {
	AtLeast int     // applied so often within DemotionWindow; 0 never demotes
	Share   float64 // of those applied, taken off by people
}

// Demotes tells whether a label is no longer to be set without a person's approval.
func (d Demotion) Demotes(t LabelTally) bool {
	return d.AtLeast > 0 && t.Applied >= d.AtLeast && float64(t.Overridden) >= d.Share*float64(t.Applied)
}

// Demoted is the reason for which a label waits for approval.
func (t LabelTally) Demoted() string {
	return fmt.Sprintf("demoted: people took it off %d of %d times", t.Overridden, t.Applied)
}
