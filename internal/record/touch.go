package record

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"hls/internal/hls"
)

// Remembered is what a touch makes of what is known.
type Remembered struct {
	Memory *PackedMemory // to be stored; nil when nothing changes
	Used   []LabelDay    // to be counted
}

// LabelDay is what is added to the tally of a label in a repository, on the UTC day on which HLS applied it, or a person
// added it.
type LabelDay struct {
	Subject hls.Subject // of the repository
	Label   string      // folded
	At      time.Time   // on that day
	Late    bool        // of an application that was counted before: it has no part in what was forgotten since
	hls.LabelTally
}

// Day counts days since 1970.
func (d LabelDay) Day() int64 { return dayOf(d.At) }

func dayOf(at time.Time) int64 { return at.Unix() / int64(24*time.Hour/time.Second) }

// Repo is the repository's name as it is looked for.
func (d LabelDay) Repo() string { return hls.Fold(d.Subject.Repo) }

// Touched is what a touch makes of the stored memory of its label, which is nil when there is none. It counts what people
// made of a label of HLS.
func (c Counts) Touched(stored []byte, t hls.Touch) (r Remembered, err error) {
	var before hls.LabelState
	if stored != nil {
		if err := UnpackJSON(stored, &before); err != nil {
			return r, fmt.Errorf("decode memory of label %q: %w", t.Label, err)
		}
	} else if t.Fate == hls.LabelKept { // HLS did not set it.
		return r, nil
	}
	after := before.With(t)
	if reflect.DeepEqual(before, after) {
		return r, nil
	}
	r.Used = c.used(before, &after, t)
	value, err := json.Marshal(after)
	if err != nil {
		return r, err
	}
	m := hls.Memory{Subject: t.Subject, Kind: hls.Touched, Key: hls.Fold(t.Label), Value: value}
	p, err := PackMemory(hls.Task{Subject: t.Subject}, m)
	r.Memory = &p
	return r, err
}

// used counts what changed. Each application ends once: what was kept and is taken off later was not kept.
func (c Counts) used(before hls.LabelState, after *hls.LabelState, t hls.Touch) (days []LabelDay) {
	day := func(at time.Time, late bool, tally hls.LabelTally) {
		days = append(days, LabelDay{Subject: t.Subject, Label: hls.Fold(t.Label), At: at, Late: late, LabelTally: tally})
	}
	switch {
	case t.Fate == hls.LabelApplied:
		c.label("applied", t)
		day(t.At, false, hls.LabelTally{Applied: 1})
	case t.Fate == hls.LabelAdded && before.Added == nil && before.Applied.IsZero() && before.Overridden.IsZero() && !t.By.Same(t.Self) && t.By.Type != "Bot":
		c.label("added", t)
		day(t.At, false, hls.LabelTally{Added: 1})
	}
	if !after.Kept.Equal(before.Kept) {
		c.label("kept", t)
		if !after.Applied.IsZero() {
			day(after.Applied, true, hls.LabelTally{Kept: 1})
		}
	}
	if after.Overridden.Equal(before.Overridden) {
		return days
	}
	c.label("overridden", t)
	if after.Applied.IsZero() || !after.TakenOff() {
		return days
	}
	tally := hls.LabelTally{Overridden: 1}
	if after.KeptAsApplied() {
		tally.Kept = -1
	}
	day(after.Applied, true, tally)
	after.Applied = time.Time{}
	return days
}

// label counts by "what/owner/repo/label": names of repositories have no other slash.
func (c Counts) label(what string, t hls.Touch) {
	c[Counter{countLabel, what + "/" + t.Subject.Repo + "/" + hls.Fold(t.Label)}]++
}

// LabelCount is what people made of a label of a repository, over all time.
type LabelCount struct {
	Repo  string `json:"repository"`
	Label string `json:"label"`
	hls.LabelTally
}

// labelCounts reads what label counted.
func labelCounts(totals Counts) []LabelCount {
	at := map[[2]string]int{}
	var list []LabelCount
	for c, n := range totals {
		parts := strings.SplitN(c.Name, "/", 4)
		if c.Kind != countLabel || len(parts) != 4 {
			continue
		}
		key := [2]string{parts[1] + "/" + parts[2], parts[3]}
		i, known := at[key]
		if !known {
			i = len(list)
			at[key] = i
			list = append(list, LabelCount{Repo: key[0], Label: key[1]})
		}
		switch parts[0] {
		case "applied":
			list[i].Applied += int(n)
		case "added":
			list[i].Added += int(n)
		case "overridden":
			list[i].Overridden += int(n)
		default:
			list[i].Kept += int(n)
		}
	}
	return list
}

// LabelQuery selects tallies of labels: those of a subject's repository, or of one by name.
type LabelQuery struct {
	Subject hls.Subject
	Repo    string    // in place of Subject
	Since   time.Time // when they were applied, or added by people, to the day
}

// SinceDay is the first day that counts.
func (q LabelQuery) SinceDay() int64 { return dayOf(q.Since) }

// RepoKey is the repository's name as it is looked for.
func (q LabelQuery) RepoKey() string { return hls.Fold(q.Repo) }

// LabelUse is what became of a label of a repository.
type LabelUse struct {
	Subject hls.Subject `json:"-"` // of the repository, as far as its tallies go: its id and its scope
	Label   string      `json:"label"`
	hls.LabelTally
}

// Forgotten tells the audit log that what became of a label counts no more, and what that was.
func (a *Audits) Forgotten(repo, by string, uses []LabelUse) {
	for _, u := range uses {
		*a = append(*a, hls.AuditEntry{Kind: hls.AuditLabelReset, Repo: repo, By: by, Data: encode(u)})
	}
}

// Tallied is what became of the labels of a subject's repository lately, by folded name.
func Tallied(ctx context.Context, s Store, subject hls.Subject, now time.Time) (map[string]hls.LabelTally, error) {
	uses, err := s.LabelUses(ctx, LabelQuery{Subject: subject, Since: now.Add(-hls.DemotionWindow)})
	if err != nil {
		return nil, err
	}
	tallies := map[string]hls.LabelTally{}
	for _, u := range uses {
		tallies[u.Label] = u.LabelTally
	}
	return tallies, nil
}

// Applied is what a move tells of labels that were set, by the effect as it is stored.
func Applied(m hls.Move, packed []byte, now time.Time) (touches []hls.Touch, err error) {
	if len(m.Applied) == 0 || m.To != hls.EffectDone {
		return nil, nil
	}
	var e hls.Effect
	if err := UnpackJSON(packed, &e); err != nil {
		return nil, fmt.Errorf("decode effect: %w", err)
	}
	for _, name := range m.Applied {
		touches = append(touches, hls.Touch{Subject: e.Subject, Label: name, Fate: hls.LabelApplied, At: now})
	}
	return touches, nil
}
