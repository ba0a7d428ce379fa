package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hls/internal/config"
	"hls/internal/github"
	"hls/internal/hls"
	"hls/internal/pipeline"
	"hls/internal/receive"
	"hls/internal/record"
	"hls/internal/sweep"
	"hls/internal/web"
)

var (
	_ sweep.GitHub = (*github.Client)(nil)
	_ sweep.Door   = (*receive.Handler)(nil)
	_ sweep.Record = (record.Store)(nil)
)

// newSweep makes the search for open issues and pull requests, of what has been made before it.
func (a *App) newSweep() (*sweep.Sweeper, error) {
	return sweep.New(sweep.Deps{
		GitHub: a.doors.github, Record: a.store, Door: a.door, Accept: a.acceptSwept, Verdict: a.pipeline.Verdict,
		Repositories: a.sweepable, Unwanted: a.pipeline.Unwanted, Spare: a.spare, Redactor: a.redactor, Log: a.log,
	})
}

// acceptSwept queues what a sweep found, one after the other: each waits as long as a burst of events would for every one
// that was found before it, so that fresh events find workers.
func (a *App) acceptSwept(ctx context.Context, d hls.Delivery, e hls.Event, i sweep.Item) (hls.Receipt, error) {
	wait := time.Duration(i.Place) * a.started.Processing.Debounce
	return a.pipeline.Sweep(ctx, d, e, pipeline.Swept{Aloud: i.Comment, Made: i.Made, Wait: wait})
}

// mostSweepable bounds how many repositories one pass goes through.
const mostSweepable = 1000

// sweepable are the repositories that the settings name, and those that deliveries have come from under a glob.
func (a *App) sweepable(ctx context.Context) ([]string, error) {
	var names []string
	globs := false
	for _, r := range a.house.Load().settings.Repositories {
		if hls.IsGlob(r.Name) {
			globs = true
		} else {
			names = append(names, r.Name)
		}
	}
	if globs {
		stats, err := a.store.Stats(ctx)
		if err != nil {
			return nil, fmt.Errorf("read which repositories are known: %w", err)
		}
		var seen []string
		for name := range stats.Repos {
			if name != "" && !slices.ContainsFunc(names, func(n string) bool { return hls.Fold(n) == hls.Fold(name) }) {
				seen = append(seen, name)
			}
		}
		slices.Sort(seen)
		names = append(names, seen...)
	}
	return names[:min(len(names), mostSweepable)], nil
}

// seekUntold sweeps until ctx ends. The channel closes when it has stopped.
func (a *App) seekUntold(ctx context.Context) <-chan struct{} {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		a.sweeper.Run(ctx, func() sweep.Config {
			s := a.house.Load().settings.Sweep
			return sweep.Config{Every: s.Every, Request: sweep.Request{OlderThan: s.OlderThan, Most: s.Most, Comment: s.Comment}}
		})
	}()
	return stopped
}

// Sweep makes one pass by hand over what the request names.
func (a *App) Sweep(ctx context.Context, q web.Sweep) (any, error) {
	report, err := a.sweepByHand(ctx, q)
	if errors.Is(err, sweep.ErrTarget) {
		return nil, &hls.Permanent{Err: err, Reason: "target"}
	}
	return report, err
}

func (a *App) sweepByHand(ctx context.Context, q web.Sweep) (sweep.Report, error) {
	if err := a.auditOperator(ctx, hls.AuditSweep, q); err != nil {
		return sweep.Report{}, err
	}
	s := a.house.Load().settings.Sweep
	r := sweep.Request{
		ByHand: true, Apply: q.Apply, Repositories: q.Repositories, OlderThan: s.OlderThan, Most: s.Most, Comment: s.Comment || q.Comment,
	}
	if q.OlderThan != "" {
		older, err := time.ParseDuration(q.OlderThan)
		if err != nil || older < 0 {
			return sweep.Report{}, fmt.Errorf("%w: older_than: want a duration such as 30m", sweep.ErrTarget)
		}
		r.OlderThan = older
	}
	if q.Most < 0 {
		return sweep.Report{}, fmt.Errorf("%w: most: want 1 or more", sweep.ErrTarget)
	}
	if q.Most > 0 {
		r.Most = q.Most
	}
	return a.sweeper.Pass(ctx, r)
}

// SweepBeside makes one pass by hand in a process of its own, as RecoverBeside does.
func SweepBeside(ctx context.Context, s *config.Settings, opts Options, q web.Sweep) (sweep.Report, error) {
	a := beside(s, opts)
	defer a.Close()
	err := a.takeBeside(ctx)
	if err == nil {
		a.sweeper, err = a.newSweep()
	}
	if err != nil {
		return sweep.Report{}, err
	}
	return a.sweepByHand(ctx, q)
}
