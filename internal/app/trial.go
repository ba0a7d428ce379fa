package app

import (
	"cmp"
	"context"
	"errors"

	"hls/internal/compare"
	"hls/internal/config"
	"hls/internal/hls"
	"hls/internal/pipeline"
	"hls/internal/web"
)

// dryReplay names in the record what dry replays cost.
const dryReplay = "dry_replay"

// tryReplay thinks a stored delivery through with changes, and compares that with what came of it. Nothing is written to
// GitHub, and nothing is stored but the cost.
func (a *App) tryReplay(ctx context.Context, deliveryID string, c web.Changes) (web.Tried, error) {
	was, err := a.pipeline.Recorded(ctx, deliveryID)
	if err != nil {
		return web.Tried{}, err
	}
	told := web.Tried{
		DeliveryID: deliveryID, TaskID: was.Task.ID, Event: was.Task.Event, Action: was.Task.Action,
		Subject: was.Task.Subject.String(), Purpose: was.Task.Purpose, Old: sideOf(was.Side),
	}
	told.EstimateMicroUSD = a.estimate(was.Side.Analysis, c.Model)
	if c.Estimate {
		return told, nil
	}
	rooms, err := a.vary(c)
	if errors.Is(err, ErrSettings) {
		return told, &hls.Permanent{Err: err, Reason: "settings"}
	}
	if err != nil {
		return told, err
	}
	tried, err := a.pipeline.Try(ctx, rooms, pipeline.Trial{Delivery: was.Delivery, Task: was.Task, For: dryReplay})
	if err != nil {
		return told, err
	}
	before, after := was.Sides(tried)
	told.New, told.Trace, told.Notes = sideOf(after), tried.Trace, was.Notes(tried)
	difference := compare.Between(before, after)
	told.Difference = &difference
	return told, nil
}

// estimate is what a question costs that is about as long as one before, in micro-dollars.
func (a *App) estimate(was hls.Analysis, model string) int64 {
	if was.Model == "" {
		return 0
	}
	return a.doors.claude.Cost(cmp.Or(model, was.Model), was.Usage)
}

func sideOf(s compare.Side) web.Side {
	side := web.Side{
		Ended: s.Ended, Revision: s.Analysis.Revision, Model: s.Analysis.Model, Template: s.Analysis.Template,
		PromptHash: s.Analysis.PromptHash, Usage: s.Analysis.Usage, Plan: s.Plan,
	}
	if len(s.Analysis.Answer) > 0 {
		side.Answer = s.Analysis.Answer
	}
	if s.Plan.Gathered != nil {
		side.Settings = s.Plan.Gathered.Settings
	}
	return side
}

// TrialsBeside opens the log of deliveries in a process of its own, as DeliveriesBeside does, with the doors to GitHub and
// Claude that the settings name, so that dry replays can be made, and what was done be looked at before it is taken back.
func TrialsBeside(ctx context.Context, s *config.Settings, opts Options) (log web.Deliveries, done func(), err error) {
	a := beside(s, opts)
	if err := a.made(); err != nil {
		return log, nil, err
	}
	err = a.buildBeside(ctx, func(repo string) hls.Account {
		account, _ := a.doors.github.SelfFor(ctx, repo)
		return account
	})
	if err == nil {
		a.doors, err = openDoors(s, outside{redactor: a.redactor, tokens: a.token, shares: sharing(a.store)})
	}
	if err == nil {
		err = a.occupy(s)
	}
	if err != nil {
		a.Close()
		return log, nil, err
	}
	return web.Deliveries{
		Store: a.store, Redactor: a.redactor, Again: a.pipeline.Replay, Trace: a.pipeline.Trace, Try: a.tryReplay, Unmake: a.undo,
	}, a.Close, nil
}

// occupy puts the rooms of the settings in force.
func (a *App) occupy(s *config.Settings) error {
	made, err := a.furnish(s)
	if err != nil {
		return err
	}
	a.house.Store(made)
	a.pipeline.Swap(made.rooms)
	return nil
}
