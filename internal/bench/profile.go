package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"syscall"

	pgo "github.com/google/pprof/profile"

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

// merged is the file, in the folder for profiles, that has all of them for the compiler (go build -pgo).
const merged = "hls.pgo"

// merge makes one profile of those in a folder, without the paths of this machine.
func merge(dir string) (err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.pprof"))
	if err != nil {
		return err
	}
	var all []*pgo.Profile
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		p, err := pgo.ParseData(text)
		if err != nil {
			return fmt.Errorf("read profile %s: %w", name, err)
		}
		p.Mapping = nil
		for _, l := range p.Location {
			l.Mapping = nil
		}
		all = append(all, p)
	}
	one, err := pgo.Merge(all)
	if err != nil {
		return fmt.Errorf("merge profiles: %w", err)
	}
	file, err := os.Create(filepath.Join(dir, merged))
	if err != nil {
		return err
	}
	return errors.Join(one.Write(file), file.Close())
}
