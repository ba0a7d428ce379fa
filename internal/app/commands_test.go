package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

const talking = `
repositories:
  - name: acme/widget-shop
    events: [issues, pull_request, issue_comment]
`

// says comments as a person and returns the delivery about it.
func (s *service) says(number int, login, body string) simulate.Delivery {
	s.t.Helper()
	s.github.CommentAs(widgets, number, login, body)
	return simulate.Delivery{Event: "issue_comment", GUID: simulate.NewGUID(), HookID: 1, Payload: s.github.CommentPayload(widgets, number, "created", login)}
}

// commanded sends a command and waits for its end.
func (s *service) commanded(number int, login, body string) hls.Task {
	s.t.Helper()
	d := s.says(number, login, body)
	s.send(d)
	return s.settled(d.GUID)
}

// reactions are the emojis on the newest comment by a person.
func (s *service) reactions(number int) string {
	var last int64
	for _, c := range s.github.Comments(widgets, number) {
		if !c.User.Same(s.github.Self()) {
			last = c.ID
		}
	}
	var all []string
	for _, r := range s.github.Reactions(widgets, last) {
		all = append(all, r.Content)
	}
	return strings.Join(all, " ")
}

// Claude may take a minute; whoever asked sees at once that the command was heard.
func TestCommandIsAcknowledgedBeforeClaudeIsAsked(t *testing.T) {
	t.Parallel()
	var s *service
	var seen atomic.Value
	gh := shop()
	cl := simulate.NewClaude(simulate.ClaudeConfig{Answer: func(simulate.Request) string {
		seen.Store(s.reactions(8))
		return reviewAnswer
	}})
	s = start(t, talking, gh, cl)
	if task := s.commanded(8, "acme", "/hls review"); task.State != hls.Done || seen.Load() != "eyes" || len(gh.Reviews(widgets, 8)) != 1 {
		t.Errorf("%s (%s), while Claude was asked the comment had %q", task.State, task.Reason, seen.Load())
	}
}

// A command starts at once, and neither takes the place of what waits nor is it put off with that: one of a stranger changes
// nothing at all.
func TestE6_CommandsLeaveOrdinaryWorkAlone(t *testing.T) {
	t.Parallel()
	s := start(t, talking+"processing: {debounce: 1h}\n", shop(), answering(bugAnswer))
	opened := s.issueOpened()
	s.send(opened)
	for i := range 3 {
		if task := s.commanded(7, fmt.Sprintf("stranger-%d", i), "/hls triage"); task.State != hls.Skipped || task.Reason != "no_write_access" {
			t.Errorf("a stranger: %s (%s)", task.State, task.Reason)
		}
	}
	told := s.says(7, "mona", "It happens on version 2.4 as well")
	s.send(told)
	if len(s.claude.Calls()) != 0 || len(s.github.Writes()) != 0 {
		t.Fatalf("%d calls, writes %+v", len(s.claude.Calls()), s.github.Writes())
	}
	if task := s.commanded(7, "acme", "/hls triage"); task.State != hls.Done || s.reactions(7) != "eyes" {
		t.Errorf("a maintainer: %s (%s), %s", task.State, task.Reason, s.reactions(7))
	}
	for name, guid := range map[string]string{"the issue": opened.GUID, "the author's comment": told.GUID} {
		if task, err := s.app.Store().TaskOf(t.Context(), guid); err != nil || task.State != hls.Queued {
			t.Errorf("%s: %s (%s), %v", name, task.State, task.Reason, err)
		}
	}
}

// What GitHub does not tell for now is asked again; what it refuses to tell is a no.
func TestE1_NoCommandOnDoubt(t *testing.T) {
	t.Parallel()
	const access = "/repos/*/*/collaborators/*/permission"
	gh := shop()
	s := start(t, talking, gh, answering(bugAnswer))
	gh.Fail(simulate.Fault{PathGlob: access, Kind: simulate.FailBefore, Status: http.StatusForbidden})
	if task := s.commanded(7, "acme", "/hls triage"); task.State != hls.Skipped || task.Reason != "access_not_shown" || len(gh.Writes()) != 0 {
		t.Errorf("refused: %s (%s), %+v", task.State, task.Reason, gh.Writes())
	}
	gh.Fail(simulate.Fault{PathGlob: access, Kind: simulate.FailBefore, Status: http.StatusBadGateway})
	if task := s.commanded(7, "acme", "/hls triage"); task.State != hls.Done || s.reactions(7) != "eyes" {
		t.Errorf("out of order: %s (%s), %s", task.State, task.Reason, s.reactions(7))
	}
}

// A token that may not react does the work all the same.
func TestCommandWithoutReactions(t *testing.T) {
	t.Parallel()
	gh := shop()
	gh.Fail(simulate.Fault{Method: http.MethodPost, PathGlob: "/repos/*/*/issues/comments/*/reactions", Kind: simulate.FailBefore, Status: http.StatusForbidden, Times: -1})
	s := start(t, talking, gh, answering(reviewAnswer))
	if task := s.commanded(8, "acme", "/hls review"); task.State != hls.Done || len(gh.Reviews(widgets, 8)) != 1 {
		t.Errorf("%s (%s)", task.State, task.Reason)
	}
}

// A command that is redelivered, or cut short and run again, is done once; the same words in another comment are another.
func TestE5_ACommandIsDoneOnce(t *testing.T) {
	t.Parallel()
	gh := shop()
	s := start(t, talking, gh, answering(bugAnswer))
	gh.Fail(simulate.Fault{Method: http.MethodGet, PathGlob: "/repos/*/*/issues/*/comments", Kind: simulate.FailBefore, Status: http.StatusBadGateway, Times: 2})
	d := s.says(7, "acme", "/hls help")
	for range 2 {
		s.send(d)
	}
	if task := s.settled(d.GUID); task.State != hls.Done {
		t.Errorf("%s (%s)", task.State, task.Reason)
	}
	d.GUID = simulate.NewGUID()
	if _, answer := s.send(d); answer["status"] != "duplicate" {
		t.Errorf("under another id: %v", answer)
	}
	for want := range 3 {
		s.commanded(7, "acme", "/hls why")
		if n := len(gh.Comments(widgets, 7)); n != 2*want+4 { // the commands, the list, and an answer for each
			t.Errorf("%d comments after %d commands", n, want+2)
		}
	}
}

// A command in the thread of a remark is acknowledged there, and answered in the conversation.
func TestCommandsInThreadsOnLines(t *testing.T) {
	t.Parallel()
	gh := shop()
	s := start(t, strings.Replace(talking, "issue_comment]", "issue_comment, pull_request_review_comment]", 1), gh, answering(reviewAnswer))
	if task := s.commanded(8, "acme", "/hls review"); task.State != hls.Done {
		t.Fatalf("%s (%s)", task.State, task.Reason)
	}
	root := gh.Remarks(widgets, 8)[0].ID
	for _, tc := range []struct{ login, body, reaction, reason string }{
		{"acme", "/hls help", "eyes", ""}, {"acme", "/hls ignore 00000000", "confused", ""}, {"eve", "/hls help", "", "no_write_access"},
	} {
		id := gh.ReplyAs(widgets, tc.login, root, tc.body)
		d := simulate.Delivery{Event: "pull_request_review_comment", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.RemarkPayload(widgets, id, "created", tc.login)}
		s.send(d)
		task, got := s.settled(d.GUID), ""
		for _, r := range gh.Reactions(widgets, id) {
			got += r.Content
		}
		if got != tc.reaction || task.Reason != tc.reason {
			t.Errorf("%s by %s: %s (%s), reaction %q", tc.body, tc.login, task.State, task.Reason, got)
		}
	}
	if n := len(gh.Comments(widgets, 8)); n != 2 { // the first command, and the list
		t.Errorf("%d comments", n)
	}
}

// While Claude is out of order a command is acknowledged, and done once that is over.
func TestCommandDuringAnOutageOfClaude(t *testing.T) {
	t.Parallel()
	gh := shop()
	s := start(t, talking, gh, answering(reviewAnswer))
	s.claude.SetMode(simulate.Down)
	d := s.says(8, "acme", "/hls review")
	s.send(d)
	eventually(t, func() bool { return s.reactions(8) == "eyes" && len(s.claude.Calls()) > 1 })
	s.claude.SetMode(simulate.Good)
	if task := s.settled(d.GUID); task.State != hls.Done || len(gh.Reviews(widgets, 8)) != 1 || s.reactions(8) != "eyes" {
		t.Errorf("%s (%s), %s", task.State, task.Reason, s.reactions(8))
	}
}
