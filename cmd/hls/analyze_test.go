package main

import (
	"encoding/json"
	"strings"
	"testing"

	"hls/internal/app"
	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/simulate"
)

const crashes = "The cart crashes with an exception when it is empty."

// subjects are what there is to analyze, of a repository that the settings name and of one that they do not.
func subjects(gh *simulate.GitHub) {
	for _, repo := range []string{"acme/named", "acme/other"} {
		gh.AddRepository(simulate.RepositorySeed{FullName: repo, Labels: []hls.Label{{Name: "bug"}, {Name: "question"}}})
		gh.AddIssue(repo, simulate.IssueSeed{Title: "Crash of the empty cart", Body: crashes, Author: "nora"})
		gh.AddPullRequest(repo, simulate.PullRequestSeed{
			IssueSeed: simulate.IssueSeed{Title: "Add a cache", Author: "nora"},
			Files:     []hls.File{{Filename: "cache.go", Status: "added", Patch: "@@ -0,0 +1,2 @@\n+package cache\n+func Open(path string) { _ = os.Remove(path) }"}},
		})
		gh.AddIssue(repo, simulate.IssueSeed{Title: "Old crash", Body: crashes, Author: "nora", Closed: true})
	}
}

const analyzeSettings = `
server: {host: 127.0.0.1, port: $PORT, admin_token: a-token-of-the-scripts}
github: {base_url: "$GITHUB", token: a-token, webhook_secret: "$SECRET"}
claude: {base_url: "$CLAUDE", api_key: a-key, budget: {daily_usd: 50}}
storage: {url: "sqlite:$DIR/hls.db"}
processing: {debounce: 0s}
repositories: [{name: acme/named}]
`

func newSubjects(t *testing.T) *past {
	t.Helper()
	p := newPast(t)
	subjects(p.github)
	p.write(analyzeSettings)
	return p
}

func (p *past) analyze(want int, args ...string) (told app.Analyzed) {
	p.Helper()
	if code := p.run(p.Context(), append([]string{"analyze", "--output", "json"}, args...)...); code != want {
		p.Fatalf("exit code %d: %s", code, p.err)
	}
	if want == exitDone {
		if err := json.Unmarshal([]byte(p.out), &told); err != nil {
			p.Fatal(err)
		}
	}
	return told
}

// A public repository needs a key of the Anthropic API, and neither settings nor a token. Then nothing is written, whether a dry
// run was asked for or not.
func TestAnalyzeNeedsNothingButAKey(t *testing.T) { //nolint:paralleltest // It sets variables of the environment.
	gh := simulate.NewGitHub(simulate.GitHubConfig{Anonymous: true})
	subjects(gh)
	ghURL, stopGH := gh.Start()
	cl := simulate.NewClaude(simulate.ClaudeConfig{Key: "the-only-key-of-this-test"})
	clURL, stopCL := cl.Start()
	defer stopGH()
	defer stopCL()
	t.Chdir(t.TempDir())
	for name, value := range map[string]string{
		"ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": clURL, "GITHUB_API_URL": ghURL, "GITHUB_TOKEN": "", "HLS_CONFIG": "", "HLS_DATABASE_URL": "",
	} {
		t.Setenv(name, value)
	}
	hls := func(args ...string) (int, string, string) {
		var out, errs strings.Builder
		code := run(t.Context(), args, streams{strings.NewReader(""), &out, &errs})
		return code, out.String(), errs.String()
	}
	if code, _, told := hls("analyze", "acme/other#1"); code != exitUsage || !strings.Contains(told, "set ANTHROPIC_API_KEY") {
		t.Errorf("without a key: %d %s", code, told)
	}
	t.Setenv("ANTHROPIC_API_KEY", "the-only-key-of-this-test")
	for _, args := range [][]string{{"analyze", "acme/other#1", "--dry-run"}, {"analyze", "acme/other#1"}, {"analyze", "acme/other#2"}} {
		code, out, errs := hls(args...)
		if code != exitDone || !strings.Contains(out, "--- user (") || !strings.Contains(out, "--- analysis (claude-") || !strings.Contains(out, "planned") {
			t.Errorf("%v: %d\n%s%s", args, code, out, errs)
		}
		forced := strings.Contains(out, "this was a dry run: without a token")
		if forced != (len(args) == 2) {
			t.Errorf("%v: says that it was a dry run: %t", args, forced)
		}
	}
	if writes := gh.Writes(); len(writes) != 0 || len(cl.Calls()) != 3 {
		t.Errorf("%d writes, %d questions", len(writes), len(cl.Calls()))
	}
}

// With settings and a token what follows is done, as a task of its own, however often: the one comment is the same, and no
// label is set twice.
func TestAnalyzeDoesWhatFollows(t *testing.T) {
	t.Parallel()
	p := newSubjects(t)
	dry := p.analyze(exitDone, "acme/named#1", "--dry-run")
	if !dry.DryRun || dry.Plan == nil || len(dry.Plan.Effects) != 2 || !strings.Contains(dry.Prompt.User, crashes) || len(p.github.Writes()) != 0 {
		t.Errorf("a dry run: %+v", dry)
	}
	p.opened(func(s record.Store) {
		if list, err := s.List(t.Context(), record.Query{}); len(list) != 0 || err != nil {
			t.Errorf("a dry run leaves %d tasks, %v", len(list), err)
		}
	})
	for round := range 2 {
		told := p.analyze(exitDone, "acme/named#1")
		if told.DryRun || told.Outcome != hls.Done || len(told.Effects) != len(dry.Plan.Effects)-round || told.TaskID == 0 {
			t.Errorf("round %d: %+v", round, told)
		}
		labels, comments := p.github.Labels("acme/named", 1), p.github.Comments("acme/named", 1)
		if len(labels) != 1 || labels[0] != "bug" || len(comments) != 1 {
			t.Errorf("round %d: labels %v, comments %v", round, labels, comments)
		}
	}
	p.opened(func(s record.Store) {
		list, err := s.List(t.Context(), record.Query{})
		if err != nil || len(list) != 2 || list[0].Task.Origin != hls.FromAnalyze || list[0].Task.Subject.String() != "acme/named#1" {
			t.Errorf("%+v, %v", list, err)
		}
	})
	for subject, want := range map[string]string{"acme/named#3": "closed", "acme/named#2": ""} {
		if told := p.analyze(exitDone, subject, "--dry-run"); told.Ended != want {
			t.Errorf("%s: %+v", subject, told)
		}
	}
	before := len(p.github.Writes())
	told := p.analyze(exitDone, "acme/other#1")
	if !told.DryRun || len(told.Notes) != 1 || !strings.Contains(told.Notes[0], "no entry of repositories") || len(p.github.Writes()) != before {
		t.Errorf("a repository that is not named: %+v", told)
	}
	p.analyze(exitUsage, "acme/named")
	p.analyze(exitUsage, "acme/named#1", "--model", "claude-opus-5-5")
	p.analyze(exitFailed, "acme/named#99", "--dry-run")
}

// While the service has the database to itself it does the work, and pays.
func TestAnalyzeByTheService(t *testing.T) {
	t.Parallel()
	p := newSubjects(t)
	p.serve("")
	dry := p.analyze(exitDone, "acme/named#1", "--dry-run")
	if dry.Plan == nil || len(dry.Plan.Effects) != 2 || len(p.github.Writes()) != 0 {
		t.Errorf("a dry run: %+v", dry)
	}
	told := p.analyze(exitDone, "acme/named#1")
	if told.Outcome != hls.Done || len(told.Effects) != 2 || told.Plan == nil || len(p.github.Writes()) == 0 {
		t.Errorf("%+v", told)
	}
	p.end("")
	if stats := p.spend(); stats.Tallies["aside_calls/analyze"] != 1 || stats.Calls != 2 || stats.Outcomes["done"] != 1 {
		t.Errorf("%v, %d calls, %v", stats.Tallies, stats.Calls, stats.Outcomes)
	}
}

// One task is worked on, and no other that waits.
func TestAnalyzeLeavesOtherWorkAlone(t *testing.T) {
	t.Parallel()
	p := newSubjects(t)
	p.opened(func(s record.Store) {
		d := hls.Delivery{ID: "waits", Event: "issues", Repo: "acme/named", Body: []byte(`{}`), Hash: [32]byte{1}}
		work := record.NewTask{Subject: hls.Subject{RepoID: 1, Repo: "acme/named", Kind: hls.KindIssue, Number: 77}, Purpose: "triage", Event: "issues"}
		if _, err := s.Add(t.Context(), record.Intake{Delivery: d, Work: &work}); err != nil {
			t.Fatal(err)
		}
	})
	if told := p.analyze(exitDone, "acme/named#1"); told.Outcome != hls.Done {
		t.Errorf("%+v", told)
	}
	p.opened(func(s record.Store) {
		task, err := s.TaskOf(t.Context(), "waits")
		if err != nil || task.State != hls.Queued || task.Attempt != 0 {
			t.Errorf("%+v, %v", task, err)
		}
	})
}
