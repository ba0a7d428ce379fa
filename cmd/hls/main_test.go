package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hls/internal/hls"
	"hls/internal/simulate"
)

const (
	seedSettings = `server:
  host: "127.0.0.1"
  port: 8000
  webhook_path: "/webhook"
github:
  token: "${GITHUB_TOKEN}"
  webhook_secret: "${GITHUB_WEBHOOK_SECRET}"
claude:
  api_key: "${ANTHROPIC_API_KEY}"
  model: "claude-3-5-sonnet-20241022"
  max_tokens: 4000
repositories:
  - name: "owner/repo"
    enabled: true
    events: ["issues", "pull_request", "pull_request_review"]
features:
  signature_validation: true
  async_processing: true
logging:
  level: "INFO"
  format: "json"
`
	secret = "It's a Secret to Everybody"
	repo   = "owner/repo"
)

// TestMain lets the test binary be hls itself, so that a test can kill it.
func TestMain(m *testing.M) {
	if os.Getenv("HLS_TEST_AS_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is hls in a process of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	logs *bytes.Buffer
	url  string
}

func serve(t *testing.T, dir, settings string, port int, env ...string) *process {
	t.Helper()
	path := filepath.Join(dir, "settings.yaml")
	if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, logs: &bytes.Buffer{}, url: fmt.Sprintf("http://127.0.0.1:%d", port)}
	p.cmd = exec.Command(os.Args[0], "serve", "--config", path)
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), append(env, "HLS_TEST_AS_COMMAND=1", "GITHUB_TOKEN=github-token", "GITHUB_WEBHOOK_SECRET="+secret, "ANTHROPIC_API_KEY=anthropic-key")...)
	p.cmd.Stderr = p.logs
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _ = p.cmd.Process.Kill(); t.Failed() {
			t.Logf("log:\n%s", p.logs)
		}
	})
	eventually(t, func() bool {
		resp, err := http.Get(p.url + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return p
}

// end sends a signal and returns how the process ended.
func (p *process) end(s syscall.Signal) error {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
	return p.cmd.Wait()
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	within(t, 30*time.Second, ok)
}

func within(t *testing.T, limit time.Duration, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("it did not come true within %s", limit)
		}
		<-tick.C
	}
}

// world is a GitHub and a Claude stand-in, and settings that point at them.
func world(t *testing.T, port int) (*simulate.GitHub, *simulate.Claude, string) {
	t.Helper()
	gh := simulate.NewGitHub(simulate.GitHubConfig{})
	gh.AddRepository(simulate.RepositorySeed{FullName: repo, Labels: []hls.Label{{Name: "bug"}, {Name: "enhancement"}}})
	gh.AddIssue(repo, simulate.IssueSeed{Number: 1, Title: "Crash when saving", Author: "mona", Body: "The app panics with a nil pointer."})
	cl := simulate.NewClaude(simulate.ClaudeConfig{})
	ghURL, stopGH := gh.Start()
	clURL, stopCL := cl.Start()
	t.Cleanup(stopGH)
	t.Cleanup(stopCL)
	settings := strings.NewReplacer("port: 8000", fmt.Sprintf("port: %d", port), "github:\n", "github:\n  base_url: "+ghURL+"\n",
		"claude:\n", "claude:\n  base_url: "+clURL+"\n").Replace(seedSettings)
	return gh, cl, settings
}

func send(t *testing.T, url string, d simulate.Delivery) (int, map[string]any) {
	t.Helper()
	code, body, err := simulate.Send(context.Background(), url+"/webhook", secret, d)
	if err != nil {
		t.Fatal(err)
	}
	answer := map[string]any{}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatal(err)
	}
	return code, answer
}

// The seed's settings file starts the service, with a warning about its model, and a SIGTERM ends it with 0.
func TestSeedSettingsServe(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	gh, _, settings := world(t, port)
	p := serve(t, t.TempDir(), settings+"processing: {debounce: 0s}\n", port)
	code, answer := send(t, p.url, simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: gh.IssuePayload(repo, 1, "opened", "mona", nil)})
	if code != http.StatusAccepted || answer["status"] != "queued" || answer["repository"] != repo || answer["event_type"] != "issues" {
		t.Errorf("%d %v", code, answer)
	}
	eventually(t, func() bool { return len(gh.Labels(repo, 1)) > 0 })
	for _, path := range []string{"/health", "/stats"} {
		resp, err := http.Get(p.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("GET %s: %d", path, resp.StatusCode)
		}
	}
	if err := p.end(syscall.SIGTERM); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	if log := p.logs.String(); !strings.Contains(log, "retired") || !strings.Contains(log, "claude.model") {
		t.Errorf("no warning about the retired model:\n%s", log)
	}
}

// SIGHUP puts a new secret in force without an end of the process; a broken file leaves everything as it is.
func TestHangupReadsTheSettingsAgain(t *testing.T) {
	t.Parallel()
	port, dir := freePort(t), t.TempDir()
	_, _, settings := world(t, port)
	settings += "  file: hls.log\n"
	p := serve(t, dir, settings, port)
	logged := func(text string) bool {
		log, err := os.ReadFile(filepath.Join(dir, "hls.log"))
		return err == nil && strings.Contains(string(log), text)
	}
	ping := func(secret string) int {
		code, _, err := simulate.Send(t.Context(), p.url+"/webhook", secret, simulate.Delivery{Event: "ping", GUID: simulate.NewGUID(), Payload: []byte(`{"zen":"z","hook_id":1,"hook":{}}`)})
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	rewrite := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "settings.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	if code := ping(secret); code != http.StatusOK {
		t.Fatalf("before: %d", code)
	}
	rotated := strings.Replace(settings, "${GITHUB_WEBHOOK_SECRET}", "the secret after the rotation", 1)
	rewrite(rotated)
	eventually(t, func() bool { return ping("the secret after the rotation") == http.StatusOK })
	if code := ping(secret); code != http.StatusUnauthorized {
		t.Errorf("the old secret still counts: %d", code)
	}
	rewrite(strings.Replace(settings, "port:", "prot:", 1))
	eventually(t, func() bool { return logged("refused") && logged("did you mean port?") })
	if code := ping("the secret after the rotation"); code != http.StatusOK {
		t.Errorf("after a broken file: %d", code)
	}
	rewrite(rotated + "processing: {concurrency: 3}\n")
	eventually(t, func() bool { return logged(`"key":"processing.concurrency"`) })
	if err := p.end(syscall.SIGTERM); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// Killed between the 202 and the effects, HLS does them after the next start, once.
func TestE5_KilledBeforeTheEffects(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		hold   func(*simulate.GitHub, *simulate.Claude) // what keeps the effects from happening before the kill
		reach  func(url, guid string, c *simulate.Claude) bool
		loosen func(*simulate.GitHub, *simulate.Claude)
	}{
		{"while Claude thinks",
			func(_ *simulate.GitHub, c *simulate.Claude) { c.SetMode(simulate.Hang) },
			func(_, _ string, c *simulate.Claude) bool { return len(c.Calls()) > 0 },
			func(_ *simulate.GitHub, c *simulate.Claude) { c.SetMode(simulate.Good) }},
		{"after the label was sent, before the answer",
			func(g *simulate.GitHub, _ *simulate.Claude) {
				g.Fail(simulate.Fault{Method: http.MethodPost, PathGlob: "/repos/*/*/issues/*/labels", Kind: simulate.Delay, Wait: 3 * time.Second})
			},
			func(url, guid string, _ *simulate.Claude) bool {
				return strings.Contains(page(t, url+"/api/v1/deliveries/"+guid), `"sending"`)
			},
			func(g *simulate.GitHub, _ *simulate.Claude) { g.Heal() }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			port, dir := freePort(t), t.TempDir()
			gh, cl, settings := world(t, port)
			settings += "processing: {debounce: 0s}\n"
			tc.hold(gh, cl)
			p := serve(t, dir, settings, port)
			d := simulate.Delivery{Event: "issues", GUID: simulate.NewGUID(), Payload: gh.IssuePayload(repo, 1, "opened", "mona", nil)}
			if code, answer := send(t, p.url, d); code != http.StatusAccepted {
				t.Fatalf("%d %v", code, answer)
			}
			eventually(t, func() bool { return tc.reach(p.url, d.GUID, cl) })
			_ = p.end(syscall.SIGKILL)
			tc.loosen(gh, cl)

			p = serve(t, dir, settings, port)
			eventually(t, func() bool { return done(t, p.url) == 1 })
			if labels := gh.Labels(repo, 1); len(labels) != 1 || labels[0] != "bug" {
				t.Errorf("labels %v", labels)
			}
			if n := len(gh.Comments(repo, 1)); n > 1 {
				t.Errorf("%d comments", n)
			}
			if code, answer := send(t, p.url, d); code != http.StatusOK || answer["status"] != "duplicate" {
				t.Errorf("redelivered: %d %v", code, answer)
			}
			_ = p.end(syscall.SIGTERM)
		})
	}
}

func done(t *testing.T, url string) float64 {
	var stats struct {
		Outcomes map[string]float64 `json:"outcomes"`
	}
	if err := json.Unmarshal([]byte(page(t, url+"/stats")), &stats); err != nil {
		t.Fatal(err)
	}
	return stats.Outcomes["done"]
}

func page(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
