package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"hls/internal/analyze"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/record"
	"hls/internal/route"
)

// asker asks Claude for a trial, and has it paid for.
type asker func(context.Context, analyze.Input) (hls.Analysis, error)

// bench is a process of its own in which events are thought through by the settings.
type bench struct {
	*App
	elsewhere asker // asks where the service has the database to itself, and nothing else is kept; nil where it does not
	temp      string
}

// ask asks Claude: the service, where that has the money.
func (b *bench) ask(ctx context.Context, analyzer *analyze.Analyzer, in analyze.Input) (hls.Analysis, error) {
	if b.elsewhere != nil && in.Question.Known == nil {
		return b.elsewhere(ctx, in)
	}
	return b.pipeline.Ask(ctx, analyzer, in)
}

// benchConfig says what a bench is made with.
type benchConfig struct {
	repo string
	// self tells which account HLS acts as; nil means that GitHub is asked.
	self func(repo string) hls.Account
	// elsewhere asks Claude where the service has the database to itself.
	elsewhere asker
}

// openBench opens the record, or makes it: what trials cost is kept there. A repository that no entry names is worked for as
// one with the defaults.
func openBench(ctx context.Context, s *config.Settings, opts Options, c benchConfig) (*bench, error) {
	s, err := withEntry(s, c.repo)
	if err != nil {
		return nil, err
	}
	b := &bench{App: beside(s, opts)}
	err = b.open(ctx, c)
	if errors.Is(err, record.ErrInUse) && c.elsewhere != nil {
		b.elsewhere = c.elsewhere
		if b.temp, err = os.MkdirTemp("", "hls-bench-"); err == nil {
			other := *s
			other.Storage.URL = "sqlite:" + filepath.Join(b.temp, "hls.db")
			b.started = &other
			err = b.open(ctx, c)
		}
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *bench) open(ctx context.Context, c benchConfig) error {
	self := c.self
	if self == nil {
		self = func(repo string) hls.Account {
			account, _ := b.doors.github.SelfFor(ctx, repo)
			return account
		}
	}
	err := b.buildBeside(ctx, self)
	if err == nil {
		b.doors, err = openDoors(b.started, outside{redactor: b.redactor, tokens: b.token, shares: sharing(b.store)})
	}
	if err == nil {
		err = b.occupy(b.started)
	}
	return err
}

// Close ends the record, and removes it where it was made for this alone.
func (b *bench) Close() {
	b.App.Close()
	if b.temp != "" {
		_ = os.RemoveAll(b.temp)
	}
}

// withEntry are the settings with an entry for a repository: that which applies, or one with the defaults.
func withEntry(s *config.Settings, repo string) (*config.Settings, error) {
	router, err := newRouter(s)
	if err != nil {
		return nil, err
	}
	if _, ok := router.Rule(repo); ok {
		return s, nil
	}
	other := *s
	other.Repositories = append(append([]route.Repository{}, s.Repositories...), route.Repository{Name: repo})
	if _, err := newRouter(&other); err != nil {
		return nil, fmt.Errorf("%w: %s: want owner/repo", ErrRequest, repo)
	}
	return &other, nil
}
