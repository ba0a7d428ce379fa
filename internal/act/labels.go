package act

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

// history is who touched each label of a subject last, by folded name.
type history struct {
	added   map[string]hls.Account
	removed map[string]hls.Account // only labels whose last event is a removal
}

func readHistory(events []hls.LabelEvent) history {
	h := history{added: map[string]hls.Account{}, removed: map[string]hls.Account{}}
	for _, e := range events {
		name := hls.Fold(e.Label)
		if e.Added {
			h.added[name] = e.Actor
			delete(h.removed, name)
			continue
		}
		h.removed[name] = e.Actor
	}
	return h
}

// labeled is a subject's labels and what happened to them.
type labeled struct {
	present map[string]string // the name as it stands, by folded name
	history history
}

// labeled reads what is known of the labels that an effect is about.
func (r *run) labeled(ctx context.Context, e hls.Effect) (labeled, error) {
	s := e.Subject
	present, err := r.labelsOf(ctx, s)
	if err != nil {
		return labeled{}, fmt.Errorf("read %s: %w", s, err)
	}
	events, err := r.actor.gh.History(ctx, s)
	if err != nil && !unseen(err) { // A server that keeps no history has nothing to tell.
		return labeled{}, fmt.Errorf("read history of %s: %w", s, err)
	}
	if events, err = r.remembered(ctx, e, events); err != nil {
		return labeled{}, err
	}
	now := labeled{present: map[string]string{}, history: readHistory(events)}
	for _, l := range present {
		now.present[hls.Fold(l.Name)] = l.Name
	}
	return now, nil
}

// remembered is a history with what is remembered besides. What it tells of labels that HLS and people touched is remembered
// in turn: the events may not have come. What an operator had taken back counts as removed, unless somebody asks for the effect.
func (r *run) remembered(ctx context.Context, e hls.Effect, history []hls.LabelEvent) ([]hls.LabelEvent, error) {
	s := e.Subject
	if touches := hls.Touches(s, history, r.self); len(touches) > 0 {
		if err := r.actor.ledger.Touch(ctx, touches); err != nil {
			return nil, fmt.Errorf("remember labels of %s: %w", s, err)
		}
	}
	memories, err := r.actor.ledger.Recall(ctx, hls.Recall{Subject: s, Kind: hls.Touched, Limit: hls.MostTouched})
	if err != nil {
		return nil, fmt.Errorf("recall labels of %s: %w", s, err)
	}
	states, err := hls.LabelStates(memories)
	all := hls.Remembered(history, states)
	if r.byItself(e) {
		all = append(all, hls.TakenBack(states)...)
	}
	return all, err
}

// byItself tells whether nobody asks for an effect: no command, no replay, no approval, and nobody who takes something back.
func (r *run) byItself(e hls.Effect) bool { return e.Nonce == "" && !r.task.Origin.Carries() }

// labelsOf asks a pull request itself: a token may see it and not the issue of the same number.
func (r *run) labelsOf(ctx context.Context, s hls.Subject) ([]hls.Label, error) {
	if s.Kind == hls.KindPullRequest {
		pull, err := r.actor.gh.PullRequest(ctx, s)
		return pull.Labels, err
	}
	issue, err := r.actor.gh.Issue(ctx, s)
	return issue.Labels, err
}

// unseen tells that GitHub does not show something, which may be for want of a permission.
func unseen(err error) bool { return errors.Is(err, hls.ErrNotFound) || errors.Is(err, hls.ErrGone) }

// notes collects what was left out of an effect, as "bug: removed_by_person".
type notes []string

func (n *notes) add(name, why string) { *n = append(*n, name+": "+why) }

func (n notes) String() string { return strings.Join(n, "; ") }

// addLabels adds labels to those that are there. What a person took away stays away.
type addLabels struct {
	run    *run
	effect hls.Effect
	create []hls.Label // that the repository lacks
	names  []string    // as the repository spells them
	notes  notes

	again bool     // it may have been sent before
	there []string // labels that were, as it seems
}

func (d *addLabels) repeatable() bool { return true }

// done is the result once nothing is left to be added but names, which were.
func (d *addLabels) done(names ...string) result {
	r := done(0, "", d.notes.String())
	if len(names) == 0 {
		r = d.run.nothing(d.effect, d.notes)
	}
	if r.applied = append(d.there, names...); d.run.undoing() { // What is put back was counted before.
		r.applied = nil
	}
	return r
}

func (d *addLabels) look(ctx context.Context) (result, error) {
	d.create, d.names, d.notes, d.there = nil, nil, nil, nil
	now, err := d.run.labeled(ctx, d.effect)
	if err != nil {
		return result{}, err
	}
	wanted := d.missing(now)
	if len(wanted) == 0 {
		return d.done(), nil
	}
	known, err := d.run.actor.gh.Labels(ctx, d.effect.Subject.Repo)
	if err != nil && !unseen(err) {
		return result{}, fmt.Errorf("read labels of %s: %w", d.effect.Subject.Repo, err)
	}
	lacking := "not_in_repository"
	if err != nil {
		known, lacking = nil, "labels_not_shown"
	}
	d.spell(wanted, known, lacking)
	if err := d.leave(ctx); err != nil {
		return result{}, err
	}
	if len(d.names) == 0 {
		return d.done(), nil
	}
	return result{}, nil
}

// leave takes out of what is to be created the labels that a person deleted or renamed.
func (d *addLabels) leave(ctx context.Context) error {
	wanted := d.create
	d.create = nil
	for _, l := range wanted {
		gone, err := d.run.actor.ledger.Recall(ctx, hls.Recall{
			Subject: d.effect.Subject.LabelSet(), Kind: hls.LabelGone, Key: hls.Fold(l.Name), Limit: 1,
		})
		if err != nil {
			return fmt.Errorf("look whether label %q was deleted: %w", l.Name, err)
		}
		if len(gone) > 0 {
			d.notes.add(l.Name, "deleted_by_person")
			d.names = slices.DeleteFunc(d.names, func(name string) bool { return name == l.Name })
			continue
		}
		d.create = append(d.create, l)
	}
	return nil
}

// missing are the labels that have to be added, within GitHub's cap.
func (d *addLabels) missing(now labeled) []hls.Label {
	var wanted []hls.Label
	seen := map[string]bool{}
	for _, l := range d.effect.Labels {
		name := hls.Fold(l.Name)
		remover, removed := now.history.removed[name]
		_, present := now.present[name]
		switch {
		case seen[name]:
		case present:
			if d.again && now.history.added[name].Same(d.run.self) {
				d.there = append(d.there, l.Name)
			}
		case d.run.undoing() && (!removed || !remover.Same(d.run.self)): // It is put back only where HLS took it away.
			d.notes.add(l.Name, "not_removed_by_hls")
		case removed && !remover.Same(d.run.self):
			d.notes.add(l.Name, "removed_by_person")
		case len(now.present)+len(wanted) >= maxLabels:
			d.notes.add(l.Name, "too_many_labels")
		default:
			wanted = append(wanted, l)
		}
		seen[name] = true
	}
	return wanted
}

// spell takes labels by the repository's own spelling. One that it lacks would be created by adding it, so it is
// left out, noted as lacking, unless the configuration names it and wants it created.
func (d *addLabels) spell(wanted, known []hls.Label, lacking string) {
	spelled := make(map[string]string, len(known))
	for _, l := range known {
		spelled[hls.Fold(l.Name)] = l.Name
	}
	policy := d.run.rule.Labels
	create := d.effect.Create && policy.CreateMissing && len(policy.Categories) > 0
	for _, l := range wanted {
		name, ok := spelled[hls.Fold(l.Name)]
		switch {
		case ok:
			d.names = append(d.names, name)
		case create:
			d.create = append(d.create, l)
			d.names = append(d.names, l.Name)
		default:
			d.notes.add(l.Name, lacking)
		}
	}
}

func (d *addLabels) send(ctx context.Context) (result, error) {
	if err := d.ensure(ctx); err != nil {
		return result{}, err
	}
	if len(d.names) == 0 {
		return d.done(), nil
	}
	d.again = true
	if err := d.run.actor.gh.AddLabels(ctx, d.effect.Subject, d.names); err != nil {
		return result{}, fmt.Errorf("add labels: %w", err)
	}
	return d.done(d.names...), nil
}

// ensure creates what the repository lacks. A label that GitHub will not have is left out, or adding it would fail the
// others with it.
func (d *addLabels) ensure(ctx context.Context) error {
	for _, l := range d.create {
		err := d.run.actor.gh.CreateLabel(ctx, d.effect.Subject.Repo, l)
		var final *hls.Permanent
		switch {
		case err == nil:
		case errors.As(err, &final) && written(err) == never:
			d.notes.add(l.Name, "creation_refused")
			d.names = slices.DeleteFunc(d.names, func(name string) bool { return name == l.Name })
		default:
			return fmt.Errorf("create label %q: %w", l.Name, err)
		}
	}
	return nil
}

// removeLabels removes labels that HLS itself put on the subject.
type removeLabels struct {
	run    *run
	effect hls.Effect
	names  []string
	notes  notes
}

func (d *removeLabels) repeatable() bool { return true }

func (d *removeLabels) look(ctx context.Context) (result, error) {
	d.names, d.notes = nil, nil
	now, err := d.run.labeled(ctx, d.effect)
	if err != nil {
		return result{}, err
	}
	for _, l := range d.effect.Labels {
		name, present := now.present[hls.Fold(l.Name)]
		switch {
		case !present:
		case now.history.added[hls.Fold(l.Name)].Same(d.run.self):
			d.names = append(d.names, name)
		default:
			d.notes.add(name, "added_by_person")
		}
	}
	if len(d.names) == 0 {
		return d.run.nothing(d.effect, d.notes), nil
	}
	return result{}, nil
}

func (d *removeLabels) send(ctx context.Context) (result, error) {
	if err := d.run.forgo(ctx, d.effect.Subject, d.names); err != nil {
		return result{}, err
	}
	for _, name := range d.names {
		if err := d.run.actor.gh.RemoveLabel(ctx, d.effect.Subject, name); err != nil {
			return result{}, fmt.Errorf("remove label %q: %w", name, err)
		}
	}
	return done(0, "", d.notes.String()), nil
}
