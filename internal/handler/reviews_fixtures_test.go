package handler

import (
	"context"
	"iter"
	"slices"

	"hls/internal/hls"
)

// talk is what a test lets people say in reviews.
type talk struct {
	reviews  []hls.Review
	comments []hls.ReviewComment
	writers  []hls.Account
}

func (g *github) AllReviews(context.Context, hls.Subject) iter.Seq2[hls.Review, error] {
	return func(yield func(hls.Review, error) bool) {
		if err := g.errs["AllReviews"]; err != nil {
			yield(hls.Review{}, err)
			return
		}
		for _, review := range g.talk.reviews {
			if !yield(review, nil) {
				return
			}
		}
	}
}

func (g *github) ReviewComments(context.Context, hls.Subject) ([]hls.ReviewComment, error) {
	if err := g.errs["ReviewComments"]; err != nil {
		return nil, err
	}
	return g.talk.comments, nil
}

func (g *github) Review(_ context.Context, _ hls.Subject, id int64) (hls.Review, error) {
	at := slices.IndexFunc(g.talk.reviews, func(r hls.Review) bool { return r.ID == id })
	if at < 0 {
		return hls.Review{}, hls.ErrNotFound
	}
	return g.talk.reviews[at], g.errs["Review"]
}
