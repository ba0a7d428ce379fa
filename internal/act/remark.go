package act

import (
	"context"
	"errors"
	"fmt"

	"hls/internal/hls"
)

// remarkEdit replaces the text of a remark that HLS made, as to withdraw a finding. Remarks bear no marker; the review
// that they were made with does.
type remarkEdit struct {
	run    *run
	effect hls.Effect
}

func (d *remarkEdit) repeatable() bool { return true }

func (d *remarkEdit) look(ctx context.Context) (result, error) {
	if d.run.self.ID == 0 {
		return result{}, &hls.Permanent{Err: errNoSelf, Reason: "own_account_unknown"}
	}
	s := d.effect.Subject
	have, err := d.run.actor.gh.ReviewComment(ctx, s, d.effect.Comment)
	switch {
	case unseen(err):
		return result{state: hls.EffectStale, note: "removed_by_person"}, nil
	case err != nil:
		return result{}, fmt.Errorf("read remark %d: %w", d.effect.Comment, err)
	case !have.On(s) || !have.User.Same(d.run.self):
		return result{}, notOwn()
	}
	review, err := d.run.actor.gh.Review(ctx, s, have.ReviewID)
	switch {
	case err != nil && !unseen(err):
		return result{}, fmt.Errorf("read review %d: %w", have.ReviewID, err)
	case err != nil || !review.User.Same(d.run.self) || !d.run.signer(s).signed(review.Body):
		return result{}, notOwn()
	case sameText(have.Body, d.body()):
		return done(have.ID, have.HTMLURL, "unchanged"), nil
	}
	return result{}, nil
}

// notOwn refuses to touch what others wrote.
func notOwn() error {
	return &hls.Permanent{Err: errors.New("the remark was not made by HLS on this pull request"), Reason: "outside_closed_set"}
}

func (d *remarkEdit) body() string {
	return Sanitize(d.effect.Body, d.run.actor.options(d.effect.Subject, false))
}

func (d *remarkEdit) send(ctx context.Context) (result, error) {
	got, err := d.run.actor.gh.EditReviewComment(ctx, d.effect.Subject, d.effect.Comment, d.body())
	if err != nil {
		return result{}, fmt.Errorf("edit remark: %w", err)
	}
	return done(got.ID, got.HTMLURL, ""), nil
}
