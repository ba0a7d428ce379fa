package act

import (
	"context"
	"fmt"
	"slices"

	"hls/internal/hls"
)

// superseded ends a row as stale when newer work of the task's subject and purpose has come in. Of what an earlier task
// planned, it is known from the start whether newer work takes its place.
func (r *run) superseded(ctx context.Context, e *hls.Entry) error {
	if !r.newer && !r.task.Origin.Carries() {
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

// fresh ends a row as stale when its subject is no longer what the effect answers to. A subject is read before the
// first write of a run to it, and again right before everything that people read or that changes the subject.
func (r *run) fresh(ctx context.Context, e *hls.Entry) error {
	if err := r.superseded(ctx, e); err != nil {
		return err
	}
	if e.Effect.Expect == "" && e.Effect.Head == "" {
		return nil
	}
	key := e.Effect.Subject.Key()
	why, read := r.moved[key]
	switch {
	case why != "":
		return r.outdate(ctx, e, why)
	case read && labels(e.Effect.Kind):
		return nil
	}
	why, err := r.present(ctx, e.Effect)
	if err != nil {
		return r.fail(ctx, e, err)
	}
	r.moved[key] = why
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
func (r *run) present(ctx context.Context, e hls.Effect) (why string, err error) {
	switch e.Subject.Kind {
	case hls.KindPullRequest:
		var pull hls.PullRequest
		if pull, err = r.actor.gh.PullRequest(ctx, e.Subject); err == nil {
			why = pullMoved(pull, e)
		}
	case hls.KindIssue:
		var issue hls.Issue
		if issue, err = r.actor.gh.Issue(ctx, e.Subject); err == nil {
			why = r.issueMoved(issue, e)
		}
	default: // a release, which is all else that has a revision
		var release hls.Release
		release, err = r.actor.gh.Release(ctx, e.Subject, numbered(e.Subject, "release"))
		if err == nil && release.Revision() != e.Expect && !r.rewrote(e.Subject, release.Body) {
			why = "name, tag or notes changed"
		}
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", e.Subject, err)
	}
	return why, nil
}

func pullMoved(p hls.PullRequest, e hls.Effect) string {
	switch {
	case p.Merged:
		return "merged"
	case p.State == closed:
		return closed
	case p.Locked:
		return "locked"
	case e.Expect != "" && p.Revision() != e.Expect:
		return "head or base changed"
	case e.Head != "" && p.Head.SHA != e.Head:
		return "head changed"
	}
	return ""
}

// closed is GitHub's state of an issue or pull request that is not open.
const closed = "closed"

// issueMoved passes over what this very plan did: closing the issue, or setting its body.
func (r *run) issueMoved(i hls.Issue, e hls.Effect) string {
	switch {
	case i.State == closed && !r.did(func(o hls.Effect) bool { return o.Kind == hls.CloseIssue && o.Subject == e.Subject }):
		return closed
	case i.Locked:
		return "locked"
	case i.Revision() != e.Expect && !r.rewrote(e.Subject, i.Body):
		return "title or body changed"
	}
	return ""
}

// did tells whether a row of the plan was done before that is such as is asked for.
func (r *run) did(such func(hls.Effect) bool) bool {
	return slices.ContainsFunc(r.entries, func(e hls.Entry) bool { return e.State == hls.EffectDone && such(e.Effect) })
}

// rewrote tells whether a row of the plan gave a subject the body that it has, or a section of it.
func (r *run) rewrote(s hls.Subject, body string) bool {
	return r.did(func(e hls.Effect) bool {
		switch {
		case e.Subject.Key() != s.Key():
			return false
		case e.Kind == hls.SetSection:
			place, whole := findSection(body, e.Section)
			return whole && place.there && sameText(place.text(body), e.Body)
		}
		return e.Kind == hls.SetBody && sameText(e.Body, body)
	})
}
