package handler

import (
	"context"

	"hls/internal/hls"
)

func (g *github) Compare(_ context.Context, _ hls.Subject, base, head string) (hls.Comparison, error) {
	g.reads = append(g.reads, base+"..."+head)
	return g.compared, g.errs["Compare"]
}

func (g *github) ReviewComments(context.Context, hls.Subject) ([]hls.ReviewComment, error) {
	return g.replies, g.errs["ReviewComments"]
}
