package act_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"hls/internal/act"
	"hls/internal/hls"
)

// watched is a world that notes what is written where.
type watched struct {
	*world
	where map[hls.EffectKind][]hls.Subject
}

func (w *watched) note(k hls.EffectKind, s hls.Subject) { w.where[k] = append(w.where[k], s) }

func (w *watched) AddLabels(ctx context.Context, s hls.Subject, names []string) error {
	w.note(hls.AddLabels, s)
	return w.world.AddLabels(ctx, s, names)
}

func (w *watched) RemoveLabel(ctx context.Context, s hls.Subject, name string) error {
	w.note(hls.RemoveLabels, s)
	return w.world.RemoveLabel(ctx, s, name)
}

func (w *watched) CreateComment(ctx context.Context, s hls.Subject, body string) (hls.Comment, error) {
	w.note(hls.UpsertComment, s)
	return w.world.CreateComment(ctx, s, body)
}

func (w *watched) EditComment(ctx context.Context, s hls.Subject, id int64, body string) (hls.Comment, error) {
	w.note(hls.UpsertComment, s)
	return w.world.EditComment(ctx, s, id, body)
}

func (w *watched) CreateReview(ctx context.Context, s hls.Subject, head, body string, remarks []hls.Remark) (hls.Review, error) {
	w.note(hls.CreateReview, s)
	return w.world.CreateReview(ctx, s, head, body, remarks)
}

func (w *watched) CloseIssue(ctx context.Context, s hls.Subject, reason string) error {
	w.note(hls.CloseIssue, s)
	return w.world.CloseIssue(ctx, s, reason)
}

func (w *watched) SetBody(ctx context.Context, s hls.Subject, body string) error {
	w.note(hls.SetBody, s)
	return w.world.SetBody(ctx, s, body)
}

func (w *watched) CreateIssue(ctx context.Context, s hls.Subject, title, body string, labels []string) (hls.Issue, error) {
	w.note(hls.CreateIssue, s)
	return w.world.CreateIssue(ctx, s, title, body, labels)
}

func (w *watched) RerunFailedJobs(ctx context.Context, s hls.Subject, run int64) error {
	w.note(hls.RerunFailedJobs, s)
	return w.world.RerunFailedJobs(ctx, s, run)
}

func (w *watched) AddReaction(ctx context.Context, s hls.Subject, comment int64, inline bool, r hls.Reaction) error {
	w.note(hls.AddReaction, s)
	return w.world.AddReaction(ctx, s, comment, inline, r)
}

func (w *watched) EditReviewComment(ctx context.Context, s hls.Subject, id int64, body string) (hls.ReviewComment, error) {
	w.note(hls.EditRemark, s)
	return w.world.EditReviewComment(ctx, s, id, body)
}

func (w *watched) SetReleaseBody(ctx context.Context, s hls.Subject, id int64, body string) error {
	w.note(hls.SetSection, s)
	return w.world.SetReleaseBody(ctx, s, id, body)
}

// dice make plans of every shape.
type dice struct{ *rand.Rand }

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

func (d dice) subject() hls.Subject {
	s := hls.Subject{RepoID: 5, Repo: "octo/fish", Kind: pick(d, hls.KindIssue, hls.KindPullRequest, hls.KindOther)}
	if s.Kind == hls.KindOther {
		s.Ref = pick(d, "workflow_run/9", "workflow_run/9", "workflow_run/9", "release/8", "workflow_run/10", "release/8", "release/x", "cause/0123abcd", "cause/x", "push/d")
	} else {
		s.Number = pick(d, 42, 42, 43, 0)
	}
	switch d.IntN(12) {
	case 0:
		s.RepoID = 6
	case 1:
		s.Repo = "octo/whale"
	case 2:
		s.Scope = "octo/fish"
	}
	return s
}

func (d dice) effect(of hls.Subject) hls.Effect {
	return hls.Effect{
		Kind: pick(d, append(hls.EffectKinds(), "merge")...), Subject: of, Purpose: pick(d, "ci", "ci", "ci", "x -->"), Revision: pick(d, "", "1", "2"),
		Head: pick(d, "", "", "abc123", "def456"), Labels: pick(d, nil, named("bug"), named("")), Title: pick(d, "", "Broken", "/close"),
		Body: pick(d, "", "Text.", "Text.", "<!-- x -->"), Comment: pick[int64](d, 0, 1, 101), Inline: pick(d, true, false), Reaction: pick(d, hls.Eyes, "-1"),
		Run: pick[int64](d, 9, 9, 9, 10), Attempt: pick(d, 1, 1, 0), Section: pick(d, "notes", "notes", "-->"),
	}
}

// Whatever a plan says: what is written goes to the task's own subject, or is a label or the comment on what gathering
// found beside it, or an issue about a cause in the same repository.
func TestE1_RandomPlansStayInTheClosedSet(t *testing.T) {
	t.Parallel()
	written := map[hls.EffectKind]int{}
	for seed := range uint64(10_000) {
		d := dice{rand.New(rand.NewPCG(seed, 3))}
		w := &watched{newWorld(), map[hls.EffectKind][]hls.Subject{}}
		w.comments = []hls.Comment{{ID: 1, User: person}}
		actor, err := act.New(act.Config{}, w, &book{tasks: map[int64]hls.Subject{}, live: map[int64]bool{}})
		if err != nil {
			t.Fatal(err)
		}
		task := hls.Task{ID: 1, Purpose: "ci", Attempt: 1, Subject: d.subject()}
		rule := hls.Rule{Labels: hls.LabelPolicy{AutoApply: true}, Also: hls.EffectKinds()}
		var plan hls.Plan
		if target := d.subject(); d.IntN(2) == 0 {
			plan.Target = &target
		}
		for range 1 + d.IntN(2) {
			of := task.Subject
			switch d.IntN(3) {
			case 0:
				of = d.subject()
			case 1:
				if plan.Target != nil {
					of = *plan.Target
				}
			}
			plan.Effects = append(plan.Effects, d.effect(of))
		}
		_, _ = actor.Act(t.Context(), task, plan, rule)
		for kind, subjects := range w.where {
			for _, s := range subjects {
				written[kind]++
				if !inside(task.Subject, plan.Target, kind, s) {
					t.Fatalf("seed %d: %s on %+v by a task on %+v, target %+v", seed, kind, s, task.Subject, plan.Target)
				}
			}
		}
	}
	for _, kind := range hls.EffectKinds() {
		if written[kind] == 0 && kind != hls.EditRemark && kind != hls.RemoveLabels {
			t.Errorf("no random plan came to %s", kind)
		}
	}
}

func inside(own hls.Subject, target *hls.Subject, kind hls.EffectKind, s hls.Subject) bool {
	near := s.RepoID == own.RepoID && s.Scope == own.Scope && s.Repo == own.Repo
	switch {
	case s == own:
		return true
	case kind == hls.CreateIssue:
		return near && s.Ref == "cause/0123abcd"
	case kind == hls.AddLabels || kind == hls.RemoveLabels || kind == hls.UpsertComment:
		return near && target != nil && s == *target && s.Number > 0
	}
	return false
}
