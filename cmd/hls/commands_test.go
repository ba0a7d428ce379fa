package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hls/internal/app/attack"
	"hls/internal/config"
	"hls/internal/record/sqlite"
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

// fit are settings that need nothing from the environment, with a database in a folder of their own.
func fit(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("server: {port: %d}\ngithub: {token: t, webhook_secret: a test secret}\nclaude: {api_key: k, budget: {daily_usd: 5}}\n"+
		"storage: {url: 'sqlite:%s'}\nrepositories: [{name: a/b}]\n", freePort(t), filepath.Join(t.TempDir(), "hls.db"))
}

func TestCheckReport(t *testing.T) {
	t.Parallel()
	type report struct{ Findings []finding }
	for name, c := range map[string]struct {
		text     string
		code     int
		findings int
		errs     string
	}{
		"none": {fit(t), exitDone, 0, ""},
		"one":  {fit(t) + "prompts: {base_dir: /nowhere}\n", exitUsage, 1, "1 problem\n"},
		"two":  {fit(t) + "prompts: {base_dir: /nowhere}\nlogging: {file: /nowhere/hls.log}\n", exitUsage, 2, "2 problems\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := settingsFile(t, c.text)
			code, out, errs := command(t, "check", "--output", "json", "--config", path)
			var r report
			if err := json.Unmarshal([]byte(out), &r); err != nil || r.Findings == nil {
				t.Errorf("no list of findings: %v\n%s", err, out)
			}
			if code != c.code || len(r.Findings) != c.findings || !strings.HasSuffix(errs, c.errs) {
				t.Errorf("exit code %d\n%s%s", code, out, errs)
			}
		})
	}
	path := settingsFile(t, fit(t))
	if code, out, _ := command(t, "check", "--config", path); code != exitDone || out != path+": fine\n" {
		t.Errorf("%d %q", code, out)
	}
}

// What a template misses in its sample event is told with its place, and does not keep HLS from starting.
func TestCheckTellsOfMissingValues(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "issues"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "issues", "analyze.j2"), []byte("Title:\n{{ issue.titel | fence('title') }}\n{% for l in issue.lables %}{{ l }}{% endfor %}"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := command(t, "check", "--config", settingsFile(t, fit(t)+"prompts: {base_dir: "+dir+"}\n"))
	file := filepath.Join(dir, "issues", "analyze.j2")
	for _, want := range []string{file + ":2:4: warning: issue.titel is undefined in the sample event issues.opened", file + ":3:13: warning: issue.lables is undefined"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if code != exitDone {
		t.Errorf("exit code %d\n%s", code, errs)
	}
}

// A database that a newer version has written is left alone, and so is one that this version has no door to.
func TestO4_StoreThatCannotBeUsed(t *testing.T) {
	newer := filepath.Join(t.TempDir(), "hls.db")
	store, err := sqlite.Open(t.Context(), sqlite.Config{URL: "sqlite:" + newer})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+newer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"sqlite:" + newer:                    "newer schema",
		"postgres://db.invalid/x?sslmode=no": "(sslmode is invalid); the environment variable HLS_DATABASE_URL gives it",
	} {
		t.Setenv("HLS_DATABASE_URL", url)
		path := settingsFile(t, fit(t))
		for _, name := range []string{"check", "serve"} {
			code, out, errs := command(t, name, "--config", path)
			if code != exitUsage || !strings.Contains(out+errs, want) {
				t.Errorf("hls %s on %s: exit code %d\n%s%s", name, url, code, out, errs)
			}
		}
	}
}

func TestHelpShowsDefaultsAndChoices(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"check", "render", "version", "demo"} {
		code, out, _ := command(t, name, "--help")
		if out = strings.Join(strings.Fields(out), " "); code != exitDone || !strings.Contains(out, "(default: config/settings.yaml)") || !strings.Contains(out, "--output=text|json") {
			t.Errorf("hls %s --help: %d\n%s", name, code, out)
		}
	}
}

// Only the default file may be missing: one that was named was meant.
func TestRenderWantsTheNamedFile(t *testing.T) {
	t.Chdir(t.TempDir())
	payload, err := filepath.Abs("payload.json")
	if err != nil {
		t.Fatal(err)
	}
	body := `{"action":"opened","issue":{"number":1,"title":"x","state":"open","user":{"login":"mona","id":3}},
		"repository":{"id":9,"name":"repo","full_name":"owner/repo"},"sender":{"login":"mona","id":3}}`
	if err := os.WriteFile(payload, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := command(t, "render", "issues.opened", "--payload", payload); code != exitDone {
		t.Errorf("without a file: %d %s", code, errs)
	}
	for _, named := range []string{"nope.yaml", config.DefaultPath} {
		code, _, errs := command(t, "render", "issues.opened", "--payload", payload, "--config", named)
		if code != exitUsage || !strings.Contains(errs, named) {
			t.Errorf("--config %s: %d %s", named, code, errs)
		}
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

// A prompt is shown so that no terminal obeys what the event, or a template, has in it.
func TestRenderShowsThePromptPlainly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "prompts", "issues"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"system.j2": "Judge\x1b[2J it\u202e.\n", "analyze.j2": "Title: {{ issue.title }}\x7f\n"} {
		if err := os.WriteFile(filepath.Join(dir, "prompts", "issues", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	payload := filepath.Join(dir, "payload.json")
	body := `{"action":"opened","issue":{"number":1,"title":"bad\rgood\u001b[2J","body":null,"state":"open","user":{"login":"mona","id":3},"labels":[]},
		"repository":{"id":9,"name":"repo","full_name":"owner/repo"},"sender":{"login":"mona","id":3}}`
	if err := os.WriteFile(payload, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	path := settingsFile(t, "prompts: {base_dir: \""+filepath.Join(dir, "prompts")+"\"}\nrepositories: [{name: owner/repo}]\n")
	for output, want := range map[string][]string{
		"text": {`Judge\u{1b}[2J it\u{202e}.`, `Title: bad\rgood\u{1b}[2J\u{7f}`},
		"json": {`Judge\u001b[2J it\u202e.`, `Title: bad\rgood\\u{1b}[2J\\u{7f}`},
	} {
		code, out, errs := command(t, "render", "issues.opened", "--payload", payload, "--config", path, "--output", output)
		if code != exitDone || obeyed(out) {
			t.Errorf("%s: %d\n%q%s", output, code, out, errs)
		}
		for _, text := range want {
			if !strings.Contains(out, text) {
				t.Errorf("%s: no %s in\n%q", output, text, out)
			}
		}
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
	if strings.Contains(out+errs, "hls-demo-") {
		t.Errorf("it names a file that is gone:\n%s%s", out, errs)
	}
}

func TestDemoPrintsJSON(t *testing.T) {
	t.Parallel()
	code, out, errs := command(t, "demo", "--once", "--output", "json")
	var report struct {
		Deliveries []struct{ Delivery, Answer string }
		Problems   []string
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != exitDone {
		t.Fatalf("%d %v\n%s%s", code, err, out, errs)
	}
	if len(report.Deliveries) < 12 || report.Problems == nil || len(report.Problems) > 0 {
		t.Errorf("report %+v", report)
	}
}

func TestAttackPrintsATable(t *testing.T) {
	t.Parallel()
	path := settingsFile(t, "repositories: [{name: owner/*}, {name: owner/repo}]\n")
	code, out, errs := command(t, "attack", "--field", "account.login", "--config", path)
	if code != exitDone || !strings.Contains(out, "account.login  issues") || !strings.Contains(out, "103 tried, 0 effects outside") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	code, out, _ = command(t, "attack", "owner/other", "--field", "wiki.page", "--output", "json", "--config", path)
	var reports []attack.Report
	if err := json.Unmarshal([]byte(out), &reports); code != exitDone || err != nil || len(reports) != 1 || reports[0].Repository != "owner/other" {
		t.Errorf("as JSON: %d, %v\n%s", code, err, out)
	}
	for _, args := range [][]string{{"attack", "--field", "nonsense"}, {"attack", "nobody/knows"}, {"attack", "--real"}} {
		if code, _, errs := command(t, append(args, "--config", path)...); code != exitUsage || errs == "" {
			t.Errorf("hls %v: exit code %d, %q", args, code, errs)
		}
	}
}
