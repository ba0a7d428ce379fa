package handler

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

// pullRequests handles the events of pull requests: it reviews what is open.
type pullRequests struct{}

const review = "review"

// closing finds the issues that a pull request says it closes (GitHub: "Linking a pull request to an issue").
var closing = regexp.MustCompile(`(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+#(\d{1,9})\b`)

// Route: a closed pull request is worked on as well, so that its task supersedes what is pending; Gather then finds
// that there is nothing to do.
func (pullRequests) Route(e hls.Event, r hls.Rule) hls.Verdict {
	switch e.Action {
	case "opened", "reopened", "ready_for_review", "synchronize", "closed":
		return hls.Go(review)
	case "edited":
		if e.Changed["base"] {
			return hls.Go(review)
		}
		return hls.Pass("nothing_to_analyze")
	case "review_requested":
		if e.Reviewer != nil && r.Self.Same(*e.Reviewer) {
			return hls.Go(review)
		}
		return hls.Pass("reviewer_is_another")
	}
	return hls.Pass("action_not_handled")
}

// Gather: the pull request as it is now decides, whatever the action was.
func (pullRequests) Gather(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	f, err := presentPull(ctx, read, e, r)
	if err != nil || f.Skip != "" {
		return f, err
	}
	if f.PullRequest.Draft && r.Hears("pull_request_review") {
		f.Revision += asDraft
	}
	if f.Files, err = filesOf(ctx, read, e, f.PullRequest.Head.SHA); err != nil {
		return hls.Facts{}, err
	}
	if f.Skip = leaveFiles(f.Files, r.Ignore.Paths); f.Skip != "" {
		return f, nil
	}
	before, err := lookBack(ctx, read, e, r, &f)
	if err != nil {
		return hls.Facts{}, fmt.Errorf("look back: %w", err)
	}
	f.Diff, f.Omitted = pack(before.shown(f.Files), r.Ignore.Paths, diffBudget-before.cost())
	if more := f.PullRequest.ChangedFiles - len(f.Files); more > 0 {
		f.Omitted = append(f.Omitted, hls.Omission{Filename: fmt.Sprintf("%d more files", more), Why: "not_listed"})
	}
	if err := surroundings(ctx, read, e.Subject, &f); err != nil {
		return hls.Facts{}, err
	}
	if !before.at.IsZero() {
		before.Changes = append(before.Changes, relabeled(f.History, before.at, r.Self)...)
	}
	f.Values = map[string]any{earlierValue: before}
	return f, followReviews(ctx, read, e, &f, r)
}

// filesOf reads the files at a head. GitHub lists those of the newest: whoever pushes meanwhile would have the next commits
// taken for reviewed.
func filesOf(ctx context.Context, read Reader, e hls.Event, head string) ([]hls.File, error) {
	files, err := read.Files(ctx, e.Subject)
	if err != nil {
		return nil, fmt.Errorf("read files: %w", err)
	}
	now, err := read.PullRequest(ctx, e.Subject)
	if err != nil {
		return nil, fmt.Errorf("read pull request again: %w", err)
	}
	if now.Head.SHA != head {
		return nil, fmt.Errorf("%w: its head was %s, and is %s", hls.ErrStale, head, now.Head.SHA)
	}
	return files, nil
}

// presentPull reads the pull request of an event, unless it is to be left alone.
func presentPull(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	if e.Subject.Kind != hls.KindPullRequest {
		return hls.Facts{Skip: "not_a_pull_request"}, nil
	}
	pr, err := read.PullRequest(ctx, e.Subject)
	if errors.Is(err, hls.ErrGone) {
		return hls.Facts{Skip: "deleted"}, nil
	}
	if err != nil {
		return hls.Facts{}, fmt.Errorf("read pull request: %w", err)
	}
	return hls.Facts{PullRequest: &pr, Revision: pr.Revision(), Skip: leavePullRequest(pr, e, r)}, nil
}

// leavePullRequest is why a pull request in its present state is left alone, or "".
func leavePullRequest(pr hls.PullRequest, e hls.Event, r hls.Rule) string {
	switch {
	case pr.Merged:
		return "merged"
	case pr.State == "closed":
		return "closed"
	case pr.Locked:
		return "locked"
	case pr.Draft && r.Ignore.Drafts && e.Action != "review_requested":
		return "draft"
	}
	return ""
}

func surroundings(ctx context.Context, read Reader, s hls.Subject, f *hls.Facts) error {
	return together(ctx, func(ctx context.Context) error {
		return around(ctx, read, s, f)
	}, func(ctx context.Context) (err error) {
		if f.Checks, err = read.Checks(ctx, s.Repo, f.PullRequest.Head.SHA); optional(err) != nil {
			return fmt.Errorf("read checks: %w", err)
		}
		return nil
	}, func(ctx context.Context) (err error) {
		f.Linked, err = neighbors(ctx, read, s, linked(closing, f.PullRequest.Body, s.Number))
		return err
	})
}

// Question: a pull request of whose own changes nothing came since the last review has its answer. Where findings are open,
// the answer tells of them too.
func (pullRequests) Question(_ hls.Event, f hls.Facts, _ hls.Rule) hls.Question {
	q := hls.Question{Group: "pull_requests", Step: "review", Schema: stdjson.RawMessage(reviewSchema), Weight: hls.Heavy}
	before := roundOf(f)
	switch {
	case before.Since != "" && f.Diff == "":
		q.Known = stillSo(f.Previous)
	case len(before.Open) > 0:
		q.Schema = stdjson.RawMessage(laterSchema)
	}
	return q
}

// Plan: a size label by count, and one review whose remarks stand on lines of the diff; or one comment when nothing
// stands on a line; or silence.
func (pullRequests) Plan(e hls.Event, f hls.Facts, a hls.Analysis, r hls.Rule) hls.Plan {
	d := newDraft(e, f, a, review)
	var answer laterAnswer
	if err := json.Unmarshal(a.Answer, &answer); err != nil {
		return d.silent("answer_unreadable")
	}
	if f.PullRequest == nil || f.Skip != "" {
		return d.silent("nothing_to_plan")
	}
	l := newLabeler(r, f, f.PullRequest.Labels)
	d.label(l.choose(sizeLabel(l, f.Files)), r.Labels)
	d.remember(reviewedNow(f, muted(e, r.Comments) != "").remember(e.Subject))
	before := roundOf(f)
	settled := before.settle(d, settling{facts: f, self: r.Self}, answer.Earlier)
	plan := planReview(d, e, f, reviewReply{answer: answer.reviewAnswer, policy: r.Comments, before: before, settled: settled})
	for _, found := range settled {
		found.Told = speaks(plan)
		plan.Remember = append(plan.Remember, found.remember(e.Subject))
	}
	return following(e, f, r, plan)
}

func speaks(p hls.Plan) bool {
	return slices.ContainsFunc(p.Effects, func(e hls.Effect) bool { return e.Kind == hls.CreateReview || e.Kind == hls.UpsertComment })
}
