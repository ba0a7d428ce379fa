package act

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hls/internal/hls"
)

// fold is a label's name as GitHub compares it, which is without regard to the case of Latin letters.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// history is who touched each label of a subject last, by folded name.
type history struct {
	added   map[string]hls.Account
	removed map[string]hls.Account // only labels whose last event is a removal
}

func readHistory(events []hls.LabelEvent) history {
	h := history{added: map[string]hls.Account{}, removed: map[string]hls.Account{}}
	for _, e := range events {
		name := fold(e.Label)
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

func (r *run) labeled(ctx context.Context, s hls.Subject) (labeled, error) {
	issue, err := r.actor.gh.Issue(ctx, s)
	if err != nil {
		return labeled{}, fmt.Errorf("read %s: %w", s, err)
	}
	events, err := r.actor.gh.History(ctx, s)
	if err != nil && !errors.Is(err, hls.ErrNotFound) { // A server that keeps no history has nothing to tell.
		return labeled{}, fmt.Errorf("read history of %s: %w", s, err)
	}
	now := labeled{present: map[string]string{}, history: readHistory(events)}
	for _, l := range issue.Labels {
		now.present[fold(l.Name)] = l.Name
	}
	return now, nil
}

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
}

func (d *addLabels) repeatable() bool { return true }

func (d *addLabels) look(ctx context.Context) (result, error) {
	d.create, d.names, d.notes = nil, nil, nil
	now, err := d.run.labeled(ctx, d.effect.Subject)
	if err != nil {
		return result{}, err
	}
	wanted := d.missing(now)
	if len(wanted) == 0 {
		return done(0, "", d.notes.String()), nil
	}
	known, err := d.run.actor.gh.Labels(ctx, d.effect.Subject.Repo)
	if err != nil {
		return result{}, fmt.Errorf("read labels of %s: %w", d.effect.Subject.Repo, err)
	}
	d.spell(wanted, known)
	if len(d.names) == 0 {
		return done(0, "", d.notes.String()), nil
	}
	return result{}, nil
}

// missing are the labels that have to be added, within GitHub's cap.
func (d *addLabels) missing(now labeled) []hls.Label {
	var wanted []hls.Label
	seen := map[string]bool{}
	for _, l := range d.effect.Labels {
		name := fold(l.Name)
		remover, removed := now.history.removed[name]
		_, present := now.present[name]
		switch {
		case seen[name] || present:
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
// left out unless the configuration names it and wants it created.
func (d *addLabels) spell(wanted, known []hls.Label) {
	spelled := make(map[string]string, len(known))
	for _, l := range known {
		spelled[fold(l.Name)] = l.Name
	}
	policy := d.run.rule.Labels
	create := d.effect.Create && policy.CreateMissing && len(policy.Categories) > 0
	for _, l := range wanted {
		name, ok := spelled[fold(l.Name)]
		switch {
		case ok:
			d.names = append(d.names, name)
		case create:
			d.create = append(d.create, l)
			d.names = append(d.names, l.Name)
		default:
			d.notes.add(l.Name, "not_in_repository")
		}
	}
}

func (d *addLabels) send(ctx context.Context) (result, error) {
	for _, l := range d.create {
		if err := d.run.actor.gh.CreateLabel(ctx, d.effect.Subject.Repo, l); err != nil {
			return result{}, fmt.Errorf("create label %q: %w", l.Name, err)
		}
	}
	if err := d.run.actor.gh.AddLabels(ctx, d.effect.Subject, d.names); err != nil {
		return result{}, fmt.Errorf("add labels: %w", err)
	}
	return done(0, "", d.notes.String()), nil
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
	now, err := d.run.labeled(ctx, d.effect.Subject)
	if err != nil {
		return result{}, err
	}
	for _, l := range d.effect.Labels {
		name, present := now.present[fold(l.Name)]
		switch {
		case !present:
		case now.history.added[fold(l.Name)].Same(d.run.self):
			d.names = append(d.names, name)
		default:
			d.notes.add(name, "added_by_person")
		}
	}
	if len(d.names) == 0 {
		return done(0, "", d.notes.String()), nil
	}
	return result{}, nil
}

func (d *removeLabels) send(ctx context.Context) (result, error) {
	for _, name := range d.names {
		if err := d.run.actor.gh.RemoveLabel(ctx, d.effect.Subject, name); err != nil {
			return result{}, fmt.Errorf("remove label %q: %w", name, err)
		}
	}
	return done(0, "", d.notes.String()), nil
}
