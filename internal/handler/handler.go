// Package handler knows each family of events from end to end: one file a family, and handlers.go is the table.
package handler

import (
	"context"
	"maps"
	"slices"

	"hls/internal/hls"
)

// A Handler knows one family of events. Route, Question and Plan are functions of their arguments; only Gather
// reads, and only through the Reader.
type Handler interface {
	// Route decides from the payload alone whether the event asks for work.
	Route(hls.Event, hls.Rule) hls.Verdict
	// Gather reads the subject as it is now and what surrounds it. It writes nothing.
	Gather(context.Context, Reader, hls.Event, hls.Rule) (hls.Facts, error)
	// Question says which template asks and what shape the answer has.
	Question(hls.Event, hls.Facts, hls.Rule) hls.Question
	// Plan is the whole policy: which effects follow, and what was dropped and why.
	Plan(hls.Event, hls.Facts, hls.Analysis, hls.Rule) hls.Plan
}

// A Composer is a handler whose plan rests on what tasks of other subjects leave meanwhile, as the parts of one comment.
// Again reads that once more, right before Plan and after its plan was carried out: when it changed, the plan is made
// anew.
type Composer interface {
	Handler
	Again(context.Context, Memory, hls.Event, hls.Facts) (hls.Facts, error)
}

// Reader is what handlers read: GitHub as it is now, and what HLS remembers.
type Reader interface {
	GitHub
	Memory
}

// Memory is what HLS remembers.
type Memory interface {
	// Previous is the newest analysis of the task's subject and purpose by another task that ended as done, nil for none.
	Previous(context.Context) (*hls.Analysis, error)
	// Raised is what earlier reviews and comments of the task's subject and purpose have said.
	Raised(context.Context) ([]hls.Remark, error)
	// Recall returns memories of the task's repository that earlier plans left, newest first.
	Recall(context.Context, hls.Recall) ([]hls.Memory, error)
	// Of is what is remembered of the task's subject in work of another purpose.
	Of(purpose string) Memory
	// Runs are the newest tasks of the task's subject, newest first, without what was superseded and commands of no consequence.
	Runs(ctx context.Context, limit int) ([]Run, error)
}

// GitHub is what handlers read of GitHub. Errors are hls.ErrGone for a subject that cannot be seen, hls.RetryAfter
// for what passes, hls.Permanent for what does not; what a server does not offer (404, 410) is hls.ErrNotFound.
type GitHub interface {
	// Repository is the one that the subject's name stands for now.
	Repository(context.Context, hls.Subject) (hls.Repository, error)
	Issue(context.Context, hls.Subject) (hls.Issue, error)
	PullRequest(context.Context, hls.Subject) (hls.PullRequest, error)
	// Labels are all labels of the repository, with descriptions.
	Labels(ctx context.Context, repo string) ([]hls.Label, error)
	// Comments are those of the conversation, oldest first; of a long one, its beginning and its end.
	Comments(context.Context, hls.Subject) ([]hls.Comment, error)
	// History is who added and removed which label, oldest first.
	History(context.Context, hls.Subject) ([]hls.LabelEvent, error)
	// Search finds issues of one repository by words; query carries no qualifiers of its own.
	Search(ctx context.Context, repo, query string, limit int) ([]hls.Issue, error)
	// Files are the changed files of a pull request, all pages (GitHub gives at most 3,000).
	Files(context.Context, hls.Subject) ([]hls.File, error)
	// Checks is the state of continuous integration at a commit.
	Checks(ctx context.Context, repo, sha string) (hls.Checks, error)

	roundReader
	reviewReader
	commandReader
	releaseReader
	deploymentReader
	runReader
}

// Names are the events that HLS knows in particular, in alphabetical order, and "generic" for the rest.
func Names() []string { return append(slices.Sorted(maps.Keys(table)), "generic") }

// For is the handler of an event. Every event has one: what the table does not name is only analyzed.
func For(event string) Handler {
	if f, ok := table[event]; ok {
		return f.Handler
	}
	return generic{}
}

// Of is the handler of one event: a comment that is a command has one of its own, whatever it is a comment on.
func Of(e hls.Event) Handler {
	if isCommand(e) {
		return commands{}
	}
	return For(e.Name)
}

// May are the kinds of effects that can come of an event at all, whatever the settings and the answer say.
func May(e hls.Event) []hls.EffectKind {
	if isCommand(e) {
		return mayCommand(e)
	}
	return table[e.Name].may
}

// family is a handler and the kinds of effects that it can plan.
type family struct {
	Handler
	may kinds
}
