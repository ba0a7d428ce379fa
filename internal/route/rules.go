package route

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

// matter is what the rules of an entry are about.
type matter struct {
	event   hls.Event
	self    hls.Account
	subject subject
}

// rule is one thing that has to hold of an event for it to be worked on.
type rule struct {
	name  string // of what has to hold, in snake_case
	stop  string // why the event is passed over where it does not
	fails func(*entry, *matter) bool
	value func(*entry, *matter) string // what decides, for people
}

// rules are those of an entry, in the order in which they are looked at. The first that does not hold decides.
var rules = []rule{
	{"repository_enabled", RepositoryDisabled, func(e *entry, _ *matter) bool { return !e.enabled }, enabledValue},
	{"event_enabled", EventNotEnabled, func(e *entry, m *matter) bool { return !e.heard(m.event) }, eventsValue},
	{"not_own_event", OwnEvent, func(_ *entry, m *matter) bool { return m.own() && !ownRerun(m.event) }, ownValue},
	{"not_a_bot", BotSender, bot, botValue},
	{"sender_not_ignored", SenderIgnored, func(e *entry, m *matter) bool { return !m.own() && e.authors.match(m.event.Sender.Login) }, senderValue},
	{"not_opted_out", OptedOut, func(_ *entry, m *matter) bool { return slices.ContainsFunc(m.subject.labels, hls.Label.OptsOut) }, labelsValue},
	{"author_not_ignored", AuthorIgnored, func(e *entry, m *matter) bool { return e.authors.match(m.subject.author.Login) }, authorValue},
	{"not_a_draft", Draft, draft, draftValue},
	{"labels_not_ignored", LabelIgnored, labelIgnored, labelsValue},
	{"title_not_ignored", TitleIgnored, titleIgnored, titleValue},
}

// ofSubject is from which rule on the subject is looked at, and not only who did what.
const ofSubject = "not_opted_out"

// own tells whether HLS caused the event. What becomes of a run that it started again is told all the same, and Claude is
// not asked: see handler.
func (m *matter) own() bool { return m.event.Sender.Same(m.self) }

func bot(e *entry, m *matter) bool {
	return !m.own() && m.event.Sender.Type == "Bot" && e.rule.Ignore.Bots && !e.excepts(m.event.Sender.Login)
}

// draft: what a comment is about is looked at when it is gathered; it may be a command to review the draft.
func draft(e *entry, m *matter) bool {
	return m.subject.draft && e.rule.Ignore.Drafts && m.event.Action != "review_requested" && m.event.Comment == nil
}

func labelIgnored(e *entry, m *matter) bool {
	return slices.ContainsFunc(m.subject.labels, func(l hls.Label) bool { return e.labels.match(l.Name) })
}

func titleIgnored(e *entry, m *matter) bool {
	for _, title := range e.titles {
		if m.subject.title != "" && title.MatchString(m.subject.title) {
			return true
		}
	}
	return false
}

// Trace holds an event against the rules as Match does and tells of each, up to the one that stops it. It is for people
// to read: Match does not make it. An event that was not decoded, and so has no subject, is held against the rules about
// who did what alone.
func (r *Router) Trace(event hls.Event, self hls.Account) []hls.RuleStep {
	name := event.Repo.FullName
	steps := []hls.RuleStep{{Rule: "repository_named", Value: cmp.Or(name, "the event names no repository")}}
	if name == "" {
		steps[0].Stop = NoRepository
		return steps
	}
	i, found := r.names.First(name)
	if !found {
		return append(steps, hls.RuleStep{Rule: "repository_configured", Stop: RepositoryNotConfigured, Value: name + " fits no entry of repositories"})
	}
	e := &r.entries[i]
	steps = append(steps, hls.RuleStep{Rule: "repository_configured", Value: fmt.Sprintf("%s fits %s (entry %d)", name, e.rule.Name, i+1)})
	of := matter{event: event, self: self, subject: subjectOf(event)}
	for _, rule := range rules {
		if rule.name == ofSubject && event.Subject.Repo == "" {
			break
		}
		step := hls.RuleStep{Rule: rule.name, Value: rule.value(e, &of)}
		if rule.fails(e, &of) {
			step.Stop = rule.stop
			return append(steps, step)
		}
		steps = append(steps, step)
	}
	return steps
}

func enabledValue(e *entry, _ *matter) string { return fmt.Sprintf("enabled: %t", e.enabled) }

func eventsValue(e *entry, m *matter) string {
	return fmt.Sprintf("%s; events: %s", m.event, listed(e.rule.Events))
}

func ownValue(_ *entry, m *matter) string {
	switch {
	case m.self.ID == 0:
		return m.event.Sender.Login + "; which account HLS acts as is not known"
	case m.own() && ownRerun(m.event):
		return m.event.Sender.Login + ", for a run that HLS may have started again"
	}
	return fmt.Sprintf("%s; HLS acts as %s", m.event.Sender.Login, m.self.Login)
}

func botValue(e *entry, m *matter) string {
	text := fmt.Sprintf("%s is of type %s; ignore.bots: %t", m.event.Sender.Login, cmp.Or(m.event.Sender.Type, "unknown"), e.rule.Ignore.Bots)
	if e.excepts(m.event.Sender.Login) {
		text += ", and ignore.except_bots has it"
	}
	return text
}

func senderValue(e *entry, m *matter) string {
	return fmt.Sprintf("%s; ignore.authors: %s", m.event.Sender.Login, listed(e.rule.Ignore.Authors))
}

func authorValue(e *entry, m *matter) string {
	return fmt.Sprintf("%s; ignore.authors: %s", cmp.Or(m.subject.author.Login, "no author"), listed(e.rule.Ignore.Authors))
}

func draftValue(e *entry, m *matter) string {
	return fmt.Sprintf("draft: %t; ignore.drafts: %t", m.subject.draft, e.rule.Ignore.Drafts)
}

func labelsValue(e *entry, m *matter) string {
	var names []string
	for _, l := range m.subject.labels {
		names = append(names, l.Name)
	}
	return fmt.Sprintf("labels: %s; ignore.labels: %s", listed(names), listed(e.rule.Ignore.Labels))
}

func titleValue(e *entry, _ *matter) string {
	return "ignore.title_patterns: " + listed(e.rule.Ignore.TitlePatterns)
}

// mostListed is how many names a step tells.
const mostListed = 20

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	text := strings.Join(names[:min(len(names), mostListed)], ", ")
	if more := len(names) - mostListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
