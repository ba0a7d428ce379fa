package handler

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
)

const goLog = "##[group]Run go test\ngo test\n##[endgroup]\n--- FAIL: TestShelf (0.02s)\n    shelf_test.go:31: the shelf is empty\nFAIL\n##[error]Process completed with exit code 1."

func runEvent(conclusion string) hls.Event {
	return hls.Event{
		Name: "workflow_run", Action: "completed", DeliveryID: "d", Sender: author, Changed: map[string]bool{},
		ReceivedAt: time.Unix(1_800_000_000, 0), Repo: hls.Repository{ID: 9, FullName: "acme/widgets", DefaultBranch: "main"},
		Subject: hls.Subject{RepoID: 9, Repo: "acme/widgets", Kind: hls.KindOther, Ref: "workflow_run/71"},
		Run:     said(conclusion),
	}
}

// said is a run as its event has it, without its pull requests.
func said(conclusion string) *hls.WorkflowRun {
	return &hls.WorkflowRun{ID: 71, WorkflowID: 40, RunNumber: 5, RunAttempt: 1, Status: "completed", Conclusion: conclusion,
		Event: "push", HeadBranch: "save", HeadSHA: "abc"}
}

// decoded is a run as GitHub sends it, over the one that the tests of the family share.
func decoded(t testing.TB, change string) (run hls.WorkflowRun) {
	t.Helper()
	whole := `{"id":71,"name":"CI","workflow_id":40,"run_number":5,"run_attempt":1,"event":"pull_request","status":"completed","conclusion":"failure",
		"head_branch":"save","head_sha":"abc","html_url":"https://github.com/acme/widgets/actions/runs/71","pull_requests":[{"number":8}],
		"head_repository":{"id":9,"owner":{"login":"acme"}}}`
	for _, text := range []string{whole, change} {
		if err := stdjson.Unmarshal([]byte(text), &run); err != nil {
			t.Fatal(err)
		}
	}
	return run
}

// failingRun is a reader about pull request 8, whose run 71 failed.
func failingRun(t testing.TB) *github {
	t.Helper()
	pull := openPull()
	return &github{pull: pull, ci: runs{
		run: decoded(t, `{}`), logs: map[int64]string{710: goLog},
		jobs: []hls.WorkflowJob{
			{ID: 711, Name: "lint", Conclusion: "success"},
			{ID: 710, Name: "test", Conclusion: "failure", Steps: []hls.JobStep{{Name: "Check out", Conclusion: "success"}, {Name: "Run go test", Conclusion: "failure"}}},
		},
		commits: []hls.Commit{{SHA: "abc1234def"}, {SHA: "abc9999def"}},
	}}
}

func gathered8(t *testing.T, g *github, e hls.Event) (hls.Facts, *ciFacts) {
	t.Helper()
	f, err := For(e.Name).Gather(t.Context(), g, e, rule())
	if err != nil {
		t.Fatal(err)
	}
	return f, ciOf(f)
}

func TestRunsRoute(t *testing.T) {
	t.Parallel()
	work, green := hls.Go("ci"), hls.Go("ci")
	green.Unasked = true
	runs := rule()
	runs.Events = []string{"workflow_run.completed", "workflow_job"}
	for _, tc := range []struct {
		name, action, conclusion, app string
		rule                          hls.Rule
		want                          hls.Verdict
	}{
		{"workflow_run", "completed", "failure", "", rule(), work},
		{"workflow_run", "completed", "timed_out", "", rule(), work},
		{"workflow_run", "completed", "success", "", rule(), green},
		{"workflow_run", "completed", "cancelled", "", rule(), hls.Pass("run_canceled")}, //nolint:misspell // GitHub spells it so
		{"workflow_run", "completed", "skipped", "", rule(), hls.Pass("run_skipped")},
		{"workflow_run", "completed", "action_required", "", rule(), hls.Pass("run_waits_for_approval")},
		{"workflow_run", "completed", "surprising", "", rule(), hls.Pass("conclusion_not_handled")},
		{"workflow_run", "requested", "failure", "", rule(), hls.Pass("action_not_handled")},
		{"workflow_job", "completed", "failure", "", rule(), work},
		{"workflow_job", "completed", "failure", "", runs, hls.Pass("workflow_run_speaks")},
		{"check_run", "completed", "failure", "circleci", rule(), work},
		{"check_run", "completed", "success", "circleci", rule(), green},
		{"check_run", "completed", "failure", "github-actions", rule(), hls.Pass("github_actions")},
	} {
		e := runEvent(tc.conclusion)
		e.Name, e.Action = tc.name, tc.action
		e.Job, e.CheckRun = &hls.WorkflowJob{Conclusion: tc.conclusion}, &hls.CheckRun{Conclusion: tc.conclusion}
		e.CheckRun.App.Slug = tc.app
		if got := For(tc.name).Route(e, tc.rule); got != tc.want {
			t.Errorf("%s %s %s: %+v, want %+v", tc.name, tc.conclusion, tc.app, got, tc.want)
		}
	}
	for _, name := range []string{"workflow_run", "workflow_job", "check_run"} {
		if v := For(name).Route(hls.Event{Name: name, Action: "completed"}, rule()); v.Do || v.Reason == "" {
			t.Errorf("%s without an object: %+v", name, v)
		}
	}
}

func TestRunsGather(t *testing.T) {
	t.Parallel()
	g := failingRun(t)
	f, c := gathered8(t, g, runEvent("failure"))
	if f.Skip != "" || f.Target == nil || f.Target.Number != 8 || f.Target.Kind != hls.KindPullRequest || f.Revision != "run-71-1-failure" {
		t.Fatalf("%+v", f)
	}
	if len(c.Causes) != 1 || !c.Causes[0].Asked || c.Causes[0].Step != "Run go test" || strings.Join(c.Causes[0].Tests, "") != "TestShelf" || len(c.Commits) != 2 {
		t.Errorf("%+v", c)
	}
	if q := For("workflow_run").Question(runEvent("failure"), f, rule()); q.Known != nil || q.Group != "workflows" || q.Weight != hls.Light {
		t.Errorf("%+v", q)
	}
	if _, err := stdjson.Marshal(f.Values); err != nil {
		t.Error(err)
	}
}

func TestE7_WhatHLSStartedAgainIsToldWithoutClaude(t *testing.T) {
	t.Parallel()
	g, e := failingRun(t), runEvent("failure")
	e.Sender = self
	f, _ := gathered8(t, g, e)
	q := For(e.Name).Question(e, f, rule())
	if q.Known == nil || f.Skip != "" {
		t.Fatalf("Claude is asked: %+v, skip %q", q, f.Skip)
	}
	p := For(e.Name).Plan(e, f, hls.Analysis{Answer: q.Known}, rule())
	if !strings.Contains(bodyIn(p, hls.UpsertComment), "the shelf is empty") {
		t.Errorf("%+v", p)
	}
}

// Each case changes what is on GitHub, and says why nothing is left to do.
func TestE6_GatherGoesByThePresentRun(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, want string
		event      string
		change     func(*github)
	}{
		{"it failed", "", "failure", func(*github) {}},
		{"run again", "run_again", "failure", func(g *github) { g.ci.run.RunAttempt = 2 }},
		{"running again", "run_again", "failure", func(g *github) { g.ci.run.Status = "in_progress" }},
		{"deleted", "deleted", "failure", func(g *github) { g.errs = map[string]error{"Run": hls.ErrGone} }},
		{"pushed since", "head_moved", "failure", func(g *github) { g.pull.Head.SHA = "def" }},
		{"closed", "closed", "failure", func(g *github) { g.pull.State = "closed" }},
		{"merged", "merged", "failure", func(g *github) { g.pull.Merged = true }},
		{"pull request gone", "no_open_pull_request", "failure", func(g *github) { g.errs = map[string]error{"PullRequest": hls.ErrGone} }},
		{"nothing failed before", "nothing_failing", "success", func(g *github) { g.ci.run.Conclusion = "success" }},
		{"no job failed", "no_cause_found", "failure", func(g *github) { g.ci.jobs = nil }},
		{"no jobs for us", "no_permission", "failure", func(g *github) { g.errs = map[string]error{"Jobs": hls.ErrNotFound} }},
		{"no log for us", "no_permission", "failure", func(g *github) { g.ci.logs = nil }},
		{"not even the run", "", "failure", func(g *github) {
			g.errs = map[string]error{"Run": &hls.Permanent{Err: errors.New("forbidden"), Reason: "github_forbidden"}}
		}},
		{"nothing in the log", "no_cause_found", "failure", func(g *github) { g.ci.logs[710] = "all is well\n" }},
		{"a newer run told", "newer_run", "failure", func(g *github) {
			g.memories = []hls.Memory{partMemory(t, ciPart{Key: "workflow/40", Run: 99, Number: 6})}
		}},
		{"a newer attempt told", "newer_run", "failure", func(g *github) {
			g.memories = []hls.Memory{partMemory(t, ciPart{Key: "workflow/40", Run: 71, Number: 5, Attempt: 2})}
		}},
		{"another workflow told", "", "failure", func(g *github) {
			g.memories = []hls.Memory{partMemory(t, ciPart{Key: "workflow/41", Run: 99, Number: 6})}
		}},
	} {
		g := failingRun(t)
		tc.change(g)
		if f, _ := gathered8(t, g, runEvent(tc.event)); f.Skip != tc.want {
			t.Errorf("%s: skip %q, want %q", tc.name, f.Skip, tc.want)
		}
	}
	for _, method := range []string{"Run", "PullRequest", "Jobs", "JobLog", "Annotations", "PullCommits", "Files", "Recall"} {
		g, down := failingRun(t), &hls.RetryAfter{Err: errors.New("down")}
		g.errs = map[string]error{method: down}
		if _, err := For("workflow_run").Gather(t.Context(), g, runEvent("failure"), rule()); !errors.Is(err, down) {
			t.Errorf("%s fails: %v", method, err)
		}
	}
}

func partMemory(t testing.TB, p ciPart) hls.Memory {
	t.Helper()
	raw, err := stdjson.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return hls.Memory{Subject: hls.Subject{RepoID: 9, Repo: "acme/widgets", Kind: hls.KindPullRequest, Number: 8}, Kind: kindPart, Key: p.Key, Value: raw}
}

// A fork's run names no pull request, and its branch may be called as the default one.
func TestE1_AForksRunIsOfItsOwnPullRequest(t *testing.T) {
	t.Parallel()
	g := failingRun(t)
	g.ci.run = decoded(t, `{"pull_requests":[],"head_branch":"main","event":"push","head_repository":{"id":77,"owner":{"login":"mallory"}}}`)
	g.ci.pulls = map[string][]hls.PullRequest{"mallory:main": {g.pull}}
	f, c := gathered8(t, g, runEvent("failure"))
	if f.Target == nil || f.Target.Number != 8 || c.Branch != "" || !c.Run.Foreign || fmt.Sprint(g.ci.asked) != "[mallory:main]" {
		t.Errorf("%+v, %+v", f.Target, c)
	}
	g = failingRun(t)
	g.ci.run = decoded(t, `{"pull_requests":[],"head_branch":"main","event":"push","head_repository":null}`)
	if f, c = gathered8(t, g, runEvent("failure")); f.Target != nil || c.Branch != "" || len(g.ci.asked) != 0 {
		t.Errorf("of a deleted fork: %+v, %+v", f.Target, c)
	}
	p := For("workflow_run").Plan(runEvent("failure"), f, hls.Analysis{Answer: []byte(`{"causes":[],"injection_suspected":false}`)}, ciRule())
	if len(p.Effects) != 0 || p.Silent != "no_pull_request" {
		t.Errorf("a fork's branch opens an issue: %+v", p)
	}
	g = failingRun(t)
	g.ci.run = decoded(t, `{"pull_requests":[],"head_branch":"main","event":"push"}`)
	if f, c = gathered8(t, g, runEvent("failure")); f.Target != nil || c.Branch != "main" || len(g.ci.asked) != 0 {
		t.Errorf("of the default branch: %+v, %+v, asked %v", f.Target, c, g.ci.asked)
	}
}

// Anybody can have a run on the default branch, as by a comment, and its log may have the words of the comment. Each case is
// what started such a run, and whether it tells how the branch is.
func TestE1_OnlyOwnRunsSpeakOfTheDefaultBranch(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]bool{
		"push": true, "schedule": true, "workflow_dispatch": true, "dynamic": true, "merge_group": true,
		"issue_comment": false, "issues": false, "discussion_comment": false, "fork": false, "watch": false, "workflow_run": false,
		"pull_request_target": false, "pull_request_review": false, "repository_dispatch": false, "check_run": false, "gollum": false,
	} {
		g := failingRun(t)
		g.ci.run = decoded(t, fmt.Sprintf(`{"pull_requests":[],"head_branch":"main","event":%q}`, event))
		f, c := gathered8(t, g, runEvent("failure"))
		if own := c.Branch == "main"; own != want || c.Run.Foreign == want {
			t.Errorf("%s: branch %q, foreign %v", event, c.Branch, c.Run.Foreign)
		}
		place := c.place(runEvent("failure"), f).Ref
		if want != (place == "branch/main") {
			t.Errorf("%s is remembered at %s", event, place)
		}
	}
}

// Runs are subjects by the hundred. What is counted is the pull request or the branch that they are of.
func TestE7_RunsAreCountedAtTheirPlace(t *testing.T) {
	t.Parallel()
	for run, want := range map[string]string{
		`{}`: "9/ci/pull/8",
		`{"pull_requests":[],"head_branch":"main","event":"push"}`:                                                      "9/ci/branch/main",
		`{"pull_requests":[],"head_branch":"main","event":"issue_comment"}`:                                             "9/ci/fork/abc",
		`{"pull_requests":[],"head_branch":"x","event":"push","head_repository":{"id":77,"owner":{"login":"mallory"}}}`: "9/ci/fork/abc",
	} {
		g := failingRun(t)
		g.ci.run = decoded(t, run)
		f, _ := gathered8(t, g, runEvent("failure"))
		if f.Counted == nil || f.Counted.Key() != want {
			t.Errorf("%s is counted under %v, want %s", run, f.Counted, want)
		}
	}
}

// All logs of a run together are read up to a bound, whoever wrote them.
func TestI6_TheLogsOfARunHaveABound(t *testing.T) {
	t.Parallel()
	g := failingRun(t)
	long := strings.Repeat("all is well\n", 50)
	g.ci.jobs = nil
	for id := range int64(8) {
		g.ci.jobs = append(g.ci.jobs, hls.WorkflowJob{ID: id, Conclusion: "failure"})
		g.ci.logs[id] = long
	}
	read := gatherer{read: g, e: runEvent("failure"), r: rule(), most: 3 * len(long) / 2}
	failed, unread, err := jobsOf(t.Context(), read, ciRun{actions: 71, Attempt: 1})
	lines := 0
	for _, j := range failed {
		lines += j.log.Log(0).Lines
	}
	if err != nil || lines != 75 || strings.Join(unread, ",") != "the rest of the logs" {
		t.Errorf("%d lines were read, %v is left, %v", lines, unread, err)
	}
}

// What the token may not read is named, and what it may is enough.
func TestRunsWithoutLogsGoByAnnotations(t *testing.T) {
	t.Parallel()
	g := failingRun(t)
	g.ci.logs = nil
	g.ci.notes = map[int64][]hls.Annotation{710: {
		{Path: "shelf_test.go", Line: 31, Level: "failure", Message: "the shelf is empty\nand stays so"}, {Level: "warning", Message: "Node 12 is old"},
		{Level: "failure", Message: "Process completed with exit code 1."},
	}}
	_, c := gathered8(t, g, runEvent("failure"))
	if strings.Join(c.Unread, ",") != "logs" || len(c.Causes) != 1 || c.Causes[0].Text != "shelf_test.go:31: error: the shelf is empty\nand stays so\n" {
		t.Errorf("%+v", c)
	}
}

// A run may have hundreds of jobs that fail at once, and one that lasts for days: none of them asks every minute.
func TestO1_JobsOfALongRunWaitLongerAndLonger(t *testing.T) {
	t.Parallel()
	g, e := failingRun(t), runEvent("failure")
	e.Name, e.Job = "workflow_job", &hls.WorkflowJob{ID: 710, RunID: 71, RunAttempt: 1, Conclusion: "failure"}
	g.ci.run.Status = "in_progress"
	_, err := For(e.Name).Gather(t.Context(), g, e, rule())
	var later *hls.RetryAfter
	if !errors.As(err, &later) || !later.Free || !later.Outage || later.After < time.Minute || later.Reason != "run_not_ended" {
		t.Errorf("%+v", err)
	}
}
