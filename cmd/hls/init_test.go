package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hls/internal/app/setup"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/simulate"
)

// bare is an environment without any of the variables that settings name.
func bare(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"GITHUB_TOKEN", "GITHUB_WEBHOOK_SECRET", "ANTHROPIC_API_KEY", "HLS_ADMIN_TOKEN", "HLS_CONFIG", "HLS_DATABASE_URL"} {
		t.Setenv(name, "")
		_ = os.Unsetenv(name)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	return dir
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// What init writes is what the service starts with, once the two secrets are there that are not its own to make. None is
// printed, none stands in the settings, and nobody else can read them.
func TestS1_InitWritesSettingsWithoutSecrets(t *testing.T) {
	bare(t)
	code, out, errs := command(t, "init", "--repo", "acme/widget", "--repo", "acme/*", "--public-url", "https://hls.example.com/")
	if code != exitDone {
		t.Fatalf("%d\n%s%s", code, out, errs)
	}
	if !strings.Contains(out, "GITHUB_TOKEN is not set") || !strings.Contains(out, "hls hooks install acme/widget\n") || !strings.Contains(out, "hls check --online\n") {
		t.Errorf("it tells what is next:\n%s", out)
	}
	values, err := config.ReadEnv("config/.env")
	if err != nil || len(values["GITHUB_WEBHOOK_SECRET"]) != 64 || len(values["HLS_ADMIN_TOKEN"]) != 64 {
		t.Fatalf("%v, %v", values, err)
	}
	text, err := os.ReadFile("config/settings.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range values {
		if strings.Contains(out+errs+string(text), secret) {
			t.Error("a secret is printed, or stands in the settings")
		}
	}
	if mode(t, "config/.env") != 0o600 || mode(t, "config/settings.yaml") != 0o600 {
		t.Error("others can read it")
	}
	t.Setenv("GITHUB_TOKEN", "a-token")
	t.Setenv("ANTHROPIC_API_KEY", "a-key")
	code, out, errs = command(t, "check")
	if code != exitDone {
		t.Errorf("hls check: %d\n%s%s", code, out, errs)
	}
	s, err := config.Load("config/settings.yaml", config.Options{})
	if err != nil || s.Repositories[0].Mode != "shadow" || s.Repositories[1].Name != "acme/*" || s.Server.PublicURL != "https://hls.example.com" {
		t.Errorf("%+v, %v", s, err)
	}
	if code, _, errs := command(t, "init", "--repo", "acme/other"); code != exitUsage || !strings.Contains(errs, "--force") {
		t.Errorf("over settings that there are: %d %s", code, errs)
	}
	if code, out, _ := command(t, "init", "--repo", "acme/other", "--force", "--show-secret"); code != exitDone || !strings.Contains(out, values["GITHUB_WEBHOOK_SECRET"]) {
		t.Errorf("with --force the secret stays, and is shown when asked for: %d %s", code, out)
	}
}

func TestInitRefusesWhatCannotBe(t *testing.T) {
	bare(t)
	for want, args := range map[string][]string{
		"--repo: want a repository": {"init"},
		"--repo acme":               {"init", "--repo", "acme"},
		"--storage":                 {"init", "--repo", "a/b", "--storage", "mysql://x"},
		"where %25 is %":            {"init", "--repo", "a/b", "--storage", "postgres://hls:pa%ss@db/hls"},
		"--public-url":              {"init", "--repo", "a/b", "--public-url", "hls.example.com"},
		"--token-env":               {"init", "--repo", "a/b", "--token-env", "${X}"},
		"an App needs the address":  {"init", "--repo", "a/b", "--app"},
		"--org":                     {"init", "--repo", "a/b", "--app", "--public-url", "https://h.example", "--org", "a b"},
		"--mode":                    {"init", "--repo", "a/b", "--mode", "yolo"},
	} {
		if code, _, errs := command(t, args...); code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("hls %v: %d, no %q in %s", args, code, want, errs)
		}
	}
	if left, _ := filepath.Glob("*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// The password of a database goes where the other secrets are.
func TestS1_InitKeepsTheDatabasesPasswordApart(t *testing.T) {
	bare(t)
	for _, url := range []string{
		"postgres://hls:a-long-password@db.example/hls", "postgresql://db.example/hls?user=hls&password=a-long-password", "postgres://db.example/hls",
	} {
		code, out, errs := command(t, "init", "--repo", "a/b", "--storage", url, "--output", "json", "--force")
		if code != exitDone || strings.Contains(out+errs, "a-long-password") {
			t.Fatalf("%d\n%s%s", code, out, errs)
		}
		text, err := os.ReadFile("config/settings.yaml")
		if err != nil || strings.Contains(string(text), "a-long-password") || !strings.Contains(string(text), "${HLS_DATABASE_URL}") {
			t.Errorf("%s%v", text, err)
		}
		s, err := config.Load("config/settings.yaml", config.Options{Need: config.NeedStorage})
		if err != nil || s.Storage.URL != url {
			t.Errorf("%v", err)
		}
	}
	for _, url := range []string{"postgres://hls:a-long-pa%ssword@db.example/hls", "postgres://hls:a-long-pa'ssword@db.example/hls"} {
		code, out, errs := command(t, "init", "--repo", "a/b", "--storage", url, "--out", "other/settings.yaml")
		if code != exitUsage || !strings.Contains(errs, "--storage") || strings.Contains(out+errs, "a-long-pa") {
			t.Errorf("an address that cannot be read: %d\n%s%s", code, out, errs)
		}
	}
}

// What init tells is what HLS will use: the environment goes before what init writes, and the address of a database
// before the settings.
func TestInitTellsWhichValuesCount(t *testing.T) {
	bare(t)
	overridden := func(want string, args ...string) {
		t.Helper()
		code, out, errs := command(t, append([]string{"init", "--repo", "a/b", "--force", "--output", "json"}, args...)...)
		var told made
		if err := json.Unmarshal([]byte(out), &told); err != nil || code != exitDone || strings.Join(told.Overridden, " ") != want {
			t.Errorf("hls init %v: %d, %v, want %q\n%s%s", args, code, err, want, out, errs)
		}
	}
	overridden("", "--secret", "the-secret-that-was-given", "--storage", "postgres://db.example/hls")
	overridden("HLS_DATABASE_URL", "--storage", "sqlite:hls.db")
	t.Setenv("GITHUB_WEBHOOK_SECRET", "the-secret-that-was-given")
	t.Setenv("HLS_DATABASE_URL", "postgres://db.example/hls")
	overridden("", "--secret", "the-secret-that-was-given", "--storage", "postgres://db.example/hls")
	t.Setenv("GITHUB_WEBHOOK_SECRET", "the-secret-of-the-environment")
	t.Setenv("HLS_DATABASE_URL", "")
	overridden("GITHUB_WEBHOOK_SECRET HLS_DATABASE_URL", "--secret", "the-secret-that-was-given", "--storage", "postgres://db.example/hls")
	overridden("")

	code, out, errs := command(t, "init", "--repo", "a/b", "--force", "--secret", "the-secret-that-was-given", "--show-secret")
	if code != exitDone || !strings.Contains(out, "\n  GITHUB_WEBHOOK_SECRET in the environment\n") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	s, err := config.Load("config/settings.yaml", config.Options{Need: config.NeedWebhooks})
	if err != nil {
		t.Fatal(err)
	}
	shown := "Secret of the webhook: " + s.GitHub.WebhookSecret[0].Reveal() + "\n"
	if !strings.Contains(out, shown) || strings.Contains(out, "the-secret-that-was-given") {
		t.Errorf("no %q in\n%s", shown, out)
	}
}

func TestQuestions(t *testing.T) {
	bare(t)
	t.Setenv("ANTHROPIC_API_KEY", "there already")
	var out bytes.Buffer
	hidden := 0
	q := &questions{
		in: bufio.NewReader(strings.NewReader("acme/widget, acme/gadget\n\nhttps://hls.example.com\n")), out: &out,
		hidden: func(context.Context) (string, error) { hidden++; return "typed-token ", nil },
	}
	k, secrets := initCmd{Mode: "shadow", TokenEnv: "GITHUB_TOKEN"}, map[string]hls.Secret{}
	if err := q.ask(t.Context(), &k, secrets, nil); err != nil {
		t.Fatal(err)
	}
	if strings.Join(k.Repo, " ") != "acme/widget acme/gadget" || k.Mode != "shadow" || k.PublicURL != "https://hls.example.com" {
		t.Errorf("%+v", k)
	}
	if hidden != 1 || secrets["GITHUB_TOKEN"] != "typed-token" || strings.Contains(out.String(), "typed-token") {
		t.Errorf("secrets %v, asked %d times:\n%s", len(secrets), hidden, out.String())
	}
	q.in = bufio.NewReader(strings.NewReader(""))
	if err := q.ask(t.Context(), &initCmd{TokenEnv: "GITHUB_TOKEN"}, secrets, nil); err == nil {
		t.Error("no answer was taken for one")
	}
}

// An App is made by a browser that goes to GitHub and back, and what init leaves behind signs in as it.
func TestInitMakesAnApp(t *testing.T) {
	dir := bare(t)
	cl, stopClaude := simulate.NewClaude(simulate.ClaudeConfig{}).Start()
	defer stopClaude()
	said, ended := makingApp(t.Context(), hubForApps(t))
	eventually(t, func() bool { return shownPage.MatchString(said.String()) })
	if code, text := browse(t.Context(), shownPage.FindString(said.String())); code != http.StatusOK || !strings.Contains(text, "hls-for-acme is made") {
		t.Errorf("the browser came back to %d\n%s", code, text)
	}
	if code := <-ended; code != exitDone {
		t.Fatalf("%d\n%s", code, said)
	}
	key := filepath.Join(dir, "config", "app.private-key.pem")
	if mode(t, key) != 0o600 || mode(t, "config/.env") != 0o600 {
		t.Error("others can read it")
	}
	text, err := os.ReadFile(key)
	if err != nil || !strings.Contains(string(text), "PRIVATE KEY") || strings.Contains(said.String(), strings.Split(string(text), "\n")[1]) {
		t.Errorf("the key: %v", err)
	}
	t.Setenv("ANTHROPIC_API_KEY", "a-key")
	t.Setenv("ANTHROPIC_BASE_URL", cl)
	code, out, errs := command(t, "doctor", "--output", "json")
	var report struct{ Examinations []examined }
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	if code != exitDone || !strings.Contains(out, "acting as hls-for-acme[bot]") || !strings.Contains(out, "as needed in 1 of 1 repositories") {
		t.Errorf("hls doctor: %d\n%s%s", code, out, errs)
	}
}

// Only a browser that was handed over by the page may bring a code back, and the page has one address.
func TestE1_TheCallbackIsTheAnswerToItsOwnQuestion(t *testing.T) {
	t.Parallel()
	gh := simulate.NewGitHub(simulate.GitHubConfig{})
	hub, stop := gh.Start()
	defer stop()
	r, err := setup.Register(t.Context(), setup.NewApp{Name: "HLS", GitHubURL: hub, PublicURL: "https://hls.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, query := range []string{"callback?code=abc", "callback?code=abc&state=", "callback?code=abc&state=guessed"} {
		if code := get(t, r.URL()+query, ""); code != http.StatusForbidden {
			t.Errorf("%s: %d", query, code)
		}
	}
	if n := len(gh.Calls()); n > 0 {
		t.Errorf("GitHub was asked %d times", n)
	}
	if code := get(t, r.URL(), "attacker.example"); code != http.StatusMisdirectedRequest {
		t.Errorf("under another name: %d", code)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Wait(ctx); err == nil {
		t.Error("an App was made of nothing")
	}
}

func get(t *testing.T, url, host string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
