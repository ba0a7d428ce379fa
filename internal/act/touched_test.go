package act_test

import (
	"encoding/json"
	"testing"
	"time"

	"hls/internal/hls"
)

// remember has the ledger know what became of a label on the subject.
func (s *scene) remember(label string, fates ...hls.Touch) {
	s.Helper()
	var state hls.LabelState
	for i, one := range fates {
		one.Label, one.Self, one.At = label, self, time.Now().Add(time.Duration(i)*time.Second-time.Hour)
		state = state.With(one)
	}
	value, err := json.Marshal(state)
	if err != nil {
		s.Fatal(err)
	}
	subject := s.effect(hls.AddLabels).Subject
	s.book.known = append(s.book.known, hls.Memory{Subject: subject, Kind: hls.Touched, Key: hls.Fold(label), Value: value})
}

// What is remembered of labels counts where GitHub's history does not tell it.
func TestE8_RemovalsAreRemembered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*scene)
		note    string
		writes  []string
	}{
		"taken off by a person": {func(s *scene) {
			s.remember("Bug", hls.Touch{Fate: hls.LabelAdded, By: self}, hls.Touch{Fate: hls.LabelRemoved, By: person})
		}, "bug: removed_by_person", nil},
		"taken off by HLS": {func(s *scene) {
			s.remember("Bug", hls.Touch{Fate: hls.LabelAdded, By: self}, hls.Touch{Fate: hls.LabelRemoved, By: self})
		}, "", []string{"AddLabels Bug"}},
		"of another label": {func(s *scene) {
			s.remember("docs", hls.Touch{Fate: hls.LabelRemoved, By: person})
		}, "", []string{"AddLabels Bug"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hls.KindIssue)
			c.prepare(s)
			e := s.effect(hls.AddLabels)
			e.Labels = named("bug")
			if err := s.act(e); err != nil {
				t.Fatal(err)
			}
			s.must("done", c.writes...)
			if got := s.book.rows[0].Error; got != c.note {
				t.Errorf("note %q, want %q", got, c.note)
			}
		})
	}
}

// What the history tells of labels that both HLS and people touched is remembered, and nothing else of it.
func TestE8_TheHistoryIsRemembered(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.world.label(self, "ui", true)
	s.world.label(person, "ui", false)
	s.world.label(person, "docs", true)
	s.world.label(self, "perf", true)
	if err := s.act(s.effect(hls.AddLabels)); err != nil {
		t.Fatal(err)
	}
	if got := s.book.touched; len(got) != 2 || got[0].Fate != hls.LabelAdded || got[1].Fate != hls.LabelRemoved || got[1].Label != "ui" || got[1].By != person {
		t.Errorf("touches %+v", got)
	}
}
