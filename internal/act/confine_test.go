package act_test

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"

	"hls/internal/act"
	"hls/internal/hls"
)

func TestE1_ClosedSet(t *testing.T) {
	t.Parallel()
	categories := []hls.Category{{Name: "type", Labels: named("bug")}}
	for name, c := range map[string]struct {
		kind hls.EffectKind
		on   hls.Kind
		bend func(*scene, *hls.Effect)
	}{
		"another number":       {hls.UpsertComment, hls.KindIssue, func(_ *scene, e *hls.Effect) { e.Subject.Number = 43 }},
		"another repository":   {hls.UpsertComment, hls.KindIssue, func(_ *scene, e *hls.Effect) { e.Subject.RepoID = 6 }},
		"another name":         {hls.UpsertComment, hls.KindIssue, func(_ *scene, e *hls.Effect) { e.Subject.Repo = "octo/whale" }},
		"another kind":         {hls.UpsertComment, hls.KindIssue, func(_ *scene, e *hls.Effect) { e.Subject.Kind = hls.KindPullRequest }},
		"unknown effect":       {"merge", hls.KindIssue, func(*scene, *hls.Effect) {}},
		"no effect":            {"", hls.KindIssue, func(*scene, *hls.Effect) {}},
		"odd purpose":          {hls.UpsertComment, hls.KindIssue, func(_ *scene, e *hls.Effect) { e.Purpose = "x --> <b>" }},
		"label not allowed":    {hls.AddLabels, hls.KindIssue, func(s *scene, e *hls.Effect) { s.rule.Labels.Categories = categories; e.Labels = named("bug", "docs") }},
		"label too long":       {hls.AddLabels, hls.KindIssue, func(_ *scene, e *hls.Effect) { e.Labels = named(strings.Repeat("x", 51)) }},
		"label empty":          {hls.AddLabels, hls.KindIssue, func(_ *scene, e *hls.Effect) { e.Labels = named("") }},
		"no labels":            {hls.AddLabels, hls.KindIssue, func(_ *scene, e *hls.Effect) { e.Labels = nil }},
		"no text":              {hls.UpsertComment, hls.KindIssue, func(_ *scene, e *hls.Effect) { e.Body = " \u200b\n" }},
		"review of an issue":   {hls.CreateReview, hls.KindIssue, func(*scene, *hls.Effect) {}},
		"review of no head":    {hls.CreateReview, hls.KindPullRequest, func(_ *scene, e *hls.Effect) { e.Head = "" }},
		"remark on no line":    {hls.CreateReview, hls.KindPullRequest, func(_ *scene, e *hls.Effect) { e.Remarks[0].Line = 0 }},
		"close a request":      {hls.CloseIssue, hls.KindPullRequest, func(*scene, *hls.Effect) {}},
		"subject of no kind":   {hls.UpsertComment, hls.KindIssue, func(s *scene, e *hls.Effect) { s.task.Subject.Kind, e.Subject.Kind = hls.KindOther, hls.KindOther }},
		"subject of no number": {hls.UpsertComment, hls.KindIssue, func(s *scene, e *hls.Effect) { s.task.Subject.Number, e.Subject.Number = 0, 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, c.on)
			good, bad := s.effect(hls.SetBody), s.effect(c.kind)
			if c.kind == hls.CreateReview && c.on == hls.KindIssue {
				bad.Head = "abc123"
			}
			c.bend(s, &bad)
			if err := s.act(good, bad); reason(err) != "outside_closed_set" {
				t.Errorf("err %v", err)
			}
			s.must("")
		})
	}
}

func TestE1_PlannedTwiceIsRefused(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	if err := s.act(s.effect(hls.UpsertComment), s.effect(hls.UpsertComment)); reason(err) != "outside_closed_set" {
		t.Errorf("err %v", err)
	}
	s.must("")
}

// A stored row is checked again: what the ledger holds may be older than the configuration.
func TestE1_StoredRowsAreCheckedAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	e := s.effect(hls.AddLabels)
	if _, err := s.book.Intend(t.Context(), s.task, []hls.Effect{e}); err != nil {
		t.Fatal(err)
	}
	s.book.rows[0].Effect.Labels = named("docs")
	s.rule.Labels.Categories = []hls.Category{{Labels: named("bug")}}
	if err := s.act(e); reason(err) != "outside_closed_set" {
		t.Errorf("err %v", err)
	}
	s.must("failed")
}

func TestE1_EveryTextIsSanitized(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindPullRequest)
	const dirty = "/merge @octocat fixes #1 ![x](https://evil.example) <!-- hls:v1 purpose=triage sig=00 -->"
	body, note, talk := s.effect(hls.SetBody), s.effect(hls.CreateReview), s.effect(hls.UpsertComment)
	body.Body, talk.Body, note.Body, note.Remarks[0].Body = dirty, dirty, dirty, dirty
	if err := s.act(talk, note, body); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{s.world.pull.Body, s.world.comments[0].Body, s.world.reviews[0].Body, s.world.remarks[0].Body, s.book.rows[0].Effect.Body, s.book.rows[1].Effect.Remarks[0].Body} {
		text, _, _ = strings.Cut(text, "<!-- hls:v1 purpose="+"triage sig="+"0123")
		for _, bad := range []string{"\n/merge", " @octocat", "fixes #1", "![", "](http", "sig=00 -->\n"} {
			if strings.HasPrefix(text, "/") || strings.Contains(text, bad) && bad != "sig=00 -->\n" {
				t.Errorf("%q leaves in %q", bad, text)
			}
		}
		if strings.Count(text, "<!--") > 1 {
			t.Errorf("a second marker leaves in %q", text)
		}
	}
}

// Cleaning takes away what split a secret. What is stored, and what is sent, has neither the whole nor a part.
func TestS1_EffectsHoldNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	split := strings.Join(strings.Split(secret, ""), "\u200b")
	s := newScene(t, hls.KindPullRequest)
	s.redactor = hls.NewRedactor(secret)
	s.restart()
	label, note, talk := s.effect(hls.AddLabels), s.effect(hls.CreateReview), s.effect(hls.UpsertComment)
	label.Why = map[string]string{"bug": "says " + split, "docs": secret}
	label.Labels[0].Description = secret
	talk.Body, note.Body = "see "+split, "see "+secret
	note.Remarks[0].Body, note.Remarks[0].Quote = split, "key := "+secret
	why := maps.Clone(label.Why)
	if err := s.act(label, note, talk); err != nil {
		t.Fatal(err)
	}
	stored, err := json.Marshal(s.book.rows)
	if err != nil {
		t.Fatal(err)
	}
	sent, err := json.Marshal([]any{s.world.comments, s.world.reviews, s.world.remarks})
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(secret) - 7 {
		if part := secret[i : i+8]; strings.Contains(string(stored), part) || strings.Contains(string(sent), part) {
			t.Fatalf("%q stands in\n%s\n%s", part, stored, sent)
		}
	}
	if strings.Contains(string(stored), "\u200b") {
		t.Errorf("the ledger shows what is not seen: %s", stored)
	}
	if !maps.Equal(why, label.Why) {
		t.Error("the caller's plan was changed")
	}
}

func TestE1_DryRunOnlyPlans(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.rule.DryRun = true
	if err := s.act(s.effect(hls.AddLabels), s.effect(hls.UpsertComment)); err != nil {
		t.Fatal(err)
	}
	s.rule.DryRun = false
	if err := s.act(s.effect(hls.AddLabels), s.effect(hls.UpsertComment)); err != nil {
		t.Fatal(err)
	}
	s.must("shadow shadow")
}

func TestE1_RefusedRemarksGoToTheSummary(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindPullRequest)
	s.world.faults["CreateReview"] = []fault{{err: &hls.Permanent{Err: errors.New("422"), Reason: "github_invalid"}}}
	if err := s.act(s.effect(hls.CreateReview)); err != nil {
		t.Fatal(err)
	}
	s.must("done", "CreateReview abc123 1", "CreateReview abc123 0")
	want := "Two things.\n\n#### `a.go`, line 3\n\nOff by one.\n\n<!-- hls:v1 purpose=triage ref="
	if body := s.world.reviews[0].Body; !strings.HasPrefix(body, want) {
		t.Errorf("body %q", body)
	}
}

func TestE1_LongTextsFitWithTheirMarker(t *testing.T) {
	t.Parallel()
	s := newScene(t, hls.KindIssue)
	s.upsert("triage", strings.Repeat("A line that goes on and on.\n\n", 4000))
	body := strings.ReplaceAll(s.world.comments[0].Body, "\r\n", "\n")
	if n := len([]rune(body)); n > 65536 || n < 60000 || !strings.HasSuffix(body, " -->") {
		t.Errorf("%d characters, ends %q", n, body[len(body)-40:])
	}
	s.upsert("triage", strings.Repeat("A line that goes on and on.\n\n", 4000))
	s.must("done done", "CreateComment")
}

func TestNew(t *testing.T) {
	t.Parallel()
	if _, err := act.New(act.Config{}, nil, &book{}); err == nil {
		t.Error("acts without GitHub")
	}
	if _, err := act.New(act.Config{Settle: -1}, newWorld(), &book{}); err == nil {
		t.Error("takes a negative time")
	}
}
