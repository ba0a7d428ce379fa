package hls

import (
	"maps"
	"slices"
)

// Facts is what was gathered about a subject: its present state and what surrounds it. The JSON names of the
// template values are those of the template context.
type Facts struct {
	Skip     string // set when the present state leaves nothing to do: the named reason
	Revision string // what an analysis and its effects are about: a hash of title and body, or head and base

	// Asked is the comment by which a person with write access asked for this very work, 0 for none. Such work is done
	// although this state was analyzed before and although the subject is paused, and its effects are its own.
	Asked int64

	// Purpose is what this work goes on with, where that is not the task's own: the analyses and remarks before it are those
	// of this purpose, and its own analysis is kept with them. "" for the task's.
	Purpose string

	// Target is an issue or pull request of the same repository that labels and a comment may go to besides the task's
	// own subject, as the pull request of a workflow run. Gathering finds it, and never the model.
	Target *Subject

	// Counted is what the cap on a subject's analyses counts this work under, where that is not the task's own subject. The
	// runs of one pull request, or one person's events about no lasting thing, are a subject each, and as many as people like.
	Counted *Subject

	Issue       *Issue
	PullRequest *PullRequest
	Comments    []Comment
	History     []LabelEvent // oldest first
	Labels      []Label      // the repository's own
	Similar     []Issue      // candidates for duplicates
	Linked      []Issue      // issues that a pull request names
	Files       []File       // all changed files
	Diff        string       // the part of the diff that fits the budget
	Omitted     []Omission   // files left out of Diff
	Checks      Checks
	Previous    *Analysis // of the same subject and purpose
	Raised      []Remark  // what earlier reviews and comments of the subject have said; one without a path is a whole text

	// Values are what the templates of this family see besides, by name, as JSON shows them. Whoever sets them has cut
	// their texts to what a prompt can hold.
	Values map[string]any
}

// OptedOut tells whether the issue or the pull request bears the label that takes it out.
func (f Facts) OptedOut() bool {
	return f.Issue != nil && slices.ContainsFunc(f.Issue.Labels, Label.OptsOut) ||
		f.PullRequest != nil && slices.ContainsFunc(f.PullRequest.Labels, Label.OptsOut)
}

// About is the issue or pull request that people see the work at: the target, where there is one, and else the task's
// own subject.
func (f Facts) About(own Subject) Subject {
	if f.Target != nil {
		return *f.Target
	}
	return own
}

// Omission is a file that the model does not see, and why.
type Omission struct {
	Filename string `json:"filename"`
	Why      string `json:"why"`
}

// mostOmitted is how many of the files left out a summary names.
const mostOmitted = 20

// Gathered is the facts in short.
func (f Facts) Gathered() *Gathered {
	g := &Gathered{
		Revision: f.Revision, Asked: f.Asked, Comments: len(f.Comments), History: len(f.History), Labels: len(f.Labels),
		Similar: numbersOf(f.Similar), Linked: numbersOf(f.Linked), Files: len(f.Files), DiffBytes: len(f.Diff),
		Omitted: slices.Clone(f.Omitted[:min(len(f.Omitted), mostOmitted)]), OmittedIn: len(f.Omitted),
		Checks: f.Checks.State, Raised: len(f.Raised), Values: slices.Sorted(maps.Keys(f.Values)),
	}
	if f.Target != nil {
		g.Target = f.Target.String()
	}
	if f.Previous != nil {
		g.Previous, g.PreviousRevision = f.Previous.TaskID, f.Previous.Revision
	}
	return g
}

func numbersOf(issues []Issue) (numbers []int) {
	for _, i := range issues {
		numbers = append(numbers, i.Number)
	}
	return numbers
}
