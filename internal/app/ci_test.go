package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/simulate"
)

const ciSettings = "repositories:\n  - name: acme/widget-shop\n    events: [workflow_run]\n"

// ciWorld is a repository with pull requests 8 and 9.
func ciWorld(t *testing.T) (*simulate.GitHub, *simulate.Claude) {
	t.Helper()
	gh := simulate.NewGitHub(simulate.GitHubConfig{})
	gh.AddRepository(simulate.RepositorySeed{FullName: widgets, ID: 4711})
	for _, n := range []int{8, 9} {
		gh.AddPullRequest(widgets, simulate.PullRequestSeed{
			IssueSeed: simulate.IssueSeed{Number: n, Title: "Save widgets", Author: "paul"}, HeadRef: fmt.Sprint("save-", n),
			Files: []hls.File{{Filename: "shelf.go", Status: "modified", Patch: "@@ -1 +1,2 @@\n a\n+b"}},
		})
	}
	return gh, simulate.NewClaude(simulate.ClaudeConfig{})
}

// fails puts a failed run of a workflow at the head of a pull request, and delivers its end.
func (s *service) fails(workflow string, run, pull int, log string) string {
	s.t.Helper()
	head := s.github.PullRequest(widgets, pull).Head
	s.github.AddRun(widgets, simulate.RunSeed{
		ID: int64(run), Name: workflow, Event: "pull_request", Branch: head.Ref, SHA: head.SHA, PullRequests: []int{pull},
	})
	s.github.AddJob(widgets, int64(run), simulate.JobSeed{Name: "test", Log: log})
	return s.ends(run)
}

func (s *service) ends(run int) string {
	s.t.Helper()
	d := simulate.Delivery{Event: "workflow_run", GUID: simulate.NewGUID(), HookID: 1, Payload: s.github.RunPayload(widgets, int64(run), "completed", "paul")}
	if code, answer := s.send(d); code != 202 {
		s.t.Fatalf("%d %v", code, answer)
	}
	return d.GUID
}

func (s *service) commentOn(pull int) string {
	s.t.Helper()
	comments := s.github.Comments(widgets, pull)
	if len(comments) != 1 {
		s.t.Fatalf("%d comments on #%d", len(comments), pull)
	}
	return comments[0].Body
}

// bigLog is 30 MB as a runner writes them, with secrets, and a failure in the middle.
func bigLog(secret string) string {
	var b strings.Builder
	for i := 0; b.Len() < 30<<20; i++ {
		fmt.Fprintf(&b, "2026-01-15T09:30:%02d.1234567Z ", i%60)
		switch {
		case i == 120_000:
			b.WriteString("--- FAIL: TestShelf (0.10s)\n2026-01-15T09:30:00.1234567Z     shelf_test.go:9: the shelf is empty, password=" + secret)
		case i%997 == 0:
			fmt.Fprintf(&b, "error: widget %d could not be fetched, %s, trying again", i, secret)
		default:
			fmt.Fprintf(&b, "=== RUN   TestWidget%d/is_painted_and_packed_and_put_on_the_shelf_of_the_shop_with_all_the_others", i)
		}
		b.WriteByte('\n')
	}
	b.WriteString("2026-01-15T09:31:00.1234567Z FAIL\n2026-01-15T09:31:00.1234567Z ##[error]Process completed with exit code 1.\n")
	return b.String()
}

// A failed run with a log of 30 MB ends in a comment whose lines are in the log; a second pull request that fails the same
// way says so, and Claude is not asked a second time.
func TestALogOf30MBEndsInOneComment(t *testing.T) {
	t.Parallel()
	gh, cl := ciWorld(t)
	s := start(t, ciSettings, gh, cl)
	secret := "gh" + "p_0123456789abcdefghijABCDEFGHIJ012345"
	log := bigLog(secret)
	if task := s.settled(s.fails("CI", 71, 8, log)); task.State != hls.Done {
		t.Fatalf("%s %s", task.State, task.Reason)
	}
	body := s.commentOn(8)
	_, rest, _ := strings.Cut(body, "```\n")
	shown, _, _ := strings.Cut(rest, "\n```")
	for line := range strings.SplitSeq(shown, "\n") {
		if line == "" || !strings.Contains(log, strings.ReplaceAll(line, "[redacted]", secret)) {
			t.Errorf("%q is no line of the log", line)
		}
	}
	calls := cl.Calls()
	if len(calls) != 1 || !strings.Contains(body, "TestShelf") || !strings.Contains(body, "Likely **") {
		t.Fatalf("%d calls\n%s", len(calls), body)
	}
	prompt := calls[0].User
	if n := len(prompt); n > 60_000 || !strings.Contains(prompt, "the shelf is empty") {
		t.Errorf("the prompt has %d bytes", n)
	}
	for name, text := range map[string]string{"prompt": prompt, "comment": body, "log": s.log.String()} {
		if strings.Contains(text, secret[4:]) {
			t.Errorf("the %s shows the secret", name)
		}
	}
	if task := s.settled(s.fails("CI", 72, 9, strings.ReplaceAll(log[60<<10:], "0.10s", "0.31s"))); task.State != hls.Done {
		t.Fatalf("%s %s", task.State, task.Reason)
	}
	if body := s.commentOn(9); !strings.Contains(body, "It failed the same way on #8.") || len(cl.Calls()) != 1 {
		t.Errorf("%d calls\n%s", len(cl.Calls()), body)
	}
}

// The runs of several workflows end at once: what each has to say is in the one comment in the end.
func TestE5_WorkflowsThatFailTogetherShareOneComment(t *testing.T) {
	t.Parallel()
	gh, cl := ciWorld(t)
	s := start(t, ciSettings, gh, cl)
	var sent []string
	for i, name := range []string{"Alpha", "Bravo", "Charlie", "Delta"} {
		sent = append(sent, s.fails(name, 71+i, 8, fmt.Sprintf("--- FAIL: Test%s (0.1s)\n    x_test.go:1: %s is empty\n##[error]Process completed with exit code 1.\n", name, name)))
	}
	for _, guid := range sent {
		if task := s.settled(guid); task.State != hls.Done {
			t.Errorf("%s %s", task.State, task.Reason)
		}
	}
	body := s.commentOn(8)
	for _, name := range []string{"Alpha", "Bravo", "Charlie", "Delta"} {
		if !strings.Contains(body, "`"+name+"` failed") {
			t.Errorf("%s is missing:\n%s", name, body)
		}
	}
}

// One workflow's task has composed the comment, and takes its time before it writes it, when another's stores its part and
// writes: the slow one must not bring back a comment without that part.
func TestE5_APartIsNotLostToASlowWriter(t *testing.T) {
	t.Parallel()
	gh, cl := ciWorld(t)
	s := start(t, ciSettings, gh, cl)
	log := "--- FAIL: Test%[1]s (0.1s)\n    x_test.go:1: %[1]s is empty\n##[error]Process completed with exit code 1.\n"
	s.settled(s.fails("First", 70, 8, fmt.Sprintf(log, "First")))
	// It reads the pull request when it gathers, and again before it writes.
	gh.Fail(simulate.Fault{Method: "GET", PathGlob: "/repos/*/*/pulls/8", Skip: 1, Kind: simulate.Delay, Wait: 2 * time.Second})
	slow := s.fails("Slow", 71, 8, fmt.Sprintf(log, "Slow"))
	pull := hls.Subject{RepoID: 4711, Repo: widgets, Kind: hls.KindPullRequest, Number: 8}
	eventually(t, func() bool {
		parts, err := s.app.Store().Recall(t.Context(), hls.Recall{Subject: pull, Kind: "ci"})
		return err == nil && len(parts) == 2
	})
	quick := s.fails("Quick", 72, 8, fmt.Sprintf(log, "Quick"))
	for _, guid := range []string{quick, slow} {
		if task := s.settled(guid); task.State != hls.Done {
			t.Errorf("%s %s", task.State, task.Reason)
		}
	}
	for _, name := range []string{"First", "Quick", "Slow"} {
		if body := s.commentOn(8); !strings.Contains(body, "`"+name+"` failed") {
			t.Errorf("%s is missing:\n%s", name, body)
		}
	}
}

// Logs that cannot be had for a while are waited for.
func TestAStorageThatIsDownIsWaitedFor(t *testing.T) {
	t.Parallel()
	gh, cl := ciWorld(t)
	s := start(t, ciSettings, gh, cl)
	gh.Fail(simulate.Fault{Method: "GET", PathGlob: "/repos/*/*/actions/jobs/*/logs", Kind: simulate.FailBefore, Status: 502, Times: 2})
	if task := s.settled(s.fails("CI", 71, 8, "--- FAIL: TestShelf (0.1s)\n##[error]Process completed with exit code 1.\n")); task.State != hls.Done {
		t.Fatalf("%s %s", task.State, task.Reason)
	}
	if body := s.commentOn(8); !strings.Contains(body, "TestShelf") {
		t.Error(body)
	}
}

// Whoever pushes has as many runs as pushes, and writes their logs: Claude is asked as often as a subject may have it, and not
// for each.
func TestE7_RunsOfOnePullRequestShareItsCap(t *testing.T) {
	t.Parallel()
	gh, cl := ciWorld(t)
	s := start(t, ciSettings+"processing: {analyses_per_subject_per_day: 3, debounce: 0s}\n", gh, cl)
	const log = "--- FAIL: Test%[1]s (0.1s)\n    x_test.go:1: %[1]s is empty\n##[error]Process completed with exit code 1.\n"
	capped := 0
	for i := range 8 {
		task := s.settled(s.fails(fmt.Sprintf("Flow%c", 'A'+i), 71+i, 8, fmt.Sprintf(log, strings.Repeat(string(rune('A'+i)), 5))))
		if task.State == hls.Skipped && task.Reason == hls.SubjectCap {
			capped++
		}
	}
	if n := len(cl.Calls()); n != 3 || capped != 5 {
		t.Errorf("Claude was asked %d times, %d runs were passed over", n, capped)
	}
	if task := s.settled(s.fails("FlowA", 90, 9, fmt.Sprintf(log, "Other"))); task.State != hls.Done || len(cl.Calls()) != 4 {
		t.Errorf("another pull request's run ended as %s (%s)", task.State, task.Reason)
	}
}
