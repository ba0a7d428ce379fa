package act_test

import (
	"errors"
	"strings"
	"testing"

	"hls/internal/hls"
)

// aimed is a scene of a workflow run whose pull request gathering found.
func aimed(t *testing.T) *scene {
	t.Helper()
	s := newScene(t, hls.KindOther).on("workflow_run/9")
	s.task.Purpose = "ci"
	target := pull42
	s.target = &target
	return s
}

// onTarget is an effect on the pull request, for the head that the run was about.
func (s *scene) onTarget(kind hls.EffectKind) hls.Effect {
	e := s.effect(kind)
	e.Subject, e.Revision, e.Expect, e.Head = pull42, "run/9/1", "", s.world.pull.Head.SHA
	return e
}

func TestE1_ATargetTakesLabelsAndTheComment(t *testing.T) {
	t.Parallel()
	s := aimed(t)
	s.world.label(self, "docs", true)
	gone := s.onTarget(hls.RemoveLabels)
	gone.Labels = named("docs")
	if err := s.act(s.onTarget(hls.AddLabels), gone, s.onTarget(hls.UpsertComment)); err != nil {
		t.Fatal(err)
	}
	s.must("done done done", "AddLabels Bug", "RemoveLabel docs", "CreateComment")

	// A later run finds the comment by its marker, which is signed for the pull request, and edits it.
	s.book.rows, s.world.writes = nil, nil
	s.on("workflow_run/10").task.ID++
	green := s.onTarget(hls.UpsertComment)
	green.Revision, green.Body = "run/10/1", "Green again."
	if err := s.act(green); err != nil {
		t.Fatal(err)
	}
	s.must("done", "EditComment")

	// So does work on the pull request itself, of the same purpose.
	s.book.rows = nil
	s.task.Subject = pull42
	own := s.onTarget(hls.UpsertComment)
	own.Body = "Nothing to say."
	if err := s.act(own); err != nil || len(s.world.comments) != 1 {
		t.Errorf("%v, comments %+v", err, s.world.comments)
	}
	s.must("done", "EditComment", "EditComment")
}

func TestE1_ClosedSetAroundATarget(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind hls.EffectKind
		bend func(*scene, *hls.Effect)
	}{
		"no target":                 {hls.UpsertComment, func(s *scene, _ *hls.Effect) { s.target = nil }},
		"another number":            {hls.UpsertComment, func(_ *scene, e *hls.Effect) { e.Subject.Number = 43 }},
		"another kind":              {hls.UpsertComment, func(_ *scene, e *hls.Effect) { e.Subject.Kind = hls.KindIssue }},
		"another name":              {hls.UpsertComment, func(s *scene, e *hls.Effect) { e.Subject.Repo, s.target.Repo = "octo/whale", "octo/whale" }},
		"target elsewhere":          {hls.UpsertComment, func(s *scene, e *hls.Effect) { e.Subject.RepoID, s.target.RepoID = 6, 6 }},
		"target under other secret": {hls.UpsertComment, func(s *scene, e *hls.Effect) { e.Subject.Scope, s.target.Scope = "x", "x" }},
		"target of no number":       {hls.UpsertComment, func(s *scene, e *hls.Effect) { e.Subject.Number, s.target.Number = 0, 0 }},
		"target of no kind": {hls.UpsertComment, func(s *scene, e *hls.Effect) {
			*s.target = hls.Subject{RepoID: 5, Repo: "octo/fish", Kind: hls.KindOther, Ref: "release/8"}
			e.Subject, e.Expect, e.Head = *s.target, "x", ""
		}},
		"no state":         {hls.UpsertComment, func(_ *scene, e *hls.Effect) { e.Head = "" }},
		"no state, labels": {hls.AddLabels, func(_ *scene, e *hls.Effect) { e.Head = "" }},
		"review":           {hls.CreateReview, func(*scene, *hls.Effect) {}},
		"body":             {hls.SetBody, func(_ *scene, e *hls.Effect) { e.Body = "x" }},
		"reaction":         {hls.AddReaction, func(*scene, *hls.Effect) {}},
		"close": {hls.CloseIssue, func(s *scene, e *hls.Effect) {
			s.target.Kind, e.Subject.Kind, e.Head, e.Expect = hls.KindIssue, hls.KindIssue, "", "x"
		}},
		"section": {hls.SetSection, func(s *scene, e *hls.Effect) {
			s.target.Kind, e.Subject.Kind, e.Head, e.Expect = hls.KindIssue, hls.KindIssue, "", "x"
		}},
		"issue by way of it": {hls.CreateIssue, func(_ *scene, e *hls.Effect) { e.Head = "" }},
		"re-run":             {hls.RerunFailedJobs, func(*scene, *hls.Effect) {}},
		"head of an issue": {hls.UpsertComment, func(s *scene, e *hls.Effect) {
			s.target.Kind, e.Subject.Kind = hls.KindIssue, hls.KindIssue
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := aimed(t)
			good, bad := s.effect(hls.RerunFailedJobs), s.onTarget(c.kind)
			c.bend(s, &bad)
			if err := s.act(good, bad); reason(err) != "outside_closed_set" {
				t.Errorf("err %v", err)
			}
			s.must("")
		})
	}
}

// What is neither an issue nor a pull request has effects of its own only, and an issue about a cause may come of
// whatever subject.
func TestE1_ClosedSetOfOtherSubjects(t *testing.T) {
	t.Parallel()
	cause := hls.Subject{RepoID: 5, Repo: "octo/fish"}.Cause("0123456789abcdef")
	for name, c := range map[string]struct {
		on   string
		kind hls.EffectKind
		bend func(*hls.Effect)
		ok   bool
	}{
		"re-run":                      {"workflow_run/9", hls.RerunFailedJobs, func(*hls.Effect) {}, true},
		"another run":                 {"workflow_run/9", hls.RerunFailedJobs, func(e *hls.Effect) { e.Run = 10 }, false},
		"no attempt":                  {"workflow_run/9", hls.RerunFailedJobs, func(e *hls.Effect) { e.Attempt = 0 }, false},
		"re-run of a release":         {"release/9", hls.RerunFailedJobs, func(*hls.Effect) {}, false},
		"run in disguise":             {"workflow_run/09", hls.RerunFailedJobs, func(*hls.Effect) {}, false},
		"section of a release":        {"release/8", hls.SetSection, func(*hls.Effect) {}, true},
		"section of a run":            {"workflow_run/9", hls.SetSection, func(e *hls.Effect) { e.Expect = "" }, false},
		"section of odd name":         {"release/8", hls.SetSection, func(e *hls.Effect) { e.Section = "x --> y" }, false},
		"section without text":        {"release/8", hls.SetSection, func(e *hls.Effect) { e.Body = "" }, false},
		"comment on a release":        {"release/8", hls.UpsertComment, func(*hls.Effect) {}, false},
		"labels on a run":             {"workflow_run/9", hls.AddLabels, func(*hls.Effect) {}, false},
		"state of a run":              {"workflow_run/9", hls.RerunFailedJobs, func(e *hls.Effect) { e.Expect = "x" }, false},
		"issue of its own":            {"push/d", hls.CreateIssue, func(*hls.Effect) {}, true},
		"issue about a cause":         {"workflow_run/9", hls.CreateIssue, func(e *hls.Effect) { e.Subject = cause }, true},
		"issue about no fingerprint":  {"workflow_run/9", hls.CreateIssue, func(e *hls.Effect) { e.Subject = cause.Cause("x/../y") }, false},
		"issue elsewhere":             {"workflow_run/9", hls.CreateIssue, func(e *hls.Effect) { e.Subject = cause; e.Subject.RepoID = 6 }, false},
		"issue under another name":    {"workflow_run/9", hls.CreateIssue, func(e *hls.Effect) { e.Subject = cause; e.Subject.Repo = "octo/whale" }, false},
		"re-run of a cause":           {"workflow_run/9", hls.RerunFailedJobs, func(e *hls.Effect) { e.Subject = cause }, false},
		"issue without title":         {"push/d", hls.CreateIssue, func(e *hls.Effect) { e.Title = " \u200b/" }, false},
		"issue without text":          {"push/d", hls.CreateIssue, func(e *hls.Effect) { e.Body = "" }, false},
		"issue with a label too long": {"push/d", hls.CreateIssue, func(e *hls.Effect) { e.Labels = named(strings.Repeat("x", 51)) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, hls.KindOther).on(c.on)
			e := s.effect(c.kind)
			c.bend(&e)
			err := s.act(e)
			if c.ok != (err == nil) || !c.ok && (reason(err) != "outside_closed_set" || len(s.book.rows) > 0) {
				t.Errorf("err %v, rows %+v", err, s.book.rows)
			}
		})
	}
}

func TestE1_ClosedSetOfRemarksAndReactions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		on   hls.Kind
		kind hls.EffectKind
		bend func(*hls.Effect)
	}{
		"reaction to nothing":        {hls.KindIssue, hls.AddReaction, func(e *hls.Effect) { e.Comment = 0 }},
		"reaction of another kind":   {hls.KindIssue, hls.AddReaction, func(e *hls.Effect) { e.Reaction = "-1" }},
		"reaction inline, an issue":  {hls.KindIssue, hls.AddReaction, func(e *hls.Effect) { e.Inline = true }},
		"remark of nothing":          {hls.KindPullRequest, hls.EditRemark, func(e *hls.Effect) { e.Comment = 0 }},
		"remark without text":        {hls.KindPullRequest, hls.EditRemark, func(e *hls.Effect) { e.Body = "" }},
		"section of a pull request":  {hls.KindPullRequest, hls.SetSection, func(*hls.Effect) {}},
		"re-run of a pull request":   {hls.KindPullRequest, hls.RerunFailedJobs, func(*hls.Effect) {}},
		"remark on what is an issue": {hls.KindIssue, hls.EditRemark, func(e *hls.Effect) { e.Comment, e.Body = 5, "x" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, c.on)
			e := hls.Effect{Kind: c.kind, Subject: s.task.Subject, Purpose: "triage"}
			if name != "remark on what is an issue" {
				e = s.effect(c.kind)
			}
			c.bend(&e)
			s.book.rows = nil
			if err := s.act(e); reason(err) != "outside_closed_set" {
				t.Errorf("err %v", err)
			}
			s.must("")
		})
	}
}

// Each kind but labels, comments and reviews is refused unless the rule has it.
func TestE1_OnlyKindsThatAreSwitchedOn(t *testing.T) {
	t.Parallel()
	for _, kind := range hls.EffectKinds()[4:] {
		s := newScene(t, hls.KindIssue)
		if kind == hls.RerunFailedJobs || kind == hls.EditRemark {
			s = newScene(t, hls.KindPullRequest)
		}
		e := s.effect(kind)
		if kind == hls.RerunFailedJobs {
			s.on("workflow_run/9")
			e.Subject, e.Expect = s.task.Subject, ""
		}
		for _, on := range []bool{false, true} {
			s.rule.Also = nil
			if on {
				s.rule.Also = []hls.EffectKind{kind}
			}
			if err := s.act(e); on != (err == nil) || !on && reason(err) != "outside_closed_set" {
				t.Errorf("%s, switched on %v: %v", kind, on, err)
			}
		}
	}
}

func TestE1_StoredRowsAreHeldToTheTargetAgain(t *testing.T) {
	t.Parallel()
	s := aimed(t)
	e := s.onTarget(hls.UpsertComment)
	if _, err := s.book.Intend(t.Context(), s.task, []hls.Effect{e}); err != nil {
		t.Fatal(err)
	}
	s.book.rows[0].Effect.Head = ""
	if err := s.act(e); reason(err) != "outside_closed_set" {
		t.Errorf("err %v", err)
	}
	if len(s.world.comments) > 0 || s.book.rows[0].State != hls.EffectFailed {
		t.Errorf("rows %+v, writes %v", s.book.rows, s.world.writes)
	}
}

func TestE6_ATargetThatMovedOnHasNoEffect(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*scene){
		"new head": func(s *scene) { s.world.pull.Head.SHA = "def456" },
		"merged":   func(s *scene) { s.world.pull.Merged = true },
		"closed":   func(s *scene) { s.world.pull.State = "closed" },
		"locked":   func(s *scene) { s.world.pull.Locked = true },
		"newer":    func(s *scene) { s.book.newer = true },
	} {
		for _, kind := range []hls.EffectKind{hls.UpsertComment, hls.AddLabels} {
			s := aimed(t)
			e := s.onTarget(kind)
			change(s)
			if err := s.act(e); !errors.Is(err, hls.ErrStale) {
				t.Errorf("%s: %v", name, err)
			}
			s.must("stale")
		}
	}
}

// The states of the task's own subject and of the target are two things.
func TestE6_EachSubjectHasItsOwnState(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.task.Subject.Number = 43
	target := pull42
	s.target = &target
	label, there := s.effect(hls.AddLabels), s.effect(hls.UpsertComment)
	there.Subject, there.Head, there.Expect = target, "abc123", ""
	s.world.pull.Head.SHA = "def456"
	own := s.effect(hls.UpsertComment)
	err := s.act(label, there, own)
	if !errors.Is(err, hls.ErrStale) {
		t.Error(err)
	}
	s.must("done stale done", "AddLabels Bug", "CreateComment")
}
