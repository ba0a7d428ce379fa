package main

import (
	"bytes"
	"context"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

// seat is a terminal in which a demo runs, and another beside it, in which the examples are pasted.
type seat struct {
	*testing.T
	dir string
	env []string
}

// patience is how long one example may take on a machine that has much else to do.
const patience = 5 * time.Minute

// lines are what a process prints, to be looked at while it runs.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// newSeat has hls on its PATH, which is this test's program, and a demo running.
func newSeat(t *testing.T) *seat {
	t.Helper()
	dir, bin := t.TempDir(), t.TempDir()
	if err := os.Symlink(os.Args[0], filepath.Join(bin, "hls")); err != nil {
		t.Fatal(err)
	}
	s := &seat{T: t, dir: dir, env: append(os.Environ(), "HLS_TEST_AS_COMMAND=1", "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+dir, "TMPDIR="+dir)}
	demo, said := s.start("exec hls demo")
	t.Cleanup(func() {
		_ = demo.Process.Signal(syscall.SIGTERM)
		if err := demo.Wait(); err != nil {
			t.Errorf("the demo ended with %v\n%s", err, said)
		}
	})
	hint := regexp.MustCompile(`(?m)^  export (HLS_CONFIG=\S+)$`)
	within(t, patience, func() bool { return hint.MatchString(said.String()) })
	s.env = append(s.env, hint.FindStringSubmatch(said.String())[1])
	return s
}

func (s *seat) start(line string) (*exec.Cmd, *lines) {
	s.Helper()
	cmd, out := exec.Command("sh", "-c", line), &lines{}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, s.env, out, out
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	return cmd, out
}

// paste runs a line as a person would, who does what the command waits for.
func (s *seat) paste(line string) {
	s.Helper()
	line = strings.Replace(line, "hls serve", "exec hls serve", 1) // So that the signal is the service's.
	cmd, out := s.start(line)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	switch {
	case strings.Contains(line, "hls serve"):
		within(s.T, patience, func() bool { return strings.Contains(out.String(), `"msg":"listening"`) })
		_ = cmd.Process.Signal(syscall.SIGTERM)
	case strings.Contains(line, "init --app "):
		page := regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)
		within(s.T, patience, func() bool { return page.MatchString(out.String()) })
		if code, text := browse(s.Context(), page.FindString(out.String())); code != http.StatusOK {
			s.Errorf("%s: the browser came back to %d\n%s", line, code, text)
		}
	}
	select {
	case err := <-ended:
		if err != nil {
			s.Errorf("%s: %v\n%s", line, err, out)
		}
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		s.Errorf("%s does not end\n%s", line, out)
	}
}

var (
	formAction   = regexp.MustCompile(`action="([^"]*)"`)
	formManifest = regexp.MustCompile(`name="manifest" value="([^"]*)"`)
)

// browse opens a page and presses its button.
func browse(ctx context.Context, address string) (code int, text string) {
	get := func(r *http.Request, err error) (int, string) {
		if err != nil {
			return 0, err.Error()
		}
		r.Header.Set("User-Agent", "a browser")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return 0, err.Error()
		}
		defer func() { _ = resp.Body.Close() }()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	code, text = get(http.NewRequestWithContext(ctx, http.MethodGet, address, nil))
	action, manifest := formAction.FindStringSubmatch(text), formManifest.FindStringSubmatch(text)
	if action == nil || manifest == nil {
		return code, "no form: " + text
	}
	form := url.Values{"manifest": {html.UnescapeString(manifest[1])}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, html.UnescapeString(action[1]), strings.NewReader(form.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return get(r, err)
}

// Every example in the help of every command works when it is pasted after hls demo is running.
func TestExamplesWorkBesideTheDemo(t *testing.T) {
	t.Parallel()
	parser, err := newParser(&commands{}, streams{strings.NewReader(""), io.Discard, io.Discard}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	s := newSeat(t)
	pasted := 0
	for _, command := range parser.Model.Leaves(false) {
		lines := examples(command)
		if len(lines) == 0 {
			t.Errorf("%s --help has no example", command.FullPath())
		}
		for _, line := range lines {
			if !strings.Contains(line+" ", command.FullPath()+" ") {
				t.Errorf("%s --help: %q is no example of it", command.FullPath(), line)
			}
			began := time.Now()
			s.paste(line)
			t.Logf("%6s  %s", time.Since(began).Round(10*time.Millisecond), line)
			pasted++
		}
	}
	if pasted < 40 {
		t.Errorf("only %d examples: the test is not reading the help", pasted)
	}
	each(parser.Model.Node, func(command *kong.Node) {
		if !strings.Contains(command.Detail, "Example:\n  ") {
			t.Errorf("%s --help shows no example", command.FullPath())
		}
	})
}

func each(node *kong.Node, do func(*kong.Node)) {
	for _, child := range node.Children {
		do(child)
		each(child, do)
	}
}
