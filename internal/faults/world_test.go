package faults_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hls/internal/history"
	"hls/internal/hls"
	"hls/internal/simulate"
)

// world is everything around HLS: a GitHub, a Claude, people, the sender of deliveries, and the history of it all.
type world struct {
	t        *testing.T
	dir      string
	program  string
	env      []string
	settings string
	path     string // of the webhook: no other test's
	log      *os.File
	backend  backend
	storage  string
	github   *simulate.GitHub
	claude   *simulate.Claude
	history  *history.Log
	rules    history.Rules

	mu       sync.Mutex
	running  []*process
	requests int
	rounds   map[history.Subject]int
	answers  func(question) string // by which Claude answers
}

// The credentials of the tests. They look like no text, for the redactor removes them from it.
const (
	webhookSecret = "5d41402abc4b2a76b9719d911017c592"
	adminToken    = "7d793037a0760186574b0282f2f435e7"
)

const (
	self   = "hls-bot"
	bot    = "renovate[bot]"
	reader = "mona"
)

// setup is how a world differs from the usual one.
type setup struct {
	scale       float64 // by which waiting times are divided
	concurrency int
	attempts    int
	daily       int // analyses of one subject
	timeout     time.Duration
	writes      int // to GitHub in a minute; 0 means no limit
	questions   int // to Claude in a minute; 0 means no limit
	asking      time.Duration
	pace        float64 // by which the spans of limits are divided
	dollars     float64 // in a day; 0 means no cap
	grace       time.Duration
	answers     func(question) string
}

func (s setup) filled() setup {
	if s.scale == 0 {
		s.scale = 30
	}
	if s.concurrency == 0 {
		s.concurrency = 8
	}
	if s.attempts == 0 {
		s.attempts = 8
	}
	if s.timeout == 0 {
		s.timeout = time.Second
	}
	if s.asking == 0 {
		s.asking = 10 * time.Second
	}
	if s.pace == 0 {
		s.pace = 1
	}
	if s.grace == 0 {
		s.grace = 5 * time.Second
	}
	if s.answers == nil {
		s.answers = answer
	}
	return s
}

// newWorld makes a world in which nothing runs yet.
func newWorld(t *testing.T, b backend, s setup) *world {
	t.Helper()
	s = s.filled()
	program, err := faulty()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, dir: t.TempDir(), program: program, backend: b, storage: b.storage(t), history: &history.Log{}, answers: s.answers,
		path: "/webhook-" + simulate.NewGUID(), rounds: map[history.Subject]int{},
		env: []string{fmt.Sprintf("HLS_FAULT_SCALE=%g", s.scale), fmt.Sprintf("HLS_FAULT_PACE=%g", s.pace)},
		rules: history.Rules{
			Self: self, Bots: []string{bot}, Labels: []string{"bug", "enhancement"}, Daily: s.daily, Grace: s.grace,
			Deeds: []string{"labeled", "unlabeled", "commented", "comment_edited", "reviewed"},
		},
	}
	w.history.Add(history.Entry{Rules: &w.rules})
	w.github = simulate.NewGitHub(simulate.GitHubConfig{Limit: 1 << 30, Journal: w.note})
	w.claude = simulate.NewClaude(simulate.ClaudeConfig{
		Journal: w.note, Answer: w.reply, Requests: 1 << 30, InputTokens: 1 << 40, OutputTokens: 1 << 40,
	})
	ghURL, stopGitHub := w.github.Start()
	clURL, stopClaude := w.claude.Start()
	t.Cleanup(stopGitHub)
	t.Cleanup(stopClaude)
	if w.log, err = os.Create(filepath.Join(w.dir, "log")); err != nil {
		t.Fatal(err)
	}
	w.settings = filepath.Join(w.dir, "settings.yaml")
	if err := os.WriteFile(w.settings, []byte(w.text(s, ghURL, clURL)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}

func (w *world) text(s setup, ghURL, clURL string) string {
	return fmt.Sprintf(`
server: {host: 127.0.0.1, port: 0, webhook_path: %q, admin_token: %s, shutdown_grace: 5s}
github: {base_url: %q, token: a87ff679a2f3e71d9181a67b7542122c, webhook_secret: %s, timeout: %s, limits: {writes_per_minute: %d, content_per_hour: 0, concurrency: 0}}
claude: {base_url: %q, api_key: e4da3b7fbbce2345d7772b0674a318d5, timeout: %s, limits: {requests_per_minute: %d}, budget: {daily_usd: %g}}
storage: {url: %q}
processing: {debounce: 0s, max_attempts: %d, concurrency: %d, analyses_per_subject_per_day: %d}
repositories:
  - name: acme/*
    mode: apply
    events: [issues, pull_request]
    labels: {categories: {kind: {exclusive: true, labels: [bug, enhancement]}}}
`, w.path, adminToken, ghURL, webhookSecret, s.timeout, s.writes, clURL, s.asking, s.questions, s.dollars, w.storage, s.attempts, s.concurrency, s.daily)
}

// close ends the process, and keeps the history and the log of a test that failed, or of all with HLS_FAULTS_KEEP.
func (w *world) close() {
	w.mu.Lock()
	running := slices.Clone(w.running)
	w.mu.Unlock()
	for _, p := range running {
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	_ = w.log.Close()
	if !w.t.Failed() && os.Getenv("HLS_FAULTS_KEEP") == "" {
		return
	}
	kept, err := os.MkdirTemp("", "hls-faults-kept-")
	if err != nil {
		return
	}
	if text, err := os.ReadFile(w.log.Name()); err == nil {
		_ = os.WriteFile(filepath.Join(kept, "log"), text, 0o600)
	}
	if f, err := os.Create(filepath.Join(kept, "history.jsonl")); err == nil {
		_ = history.Write(f, w.history.Entries())
		_ = f.Close()
	}
	w.t.Logf("the history and the log are kept in %s", kept)
}

// address is where the service answers, at one of the instances that do, "" while none does.
func (w *world) address() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var urls []string
	for _, p := range w.running {
		if p.url != "" {
			urls = append(urls, p.url)
		}
	}
	if len(urls) == 0 {
		return ""
	}
	return urls[rand.IntN(len(urls))]
}

// addRepository adds a repository with the labels that may be set.
func (w *world) addRepository(name string) {
	w.github.AddRepository(simulate.RepositorySeed{FullName: name, Labels: []hls.Label{{Name: "bug"}, {Name: "enhancement"}}})
}

// eventually polls until ok holds, and fails the test after two minutes.
func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			w.t.Fatalf("it did not come true within two minutes that %s; queue %+v", what, w.queue())
		}
		<-time.After(10 * time.Millisecond)
	}
}

type queue struct{ Pending, Running int }

// queue is how much work there is, -1 while nobody tells.
func (w *world) queue() queue {
	none := queue{-1, -1}
	url := w.address()
	if url == "" {
		return none
	}
	r, err := http.NewRequest(http.MethodGet, url+"/stats", nil)
	if err != nil {
		return none
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	resp, err := (&http.Client{Timeout: 5 * time.Second}).Do(r)
	if err != nil {
		return none
	}
	defer func() { _ = resp.Body.Close() }()
	var stats struct{ Queue queue }
	if resp.StatusCode != http.StatusOK || json.NewDecoder(resp.Body).Decode(&stats) != nil {
		return none
	}
	return stats.Queue
}

// idle waits until all work has ended.
func (w *world) idle() {
	w.t.Helper()
	w.eventually("all work has ended", func() bool { return w.queue() == queue{} })
}

// verdict stops HLS, reads the database and judges the history.
func (w *world) verdict(running ...*process) history.Verdict {
	w.t.Helper()
	for _, p := range running {
		w.stop(p)
	}
	w.dump()
	v := history.Check(w.history.Entries())
	if len(v.Violations) > 0 {
		text := v.String()
		if lines := strings.SplitAfterN(text, "\n", 21); len(lines) > 20 {
			text = strings.Join(lines[:20], "") + "…"
		}
		w.t.Errorf("%d losses, %d doubles:\n%s", v.Losses(), v.Doubles(), text)
	}
	return v
}
