package attack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/route"
	"hls/internal/simulate"
)

// world is a service with its stand-ins.
type world struct {
	repo    string
	rule    hls.Rule
	secret  string       // of the webhook
	secrets []hls.Secret // all of the settings
	github  *simulate.GitHub
	web     string
	claude  *simulate.Claude // nil when the real one is asked
	orders  atomic.Pointer[string]
	app     *app.App
	url     string
	path    string // of the webhook
	dir     string
	notes   string // of the newest release, as people wrote them
	last    int    // number of the newest issue or pull request
	tell    func(format string, args ...any)
	ended   chan error
	cancel  context.CancelFunc
	stops   []func()
	allowed map[string]bool // folded names of labels
}

// The people of the stand-in: an outsider, and a maintainer.
const (
	mallory = "mallory"
	mona    = "mona"
)

func open(ctx context.Context, cfg Config, rule hls.Rule) (*world, error) {
	w := &world{
		repo: cfg.Repo, rule: rule, secret: rand.Text(), github: simulate.NewGitHub(simulate.GitHubConfig{}), last: 100,
		tell: cfg.Tell, ended: make(chan error, 1), allowed: map[string]bool{},
	}
	w.seed()
	err := w.start(ctx, cfg)
	if err != nil {
		w.close()
	}
	return w, err
}

func (w *world) start(ctx context.Context, cfg Config) (err error) {
	if w.dir, err = os.MkdirTemp("", "hls-attack-"); err != nil {
		return err
	}
	url, stop := w.github.Start()
	w.web, w.stops = url, append(w.stops, stop)
	settings := w.settings(cfg)
	w.path, w.secrets = settings.Server.WebhookPath, settings.Secrets()
	ready := make(chan string, 1)
	w.app, err = app.New(ctx, settings, app.Options{
		Version: cfg.Version, LogTo: cfg.log, Ready: func(url string) { ready <- url }, Backoff: func(int) time.Duration { return time.Millisecond },
	})
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w.cancel = cancel
	go func() { w.ended <- w.app.Run(running) }()
	select {
	case w.url = <-ready:
		return nil
	case err := <-w.ended:
		w.cancel = nil
		return err
	}
}

// settings are the operator's, but for where the doors lead, what they cost, and how long to wait. No credential of the
// operator's is in them, unless the real Claude is asked.
func (w *world) settings(cfg Config) *config.Settings {
	s, none := *cfg.Settings, 0
	s.Server = config.Server{Config: s.Server.Config, Host: "127.0.0.1", AdminToken: hls.Secret(rand.Text()), ShutdownGrace: 5 * time.Second}
	hub := config.Default().GitHub
	hub.BaseURL, hub.Token, hub.WebhookSecret = w.web, hls.Secret(rand.Text()), []hls.Secret{hls.Secret(w.secret)}
	hub.Limits.WritesPerMinute, hub.Limits.ContentPerHour = &none, &none
	s.GitHub = hub
	s.Claude.Analyze.Budget, s.Claude.Analyze.SubjectDaily = config.Default().Claude.Analyze.Budget, 0
	if !cfg.Real {
		w.claude = simulate.NewClaude(simulate.ClaudeConfig{Answer: w.answer})
		url, stop := w.claude.Start()
		w.stops = append(w.stops, stop)
		s.Claude.BaseURL, s.Claude.APIKey = url, hls.Secret(rand.Text())
		s.Claude.Limits = config.Default().Claude.Limits
	}
	s.Storage = config.Default().Storage
	s.Storage.URL = "sqlite:" + filepath.Join(w.dir, "hls.db")
	s.Repositories = nil
	for _, r := range cfg.Settings.Repositories {
		r.Token, r.WebhookSecret, r.Budget = "", nil, route.Budget{}
		r.DryRun, r.Mode, r.Modes = false, string(hls.ModeApply), nil
		r.Commands.PerHour = &none
		s.Repositories = append(s.Repositories, r)
	}
	s.Features.SignatureValidation, s.Features.AsyncProcessing, s.Features.RecoverMissed, s.Features.DryRun = true, true, false, false
	s.Processing.Debounce, s.Processing.MaxAttempts = 0, 2
	s.Logging = config.Default().Logging
	s.Recovery.Every, s.Sweep.Every = 0, 0
	return &s
}

// answer is the obedient stand-in's, and an honest one while the stage is set for an injection.
func (w *world) answer(r simulate.Request) string {
	if orders := w.orders.Load(); orders != nil {
		return simulate.Obey(*orders)(r)
	}
	return simulate.Reply(r)
}

// deliver sends a webhook and waits until its task has ended. It tells how that was, "ignored" where there is none.
func (w *world) deliver(ctx context.Context, d simulate.Delivery) (hls.State, error) {
	d.GUID = simulate.NewGUID()
	status, body, err := simulate.Send(ctx, w.url+w.path, w.secret, d)
	switch {
	case err != nil:
		return "", err
	case status == http.StatusOK:
		return "ignored", nil
	case status != http.StatusAccepted:
		return "", fmt.Errorf("the door answered %d: %.200s", status, body)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		task, err := w.app.Store().TaskOf(ctx, d.GUID)
		if err != nil || task.State != hls.Queued && task.State != hls.Running {
			return task.State, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return task.State, fmt.Errorf("its task is still %s: %w", task.State, ctx.Err())
		}
	}
}

func (w *world) close() {
	if w.cancel != nil {
		w.cancel()
		if err := <-w.ended; err != nil {
			w.tell("a service did not end well: %v", err)
		}
	} else if w.app != nil {
		w.app.Close()
	}
	for _, stop := range w.stops {
		stop()
	}
	if w.dir != "" {
		_ = os.RemoveAll(w.dir)
	}
}

// attack puts one injection into one field, and judges what was written then.
func (w *world) attack(ctx context.Context, f field, one Injection, row *Row) ([]Finding, error) {
	w.last++
	w.orders.Store(nil)
	delivery, err := f.prepare(ctx, w, w.last, one.Text)
	if errors.Is(err, errNoStage) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	before, asked := len(w.github.Writes()), w.asked()
	w.orders.Store(&one.Text)
	state, err := w.deliver(ctx, delivery)
	if err != nil {
		return nil, err
	}
	row.Cases++
	row.States.add(state)
	row.Asked += w.asked() - asked
	var outside []Finding
	for _, call := range w.github.Writes()[before:] {
		if why := w.judge(call, w.last); why != "" {
			outside = append(outside, Finding{Field: f.name, Injection: one.Name, Effect: call.Method + " " + call.Path, Why: why})
			row.Outside++
			continue
		}
		row.Inside++
	}
	return outside, nil
}

// asked is how often Claude was asked.
func (w *world) asked() int {
	if w.claude == nil {
		return 0
	}
	return len(w.claude.Calls())
}
