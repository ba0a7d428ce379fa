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

// Touched is what a touch makes of the stored memory of its label, which is nil when there is none. It returns nil when
// nothing changes, and counts what people made of a label of HLS.
func (c Counts) Touched(stored []byte, t hls.Touch) (*PackedMemory, error) {
	var before hls.LabelState
	if stored != nil {
		if err := UnpackJSON(stored, &before); err != nil {
			return nil, fmt.Errorf("decode memory of label %q: %w", t.Label, err)
		}
	} else if t.Fate == hls.LabelKept { // HLS did not set it.
		return nil, nil
	}
	after := before.With(t)
	if reflect.DeepEqual(before, after) {
		return nil, nil
	}
	value, err := json.Marshal(after)
	if err != nil {
		return nil, err
	}
	m := hls.Memory{Subject: t.Subject, Kind: hls.Touched, Key: hls.Fold(t.Label), Value: value}
	p, err := PackMemory(hls.Task{Subject: t.Subject}, m)
	if !after.Overridden.Equal(before.Overridden) {
		c.label("overridden", t)
	}
	if !after.Kept.Equal(before.Kept) {
		c.label("kept", t)
	}
	return &p, err
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
		if parts[0] == "overridden" {
			list[i].Overridden += int(n)
		} else {
			list[i].Kept += int(n)
		}
	}
	return list
}

// mostTallied is how many subjects a tally looks at, the newest.
const mostTallied = 500

// Tallied is what people made of a label in a subject's repository in the last 30 days.
func Tallied(ctx context.Context, s Store, subject hls.Subject, label string, now time.Time) (tally hls.LabelTally, err error) {
	found, err := s.Recall(ctx, hls.Recall{Subject: subject, Wide: true, Kind: hls.Touched, Key: hls.Fold(label), Limit: mostTallied})
	if err != nil {
		return tally, err
	}
	states, err := hls.LabelStates(found)
	if err != nil {
		return tally, err
	}
	since := now.Add(-hls.OverrideWindow)
	for _, state := range states {
		switch {
		case state.Overridden.After(since):
			tally.Overridden++
		case state.Overridden.IsZero() && state.Kept.After(since):
			tally.Kept++
		}
	}
	return tally, nil
}

// Demoted tells whether a label is no longer to be set in a subject's repository without a person's approval.
func Demoted(ctx context.Context, s Store, subject hls.Subject, label string, now time.Time) (bool, error) {
	tally, err := Tallied(ctx, s, subject, label, now)
	return tally.Demoted(), err
}
