package act

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hls/internal/hls"
)

// opening creates an issue. While an earlier one of the same subject and purpose is open, none is created.
type opening struct {
	run    *run
	effect hls.Effect
	since  time.Time // of the row's last move: what it made is not much older
	names  []string  // of the labels, as the repository spells them
	notes  notes
}

// slack is by how much clocks differ at most.
const slack = time.Hour

func (d *opening) repeatable() bool { return false }

func (d *opening) look(ctx context.Context) (result, error) {
	d.names, d.notes = nil, nil
	found, err := d.posted(ctx)
	if err != nil || found.state != "" {
		return found, err
	}
	if found, err = d.search(ctx); err != nil || found.state != "" {
		return found, err
	}
	return result{}, d.spell(ctx)
}

// posted looks at the issue that the ledger knows. One that was closed as done may come back as another; one that a
// person deleted, or closed for any other reason, was not wanted.
func (d *opening) posted(ctx context.Context) (result, error) {
	entry, err := d.run.actor.ledger.Posted(ctx, d.effect.Subject, d.effect.Purpose, hls.CreateIssue)
	if errors.Is(err, hls.ErrNotFound) || err == nil && entry.RemoteID == 0 {
		return result{}, nil
	}
	if err != nil {
		return result{}, fmt.Errorf("look up earlier issue: %w", err)
	}
	s := d.effect.Subject
	issue, err := d.run.actor.gh.Issue(ctx, hls.Subject{RepoID: s.RepoID, Repo: s.Repo, Kind: hls.KindIssue, Number: int(entry.RemoteID)})
	switch {
	case unseen(err):
		return result{state: hls.EffectStale, note: "removed_by_person"}, nil
	case err != nil:
		return result{}, fmt.Errorf("read issue #%d: %w", entry.RemoteID, err)
	case issue.State != closed:
		return done(entry.RemoteID, issue.HTMLURL, "open already"), nil
	case issue.StateReason != completed:
		return result{state: hls.EffectStale, note: "closed_by_person"}, nil
	}
	return result{}, nil
}

// search looks for the issue that this very effect made, among those created since.
func (d *opening) search(ctx context.Context) (result, error) {
	if d.run.self.ID == 0 {
		return result{}, nil
	}
	signer := d.run.signer(d.effect.Subject)
	for i, err := range d.run.actor.gh.RecentIssues(ctx, d.effect.Subject) {
		if err != nil {
			return result{}, fmt.Errorf("read recent issues: %w", err)
		}
		if i.CreatedAt.Before(d.since.Add(-slack)) {
			break
		}
		if i.PullRequest == nil && i.User.Same(d.run.self) && signer.marked(i.Body, d.effect.Purpose, ref(d.effect)) {
			return done(int64(i.Number), i.HTMLURL, "found when read back"), nil
		}
	}
	return result{}, nil
}

// spell leaves out the labels that the repository lacks: they would be created.
func (d *opening) spell(ctx context.Context) error {
	switch {
	case len(d.effect.Labels) == 0:
		return nil
	case !d.run.rule.Labels.AutoApply:
		for _, l := range d.effect.Labels {
			d.notes.add(l.Name, "labels_not_applied")
		}
		return nil
	}
	labels := d.settable()
	known, err := d.run.actor.gh.Labels(ctx, d.effect.Subject.Repo)
	lacking := "not_in_repository"
	switch {
	case unseen(err):
		lacking = "labels_not_shown"
	case err != nil:
		return fmt.Errorf("read labels of %s: %w", d.effect.Subject.Repo, err)
	}
	add := addLabels{run: d.run}
	add.spell(labels, known, lacking)
	d.names, d.notes = add.names, append(d.notes, add.notes...)
	return nil
}

// settable are the labels that are set without anybody's approval: an issue is not opened twice to ask for the others.
func (d *opening) settable() (labels []hls.Label) {
	policy := d.run.rule.Labels
	for _, l := range d.effect.Labels {
		switch {
		case policy.Leaves(l.Name):
			d.notes.add(l.Name, "left_to_people")
		case policy.Suggests(l.Name):
			d.notes.add(l.Name, "only_suggested")
		default:
			labels = append(labels, l)
		}
	}
	return labels
}

func (d *opening) send(ctx context.Context) (result, error) {
	options := d.run.actor.options(d.effect.Subject, false)
	body := d.run.signer(d.effect.Subject).mark(Sanitize(d.effect.Body, options), d.effect.Purpose, ref(d.effect))
	issue, err := d.run.actor.gh.CreateIssue(ctx, d.effect.Subject, Title(d.effect.Title, options), body, d.names)
	if err != nil {
		return result{}, fmt.Errorf("create issue: %w", err)
	}
	if issue.Number <= 0 {
		return result{}, fmt.Errorf("%w: the answer names no issue", hls.ErrAmbiguous)
	}
	return done(int64(issue.Number), issue.HTMLURL, d.notes.String()), nil
}
