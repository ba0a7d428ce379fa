package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"hls/internal/app"
	"hls/internal/config"
)

type serveCmd struct {
	Port int `help:"Port to listen on, in place of server.port; 0 takes a free one." default:"-1" placeholder:"N"`
}

// Help is shown by hls serve --help.
func (serveCmd) Help() string {
	return "Example:\n  HLS_DATABASE_URL=sqlite:second.db hls serve --port 0\n\n" +
		"Without flags, hls serve runs what config/settings.yaml says. The example runs a second service beside the first. " +
		"SIGHUP reads the settings again. SIGTERM finishes what is under way and exits with 0."
}

// Run serves until the context ends.
func (k serveCmd) Run(c *call) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	app.LimitMemory()
	load := func() (*config.Settings, error) {
		settings, err := config.Load(c.config, config.Options{})
		if err == nil && k.Port >= 0 {
			settings.Server.Port = k.Port
		}
		return settings, err
	}
	settings, err := load()
	if err != nil {
		return err
	}
	a, err := app.New(c.ctx, settings, app.Options{
		Version: release, LogTo: c.io.err, Hangup: hangup,
		Ready:  func(string) { app.Settle() },
		Reread: load,
	})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	return a.Run(c.ctx)
}
