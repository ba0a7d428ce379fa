package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/simulate"
	"hls/internal/web"
)

const undoSettings = `
repositories:
  - name: acme/widget-shop
    events: [issues, pull_request, issue_comment, workflow_run]
    workflows: {issues: true}
`

// market is a GitHub with issues from 1 and pull requests from 101.
func market(issues, pulls int) *simulate.GitHub {
	gh := simulate.NewGitHub(simulate.GitHubConfig{})
	gh.AddRepository(simulate.RepositorySeed{FullName: widgets, ID: 4711, Labels: bearing("bug", "enhancement", "priority-high", "priority-low"),
		Collaborators: map[string]string{"mona": "write"}})
	for n := 1; n <= issues; n++ {
		gh.AddIssue(widgets, simulate.IssueSeed{Number: n, Title: fmt.Sprintf("Crash when saving widget %d", n), Author: "paul",
			Body: fmt.Sprintf("The app panics with a nil pointer when I save widget %d.", n)})
		gh.CommentAs(widgets, n, "mona", "I see it as well.")
	}
	for n := 101; n <= 100+pulls; n++ {
		gh.AddPullRequest(widgets, simulate.PullRequestSeed{
			IssueSeed: simulate.IssueSeed{Number: n, Title: fmt.Sprintf("Add cache %d", n), Author: "paul"}, HeadRef: fmt.Sprint("cache-", n),
			Files: []hls.File{{Filename: "cache.go", Status: "added", Additions: 4,
				Patch: "@@ -0,0 +1,4 @@\n+package cache\n+\n+func Open(path string) {\n+\t_ = os.Remove(path)"}},
		})
	}
	return gh
}

func bearing(names ...string) (labels []hls.Label) {
	for _, name := range names {
		labels = append(labels, hls.Label{Name: name})
	}
	return labels
}

// issueEvent delivers an event of an issue.
func (s *service) issueEvent(number int, action string, change simulate.Change) string {
	s.t.Helper()
	return s.delivers("issues", s.github.IssuePayload(widgets, number, action, "paul", change))
}

func (s *service) delivers(event string, payload []byte) string {
	s.t.Helper()
	d := simulate.Delivery{Event: event, GUID: simulate.NewGUID(), HookID: 1, Payload: payload}
	if code, answer := s.send(d); code != http.StatusAccepted && code != http.StatusOK {
		s.t.Fatalf("%d %v", code, answer)
	}
	return d.GUID
}

// idle waits until nothing is left to do.
func (s *service) idle() {
	s.t.Helper()
	eventually(s.t, func() bool {
		stats, err := s.app.Store().Stats(s.t.Context())
		return err == nil && stats.Pending == 0 && stats.Running == 0
	})
}

// undo asks the API for an undo.
func (s *service) undo(what web.Undo) web.Undone {
	s.t.Helper()
	code, text := s.postAdmin("/api/v1/undo", what)
	var undone web.Undone
	if err := json.Unmarshal(text, &undone); err != nil || code != http.StatusOK {
		s.t.Fatalf("undo: %d %s", code, text)
	}
	return undone
}

// fates are how many effects have each fate.
func fates(u web.Undone) map[string]int {
	out := map[string]int{}
	for _, e := range u.Effects {
		if e.Partly != "" {
			out["but "+e.Partly]++
		}
		if e.Stays == "" {
			out["taken back"]++
			continue
		}
		out[e.Stays]++
	}
	return out
}

// shows is what readers see of an issue or a pull request, a line each.
func (s *service) shows(number int) (lines []string) {
	labels := s.github.Labels(widgets, number)
	slices.Sort(labels)
	lines = append(lines, fmt.Sprint(s.github.Issue(widgets, number).State, " ", labels))
	for _, c := range s.github.Comments(widgets, number) {
		line := c.User.Login + " says " + c.Body
		for _, r := range s.github.Reactions(widgets, c.ID) {
			line += " :" + r.Content + ": by " + r.User.Login
		}
		lines = append(lines, line)
	}
	if number <= 100 {
		return lines
	}
	for _, v := range s.github.Reviews(widgets, number) {
		if !v.Hidden && v.Body != "" {
			lines = append(lines, v.User.Login+" reviews "+v.Body)
		}
	}
	for _, m := range s.github.Remarks(widgets, number) {
		if !m.Hidden {
			lines = append(lines, m.User.Login+" remarks "+m.Body)
		}
	}
	return lines
}

func (s *service) everything(issues, pulls int) map[int][]string {
	out := map[int][]string{}
	for n := 1; n <= issues; n++ {
		out[n] = s.shows(n)
	}
	for n := 101; n <= 100+pulls; n++ {
		out[n] = s.shows(n)
	}
	return out
}

// fifty sends fifty deliveries: issues opened and edited, pull requests, commands, failed runs, and issues closed by people.
func (s *service) fifty() (sent []string) {
	for n := 6; n <= 25; n++ {
		sent = append(sent, s.issueEvent(n, "opened", nil))
	}
	for n := 1; n <= 5; n++ {
		s.github.EditIssue(widgets, n, fmt.Sprintf("Crash when saving widget %d", n), fmt.Sprintf("The app panics with a nil pointer when I save widget %d in version 2.3.1.", n))
		sent = append(sent, s.issueEvent(n, "edited", simulate.Change{"body": "x"}))
	}
	for n := 101; n <= 112; n++ {
		sent = append(sent, s.delivers("pull_request", s.github.PullRequestPayload(widgets, n, "opened", "paul", nil)))
	}
	s.idle()
	for n := 6; n <= 9; n++ {
		said := s.says(n, "mona", "/hls help")
		s.send(said)
		sent = append(sent, said.GUID)
	}
	const log = "--- FAIL: Test%[1]s (0.1s)\n    x_test.go:1: %[1]s is empty\n##[error]Process completed with exit code 1.\n"
	sent = append(sent, s.fails("Alpha", 71, 101, fmt.Sprintf(log, "Alpha")))
	s.idle()
	sent = append(sent, s.fails("Bravo", 72, 101, fmt.Sprintf(log, "Bravo")))
	for run := 73; run <= 74; run++ {
		s.github.AddRun(widgets, simulate.RunSeed{ID: int64(run), Name: "Charlie", Branch: "main", SHA: strings.Repeat("ab", 20)})
		s.github.AddJob(widgets, int64(run), simulate.JobSeed{Name: "test", Log: fmt.Sprintf(log, "Charlie")})
		sent = append(sent, s.ends(run))
		s.idle()
	}
	for n := 21; n <= 25; n++ {
		s.github.CloseIssue(widgets, n)
		sent = append(sent, s.issueEvent(n, "closed", nil))
	}
	s.idle()
	return sent
}

// Done-when 5: after fifty deliveries, undo --since restores labels and comments to what they were, but for what people have
// touched since. Without --apply it changes nothing; once more it finds nothing left.
func TestE8_UndoRestoresAllThatNobodyTouched(t *testing.T) {
	t.Parallel()
	const issues, pulls = 25, 12
	gh := market(issues, pulls)
	s := start(t, undoSettings, gh, simulate.NewClaude(simulate.ClaudeConfig{}))
	for n := 1; n <= 5; n++ {
		s.issueEvent(n, "opened", nil)
	}
	s.idle()
	before, since := s.everything(issues, pulls), time.Now()
	if len(before[1]) != 3 || before[1][0] == "open []" || len(before[6]) != 2 {
		t.Fatalf("before: %q, %q", before[1], before[6])
	}
	if sent := s.fifty(); len(sent) != 50 {
		t.Fatalf("%d deliveries", len(sent))
	}
	for n := 21; n <= 25; n++ { // by people, so that they stay closed
		before[n][0] = strings.Replace(before[n][0], "open", "closed", 1)
	}
	for n := 6; n <= 9; n++ {
		before[n] = append(before[n], "mona says /hls help")
	}
	full := s.everything(issues, pulls)
	s.peopleTouch(before)

	writes, rows := len(gh.Writes()), s.ledgerSize()
	told := s.undo(web.Undo{Since: since})
	if n := fates(told); n["taken back"] < 60 || n["edited_since"] != 3 || n["gone"] != 1 || n["but bug: added_by_person"] != 1 || n["but remarks: answered_by_person"] != 1 || told.Applied || told.More || len(told.TaskIDs) != 0 {
		t.Errorf("beforehand: %v", n)
	}
	if len(gh.Writes()) != writes || s.ledgerSize() != rows || s.get("/stats")["queue"].(map[string]any)["pending"] != 0.0 {
		t.Error("telling changed something")
	}

	done := s.undo(web.Undo{Since: since, Apply: true})
	if !done.Applied || len(done.TaskIDs) < 30 {
		t.Errorf("%d tasks take it back", len(done.TaskIDs))
	}
	s.idle()
	differ := 0
	for n, want := range before {
		if got := s.shows(n); !slices.Equal(got, want) {
			t.Errorf("#%d shows\n%s\nwant\n%s\nafter the fifty it was\n%s", n, strings.Join(got, "\n"), strings.Join(want, "\n"), strings.Join(full[n], "\n"))
		}
		if !slices.Equal(full[n], want) {
			differ++
		}
	}
	if opened := gh.Issue(widgets, 113); opened.State != "closed" {
		t.Errorf("the issue about the default branch is %s", opened.State)
	}
	t.Logf("%d effects, %v; %d tasks; %d of %d subjects had changed", len(told.Effects), fates(told), len(done.TaskIDs), differ, len(before))

	writes = len(gh.Writes())
	again := s.undo(web.Undo{Since: since, Apply: true})
	s.idle()
	if n := fates(again); n["taken back"] != 0 || n["already_taken_back"] < 60 || n["edited_since"] != 3 || len(gh.Writes()) != writes {
		t.Errorf("once more: %v, %d writes", n, len(gh.Writes())-writes)
	}
	s.toldOfUndo(len(done.TaskIDs))
}

// peopleTouch has people touch some of what was done, and puts into want what then stays.
func (s *service) peopleTouch(want map[int][]string) {
	gh := s.github
	gh.RemoveLabelAs(widgets, 10, "mona", "bug")
	gh.AddLabelAs(widgets, 10, "mona", "bug")
	want[10][0] = "open [bug]"
	gh.RemoveLabelAs(widgets, 11, "mona", "bug")
	gh.EditCommentAs(widgets, 12, "mona", "Never mind the bot.")
	want[12] = append(want[12], "hls-bot says Never mind the bot.")
	gh.DeleteCommentAs(widgets, 13, "mona")
	gh.EditCommentAs(widgets, 1, "mona", "By hand.")
	want[1][2] = "hls-bot says By hand."
	remark := gh.Remarks(widgets, 102)[0]
	gh.ReplyAs(widgets, "paul", remark.ID, "It may fail.")
	want[102] = append(want[102], "hls-bot remarks "+remark.Body, "paul remarks It may fail.")
	review := gh.Reviews(widgets, 103)[0]
	gh.EditReview(widgets, 103, review.ID, "Edited. "+review.Body)
	want[103] = append(want[103], "hls-bot reviews Edited. "+review.Body, "hls-bot remarks "+gh.Remarks(widgets, 103)[0].Body)
}

func (s *service) ledgerSize() (n int) {
	s.t.Helper()
	q := record.LedgerQuery{Limit: 200}
	for {
		rows, err := s.app.Store().Ledger(s.t.Context(), q)
		if err != nil {
			s.t.Fatal(err)
		}
		n += len(rows)
		if len(rows) < q.Limit {
			return n
		}
		q.Before = rows[len(rows)-1].ID
	}
}

// toldOfUndo: the audit log has who asked for it, an entry for each task at the least.
func (s *service) toldOfUndo(tasks int) {
	s.t.Helper()
	entries, err := s.app.Store().Audited(s.t.Context(), record.AuditQuery{Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if e.Kind == hls.AuditUndo && e.By == hls.Operator {
			n++
		}
	}
	if n < tasks {
		s.t.Errorf("the audit log tells of %d undos, want %d", n, tasks)
	}
}

// What was taken back is not set again by the next event, and is by a replay, which an operator asks for.
func TestE8_WhatWasTakenBackStaysAway(t *testing.T) {
	t.Parallel()
	gh := shop()
	s := start(t, widgetSettings, gh, answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	s.settled(d.GUID)
	if undone := s.undo(web.Undo{Delivery: d.GUID, Apply: true}); len(undone.TaskIDs) != 1 {
		t.Fatalf("%+v", undone)
	}
	if task := s.settled(d.GUID); task.Origin != hls.FromUndo || task.State != hls.Done || len(gh.Labels(widgets, 7)) != 0 || len(gh.Comments(widgets, 7)) != 0 {
		t.Fatalf("%s (%s), labels %v, comments %v", task.State, task.Reason, gh.Labels(widgets, 7), gh.Comments(widgets, 7))
	}
	gh.EditIssue(widgets, 7, "Crash when saving", "The app panics with a nil pointer every time I press Save. Version 2.3.2, on Linux.")
	edited := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), HookID: 1, Payload: gh.IssuePayload(widgets, 7, "edited", "mona", simulate.Change{"body": "x"})}
	s.send(edited)
	if task := s.settled(edited.GUID); task.State != hls.Done || len(gh.Labels(widgets, 7)) != 0 {
		t.Errorf("the next event: %s (%s), labels %v", task.State, task.Reason, gh.Labels(widgets, 7))
	}
	if _, said := s.ledger(edited.GUID); strings.Contains(said, "add_labels") {
		t.Errorf("it was planned again:\n%s", said)
	}
	if code, answer := s.replay(edited.GUID); code != http.StatusAccepted {
		t.Fatalf("replay: %d %v", code, answer)
	}
	if task := s.settled(edited.GUID); task.State != hls.Done || !slices.Equal(gh.Labels(widgets, 7), []string{"bug"}) {
		t.Errorf("the replay: %s (%s), labels %v", task.State, task.Reason, gh.Labels(widgets, 7))
	}
}

// What is asked for has to be one thing, and to be there; a prompt is named by the beginning of its hash.
func TestUndoThroughTheAPI(t *testing.T) {
	t.Parallel()
	gh := shop()
	s := start(t, withMode("apply"), gh, answering(bugAnswer))
	d := s.issueOpened()
	s.send(d)
	task := s.settled(d.GUID)
	for text, want := range map[string]int{
		`{}`: http.StatusBadRequest, `{"delivery":"x","since":"2026-01-01T00:00:00Z"}`: http.StatusBadRequest, `{"prompt":"zz"}`: http.StatusBadRequest,
		`{"apply":true}`: http.StatusBadRequest, `{"delivery":"x","all":true}`: http.StatusBadRequest, `{"delivery":"x"}`: http.StatusNotFound,
	} {
		if code, answer := s.postAdmin("/api/v1/undo", json.RawMessage(text)); code != want {
			t.Errorf("%s: %d %s", text, code, answer)
		}
	}
	analysis, err := s.app.Store().Analysis(t.Context(), task.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []web.Undo{{Prompt: analysis.PromptHash[:12]}, {Prompt: analysis.PromptHash, Repository: widgets}, {Since: time.Now().Add(-time.Hour)}} {
		if n := fates(s.undo(what)); n["taken back"] != 2 {
			t.Errorf("%+v: %v", what, n)
		}
	}
	for _, what := range []web.Undo{{Prompt: "0123456789"}, {Since: time.Now()}, {Prompt: analysis.PromptHash, Repository: "acme/other"}} {
		if n := len(s.undo(what).Effects); n != 0 {
			t.Errorf("%+v: %d effects", what, n)
		}
	}
	gh.Fail(simulate.Fault{Method: http.MethodGet, PathGlob: "/repos/*/*/issues/*", Kind: simulate.FailBefore, Status: http.StatusBadGateway, Times: -1})
	if code, answer := s.postAdmin("/api/v1/undo", web.Undo{Delivery: d.GUID}); code != http.StatusBadGateway {
		t.Errorf("while GitHub is out of order: %d %s", code, answer)
	}
	// Asked to do it, it is queued all the same, and done once GitHub is back. The settings may say shadow by then.
	undone := s.undo(web.Undo{Delivery: d.GUID, Apply: true})
	if undone.Blind == "" || len(undone.TaskIDs) != 1 {
		t.Errorf("%+v", undone)
	}
	if n := fates(s.undo(web.Undo{Delivery: d.GUID, Apply: true})); n["being_taken_back"] != 2 {
		t.Errorf("while it is under way: %v", n)
	}
	gh.Heal()
	s.stop()
	ghURL, stopGH := gh.Start()
	defer stopGH()
	clURL, stopCL := s.claude.Start()
	defer stopCL()
	s.run(settingsFor(ghURL, clURL, s.dir) + withMode("shadow"))
	s.settled(d.GUID)
	if len(gh.Labels(widgets, 7)) != 0 || len(gh.Comments(widgets, 7)) != 0 {
		t.Errorf("labels %v, comments %v", gh.Labels(widgets, 7), gh.Comments(widgets, 7))
	}
	if n := fates(s.undo(web.Undo{Delivery: d.GUID, Apply: true})); n["already_taken_back"] != 2 {
		t.Errorf("once more: %v", n)
	}
}
