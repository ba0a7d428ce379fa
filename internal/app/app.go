// Package app is the wiring: it makes the rooms from the settings, hands each the ones below it, and runs them.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/pipeline"
	"hls/internal/receive"
	"hls/internal/record"
	"hls/internal/recovery"
	"hls/internal/sweep"
	"hls/internal/web"
)

// ErrSettings marks settings that the service cannot start with.
var ErrSettings = errors.New("settings cannot be used")

// Options are what the settings do not say.
type Options struct {
	Version  string
	LogTo    io.Writer                        // where the log goes unless logging.file is set; nil means standard error
	Reread   func() (*config.Settings, error) // reads the settings again; nil means it cannot
	Hangup   <-chan os.Signal                 // tells to read them again; nil means never
	Listener net.Listener                     // nil means to listen on server.host and server.port
	Backoff  func(attempt int) time.Duration  // nil means the default schedule
	Ready    func(url string)                 // called once the service answers; may be nil
}

// App is the whole service. Make it with New, then call Run once.
type App struct {
	opts     Options
	started  *config.Settings // those of New: what only a restart changes is as they say
	listener net.Listener     // nil once the server has it
	addr     net.Addr
	log      *slog.Logger
	logFile  io.Closer
	level    *slog.LevelVar
	redactor *hls.Redactor
	store    record.Store
	doors    *doors
	house    atomic.Pointer[house]
	pipeline *pipeline.Pipeline
	door     *receive.Handler
	recovery *recovery.Recoverer
	sweeper  *sweep.Sweeper
	web      *web.Server
	self     *identity
	calls    *tally
	hub      *latest[hubLimits]
	model    *latest[modelLimits]

	labeling      sync.Mutex // held while labels are set up
	templatesErr  atomic.Pointer[failure]
	templatesRead atomic.Pointer[time.Time] // when they last were without the settings
}

// New makes the service, opens its store and listens. It asks nobody over the network. The settings must have passed
// config.Load; what else keeps the service from starting comes as one error with a problem a line. When New fails
// nothing stays open.
func New(ctx context.Context, settings *config.Settings, opts Options) (*App, error) {
	if opts.LogTo == nil {
		opts.LogTo = os.Stderr
	}
	a := &App{opts: opts, started: settings, listener: opts.Listener, level: &slog.LevelVar{}, redactor: newRedactor(settings)}
	if err := a.build(ctx, settings); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func (a *App) build(ctx context.Context, settings *config.Settings) (err error) {
	findings := preflight(ctx, settings, a.redactor)
	if err := refusal(findings); err != nil {
		return err
	}
	if a.log, a.logFile, err = newLog(settings.Logging, a.opts.LogTo, a.level, a.redactor); err != nil {
		return err
	}
	a.warn(findings)
	if err := a.listen(ctx, settings); err != nil {
		return err
	}
	if a.store, err = openStore(ctx, settings.Storage, a.log, a.redactor); err != nil {
		return err
	}
	if a.doors, err = openDoors(settings, outside{a.redactor, a.token, a.tellBreaker, sharing(a.store)}); err != nil {
		return err
	}
	made, err := a.furnish(settings)
	if err != nil {
		return err
	}
	a.house.Store(made)
	a.calls = &tally{name: githubCalls, store: a.store, count: func() int64 { return a.doors.github.Snapshot().Requests }}
	a.hub = &latest[hubLimits]{name: "limits/github", store: a.store, own: ofGitHub(a.doors.github)}
	a.model = &latest[modelLimits]{name: "limits/claude", store: a.store, own: ofClaude(a.doors.claude)}
	a.self = newIdentity(a.doors.github, func(repo string) bool { return a.token(repo) != "" }, memory{a.store, a.credential})
	metrics := web.NewMetrics()
	if a.pipeline, err = a.newPipeline(settings, made, metrics); err != nil {
		return err
	}
	if a.door, err = a.newDoor(settings); err != nil {
		return err
	}
	if a.recovery, err = a.newRecovery(); err != nil {
		return err
	}
	if a.sweeper, err = a.newSweep(); err != nil {
		return err
	}
	a.web, err = a.newWeb(ctx, settings, metrics)
	return err
}

// Run serves until ctx ends, then stops in order: new work is refused, what is under way finishes within the grace
// time or is handed back, and the store is closed. It returns nil after an orderly stop.
func (a *App) Run(ctx context.Context) error {
	defer a.Close()
	url := a.url()
	a.log.Info("listening", "url", url, "webhook", a.started.Server.WebhookPath, "version", a.opts.Version)

	running, stop := context.WithCancel(ctx)
	defer stop()
	a.tellSettings(running, a.started, "start")
	go a.self.learn(running, a.log)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		a.watch(running, a.opts.Hangup)
	}()
	go a.tidy(running)
	go a.setUpLabels(running, a.started)
	go a.networks(running)
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		a.count(running)
	}()
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		a.pipeline.Run(running)
	}()
	served := make(chan error, 1)
	listener := a.listener
	a.listener = nil // The server closes it.
	go func() { served <- a.web.Serve(listener) }()
	if a.opts.Ready != nil {
		a.opts.Ready(url)
	}
	sought, swept, consulted := a.seekMissed(running), a.seekUntold(running), a.seekConsent(running)

	var err error
	select {
	case err = <-served:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	a.log.Info("stopping", "grace", a.started.Server.ShutdownGrace.String())
	a.door.Drain()
	a.web.Drain()
	stop()
	<-sought
	<-swept
	<-consulted
	<-worked
	<-counted
	<-watched
	final, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err = errors.Join(err, a.web.Shutdown(final))
	a.log.Info("stopped")
	return err
}

// Close ends the listener, the store and the log. Run does so itself; call it only when Run was not called.
func (a *App) Close() {
	if a.listener != nil {
		_ = a.listener.Close()
		a.listener = nil
	}
	if a.store != nil {
		if err := a.store.Close(); err != nil {
			a.log.Error("store did not close well", hls.KeyError, err.Error())
		}
		a.store = nil
	}
	if a.logFile != nil {
		_ = a.logFile.Close()
	}
}

// Store is the record of a running service, for the demo and for tests to look at.
func (a *App) Store() record.Store { return a.store }
