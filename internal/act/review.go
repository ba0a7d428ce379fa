package act

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hls/internal/hls"
)

// review posts one review of one head of a pull request.
type review struct {
	run    *run
	effect hls.Effect
}

func (d *review) repeatable() bool { return false }

func (d *review) look(ctx context.Context) (result, error) {
	if d.run.self.ID == 0 {
		return result{}, nil
	}
	for v, err := range d.run.actor.gh.AllReviews(ctx, d.effect.Subject) {
		if err != nil {
			return result{}, fmt.Errorf("read reviews: %w", err)
		}
		if v.User.Same(d.run.self) && d.run.signer(d.effect.Subject).marked(v.Body, d.effect.Purpose, ref(d.effect)) {
			return done(v.ID, v.HTMLURL, "found when read back"), nil
		}
	}
	return result{}, nil
}

func (d *review) send(ctx context.Context) (result, error) {
	options := d.run.actor.options(d.effect.Subject, false)
	remarks := d.remarks()
	got, err := d.create(ctx, Sanitize(d.effect.Body, options), remarks)
	note := ""
	if len(remarks) > 0 && refused(err) {
		// One line that is not in the diff makes GitHub refuse the whole review: nothing was written.
		got, err = d.create(ctx, Sanitize(folded(d.effect), options), nil)
		note = "the remarks stand in the summary"
	}
	if err != nil {
		return result{}, fmt.Errorf("create review: %w", err)
	}
	if got.ID == 0 {
		return result{}, fmt.Errorf("%w: the answer names no review", hls.ErrAmbiguous)
	}
	return done(got.ID, got.HTMLURL, note), nil
}

func (d *review) create(ctx context.Context, body string, remarks []hls.Remark) (hls.Review, error) {
	body = d.run.signer(d.effect.Subject).mark(body, d.effect.Purpose, ref(d.effect))
	return d.run.actor.gh.CreateReview(ctx, d.effect.Subject, d.effect.Head, body, remarks)
}

func (d *review) remarks() []hls.Remark {
	options := d.run.actor.options(d.effect.Subject, true)
	remarks := make([]hls.Remark, 0, len(d.effect.Remarks))
	for _, r := range d.effect.Remarks {
		r.Body = Sanitize(r.Body, options)
		remarks = append(remarks, r)
	}
	return remarks
}

// refused tells that GitHub would not have the review, so that a plainer one is worth a try.
func refused(err error) bool {
	var final *hls.Permanent
	return errors.As(err, &final) && !errors.Is(err, hls.ErrAmbiguous) && !errors.Is(err, hls.ErrNotFound)
}

// folded is the summary with the remarks below it.
func folded(e hls.Effect) string {
	var b strings.Builder
	b.WriteString(e.Body)
	for _, r := range e.Remarks {
		place := strings.ReplaceAll(r.Path, "`", "'")
		if r.EndLine > r.Line {
			fmt.Fprintf(&b, "\n\n#### `%s`, lines %d to %d\n\n%s", place, r.Line, r.EndLine, r.Body)
			continue
		}
		fmt.Fprintf(&b, "\n\n#### `%s`, line %d\n\n%s", place, r.Line, r.Body)
	}
	return b.String()
}
