package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"hls/internal/record/recordtest/pgtest"
	"hls/internal/simulate"
)

// stage is what a measurement takes place on: a folder, stand-ins, a PostgreSQL server, and the programs started on it.
type stage struct {
	ctx       context.Context //nolint:containedctx // Of the one measurement that the stage is for.
	options   options
	world     world
	disk      string
	github    *simulate.GitHub
	server    *pgtest.Server
	databases int
	processes []*process
	ends      []func() error
}

// storage is a kind of database.
type storage struct{ name, url string }

func newStage(ctx context.Context, o options) (*stage, error) {
	program, err := filepath.Abs(o.program)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("%w: build it with make build", err)
	}
	o.program = program
	s := &stage{ctx: ctx, options: o}
	s.world.profile, s.world.events = o.profile, []string{"issues", "pull_request"}
	dir, err := os.MkdirTemp("", "hls-bench-")
	if err != nil {
		return nil, err
	}
	s.ends = append(s.ends, func() error { return os.RemoveAll(dir) })
	s.world.dir, s.disk = dir, disk(dir)
	s.play(newGitHub(nil), newClaude())
	return s, nil
}

// play starts stand-ins, in place of those before.
func (s *stage) play(gh *simulate.GitHub, cl *simulate.Claude) {
	var stopGitHub, stopClaude func()
	s.github = gh
	s.world.github, stopGitHub = gh.Start()
	s.world.claude, stopClaude = cl.Start()
	s.ends = append(s.ends, func() error { stopGitHub(); stopClaude(); return nil })
}

// stores are a new database of each kind that is measured on.
func (s *stage) stores() []storage {
	var all []storage
	if strings.Contains(s.options.on, "sqlite") {
		all = append(all, storage{"SQLite", s.sqlite()})
	}
	if !strings.Contains(s.options.on, "postgres") {
		return all
	}
	url, err := s.postgres()
	if err != nil {
		fmt.Println("PostgreSQL is left out:", err)
		return all
	}
	return append(all, storage{"PostgreSQL", url})
}

func (s *stage) sqlite() string {
	s.databases++
	return "sqlite:" + filepath.Join(s.world.dir, fmt.Sprintf("%d.db", s.databases))
}

func (s *stage) postgres() (string, error) {
	if s.server == nil {
		server, err := pgtest.New()
		if err != nil {
			return "", err
		}
		s.server = server
		s.ends = append(s.ends, server.Close)
	}
	return s.server.Make()
}

func (s *stage) bare() (*process, error) {
	p, err := startBare(s.ctx)
	if err == nil {
		s.processes = append(s.processes, p)
	}
	return p, err
}

// serve starts hls on a database; more is put at the end of its settings.
func (s *stage) serve(url, more string) (*process, error) {
	w := s.world
	w.more = more
	p, err := w.serve(s.ctx, s.options.program, url)
	if err == nil {
		s.processes = append(s.processes, p)
	}
	return p, err
}

// end stops a program before the stage is closed.
func (s *stage) end(p *process) error {
	for i, other := range s.processes {
		if other == p {
			s.processes = append(s.processes[:i], s.processes[i+1:]...)
			return p.stop()
		}
	}
	return nil
}

// close ends everything, the last thing first.
func (s *stage) close() error {
	var errs []error
	for _, p := range s.processes {
		errs = append(errs, p.stop())
	}
	for i := len(s.ends) - 1; i >= 0; i-- {
		errs = append(errs, s.ends[i]())
	}
	return errors.Join(errs...)
}
