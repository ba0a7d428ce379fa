package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"

	"hls/internal/app"
	"hls/internal/config"
)

// servedArgument makes this program serve as hls does, and write a profile of its processor's time.
const servedArgument = "serve-profiled"

// serveProfiled serves by the settings of a file until it is told to stop.
func serveProfiled(settings, profile string) (err error) {
	file, err := os.Create(profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	loaded, err := config.Load(settings, config.Options{})
	if err != nil {
		return err
	}
	a, err := app.New(ctx, loaded, app.Options{Version: "bench"})
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	if err := a.Run(ctx); err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
