package act

import (
	"context"
	"fmt"

	"hls/internal/hls"
)

// superseded ends a row as stale when newer work of the task's subject and purpose has come in.
func (r *run) superseded(ctx context.Context, e *hls.Entry) error {
	if !r.newer {
		newer, err := r.actor.ledger.Superseded(ctx, r.task)
		if err != nil {
			return fmt.Errorf("look for newer work: %w", err)
		}
		r.newer = newer
	}
	if r.newer {
		return r.outdate(ctx, e, "superseded by newer work")
	}
	return nil
}

// fresh ends a row as stale when the subject is no longer what the effect answers to. The subject is read before
// the first write of a run, and again right before everything that people read or that changes the subject.
func (r *run) fresh(ctx context.Context, e *hls.Entry) error {
	if err := r.superseded(ctx, e); err != nil {
		return err
	}
	kind := e.Effect.Kind
	switch {
	case e.Effect.Revision == "" && kind != hls.CreateReview:
		return nil
	case r.moved != "":
		return r.outdate(ctx, e, r.moved)
	case r.read && labels(kind):
		return nil
	}
	why, err := r.present(ctx, e.Effect)
	if err != nil {
		return r.fail(ctx, e, err)
	}
	r.read, r.moved = true, why
	if why != "" {
		return r.outdate(ctx, e, why)
	}
	return nil
}

func (r *run) outdate(ctx context.Context, e *hls.Entry, why string) error {
	if err := r.move(ctx, e, hls.EffectStale, result{note: why}); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s", hls.ErrStale, why)
}

// present says how the subject differs from what the effect answers to, or "".
func (r *run) present(ctx context.Context, e hls.Effect) (string, error) {
	if e.Subject.Kind == hls.KindPullRequest {
		pull, err := r.actor.gh.PullRequest(ctx, e.Subject)
		if err != nil {
			return "", fmt.Errorf("read %s: %w", e.Subject, err)
		}
		return pullMoved(pull, e), nil
	}
	issue, err := r.actor.gh.Issue(ctx, e.Subject)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", e.Subject, err)
	}
	return r.issueMoved(issue, e), nil
}

func pullMoved(p hls.PullRequest, e hls.Effect) string {
	switch {
	case p.Merged:
		return "merged"
	case p.State == closed:
		return closed
	case p.Locked:
		return "locked"
	case e.Revision != "" && p.Revision() != e.Revision:
		return "head or base changed"
	case e.Kind == hls.CreateReview && p.Head.SHA != e.Head:
		return "head changed"
	}
	return ""
}

// closed is GitHub's state of an issue or pull request that is not open.
const closed = "closed"

// issueMoved passes over what this very plan did: closing the issue, or setting its body.
func (r *run) issueMoved(i hls.Issue, e hls.Effect) string {
	switch {
	case i.State == closed && !r.did(hls.CloseIssue, ""):
		return closed
	case i.Locked:
		return "locked"
	case i.Revision() != e.Revision && !r.did(hls.SetBody, i.Body):
		return "title or body changed"
	}
	return ""
}

// did tells whether a row of the plan did something before, with a given text where that matters.
func (r *run) did(kind hls.EffectKind, body string) bool {
	for _, e := range r.entries {
		if e.Effect.Kind == kind && e.State == hls.EffectDone && (body == "" || sameText(e.Effect.Body, body)) {
			return true
		}
	}
	return false
}
