package app_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/receive"
	"hls/internal/route"
	"hls/internal/simulate"
)

// example is one of the payloads that GitHub publishes: testdata/webhooks/README.md.
type example struct {
	Event string          `json:"event"`
	Body  json.RawMessage `json:"body"`

	title string // "release.published 3"
	event hls.Event
}

// examples are all of them, the oldest first: a late event of a subject is not worked on.
func examples(t *testing.T) []example {
	t.Helper()
	file, err := os.Open("../../testdata/webhooks/examples.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	var all []example
	for lines.Scan() {
		var e example
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		d := hls.Delivery{ID: simulate.NewGUID(), Event: e.Event, Body: e.Body, ReceivedAt: time.Now()}
		if e.event, err = hls.DecodeEvent(d); err != nil {
			t.Errorf("%s: %v", e.Event, err)
		}
		e.title = fmt.Sprintf("%s %d", e.event, len(all))
		all = append(all, e)
	}
	if err := lines.Err(); err != nil || len(all) < 300 {
		t.Fatalf("%d examples, %v", len(all), err)
	}
	slices.SortStableFunc(all, func(a, b example) int { return a.event.OccurredAt.Compare(b.event.OccurredAt) })
	return all
}

// Every example is of an event and an action that the settings can name, and is about the repository that it names.
func TestEveryExampleIsKnown(t *testing.T) {
	t.Parallel()
	for _, e := range examples(t) {
		name := e.event.String()
		if e.Event == "repository_dispatch" { // whose actions are the sender's own
			name = e.Event
		}
		config := route.Config{Repositories: []route.Repository{{Name: "*/*", Events: route.Strings{name}}}}
		if _, err := route.New(config, route.Features{}); err != nil && e.Event != "ping" {
			t.Errorf("%s: %v", e.title, err)
		}
		if !slices.Contains(receive.Events(), e.Event) {
			t.Errorf("%s: receive knows no shape of it", e.title)
		}
		if s := e.event.Subject; s.RepoID != e.event.Repo.ID || s.Key() == "" || s.Scope != "" {
			t.Errorf("%s: its subject is %+v", e.title, s)
		}
	}
}

// TestO1_EveryExampleEnds posts every example to the whole service, with all events enabled. Their repositories are
// there, so that the handlers run as far as GitHub's state lets them.
func TestO1_EveryExampleEnds(t *testing.T) {
	t.Parallel()
	all := examples(t)
	gh := exampleHub(all)
	s := start(t, fmt.Sprintf(`
repositories:
  - name: "*/*"
    mode: apply
    ignore: {bots: false}
    events: [%s]
processing: {debounce: 0s, max_attempts: 4, analyses_per_subject_per_day: 0}
`, strings.Join(route.Events(), ", ")), gh, simulate.NewClaude(simulate.ClaudeConfig{}))

	ended := map[string]int{}
	for _, e := range all {
		guid := simulate.NewGUID()
		code, answer := s.send(simulate.Delivery{Event: e.Event, GUID: guid, HookID: 1, Payload: e.Body})
		end := fmt.Sprintf("%d %v (%v)", code, answer["status"], answer["reason"])
		good := code == 200 && (answer["status"] == "pong" || answer["reason"] != nil)
		if answer["status"] == "queued" {
			task := s.settled(guid)
			end = fmt.Sprintf("%d %s (%s)", code, task.State, task.Reason)
			good = code == 202 && (task.State == hls.Done || task.Reason != "" && (task.State == hls.Skipped || task.State == hls.Parked))
		}
		if !good {
			t.Errorf("%-40s %s", e.title, end)
		}
		ended[e.Event+": "+end]++
	}
	for _, want := range []string{
		"issues: 202 done ()", "pull_request: 202 done ()", "release: 202 done ()", "deployment_status: 202 skipped (not_failing)",
		"discussion: 202 done ()", "label: 202 done ()", "push: 200 ignored (branch_created)", "gollum: 202 done ()",
		"installation: 200 ignored (no_repository)", "repository: 202 done ()",
	} {
		if ended[want] == 0 {
			t.Errorf("none ended as %s", want)
		}
	}
	for _, line := range table(ended) {
		t.Log(line)
	}
}

func table(ended map[string]int) []string {
	var lines []string
	for end, n := range ended {
		lines = append(lines, fmt.Sprintf("%4d × %s", n, end))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[7:], b[7:]) })
	return lines
}

// exampleHub is a GitHub with the repositories of the examples and the first issue and pull request of each.
func exampleHub(all []example) *simulate.GitHub {
	gh := simulate.NewGitHub(simulate.GitHubConfig{})
	known := map[string]bool{}
	for _, e := range all {
		name := e.event.Repo.FullName
		if name == "" || known[name] {
			continue
		}
		known[name] = true
		gh.AddRepository(simulate.RepositorySeed{FullName: name, ID: e.event.Repo.ID, DefaultBranch: e.event.Repo.DefaultBranch,
			Labels: []hls.Label{{Name: "bug", Description: "Something is broken"}}})
	}
	const hello = "Codertocat/Hello-World"
	gh.AddIssue(hello, simulate.IssueSeed{Number: 1, Title: "Spelling error in the README file", Author: "Codertocat", Body: "It looks like you misspelled commit."})
	gh.AddPullRequest(hello, simulate.PullRequestSeed{
		IssueSeed: simulate.IssueSeed{Number: 2, Title: "Update the README with new information.", Author: "Codertocat", Body: "It is high time."},
		Files:     []hls.File{{Filename: "main.go", Status: "modified", Patch: "@@ -1,2 +1,2 @@\n package main\n-var a = 1\n+var a = 2"}},
	})
	gh.AddCommit(hello, simulate.CommitSeed{Message: "First", Tag: "0.0.0", Age: 48 * time.Hour})
	gh.AddCommit(hello, simulate.CommitSeed{Message: "Second", Tag: "0.0.1"})
	gh.AddRelease(hello, simulate.ReleaseSeed{Tag: "0.0.0", Author: "Codertocat", Age: 48 * time.Hour})
	gh.AddRelease(hello, simulate.ReleaseSeed{ID: 17372790, Tag: "0.0.1", Author: "Codertocat"})
	return gh
}
