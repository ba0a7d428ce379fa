package handler

import (
	"context"

	"hls/internal/hls"
)

// replies handles comments that are no commands: what the author of an issue tells, after something was asked, leads to a
// new triage.
type replies struct{ issues }

// answerPurpose keeps comments apart from the triage of the issue itself: one that says nothing must not take its place.
const answerPurpose = "answer"

// Route passes over everything that cannot be an answer by the payload alone, without a look at GitHub.
func (replies) Route(e hls.Event, _ hls.Rule) hls.Verdict {
	switch {
	case e.Action != "created" && e.Action != "edited":
		return hls.Pass("action_not_handled")
	case e.Subject.Kind != hls.KindIssue || e.Issue == nil || e.Comment == nil:
		return hls.Pass("not_on_an_issue")
	case !e.Comment.User.Same(e.Issue.User) || !e.Sender.Same(e.Issue.User):
		return hls.Pass("not_by_the_author")
	case isOrder(e.Comment.Body):
		return hls.Pass("command_edited")
	case !tells(e.Comment.Body, *e.Issue):
		return hls.Pass("says_nothing_new")
	}
	return hls.Go(answerPurpose)
}

// Plan is that of the issue: the settings speak of the event that this goes on with.
func (r replies) Plan(e hls.Event, f hls.Facts, a hls.Analysis, rule hls.Rule) hls.Plan {
	return r.issues.Plan(ordinary{"issues", "edited", triage}.as(e, rule), f, a, rule)
}

// Gather looks whether something was asked before anything is spent.
func (replies) Gather(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	f, err := presentIssue(ctx, read, e, r)
	if err != nil || f.Skip != "" {
		return f, err
	}
	f.Purpose = triage
	switch asking, _, ok := answered(f, r); {
	case !asking:
		f.Skip = "nothing_asked"
	case !ok:
		f.Skip = "nothing_answered"
	default:
		err = related(ctx, read, e.Subject, &f)
	}
	return f, err
}
