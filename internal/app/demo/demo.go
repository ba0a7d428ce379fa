// Package demo runs the whole service against the stand-ins of internal/simulate: real HTTP, real signatures, a real
// database in a temporary folder, and nothing of it on GitHub.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hls/internal/app"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/simulate"
)

// Config says which demo to run.
type Config struct {
	Version string
	Port    int                              // of the service on loopback; 0 takes a free one
	LiveKey hls.Secret                       // with it, the real Claude is asked instead of the stand-in
	BaseURL string                           // of the real Claude; "" is Anthropic's own
	Tell    func(format string, args ...any) // progress, a line each
}

// Result is what became of one delivery.
type Result struct {
	Step    simulate.Step
	Event   string
	Status  int    // at the door
	Answer  string // "queued", "ignored (bot_sender)"
	Outcome string // of its task, "" when it has none
	Took    time.Duration
	Problem string // "" when it ended as it should
}

// Demo is a running demo.
type Demo struct {
	cfg      Config
	dir      string
	github   *simulate.GitHub
	scenario *simulate.Scenario
	lab      *simulate.Lab
	doors    doors
	app      *app.App
	url      string
	ended    chan error
	cancel   context.CancelFunc
	stops    []func()
}

// The demo's secrets are worth nothing outside of it. They look like no text, for the redactor removes them from it.
const (
	secret = "8f14e45fceea167a5a36dedd4bea2543"
	token  = "c9f0f895fb98ab9159f51fd0297e236d"
	apiKey = "45c48cce2e2d7fbdea1afc51c7c6ad26"
)

// doors are the addresses of the stand-ins, and how the settings name the key of the one for Claude.
type doors struct{ github, claude, key string }

// Start makes the stand-ins and the service. Stop must be called.
func Start(ctx context.Context, cfg Config) (*Demo, error) {
	d := &Demo{cfg: cfg, github: simulate.NewGitHub(simulate.GitHubConfig{}), ended: make(chan error, 1)}
	d.scenario = simulate.NewScenario(d.github)
	d.lab = simulate.NewLab(d.github)
	simulate.NewAttic(d.github)
	if err := d.start(ctx); err != nil {
		d.Stop()
		return nil, fmt.Errorf("start demo: %w", err)
	}
	return d, nil
}

func (d *Demo) start(ctx context.Context) (err error) {
	if d.dir, err = os.MkdirTemp("", "hls-demo-"); err != nil {
		return err
	}
	settings, err := d.settings()
	if err != nil {
		return err
	}
	log, err := os.Create(d.LogFile())
	if err != nil {
		return err
	}
	d.stops = append(d.stops, func() { _ = log.Close() })
	ready := make(chan string, 1)
	d.app, err = app.New(ctx, settings, app.Options{
		Version: d.cfg.Version, LogTo: log, Ready: func(url string) { ready <- url },
		Backoff: func(int) time.Duration { return time.Second },
	})
	if err != nil {
		return err
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d.cancel = cancel
	go func() { d.ended <- d.app.Run(running) }()
	select {
	case d.url = <-ready:
		return d.introduce()
	case err := <-d.ended:
		d.cancel = nil
		return err
	}
}

// settings point the service at the stand-ins. They are a settings file like any other.
func (d *Demo) settings() (*config.Settings, error) {
	url, stop := d.github.Start()
	d.stops = append(d.stops, stop)
	d.doors = doors{github: url, claude: d.cfg.BaseURL, key: "${ANTHROPIC_API_KEY}"}
	if d.cfg.LiveKey == "" {
		url, stop := simulate.NewClaude(simulate.ClaudeConfig{}).Start()
		d.stops = append(d.stops, stop)
		d.doors.claude, d.doors.key = url, apiKey
	}
	return config.Parse("demo settings", []byte(d.text(fmt.Sprintf("http://127.0.0.1:%d", d.cfg.Port))), config.Options{Env: func(name string) (string, bool) {
		if name == "ANTHROPIC_API_KEY" {
			return d.cfg.LiveKey.Reveal(), d.cfg.LiveKey != ""
		}
		return "", false // The demo takes nothing else from its surroundings.
	}})
}

// text is the settings of a service at an address. While its port is not known, neither is where GitHub reaches it.
func (d *Demo) text(address string) string {
	port, public := address[strings.LastIndex(address, ":")+1:], fmt.Sprintf("public_url: %q, ", address)
	if port == "0" {
		public = ""
	}
	return fmt.Sprintf(`# Settings of a running hls demo. Its GitHub and, unless it runs with --claude live, its Claude are simulated.
server: {host: 127.0.0.1, port: %s, %sshutdown_grace: 5s}
github: {base_url: %q, token: %s, webhook_secret: %s, limits: {writes_per_minute: 0, content_per_hour: 0}}
claude: {base_url: %q, api_key: %q, budget: {daily_usd: 5}}
storage: {url: "sqlite:%s"}
processing: {debounce: 0s, max_attempts: 4}
logging: {level: DEBUG}
repositories:
  - name: %s
    events: [%s]
  - name: %s
    events: [issues]
    mode: suggest
    labels:
      categories: {kind: [bug, enhancement]}
`, port, public, d.doors.github, token, secret, d.doors.claude, d.doors.key, filepath.Join(d.dir, "hls.db"),
		d.scenario.Repo, strings.Join(d.scenario.Events, ", "), d.lab.Repo)
}

// introduce tells the simulated GitHub where the service is, and leaves the settings where other commands find them.
func (d *Demo) introduce() error {
	d.github.AddHook(d.scenario.Repo, d.url+"/webhook", secret, d.scenario.Events...)
	d.github.AddHook(d.lab.Repo, d.url+"/webhook", secret, "issues")
	return os.WriteFile(d.SettingsFile(), []byte(d.text(d.url)), 0o600)
}

// SettingsFile is what other commands work with the demo by. It is gone after Stop.
func (d *Demo) SettingsFile() string { return filepath.Join(d.dir, "settings.yaml") }

// URL is where the service answers.
func (d *Demo) URL() string { return d.url }

// KeepLog copies the log to where Stop leaves it, and returns the path.
func (d *Demo) KeepLog() (string, error) {
	kept, err := os.CreateTemp("", "hls-demo-*.log")
	if err != nil {
		return "", fmt.Errorf("keep log: %w", err)
	}
	log, err := os.Open(d.LogFile())
	if err == nil {
		_, err = io.Copy(kept, log)
		err = errors.Join(err, log.Close())
	}
	if err = errors.Join(err, kept.Close()); err != nil {
		return "", fmt.Errorf("keep log: %w", err)
	}
	return kept.Name(), nil
}

// LogFile is the service's JSON log. It is gone after Stop.
func (d *Demo) LogFile() string { return filepath.Join(d.dir, "hls.log") }

// Deliver sends every recorded delivery in turn, waits until each has ended, and says what became of it.
func (d *Demo) Deliver(ctx context.Context) ([]Result, error) {
	var results []Result
	steps := slices.Concat(d.scenario.Deliveries(), d.lab.Deliveries())
	for i, step := range steps {
		r, err := d.deliver(ctx, step)
		if err != nil {
			return results, fmt.Errorf("deliver %q: %w", step.Title, err)
		}
		results = append(results, r)
		d.cfg.Tell("%2d/%d  %-28s %-26s %s", i+1, len(steps), r.Event, r.Answer, r.Outcome)
	}
	return results, nil
}

// Misses says which deliveries did not end as they should, and what is not on GitHub as it should be. The real Claude
// is held to nothing there.
func (d *Demo) Misses(results []Result) []string {
	misses := []string{}
	if d.cfg.LiveKey == "" {
		misses = append(misses, d.scenario.Check()...)
	}
	for _, r := range results {
		if r.Problem != "" {
			misses = append(misses, r.Step.Title+": "+r.Problem)
		}
	}
	return misses
}

func (d *Demo) deliver(ctx context.Context, step simulate.Step) (Result, error) {
	delivery := step.Prepare()
	began := time.Now()
	status, body, err := simulate.Send(ctx, d.url+"/webhook", secret, delivery)
	if err != nil {
		return Result{}, err
	}
	r := Result{Step: step, Event: describe(delivery), Status: status, Answer: answerOf(body), Problem: step.CheckAnswer(status, body)}
	if status == http.StatusAccepted {
		task, err := d.settled(ctx, delivery.GUID)
		if err != nil {
			return r, err
		}
		r.Outcome = string(task.State)
		if task.Reason != "" {
			r.Outcome += " (" + task.Reason + ")"
		}
		if r.Problem == "" && d.cfg.LiveKey == "" {
			r.Problem = step.CheckState(task.State)
		}
	}
	r.Took = time.Since(began)
	return r, nil
}

// settled waits until a delivery's task has ended; a real Claude takes a while.
func (d *Demo) settled(ctx context.Context, guid string) (hls.Task, error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		task, err := d.app.Store().TaskOf(ctx, guid)
		if err != nil || (task.State != hls.Queued && task.State != hls.Running) {
			return task, err
		}
		select {
		case <-tick.C:
		case err := <-d.ended:
			d.ended <- err
			return task, errors.Join(errors.New("the service ended"), err)
		case <-ctx.Done():
			return task, fmt.Errorf("its task is still %s: %w", task.State, ctx.Err())
		}
	}
}

// Stop ends the service and the stand-ins and removes the temporary folder.
func (d *Demo) Stop() {
	if d.cancel != nil {
		d.cancel()
		if err := <-d.ended; err != nil {
			d.cfg.Tell("the service did not end well: %v", err)
		}
	}
	for _, stop := range d.stops {
		stop()
	}
	if d.dir != "" {
		_ = os.RemoveAll(d.dir)
	}
}
