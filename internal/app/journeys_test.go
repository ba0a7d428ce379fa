package app_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"hls/internal/hls"
	"hls/internal/simulate"
)

var update = flag.Bool("update", false, "write what happened into the journeys as what is wanted")

// TestJourneys plays every file of testdata/journeys: settings, the state of GitHub, Claude's answers and a script,
// against what was to happen. testdata/journeys/README.md explains the script.
func TestJourneys(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/journeys/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no journeys: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			play(t, file)
		})
	}
}

type journey struct {
	*service
	t       *testing.T
	files   map[string]string
	got     strings.Builder
	written int
	sent    []simulate.Delivery
	titles  map[string]string // by delivery id
	pending []string
}

func play(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	j := &journey{t: t, files: map[string]string{}, titles: map[string]string{}}
	for _, f := range archive.Files {
		j.files[f.Name] = string(f.Data)
	}
	gh := seed(t, j.files["github.json"])
	cl := simulate.NewClaude(simulate.ClaudeConfig{})
	if answer, ok := j.files["answer.json"]; ok {
		cl.SetAnswer(func(simulate.Request) string { return answer })
	}
	j.service = start(t, j.files["settings.yaml"], gh, cl)
	for _, line := range strings.Split(strings.TrimSpace(j.files["script"]), "\n") {
		j.step(line)
	}
	j.settle(nil)
	defer j.triedAgain()
	if *update {
		rewrite(t, file, archive, j.got.String())
		return
	}
	if want := j.files["want"]; j.got.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", j.got.String(), want)
	}
}

func rewrite(t *testing.T, file string, archive *txtar.Archive, got string) {
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
	archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(got)})
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// world is github.json: what is on GitHub before the script begins.
type world struct {
	Repository   simulate.RepositorySeed
	Accounts     []hls.Account
	Issues       []simulate.IssueSeed
	PullRequests []simulate.PullRequestSeed
}

func seed(t *testing.T, text string) *simulate.GitHub {
	t.Helper()
	var w world
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		t.Fatalf("github.json: %v", err)
	}
	gh := simulate.NewGitHub(simulate.GitHubConfig{})
	for _, a := range w.Accounts {
		gh.AddAccount(a)
	}
	gh.AddRepository(w.Repository)
	for _, i := range w.Issues {
		gh.AddIssue(w.Repository.FullName, i)
	}
	for _, p := range w.PullRequests {
		gh.AddPullRequest(w.Repository.FullName, p)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		t.Fatalf("github.json: %v", err)
	}
	for name, put := range seeds {
		if list, ok := members[name]; ok {
			put(t, gh, list)
		}
	}
	return gh
}

// seeds are the further members of github.json, each with what puts it into the repository.
var seeds = joined(happeningSeeds)

// steps are the words of the script: those of all, and each family's own.
var steps = joined(commonSteps, pushSteps, reviewSteps, commentSteps, happeningSteps, ciSteps, sweepSteps)

func joined[T any](tables ...map[string]T) map[string]T {
	all := map[string]T{}
	for _, table := range tables {
		maps.Copy(all, table)
	}
	return all
}

var commonSteps = map[string]func(*journey, []string){
	"deliver":   (*journey).deliver,
	"redeliver": (*journey).redeliver,
	"settle":    (*journey).settle,
	"answer": func(j *journey, w []string) {
		text := j.file(w[0])
		j.claude.SetAnswer(func(simulate.Request) string { return text })
	},
	"claude": func(j *journey, w []string) { j.claude.SetMode(simulate.Mode(w[0])) },
	"close":  func(j *journey, w []string) { j.github.CloseIssue(widgets, number(j.t, w[0])) },
	"reopen": func(j *journey, w []string) { j.github.ReopenIssue(widgets, number(j.t, w[0])) },
	"lock":   func(j *journey, w []string) { j.github.LockIssue(widgets, number(j.t, w[0])) },
	"delete": func(j *journey, w []string) { j.github.DeleteIssue(widgets, number(j.t, w[0])) },
	"edit": func(j *journey, w []string) {
		j.github.EditIssue(widgets, number(j.t, w[0]), j.github.Issue(widgets, number(j.t, w[0])).Title, j.file(w[1]))
	},
	"push":    (*journey).push,
	"label":   func(j *journey, w []string) { j.github.AddLabelAs(widgets, number(j.t, w[0]), w[3], w[1]) },
	"unlabel": func(j *journey, w []string) { j.github.RemoveLabelAs(widgets, number(j.t, w[0]), w[3], w[1]) },
}

func (j *journey) step(line string) {
	j.t.Helper()
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(words[0], "//") {
		return
	}
	do, ok := steps[words[0]]
	if !ok {
		j.t.Fatalf("script: %q is no step", line)
	}
	do(j, words[1:])
}

func (j *journey) file(name string) string {
	j.t.Helper()
	text, ok := j.files[name]
	if !ok {
		j.t.Fatalf("the journey has no file %s", name)
	}
	return text
}

func number(t *testing.T, word string) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimPrefix(word, "#"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// deliver EVENT.ACTION #N by LOGIN [changed NAME], or EVENT.ACTION FILE by LOGIN with the event's own members in FILE.
func (j *journey) deliver(w []string) {
	event, action, _ := strings.Cut(w[0], ".")
	changes := simulate.Change{}
	if len(w) > 5 {
		changes[w[5]] = "before"
	}
	n, own := 0, map[string]any{}
	if strings.HasPrefix(w[1], "#") {
		n = number(j.t, w[1])
	} else if err := json.Unmarshal([]byte(j.file(w[1])), &own); err != nil {
		j.t.Fatal(err)
	}
	d := simulate.Delivery{Event: event, GUID: simulate.NewGUID(), HookID: 1}
	switch made, ok := joined(payloads, ciPayloads)[event]; {
	case n == 0:
		d.Payload = j.github.EventPayload(widgets, action, w[3], own)
	case ok:
		d.Payload = made(j, about{n, action, w[3], changes})
	default:
		j.t.Fatalf("script: no payload for %s", event)
	}
	j.titles[d.GUID] = w[0] + " " + w[1]
	j.sent = append(j.sent, d)
	j.post(d)
}

// about is what an event of a script is about.
type about struct {
	number         int // of the issue, pull request, run, release, …
	action, sender string
	changes        simulate.Change
}

// payloads are the bodies of the events that a script names by a number.
var payloads = joined(commonPayloads, reviewPayloads, happeningPayloads)

var commonPayloads = map[string]func(*journey, about) []byte{
	"issues": func(j *journey, a about) []byte {
		return j.github.IssuePayload(widgets, a.number, a.action, a.sender, a.changes)
	},
	"pull_request": func(j *journey, a about) []byte {
		return j.github.PullRequestPayload(widgets, a.number, a.action, a.sender, a.changes)
	},
	"issue_comment": func(j *journey, a about) []byte {
		return j.github.CommentPayload(widgets, a.number, a.action, a.sender)
	},
}

func (j *journey) redeliver([]string) { j.post(j.sent[len(j.sent)-1]) }

func (j *journey) post(d simulate.Delivery) {
	code, answer := j.send(d)
	fmt.Fprintf(&j.got, "%s: %d %v", j.titles[d.GUID], code, answer["status"])
	if reason := answer["reason"]; reason != nil {
		fmt.Fprintf(&j.got, " (%v)", reason)
	}
	j.got.WriteByte('\n')
	if answer["status"] == "queued" {
		j.pending = append(j.pending, d.GUID)
	}
}

func (j *journey) push(w []string) {
	var files []hls.File
	if err := json.Unmarshal([]byte(j.file(w[1])), &files); err != nil {
		j.t.Fatal(err)
	}
	j.github.Push(widgets, number(j.t, w[0]), files)
}

// settle waits for what was delivered, and notes how each ended and what was written to GitHub meanwhile.
func (j *journey) settle([]string) {
	for _, guid := range j.pending {
		task := j.settled(guid)
		fmt.Fprintf(&j.got, "%s: %s", j.titles[guid], task.State)
		if task.Reason != "" {
			fmt.Fprintf(&j.got, " (%s)", task.Reason)
		}
		j.got.WriteByte('\n')
		j.dropped(task)
	}
	j.pending = nil
	writes := j.github.Writes()
	for _, w := range writes[j.written:] {
		fmt.Fprintf(&j.got, "%s %s\n%s", w.Method, w.Path, indented(j.t, w.Body))
	}
	j.written = len(writes)
}

func (j *journey) dropped(task hls.Task) {
	plan, err := j.app.Store().Plan(j.t.Context(), task.ID)
	if err != nil {
		return
	}
	for _, d := range plan.Dropped {
		fmt.Fprintf(&j.got, "  dropped %s: %s\n", d.What, d.Why)
	}
	if plan.Silent != "" {
		fmt.Fprintf(&j.got, "  silent: %s\n", plan.Silent)
	}
}

var (
	signature = regexp.MustCompile(`sig=\S+`)
	webPages  = regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)
	commitSHA = regexp.MustCompile(`\b[0-9a-f]{40}\b`)
	price     = regexp.MustCompile(`\b\d+\.\d{4} USD`)
	clock     = regexp.MustCompile(`\b\d{4}-\d\d-\d\d \d\d:\d\d UTC`)
)

// indented is a request's body as a person reads it: the members in order, texts with their lines.
func indented(t *testing.T, body string) string {
	if body == "" {
		return ""
	}
	var members map[string]any
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		t.Fatalf("body %q: %v", body, err)
	}
	var b strings.Builder
	for _, name := range slices.Sorted(mapKeys(members)) {
		text, isText := members[name].(string)
		if !isText {
			encoded, _ := json.MarshalIndent(members[name], "", "  ")
			text = string(encoded)
		}
		text = price.ReplaceAllString(clock.ReplaceAllString(text, "<time>"), "<price>")
		text = commitSHA.ReplaceAllString(signature.ReplaceAllString(webPages.ReplaceAllString(text, "https://github.example/"), "sig=…"), "<sha>")
		fmt.Fprintf(&b, "  %s:\n    %s\n", name, strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    "))
	}
	return b.String()
}

func mapKeys(m map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
