// Package route says which rule applies to an event, or the named reason why none does. It asks nobody: the verdict
// follows from the settings and the event alone.
package route

import (
	"regexp"

	"hls/internal/hls"
)

// Router holds the compiled rules. It never changes, and is safe for concurrent use: new settings make a new one.
type Router struct {
	entries []entry
	names   hls.Places // of the entries
}

// entry is one compiled item of repositories[].
type entry struct {
	enabled    bool
	token      hls.Secret
	rule       hls.Rule
	authors    globs
	exceptBots globs
	labels     globs
	titles     []*regexp.Regexp
}

// The reasons why an event is passed over, in the order in which they are looked for.
const (
	NoRepository            = "no_repository"
	RepositoryNotConfigured = "repository_not_configured"
	RepositoryDisabled      = "repository_disabled"
	EventNotEnabled         = "event_not_enabled"
	OwnEvent                = "own_event"
	BotSender               = "bot_sender"
	SenderIgnored           = "sender_ignored"
	AuthorIgnored           = "author_ignored"
	Draft                   = "draft"
	LabelIgnored            = "label_ignored"
	OptedOut                = "opted_out"
	TitleIgnored            = "title_ignored"
)

// Match returns the rule of the event's repository and whether the event is worked on. self is the account that HLS
// acts as, the zero Account while it is not known.
//
// Repositories are matched by the name that the event bears, so that a renamed one has to be renamed in the settings
// as well; until then its events are passed over as repository_not_configured.
func (r *Router) Match(event hls.Event, self hls.Account) (hls.Rule, hls.Verdict) {
	if event.Repo.FullName == "" {
		return hls.Rule{}, hls.Pass(NoRepository)
	}
	e := r.find(event.Repo.FullName)
	if e == nil {
		return hls.Rule{}, hls.Pass(RepositoryNotConfigured)
	}
	rule := e.rule
	rule.Self = self
	if reason := e.pass(event, self); reason != "" {
		return rule, hls.Pass(reason)
	}
	return rule, hls.Verdict{Do: true}
}

// Rule is the rule of a repository for work that no event asked for. ok is false when none is configured.
func (r *Router) Rule(name string) (rule hls.Rule, ok bool) {
	e := r.find(name)
	if e == nil {
		return hls.Rule{}, false
	}
	return e.rule, true
}

// Standing is the rule of a repository and whether it is worked for at all, for what follows from an earlier event.
func (r *Router) Standing(name string) (hls.Rule, hls.Verdict) {
	e := r.find(name)
	switch {
	case e == nil:
		return hls.Rule{}, hls.Pass(RepositoryNotConfigured)
	case !e.enabled:
		return e.rule, hls.Pass(RepositoryDisabled)
	}
	return e.rule, hls.Verdict{Do: true}
}

// Token is the repository's own token; ok is false when it has none.
func (r *Router) Token(name string) (token hls.Secret, ok bool) {
	e := r.find(name)
	if e == nil || e.token.Reveal() == "" {
		return "", false
	}
	return e.token, true
}

func (r *Router) find(name string) *entry {
	i, found := r.names.First(name)
	if !found {
		return nil
	}
	return &r.entries[i]
}

// pass names the first reason against the event, or "".
func (e *entry) pass(event hls.Event, self hls.Account) string {
	of := matter{event: event, self: self, subject: subjectOf(event)}
	for _, r := range rules {
		if r.fails(e, &of) {
			return r.stop
		}
	}
	return ""
}

// labelEvent is heard wherever HLS may create labels, so that it learns which ones people deleted.
const labelEvent = "label"

// heard tells whether an event is worked on.
func (e *entry) heard(event hls.Event) bool {
	return enabled(e.rule.Events, event.Name, event.Action) ||
		event.Name == labelEvent && len(e.rule.Events) > 0 && e.rule.Labels.CreateMissing && len(e.rule.Labels.Categories) > 0
}

// ownRerun tells whether an event is about a run that HLS itself may have started again.
func ownRerun(event hls.Event) bool {
	return event.Name == "workflow_run" && event.Run != nil && event.Run.RunAttempt > 1
}

// excepts tells whether a bot is among the exceptions. An App's bot bears brackets that no person's login can have;
// the settings may leave them out.
func (e *entry) excepts(login string) bool {
	const suffix = "[bot]"
	short := login
	if n := len(login) - len(suffix); n > 0 && hls.Fold(login[n:]) == suffix {
		short = login[:n]
	}
	return e.exceptBots.match(login) || e.exceptBots.match(short)
}

// subject is what the rules look at, of an issue or of a pull request.
type subject struct {
	author hls.Account
	title  string
	labels []hls.Label
	draft  bool
}

func subjectOf(event hls.Event) subject {
	if p := event.PullRequest; p != nil {
		return subject{author: p.User, title: p.Title, labels: p.Labels, draft: p.Draft}
	}
	if i := event.Issue; i != nil {
		return subject{author: i.User, title: i.Title, labels: i.Labels}
	}
	return subject{}
}
