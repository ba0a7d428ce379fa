package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func freePort(t *testing.T) int {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// command runs hls in this process.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, streams{strings.NewReader(""), &out, &err})
	return code, out.String(), err.String()
}

func settingsFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheck(t *testing.T) {
	t.Setenv("GITHUB_TOKEN", "github-token")
	t.Setenv("GITHUB_WEBHOOK_SECRET", secret)
	t.Setenv("ANTHROPIC_API_KEY", "anthropic-key")
	code, out, errs := command(t, "check", "--config", settingsFile(t, seedSettings))
	if code != exitDone || !strings.Contains(out, "retired") {
		t.Errorf("the seed's settings: %d\n%s%s", code, out, errs)
	}
	path := settingsFile(t, strings.Replace(seedSettings, "webhook_path:", "webhok_path:", 1)+"processing: {debounce: soon}\n")
	code, out, _ = command(t, "check", "--config", path)
	if code != exitUsage {
		t.Errorf("a broken file: exit code %d", code)
	}
	for _, want := range []string{path + ":4:3: ", "webhook_path", path + ":22:24: ", "debounce"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out, secret) {
		t.Error("the report shows a secret")
	}
}

func TestCheckSchemaIsJSON(t *testing.T) {
	t.Parallel()
	code, out, _ := command(t, "check", "--schema")
	var schema map[string]any
	if err := json.Unmarshal([]byte(out), &schema); err != nil || code != exitDone || schema["$schema"] == nil {
		t.Errorf("%d %v", code, err)
	}
}

// The seed's template in an override folder appears in the prompt as it renders.
func TestRenderShowsThePrompt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "prompts", "issues"), 0o700); err != nil {
		t.Fatal(err)
	}
	template := "Title: {{ issue.title }}\nLabels: {{ issue.labels | map(attribute='name') | list }}\n"
	if err := os.WriteFile(filepath.Join(dir, "prompts", "issues", "analyze.j2"), []byte(template), 0o600); err != nil {
		t.Fatal(err)
	}
	payload := filepath.Join(dir, "payload.json")
	body := `{"action":"opened","issue":{"number":1,"title":"{{ 7*7 }} ${HOME} <% x %>","body":null,"state":"open","user":{"login":"mona","id":3},
		"labels":[{"name":"it's"}]},"repository":{"id":9,"name":"repo","full_name":"owner/repo"},"sender":{"login":"mona","id":3}}`
	if err := os.WriteFile(payload, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	path := settingsFile(t, "prompts: {base_dir: \""+filepath.Join(dir, "prompts")+"\"}\nrepositories: [{name: owner/repo}]\n")
	code, out, errs := command(t, "render", "issues.opened", "--payload", payload, "--config", path)
	if code != exitDone || !strings.Contains(out, "Title: {{ 7*7 }} ${HOME} <% x %>\nLabels: [\"it's\"]") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	if code, _, errs = command(t, "render", "issues.closed", "--payload", payload, "--config", path); code != exitUsage || !strings.Contains(errs, "opened") {
		t.Errorf("the wrong action: %d %s", code, errs)
	}
}

func TestUsageErrorsEndWithTwo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"nonsense"}, {"serve", "--nonsense"}, {"render"}, {"serve", "--config", "/nowhere/settings.yaml"}, {"demo", "--claude", "other"}} {
		if code, _, errs := command(t, args...); code != exitUsage || errs == "" {
			t.Errorf("hls %v: exit code %d, %q", args, code, errs)
		}
	}
	if code, out, _ := command(t, "--help"); code != exitDone || !strings.Contains(out, "serve") {
		t.Errorf("--help: %d %s", code, out)
	}
	if code, out, _ := command(t, "version", "--output", "json"); code != exitDone || !strings.Contains(out, `"version"`) {
		t.Errorf("version: %d %s", code, out)
	}
}

func TestDemoOnce(t *testing.T) {
	t.Parallel()
	code, out, errs := command(t, "demo", "--once")
	if code != exitDone || !strings.Contains(out, "0 not as they should be") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
}
