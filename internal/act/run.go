package act

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hls/internal/fault"
	"hls/internal/hls"
)

// run is one run of a task's effects.
type run struct {
	actor *Actor
	bounds
	entries []hls.Entry
	self    hls.Account       // zero while unknown
	key     []byte            // that markers are signed with
	newer   bool              // whether newer work has come in
	moved   map[string]string // of each subject that was read, by key, why its state makes what is left stale; "" for fresh
}

func (r *run) signer(s hls.Subject) signer { return signer{key: r.key, subject: s} }

// A deed carries out one kind of effect.
type deed interface {
	// look reads GitHub for what the effect would bring about. A result with a state ends the effect without a write.
	look(context.Context) (result, error)
	// send writes, and says what came of it. It follows a look, and writes what that found missing.
	send(context.Context) (result, error)
	// repeatable tells, after a look, whether sending twice comes to the same as sending once.
	repeatable() bool
}

// result is what became of an effect.
type result struct {
	state hls.EffectState // "" when it still has to be sent
	id    int64           // of the comment or review, number of the issue
	url   string
	note  string // what was left out and why, or why nothing was written

	applied []string // labels that were set
}

func done(id int64, url, note string) result {
	return result{state: hls.EffectDone, id: id, url: url, note: note}
}

func (r *run) deed(row hls.Entry) deed {
	e := row.Effect
	switch e.Kind {
	case hls.AddLabels:
		return &addLabels{run: r, effect: e, again: row.State == hls.Sending}
	case hls.RemoveLabels:
		return &removeLabels{run: r, effect: e}
	case hls.UpsertComment:
		return &comment{run: r, effect: e}
	case hls.CreateReview:
		return &review{run: r, effect: e}
	case hls.CloseIssue:
		return &closing{run: r, effect: e}
	case hls.SetBody:
		return &setting{run: r, effect: e}
	case hls.CreateIssue:
		return &opening{run: r, effect: e, since: row.At}
	case hls.RerunFailedJobs:
		return &rerun{run: r, effect: e}
	case hls.AddReaction:
		return &reaction{run: r, effect: e}
	case hls.EditRemark:
		return &remarkEdit{run: r, effect: e}
	case hls.SetSection:
		return &sectioning{run: r, effect: e}
	case hls.RevertComment:
		return &revertComment{run: r, effect: e}
	case hls.HideReview:
		return &hideReview{run: r, effect: e}
	case hls.ReopenIssue:
		return &reopening{run: r, effect: e}
	case hls.RemoveReaction:
		return &unreacting{run: r, effect: e}
	}
	return nil
}

// carryAll goes through the rows in order. It stops where going on would do harm or meet the same obstacle: a lost
// lease, a ledger that cannot be written, a limit. What failed for good does not stop the others.
func (r *run) carryAll(ctx context.Context) error {
	var failed, unlabeled []error
	for i := range r.entries {
		e := &r.entries[i]
		err := r.carry(ctx, e)
		if err == nil {
			continue
		}
		err = fmt.Errorf("%s on %s: %w", e.Effect.Kind, e.Effect.Subject, err)
		switch {
		case !ended(e.State):
			return err
		case labels(e.Effect.Kind) && errors.Is(err, hls.ErrGone):
			unlabeled = append(unlabeled, err)
		default:
			failed = append(failed, err)
		}
	}
	if len(failed) > 0 || !r.spoke() {
		failed = append(failed, unlabeled...)
	}
	return errors.Join(failed...)
}

// spoke tells whether people have an answer. What GitHub then says to be gone was there all the same: a token may see
// a pull request without its labels.
func (r *run) spoke() bool {
	return r.did(func(e hls.Effect) bool { return e.Kind == hls.CreateReview || e.Kind == hls.UpsertComment })
}

func labels(k hls.EffectKind) bool { return k == hls.AddLabels || k == hls.RemoveLabels }

func ended(s hls.EffectState) bool { return s != hls.Intent && s != hls.Sending }

// carry takes one row as far as it goes: intent → sending → done, failed, unknown or stale. A row that failed is
// tried again in a new run, since nothing was written for it, and so is one that was stale for an earlier task: that
// was the one which was outdated, by this one perhaps, and not what it had found out.
func (r *run) carry(ctx context.Context, e *hls.Entry) error {
	switch {
	case e.State == hls.EffectUnknown:
		return r.unknown(nil)
	case e.State == hls.EffectFailed, e.State == hls.EffectStale && e.TaskID != r.task.ID:
		if err := r.move(ctx, e, hls.Intent, result{note: e.Error}); err != nil {
			e.State = hls.Intent
			return err
		}
	case ended(e.State):
		return nil
	}
	if err := r.confineOne(e.Effect); err != nil {
		return r.fail(ctx, e, &hls.Permanent{Err: err, Reason: "outside_closed_set"})
	}
	if held, to := r.held(*e); held && e.State != hls.Sending {
		return r.move(ctx, e, to, result{note: e.Effect.Hold})
	}
	d := r.deed(*e)
	if e.State == hls.Sending {
		if err := r.recover(ctx, e, d); err != nil || ended(e.State) {
			return err
		}
	}
	if e.State == hls.Sending {
		if err := r.move(ctx, e, hls.Intent, result{note: e.Error}); err != nil {
			return err
		}
	}
	return r.send(ctx, e, d)
}

// held tells whether the mode of an effect keeps it from being written, and the state that its row waits in.
func (r *run) held(e hls.Entry) (bool, hls.EffectState) {
	if r.undoing() || r.asking() {
		return false, ""
	}
	switch r.rule.ModeOf(e.Effect) {
	case hls.ModeApply:
		return false, ""
	case hls.ModeSuggest:
		return e.DecidedBy == "", hls.EffectProposed
	}
	return true, hls.EffectShadow
}

// send makes the write of a row that nothing was written for.
func (r *run) send(ctx context.Context, e *hls.Entry, d deed) error {
	if held, to := r.held(*e); held {
		return r.move(ctx, e, to, result{note: e.Effect.Hold})
	}
	last, err := r.prepare(ctx, e, d)
	if err != nil || ended(e.State) {
		return err
	}
	turn, err := r.actor.gh.Turn(ctx, e.Effect.Subject.Repo, !d.repeatable())
	if err != nil {
		return r.fail(ctx, e, err)
	}
	defer turn.End()
	if turn.Waited { // Meanwhile anything may have happened.
		clear(r.moved)
		if last, err = r.prepare(ctx, e, d); err != nil || ended(e.State) {
			return err
		}
	}
	if err := r.fresh(ctx, e); err != nil {
		return err
	}
	if err := r.move(ctx, e, hls.Sending, result{}); err != nil {
		return err
	}
	fault.At(fault.Sending)
	if !d.repeatable() {
		if err := r.alone(ctx, e, last); err != nil {
			return err
		}
	}
	return r.write(turn.Take(ctx), e, d)
}

// prepare looks whether a row still has to be sent: it ends the row when not. last is what was posted last.
func (r *run) prepare(ctx context.Context, e *hls.Entry, d deed) (last int64, err error) {
	if err := r.superseded(ctx, e); err != nil {
		return 0, err
	}
	doubt, err := r.clear(ctx, e)
	if err != nil {
		return 0, r.fail(ctx, e, err)
	}
	if last, err = r.posted(ctx, e.Effect); err != nil {
		return 0, err
	}
	found, err := d.look(ctx)
	if err != nil {
		return 0, r.fail(ctx, e, err)
	}
	if found.state != "" {
		return 0, r.move(ctx, e, found.state, found)
	}
	if err := r.doubtful(doubt, d); err != nil {
		return 0, r.fail(ctx, e, err)
	}
	return last, nil
}

func (r *run) write(ctx context.Context, e *hls.Entry, d deed) error {
	sent, err := d.send(ctx)
	if err != nil {
		return r.settle(ctx, e, d, err)
	}
	return r.move(ctx, e, sent.state, sent)
}

// settle decides about a row whose write returned an error.
func (r *run) settle(ctx context.Context, e *hls.Entry, d deed, err error) error {
	if written(err) == never {
		return r.fail(ctx, e, err)
	}
	if ctx.Err() != nil {
		return err
	}
	if other := r.recover(ctx, e, d); other != nil || ended(e.State) {
		return other
	}
	var retry *hls.RetryAfter
	if errors.As(err, &retry) {
		return retry
	}
	return &hls.RetryAfter{Err: err, After: r.actor.cfg.Settle}
}

type certainty int

const (
	never certainty = iota // nothing was written
	maybe
)

// written says what an error of a write tells. One of no known kind tells nothing.
func written(err error) certainty {
	var (
		retry *hls.RetryAfter
		final *hls.Permanent
	)
	switch {
	case errors.Is(err, hls.ErrAmbiguous):
		return maybe
	case errors.As(err, &retry), errors.As(err, &final), errors.Is(err, hls.ErrGone), errors.Is(err, hls.ErrNotFound),
		errors.Is(err, hls.ErrLost), errors.Is(err, hls.ErrStale):
		return never
	}
	return maybe
}

// recover decides about a row whose write may have happened, by reading GitHub back. It leaves the row done when
// the effect is there, at intent when it was not made, and at sending when it is too early to tell, or when that does
// not matter: what may be sent again is read back once more before it is, for by then it may be there.
func (r *run) recover(ctx context.Context, e *hls.Entry, d deed) error {
	found, err := d.look(ctx)
	if err != nil {
		return r.unread(ctx, e, err)
	}
	last := r.task.Attempt >= r.actor.cfg.Attempts
	switch {
	case found.state != "":
		return r.move(ctx, e, found.state, found)
	case d.repeatable():
		return nil
	case r.self.ID == 0:
		return r.give(ctx, e, errNoSelf)
	case r.young(e):
		return r.early(e, last)
	case last:
		return r.give(ctx, e, errors.New("it was not seen, and the attempts are used up"))
	}
	return r.move(ctx, e, hls.Intent, result{note: notFound})
}

// unread decides about a row that GitHub could not be read back for.
func (r *run) unread(ctx context.Context, e *hls.Entry, err error) error {
	var (
		retry *hls.RetryAfter
		final *hls.Permanent
	)
	switch {
	case ctx.Err() != nil, errors.Is(err, hls.ErrLost):
		return err
	case errors.As(err, &retry) && (retry.Free || r.task.Attempt < r.actor.cfg.Attempts):
		return err
	case errors.As(err, &retry), errors.As(err, &final), errors.Is(err, hls.ErrGone), errors.Is(err, hls.ErrNotFound):
		return r.give(ctx, e, err)
	}
	return err
}

// give parks a row that nothing more can be learned about.
func (r *run) give(ctx context.Context, e *hls.Entry, why error) error {
	if err := r.move(ctx, e, hls.EffectUnknown, result{note: why.Error()}); err != nil {
		return err
	}
	return r.unknown(why)
}

func (r *run) unknown(why error) error {
	err := hls.ErrAmbiguous
	if why != nil {
		err = fmt.Errorf("%w: %w", hls.ErrAmbiguous, why)
	}
	// The cause's own kind is hidden: whatever it was, this is final.
	return &hls.Permanent{Err: errors.New(err.Error()), Reason: "effect_unknown"}
}

// fail moves a row for which nothing was written to where its error leads.
func (r *run) fail(ctx context.Context, e *hls.Entry, err error) error {
	var (
		retry *hls.RetryAfter
		final *hls.Permanent
	)
	to := hls.Intent
	switch {
	case errors.Is(err, hls.ErrLost), ctx.Err() != nil:
		return err
	case errors.Is(err, hls.ErrGone), errors.Is(err, hls.ErrStale):
		to = hls.EffectStale
		err = fmt.Errorf("%w: %w", hls.ErrStale, err)
	case errors.As(err, &retry):
	case errors.As(err, &final):
		to = hls.EffectFailed
	case errors.Is(err, hls.ErrNotFound):
		to = hls.EffectFailed
		err = &hls.Permanent{Err: err, Reason: "not_found"}
	}
	if to == e.State {
		return err
	}
	if lost := r.move(ctx, e, to, result{note: err.Error()}); lost != nil {
		return lost
	}
	return err
}

// move commits one step of a row.
func (r *run) move(ctx context.Context, e *hls.Entry, to hls.EffectState, res result) error {
	if to == hls.EffectDone {
		fault.At(fault.Doing)
	}
	m := hls.Move{From: e.State, To: to, RemoteID: res.id, URL: res.url, Error: r.actor.cfg.Redactor.Redact(res.note)}
	m.Applied = res.applied
	if err := r.actor.ledger.Move(ctx, r.task, e.ID, m); err != nil {
		return fmt.Errorf("move to %s: %w", to, err)
	}
	e.State, e.RemoteID, e.URL, e.Error, e.At = m.To, m.RemoteID, m.URL, m.Error, time.Now()
	return nil
}
