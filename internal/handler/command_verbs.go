package handler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hls/internal/hls"
)

// verb is one thing that people can ask for.
type verb struct {
	name  string
	takes string   // what follows it, as people read it
	does  string   // what it does, for the list of commands
	on    hls.Kind // the kind of subject that it is for; "" for both
	event string   // whose ordinary work it is, "" for none
	asks  bool     // Claude is asked
	deed
}

// deed is how a verb is carried out: the stages of a Handler. Gather may refuse, with a reason that is recorded.
type deed interface {
	gather(context.Context, Reader, hls.Event, hls.Rule, *commandFacts) (hls.Facts, error)
	question(hls.Event, hls.Facts, hls.Rule) hls.Question
	plan(hls.Event, hls.Facts, hls.Analysis, hls.Rule) hls.Plan
}

// verbs are all commands, in the order in which people are told of them.
var verbs = []verb{
	{
		name: "review", does: "reviews the pull request as it is now, also as a draft", on: hls.KindPullRequest,
		event: "pull_request", asks: true, deed: ordinary{"pull_request", "review_requested", review},
	},
	{
		name: "triage", does: "looks at the issue again, as it is now", on: hls.KindIssue,
		event: "issues", asks: true, deed: ordinary{"issues", "opened", triage},
	},
	{name: "explain", takes: "QUESTION", does: "answers a question about the diff, or about the issue", asks: true, deed: explaining{}},
	{name: "why", does: "tells what HLS did here lately, and why", deed: recounting{}},
	{name: "pause", does: "leaves this issue or pull request alone from now on, except for commands", deed: pausing{}},
	{name: "resume", does: "ends that", deed: resuming{}},
	{
		name: "ignore", takes: "FINDING", does: "never raises that finding again here; in its own thread, its id may be left out",
		on: hls.KindPullRequest, deed: ignoring{},
	},
	{name: "help", does: "shows this list", deed: listing{}},
}

// verbOf is what a command asks for.
func verbOf(e hls.Event) (verb, bool) {
	if e.Comment == nil {
		return verb{}, false
	}
	o, _ := orderIn(e.Comment.Body)
	i := slices.IndexFunc(verbs, func(v verb) bool { return v.name == o.verb })
	if i < 0 {
		return verb{}, false
	}
	return verbs[i], true
}

// mayCommand are the kinds of effects that can come of a command: those of the ordinary work that it asks for, a comment
// and a reaction.
func mayCommand(e hls.Event) []hls.EffectKind {
	v, _ := verbOf(e)
	return append(slices.Clone(table[v.event].may), hls.UpsertComment, hls.AddReaction)
}

// place reads the issue or pull request that a command stands on, for those that need no more of it. wants is the kind that
// the verb is for.
func place(ctx context.Context, read Reader, s hls.Subject, wants hls.Kind, cmd *commandFacts) (f hls.Facts, err error) {
	if s.Kind == hls.KindPullRequest {
		var pull hls.PullRequest
		pull, err = read.PullRequest(ctx, s)
		f.PullRequest = &pull
	} else {
		var issue hls.Issue
		issue, err = read.Issue(ctx, s)
		f.Issue = &issue
	}
	switch {
	case errors.Is(err, hls.ErrGone):
		return hls.Facts{Skip: "deleted"}, nil
	case err != nil:
		return hls.Facts{}, fmt.Errorf("read what the command stands on: %w", err)
	case wants != "" && wants != s.Kind:
		cmd.Refused = "not_for_" + string(s.Kind)
	}
	return f, nil
}

// unasked is the part of a deed for which Claude is not asked.
type unasked struct{}

func (unasked) question(hls.Event, hls.Facts, hls.Rule) hls.Question { return hls.Question{} }

// unknown is a command that there is not.
type unknown struct{ unasked }

func (unknown) gather(ctx context.Context, read Reader, e hls.Event, _ hls.Rule, cmd *commandFacts) (hls.Facts, error) {
	cmd.Refused = "unknown_command"
	return place(ctx, read, e.Subject, "", cmd)
}

func (unknown) plan(hls.Event, hls.Facts, hls.Analysis, hls.Rule) hls.Plan { return hls.Plan{} }

// ordinary is a command for what HLS does by itself as well: the same work, kept and continued with the rest of it.
type ordinary struct {
	event, action string
	purpose       string
}

// as is the event that the ordinary work would have come of.
func (o ordinary) as(e hls.Event, r hls.Rule) hls.Event {
	e.Name, e.Action, e.Comment, e.Reviewer = o.event, o.action, nil, &r.Self
	return e
}

// gather: what the ordinary work would pass over in silence is refused, so that whoever asked sees it.
func (o ordinary) gather(ctx context.Context, read Reader, e hls.Event, r hls.Rule, cmd *commandFacts) (hls.Facts, error) {
	v, _ := verbOf(e)
	if e.Subject.Kind != v.on {
		return place(ctx, read, e.Subject, v.on, cmd)
	}
	f, err := For(o.event).Gather(ctx, struct {
		GitHub
		Memory
	}{read, read.Of(o.purpose)}, o.as(e, r), r)
	if err != nil || f.Issue == nil && f.PullRequest == nil {
		return f, err
	}
	cmd.Refused, f.Skip, f.Purpose = f.Skip, "", o.purpose
	return f, nil
}

func (o ordinary) question(e hls.Event, f hls.Facts, r hls.Rule) hls.Question {
	q := For(o.event).Question(o.as(e, r), f, r)
	q.Event, q.Action = o.event, o.action
	return q
}

func (o ordinary) plan(e hls.Event, f hls.Facts, a hls.Analysis, r hls.Rule) hls.Plan {
	return For(o.event).Plan(o.as(e, r), f, a, r)
}

// listing lists the commands.
type listing struct{ unasked }

const helpPurpose = "help"

func (listing) gather(ctx context.Context, read Reader, e hls.Event, _ hls.Rule, cmd *commandFacts) (hls.Facts, error) {
	return place(ctx, read, e.Subject, "", cmd)
}

func (listing) plan(e hls.Event, f hls.Facts, a hls.Analysis, r hls.Rule) hls.Plan {
	lines := []string{"What people with write access can ask for, in the first line of a comment:", ""}
	for _, v := range verbs {
		lines = append(lines, fmt.Sprintf("- `%s`: %s.", strings.TrimSpace(prefix+" "+v.name+" "+v.takes), v.does))
	}
	return newDraft(e, f, a, helpPurpose).answerCommand(e, r, strings.Join(lines, "\n"))
}
