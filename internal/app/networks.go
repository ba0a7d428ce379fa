package app

import (
	"context"
	"encoding/json"
	"net/netip"
	"time"

	"hls/internal/hls"
)

const (
	networksNote  = "github_networks" // under which the record keeps them from one start to the next
	networksEvery = time.Hour
	networksAgain = time.Minute // after a failure
)

// networks keeps the door's list of GitHub's addresses fresh, when the settings ask for it, until ctx ends. A list that
// was fetched stays in force until there is a newer one.
func (a *App) networks(ctx context.Context) {
	if !a.started.Server.OnlyGitHub {
		return
	}
	var known []netip.Prefix
	if text, err := a.store.Noted(ctx, networksNote); err == nil && json.Unmarshal(text, &known) == nil && len(known) > 0 {
		a.door.Allow(known)
	}
	for ctx.Err() == nil {
		wait := networksEvery
		if err := a.fetchNetworks(ctx); err != nil && ctx.Err() == nil {
			wait = networksAgain
			a.log.Error("GitHub's addresses cannot be read: those known stay in force", hls.KeyError, err.Error())
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

func (a *App) fetchNetworks(ctx context.Context) error {
	found, err := a.doors.github.HookNetworks(ctx)
	if err != nil {
		return err
	}
	a.door.Allow(found)
	text, err := json.Marshal(found)
	if err != nil {
		return err
	}
	return a.store.Note(ctx, networksNote, text)
}
