package act_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hls/internal/act"
	"hls/internal/hls"
)

var broken = hls.Subject{RepoID: 5, Repo: "octo/fish"}.Cause("0123456789abcdef")

// about is an issue about the cause that several runs have in common.
func (s *scene) about() hls.Effect {
	e := s.effect(hls.CreateIssue)
	e.Subject, e.Revision = broken, s.task.Subject.Ref
	return e
}

func TestE5_AnIssueIsOpenedOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindOther).on("workflow_run/9")
	e := s.effect(hls.CreateIssue)
	for range 3 {
		if err := s.act(e); err != nil {
			t.Fatal(err)
		}
		s.restart()
	}
	s.must("done", "CreateIssue Main is broken []")
	row, made := s.book.rows[0], s.world.opened[0]
	if row.RemoteID != int64(made.Number) || row.URL != made.HTMLURL {
		t.Errorf("row %+v does not name the issue", row)
	}
	if want := "Since `abc123`.\n\n<!-- hls:v1 purpose=triage ref="; !strings.HasPrefix(made.Body, want) {
		t.Errorf("body %q", made.Body)
	}
}

func TestE5_AnIssueIsReadBackBeforeItIsOpenedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault fault
		sends int
	}{
		"made and seen at once": {fault{err: errAmbiguous, done: true}, 1},
		"made and seen late":    {fault{err: errAmbiguous, done: true, late: 45 * time.Second}, 1},
		"never made":            {fault{err: errAmbiguous}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newScene(t, hls.KindOther).on("workflow_run/9")
				s.world.opened = []hls.Issue{
					{Number: 1, User: self, Title: "Main is broken", State: "open", CreatedAt: time.Now().Add(-time.Minute)},
					{Number: 2, User: person, State: "open", CreatedAt: time.Now()},
				}
				s.world.faults["CreateIssue"] = []fault{c.fault}
				e := s.effect(hls.CreateIssue)
				err := s.act(e)
				for range 3 {
					if err == nil {
						break
					}
					time.Sleep(max(retryAfter(err), time.Second))
					s.restart()
					err = s.act(e)
				}
				if err != nil || s.book.states() != "done" || len(s.world.writes) != c.sends || len(s.world.opened) != 3 {
					t.Errorf("%v, rows %+v, writes %v", err, s.book.rows, s.world.writes)
				}
			})
		})
	}
}

// A copy of the body by another account is no proof, nor is what was there long before.
func TestE5_AnIssueOfOthersIsNotOurs(t *testing.T) {
	t.Parallel()
	for name, bend := range map[string]func(*hls.Issue){
		"author":         func(i *hls.Issue) { i.User = person },
		"marker":         func(i *hls.Issue) { i.Body = strings.Replace(i.Body, "sig=", "sig=0", 1) },
		"pull request":   func(i *hls.Issue) { i.PullRequest = &struct{}{} },
		"older than all": func(i *hls.Issue) { i.CreatedAt = i.CreatedAt.Add(-2 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hls.KindOther).on("workflow_run/9")
			if err := s.act(s.effect(hls.CreateIssue)); err != nil {
				t.Fatal(err)
			}
			bend(&s.world.opened[0])
			s.book.rows = nil
			if err := s.act(s.effect(hls.CreateIssue)); err != nil || len(s.world.opened) != 2 {
				t.Errorf("%v, issues %+v", err, s.world.opened)
			}
		})
	}
}

// Whatever runs fail for one cause, there is one open issue about it.
func TestE5_OneOpenIssueForACause(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after  func(*hls.Issue)
		states string
		issues int
	}{
		"open":                 {func(*hls.Issue) {}, "done done", 1},
		"closed as done":       {func(i *hls.Issue) { i.State, i.StateReason = "closed", "completed" }, "done done", 2},
		"closed as not wanted": {func(i *hls.Issue) { i.State, i.StateReason = "closed", "not_planned" }, "done stale", 1},
		"closed as duplicate":  {func(i *hls.Issue) { i.State, i.StateReason = "closed", "duplicate" }, "done stale", 1},
		"deleted":              {nil, "done stale", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hls.KindOther).on("workflow_run/9")
			if err := s.act(s.about()); err != nil {
				t.Fatal(err)
			}
			if c.after == nil {
				s.world.faults["Issue"] = []fault{{err: hls.ErrGone}}
			} else {
				c.after(&s.world.opened[0])
			}
			s.on("workflow_run/10").task.ID++
			if err := s.act(s.about()); err != nil {
				t.Fatal(err)
			}
			if s.book.states() != c.states || len(s.world.opened) != c.issues {
				t.Errorf("rows %+v, issues %+v", s.book.rows, s.world.opened)
			}
			if c.states == "done done" && s.book.rows[1].RemoteID != int64(s.world.opened[c.issues-1].Number) {
				t.Errorf("row %+v does not name the issue", s.book.rows[1])
			}
		})
	}
}

// Three workflows of one push fail for one cause within a moment.
func TestE5_TasksOfTwoSubjectsOpenOneIssue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, other := newScene(t, hls.KindOther).on("workflow_run/9"), newScene(t, hls.KindOther).on("workflow_run/10")
		other.world, other.book = s.world, s.book
		other.task.ID = 2
		other.restart()
		s.book.live[2] = true
		theirs, ours := other.about(), s.about()
		ours.Labels = named("bug")
		s.world.onRead = map[string]func(){"Labels": func() {
			if err := other.act(theirs); err != nil {
				t.Error(err)
			}
		}}
		time.Sleep(waitsFreely(t, s.act(ours)))
		if err := s.act(ours); err != nil || len(s.world.opened) != 1 || s.book.states() != "done done" {
			t.Errorf("%v, issues %+v, rows %+v", err, s.world.opened, s.book.rows)
		}
	})
}

func TestE5_AnIssueOfUnknownAccountIsNotRepeated(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindOther).on("workflow_run/9")
	s.world.self = hls.Account{}
	s.world.faults["CreateIssue"] = []fault{{err: errAmbiguous, done: true}}
	for range 2 {
		if err := s.act(s.effect(hls.CreateIssue)); reason(err) != "effect_unknown" {
			t.Error(err)
		}
	}
	s.must("unknown", "CreateIssue Main is broken []")
}

func TestE8_AnIssueHasOnlyLabelsThatAreThere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*scene)
		write   string
		note    string
	}{
		"those that are there": {func(*scene) {}, "[Bug]", "perf: not_in_repository"},
		"none are created": {func(s *scene) {
			s.rule.Labels = hls.LabelPolicy{AutoApply: true, CreateMissing: true, Categories: []hls.Category{{Labels: named("bug", "perf")}}}
		}, "[Bug]", "perf: not_in_repository"},
		"one that is left to people": {func(s *scene) { s.rule.Labels.Leave = []string{"BUG"} }, "[]", "bug: left_to_people; perf: not_in_repository"},
		"one that would wait":        {func(s *scene) { s.rule.Labels.Suggest = []string{"bug"} }, "[]", "bug: only_suggested; perf: not_in_repository"},

		"suggested only": {func(s *scene) { s.rule.Labels.AutoApply = false }, "[]", "bug: labels_not_applied; perf: labels_not_applied"},
		"not shown":      {func(s *scene) { s.world.faults["Labels"] = []fault{{err: hls.ErrNotFound}} }, "[]", "bug: labels_not_shown; perf: labels_not_shown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hls.KindOther).on("workflow_run/9")
			c.prepare(s)
			if c.note == "bug: labels_not_shown; perf: labels_not_shown" {
				s.world.labels = nil
			}
			e := s.effect(hls.CreateIssue)
			e.Labels, e.Create = named("bug", "perf"), true
			if err := s.act(e); err != nil {
				t.Fatal(err)
			}
			s.must("done", "CreateIssue Main is broken "+c.write)
			if s.book.rows[0].Error != c.note {
				t.Errorf("note %q", s.book.rows[0].Error)
			}
		})
	}
	s := newScene(t, hls.KindOther).on("workflow_run/9")
	s.rule.Labels.Categories = []hls.Category{{Labels: named("bug")}}
	e := s.effect(hls.CreateIssue)
	e.Labels = named("docs")
	if err := s.act(e); reason(err) != "outside_closed_set" {
		t.Errorf("a label that is not configured: %v", err)
	}
}

func TestE1_TitlesAreHarmless(t *testing.T) {
	t.Parallel()
	o := act.Options{Redactor: hls.NewRedactor("0f1e2d3c4b5a6978")}
	for in, want := range map[string]string{
		"Main is broken since #12":                "Main is broken since #12",
		"/merge now":                              "merge now",
		"!/ @octocat: look":                       "octocat: look",
		"ask @octocat and @@bob, mail a@b.c":      "ask @ octocat and @ bob, mail a@ b.c",
		"a\nb\r\n\u2028c\u202e\u200bd  e":         "a b cd e",
		"see https://evil.example/x and WWW.x.y!": "see [link] and [link]",
		"key 0f1e2d3c\u200b4b5a6978":              "key [redacted]",
		" ":                                       "",
		strings.Repeat("ä", 300):                  strings.Repeat("ä", 255) + "…",
	} {
		got := act.Title(in, o)
		if got != want || act.Title(got, o) != got {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	s := newScene(t, hls.KindOther).on("workflow_run/9")
	e := s.effect(hls.CreateIssue)
	e.Title, e.Body = "/close @octocat", "/close @octocat"
	if err := s.act(e); err != nil {
		t.Fatal(err)
	}
	made := s.world.opened[0]
	if made.Title != "close @ octocat" || !strings.HasPrefix(made.Body, "`/close` `@octocat`\n") || s.book.rows[0].Effect.Title != made.Title {
		t.Errorf("issue %+v, row %+v", made, s.book.rows[0])
	}
}

// The cause was met before, and the issue was made, by a task that ended in the middle.
func TestE5_AnIssueOfATaskThatEndedIsFoundByTheNext(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindOther).on("workflow_run/9")
	s.book.crash = 2
	if err := s.act(s.about()); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	s.on("workflow_run/10").task.ID++
	if err := s.act(s.about()); err != nil {
		t.Fatal(err)
	}
	s.must("done done", "CreateIssue Main is broken []")
}
