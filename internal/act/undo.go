package act

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"hls/internal/hls"
)

// undoing tells whether the run takes back what earlier tasks did. An operator asked for it, so that no mode holds it back.
func (b bounds) undoing() bool { return b.task.Origin == hls.FromUndo }

// Outlook is what would stay though it is taken back: all of it, or a part; each "" for none.
type Outlook struct{ Stays, Partly string }

// Preview tells what would stay if something were taken back now. It writes nothing to GitHub.
func (a *Actor) Preview(ctx context.Context, task hls.Task, e hls.Effect) (o Outlook, err error) {
	r, err := a.start(ctx, bounds{task: task}, []hls.Entry{{State: hls.Sending}})
	if err != nil {
		return o, err
	}
	if err := r.confineOne(e); err != nil {
		return o, &hls.Permanent{Err: fmt.Errorf("%s on %s: %w", e.Kind, e.Subject, err), Reason: "outside_closed_set"}
	}
	d := r.deed(hls.Entry{Effect: e, State: hls.Intent})
	found, err := d.look(ctx)
	switch {
	case unseen(err):
		o.Stays = itIsGone
	case err != nil:
		return o, fmt.Errorf("look at %s: %w", e.Subject, err)
	case found.state == "":
		o.Partly = leaves(d)
	case found.note == "":
		o.Stays = "nothing_left"
	default:
		o.Stays = found.note
	}
	return o, nil
}

// leaves tells which part of what it takes back a deed leaves as it is, after a look.
func leaves(d deed) string {
	switch d := d.(type) {
	case *addLabels:
		return d.notes.String()
	case *removeLabels:
		return d.notes.String()
	case *hideReview:
		return d.note
	}
	return ""
}

// itIsGone is the note of what people have removed meanwhile.
const itIsGone = "gone"

// nothing is the result of an effect that has no label to set or to remove. One that takes something back is not done when
// people's hands keep each of its labels as it is.
func (r *run) nothing(e hls.Effect, left notes) result {
	if r.undoing() && len(left) == len(e.Labels) {
		return result{state: hls.EffectStale, note: left.String()}
	}
	return done(0, "", left.String())
}

// forgo remembers, before labels are taken back, that HLS does not set them again by itself.
func (r *run) forgo(ctx context.Context, s hls.Subject, names []string) error {
	if !r.undoing() {
		return nil
	}
	var touches []hls.Touch
	for _, name := range names {
		touches = append(touches, hls.Touch{Subject: s, Label: name, Fate: hls.LabelTakenBack, By: r.self, Self: r.self, At: time.Now()})
	}
	if err := r.actor.ledger.Touch(ctx, touches); err != nil {
		return fmt.Errorf("remember labels of %s: %w", s, err)
	}
	return nil
}

// edited tells whether a text is another than HLS has written, apart from what it may have put below it.
func (r *run) edited(e hls.Effect, text string) bool {
	was := plain(Sanitize(e.Was, r.actor.options(e.Subject, false)))
	return was != "" && !strings.HasPrefix(plain(text)+"\n", was+"\n")
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
	case hls.RemoveReaction:
		return confineReaction(e)
	case hls.HideReview, hls.RevertComment:
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
		return done(d.effect.Comment, "", itIsGone), nil
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
		return done(d.effect.Comment, "", itIsGone), nil
	case err != nil:
		return result{}, fmt.Errorf("read review %d: %w", d.effect.Comment, err)
	case !v.User.Same(d.run.self) || !d.run.signer(d.effect.Subject).signed(v.Body):
		return result{state: hls.EffectStale, note: "written_by_another"}, nil
	case d.run.edited(d.effect, v.Body):
		return result{state: hls.EffectStale, note: "edited_since"}, nil
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
			d.note = "remarks: answered_by_person"
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

// spokenOf keeps an issue open that HLS opened, and that people have edited or talk about.
func (d *closing) spokenOf(ctx context.Context, issue hls.Issue) (result, error) {
	if d.run.edited(d.effect, issue.Body) {
		return result{state: hls.EffectStale, note: "edited_since"}, nil
	}
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
