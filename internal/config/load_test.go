package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// seed is the example of the original Python service, which must load as it stands.
const seed = `server:
  host: "0.0.0.0"
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

// usual are the three variables that the seed and the example need.
var usual = map[string]string{
	"GITHUB_TOKEN":          "ghp_canaryTokenOfTheTest",
	"GITHUB_WEBHOOK_SECRET": "canary-webhook-secret",
	"ANTHROPIC_API_KEY":     "sk-ant-canary-key",
}

// environment looks variables up in the maps, first to last.
func environment(maps ...map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, m := range maps {
			if value, ok := m[name]; ok {
				return value, true
			}
		}
		return "", false
	}
}

func load(t *testing.T, text string, more ...map[string]string) (*Settings, error) {
	t.Helper()
	return Parse("s.yaml", []byte(text), Options{Env: environment(append(more, usual)...)})
}

func mustLoad(t *testing.T, text string, more ...map[string]string) *Settings {
	t.Helper()
	s, err := load(t, text, more...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// minimal has the required keys on its first two lines.
const minimal = `github: {token: t, webhook_secret: "a test secret"}
claude: {api_key: k}
`

func TestSeedExampleLoads(t *testing.T) {
	t.Parallel()
	s := mustLoad(t, seed)
	if s.Server.Host != "0.0.0.0" || s.Server.Port != 8000 || s.Server.WebhookPath != "/webhook" {
		t.Errorf("server: %+v", s.Server)
	}
	if got := s.GitHub.Token.Reveal(); got != usual["GITHUB_TOKEN"] {
		t.Errorf("token: %q", got)
	}
	if len(s.GitHub.WebhookSecret) != 1 || s.GitHub.WebhookSecret[0].Reveal() != usual["GITHUB_WEBHOOK_SECRET"] {
		t.Errorf("%d webhook secrets", len(s.GitHub.WebhookSecret))
	}
	if s.Claude.Model != "claude-3-5-sonnet-20241022" || s.Claude.MaxTokens != 4000 || s.Claude.APIKey == "" {
		t.Errorf("claude: %+v", s.Claude)
	}
	if len(s.Repositories) != 1 || s.Repositories[0].Name != "owner/repo" {
		t.Errorf("repositories: %+v", s.Repositories)
	}
	retired := false
	for _, w := range s.Warnings() {
		retired = retired || w.Key == "claude.model" && w.Line == 10 && strings.Contains(w.Message, "retired")
	}
	if !retired {
		t.Errorf("no warning of the retired model in %v", s.Warnings())
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	s := mustLoad(t, strings.Replace(minimal, "api_key: k", "api_key: k, model: claude-of-the-past, temperature: 0.5, effort: low", 1)+`server: {host: 0.0.0.0}
features: {signature_validation: true}
repositories:
  - {name: a/b, model: claude-2.1}
  - {name: a/c, model: claude-of-the-future}
logging: {log_payloads: true}
telemetry: {otlp_endpoint: "http://collector.example.com:4318"}
`)
	var got []string
	for _, w := range s.Warnings() {
		got = append(got, fmt.Sprintf("%s %s", w.Place(), w.Key))
	}
	want := []string{
		"s.yaml:6:24 repositories[0].model", "s.yaml:7:24 repositories[1].model", "s.yaml:3:9 server.admin_token",
		"s.yaml:8:25 logging.log_payloads", "s.yaml:9:28 telemetry.otlp_endpoint", "s.yaml:2:29 claude.model",
		"s.yaml:2:62 claude.temperature", "s.yaml:2:75 claude.effort",
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("no warning at %s in %q", w, got)
		}
	}
	quiet := mustLoad(t, minimal+"repositories: [{name: a/b, budget: {daily_usd: 5}}]\n")
	if len(quiet.Warnings()) > 0 {
		t.Errorf("a plain file warns: %v", quiet.Warnings())
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s := mustLoad(t, minimal)
	want := Features{
		SignatureValidation: true, AsyncProcessing: true, AutoLabeling: true, AutoCommenting: true, SaveAnalyses: true,
	}
	if s.Features != want {
		t.Errorf("features: %+v", s.Features)
	}
	if s.Processing.Concurrency != 16 || s.Processing.Debounce != 10*time.Second ||
		s.Processing.AnalysesPerSubjectPerDay != 10 {
		t.Errorf("processing: %+v", s.Processing)
	}
	if s.Server.Host != "127.0.0.1" || s.Server.Port != 8000 || s.Server.MaxPayloadBytes != 26214400 {
		t.Errorf("server: %+v", s.Server)
	}
	if s.Storage.URL != "sqlite:data/hls.db" {
		t.Errorf("storage.url: %q", s.Storage.URL)
	}
}

func TestMissingFileNamesTheRemedy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "settings.yaml")
	_, err := Load(path, Options{})
	var problems *Problems
	if !errors.As(err, &problems) || !strings.Contains(err.Error(), "hls init makes one") ||
		!strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	s, err := Load(path, Options{Optional: true, Need: NeedNothing, Env: environment(usual)})
	if err != nil || s.Claude.APIKey.Reveal() != usual["ANTHROPIC_API_KEY"] {
		t.Errorf("without a file: %v", err)
	}
}

func TestNeedDecidesWhichVariablesMayBeUnset(t *testing.T) {
	t.Parallel()
	none := environment()
	if _, err := Parse("s.yaml", []byte(seed), Options{Env: none, Need: NeedNothing}); err != nil {
		t.Errorf("nothing is needed: %v", err)
	}
	_, err := Parse("s.yaml", []byte(seed), Options{Env: none, Need: NeedClaude})
	if err == nil || strings.Contains(err.Error(), "GITHUB_TOKEN") || !strings.Contains(err.Error(), "ANTHROPIC_API_KEY") {
		t.Errorf("the key is needed: %v", err)
	}
	_, err = Parse("s.yaml", []byte(seed), Options{Env: none})
	var problems *Problems
	if !errors.As(err, &problems) || len(problems.List) != 3 {
		t.Errorf("everything is needed: %v", err)
	}
}

func TestEnvironmentOverrides(t *testing.T) {
	t.Parallel()
	s := mustLoad(t, minimal, map[string]string{
		"HLS_DATABASE_URL": "postgres://hls@db/hls", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
	})
	if s.Storage.URL != "postgres://hls@db/hls" || s.Claude.BaseURL != "http://127.0.0.1:9" {
		t.Errorf("got %q and %q", s.Storage.URL, s.Claude.BaseURL)
	}
	s = mustLoad(t, "github: {token: t, webhook_secret: a test secret}\nclaude: {api_key: k, base_url: http://127.0.0.1:8}\n",
		map[string]string{"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"})
	if s.Claude.BaseURL != "http://127.0.0.1:8" {
		t.Errorf("the file's base URL gave way to %q", s.Claude.BaseURL)
	}
}

func TestExpansion(t *testing.T) {
	t.Parallel()
	env := map[string]string{"PORT": "9000", "EMPTY": "", "GRACE": "1d", "LOG": "true", "HOST": "localhost"}
	s := mustLoad(t, minimal+`server:
  port: "${PORT}"
  host: ${HOST}
  shutdown_grace: '${GRACE}'
logging:
  log_payloads: "${LOG}"
  file: /a/$HOME/$$/${no name}/${UNSET:-b}${EMPTY:-c}${PORT:-d}
telemetry: {otlp_endpoint: "${UNSET:-}"}
processing:
  concurrency: ${EMPTY}
`, env)
	if s.Server.Port != 9000 || s.Server.Host != "localhost" || s.Server.ShutdownGrace != 24*time.Hour {
		t.Errorf("server: %+v", s.Server)
	}
	if want := "/a/$HOME/$$/${no name}/bc9000"; s.Logging.File != want {
		t.Errorf("file: %q, want %q", s.Logging.File, want)
	}
	if !s.Logging.LogPayloads || s.Telemetry.OTLPEndpoint != "" || s.Processing.Concurrency != 16 {
		t.Errorf("got %+v %+v", s.Logging, s.Processing)
	}
}

func TestFormsOfWriting(t *testing.T) {
	t.Parallel()
	text := "\ufeff" + strings.ReplaceAll(minimal+`features: {dry_run: yes, auto_labeling: Off}
server: {port: 0x1F90, trusted_proxies: [10.0.0.0/8, 127.0.0.1, "::1"], admin_token: 1234567890, shutdown_grace:}
claude: {api_key: k, temperature: 1}
logging: {level: warning}
telemetry: ~
`, "claude: {api_key: k}\n", "")
	s := mustLoad(t, strings.ReplaceAll(text, "\n", "\r\n"))
	if !s.Features.DryRun || s.Features.AutoLabeling {
		t.Errorf("features: %+v", s.Features)
	}
	if s.Server.Port != 8080 || s.Server.AdminToken.Reveal() != "1234567890" || s.Server.ShutdownGrace != 30*time.Second {
		t.Errorf("server: %+v", s.Server)
	}
	if got := fmt.Sprint(s.Server.TrustedProxies); got != "[10.0.0.0/8 127.0.0.1/32 ::1/128]" {
		t.Errorf("proxies: %s", got)
	}
	if s.Claude.Temperature == nil || *s.Claude.Temperature != 1 {
		t.Error("temperature is lost")
	}
	if s.Logging.Level.Level() != slog.LevelWarn {
		t.Errorf("level: %s", s.Logging.Level)
	}
}

func TestSecretsWhileRotating(t *testing.T) {
	t.Parallel()
	s := mustLoad(t, `github:
  token: t
  webhook_secret: ["It's a Secret to Everybody", "${GITHUB_WEBHOOK_SECRET}", "${OLD:-}"]
claude: {api_key: k}
`)
	if len(s.GitHub.WebhookSecret) != 2 {
		t.Errorf("%d secrets, want the two that are not empty", len(s.GitHub.WebhookSecret))
	}
}

func TestAnchorsAndMergeKeys(t *testing.T) {
	t.Parallel()
	s := mustLoad(t, minimal+`repositories:
  - &base
    name: a/b
    enabled: false
    events: &events [issues]
  - <<: *base
    name: c/d
  - {name: e/f, events: *events}
`)
	if len(s.Repositories) != 3 || s.Repositories[1].Name != "c/d" || len(s.Repositories[1].Events) != 1 ||
		len(s.Repositories[2].Events) != 1 {
		t.Errorf("got %+v", s.Repositories)
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"10s": 10 * time.Second, "30d": 720 * time.Hour, "1d12h": 36 * time.Hour, "0": 0, "0s": 0, "1h30m": 90 * time.Minute,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "d", "10", "ten", "-1d", "1.5d", "106752d", "99999999999d", "1d-1h", "10 s", "106751d99999999h"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%s is taken as %v", text, got)
		}
	}
}

func TestLoadReadsTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "settings.yaml")
	if err := os.WriteFile(path, []byte(seed), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path, Options{Env: environment(usual)}); err != nil {
		t.Error(err)
	}
	if _, err := Load(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a folder: %v", err)
	}
}
