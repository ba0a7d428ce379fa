package act

import (
	"context"
	"errors"
	"fmt"

	"hls/internal/hls"
)

// comment keeps the one comment of a subject and purpose: posted once, edited afterwards.
type comment struct {
	run    *run
	effect hls.Effect
	have   *hls.Comment // found by look
}

// repeatable: an edit is, a creation is not.
func (d *comment) repeatable() bool { return d.have != nil }

func (d *comment) body() string {
	body := Sanitize(d.effect.Body, d.run.actor.options(d.effect.Subject, false))
	return d.run.signer(d.effect.Subject).mark(body, d.effect.Purpose, "")
}

func (d *comment) look(ctx context.Context) (result, error) {
	d.have = nil
	hidden, err := d.posted(ctx)
	if err != nil {
		return result{}, err
	}
	gone := false
	if d.have == nil {
		if gone, err = d.search(ctx, hidden); err != nil {
			return result{}, err
		}
	}
	switch {
	case d.have != nil && sameText(d.have.Body, d.body()):
		return done(d.have.ID, d.have.HTMLURL, "unchanged"), nil
	case gone:
		return result{state: hls.EffectStale, note: "removed_by_person"}, nil
	}
	return result{}, nil
}

// posted looks for the comment that the ledger knows. hidden is its id when GitHub does not show it.
func (d *comment) posted(ctx context.Context) (hidden int64, err error) {
	entry, err := d.run.actor.ledger.Posted(ctx, d.effect.Subject, d.effect.Purpose, hls.UpsertComment)
	if errors.Is(err, hls.ErrNotFound) || err == nil && entry.RemoteID == 0 {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look up posted comment: %w", err)
	}
	got, err := d.run.actor.gh.Comment(ctx, d.effect.Subject, entry.RemoteID)
	if errors.Is(err, hls.ErrNotFound) || errors.Is(err, hls.ErrGone) {
		return entry.RemoteID, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read comment %d: %w", entry.RemoteID, err)
	}
	d.take(got)
	return 0, nil
}

// take makes a comment that the ledger knows the one to edit, unless it is another account's by now.
func (d *comment) take(c hls.Comment) {
	if d.run.self.ID == 0 || c.User.Same(d.run.self) {
		d.have = &c
	}
}

// search looks through all comments: for the hidden one, since GitHub may show a comment in a list sooner than by
// itself, then for the first own one with the marker. While the own account is not known there is no telling an own
// comment from a copy. gone tells that the hidden one is not there, and so was deleted.
func (d *comment) search(ctx context.Context, hidden int64) (gone bool, err error) {
	if d.run.self.ID == 0 && hidden == 0 {
		return false, nil
	}
	seen, signer := false, d.run.signer(d.effect.Subject)
	var marked *hls.Comment
	for c, err := range d.run.actor.gh.AllComments(ctx, d.effect.Subject) {
		if err != nil {
			return false, fmt.Errorf("read comments: %w", err)
		}
		if c.ID == hidden {
			seen = true
			d.take(c)
		}
		if marked == nil && c.User.Same(d.run.self) && signer.marked(c.Body, d.effect.Purpose, "") {
			marked = &c
		}
		if d.have != nil || marked != nil && hidden == 0 {
			break
		}
	}
	if d.have == nil {
		d.have = marked
	}
	return d.have == nil && hidden != 0 && !seen, nil
}

func (d *comment) send(ctx context.Context) (result, error) {
	var (
		got hls.Comment
		err error
	)
	if d.have != nil {
		got, err = d.run.actor.gh.EditComment(ctx, d.effect.Subject, d.have.ID, d.body())
	} else {
		got, err = d.run.actor.gh.CreateComment(ctx, d.effect.Subject, d.body())
	}
	if err != nil {
		return result{}, fmt.Errorf("write comment: %w", err)
	}
	if got.ID == 0 {
		return result{}, fmt.Errorf("%w: the answer names no comment", hls.ErrAmbiguous)
	}
	return done(got.ID, got.HTMLURL, ""), nil
}
