package app

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"hls/internal/config"
	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/pipeline"
	"hls/internal/web"
)

// beside is a process that is not the service.
func beside(s *config.Settings, opts Options) *App {
	return &App{opts: opts, started: s, level: &slog.LevelVar{}, redactor: newRedactor(s)}
}

// takeBeside makes as much of the service as takes in what GitHub's API tells of.
func (a *App) takeBeside(ctx context.Context) error {
	gh, err := github.New(a.started.GitHub.Config, a.token)
	if err != nil {
		return fmt.Errorf("%w: github: %w", ErrSettings, err)
	}
	a.doors = &doors{github: gh}
	err = a.buildBeside(ctx, func(repo string) hls.Account {
		account, _ := gh.SelfFor(ctx, repo) // Unknown, the service decides when it works on the event.
		return account
	})
	if err == nil {
		a.door, err = a.newDoor(a.started)
	}
	return err
}

// buildBeside makes as much of the service as a command needs that works on the record in a process of its own: it
// listens nowhere, and works on no task. self tells which account HLS acts as, and may be nil.
func (a *App) buildBeside(ctx context.Context, self func(repo string) hls.Account) (err error) {
	s := a.started
	if a.log, a.logFile, err = newLog(config.Logging{Level: "ERROR", Format: "text"}, a.opts.LogTo, a.level, a.redactor); err != nil {
		return err
	}
	router, err := newRouter(s)
	if err != nil {
		return err
	}
	a.house.Store(&house{settings: s, rooms: pipeline.Rooms{Router: router, Settings: policyOf(s).name()}})
	if a.store, err = openStore(ctx, s.Storage, a.log, a.redactor); err != nil {
		return err
	}
	a.pipeline, err = pipeline.New(pipeline.Config{
		Owner: fmt.Sprintf("beside/%d", os.Getpid()), Concurrency: 1, MaxAttempts: s.Processing.MaxAttempts,
		Timeout: s.Processing.Timeout, Lease: 10 * time.Second, Backoff: a.opts.Backoff,
		Debounce: s.Processing.Debounce, Redactor: a.redactor, Self: self,
	}, a.store, a.house.Load().rooms, a.log)
	return err
}

// DeliveriesBeside opens the log of deliveries in a process of its own; done closes it. It makes no database where there
// is none. It fails with record.ErrInUse when the service has the record and shares it with none: then the service
// itself must be asked. What is replayed waits for the service to be started.
func DeliveriesBeside(ctx context.Context, s *config.Settings, opts Options) (log web.Deliveries, done func(), err error) {
	a, err := openBeside(ctx, s, opts)
	if err != nil {
		return log, nil, err
	}
	return web.Deliveries{Store: a.store, Redactor: a.redactor, Again: a.pipeline.Replay, Trace: a.pipeline.Trace, Unmake: a.undo}, a.Close, nil
}

// AuditBeside is DeliveriesBeside for the audit log.
func AuditBeside(ctx context.Context, s *config.Settings, opts Options) (log web.Audit, done func(), err error) {
	a, err := openBeside(ctx, s, opts)
	if err != nil {
		return log, nil, err
	}
	return web.Audit{Store: a.store}, a.Close, nil
}

// LabelsBeside is DeliveriesBeside for what people make of labels.
func LabelsBeside(ctx context.Context, s *config.Settings, opts Options) (labels web.Labels, done func(), err error) {
	a, err := openBeside(ctx, s, opts)
	if err != nil {
		return labels, nil, err
	}
	return web.Labels{Store: a.store, Demotion: a.demotion, Now: time.Now}, a.Close, nil
}

func openBeside(ctx context.Context, s *config.Settings, opts Options) (*App, error) {
	a := beside(s, opts)
	if err := a.made(); err != nil {
		return nil, err
	}
	if err := a.buildBeside(ctx, nil); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// made tells whether there is a database, as far as that can be told without opening it.
func (a *App) made() error {
	url := a.started.Storage.URL
	d, err := databaseOf(url)
	switch {
	case err != nil:
		return fmt.Errorf("%w: storage.url: %w", ErrSettings, err)
	case !d.made(url):
		return fmt.Errorf("storage.url: there is no database at %s; a relative path is seen from where the service runs: %w", url, fs.ErrNotExist)
	}
	return nil
}

// ServiceURL is where the service that runs with the settings answers on this machine.
func ServiceURL(s *config.Settings) string {
	host := s.Server.Host
	switch host {
	case "0.0.0.0":
		host = "127.0.0.1"
	case "::", "[::]":
		host = "::1"
	}
	if strings.Contains(host, ":") {
		host = "[" + strings.Trim(host, "[]") + "]"
	}
	u := url.URL{Scheme: "http", Host: fmt.Sprintf("%s:%d", host, s.Server.Port)}
	if s.Server.TLS.CertFile != "" {
		u.Scheme = "https"
	}
	return u.String()
}
