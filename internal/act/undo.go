package act

import (
	"context"
	"errors"
	"fmt"

	"hls/internal/hls"
)

// undoing tells whether the run takes back what earlier tasks did. An operator asked for it, so that no mode holds it back.
func (b bounds) undoing() bool { return b.task.Origin == hls.FromUndo }

// Inverse is the effect that takes a row back, or why there is none. Before is the row whose text the same comment had
// earlier, nil when the row made the comment.
func Inverse(row hls.Entry, before *hls.Entry) (e hls.Effect, why string) {
	was := row.Effect
	e = hls.Effect{Subject: was.Subject, Purpose: was.Purpose, Revision: was.Revision, Undoes: row.ID}
	switch was.Kind {
	case hls.AddLabels:
		e.Kind, e.Labels = hls.RemoveLabels, was.Labels
	case hls.RemoveLabels:
		e.Kind, e.Labels = hls.AddLabels, was.Labels
	case hls.UpsertComment:
		e.Kind, e.Comment, e.Was = hls.RevertComment, row.RemoteID, was.Body
		if before != nil {
			e.Body = before.Effect.Body
		}
	case hls.CreateReview:
		e.Kind, e.Comment = hls.HideReview, row.RemoteID
	case hls.CloseIssue:
		e.Kind = hls.ReopenIssue
	case hls.CreateIssue:
		e.Kind, e.Subject.Kind, e.Subject.Number, e.Subject.Ref = hls.CloseIssue, hls.KindIssue, int(row.RemoteID), ""
	case hls.AddReaction:
		e.Kind, e.Comment, e.Inline, e.Reaction = hls.RemoveReaction, was.Comment, was.Inline, was.Reaction
	default:
		return e, "cannot be taken back"
	}
	if row.RemoteID == 0 && (was.Kind == hls.UpsertComment || was.Kind == hls.CreateReview || was.Kind == hls.CreateIssue) {
		return e, "nothing was written"
	}
	return e, ""
}

// Preview tells why taking something back would write nothing, or "" when it would write. It reads GitHub alone.
func (a *Actor) Preview(ctx context.Context, task hls.Task, e hls.Effect) (why string, err error) {
	r, err := a.start(ctx, bounds{task: task}, []hls.Entry{{State: hls.Sending}})
	if err != nil {
		return "", err
	}
	if err := r.confineOne(e); err != nil {
		return "", &hls.Permanent{Err: fmt.Errorf("%s on %s: %w", e.Kind, e.Subject, err), Reason: "outside_closed_set"}
	}
	found, err := r.deed(hls.Entry{Effect: e, State: hls.Intent}).look(ctx)
	switch {
	case unseen(err):
		return "it is gone", nil
	case err != nil:
		return "", fmt.Errorf("look at %s: %w", e.Subject, err)
	case found.state == "":
		return "", nil
	case found.note == "":
		return "nothing is left to take back", nil
	}
	return found.note, nil
}

// confineUndo: what is taken back is named by the ledger, and is about the subjects that the task may touch.
func (b bounds) confineUndo(e hls.Effect) error {
	switch {
	case e.Undoes == 0:
		return errors.New("takes nothing back")
	case !same(e.Subject, b.task.Subject) && (!e.Subject.Beside(b.task.Subject) || e.Subject.Repo != b.task.Subject.Repo):
		return fmt.Errorf("is not about the task's subject %s, nor beside it", b.task.Subject)
	case e.Subject.Kind != hls.KindIssue && e.Subject.Kind != hls.KindPullRequest || e.Subject.Number <= 0:
		return errors.New("has a subject that nothing can be taken back from")
	case !purposePattern.MatchString(e.Purpose):
		return fmt.Errorf("has the purpose %q", e.Purpose)
	}
	switch e.Kind {
	case hls.AddLabels, hls.RemoveLabels:
		return confineLabels(e.Labels, hls.LabelPolicy{})
	case hls.HideReview, hls.RevertComment, hls.RemoveReaction:
		if e.Comment <= 0 {
			return errors.New("names no comment or review")
		}
		return nil
	case hls.ReopenIssue, hls.CloseIssue:
		return nil
	}
	return errors.New("takes nothing back")
}

// revertComment deletes a comment of HLS, or puts back the text that it had before.
type revertComment struct {
	run    *run
	effect hls.Effect
}

func (d *revertComment) repeatable() bool { return true }

func (d *revertComment) text(body string) string {
	body = Sanitize(body, d.run.actor.options(d.effect.Subject, false))
	return d.run.signer(d.effect.Subject).mark(body, d.effect.Purpose, "")
}

func (d *revertComment) look(ctx context.Context) (result, error) {
	c, err := d.run.actor.gh.Comment(ctx, d.effect.Subject, d.effect.Comment)
	switch {
	case unseen(err):
		return done(d.effect.Comment, "", "it is gone"), nil
	case err != nil:
		return result{}, fmt.Errorf("read comment %d: %w", d.effect.Comment, err)
	case !c.User.Same(d.run.self):
		return result{state: hls.EffectStale, note: "written_by_another"}, nil
	case d.effect.Body != "" && sameText(c.Body, d.text(d.effect.Body)):
		return done(c.ID, c.HTMLURL, "unchanged"), nil
	case !sameText(c.Body, d.text(d.effect.Was)):
		return result{state: hls.EffectStale, note: "edited_since"}, nil
	}
	return result{}, nil
}

func (d *revertComment) send(ctx context.Context) (result, error) {
	if d.effect.Body == "" {
		if err := d.run.actor.gh.DeleteComment(ctx, d.effect.Subject, d.effect.Comment); err != nil {
			return result{}, fmt.Errorf("delete comment: %w", err)
		}
		return done(d.effect.Comment, "", ""), nil
	}
	c, err := d.run.actor.gh.EditComment(ctx, d.effect.Subject, d.effect.Comment, d.text(d.effect.Body))
	if err != nil {
		return result{}, fmt.Errorf("put back comment: %w", err)
	}
	return done(c.ID, c.HTMLURL, ""), nil
}

// hideReview hides a review and those of its remarks that nobody answered. GitHub dismisses only reviews that approve or
// ask for changes, which those of HLS do not.
type hideReview struct {
	run    *run
	effect hls.Effect
	nodes  []string
	note   string
}

func (d *hideReview) repeatable() bool { return true }

func (d *hideReview) look(ctx context.Context) (result, error) {
	d.nodes, d.note = nil, ""
	v, err := d.run.actor.gh.Review(ctx, d.effect.Subject, d.effect.Comment)
	switch {
	case unseen(err):
		return done(d.effect.Comment, "", "it is gone"), nil
	case err != nil:
		return result{}, fmt.Errorf("read review %d: %w", d.effect.Comment, err)
	case !v.User.Same(d.run.self) || !d.run.signer(d.effect.Subject).signed(v.Body):
		return result{state: hls.EffectStale, note: "written_by_another"}, nil
	}
	remarks, err := d.run.actor.gh.ReviewComments(ctx, d.effect.Subject)
	if err != nil {
		return result{}, fmt.Errorf("read remarks: %w", err)
	}
	answered := map[int64]bool{}
	for _, m := range remarks {
		answered[m.InReplyTo] = answered[m.InReplyTo] || m.InReplyTo != 0 && !m.User.Same(d.run.self)
	}
	d.nodes = append(d.nodes, v.NodeID)
	for _, m := range remarks {
		switch {
		case m.ReviewID != v.ID || m.InReplyTo != 0:
		case answered[m.ID]:
			d.note = "remarks that people answered stay"
		default:
			d.nodes = append(d.nodes, m.NodeID)
		}
	}
	return result{}, nil
}

func (d *hideReview) send(ctx context.Context) (result, error) {
	for _, node := range d.nodes {
		if err := d.run.actor.gh.Minimize(ctx, d.effect.Subject, node); err != nil {
			return result{}, fmt.Errorf("hide review: %w", err)
		}
	}
	return done(d.effect.Comment, "", d.note), nil
}

// reopening opens an issue that HLS closed.
type reopening struct {
	run    *run
	effect hls.Effect
}

func (d *reopening) repeatable() bool { return true }

func (d *reopening) look(ctx context.Context) (result, error) {
	issue, err := d.run.actor.gh.Issue(ctx, d.effect.Subject)
	switch {
	case err != nil:
		return result{}, fmt.Errorf("read %s: %w", d.effect.Subject, err)
	case issue.State != closed:
		return done(0, issue.HTMLURL, "open already"), nil
	case issue.ClosedBy != nil && !issue.ClosedBy.Same(d.run.self):
		return result{state: hls.EffectStale, note: "closed_by_person"}, nil
	}
	return result{}, nil
}

func (d *reopening) send(ctx context.Context) (result, error) {
	if err := d.run.actor.gh.ReopenIssue(ctx, d.effect.Subject); err != nil {
		return result{}, fmt.Errorf("reopen: %w", err)
	}
	return done(0, "", ""), nil
}

// unreacting takes a reaction of HLS away.
type unreacting struct {
	run    *run
	effect hls.Effect
}

func (d *unreacting) repeatable() bool { return true }

func (d *unreacting) look(context.Context) (result, error) { return result{}, nil }

func (d *unreacting) send(ctx context.Context) (result, error) {
	e := d.effect
	if err := d.run.actor.gh.RemoveReaction(ctx, e.Subject, e.Comment, e.Inline, e.Reaction); err != nil {
		return result{}, fmt.Errorf("remove reaction: %w", err)
	}
	return done(0, "", ""), nil
}

// answered keeps an issue open that HLS opened and people talk about.
func (d *closing) answered(ctx context.Context) (result, error) {
	for c, err := range d.run.actor.gh.AllComments(ctx, d.effect.Subject) {
		if err != nil {
			return result{}, fmt.Errorf("read comments: %w", err)
		}
		if !c.User.Same(d.run.self) {
			return result{state: hls.EffectStale, note: "answered_by_person"}, nil
		}
	}
	return result{}, nil
}
