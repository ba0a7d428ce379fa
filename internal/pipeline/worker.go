package pipeline

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"hls/internal/fault"
	"hls/internal/hls"
	"hls/internal/record"
)

// Run works tasks off until ctx ends, then lets those under way finish within the grace time and hands back the
// rest. It returns once nothing is running.
func (p *Pipeline) Run(ctx context.Context) {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var running sync.WaitGroup
	slots := make(chan struct{}, p.cfg.Concurrency)
	for ctx.Err() == nil {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		task, err := p.store.Claim(ctx, p.cfg.Owner, p.cfg.Lease)
		if err != nil {
			<-slots
			p.rest(ctx, err)
			continue
		}
		running.Go(func() {
			defer func() { <-slots }()
			p.work(work, task)
		})
	}
	p.drain(&running, stop)
}

func (p *Pipeline) drain(running *sync.WaitGroup, stop context.CancelFunc) {
	grace := time.AfterFunc(p.cfg.Grace, stop)
	defer grace.Stop()
	running.Wait()
}

// rest waits until there may be work again: for a hint of the store, for the time the next task is due, and for a
// second at most, behind both.
func (p *Pipeline) rest(ctx context.Context, err error) {
	if !errors.Is(err, record.ErrNone) && ctx.Err() == nil {
		p.log.Error("tasks cannot be claimed", hls.KeyStage, hls.StageRecord, hls.KeyError, err.Error())
	}
	wait := time.Second
	if at, ok, err := p.store.Next(ctx); err == nil && ok {
		wait = min(wait, max(at.Sub(p.cfg.Now()), time.Millisecond))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-p.store.Wake():
	case <-timer.C:
	}
}

// work runs one task under its lease and stores the outcome.
func (p *Pipeline) work(ctx context.Context, task hls.Task) {
	fault.At(fault.Claimed)
	j := p.begin(task)
	run, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	kept := p.keep(run, cancel, task)
	err := p.guarded(run, j)
	cancel()
	<-kept

	// The outcome is written even when the run was cut short: the store's own time limit applies.
	final, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer done()
	switch {
	case errors.Is(err, hls.ErrLost):
		j.leaveTo("another_run")
		j.log.Warn("the lease was lost: another run goes on", hls.KeyStage, j.stage)
		return
	case ctx.Err() != nil && err != nil:
		j.leaveTo("shutdown")
		err = p.store.Release(final, task)
		j.log.Info("handed back", hls.KeyStage, j.stage, hls.KeyReason, "shutdown")
	default:
		away := turnedAway(err)
		outcome := j.end(p.judge(task, err), err)
		if err = p.store.Finish(final, task, outcome); err == nil {
			p.cfg.Ended(task, outcome)
		}
		defer p.breathe(ctx, away)
	}
	if err != nil {
		j.log.Error("the outcome was not stored: the lease will run out", hls.KeyStage, j.stage, hls.KeyError, err.Error())
	}
	p.changed.broadcast()
}

// breathe keeps a worker still for a moment after a door turned it away: the queue may be long, and each of its tasks
// would be taken up and put off again as fast as the store goes.
func (p *Pipeline) breathe(ctx context.Context, away bool) {
	if !away {
		return
	}
	timer := time.NewTimer(fault.Scaled(time.Second))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// guarded turns a panic into a parked task: one poisoned delivery must not take the others down.
func (p *Pipeline) guarded(ctx context.Context, j *journey) (err error) {
	defer func() {
		if r := recover(); r != nil {
			j.log.Error("panic", hls.KeyStage, j.stage, hls.KeyError, fmt.Sprint(r), "stack", string(debug.Stack()))
			err = &hls.Permanent{Err: fmt.Errorf("panic: %v", r), Reason: "panic"}
		}
	}()
	return p.process(ctx, j)
}

// keep renews the lease until ctx ends, and cancels the run once the lease is lost, or may be: a process that was stopped
// for longer than that goes on with nothing that another may have begun. The channel it returns closes when it has
// stopped.
func (p *Pipeline) keep(ctx context.Context, cancel context.CancelFunc, task hls.Task) <-chan struct{} {
	stopped := make(chan struct{})
	lapse := time.AfterFunc(p.cfg.Lease, cancel)
	go func() {
		defer close(stopped)
		defer lapse.Stop()
		tick := time.NewTicker(p.cfg.Lease / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				asked := time.Now()
				err := p.store.Renew(ctx, task, p.cfg.Lease)
				if errors.Is(err, hls.ErrLost) {
					cancel()
					return
				}
				if err == nil {
					lapse.Reset(time.Until(asked.Add(p.cfg.Lease)))
				}
			}
		}
	}()
	return stopped
}
