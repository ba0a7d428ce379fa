// Package act carries out effects on GitHub, each at most once.
//
// A ledger row moves intent → sending → done | failed | unknown in committed steps. After a crash or an ambiguous
// answer GitHub is read back before anything is sent again.
package act

import (
	"context"
	"iter"

	"hls/internal/hls"
)

// GitHub is what effects need of it. Writes return *hls.RetryAfter or *hls.Permanent when nothing was written, and
// an error that wraps hls.ErrAmbiguous when it may have been.
type GitHub interface {
	// SelfFor is the account that HLS writes as in a repository; the zero Account when the server does not tell.
	SelfFor(ctx context.Context, repo string) (hls.Account, error)
	Issue(context.Context, hls.Subject) (hls.Issue, error)
	PullRequest(context.Context, hls.Subject) (hls.PullRequest, error)
	Labels(ctx context.Context, repo string) ([]hls.Label, error)
	History(context.Context, hls.Subject) ([]hls.LabelEvent, error)
	// AllComments and AllReviews are read page by page, oldest first, to where the reading stops.
	AllComments(context.Context, hls.Subject) iter.Seq2[hls.Comment, error]
	AllReviews(context.Context, hls.Subject) iter.Seq2[hls.Review, error]
	// Comment is one of the subject's conversation; one of another is not found.
	Comment(ctx context.Context, s hls.Subject, id int64) (hls.Comment, error)
	// RecentIssues are those of the subject's repository and its pull requests, the last created first.
	RecentIssues(context.Context, hls.Subject) iter.Seq2[hls.Issue, error]
	Review(ctx context.Context, s hls.Subject, id int64) (hls.Review, error)
	ReviewComment(ctx context.Context, s hls.Subject, id int64) (hls.ReviewComment, error)
	Run(ctx context.Context, s hls.Subject, id int64) (hls.WorkflowRun, error)
	Release(ctx context.Context, s hls.Subject, id int64) (hls.Release, error)

	// Turn waits until the limits let a write to a repository start; creates tells whether it will make something new.
	Turn(ctx context.Context, repo string, creates bool) (hls.Turn, error)
	AddLabels(ctx context.Context, s hls.Subject, names []string) error
	RemoveLabel(ctx context.Context, s hls.Subject, name string) error
	CreateLabel(ctx context.Context, repo string, l hls.Label) error
	CreateComment(ctx context.Context, s hls.Subject, body string) (hls.Comment, error)
	EditComment(ctx context.Context, s hls.Subject, id int64, body string) (hls.Comment, error)
	CreateReview(ctx context.Context, s hls.Subject, head, body string, remarks []hls.Remark) (hls.Review, error)
	CloseIssue(ctx context.Context, s hls.Subject, reason string) error
	SetBody(ctx context.Context, s hls.Subject, body string) error
	CreateIssue(ctx context.Context, s hls.Subject, title, body string, labels []string) (hls.Issue, error)
	RerunFailedJobs(ctx context.Context, s hls.Subject, run int64) error
	AddReaction(ctx context.Context, s hls.Subject, comment int64, inline bool, r hls.Reaction) error
	EditReviewComment(ctx context.Context, s hls.Subject, id int64, body string) (hls.ReviewComment, error)
	ReviewComments(context.Context, hls.Subject) ([]hls.ReviewComment, error)
	// These take back what was done. What is gone already counts as taken back.
	DeleteComment(ctx context.Context, s hls.Subject, id int64) error
	Minimize(ctx context.Context, s hls.Subject, node string) error
	ReopenIssue(ctx context.Context, s hls.Subject) error
	RemoveReaction(ctx context.Context, s hls.Subject, comment int64, inline bool, r hls.Reaction) error

	SetReleaseBody(ctx context.Context, s hls.Subject, id int64, body string) error
}

// Ledger is where effects are recorded before and after they are done. Its writes fail with hls.ErrLost once the
// task's lease is not in force.
type Ledger interface {
	Intend(context.Context, hls.Task, []hls.Effect) ([]hls.Entry, error)
	Move(ctx context.Context, task hls.Task, entry int64, m hls.Move) error
	Posted(ctx context.Context, s hls.Subject, purpose string, kind hls.EffectKind) (hls.Entry, error)
	// Undecided are the rows that are sending or unknown: those about a subject, whichever task wrote them, and those that
	// tasks of the subject wrote about others.
	Undecided(context.Context, hls.Subject) ([]hls.Entry, error)
	Superseded(context.Context, hls.Task) (bool, error)
	// Recall reads what is remembered of the repository.
	Recall(context.Context, hls.Recall) ([]hls.Memory, error)
	// Touch remembers what became of labels.
	Touch(context.Context, []hls.Touch) error
	Secret(ctx context.Context, name string) ([]byte, error)
}
