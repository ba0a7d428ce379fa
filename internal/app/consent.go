package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"hls/internal/rounds"
	"hls/internal/route"
)

// seekConsent looks for reactions that decide about proposals until ctx ends. The channel closes when it has stopped.
func (a *App) seekConsent(ctx context.Context) <-chan struct{} {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		var both sync.WaitGroup
		both.Go(func() { a.pipeline.Heed(ctx) })
		both.Go(func() {
			rounds.Run(ctx, time.Now, a.consentSwitch, func(ctx context.Context) bool { return a.spare() && a.pipeline.Consult(ctx) })
		})
		both.Wait()
	}()
	return stopped
}

// consentSwitch is what the settings in force say of the passes: there are none where no repository asks.
func (a *App) consentSwitch() rounds.Switch {
	s := a.house.Load().settings
	asks := slices.ContainsFunc(s.Repositories, func(r route.Repository) bool { return r.ApproveByReaction })
	return rounds.Switch{On: asks && s.Approvals.Every > 0, First: s.Approvals.Every, Every: s.Approvals.Every}
}
