package handler

import (
	"context"
	stdjson "encoding/json"
	"fmt"
	"strings"

	"hls/internal/hls"
)

// commands handles comments by which people with write access ask for something, such as "/hls review". They say what is
// to be done and on nothing but the issue or pull request that they stand on; how it is done is for the settings to say.
type commands struct{}

// order is a command as it is written.
type order struct {
	verb string // in lower case
	text string // the rest of the line
}

// prefix begins a command.
const prefix = "/hls"

// orderIn reads the command of a comment: its first line, where that begins with /hls. A quote and code begin otherwise, so
// that nothing is done because somebody shows what was said.
func orderIn(body string) (order, bool) {
	line, _, _ := strings.Cut(strings.TrimLeft(body, "\r\n"), "\n")
	word, rest, _ := strings.Cut(strings.TrimRight(strings.ReplaceAll(line, "\t", " "), " \r"), " ")
	if hls.Fold(word) != prefix {
		return order{}, false
	}
	verb, text, _ := strings.Cut(strings.TrimSpace(rest), " ")
	return order{hls.Fold(verb), strings.TrimSpace(text)}, true
}

// isOrder tells whether a text is a command.
func isOrder(body string) bool {
	_, ok := orderIn(body)
	return ok
}

// isCommand tells whether an event is a command: in a conversation, or in a thread on a line of a diff.
func isCommand(e hls.Event) bool {
	return (e.Name == "issue_comment" || e.Name == remarkEvent) && e.Action == "created" && e.Comment != nil && isOrder(e.Comment.Body)
}

// remarkEvent is GitHub's event of a comment on a line of a diff.
const remarkEvent = "pull_request_review_comment"

// commandPurpose begins the purposes of commands. Each has its own, so that none takes the place of another, and none that
// of the ordinary work.
const commandPurpose = "command-"

// IsCommandPurpose tells whether work is a command.
func IsCommandPurpose(purpose string) bool { return strings.HasPrefix(purpose, commandPurpose) }

// ownPurpose names what is the command's alone, as its task and the comment that answers it.
func ownPurpose(kind string, e hls.Event) string {
	if e.Name == remarkEvent {
		return fmt.Sprintf("%sline-%d", kind, e.Comment.ID)
	}
	return fmt.Sprintf("%s%d", kind, e.Comment.ID)
}

// Route: who may give commands is not in the payload, or not to be believed there, so that Gather asks GitHub. Only created
// comments count: whoever may edit comments could put words into the mouths of others. While Claude is out of order a
// command is acknowledged all the same, and waits then.
func (commands) Route(e hls.Event, r hls.Rule) hls.Verdict {
	switch {
	case !r.Commands.Enabled:
		return hls.Pass("commands_off")
	case !isCommand(e) || e.Comment.ID <= 0:
		return hls.Pass("action_not_handled")
	case e.Subject.Kind != hls.KindIssue && e.Subject.Kind != hls.KindPullRequest:
		return hls.Pass("nothing_to_command")
	case !e.Comment.User.Same(e.Sender), e.Sender.Type != "User", e.Comment.App != nil:
		return hls.Pass("not_by_a_person")
	}
	return hls.Verdict{Do: true, Purpose: ownPurpose(commandPurpose, e), Now: true, Unasked: true}
}

// Gather looks first whether the command is to be heard at all. What a person may ask for and HLS cannot do is told by a
// reaction, which Plan makes of commandFacts.Refused.
func (commands) Gather(ctx context.Context, read Reader, e hls.Event, r hls.Rule) (hls.Facts, error) {
	uses, skip, err := heard(ctx, read, e, r)
	if skip != "" || err != nil {
		return hls.Facts{Skip: skip}, err
	}
	o, _ := orderIn(e.Comment.Body)
	v, known := verbOf(e)
	cmd := commandFacts{Verb: cut(o.verb, 20), Text: cut(o.text, longestText), Uses: uses}
	if !known {
		v.deed = unknown{}
	}
	f, err := v.gather(ctx, read, e, r, &cmd)
	if err != nil || f.Skip != "" {
		return f, err
	}
	if cmd.Refused != "" { // The ordinary work has no part in it.
		f.Purpose = ""
	}
	if f.Purpose == "" {
		f.Revision = ownPurpose("asked-", e)
	}
	f.Asked = e.Comment.ID
	if f.Values == nil {
		f.Values = map[string]any{}
	}
	f.Values["command"] = cmd
	return f, nil
}

// longestText is how many characters may follow the verb: a question, or the id of a finding.
const longestText = 500

// commandFacts are what Gather finds out about a command.
type commandFacts struct {
	Verb    string         `json:"verb"`
	Text    string         `json:"text"`
	Refused string         `json:"refused,omitempty"` // why it cannot be done, "" when it can
	Uses    []use          `json:"-"`                 // by the same person of late, this one among them
	Finding *raisedFinding `json:"-"`
	Runs    []Run          `json:"-"`
	Paused  string         `json:"-"` // by whom, "" when it is not
}

func commandOf(f hls.Facts) commandFacts {
	cmd, _ := f.Values["command"].(commandFacts)
	return cmd
}

// Question: what needs no analysis is answered by the facts.
func (commands) Question(e hls.Event, f hls.Facts, r hls.Rule) hls.Question {
	v, known := verbOf(e)
	cmd := commandOf(f)
	if known && v.asks && cmd.Refused == "" {
		return v.question(e, f, r)
	}
	answer, _ := stdjson.Marshal(struct {
		Command string `json:"command"`
		Refused string `json:"refused"`
	}{cmd.Verb, cmd.Refused})
	return hls.Question{Group: "commands", Step: "explain", Schema: stdjson.RawMessage(heardSchema), Weight: hls.Light, Known: answer}
}

// heardSchema is the shape of the answer to a command that Claude is not asked about.
const heardSchema = `{
  "type": "object", "additionalProperties": false, "required": ["command", "refused"],
  "properties": {"command": {"type": "string"}, "refused": {"type": "string"}}
}`

// Plan: what the command asks for, or a sign that it cannot be done.
func (commands) Plan(e hls.Event, f hls.Facts, a hls.Analysis, r hls.Rule) hls.Plan {
	v, known := verbOf(e)
	cmd := commandOf(f)
	if f.Skip != "" || f.Asked == 0 || !known && cmd.Refused == "" {
		return hls.Plan{Silent: "nothing_to_plan"}
	}
	if cmd.Refused != "" {
		d := newDraft(e, f, a, ownPurpose(commandPurpose, e))
		d.react(e, r, hls.Confused)
		return d.silent(cmd.Refused)
	}
	return v.plan(e, f, a, r)
}

// Acknowledgment is what is done before the work that a person asked for: 👀 on the comment, and the command is counted. It
// rests on facts alone.
func Acknowledgment(e hls.Event, f hls.Facts, r hls.Rule) hls.Plan {
	cmd := commandOf(f)
	if !isCommand(e) || f.Asked == 0 {
		return hls.Plan{}
	}
	d := newDraft(e, f, hls.Analysis{}, ownPurpose(commandPurpose, e))
	d.remember(memory(personOf(e), kindUses, "hour", cmd.Uses))
	if cmd.Refused == "" {
		d.react(e, r, hls.Eyes)
	}
	return d.plan
}

// react puts an emoji on the comment that the event is about. Whatever has become of its subject, the comment is there.
func (d *draft) react(e hls.Event, r hls.Rule, with hls.Reaction) {
	if !r.Lets(hls.AddReaction) {
		return
	}
	effect := d.base
	effect.Kind, effect.Comment, effect.Inline, effect.Reaction = hls.AddReaction, e.Comment.ID, e.Name == remarkEvent, with
	effect.Expect = ""
	d.plan.Effects = append(d.plan.Effects, effect)
}

// answerCommand writes the comment that answers a command and nothing else, unless the settings say that HLS is silent. It
// answers a person, whatever has become of the issue or pull request meanwhile.
func (d *draft) answerCommand(e hls.Event, r hls.Rule, body string) hls.Plan {
	if why := muted(e, r.Comments); why != "" {
		return d.silent(why)
	}
	d.base.Expect = ""
	d.comment(body)
	return d.plan
}
