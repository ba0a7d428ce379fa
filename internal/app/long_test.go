package app_test

import (
	"fmt"
	"strings"
	"testing"

	"hls/internal/hls"
	"hls/internal/simulate"
)

// longest is how many bytes of an event Claude is asked about at most, with the lines around them.
const longest = 181_000

// However long a text is, and whatever it is made of, it is analyzed: cut, and said to be.
func TestO1_LongTextIsCutAndNotParked(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{"letters": "a", "zero-width": "\u200b", "emoji": "😀", "tags": "\U000e0041"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gh := shop()
			gh.AddIssue(widgets, simulate.IssueSeed{Number: 70, Title: "Crash", Author: "mona", Body: strings.Repeat(unit, 65_536)})
			for range 30 {
				gh.CommentAs(widgets, 70, "mona", strings.Repeat(unit, 4000))
			}
			s := start(t, widgetSettings, gh, answering(bugAnswer))
			s.send(simulate.Delivery{Event: "issues", GUID: "long", Payload: gh.IssuePayload(widgets, 70, "opened", "mona", nil)})
			if task := s.settled("long"); task.State != hls.Done {
				t.Fatalf("%s (%s)", task.State, task.Reason)
			}
			asked := s.claude.Calls()[0].User
			if len(asked) > longest || !strings.Contains(asked, " characters left out]") {
				t.Errorf("asked with %d bytes", len(asked))
			}
		})
	}
}

// Files with little in them and long names count by their names.
func TestO1_LongFileNamesStayInTheBudget(t *testing.T) {
	t.Parallel()
	gh := shop()
	var files []hls.File
	for i := range 1500 {
		files = append(files, hls.File{Filename: fmt.Sprintf("d%d/%s.go", i, strings.Repeat("n", 600)), Status: "added", Additions: 1, Patch: "@@ -0,0 +1 @@\n+x := 1"})
	}
	gh.AddPullRequest(widgets, simulate.PullRequestSeed{IssueSeed: simulate.IssueSeed{Number: 80, Title: "Add", Author: "paul"}, Files: files})
	s := start(t, widgetSettings, gh, answering(reviewAnswer))
	s.send(simulate.Delivery{Event: "pull_request", GUID: "names", Payload: gh.PullRequestPayload(widgets, 80, "opened", "paul", nil)})
	if task := s.settled("names"); task.State != hls.Done {
		t.Fatalf("%s (%s)", task.State, task.Reason)
	}
	asked := s.claude.Calls()[0].User
	if len(asked) > longest || !strings.Contains(asked, "(over_budget)") || !strings.Contains(asked, " more\n") {
		t.Errorf("asked with %d bytes", len(asked))
	}
}
