package handler

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"hls/internal/hls"
)

// pausedBy is the value of the memory that holds a subject's tasks back.
type pausedBy struct {
	By string `json:"by"` // login
}

// pauseKey is the key of that memory: there is one of a subject.
const pauseKey = "command"

// pausing holds back everything but commands.
type pausing struct{ unasked }

func (pausing) gather(ctx context.Context, read Reader, e hls.Event, _ hls.Rule, cmd *commandFacts) (hls.Facts, error) {
	return place(ctx, read, e.Subject, "", cmd)
}

func (pausing) plan(e hls.Event, f hls.Facts, a hls.Analysis, _ hls.Rule) hls.Plan {
	d := newDraft(e, f, a, ownPurpose(commandPurpose, e))
	value, _ := stdjson.Marshal(pausedBy{e.Sender.Login}) // Texts always have a JSON form.
	d.remember(hls.Memory{Subject: e.Subject, Kind: hls.Paused, Key: pauseKey, Value: value})
	return d.silent("paused_by_command")
}

// resuming ends a pause. What was passed over meanwhile stays so until someone asks for it, or the next event.
type resuming struct{ unasked }

func (resuming) gather(ctx context.Context, read Reader, e hls.Event, _ hls.Rule, cmd *commandFacts) (hls.Facts, error) {
	return place(ctx, read, e.Subject, "", cmd)
}

func (resuming) plan(e hls.Event, f hls.Facts, a hls.Analysis, _ hls.Rule) hls.Plan {
	d := newDraft(e, f, a, ownPurpose(commandPurpose, e))
	d.remember(hls.Memory{Subject: e.Subject, Kind: hls.Paused, Key: pauseKey})
	return d.silent("resumed_by_command")
}

// whoPaused is the login of who paused a subject, "" when nobody did.
func whoPaused(ctx context.Context, read Memory, s hls.Subject) (string, error) {
	memories, err := read.Recall(ctx, hls.Recall{Subject: s, Kind: hls.Paused, Limit: 1})
	if err != nil || len(memories) == 0 {
		return "", err
	}
	by := pausedBy{}
	if err := json.Unmarshal(memories[0].Value, &by); err != nil || by.By == "" {
		by.By = "someone"
	}
	return by.By, nil
}

// ignoring takes a finding out for good. Its id is in the command or, in the thread of the remark that raised it, follows
// from the place.
type ignoring struct{ unasked }

func (ignoring) gather(ctx context.Context, read Reader, e hls.Event, r hls.Rule, cmd *commandFacts) (hls.Facts, error) {
	f, err := place(ctx, read, e.Subject, hls.KindPullRequest, cmd)
	if err != nil || f.Skip != "" || cmd.Refused != "" {
		return f, err
	}
	findings, err := recallFindings(ctx, read, e.Subject)
	if err != nil {
		return f, err
	}
	means, err := finder(ctx, read, e, r.Self)
	if err != nil {
		return f, err
	}
	found := slices.DeleteFunc(findings, func(f raisedFinding) bool { return !means(f) })
	if len(found) != 1 { // Neither is guessed at.
		cmd.Refused = "unknown_finding"
		return f, nil
	}
	cmd.Finding = &found[0]
	return f, nil
}

// finder tells which finding a command means: the one that it names or, in the thread of a remark by HLS, the one that the
// remark tells of.
func finder(ctx context.Context, read Reader, e hls.Event, self hls.Account) (means func(raisedFinding) bool, err error) {
	o, _ := orderIn(e.Comment.Body)
	id, _, _ := strings.Cut(o.text, " ")
	if id = hls.Fold(strings.Trim(id, "`#")); id != "" {
		return func(f raisedFinding) bool { return f.ID == id }, nil
	}
	none := func(raisedFinding) bool { return false }
	if e.Name != remarkEvent || e.Comment.InReplyTo == 0 {
		return none, nil
	}
	root, err := read.ReviewComment(ctx, e.Subject, e.Comment.InReplyTo)
	switch {
	case errors.Is(err, hls.ErrNotFound), err == nil && (!root.On(e.Subject) || !self.Same(root.User)):
		return none, nil
	case err != nil:
		return nil, fmt.Errorf("read remark: %w", err)
	}
	return func(f raisedFinding) bool {
		id := namedIn(root.Body)
		return f.Path == root.Path && (id == f.ID || id == "" && tellsOf(root.Body, f.Problem))
	}, nil
}

// tellsOf tells whether a remark says what a finding says.
func tellsOf(remark, problem string) bool {
	problem = plain(sentence(problem, 1000))
	return problem != "" && strings.Contains(plain(remark), problem)
}

func (ignoring) plan(e hls.Event, f hls.Facts, a hls.Analysis, _ hls.Rule) hls.Plan {
	d := newDraft(e, f, a, ownPurpose(commandPurpose, e))
	found := *commandOf(f).Finding
	found.State, found.By, found.Why = ignored, e.Sender.Login, "a maintainer said so"
	d.remember(found.remember(e.Subject))
	return d.silent("ignored_by_command")
}
