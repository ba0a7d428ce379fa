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
	return d.run.signer.mark(body, d.effect.Purpose, "")
}

func (d *comment) look(ctx context.Context) (result, error) {
	d.have = nil
	gone, err := d.posted(ctx)
	if err != nil {
		return result{}, err
	}
	if d.have == nil {
		if err := d.search(ctx); err != nil {
			return result{}, err
		}
	}
	switch {
	case d.have != nil && sameText(d.have.Body, d.body()):
		return done(d.have.ID, d.have.HTMLURL, "unchanged"), nil
	case d.have == nil && gone:
		return result{state: hls.EffectStale, note: "removed_by_person"}, nil
	}
	return result{}, nil
}

// posted looks for the comment that the ledger knows. gone tells that there was one and that it was deleted.
func (d *comment) posted(ctx context.Context) (gone bool, err error) {
	entry, err := d.run.actor.ledger.Posted(ctx, d.effect.Subject, d.effect.Purpose, hls.UpsertComment)
	if errors.Is(err, hls.ErrNotFound) || err == nil && entry.RemoteID == 0 {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up posted comment: %w", err)
	}
	got, err := d.run.actor.gh.Comment(ctx, d.effect.Subject, entry.RemoteID)
	if errors.Is(err, hls.ErrNotFound) || errors.Is(err, hls.ErrGone) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read comment %d: %w", entry.RemoteID, err)
	}
	if d.run.self.ID == 0 || got.User.Same(d.run.self) {
		d.have = &got
	}
	return false, nil
}

// search looks through all comments for the first own one with the marker. While the own account is not known
// there is no telling an own comment from a copy.
func (d *comment) search(ctx context.Context) error {
	if d.run.self.ID == 0 {
		return nil
	}
	for c, err := range d.run.actor.gh.AllComments(ctx, d.effect.Subject) {
		if err != nil {
			return fmt.Errorf("read comments: %w", err)
		}
		if c.User.Same(d.run.self) && d.run.signer.marked(c.Body, d.effect.Purpose, "") {
			d.have = &c
			return nil
		}
	}
	return nil
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
