package hls

import (
	"cmp"
	"slices"
	"strings"
)

// Rule is what the configuration says about one repository.
type Rule struct {
	Name      string // the pattern that matched, owner/repo or a glob
	Events    []string
	Model     string // for everything that Models leaves open; "" means what is said of all repositories
	Models    Models
	DryRun    bool // no effect of any kind is written: whatever Modes say, it is ModeShadow for all
	Modes     Modes
	Reactions bool // of people with write access decide about proposals
	Labels    LabelPolicy
	Comments  CommentPolicy
	Prompts   PromptPolicy
	Ignore    Ignore
	Budget    Budget
	Reviews   ReviewPolicy
	Commands  CommandPolicy
	Workflows WorkflowPolicy
	Security  SecurityPolicy
	Happenings
	Also []EffectKind // what else may be done than labels, comments and reviews: each has a switch of its own, off by default
	Self Account      // the account that HLS acts as; the zero Account while it is not known
}

// Lets tells whether the settings let HLS do a kind of thing at all.
func (r Rule) Lets(k EffectKind) bool {
	switch k {
	case AddLabels, RemoveLabels, UpsertComment, CreateReview:
		return true
	}
	return slices.Contains(r.Also, k)
}

// Hears tells whether an event, or one of its actions, is enabled.
func (r Rule) Hears(event string) bool {
	return slices.ContainsFunc(r.Events, func(e string) bool {
		name, _, _ := strings.Cut(e, ".")
		return name == event
	})
}

// ReviewPolicy says what follows from the reviews of people.
type ReviewPolicy struct {
	NeedsChanges string // the label of a pull request that changes are asked for; "" for none, as for the others
	Approved     string
	NeedsReview  string
}

// Models names models for kinds of work; what it does not name is said elsewhere.
type Models struct {
	Weights  map[Weight]string
	Fallback string                // asked in place of a model that is overloaded
	Events   map[string]EventModel // by event, or by event and action
}

// EventModel names the models for an event; "" leaves one open.
type EventModel struct{ Model, Fallback string }

// Of is what is said of an event: of its action, where that is named.
func (m Models) Of(event, action string) EventModel {
	whole, one := m.Events[event], m.Events[event+"."+action]
	return EventModel{cmp.Or(one.Model, whole.Model), cmp.Or(one.Fallback, whole.Fallback)}
}

// LabelPolicy says which labels may be set.
type LabelPolicy struct {
	AutoApply     bool       // labels are applied; otherwise only planned
	Categories    []Category // the whole allowed set; when empty, the labels that the repository has
	CreateMissing bool       // a configured label that the repository lacks is created
	MinConfidence float64    // 0 to 1; below it a label is dropped

	NeedsInformation string // the label of issues whose author is asked something; "" for none

	Demote  Demotion
	Suggest []string // labels that wait for a person's approval where others are set
	Leave   []string // labels that are left to people: they are never set
}

// CommandPolicy says whether people can ask for work by comments that begin with /hls.
type CommandPolicy struct {
	Enabled bool
	PerHour int // of one person in the repository; 0 means no cap
}

// Category is a named group of labels, as "priority".
type Category struct {
	Name      string
	Exclusive bool // at most one label of the group on a subject
	Labels    []Label
}

// CommentPolicy says when to speak.
type CommentPolicy struct {
	Post       Posting
	EventTypes []string // events that may be answered by a comment; empty means all
}

// Posting is when a comment is posted.
type Posting string

// The choices for comments.auto_post.
const (
	PostUseful Posting = ""       // unset: when the author can act on it
	PostAlways Posting = "always" // true
	PostNever  Posting = "never"  // false
)

// WorkflowPolicy says what may follow from a failed run besides a comment.
type WorkflowPolicy struct {
	Issues bool // one is opened for each cause on the default branch
	Rerun  bool // failed jobs run once more when nothing but a flaky test or the infrastructure is at fault
}

// SecurityPolicy says how an issue is answered that may report a vulnerability.
type SecurityPolicy struct {
	Contact string // where to report one in private; "" for the repository's page on GitHub
	Label   string // set on such an issue; "" for none
	Web     string // where GitHub's pages are; "" for github.com
}

// SecurityReport is why nothing is said of an analysis when its subject may be a vulnerability.
const SecurityReport = "security_report"

// PromptPolicy names the templates of a rule, by group and step ("issues" and "analyze").
type PromptPolicy struct {
	Dir      string // overrides the built-in templates of the same path; "" means none
	Defaults map[string]map[string]string
}

// Ignore says which events of an enabled kind are passed over.
type Ignore struct {
	Authors       []string // logins or globs, of the sender or of the subject's author
	Bots          bool     // events by bots start nothing (the default)
	ExceptBots    []string // bots that are heard all the same
	Drafts        bool
	Paths         []string // globs; a pull request that touches only these is passed over
	Labels        []string
	TitlePatterns []string // regular expressions (RE2)
}

// Verdict is a decision with its reason: Do it, or the named reason why not.
type Verdict struct {
	Do      bool
	Reason  string // a rule's name in snake_case when not Do, as "event_not_enabled"
	Purpose string
	Now     bool // the work starts without the wait for a burst to end
	Unasked bool // the work need not wait for Claude: the facts alone give the answer, or have to be looked at first
}

// Go is the verdict to work on the event for purpose.
func Go(purpose string) Verdict { return Verdict{Do: true, Purpose: purpose} }

// Pass is the verdict to leave the event alone, for a named reason.
func Pass(reason string) Verdict { return Verdict{Reason: reason} }
