package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/record/sqlite"
	"hls/internal/simulate"
)

// TestScripts plays testdata/*.txtar: files, and lines that run hls against stand-ins and say what is to come of it.
// verbs lists the words that a line may begin with.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			newScript(t, archive.Files).play(string(archive.Comment))
		})
	}
}

// script is one file being played, in a folder and a world of its own.
type script struct {
	*testing.T
	dir      string
	github   *simulate.GitHub
	claude   *simulate.Claude
	vars     map[string]string // $NAME in lines and files
	code     int
	out, err string
	stop     func() // ends the running service; nil while there is none
}

func newScript(t *testing.T, files []txtar.File) *script {
	t.Helper()
	gh := simulate.NewGitHub(simulate.GitHubConfig{})
	gh.AddRepository(simulate.RepositorySeed{FullName: "acme/widget", Labels: []hls.Label{{Name: "bug"}}})
	gh.AddRepository(simulate.RepositorySeed{FullName: "acme/closed", Collaborators: map[string]string{"hls-bot": "write"}})
	ghURL, stopGH := gh.Start()
	cl := simulate.NewClaude(simulate.ClaudeConfig{})
	clURL, stopCL := cl.Start()
	t.Cleanup(stopGH)
	t.Cleanup(stopCL)
	s := &script{T: t, dir: t.TempDir(), github: gh, claude: cl}
	s.vars = map[string]string{"GITHUB": ghURL, "CLAUDE": clURL, "DIR": s.dir, "PORT": strconv.Itoa(freePort(t)), "SECRET": secret}
	for _, f := range files {
		path := filepath.Join(s.dir, f.Name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(s.expand(string(f.Data))), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *script) expand(text string) string {
	for name, value := range s.vars {
		text = strings.ReplaceAll(text, "$"+name, value)
	}
	return text
}

func (s *script) play(lines string) {
	s.Helper()
	for n, line := range strings.Split(lines, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		verb, rest, _ := strings.Cut(line, " ")
		do, known := s.verbs()[verb]
		if !known {
			s.Fatalf("line %d: unknown verb %q", n+1, verb)
		}
		if problem := do(strings.TrimSpace(s.expand(rest))); problem != "" {
			s.Fatalf("line %d: %s: %s\n--- code %d\n--- stdout\n%s--- stderr\n%s", n+1, line, problem, s.code, s.out, s.err)
		}
	}
	s.end("")
}

func (s *script) verbs() map[string]func(rest string) (problem string) {
	return map[string]func(string) string{
		"hls":     s.run, // runs a command with the settings of settings.yaml, unless it names others
		"code":    func(want string) string { return differ(fmt.Sprint(s.code), want) },
		"stdout":  func(want string) string { return match(s.out, want, true) }, // a regular expression
		"stderr":  func(want string) string { return match(s.err, want, true) },
		"!stdout": func(want string) string { return match(s.out, want, false) },
		"!stderr": func(want string) string { return match(s.err, want, false) },
		"hook":    s.hook,   // NAME URL: a webhook of acme/widget, whose id is $NAME
		"missed":  s.missed, // ID N EVENT: deliveries that nobody answered
		"hooks":   func(want string) string { return match(fmt.Sprintf("%+v", s.github.Hooks("acme/widget")), want, true) },
		"!hooks":  func(want string) string { return match(fmt.Sprintf("%+v", s.github.Hooks("acme/widget")), want, false) },
		"opened":  s.opened, // N TITLE: issues of acme/widget, opened two hours ago, that nobody was told of
		"fetched": s.fetched,
		"queued":  s.queued,
		"serve":   s.serve, // runs the service until the script ends, or stops it
		"stop":    s.end,
		"claude":  s.answer,  // MODE: how Claude answers from now on
		"asked":   s.asked,   // how often Claude was asked
		"deliver": s.deliver, // NAME: a new issue of acme/widget, whose delivery is $NAME
		"ends":    s.ends,    // ID STATE: what a delivery comes to, at the running service
		"writes":  func(want string) string { return differ(fmt.Sprint(len(s.github.Writes())), want) },
		"stats":   s.stats, // a regular expression of what the running service counts

		"idle":        s.idle,       // the running service has nothing left to do
		"taken-off":   s.takenOff,   // N LABEL: a person takes a label off an issue of acme/widget
		"passed-over": s.passedOver, // NAME: a delivery that no rule lets through, which is $NAME
	}
}

func differ(got, want string) string {
	if got == want {
		return ""
	}
	return "is " + got
}

func match(text, pattern string, want bool) string {
	if regexp.MustCompile("(?m)"+pattern).MatchString(text) != want {
		return "it does not hold of:\n" + text
	}
	return ""
}

func (s *script) run(rest string) string {
	args := strings.Fields(rest)
	if !slices.Contains(args, "--config") {
		args = append(args, "--config", filepath.Join(s.dir, "settings.yaml"))
	}
	s.code, s.out, s.err = command(s.T, args...)
	return ""
}

func (s *script) hook(rest string) string {
	name, url, _ := strings.Cut(rest, " ")
	s.vars[name] = fmt.Sprint(s.github.AddHook("acme/widget", url, secret))
	return ""
}

func (s *script) missed(rest string) string {
	var hook int64
	var n int
	var event string
	if _, err := fmt.Sscan(rest, &hook, &n, &event); err != nil {
		return err.Error()
	}
	for range n {
		issue := s.github.AddIssue("acme/widget", simulate.IssueSeed{Title: "Crash when saving", Author: "mona", Body: "The app panics."})
		payload := s.github.EventPayload("acme/widget", "created", "mona", map[string]any{"starred_at": nil})
		if event == "issues" {
			payload = s.github.IssuePayload("acme/widget", issue.Number, "opened", "mona", nil)
		}
		s.github.Log("acme/widget", hook, simulate.Delivery{Event: event, GUID: simulate.NewGUID(), Payload: payload}, 0)
	}
	return ""
}

func (s *script) opened(rest string) string {
	count, title, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(count)
	if err != nil {
		return err.Error()
	}
	for range n {
		s.github.AddIssue("acme/widget", simulate.IssueSeed{Title: title, Author: "mona", Body: "The app panics.", Age: 2 * time.Hour})
	}
	return ""
}

// fetched is how many deliveries were fetched from the logs.
func (s *script) fetched(want string) string {
	n := 0
	for _, c := range s.github.Calls() {
		if strings.Contains(c.Path, "/deliveries/") {
			n++
		}
	}
	return differ(fmt.Sprint(n), want)
}

// queued is how many tasks wait in the record, which no service may have open.
func (s *script) queued(want string) string {
	store, err := sqlite.Open(s.Context(), sqlite.Config{URL: "sqlite:" + filepath.Join(s.dir, "hls.db")})
	if err != nil {
		return err.Error()
	}
	defer func() { _ = store.Close() }()
	list, err := store.List(s.Context(), record.Query{State: hls.Queued})
	if err != nil {
		return err.Error()
	}
	return differ(fmt.Sprint(len(list)), want)
}

func (s *script) serve(string) string {
	ctx, cancel := context.WithCancel(s.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve", "--config", filepath.Join(s.dir, "settings.yaml")}, streams{strings.NewReader(""), &strings.Builder{}, &strings.Builder{}})
	}()
	s.stop = func() {
		cancel()
		if code := <-ended; code != exitDone {
			s.Errorf("the service ended with %d", code)
		}
	}
	eventually(s.T, func() bool {
		resp, err := http.Get("http://127.0.0.1:" + s.vars["PORT"] + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return ""
}

func (s *script) end(string) string {
	if s.stop != nil {
		s.stop()
	}
	s.stop = nil
	return ""
}

func (s *script) answer(mode string) string {
	s.claude.SetMode(simulate.Mode(mode))
	return ""
}

func (s *script) asked(want string) string { return differ(fmt.Sprint(len(s.claude.Calls())), want) }

func (s *script) deliver(name string) string {
	issue := s.github.AddIssue("acme/widget", simulate.IssueSeed{Title: "Crash when saving", Author: "mona", Body: "The app panics with a nil pointer."})
	d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: s.github.IssuePayload("acme/widget", issue.Number, "opened", "mona", nil)}
	s.vars[name] = d.GUID
	code, answer := send(s.T, "http://127.0.0.1:"+s.vars["PORT"], d)
	if code != http.StatusAccepted {
		return fmt.Sprint(code, answer)
	}
	return ""
}

func (s *script) takenOff(rest string) string {
	var n int
	var label string
	if _, err := fmt.Sscan(rest, &n, &label); err != nil {
		return err.Error()
	}
	s.github.RemoveLabelAs("acme/widget", n, "mona", label)
	d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: s.github.LabelPayload("acme/widget", n, "unlabeled", "mona", label)}
	code, answer := send(s.T, "http://127.0.0.1:"+s.vars["PORT"], d)
	return differ(fmt.Sprintf("%d %v", code, answer["status"]), "200 ignored")
}

func (s *script) passedOver(name string) string {
	d := simulate.Delivery{Event: "watch", GUID: simulate.NewGUID(), Payload: s.github.EventPayload("acme/widget", "started", "mona", nil)}
	s.vars[name] = d.GUID
	code, answer := send(s.T, "http://127.0.0.1:"+s.vars["PORT"], d)
	if code != http.StatusOK || answer["status"] != "ignored" {
		return fmt.Sprint(code, answer)
	}
	return ""
}

func (s *script) idle(string) string {
	at := service{"http://127.0.0.1:" + s.vars["PORT"], "a-token-of-the-scripts", quick}
	eventually(s.T, func() bool {
		var page struct {
			Queue struct{ Pending, Running int }
		}
		err := at.ask(s.Context(), request{http.MethodGet, "/stats", nil}, &page)
		return err == nil && page.Queue.Pending == 0 && page.Queue.Running == 0
	})
	return ""
}

func (s *script) stats(want string) string {
	var page json.RawMessage
	at := service{"http://127.0.0.1:" + s.vars["PORT"], "a-token-of-the-scripts", quick}
	if err := at.ask(s.Context(), request{http.MethodGet, "/stats", nil}, &page); err != nil {
		return err.Error()
	}
	return match(string(page), want, true)
}

func (s *script) ends(rest string) string {
	id, want, _ := strings.Cut(rest, " ")
	log := servedLog{service{"http://127.0.0.1:" + s.vars["PORT"], "a-token-of-the-scripts", quick}}
	var state hls.State
	eventually(s.T, func() bool {
		shown, err := log.Show(s.Context(), id)
		state = shown.State
		return err == nil && state != hls.Queued && state != hls.Running
	})
	return differ(string(state), want)
}
