package act_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hls/internal/hls"
)

func named(names ...string) []hls.Label {
	var labels []hls.Label
	for _, name := range names {
		labels = append(labels, hls.Label{Name: name})
	}
	return labels
}

func TestE8_AddsOnlyWhatIsWanted(t *testing.T) {
	t.Parallel()
	categories := []hls.Category{{Name: "type", Labels: named("bug", "docs", "perf", "ui")}}
	for name, c := range map[string]struct {
		prepare func(*scene, *hls.Effect)
		writes  []string
		note    string
	}{
		"by the repository's spelling": {func(_ *scene, e *hls.Effect) { e.Labels = named("BUG", "bug", "Docs") }, []string{"AddLabels Bug,docs"}, ""},
		"present already":              {func(s *scene, _ *hls.Effect) { s.world.label(person, "Bug", true) }, nil, ""},
		"removed by a person": {func(s *scene, e *hls.Effect) {
			e.Labels = named("bug", "docs")
			s.world.label(self, "Bug", true)
			s.world.label(person, "Bug", false)
		}, []string{"AddLabels docs"}, "bug: removed_by_person"},
		"removed and set again": {func(s *scene, _ *hls.Effect) {
			s.world.label(person, "Bug", false)
			s.world.label(person, "Bug", true)
			s.world.label(self, "Bug", false)
		}, []string{"AddLabels Bug"}, ""},
		"removed, self unknown": {func(s *scene, _ *hls.Effect) {
			s.world.self = hls.Account{}
			s.world.label(self, "Bug", false)
		}, nil, "bug: removed_by_person"},
		"unknown to the repository":     {func(_ *scene, e *hls.Effect) { e.Labels = named("perf", "docs") }, []string{"AddLabels docs"}, "perf: not_in_repository"},
		"unknown, only the effect asks": {func(_ *scene, e *hls.Effect) { e.Labels, e.Create = named("perf"), true }, nil, "perf: not_in_repository"},
		"unknown, to be created": {func(s *scene, e *hls.Effect) {
			s.rule.Labels.CreateMissing = true
			s.rule.Labels.Categories = categories
			e.Labels, e.Create = named("perf", "ui"), true
		}, []string{"CreateLabel perf", "CreateLabel ui", "AddLabels perf,ui"}, ""},
		"no more than a hundred": {func(s *scene, e *hls.Effect) {
			for i := range 99 {
				s.world.label(person, fmt.Sprint("l", i), true)
			}
			e.Labels = named("docs", "bug")
		}, []string{"AddLabels docs"}, "bug: too_many_labels"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hls.KindIssue)
			e := s.effect(hls.AddLabels)
			c.prepare(s, &e)
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

func TestE8_RemovesOnlyItsOwn(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.world.label(self, "Bug", true)
	s.world.label(person, "docs", true)
	s.world.label(self, "ui", true)
	s.world.label(person, "ui", false)
	s.world.label(person, "ui", true)
	e := s.effect(hls.RemoveLabels)
	e.Labels = named("bug", "docs", "ui", "absent")
	if err := s.act(e); err != nil {
		t.Fatal(err)
	}
	s.must("done", "RemoveLabel Bug")
}

func TestE8_LabelsStayPlannedWithoutAutoApply(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.rule.Labels.AutoApply = false
	if err := s.act(s.effect(hls.AddLabels), s.effect(hls.UpsertComment)); err != nil {
		t.Fatal(err)
	}
	s.must("shadow done", "CreateComment")
}

func TestE8_ADeletedCommentStaysAway(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	if err := s.act(s.effect(hls.UpsertComment)); err != nil {
		t.Fatal(err)
	}
	s.world.comments = nil
	for i := range 3 {
		e := s.effect(hls.UpsertComment)
		e.Revision, e.Body = "", fmt.Sprint("Another text ", i)
		e.Nonce = fmt.Sprint(i)
		if err := s.act(e); err != nil {
			t.Fatal(err)
		}
	}
	s.must("done stale stale stale", "CreateComment")
	if s.book.rows[3].Error != "removed_by_person" {
		t.Errorf("row %+v", s.book.rows[3])
	}
}

// GitHub may show a comment in the list and not yet by itself. It was not deleted then.
func TestE8_AListedCommentWasNotDeleted(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{true, false} {
		s := newScene(t, hls.KindIssue)
		if !known {
			s.world.self = hls.Account{}
		}
		s.upsert("triage", "One.")
		for i := range s.world.comments {
			s.world.comments[i].Body = "One." // A person took the marker out.
		}
		s.world.faults["Comment"] = []fault{{err: hls.ErrNotFound}}
		s.upsert("triage", "Two.")
		s.must("done done", "CreateComment", "EditComment")
	}
}

// A token may see a pull request and neither the issue of its number nor its history.
func TestE8_LabelsOfAPullRequestAreItsOwn(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindPullRequest)
	gone := []fault{{err: hls.ErrGone}, {err: hls.ErrGone}, {err: hls.ErrGone}}
	s.world.faults["Issue"], s.world.faults["History"] = gone, gone
	s.world.pull.Labels = named("docs")
	e := s.effect(hls.AddLabels)
	e.Labels = named("bug", "docs")
	if err := s.act(e); err != nil {
		t.Fatal(err)
	}
	s.must("done", "AddLabels Bug")
}

// What cannot be labeled has been reviewed all the same.
func TestE8_GoneLabelsDoNotUndoAReview(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindPullRequest)
	plan := []hls.Effect{s.effect(hls.AddLabels), s.effect(hls.CreateReview)}
	s.world.faults["PullRequest"] = []fault{{err: hls.ErrGone}}
	if err := s.act(plan...); err != nil {
		t.Errorf("the task is not done: %v", err)
	}
	s.must("stale done", "CreateReview abc123 1")
	if s.book.rows[0].Error == "" {
		t.Error("the row does not say why")
	}
}

func TestE8_ALabelThatMayNotBeCreatedIsLeftOut(t *testing.T) {
	t.Parallel()
	refusal := &hls.Permanent{Err: errors.New("403"), Reason: "github_forbidden"}
	for name, c := range map[string]struct {
		faults []fault
		states string
		writes []string
		note   string
	}{
		"one refused": {[]fault{{err: refusal}}, "done", []string{"CreateLabel perf", "CreateLabel ui", "AddLabels Bug,ui"}, "perf: creation_refused"},
		"all refused": {[]fault{{err: refusal}, {err: refusal}}, "done", []string{"CreateLabel perf", "CreateLabel ui", "AddLabels Bug"}, "perf: creation_refused; ui: creation_refused"},
		"a limit":     {[]fault{{err: &hls.RetryAfter{Err: errors.New("429")}}}, "intent", []string{"CreateLabel perf"}, `create label "perf": 429`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hls.KindIssue)
			s.rule.Labels.CreateMissing = true
			s.rule.Labels.Categories = []hls.Category{{Labels: named("bug", "perf", "ui")}}
			s.world.faults["CreateLabel"] = c.faults
			e := s.effect(hls.AddLabels)
			e.Labels, e.Create = named("bug", "perf", "ui"), true
			if err := s.act(e); (err == nil) != (c.states == "done") {
				t.Error(err)
			}
			s.must(c.states, c.writes...)
			if got := s.book.rows[0].Error; !strings.HasPrefix(got, c.note) {
				t.Errorf("note %q, want %q", got, c.note)
			}
		})
	}
}

// Nothing is added that is not known to be in the repository: adding would create it.
func TestE8_UnlistedLabelsAreNotAdded(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.world.faults["Labels"] = []fault{{err: hls.ErrNotFound}}
	if err := s.act(s.effect(hls.AddLabels), s.effect(hls.UpsertComment)); err != nil {
		t.Error(err)
	}
	s.must("done done", "CreateComment")
	if got := s.book.rows[0].Error; got != "bug: labels_not_shown" {
		t.Errorf("note %q", got)
	}
}

// act runs one upsert of a new revision.
func (s *scene) upsert(purpose, body string) {
	s.Helper()
	e := s.effect(hls.UpsertComment)
	e.Purpose, e.Body, e.Nonce = purpose, body, fmt.Sprint(len(s.book.rows))
	if err := s.act(e); err != nil {
		s.Fatal(err)
	}
}

func TestE1_OneCommentPerPurpose(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.upsert("triage", "One.")
	s.upsert("triage", "One.")
	s.upsert("triage", "Two.")
	s.upsert("summary", "Three.")
	s.must("done done done done", "CreateComment", "EditComment", "CreateComment")
	s.book.rows = nil // The ledger is gone: the marker finds the comment again.
	s.upsert("triage", "Two.")
	s.upsert("triage", "Four.")
	s.must("done done", "CreateComment", "EditComment", "CreateComment", "EditComment")
	if body := s.world.comments[0].Body; !strings.HasPrefix(body, "Four.\n\n<!-- hls:v1 purpose=triage sig=") {
		t.Errorf("body %q", body)
	}
	for i, row := range s.book.rows {
		if row.RemoteID != s.world.comments[0].ID {
			t.Errorf("row %d names comment %d", i, row.RemoteID)
		}
	}
}

func TestE1_ACommentOfAnotherAccountIsNotEdited(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.upsert("triage", "One.")
	s.world.comments[0].User = person
	s.upsert("triage", "Two.")
	s.must("done done", "CreateComment", "CreateComment")
}

func TestE1_UnknownAccountEditsWhatTheLedgerKnows(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.world.self = hls.Account{}
	s.upsert("triage", "One.")
	s.upsert("triage", "Two.")
	s.must("done done", "CreateComment", "EditComment")
}
