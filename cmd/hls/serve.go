package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"hls/internal/app"
	"hls/internal/config"
)

type serveCmd struct{}

// Help is shown by hls serve --help.
func (serveCmd) Help() string {
	return "Example:\n  GITHUB_TOKEN=… GITHUB_WEBHOOK_SECRET=… ANTHROPIC_API_KEY=… hls serve --config config/settings.yaml\n\n" +
		"SIGHUP reads the settings again. SIGTERM finishes what is under way and exits with 0."
}

// Run serves until the context ends.
func (serveCmd) Run(c *call) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	app.LimitMemory()
	settings, err := config.Load(c.config, config.Options{})
	if err != nil {
		return err
	}
	a, err := app.New(c.ctx, settings, app.Options{
		Version: release, LogTo: c.io.err, Hangup: hangup,
		Ready:  func(string) { app.Settle() },
		Reread: func() (*config.Settings, error) { return config.Load(c.config, config.Options{}) },
	})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	return a.Run(c.ctx)
}
