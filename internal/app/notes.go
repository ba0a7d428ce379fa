package app

import (
	"context"

	"hls/internal/hls"
)

// accept stores a delivery, and takes note of what it says of HLS's own place on GitHub: no rule lets such an event
// through, or it needs no work.
func (a *App) accept(ctx context.Context, d hls.Delivery, e hls.Event) (hls.Receipt, error) {
	receipt, err := a.pipeline.Accept(ctx, d, e)
	if note, ok := noted[e.Name]; ok && err == nil && receipt.Class != hls.Duplicate && receipt.Class != hls.Conflict {
		note(a, e)
	}
	return receipt, err
}

// noted are the events that are taken note of at the door ("Webhook events and payloads").
var noted = map[string]func(*App, hls.Event){
	"installation":              (*App).noteInstallation,
	"installation_repositories": (*App).noteInstallation,
	"repository":                (*App).noteRename,
}

// noteInstallation: the App was installed, removed, suspended or given other repositories or permissions. A token of before
// does not tell of that.
func (a *App) noteInstallation(e hls.Event) {
	a.doors.github.ForgetInstallations()
	a.log.Info("the App's installation has changed: its repositories and tokens are asked for anew",
		hls.KeyDeliveryID, e.DeliveryID, hls.KeyEvent, e.Name, hls.KeyAction, e.Action, "by", e.Sender.Login)
}

// noteRename: rules are by name, so that one for the old name alone no longer applies.
func (a *App) noteRename(e hls.Event) {
	if e.Former == "" || e.Repo.FullName == "" {
		return
	}
	router := a.house.Load().rooms.Router
	before, had := router.Rule(e.Former)
	now, has := router.Rule(e.Repo.FullName)
	args := []any{hls.KeyDeliveryID, e.DeliveryID, hls.KeyRepo, e.Repo.FullName, "former", e.Former, "rule", before.Name}
	switch {
	case had && !has:
		a.log.Warn("a repository was renamed: no entry of repositories has its new name, and its events are ignored until one does", args...)
	case had && before.Name != now.Name:
		a.log.Warn("a repository was renamed: another entry of repositories applies to it now", append(args, "now", now.Name)...)
	case had:
		a.log.Info("a repository was renamed", args...)
	}
}
