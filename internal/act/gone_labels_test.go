package act_test

import (
	"context"
	"testing"

	"hls/internal/hls"
)

// A label that a person deleted or renamed is not made again, by whatever case of letters it was called.
func TestE8_ALabelThatAPersonDeletedIsNotCreated(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.rule.Labels.CreateMissing = true
	s.rule.Labels.Categories = []hls.Category{{Name: "type", Labels: named("docs", "Perf", "ui")}}
	e := s.effect(hls.AddLabels)
	e.Labels, e.Create = named("docs", "Perf", "ui"), true
	elsewhere := e.Subject
	elsewhere.RepoID++
	s.book.known = []hls.Memory{
		{Subject: e.Subject.LabelSet(), Kind: hls.LabelGone, Key: "perf"}, {Subject: elsewhere.LabelSet(), Kind: hls.LabelGone, Key: "ui"},
	}
	if err := s.act(e); err != nil {
		t.Fatal(err)
	}
	s.must("done", "CreateLabel ui", "AddLabels docs,ui")
	if got := s.book.rows[0].Error; got != "Perf: deleted_by_person" {
		t.Errorf("note %q", got)
	}
}

func (b *book) Touch(_ context.Context, touches []hls.Touch) error {
	b.touched = append(b.touched, touches...)
	return nil
}

func (b *book) Recall(_ context.Context, r hls.Recall) (found []hls.Memory, err error) {
	for _, m := range b.known {
		if m.Subject.Key() == r.Subject.Key() && m.Kind == r.Kind && (r.Key == "" || m.Key == r.Key) {
			found = append(found, m)
		}
	}
	return found, nil
}
